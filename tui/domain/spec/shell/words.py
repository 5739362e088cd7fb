"""Words of a shell script: quotes, expansions, substitutions and here-documents."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable
from typing import NamedTuple

from tui.domain.spec.shell.tree import NAME_TEXT, Sequence, Simple, Use, Word

MAX_DEPTH = 40
"""Levels of substitutions, quotes in them and compound commands that are followed."""
MAX_PARTS = 12_000
"""Words, commands and expansions that are read of one script."""

BARE = re.compile(r"[^ \t\n'\"\\$`;&|<>()]+")
BETWEEN_WORDS = " \t\n;&|<>()"

_BLANK = re.compile(r"[ \t]++(?:\\\n[ \t]*+)*+|(?:\\\n[ \t]*+)++")
_IN_DOUBLE = re.compile(r"[^\"\\$`]+")
_IN_HERE = re.compile(r"[^\\$`]+")
_SPECIAL = "0123456789@*#?$!-_"
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-]")
_OPERATOR = re.compile(r":?[-=?+]")
_ARITHMETIC_SET = re.compile(r"\b([A-Za-z_][A-Za-z0-9_]*+)\s*+(?:\+\+|--|(?:[-+*/%&|^]|<<|>>)?=(?!=))")
_STEP = {
    "}": re.compile(r"[^'\"\\$`{}]+"),
    "]": re.compile(r"[^'\"\\$`\[\]]+"),
    ")": re.compile(r"[^'\"\\$`()]+"),
}
_OPENING = {"}": "{", "]": "[", ")": "("}


class UnreadableError(ValueError):
    """The script is not one that this reader understands; nothing may be said about it."""


class _Here(NamedTuple):
    """A here-document whose body has not been reached."""

    delimiter: str
    tabs: bool
    literal: bool


class WordReader:
    """Reads words from `text`; where it stands is `at`, where it must stop is `end`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.end = len(text)
        self.depth = 0
        self.uses: list[Use] = []
        self.assigned: set[str] = set()
        self.commands: list[Simple] = []
        self._left = MAX_PARTS
        self._pending: list[_Here] = []
        self._token_end = 0
        self._after_blank = -1

    @abstractmethod
    def sequence(self, stops: frozenset[str], close: str) -> Sequence:
        """The statements up to a reserved word of `stops` or the character `close`, which stay unread."""

    def peek(self, ahead: int = 0) -> str:
        """The character there, or empty at the end."""
        at = self.at + ahead
        return self.text[at] if at < self.end else ""

    def starts(self, token: str) -> bool:
        """Whether `token` comes next."""
        return self.text.startswith(token, self.at, self.end)

    def spend(self) -> None:
        """Count a part.

        Raises:
            UnreadableError: there are too many.
        """
        self._left -= 1
        if self._left < 0:
            raise UnreadableError

    def deeper(self) -> None:
        """Count a level.

        Raises:
            UnreadableError: there are too many.
        """
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise UnreadableError

    def blank(self) -> None:
        """Go past blanks, continued lines and a comment, not past the end of the line."""
        self._token_end = self.token_end
        if found := _BLANK.match(self.text, self.at, self.end):
            self.at = found.end()
        if self.peek() == "#":
            line_end = self.text.find("\n", self.at, self.end)
            self.at = self.end if line_end < 0 else line_end
        self._after_blank = self.at

    @property
    def token_end(self) -> int:
        """Where what was read last ends, without the blanks and the comment behind it."""
        return self._token_end if self.at == self._after_blank else self.at

    def space(self) -> None:
        """Go past blanks, comments and ends of lines."""
        self.blank()
        while self.peek() == "\n":
            self.newline()
            self.blank()

    def newline(self) -> None:
        """Go past the end of a line and the here-documents that begin after it."""
        self.at += 1
        pending, self._pending = self._pending, []
        for here in pending:
            self._here_document(here)

    def expect_here_document(self, word: Word, *, tabs: bool) -> None:
        """Remember that a here-document ended by `word` begins on the next line."""
        if not word.text or "\n" in word.text:
            raise UnreadableError
        self._pending.append(_Here(word.text, tabs, word.quoted))

    def finish(self) -> None:
        """Make sure that nothing is left open.

        Raises:
            UnreadableError: the body of a here-document is missing.
        """
        if self._pending:
            raise UnreadableError

    def word(self) -> Word:
        """The word that begins here.

        Raises:
            UnreadableError: none does, or it does not end.
        """
        self.spend()
        start = self.at
        found = BARE.match(self.text, start, self.end)
        if found and (found.end() == self.end or self.text[found.end()] in BETWEEN_WORDS):
            self.at = found.end()
            return Word(start, self.at, found.group())
        word = Word(start, start, "")
        uses = len(self.uses)
        parts: list[str] = []
        if self.peek() in ("<", ">") and self.peek(1) == "(":
            self._substitution(1)
            parts.append(self.text[start : self.at])
            word.plain = False
        while char := self.peek():
            if char in BETWEEN_WORDS:
                break
            self._part(char, word, parts)
        if self.at == start:
            raise UnreadableError
        word.end = self.at
        word.text = "".join(parts)
        word.names = tuple(use.name for use in self.uses[uses:])
        return word

    def _part(self, char: str, word: Word, parts: list[str]) -> None:
        start = self.at
        if char == "'":
            parts.append(self._single())
            word.quoted = True
        elif char == '"':
            parts.append(self._double(word))
            word.quoted = True
        elif char == "\\":
            if self.peek(1) != "\n":
                parts.append(self.peek(1))
                word.quoted = True
            self.at = min(self.at + 2, self.end)
        elif char == "$" and self.peek(1) == "'":
            self._dollar_single()
            parts.append(self.text[start : self.at])
            word.quoted = True
        elif char == "$" and self.peek(1) == '"':
            self.at += 1
            parts.append(self._double(word))
            word.quoted = True
        elif char in "$`":
            if self._expansion():
                word.plain = False
            parts.append(self.text[start : self.at])
        else:
            found = BARE.match(self.text, self.at, self.end)
            self.at = found.end() if found else self.at + 1
            parts.append(self.text[start : self.at])

    def _single(self) -> str:
        close = self.text.find("'", self.at + 1, self.end)
        if close < 0:
            raise UnreadableError
        inside = self.text[self.at + 1 : close]
        self.at = close + 1
        return inside

    def _dollar_single(self) -> None:
        self.at += 2
        while (char := self.peek()) != "'":
            if not char:
                raise UnreadableError
            self.at += 2 if char == "\\" else 1
        self.at += 1

    def _double(self, word: Word | None) -> str:
        self.deeper()
        self.at += 1
        parts: list[str] = []
        while (char := self.peek()) != '"':
            start = self.at
            if not char:
                raise UnreadableError
            if char == "\\":
                self.at += 2
                escaped = self.text[start + 1 : self.at]
                parts.append("" if escaped == "\n" else escaped if escaped in '$`"\\' else char + escaped)
                continue
            if char in "$`":
                if self._expansion(quoted=True) and word is not None:
                    word.plain = False
            else:
                found = _IN_DOUBLE.match(self.text, self.at, self.end)
                self.at = found.end() if found else self.at + 1
            parts.append(self.text[start : self.at])
        self.at += 1
        self.depth -= 1
        return "".join(parts)

    def _expansion(self, *, quoted: bool = False) -> bool:
        """Go past what `$` or a backquote begins; whether it is expanded at all."""
        self.spend()
        if self.peek() == "`":
            self._backquotes()
            return True
        following = self.peek(1)
        if found := NAME_TEXT.match(self.text, self.at + 1, self.end):
            self.uses.append(Use(found.group(), self.at, found.end(), guarded=False))
            self.at = found.end()
        elif following == "{":
            self._braces(quoted=quoted)
        elif following == "(":
            if self.peek(2) == "(":
                self.at += 1
                self.arithmetic()
            else:
                self._substitution(1)
        elif following and following in _SPECIAL:
            self.uses.append(Use(following, self.at, self.at + 2, guarded=True))
            self.at += 2
        else:
            self.at += 1
            return False
        return True

    def _substitution(self, before: int) -> None:
        """`$(…)`, `<(…)`, `>(…)`: from `before` characters ahead of what is inside its parenthesis."""
        self.deeper()
        self.at += before + 1
        self.sequence(frozenset(), ")")
        self.at += 1
        self.depth -= 1

    def _backquotes(self) -> None:
        start = self.at + 1
        close = start
        while close < self.end and self.text[close] != "`":
            close += 2 if self.text[close] == "\\" else 1
        if close >= self.end:
            raise UnreadableError
        if "\\" not in self.text[start:close]:
            self._within(start, close, lambda: self.sequence(frozenset(), ""))
        self.at = close + 1

    def _within(self, start: int, stop: int, read: Callable[[], object]) -> None:
        self.deeper()
        outer, pending = self.end, self._pending
        self.at, self.end, self._pending = start, stop, []
        read()
        self.finish()
        self.at, self.end, self._pending = stop, outer, pending
        self.depth -= 1

    def _braces(self, *, quoted: bool) -> None:
        start = self.at
        self.deeper()
        self.at += 2
        special = self.peek() in ("#", "!") and self.peek(1) not in ("}", "")
        if special:
            self.at += 1
        found = _PARAMETER.match(self.text, self.at, self.end)
        if not found:
            raise UnreadableError
        self.at = found.end()
        if self.peek() == "[":
            self.at += 1
            self._inside("]", quoted=quoted)
        operator = _OPERATOR.match(self.text, self.at, self.end)
        kind = operator.group()[-1] if operator else ""
        name = found.group()
        if kind == "=":
            self.assigned.add(name)
        guarded = special or kind in ("-", "=", "+") or not (name[0].isalpha() or name[0] == "_")
        use = Use(name, start, start, guarded)
        self.uses.append(use)
        self._inside("}", quoted=quoted)
        use.end = self.at
        self.depth -= 1

    def _inside(self, close: str, *, quoted: bool) -> None:
        """Go past everything up to and with `close`, which may stand inside in pairs."""
        step, opening, level = _STEP[close], _OPENING[close], 1
        while level:
            char = self.peek()
            if found := step.match(self.text, self.at, self.end):
                self.at = found.end()
            elif not char:
                raise UnreadableError
            elif char == "'" and not quoted:
                self._single()
            elif char == '"':
                self._double(None)
            elif char in "$`":
                self._expansion(quoted=quoted)
            elif char == "\\":
                self.at += 2
            else:
                # A lone brace in `${X:-{}` is text to bash, brackets and parentheses come in pairs.
                level += (char == opening != "{") - (char == close)
                self.at += 1

    def arithmetic(self) -> None:
        """Go past `((…))`, which begins here."""
        self.deeper()
        start = self.at
        self.at += 2
        self._inside(")", quoted=True)
        if self.peek() != ")":
            raise UnreadableError
        self.at += 1
        self.assigned.update(_ARITHMETIC_SET.findall(self.text, start, self.at))
        self.depth -= 1

    def _here_document(self, here: _Here) -> None:
        start = self.at
        while self.at < self.end:
            line_end = self.text.find("\n", self.at, self.end)
            stop = self.end if line_end < 0 else line_end
            line = self.text[self.at : stop]
            if (line.lstrip("\t") if here.tabs else line) == here.delimiter:
                if not here.literal:
                    self._within(start, self.at, self._here_expansions)
                self.at = min(stop + 1, self.end)
                return
            self.at = stop + 1
        raise UnreadableError

    def _here_expansions(self) -> None:
        while char := self.peek():
            if found := _IN_HERE.match(self.text, self.at, self.end):
                self.at = found.end()
            elif char == "\\":
                self.at += 2
            else:
                self._expansion(quoted=True)
