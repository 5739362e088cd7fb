"""What is read out of one line of an entry; nothing here knows of other lines."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import NamedTuple


class Mark(IntFlag):
    """What a line is, beside its level; small enough for one byte a line."""

    NONE = 0
    REINFERRED = 1
    """Its level is read from the text; the entry says ERROR only because it came on standard error."""
    BAR = 2
    """A state of a progress bar."""
    TRACE_HEAD = 4
    """Begins a traceback (`Traceback (most recent call last):` and its like in other languages)."""
    TRACE_BODY = 8
    """Can only be within one: a frame, carets, `During handling of …`."""
    TRACE_END = 16
    """Looks like an exception's own line: `ValueError: …` at the line's start."""
    INDENTED = 32
    """Begins with white space, is empty or drawn within a box: within a traceback, code or the rest of a
    message."""
    LINK = 64
    """Names an address of the web or a `gs://` path."""


class Part(IntEnum):
    """What a line is of a traceback, once the lines around it are known."""

    NONE = 0
    HEAD = 1
    BODY = 2
    END = 3
    """The exception's own line: what is left of a folded traceback."""


class Bar(NamedTuple):
    """One state of a progress bar."""

    name: str
    """What tells this bar from others of the same replica."""
    done: float
    """How far it is; falls only when the bar starts anew. Comparable only within one bar."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One line as it is kept."""

    text: str
    """Without escape sequences, controls as pictures: safe to draw, and what searches look at."""
    level: int
    """A `Severity` value: as the entry has it, or for chatter on standard error as the words sound."""
    marks: Mark = Mark.NONE
    bar: Bar | None = None
    coloured: str = ""
    """The same text with the program's colours as `ESC [ … m` (SGR) sequences and no other control; empty
    if there are none. Without these sequences it is `text`."""
