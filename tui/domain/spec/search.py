"""Finding a text in the lines of an editor."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

LONGEST = 200
"""Characters of a line's match that anybody looks for."""


class Match(NamedTuple):
    """Where a text was found: line and columns from 0, without the end."""

    line: int
    start: int
    end: int


class Query:
    """A text that is looked for as it stands; capitals count only if it holds one."""

    def __init__(self, text: str) -> None:
        self.text = text[:LONGEST]
        flags = re.NOFLAG if any(char.isupper() for char in self.text) else re.IGNORECASE
        self._pattern = re.compile(re.escape(self.text), flags)

    def in_line(self, line: str) -> Iterator[tuple[int, int]]:
        """Start and end of every place in one line; none for an empty text."""
        if self.text:
            yield from (match.span() for match in self._pattern.finditer(line))

    def find_all(self, lines: Sequence[str]) -> list[Match]:
        """Every place, from the top."""
        return [Match(number, *span) for number, line in enumerate(lines) for span in self.in_line(line)]


def at_or_after(matches: Sequence[Match], line: int, column: int) -> int:
    """The number of the first match that begins there or later, else of the first; -1 if there is none."""
    found = bisect_left(matches, (line, column))
    return found % len(matches) if matches else -1


def after(matches: Sequence[Match], line: int, column: int) -> int:
    """The number of the first match that begins later, else of the first; -1 if there is none."""
    found = bisect_left(matches, (line, column + 1))
    return found % len(matches) if matches else -1


def before(matches: Sequence[Match], line: int, column: int) -> int:
    """The number of the last match that begins earlier, else of the last; -1 if there is none."""
    return (bisect_left(matches, (line, column)) - 1) % len(matches) if matches else -1


def read_place(text: str) -> tuple[int, int] | None:
    """Line and column, from 1, of `12`, `:12` or `12:5`; None for anything else."""
    found = re.fullmatch(r"\s*:?\s*([0-9]{1,9})(?:[:,\s]\s*([0-9]{1,9}))?\s*", text, re.ASCII)
    return (max(int(found[1]), 1), max(int(found[2] or 1), 1)) if found else None
