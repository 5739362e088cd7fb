"""Which screen line of a wrapped log is which row: heights of rows as running sums, block by block."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from tui.domain.logstore.rowblock import RowBlock
from tui.domain.logstore.rows import Rows
from tui.domain.wordwrap import ascii_ends, word_ends

_AT_ONCE = 16
"""Blocks that are measured by one call of `update`."""
_KEPT = 16
"""Blocks of which the place of every row is kept."""


class _Height:
    """Of the rows of one block."""

    __slots__ = ("known", "lines", "part", "stamp")

    def __init__(self, part: RowBlock, lines: int, *, known: bool) -> None:
        self.part = part
        self.stamp = part.stamp
        self.lines = lines
        self.known = known
        """False while each row is taken for one line."""


class WrappedRows:
    """The place of each row when texts are broken into words' lines of `width` columns (at least 2).

    What `rebuild` has not come to counts as one screen line a row; where it is looked at, it is measured.
    """

    def __init__(self, rows: Rows, width: int) -> None:
        self.width = max(width, 2)
        self._rows = rows
        self._heights: list[_Height] = []
        self._sums = [0]
        self._tops: dict[_Height, list[int]] = {}
        self._edition = -1

    @property
    def height(self) -> int:
        """Screen lines of all rows."""
        self.update()
        return self._sums[-1]

    def update(self) -> None:
        """Take in what the rows became, if they are others; asked for a place, it does that by itself."""
        edition = self._rows.edition
        if edition == self._edition:
            return
        self._edition = edition
        known = {height.part: height for height in self._heights}
        room = _AT_ONCE
        heights: list[_Height] = []
        for part in reversed(self._rows.parts):
            height = known.get(part)
            if height is None or height.stamp != part.stamp:
                even = part.block.summary.widest <= self.width
                height = _Height(part, part.count, known=even or not part.count)
                if not height.known and room:
                    room -= 1
                    self._measure(height)
            heights.append(height)
        self._heights = heights[::-1]
        self._tops.clear()
        self._sum(0)

    def rebuild(self) -> Iterator[None]:
        """Measure what is not measured yet, the newest first; yields after each block."""
        self.update()
        while waiting := [height for height in self._heights if not height.known]:
            heights = self._heights
            for height in reversed(waiting):
                self.update()
                if self._heights is not heights:
                    break
                if not height.known:
                    self._measure(height)
                    self._sum(0)
                    yield

    def settle(self) -> None:
        """Measure all that is not measured yet, however long it takes."""
        for _ in self.rebuild():
            pass

    def locate(self, y: int) -> tuple[int, int]:
        """The row on screen line `y`, and which of the row's lines it is.

        Raises:
            IndexError: there is no such screen line.
        """
        while 0 <= y < self.height:
            at = bisect_right(self._sums, y) - 1
            height = self._heights[at]
            if self._known(at):
                tops = self._tops_of(height)
                row = bisect_right(tops, y - self._sums[at]) - 1
                return self._rows.sums[at] + row, y - self._sums[at] - tops[row]
        raise IndexError(y)

    def top(self, row: int) -> int:
        """The first screen line of a row; the height if there is no such row."""
        self.update()
        sums = self._rows.sums
        if row >= sums[-1]:
            return self.height
        at = bisect_right(sums, row) - 1
        self._known(at)
        return self._sums[at] + self._tops_of(self._heights[at])[row - sums[at]]

    def _known(self, at: int) -> bool:
        """Whether a block was measured before; it is afterwards."""
        height = self._heights[at]
        if height.known:
            return True
        self._measure(height)
        self._sum(at)
        return False

    def _measure(self, height: _Height) -> None:
        height.lines = sum(self._lines_of(height.part))
        height.known = True

    def _tops_of(self, height: _Height) -> list[int]:
        """The first screen line of each row of a block, from the block's own first on."""
        tops = self._tops.get(height)
        if tops is None:
            if len(self._tops) >= _KEPT:
                self._tops.clear()
            tops = self._tops[height] = list(accumulate(self._lines_of(height.part), initial=0))[:-1]
        return tops

    def _lines_of(self, part: RowBlock) -> list[int]:
        """The screen lines of each row of a block."""
        block, offsets, width = part.block, part.offsets(), self.width
        found = [1] * len(offsets)
        if block.summary.widest <= width:
            return found
        widths, text = block.widths(), block.text()
        starts = [*block.starts(), len(text)]
        for row, line in enumerate(offsets):
            if (columns := widths[line]) <= width:
                continue
            begin, end = starts[line], starts[line + 1] - 1
            if end - begin == columns:  # only ASCII has as many bytes as columns
                found[row] = len(ascii_ends(text, b" ", begin, end, width))
            else:
                found[row] = len(word_ends(text[begin:end].decode(), width))
        return found

    def _sum(self, begin: int) -> None:
        heights = self._heights[begin:]
        self._sums[begin:] = accumulate([height.lines for height in heights], initial=self._sums[begin])
