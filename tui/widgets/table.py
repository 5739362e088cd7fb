"""A table that moves like every list of the app."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import DataTable
from textual.widgets.data_table import RowKey


class ListTable(DataTable[Any]):
    """A `DataTable` of rows with `hjkl`, `g` and `G`, that can change its rows without losing the place."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
        Binding("g,home", "scroll_top", "First", show=False),
        Binding("G,end", "scroll_bottom", "Last", show=False),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, cursor_type="row", zebra_stripes=False)

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor."""
        if not self.row_count or not self.is_valid_row_index(self.cursor_row):
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value

    def show_rows(self, rows: list[tuple[str, tuple[Any, ...]]]) -> None:
        """Show `(key, cells)` rows; only what differs is drawn, and the cursor stays on its row."""
        if [key for key, _ in rows] == [key.value for key in self.rows]:
            for key, cells in rows:
                self._update_row(RowKey(key), cells)
            return
        kept, scroll = self.cursor_key, self.scroll_y
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
            if self.get_cell(key, column) != cell:
                self.update_cell(key, column, cell)
