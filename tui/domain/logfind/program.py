"""RE2 itself: programs that never match a line end, and the lines in which one matches.

Measured with google-re2 1.1.20251105: a search releases the interpreter's lock, so that a thread which
searches does not stop the event loop; each call costs about 0.8 µs besides the search.
"""

from __future__ import annotations

from array import array
from typing import NamedTuple, Protocol, cast

_MEMORY = 4 << 20
"""Bytes for a program and its automata; beyond them RE2 refuses, or searches more slowly."""


class Program(Protocol):
    """`RE2` of google-re2, which has no types of its own; safe to use in several threads."""

    def ok(self) -> bool:
        """Whether the expression is one."""
        ...

    def error(self) -> bytes:
        """What is wrong with it, as in `missing ): (abc`."""
        ...

    def ProgramSize(self) -> int:  # noqa: N802 (its name there)
        """How many instructions it has."""
        ...

    def Match(  # noqa: N802 (as above)
        self, anchor: object, text: bytes, start: int, end: int, /
    ) -> list[tuple[int, int]]:
        """Where the first match from `start` on begins and ends, or (-1, -1)."""
        ...


class Part(NamedTuple):
    """Whole lines of a text."""

    text: bytes
    start: int
    end: int
    line: int
    """The number of the first one."""


def program(expression: str) -> Program:
    """RE2's program for an expression, which may not be `ok`."""
    from re2 import Options  # noqa: PLC0415 (7 ms that no first frame needs)
    from re2._re2 import RE2  # noqa: PLC0415 (what the package wraps around it costs 2 µs more for each match)

    options = Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    options.never_nl = True
    options.never_capture = True
    return cast("Program", RE2(expression.encode(), options))


def anywhere() -> object:
    """The `anchor` of a search."""
    from re2._re2 import RE2  # noqa: PLC0415 (as above)

    return RE2.Anchor.UNANCHORED


def quoted(text: str) -> str:
    """The expression for a text as it stands."""
    from re2 import escape  # noqa: PLC0415 (as above)

    return str(escape(text))


def start_of_line(text: bytes, line: int) -> int:
    """Where a line begins in a text of which each line ends with a newline."""
    start = 0
    for _ in range(line):
        start = text.index(b"\n", start) + 1
    return start


def text_lines(wanted: bytes, part: Part, found: array[int]) -> None:
    """Add the lines that hold `wanted`."""
    text, start, end, line = part
    find, count, add = text.find, text.count, found.append
    place = find(wanted, start, end)
    while place >= 0:
        line += count(b"\n", start, place)
        add(line)
        start = find(b"\n", place, end) + 1
        if not start:
            return
        line += 1
        place = find(wanted, start, end)


def matching_lines(program: Program, part: Part, found: array[int]) -> None:
    """Add the lines that match."""
    text, start, end, line = part
    match, anchor = program.Match, anywhere()
    find, count, add = text.find, text.count, found.append
    # Without the last newline: an empty match behind it would be one of a line that does not exist.
    stop = end - text.endswith(b"\n", start, end)
    while start <= stop:
        left, right = match(anchor, text, start, stop)[0]
        if left < 0:
            return
        line += count(b"\n", start, left)
        add(line)
        line += 1
        start = find(b"\n", right, end) + 1
        if not start:
            return


def matching_runs(program: Program, part: Part, found: array[int]) -> None:
    """Add the lines that match, with a program of `run_expression`."""
    text, start, end, line = part
    match, anchor = program.Match, anywhere()
    count, extend = text.count, found.extend
    while start < end:
        left, right = match(anchor, text, start, end)[0]
        if left < 0:
            return
        line += count(b"\n", start, left)
        after = line + count(b"\n", left, right)
        extend(range(line, after))
        line, start = after, right


def run_expression(expression: str) -> str:
    r"""One that matches at once all lines that match and follow one another, each with its newline.

    `\C` is any byte, and the one that it stands for here can only be the newline.
    """
    return rf"(?:^.*(?:{expression}).*$\C)+"
