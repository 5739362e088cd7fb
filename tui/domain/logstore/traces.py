"""Which lines make up tracebacks: told from their marks and their replica's lines before them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tui.domain.logreading.model import Mark, Part
from tui.domain.logreading.parts import OUTSIDE, parts


class Within(NamedTuple):
    """Where a replica is after a line."""

    state: int
    """See `parts`."""
    end: int | None
    """The level, divided by 100, of the end that lines going on belong to; None while it is yet to come."""


Carry = dict[int, Within]
"""The replicas within a traceback, by number."""

_STARTS = int(Mark.TRACE_HEAD | Mark.TRACE_BODY)
_ORDINARY = bytes(mark for mark in range(256) if not mark & _STARTS)
_STARTING = bytes(bool(mark & _STARTS) for mark in range(256))


def parts_of(
    marks: bytes | bytearray, replicas: bytes | bytearray, levels: bytes | bytearray, carry: Carry
) -> tuple[bytearray, Carry]:
    """The `Part` of each line, and the replicas within a traceback after them."""
    found = bytearray(len(marks))
    if not carry and not marks.translate(None, _ORDINARY):
        return found, {}
    starting = marks.translate(_STARTING)
    numbers = carry.keys() | {replicas[line] for line in _ones(starting)}
    within: Carry = {}
    alone = len(marks) == replicas.count(replicas[0]) if marks else False
    for number in numbers:
        lines: Sequence[int] = [line for line, each in enumerate(replicas) if each == number]
        if alone and lines:
            lines = range(len(marks))
        before = carry.get(number, Within(OUTSIDE, None))
        told, state = parts([marks[line] for line in lines], before.state)
        for line, part in zip(lines, told, strict=True):
            found[line] = part
        if state != OUTSIDE:
            within[number] = Within(state, _end(lines, told, before, levels))
    return found, within


def _end(lines: Sequence[int], told: Sequence[Part], before: Within, levels: bytes | bytearray) -> int | None:
    """The end that a line after all of these would belong to."""
    for line, part in zip(reversed(lines), reversed(told), strict=True):
        if part == Part.END:
            return levels[line]
        if part != Part.BODY:
            return None
    return before.end


def _ones(flags: bytes | bytearray) -> list[int]:
    found = []
    at = flags.find(1)
    while at >= 0:
        found.append(at)
        at = flags.find(1, at + 1)
    return found
