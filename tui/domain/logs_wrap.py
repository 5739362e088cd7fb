"""Which screen line of a wrapped log is which row: heights of rows as running sums."""

from __future__ import annotations

from bisect import bisect_right

from tui.domain.logbuffer import Change, LogBuffer
from tui.domain.text import wrap_cells


class WrappedRows:
    """The place of each row when texts are broken after `width` columns."""

    def __init__(self, width: int) -> None:
        self.width = max(width, 2)
        self._tops: list[int] = []
        self._base = 0
        self._total = 0

    @property
    def height(self) -> int:
        """Screen lines of all rows."""
        return self._total - self._base

    def update(self, rows: LogBuffer, change: Change) -> None:
        """Take in what an addition did to the rows."""
        if change.dropped:
            self._base = self._tops[change.dropped] if change.dropped < len(self._tops) else self._total
            del self._tops[: change.dropped]
        first = change.first
        if first < len(self._tops):
            self._total = self._tops[first]
            del self._tops[first:]
        for row in range(len(self._tops), len(rows)):
            self._tops.append(self._total)
            self._total += _height(rows[row].text, self.width)

    def locate(self, y: int) -> tuple[int, int]:
        """The row on screen line `y`, and which of the row's lines it is."""
        row = bisect_right(self._tops, y + self._base) - 1
        return row, y + self._base - self._tops[row]

    def top(self, row: int) -> int:
        """The first screen line of a row; the height if there is no such row."""
        return (self._tops[row] if row < len(self._tops) else self._total) - self._base


def _height(text: str, width: int) -> int:
    if text.isascii():
        return max(-(-len(text) // width), 1)
    return len(wrap_cells(text, width))
