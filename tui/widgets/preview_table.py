"""A table of a preview: its header stays, columns are gone through from left to right."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from tui.domain.preview.model import Table
from tui.domain.preview.tables import fit_cell, table_lines
from tui.widgets.preview_rows import PreviewRows

GAP = "  "
LEAST = 8
"""Columns on the screen from which the beginning of a cell says something."""

NO_TABLE = Table((), (), (), ())


class PreviewTable(PreviewRows):
    """Rows of cells below each other."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "columns(-1)", "Columns left", show=False),
        Binding("right,l", "columns(1)", "Columns right", show=False),
        Binding("left_curly_bracket", "columns(-1000000)", "First column", show=False),
        Binding("right_curly_bracket", "columns(1000000)", "Last column", show=False),
    ]
    HEADER = 1

    class Turned(Message):
        """Other columns are on the screen."""

    def __init__(self, *, id: str, classes: str = "") -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes=classes)
        self._table = NO_TABLE
        self.first = 0
        """The first column on the screen."""

    def show(self, table: Table, *, keep: bool = False) -> None:
        """Show a table from its beginning, or from where it is."""
        if table is self._table:
            return
        self._table, self.mark_from = table, None
        if not keep:
            self.first, self.words, self.hit = 0, "", None
            self.scroll_to(0, 0, animate=False, immediate=True)
        self.fit_to(0, len(table.rows))

    @property
    def count(self) -> int:
        return len(self._table.rows)

    @property
    def text(self) -> str:
        return table_lines(self._table)

    def row_text(self, number: int) -> str:
        return "\t".join(self._table.rows[number])

    def row_at(self, place: int) -> tuple[int, int, int] | None:
        return (place, 0, self.size.width) if 0 <= place < self.count else None

    @property
    def shown(self) -> tuple[int, int]:
        """The first column on the screen and the one after the last; the last may be cut."""
        return self.first, self.first + len(self._fitting)

    @property
    def _fitting(self) -> list[int]:
        """The widths of the columns on the screen."""
        room = self.size.width
        found: list[int] = []
        for width in self._table.widths[self.first :]:
            if found and room < min(width, LEAST):
                break
            found.append(min(width, max(room, 1)))
            room -= width + len(GAP)
        return found

    @property
    def where(self) -> str:
        """Which columns are on the screen, if these are not all."""
        first, last = self.shown
        count = len(self._table.widths)
        if last - first >= count:
            return ""
        return f"columns {first + 1:,} to {last:,} of {count:,}: ← →"

    def on_resize(self, _event: events.Resize) -> None:
        """More or fewer columns."""
        self.fit_to(0, self.count)
        self.post_message(self.Turned())

    def action_columns(self, step: int) -> None:
        """Show columns further on; never beyond the last."""
        wanted = max(min(self.first + step, len(self._table.widths) - 1), 0)
        if step > 0 and self.shown[1] >= len(self._table.widths):
            return
        self.first = wanted
        if step > 1:
            while self.first > 0 and self._fits_with(self.first - 1):
                self.first -= 1
        self.forget()
        self.post_message(self.Turned())

    def _fits_with(self, column: int) -> bool:
        widths = self._table.widths[column:]
        return sum(widths) + len(GAP) * (len(widths) - 1) <= self.size.width

    def header(self) -> Strip:
        style = self.rich_style + self.get_component_rich_style("preview--header")
        text = self._line(self._table.header)
        return Strip([Segment(text, style)]).adjust_cell_length(self.size.width, style)

    def segments(self, number: int) -> list[Segment]:
        return [Segment(self._line(self._table.rows[number]), self.rich_style)]

    def _line(self, row: tuple[str, ...]) -> str:
        cells = [
            fit_cell(row[at] if at < len(row) else "", width, right=self._table.right[at])
            for at, width in enumerate(self._fitting, start=self.first)
        ]
        return GAP.join(cells)
