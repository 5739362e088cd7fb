"""What a pattern says: RE2's syntax, made to hold within each line by itself.

The syntax is that of https://github.com/google/re2/wiki/Syntax: without look-around and back-references, and
in return every search takes time in proportion to the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

LONGEST = 2_000
"""Characters of a pattern; more is never typed, and makes a program that searches too slowly."""

_TOKEN = re.compile(
    r"\\Q(?P<quoted>.*?)(?:\\E|\Z)"
    r"|(?P<escape>\\(?:x\{[^}]*\}|x[^{].|[pP]\^?\{[^}]*\}|[pP].|[0-7]{2,3}|.))"
    r"|(?P<set>\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])"
    r"|(?P<flags>\(\?[A-Za-z-]*[:)])"
    r"|(?P<name>\(\?P?<\w+>)"
    r"|(?P<text>.)",
    re.DOTALL,
)
_CONTROL = re.compile(
    r"\\(?:[aftnrv]|x[01][0-9A-Fa-f]|x7[Ff]|x\{0*(?:[01]?[0-9A-Fa-f]|7[Ff])\}|0[0-3]?[0-7]|177)"
)
_BOUND = re.compile(r"\{,\d+\}")
_NO_LETTERS = re.compile(r"\[:\^?\w+:\]|\\(?:[pP]\^?\{[^}]*\}|[pP].|x\{[^}]*\}|x..|.)", re.DOTALL)
_FIRST_PRINTABLE, _DELETE = 0x20, 0x7F


class PatternError(Exception):
    """A pattern that cannot be searched for."""

    def __init__(self, problem: str, *, column: int | None = None, hint: str = "") -> None:
        """`column` counts the pattern's characters from 1; None if the whole pattern is meant."""
        self.problem = problem
        self.column = column
        self.hint = hint
        place = f"column {column}: " if column is not None else ""
        super().__init__(f"{place}{problem}" + (f" ({hint})" if hint else ""))


class Token(NamedTuple):
    """A piece of a pattern."""

    kind: str
    """`quoted`, `escape`, `set`, `flags`, `name` or `text`."""
    start: int
    text: str


def tokens(pattern: str) -> Iterator[Token]:
    """The pieces of a pattern, right or wrong; together they are the pattern."""
    return (Token(found.lastgroup or "text", found.start(), found[0]) for found in _TOKEN.finditer(pattern))


def within_lines(pattern: str) -> str:
    r"""A pattern that RE2 accepts, so that it means the same in a text of many lines as in each line alone.

    `\A` and `\z` become line ends as `^` and `$` are, which nothing can switch off.

    Raises:
        PatternError: it asks for what no line can hold, or for half a character.
    """
    return "".join(map(_in_line, tokens(pattern)))


def _in_line(token: Token) -> str:
    kind, start, text = token
    if kind == "escape":
        if text == r"\C":
            raise PatternError(
                r"“\C” is one byte, which may be half a character",
                column=start + 1,
                hint="“.” is a character",
            )
        if _CONTROL.fullmatch(text):
            raise _no_control(start, text)
        return {r"\A": "^", r"\z": "$"}.get(text, text)
    if kind == "flags":
        return _without_m(text)
    if kind == "quoted":
        refuse_controls(text, start)
        return text if text.endswith(r"\E") else rf"{text}\E"
    if kind == "text":
        refuse_controls(text, start)
    return text


def _without_m(flags: str) -> str:
    r"""The flags without `m`: that `^` and `$` are the ends of the line is so anyway."""
    on, _, off = flags[2:-1].replace("m", "").partition("-")
    if not on and not off:
        return "(?:)" if flags[-1] == ")" else "(?:"
    return f"(?{on}{'-' if off else ''}{off}{flags[-1]}"


def refuse_controls(text: str, start: int = 0) -> None:
    """See that no control character is looked for: no line holds one.

    Raises:
        PatternError: there is one.
    """
    for index, character in enumerate(text):
        if ord(character) < _FIRST_PRINTABLE or ord(character) == _DELETE:
            raise _no_control(start + index, repr(character)[1:-1])


def _no_control(start: int, text: str) -> PatternError:
    if text in {r"\n", r"\x0a", r"\x0A", r"\012", r"\r"}:
        return PatternError(
            "a line break is never found",
            column=start + 1,
            hint="each line is searched by itself; “$” is its end",
        )
    hint = "tabs are shown as spaces: write “ +” for them" if text in {r"\t", r"\x09"} else ""
    return PatternError(
        f"“{text}” is never found",
        column=start + 1,
        hint=hint or "lines are kept without control characters; they are shown as ␛ and the like",
    )


def refuse_odd_bounds(pattern: str) -> None:
    """See that nothing is in the pattern that RE2 reads as plain text and people mean otherwise.

    Raises:
        PatternError: there is something.
    """
    for token in tokens(pattern):
        if token.text == "{" and (found := _BOUND.match(pattern, token.start)):
            raise PatternError(
                f"“{found[0]}” has no lower bound",
                column=token.start + 1,
                hint=f"write “{{0{found[0][1:]}”, or “\\{found[0]}” for the text itself",
            )


def has_capitals(pattern: str) -> bool:
    r"""Whether a capital letter is looked for; those of `\W`, `\pL` or a group's name do not count."""
    for kind, _, text in tokens(pattern):
        shown = text
        if kind in {"flags", "name", "escape"}:
            continue
        if kind == "quoted":
            shown = text[2:].removesuffix(r"\E")
        elif kind == "set":
            shown = _NO_LETTERS.sub("", text)
        if any(map(str.isupper, shown)):
            return True
    return False
