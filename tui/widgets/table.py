"""A table that moves like every list of the app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable
from textual.widgets.data_table import RowKey

FILL = 0
"""The width of the column that takes the room left over."""
MIN_FILL = 12
"""What that column keeps however narrow the table is."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its key, heading and width in cells."""

    key: str
    label: str
    width: int


class ListTable(DataTable[Any], inherit_bindings=False):
    """A `DataTable` of rows with `hjkl`, `g` and `G`, that can change its rows without losing the place.

    `enter` is left to the pane, so that the footer says what it does there.
    """

    class Resized(Message):
        """The table has another size: columns that fill it have to be set again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor_up", "Up", show=False),
        Binding("down,j", "cursor_down", "Down", show=False),
        Binding("left,h", "cursor_left", "Left", show=False),
        Binding("right,l", "cursor_right", "Right", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("g,home,ctrl+home", "scroll_top", "First", show=False),
        Binding("G,end,ctrl+end", "scroll_bottom", "Last", show=False),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, cursor_type="row", zebra_stripes=False)
        self._kept_key: str | None = None

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor."""
        if not self.row_count or not self.is_valid_row_index(self.cursor_row):
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value

    def on_resize(self) -> None:
        """Tell the pane, which knows the columns."""
        self.post_message(self.Resized())

    def set_columns(self, columns: Sequence[Column]) -> int:
        """Declare the columns; the one of width FILL takes what the others leave, and that is returned."""
        padding = 2 * self.cell_padding * len(columns)
        fixed = sum(column.width for column in columns)
        fill = max(self.scrollable_content_region.width - fixed - padding, MIN_FILL)
        widths = [column.width or fill for column in columns]
        if [column.width for column in self.ordered_columns] != widths:
            kept = self.cursor_key
            self.clear(columns=True)
            for column, width in zip(columns, widths, strict=True):
                self.add_column(column.label, key=column.key, width=width)
            self._kept_key = kept
        return fill

    def show_rows(self, rows: list[tuple[str, tuple[Any, ...]]]) -> None:
        """Show `(key, cells)` rows; only what differs is drawn, and the cursor stays on its row."""
        if [key for key, _ in rows] == [key.value for key in self.rows]:
            for key, cells in rows:
                self._update_row(RowKey(key), cells)
            return
        kept, scroll = self.cursor_key or self._kept_key, self.scroll_y
        position = self.cursor_row
        self.clear()
        for key, cells in rows:
            self.add_row(*cells, key=key)
        keys = [key for key, _ in rows]
        target = keys.index(kept) if kept in keys else min(position, max(len(keys) - 1, 0))
        self.move_cursor(row=target, scroll=False)
        self.scroll_to(y=scroll, animate=False)
        self.call_after_refresh(self._scroll_cursor_into_view)

    def show_cursor_on(self, key: str) -> bool:
        """Move the cursor to the row of that key; False if there is none."""
        keys = [row.value for row in self.rows]
        if key not in keys:
            return False
        self.move_cursor(row=keys.index(key))
        return True

    def _update_row(self, key: RowKey, cells: tuple[Any, ...]) -> None:
        for column, cell in zip(self.columns, cells, strict=True):
            shown = self.get_cell(key, column)
            # `Content` compares by its text alone: a change of colour is one too.
            if shown != cell or getattr(shown, "spans", None) != getattr(cell, "spans", None):
                self.update_cell(key, column, cell, update_width=True)
