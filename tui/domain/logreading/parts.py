"""What each of a replica's lines is of a traceback: told from the lines before it."""

from __future__ import annotations

from collections.abc import Iterable

from tui.domain.logreading.model import Mark, Part

OUTSIDE = 0
"""The state before the first line."""
_INSIDE = 1
"""After a head, a frame, or up to `_MOST_INSIDE` lines of code below one."""
_MOST_INSIDE = 100
_AFTER = _INSIDE + _MOST_INSIDE
"""After an exception's own line, or up to `_MOST_AFTER` lines of its message."""
_MOST_AFTER = 150

_HEAD, _BODY, _END = int(Mark.TRACE_HEAD), int(Mark.TRACE_BODY), int(Mark.TRACE_END)
_INDENTED = int(Mark.INDENTED)
_ANY = _HEAD | _BODY | _END | _INDENTED


def parts(marks: Iterable[int], state: int) -> tuple[list[Part], int]:
    """The part of each line, given its `Mark` bits in order, and the state after the last one.

    `state` is what the call for the lines before returned, `OUTSIDE` at first; it is below 256. A line
    that is a head and an exception's own at once (`panic: …`) is an end: it is what is left of the trace.
    """
    found: list[Part] = []
    for mark in marks:
        if not mark & _ANY or (not state and not mark & (_HEAD | _BODY)):
            state = OUTSIDE
            found.append(Part.NONE)
            continue
        part, state = _next(mark, state)
        found.append(part)
    return found, state


def _next(mark: int, state: int) -> tuple[Part, int]:
    """The part of a line with marks of a traceback, and the state after it."""
    if mark & _HEAD:
        return (Part.END, _AFTER) if mark & _END else (Part.HEAD, _INSIDE)
    inside = OUTSIDE < state < _AFTER
    # Right after another exception's line it is a sentence of that one's message.
    if mark & _END and (state != _AFTER or mark & _BODY):
        return Part.END, _AFTER
    if mark & _BODY:
        return Part.BODY, _INSIDE
    last = _AFTER - 1 if inside else _AFTER + _MOST_AFTER
    if mark & _INDENTED and OUTSIDE < state < last:
        return Part.BODY, state + 1
    return Part.NONE, OUTSIDE
