"""The rows of the Setup pane, which fold and unfold without moving what the user looks at."""

from __future__ import annotations

from tui.widgets.table import ListTable


class FoldTable(ListTable):
    """A table whose left and right keys are the pane's, and whose cursor can stay at its height."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Rows fill the width, so there is nothing to scroll to."""
        return action not in ("cursor_left", "cursor_right")

    @property
    def room(self) -> int:
        """Rows that can be seen at once."""
        return self.scrollable_content_region.height - self.show_header

    @property
    def cursor_height(self) -> int:
        """Rows seen above the cursor; less than 0, or `room` and more, where it is out of sight."""
        return self.cursor_row - round(self.scroll_y)

    def show_cursor_at(self, key: str, height: int) -> bool:
        """Put the cursor on the row of that key, and the row that far down; False if there is none."""
        keys = [row.value for row in self.rows]
        if key not in keys:
            return False
        self.move_cursor(row=keys.index(key), scroll=False)
        self._scroll_cursor_to(key, height)
        # Again once the length of the rows is known, and after the table's own look for its cursor.
        self.call_after_refresh(self._scroll_cursor_to, key, height)
        return True

    def _scroll_cursor_to(self, key: str, height: int) -> None:
        if self.cursor_key == key:  # else a key has moved it meanwhile
            seen = min(max(height, 0), max(self.room - 1, 0))
            self.scroll_to(y=self.cursor_row - seen, animate=False, immediate=True)
