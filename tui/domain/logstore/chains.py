"""Tracebacks that led to one another (`During handling of …`, `Caused by: …`) are one error."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import dropwhile, islice

from tui.domain.logreading.model import Mark, Part
from tui.domain.logstore.model import Block, Lines
from tui.domain.logstore.steps import FAR, grave, head_of, upwards

_NONE, _HEAD, _BODY, _END = (int(part) for part in (Part.NONE, Part.HEAD, Part.BODY, Part.END))
_ELSE, _BEGINS, _LED_TO = range(3)
"""What comes after a line: nothing that matters, a whole traceback, one to which this one led."""


class Errors:
    """The lines that are errors; of tracebacks that led to one another only the end of the last."""

    def __init__(self, lines: Lines, *, own: bool = False) -> None:
        """`own`: go by the entries' severities, not by the levels that the texts sound like."""
        self._lines = lines
        self._own = own

    def __call__(self, block: Block) -> bytes:
        """1 for each line of a block that is one; empty without any."""
        found = grave(block, own=self._own)
        traces = block.traces()
        if 1 not in found or _END not in traces:
            return found
        marks, replicas = block.marks(), block.replicas()
        last, after = bytearray(found), dict[int, int]()
        for at in range(len(traces) - 1, -1, -1):
            replica, part = replicas[at], traces[at]
            if part != _NONE and replica not in after:
                after[replica] = self._after(block, replica)
            if part == _END and after[replica] == _LED_TO:
                last[at] = 0
            after[replica] = _ELSE if part == _NONE else _before(after[replica], part, marks[at])
        return bytes(last)

    def _after(self, block: Block, replica: int) -> int:
        """What comes after a block, of one replica."""
        told: list[tuple[int, int]] = []
        blocks = dropwhile(lambda each: each.ident != block.ident, self._lines.blocks)
        for part, mark in islice(_lines_of(islice(blocks, 1, None), replica), FAR):
            told.append((part, mark))
            if part in (_NONE, _END):
                break
        state = _ELSE
        for part, mark in reversed(told):
            state = _before(state, part, mark)
        return state


def first_head_of(lines: Lines, index: int) -> int:
    """The first line of the first of the tracebacks that led to the one that a line belongs to."""
    head = head_of(lines, index)
    while (end := _end_that_led_to(lines, head)) is not None:
        head = head_of(lines, end)
    return head


def _end_that_led_to(lines: Lines, head: int) -> int | None:
    """The end of the traceback that led to the one that begins with a line."""
    walk = upwards(lines, head)
    _, part, own, _ = next(walk)
    linked = False
    for at, part, replica, mark in walk:
        if replica != own:
            continue
        if part == _END:
            return at if linked else None
        if part != _BODY:
            return None
        linked = linked or _links(mark)
    return None


def _before(state: int, part: int, mark: int) -> int:
    """What comes after the line before this one, given what comes after this one."""
    if part == _END:
        return _BEGINS if mark & Mark.TRACE_HEAD else _LED_TO
    if part == _HEAD:
        return _BEGINS if state == _LED_TO else _ELSE
    if part == _BODY:
        return _LED_TO if state == _BEGINS and _links(mark) else state
    return _ELSE


def _links(mark: int) -> bool:
    """Whether a line within a traceback may be the sentence between two of them."""
    return bool(mark & Mark.TRACE_BODY) and not mark & Mark.INDENTED


def _lines_of(blocks: Iterable[Block], replica: int) -> Iterable[tuple[int, int]]:
    for block in blocks:
        if replica in block.summary.replicas:
            for part, mark, each in zip(block.traces(), block.marks(), block.replicas(), strict=True):
                if each == replica:
                    yield part, mark
