"""Where each character of a YAML value stands in the file: in blocks, in quotes, over several lines."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum

from tui.domain.spec.nodes import Scalar
from tui.domain.spec.problems import Edit, Place

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_VALUE_BREAK = re.compile("[\n\u2028\u2029]")
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*+\s++)*+")
_HEADER = re.compile(r"[|>][-+0-9]*+[ \t]*+(?:#[^\n\r\x85\u2028\u2029]*+)?")
_FOLD = re.compile("[ \t]*+(?:\r\n|[\n\r\x85\u2028\u2029])[ \t\n\r\x85\u2028\u2029]*+")
_ESCAPE = re.compile(
    "\\\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|"
    "(?:\r\n|[\n\r\x85\u2028\u2029])[ \t\n\r\x85\u2028\u2029]*+|.)"
)
_RUN = {
    '"': re.compile('[^"\\\\ \t\n\r\x85\u2028\u2029]++|[ \t]++'),
    "'": re.compile("[^' \t\n\r\x85\u2028\u2029]++|[ \t]++"),
    "": re.compile("[^ \t\n\r\x85\u2028\u2029]++|[ \t]++"),
}
_BLANKS = ("", *" \t\n\r\x85\u2028\u2029")
_SAFE = re.compile(r"[A-Za-z0-9 ;&|._/=-]*")
"""What means itself in a value without quotes, except at its beginning."""


class Style(StrEnum):
    """How a value is written."""

    LITERAL = "|"
    FOLDED = ">"
    DOUBLE = '"'
    SINGLE = "'"
    PLAIN = ""


class Lines:
    """The lines of a text as YAML counts them, for turning offsets into places and back."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(found.end() for found in _BREAK.finditer(text))]
        self.ends = [*(found.start() for found in _BREAK.finditer(text)), len(text)]

    def place(self, offset: int) -> Place:
        """Line and column of a character."""
        line = bisect_right(self.starts, offset)
        return Place(line, offset - self.starts[line - 1] + 1)

    def offset(self, place: Place) -> int:
        """The character at a place; places outside the text give its end."""
        if place.line > len(self.starts):
            return len(self.text)
        return min(self.starts[place.line - 1] + place.column - 1, len(self.text))


@dataclass(slots=True)
class ScriptPlaces:
    """Where the characters of one value stand.

    Attributes:
        style: how the value is written.
        exact: whether its characters were found; else everything is said to stand where the value begins.
        lines: the lines of the file.
        begin: where the value begins.
        indent: the columns of the file that belong to a block scalar's indentation.
        values: where in the value runs of characters begin that stand in the file as they are.
        sources: where in the file each run begins.
        lengths: how long each run is; 0 for what is written otherwise.
    """

    style: Style
    exact: bool
    lines: Lines
    begin: Place
    indent: int = 0
    values: list[int] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)

    def place(self, at: int) -> Place:
        """Where the character of the value is in the file."""
        if not self.exact or not self.values:
            return self.begin
        return self.lines.place(self._source(at))

    def _source(self, at: int) -> int:
        run = max(bisect_right(self.values, at) - 1, 0)
        return self.sources[run] + min(max(at - self.values[run], 0), self.lengths[run])

    def edit(self, start: int, end: int, text: str) -> Edit | None:
        """The change of the file that replaces a part of the value by `text`, if it is a certain one."""
        written = self._written(text, start)
        if not self.exact or not self.values or written is None:
            return None
        run = max(bisect_right(self.values, start) - 1, 0)
        first, last = start - self.values[run], end - self.values[run]
        if not 0 <= first <= last <= self.lengths[run]:
            return None
        first, last = first + self.sources[run], last + self.sources[run]
        if not self._fits(first, last, written):
            return None
        return Edit(self.lines.place(first), self.lines.place(last), written)

    def _fits(self, first: int, last: int, written: str) -> bool:
        """Whether the indentation of a block, or the end of a value without quotes, stays what it is."""
        if self.style in (Style.LITERAL, Style.FOLDED):
            margin = self.lines.place(first).column - 1 - self.indent
            return margin > 0 or (margin == 0 and written[:1].strip() != "")  # an empty line has no margin
        before, after = self.lines.text[first - 1 : first], self.lines.text[last : last + 1]
        if (written[:1] in _BLANKS and before in _BLANKS) or (written[-1:] in _BLANKS and after in _BLANKS):
            return False  # blanks at the ends of lines are not part of the value
        return self.style is not Style.PLAIN or not (before == ":" or after == "#")

    def _written(self, text: str, start: int) -> str | None:
        """`text` as it is written in this style, or None where that cannot be said for certain."""
        if self.style is Style.LITERAL:
            return text.replace("\n", "\n" + " " * self.indent)
        if self.style is Style.DOUBLE:
            return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        if "\n" in text:
            return None
        if self.style is Style.SINGLE:
            return text.replace("'", "''")
        if self.style is Style.FOLDED:
            return text
        at_start = start == 0 and not text[:1].isalnum()
        return None if at_start or not _SAFE.fullmatch(text) else text


