"""A text or regular expression to find in a log's lines, in time proportional to them whatever is asked."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import cached_property
from itertools import islice, takewhile

from tui.domain.logfind.problems import problem_of, too_large
from tui.domain.logfind.program import (
    Part,
    Program,
    anywhere,
    matching_lines,
    matching_runs,
    program,
    quoted,
    run_expression,
    text_lines,
)
from tui.domain.logfind.syntax import (
    LONGEST,
    PatternError,
    has_capitals,
    refuse_controls,
    refuse_odd_bounds,
    within_lines,
)
from tui.domain.logstore.model import Block

__all__ = ["Case", "Pattern", "PatternError", "compile_pattern"]

_LARGEST = 5_000
"""Instructions of a program: at worst it takes 1 ns for each of them and each byte, measured."""
_LARGEST_RUNS = 500
"""Instructions of a program that is worth a second one for runs of lines."""
_WORK = 1 << 26
"""Instructions times bytes that are searched between two looks at whether to stop: 70 ms at worst."""
_SLICE = 1 << 18
_SMALLEST_SLICE = 1 << 12
_DENSE = 0.7
"""Share of lines that match above which runs of lines are found faster than lines."""
_HUGE = 1 << 13
"""Characters of a line of which only the part asked for is searched for spans."""
_FEW = 64
"""Lines that are found one by one without asking how many there are."""
_SPECIAL = frozenset("\\.+*?()|[]{}^$")
"""Characters that make a pattern more than a text."""
_FAR = frozenset("ks")
"""Letters that are the small ones of characters beyond ASCII too, the Kelvin sign and the long s."""
_REACH = 2_048
"""Characters before and after that part that are searched with it."""
_MOST_SPANS = 1_000
_SPANS_SECONDS = 0.008
"""The spans of one line are told as far as they are found within that time."""


class Case(StrEnum):
    """Whether capitals matter."""

    SMART = "smart"
    """Only if there are capitals in what is looked for."""
    EXACT = "exact"
    IGNORED = "ignored"


def compile_pattern(text: str, *, regex: bool, case: Case = Case.SMART) -> Pattern:
    r"""A pattern for a text as it stands, or in RE2's syntax; `\w`, `\d`, `\s` and `\b` know ASCII only.

    Raises:
        PatternError: it is empty, too long, not RE2's syntax, or asks for what no line holds.
    """
    if not text:
        raise PatternError("there is nothing to look for")
    if len(text) > LONGEST:
        raise PatternError(f"the pattern is longer than {LONGEST:,} characters", column=LONGEST + 1)
    for index, character in enumerate(text):
        if "\ud800" <= character <= "\udfff":
            raise PatternError("half a character is never found", column=index + 1)
    if regex:
        _checked(text)
        exact = case is Case.EXACT or (case is Case.SMART and has_capitals(text))
        return Pattern(text, within_lines(text), regex=True, exact=exact)
    refuse_controls(text)
    exact = case is Case.EXACT or (case is Case.SMART and any(map(str.isupper, text)))
    return Pattern(text, quoted(text), regex=False, exact=exact)


class Pattern:
    """What is looked for in each line by itself; made by `compile_pattern`.

    One thread may search blocks while the event loop asks for spans: they use programs of their own, as RE2
    makes one of two searches with the same program wait for the other now and then.
    """

    def __init__(self, source: str, expression: str, *, regex: bool, exact: bool) -> None:
        """`expression` is RE2 syntax that cannot match a line end.

        Raises:
            PatternError: its program is too large.
        """
        self.source = source
        self.regex = regex
        self.exact = exact
        """Whether capitals matter."""
        self._expression = expression
        self._plain = b"" if regex and _SPECIAL.intersection(source) else source.encode()
        """The text itself, where it is one; small if capitals do not matter."""
        if not exact:
            self._plain = self._plain.lower() if source.isascii() else b""
        self._folds_far = not exact and not _FAR.isdisjoint(source.lower())
        self._program = self._compiled(expression)
        self._dense = False
        size = self._program.ProgramSize()
        if size > _LARGEST:
            raise too_large()
        self._slice = max(_SMALLEST_SLICE, min(_SLICE, _WORK // max(size, 1)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[str, bool, bool]:
        return self.source, self.regex, self.exact

    def lines_in(self, block: Block) -> array[int]:
        """The lines of a block that match, ascending."""
        return self.lines_of(block.text())

    def count(self, block: Block) -> int:
        """How many lines of a block match."""
        return len(self.lines_in(block))

    def lines_of(
        self, text: bytes, start: int = 0, *, stopped: Callable[[], bool] = bool, first: int = 0
    ) -> array[int]:
        """The numbers of lines that match in UTF-8 of which each line ends with a newline.

        Args:
            text: the lines.
            start: where in `text` to begin, which must be the start of a line.
            stopped: asked now and then; once it is true, what is found is not all.
            first: the number of the line at `start`.
        """
        found = array("I")
        while start < len(text) and not stopped():
            end = text.find(b"\n", min(start + self._slice, len(text)) - 1) + 1 or len(text)
            part = Part(text, start, end, first)
            before = len(found)
            if self._plain and (small := self._as_plain(part)) is not None:
                text_lines(self._plain, small, found)
            elif self._dense and self._runs is not None:
                matching_runs(self._runs, part, found)
            else:
                matching_lines(self._program, part, found)
            many = len(found) - before
            if end < len(text) or many > _FEW:
                lines = text.count(b"\n", start, end)
                self._dense = many > lines * _DENSE
                first += lines
            start = end
        return found

    def _as_plain(self, part: Part) -> Part | None:
        """Lines to find the text in byte by byte; None if there may be letters beyond ASCII that it means."""
        if self.exact:
            return part
        data = part.text[part.start : part.end]
        return None if self._folds_far and not data.isascii() else Part(data.lower(), 0, len(data), part.line)

    def spans(self, text: str, first: int = 0, last: int | None = None) -> list[tuple[int, int]]:
        """Where matches begin and end in one line, in characters; empty matches are left out.

        Args:
            text: the line.
            first: only matches that reach beyond this character are told.
            last: only matches that begin before this one; the line's length if not given.

        Of a huge line only what is around the part asked for is searched, so that a match may seem to begin
        later or end earlier there; and there is a bound to how many are told.
        """
        last = len(text) if last is None else min(last, len(text))
        begin, end = 0, len(text)
        if end > min(_HUGE, self._slice // 4):
            begin, end = max(0, first - _REACH), min(end, last + _REACH)
        plain = self._plain and self.exact
        every = self._plain_spans(text, begin) if plain else self._searched(text, begin, end)
        asked = takewhile(lambda span: span[0] < last, every)
        return list(islice((span for span in asked if span[1] > first), _MOST_SPANS))

    def _plain_spans(self, text: str, begin: int) -> Iterator[tuple[int, int]]:
        length = len(self.source)
        place = text.find(self.source, begin)
        while place >= 0:
            yield place, place + length
            place = text.find(self.source, place + length)

    def _searched(self, text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """The matches that are not empty between `begin` and `end`."""
        match, anchor = self._drawn.Match, anywhere()
        data = text.encode(errors="replace")
        plain = len(data) == len(text)
        place = begin if plain else len(text[:begin].encode(errors="replace"))
        stop = end if plain else place + len(text[begin:end].encode(errors="replace"))
        known_byte, known = place, begin
        until = time.perf_counter() + _SPANS_SECONDS
        while place < stop and time.perf_counter() < until:
            left, right = match(anchor, data, place, stop)[0]
            if left < 0:
                return
            if right == left:
                place = _next_character(data, left)
                continue
            start = left if plain else known + len(data[known_byte:left].decode())
            known_byte = place = right
            known = right if plain else start + len(data[left:right].decode())
            yield start, known

    @cached_property
    def _drawn(self) -> Program:
        """The program for spans."""
        return self._compiled(self._expression)

    @cached_property
    def _runs(self) -> Program | None:
        """The program for runs of lines; None if it is not worth it."""
        if self._program.ProgramSize() > _LARGEST_RUNS:
            return None
        made = program(self._flags + run_expression(self._expression))
        return made if made.ok() and made.ProgramSize() <= 3 * _LARGEST_RUNS else None

    @property
    def _flags(self) -> str:
        return "(?m)" if self.exact else "(?im)"

    def _compiled(self, expression: str) -> Program:
        made = program(self._flags + expression)
        if not made.ok():
            raise too_large()
        return made


def _checked(text: str) -> None:
    """See that RE2 accepts a pattern as it was typed: its places are those that the user knows.

    Raises:
        PatternError: it does not.
    """
    made = program(text)
    if not made.ok():
        raise problem_of(text, made.error().decode(errors="replace"))
    refuse_odd_bounds(text)


def _next_character(data: bytes, place: int) -> int:
    """Where the character after the one at `place` begins."""
    place += 1
    while place < len(data) and data[place] & 0xC0 == 0x80:  # noqa: PLR2004 (bytes that continue a character)
        place += 1
    return place
