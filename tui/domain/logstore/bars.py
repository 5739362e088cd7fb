"""Folding of progress bars: of a bar's states only the last is a row, until the bar starts anew."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from operator import attrgetter

from tui.domain.logstore.blocks import LogBlock, Run
from tui.domain.logstore.columns import Columns

Changed = Callable[[LogBlock, int], None]
"""Told the block and the line that was hidden or is shown again."""
_first = attrgetter("first")


class Bars:
    """Which blocks have states of which bar."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._keys: dict[int, tuple[str, str]] = {}
        self._blocks: dict[int, list[LogBlock]] = {}
        self._next = 0

    def number(self, replica: str, name: str) -> int:
        """The number of a bar; one of which nothing is left gets another when it comes again."""
        key = replica, name
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = self._next
            self._keys[number] = key
            self._next += 1
        return number

    def blocks_of(self, number: int) -> list[LogBlock]:
        """The blocks with states of a bar, in order; not to be changed."""
        return self._blocks.get(number, [])

    def place(self, block: LogBlock, numbers: set[int], fresh: list[int], changed: Changed) -> None:
        """Judge the last states of bars again after states came to a block.

        Args:
            block: The block.
            numbers: The bars of which states came.
            fresh: Of those, the ones the block had no state of before.
            changed: Called for each line that changed in that way.
        """
        for number in fresh:
            blocks = self._blocks.setdefault(number, [])
            blocks.insert(bisect_left(blocks, block.first, key=_first), block)
        for number in numbers:
            self._judge(self._blocks[number], block, number, changed)
        for number in fresh:
            blocks = self._blocks[number]
            at = bisect_left(blocks, block.first, key=_first)
            if at:
                self._judge(blocks, blocks[at - 1], number, changed)

    def remove(self, block: LogBlock) -> None:
        """Forget what the block has."""
        for number in block.bars:
            blocks = self._blocks[number]
            del blocks[bisect_left(blocks, block.first, key=_first)]
            if not blocks:
                del self._blocks[number]
        block.bars = {}
        block.covered = set()

    def forget_unused(self, numbers: set[int]) -> None:
        """Forget the names of bars of which no block has a state any more."""
        for number in numbers - self._blocks.keys():
            del self._numbers[self._keys.pop(number)]

    @staticmethod
    def _judge(blocks: list[LogBlock], block: LogBlock, number: int, changed: Changed) -> None:
        after = bisect_left(blocks, block.first, key=_first) + 1
        run = block.bars[number]
        hide = after < len(blocks) and blocks[after].bars[number].first >= run.last
        if block.cover(run.line, hide=hide):
            changed(block, run.line)


def follow(block: LogBlock, columns: Columns, start: int) -> tuple[int, set[int], list[int]]:
    """Take in a block's states of bars from a line on.

    Returns:
        The first line before `start` that is hidden now and was not (or the other way round), or `start`;
        the bars that had states; and of those, the ones that are new in the block.
    """
    first, numbers, fresh = start, set[int](), list[int]()
    runs, hidden = block.bars, columns.hidden
    for at in range(bisect_left(columns.bar_lines, start), len(columns.bar_lines)):
        line, number, done = columns.bar_lines[at], columns.bar_numbers[at], columns.bar_done[at]
        run = runs.get(number)
        numbers.add(number)
        if run is None:
            runs[number] = Run(line, done)
            fresh.append(number)
            continue
        covered = run.line in block.covered
        block.covered.discard(run.line)
        hide = done >= run.last
        if hide:
            hidden[run.line] = 1
        else:
            run.shown = run.count - 1
        if hide != covered:
            first = min(first, run.line)
        run.last, run.line = done, line
        run.count += 1
    return first, numbers, fresh