def places_of(lines: Lines, node: Scalar) -> ScriptPlaces:
    """Where the characters of `node` stand; `lines` are those of the whole file."""
    start = lines.offset(node.place)
    if found := _PROPERTIES.match(lines.text, start):
        start = found.end()
    first = lines.text[start : start + 1]
    style = Style(first) if first in ("|", ">", '"', "'") and first else Style.PLAIN
    places = ScriptPlaces(style, False, lines, node.place)  # noqa: FBT003  # a field, not a flag
    if style in (Style.LITERAL, Style.FOLDED):
        places.exact = _block(places, lines, node.text, start)
    else:
        places.exact = _flow(places, lines, node, start + (style is not Style.PLAIN))
    return places


def _add(places: ScriptPlaces, value: int, source: int, length: int) -> None:
    """Note a run of characters that stand in the file as they are, joined to the one before if it goes on."""
    if places.values:
        last = places.lengths[-1]
        if places.values[-1] + last == value and places.sources[-1] + last == source:
            places.lengths[-1] += length
            return
    places.values.append(value)
    places.sources.append(source)
    places.lengths.append(length)


def _block(places: ScriptPlaces, lines: Lines, value: str, start: int) -> bool:
    header = _HEADER.match(lines.text, start)
    if not header:
        return False
    first = lines.place(start).line  # lines count from 1, so this is the index of the line behind the header
    indent = _indentation(lines, value, first)
    if indent is None:
        return False
    places.indent = indent
    literal = places.style is Style.LITERAL
    return _literal(places, lines, value, first) if literal else _folded(places, lines, value, first)


def _indentation(lines: Lines, value: str, first: int) -> int | None:
    """Columns that belong to the block, told from the first line that is not blank."""
    wanted = next((line for line in _VALUE_BREAK.split(value) if line.strip(" ")), None)
    for number in range(first, len(lines.starts)):
        line = lines.text[lines.starts[number] : lines.ends[number]]
        if bare := line.lstrip(" "):
            if wanted is None:
                return None
            inside = len(wanted) - len(wanted.lstrip(" "))
            return max(len(line) - len(bare) - inside, 0)
    return None


def _literal(places: ScriptPlaces, lines: Lines, value: str, first: int) -> bool:
    at, number = 0, first
    parts = _VALUE_BREAK.split(value)
    if parts and not parts[-1]:
        parts.pop()  # behind the last line feed there is no line of the value
    for part in parts:
        if number >= len(lines.starts):
            return False
        source = min(lines.starts[number] + places.indent, lines.ends[number])
        if lines.text[source : lines.ends[number]] != part:
            return False
        _add(places, at, source, len(part))
        at += len(part) + 1
        number += 1
    return True


def _folded(places: ScriptPlaces, lines: Lines, value: str, first: int) -> bool:
    at = 0
    for number in range(first, len(lines.starts)):
        source = min(lines.starts[number] + places.indent, lines.ends[number])
        part = lines.text[source : lines.ends[number]]
        if not part.strip(" \t"):
            continue
        while at < len(value) and value[at] in " \n\u2028\u2029" and not value.startswith(part, at):
            at += 1
        if at >= len(value):
            return True
        if not value.startswith(part, at):
            return False
        _add(places, at, source, len(part))
        at += len(part)
    return not value[at:].strip(" \n\u2028\u2029")


def _flow(places: ScriptPlaces, lines: Lines, node: Scalar, start: int) -> bool:
    text, value, quote = lines.text, node.text, places.style.value
    end = lines.offset(node.end)
    source, at = start, 0
    while at < len(value):
        if source >= end:
            return False
        if fold := _FOLD.match(text, source, end):
            breaks = _BREAK.findall(fold.group())
            length = max(len(breaks) - 1, 1)
            _add(places, at, source, 0)
            source, at = fold.end(), at + length
        elif quote == '"' and text[source] == "\\":
            escape = _ESCAPE.match(text, source)
            if not escape:
                return False
            _add(places, at, source, 0)
            source = escape.end()
            at += 0 if _BREAK.match(escape.group(), 1) else 1
        elif quote == "'" and text[source] == "'":
            if text[source + 1 : source + 2] != "'" or value[at] != "'":
                return False
            _add(places, at, source, 0)
            source, at = source + 2, at + 1
        else:
            run = _RUN[quote].match(text, source, end)
            if not run or not value.startswith(run.group(), at):
                return False
            _add(places, at, source, len(run.group()))
            source, at = run.end(), at + len(run.group())
    return at == len(value)
