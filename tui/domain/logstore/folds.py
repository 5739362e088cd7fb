"""What stands behind a row that is left of several lines: states of its bar, or its traceback."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby, takewhile
from operator import attrgetter

from tui.domain.logreading.model import Mark, Part
from tui.domain.logstore.blocks import LogBlock, states_of
from tui.domain.logstore.holding import Holding
from tui.domain.logstore.model import Block

Behind = list[tuple[Block, Sequence[int]]]
_first = attrgetter("first")
_NONE, _BODY, _END = int(Part.NONE), int(Part.BODY), int(Part.END)
_BAR = int(Mark.BAR)


class Folds:
    """Looks around a line in the blocks of a store."""

    def __init__(self, held: Holding) -> None:
        self._held = held

    def behind(self, block: LogBlock, line: int) -> Behind:
        """See `Lines.behind`."""
        number = _bar_at(block, line)
        found = self._of_trace(block, line) if number is None else self._of_bar(block, line, number)
        return [(each, lines) for each, lines in reversed(list(found)) if lines]

    def count(self, block: LogBlock, line: int) -> int:
        """See `Lines.behind_count`."""
        number = _bar_at(block, line)
        if number is None:
            if block.held().traces[line] != _END:
                return 0
            return len(self._before(block, line)) + len(self._after(block, line))
        if block.is_hidden(line):
            return 0
        states = states_of(block.held(), number)
        at = states.index(line)
        found = len(_tail(block, states[:at]))
        if found < at:
            return found
        blocks = self._held.bars.blocks_of(number)
        for earlier in reversed(blocks[: bisect_left(blocks, block.first, key=_first)]):
            run = earlier.bars[number]
            if run.line not in earlier.covered:
                break
            found += run.count - 1 - run.shown
            if run.shown >= 0:
                break
        return found

    def _of_bar(self, block: LogBlock, line: int, number: int) -> Iterator[tuple[LogBlock, Sequence[int]]]:
        """The states before the one that stands for this one, the latest block first."""
        blocks = self._held.bars.blocks_of(number)
        at = bisect_left(blocks, block.first, key=_first)
        states = states_of(block.held(), number)
        place = states.index(line)
        while True:
            shown = next((n for n in range(place, len(states)) if not blocks[at].is_hidden(states[n])), None)
            if shown is not None:
                break
            at, place = at + 1, 0
            states = states_of(blocks[at].held(), number)
        states = states[:shown]
        while True:
            hidden = _tail(blocks[at], states)
            yield blocks[at], hidden
            if len(hidden) < len(states) or not at:
                return
            at -= 1
            states = states_of(blocks[at].held(), number)

    def _of_trace(self, block: LogBlock, line: int) -> Iterator[tuple[LogBlock, Sequence[int]]]:
        """The lines that belong to a traceback's end, the latest block first."""
        end = self._end_of(block, line)
        if end is None:
            return
        found = [*self._before(*end), *self._after(*end)]
        found.sort(key=lambda place: (place[0].first, place[1]), reverse=True)
        for _, group in groupby(found, key=lambda place: place[0].ident):
            places = list(group)
            yield places[0][0], [at for _, at in reversed(places)]

    def _end_of(self, block: LogBlock, line: int) -> tuple[LogBlock, int] | None:
        """The end that a line of a traceback belongs to: the one before it, else the one after it."""
        part = block.held().traces[line]
        if part in (_NONE, _END):
            return (block, line) if part else None
        if part == _BODY:
            for each, at, told in self._around(block, line, -1):
                if told == _END:
                    return each, at
                if told != _BODY:
                    break
        for each, at, told in self._around(block, line, 1):
            if told == _END:
                return each, at
            if told != _BODY:
                break
        return None

    def _before(self, block: LogBlock, end: int) -> list[tuple[LogBlock, int]]:
        """The lines from a traceback's beginning to its end; none if it goes on with another's."""
        found: list[tuple[LogBlock, int]] = []
        for each, at, told in self._around(block, end, -1):
            if told == _END:
                return []
            if told != _NONE:
                found.append((each, at))
            if told != _BODY:
                break
        return found

    def _after(self, block: LogBlock, end: int) -> list[tuple[LogBlock, int]]:
        """The lines that go on after a traceback's end."""
        around = self._around(block, end, 1)
        return [(each, at) for each, at, _ in takewhile(lambda place: place[2] == _BODY, around)]

    def _around(self, block: LogBlock, line: int, step: int) -> Iterator[tuple[LogBlock, int, int]]:
        """The replica's lines after (1) or before (-1) one, and their parts, while within a trace."""
        position = self._held.position(block)
        columns = block.held()
        replica = columns.replicas[line]
        at = line + step
        while True:
            while 0 <= at < block.count:
                if columns.replicas[at] == replica:
                    yield block, at, columns.traces[at]
                at += step
            position += step
            carry = block.carry_out if step > 0 else block.carry_in
            if replica not in carry or not 0 <= position < len(self._held.blocks):
                return
            block = self._held.blocks[position]
            columns = block.held()
            at = 0 if step > 0 else block.count - 1


def _bar_at(block: LogBlock, line: int) -> int | None:
    columns = block.held()
    if not columns.marks[line] & _BAR:
        return None
    at = bisect_left(columns.bar_lines, line)
    found = at < len(columns.bar_lines) and columns.bar_lines[at] == line
    return columns.bar_numbers[at] if found else None


def _tail(block: LogBlock, states: Sequence[int]) -> Sequence[int]:
    """The last of a bar's states in a block that are hidden, up to the last one that is not."""
    at = len(states)
    while at and block.is_hidden(states[at - 1]):
        at -= 1
    return states[at:]
