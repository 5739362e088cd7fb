"""Where names and values stand in a text that may be YAML, JSON or a script, whole or half typed.

Every search is linear in the text, whatever stands in it: what was once read is not read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

_BREAK = "\n\r\x85\u2028\u2029"
"""Ends of lines in YAML 1.1."""
_LINE = re.compile(rf"[^{_BREAK}]*+")
_WORD = re.compile(r"[^\s\"']*+")
_SPACE = re.compile(r"[\s,]++|\?(?=\s)|\\(?=\r?\n)")
"""What may stand between a name and its value, also in a list of YAML or on two lines of a script."""
_PROPERTY = re.compile(r"(?:[&!][^\s,\[\]{}<]*+|!<[^\s<>]{1,200}+>)(?=\s)")
"""An anchor or a tag."""
_PROPERTIES = 4
"""Those before one value; YAML knows two."""
_BLOCK = re.compile(r"[|>][-+0-9]{0,2}[ \t]*+")
_STRINGS = {
    '"': re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*"', re.DOTALL),
    "'": re.compile(r"'[^']*+(?:''[^']*+)*'"),
}
_LONGEST_STRING = 20_000
"""Longer strings are no secrets."""
_ESCAPE = re.compile(
    r"\\(?:(?P<fold>\r?\n[ \t]*+)|x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|(?P<one>.))", re.DOTALL
)
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
_ANCHOR = re.compile(r"&(?P<name>[^\s,\[\]{}]{1,80}+)\s")
_ALIAS = re.compile(r"\*(?P<name>[^\s,\[\]{}]{1,80}+)")
_KEY = re.compile(r"(?<![^\s{,\[?#\"'])(?P<key>name|value)(?P<after>[\"']?)\s{0,40}:")
_PLAIN_NAME = re.compile(rf"[^{_BREAK}\"'#:,\[\]{{}}|>*]{{1,200}}+")
_COMMENT = re.compile(r"(?:^|\s)#")
_LOOK_BACK = 300
"""Characters before a key in which the beginning of a comment is looked for."""


class Written(NamedTuple):
    """A value as it is written.

    Attributes:
        start: where its text begins, behind a quote.
        end: where it ends, before a quote; of a word, where the word ends.
        after: where to read on.
        text: what YAML makes of a string in quotes; None of a word, which may be part of something longer.
    """

    start: int
    end: int
    after: int
    text: str | None


class Entry(NamedTuple):
    """The `name` or the `value` of an environment variable, and where its key begins."""

    is_name: bool
    start: int
    written: Written


class Variable(NamedTuple):
    """The names, usually one, and the values, at least one, of one mapping, in comments too."""

    names: tuple[str, ...]
    values: tuple[Written, ...]


class _Run:
    """The end of the run of characters round a position, found once for each run."""

    def __init__(self, pattern: re.Pattern[str], text: str) -> None:
        self._pattern = pattern
        self._text = text
        self._known = (0, -1)

    def end(self, position: int) -> int:
        first, last = self._known
        if not first <= position <= last:
            match = self._pattern.match(self._text, position)
            last = match.end() if match else position
            self._known = (position, last)
        return last


class Layout:
    """Reads one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._line = _Run(_LINE, text)
        self._word = _Run(_WORD, text)
        self._skipped = (0, 0)

    def word_end(self, position: int) -> int:
        """Where the next space or quote is."""
        return self._word.end(position)

    def skip(self, position: int) -> int:
        """Past spaces, ends of lines, comments, commas, anchors and tags."""
        text, begin, properties = self.text, position, 0
        while position < len(text):
            first, last = self._skipped
            if first < position < last and text[position] in _BREAK:
                position = last  # from the end of a line on, an earlier look came the same way
                break
            if text[position] == "#":
                position = self._line.end(position)
            elif match := _SPACE.match(text, position):
                position = match.end()
            elif properties < _PROPERTIES and (match := _PROPERTY.match(text, position)):
                properties += 1
                position = match.end()
            else:
                break
        if position != self._skipped[1]:
            self._skipped = (begin, position)
        return position

    def written(self, position: int, *, follow: bool = True) -> Written | None:
        """The value that stands at a position; with `follow`, of an alias what it stands for."""
        char = self.text[position : position + 1]
        if char in ("|", ">") and (inside := self._in_block(position)):
            position, char = inside, self.text[inside : inside + 1]
        elif char in ("'", '"'):
            match = _STRINGS[char].match(self.text, position)
            if match and match.end() - position < _LONGEST_STRING:
                inner = match.group()[1:-1]
                decoded = _unescaped(inner) if char == '"' else inner.replace("''", "'")
                return Written(position + 1, match.end() - 1, match.end(), decoded)
        elif char == "*" and follow and (match := _ALIAS.match(self.text, position)):
            anchored = self._anchored.get(match["name"])
            return anchored._replace(after=match.end()) if anchored else None
        if char in ("'", '"'):
            position += 1  # of a string that is still typed, or in a block
        end = self.word_end(position)
        return Written(position, end, end, None) if end > position else None

    def variables(self) -> Iterator[Variable]:
        """Names and values of environment variables, those of one mapping together, in their order."""
        group: list[Entry] = []
        for match in _KEY.finditer(self.text):
            is_name, place = match["key"] == "name", self.skip(match.end())
            written = self._name(place) if is_name else self._value(place)
            if written is None:
                continue
            start = match.start() - (self.text[match.start() - 1 : match.start()] in ("'", '"'))
            if group and not self._goes_on(group[-1].written.after, start):
                yield from self._variable(group)
                group = []
            group.append(Entry(is_name, start, written))
        yield from self._variable(group)

    def _goes_on(self, after: int, start: int) -> bool:
        """Whether a key belongs to the mapping of the one whose value ends at `after`."""
        if start < after or start > (end := self.skip(after)):
            return False
        before = self.text[max(start - _LOOK_BACK, 0) : start]
        if before.rstrip(" \t").endswith("-"):
            return False  # an item of its own
        line = before[max(before.rfind(char) for char in _BREAK) + 1 :]
        return start == end or _COMMENT.search(line) is not None

    def _name(self, position: int) -> Written | None:
        match = _PLAIN_NAME.match(self.text, position)
        if match is None:
            return self.written(position)
        name = match.group().rstrip()
        return Written(position, position + len(name), position + len(name), name)

    def _value(self, position: int) -> Written | None:
        written = self.written(position)
        if written and written.text is None and written.after == written.end:
            comma = self.text.find(",name", written.start, written.end)
            if comma >= 0:
                return written._replace(end=comma, after=comma)
        return written

    def _variable(self, group: list[Entry]) -> Iterator[Variable]:
        values = tuple(entry.written for entry in group if not entry.is_name)
        if values:
            names = (entry.written for entry in group if entry.is_name)
            texts = (self.text[item.start : item.end] if item.text is None else item.text for item in names)
            yield Variable(tuple(dict.fromkeys(texts)), values)

    def _in_block(self, position: int) -> int:
        """Where the first line of a block with text in it begins; 0 if no block begins here."""
        match = _BLOCK.match(self.text, position)
        assert match  # noqa: S101  # for the type checker: the first character was looked at
        end = match.end()
        if self.text[end : end + 1] == "#":
            end = self._line.end(end)
        if self.text[end : end + 1] not in tuple(_BREAK):
            return 0
        space = _SPACE.match(self.text, end)
        return space.end() if space else 0

    @cached_property
    def _anchored(self) -> dict[str, Written]:
        found = {}
        for match in _ANCHOR.finditer(self.text):
            written = self.written(self.skip(match.end()), follow=False)
            if written is not None:
                found[match["name"]] = written
        return found


def _unescaped(text: str) -> str:
    """What YAML and JSON read in double quotes, except for line ends, which are in no secret."""

    def one(match: re.Match[str]) -> str:
        if match["fold"]:
            return ""
        if code := match["x"] or match["u"]:
            return chr(int(code, 16))
        return _CONTROLS.get(match["one"], match["one"])

    return _ESCAPE.sub(one, text) if "\\" in text else text
