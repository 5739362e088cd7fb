"""Text as lines that a terminal can be given, with the program's own colours."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.logreading.ansi import clean
from tui.domain.preview.model import Lines
from tui.domain.text import cell_width

LINE_WIDTH = 2_000
"""Longest line that is shown in one; longer ones go on in the next."""

_AT_ONCE = 64 * LINE_WIDTH
"""Characters that are cleaned at once: one call into C keeps every other thread waiting."""


def lay_lines(text: str) -> Lines:
    """Lines fit for a terminal; progress bars that redraw with a carriage return keep their last state."""
    lines: list[str] = []
    joined: set[int] = set()
    coloured: dict[int, str] = {}
    width = 0
    for raw in _raw_lines(text):
        goes_on = False
        for start in range(0, len(raw) or 1, _AT_ONCE):
            plain, colours = clean(raw[start : start + _AT_ONCE])
            if colours and len(plain) <= LINE_WIDTH:
                coloured[len(lines)] = colours
            for at in range(0, len(plain) or 1, LINE_WIDTH):
                piece = plain[at : at + LINE_WIDTH]
                if goes_on:
                    joined.add(len(lines))
                goes_on = True
                width = max(width, cell_width(piece))
                lines.append(piece)
    return Lines(tuple(lines), frozenset(joined), coloured, width)


def long_note(lines: Lines) -> tuple[str, ...]:
    """That lines were broken, in words."""
    long = sum(number - 1 not in lines.joined for number in lines.joined)
    if not long:
        return ()
    what = "1 very long line goes" if long == 1 else f"{long:,} very long lines go"
    return (f"{what} on after {LINE_WIDTH:,} characters",)


def _raw_lines(text: str) -> Iterator[str]:
    """The lines as they are; a last line end begins no further one."""
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        if "\n" not in text:
            text = text.replace("\r", "\n")
    lines = text.split("\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    for line in lines:
        yield _last_state(line) if "\r" in line else line


def _last_state(line: str) -> str:
    """What stays of a line that is written over and over."""
    states = [state for state in line[-_AT_ONCE:].split("\r") if state.strip(" \b\x1b[K")]
    return states[-1] if states else ""
