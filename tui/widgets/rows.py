"""A list of any length that makes and draws only the rows in sight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.widgets.columns import Column
from tui.widgets.rows_paint import Cells, Look, RowPainter

NEAR_END = 40
"""Rows before the last at which `NearEnd` is posted."""


class RowList(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows with a cursor, marks and a heading; a row is a key, its cells are asked for once it is in sight.

    Cells are kept by key until `touch` or `touch_all`; what is drawn the same as before is not drawn again.
    """

    DEFAULT_CSS = """
    RowList {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "rows--heading",
        "rows--cursor",
        "rows--cursor-unfocused",
        "rows--marked",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor_up", "Up", show=False),
        Binding("down,j", "cursor_down", "Down", show=False),
        Binding("left,h", "turn_columns(-1)", "Columns to the left", show=False),
        Binding("right,l", "turn_columns(1)", "Columns to the right", show=False),
        Binding("pageup", "move_page(-1)", "Page up", show=False),
        Binding("pagedown", "move_page(1)", "Page down", show=False),
        Binding("g,home,ctrl+home", "scroll_top", "First", show=False),
        Binding("G,end,ctrl+end", "scroll_bottom", "Last", show=False),
        Binding("shift+up", "mark_rows(-1)", "Mark upwards", show=False),
        Binding("shift+down", "mark_rows(1)", "Mark downwards", show=False),
        Binding("enter", "choose", "Choose", show=False),
    ]

    class _About(Message):
        """Of one list; a later one of the same kind stands for those before it."""

        def __init__(self, rows: RowList) -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> RowList:
            return self.rows

        def can_replace(self, message: Message) -> bool:
            return type(message) is type(self) and getattr(message, "rows", None) is self.rows

    class Highlighted(_About):
        """The cursor is on the row of another key now, or on none."""

        def __init__(self, rows: RowList, key: str | None) -> None:
            super().__init__(rows)
            self.key = key

    class Chosen(_About):
        """Enter on a row, or a double click."""

        def __init__(self, rows: RowList, key: str) -> None:
            super().__init__(rows)
            self.key = key

    class HeadingChosen(_About):
        """A click on the heading of a column."""

        def __init__(self, rows: RowList, column: str) -> None:
            super().__init__(rows)
            self.column = column

    class MarksChanged(_About):
        """The user marked or unmarked rows by the list's own keys."""

    class NearEnd(_About):
        """The last rows are in sight or about to be; once for each `set_rows`."""

    def __init__(
        self,
        *,
        id: str,  # noqa: A002 (Textual's name)
        cells: Cells,
        takes_enter: bool = True,
        takes_sideways: bool = True,
    ) -> None:
        """With `takes_enter` off, `enter` is left to the pane, so that the footer says what it does there.

        Likewise `hl` and the arrows to the sides, which else show the columns for which there was no room.
        """
        super().__init__(id=id)
        self._painter = RowPainter(self, cells)
        self._takes_enter = takes_enter
        self.takes_sideways = takes_sideways
        self._keys: Sequence[str] = ()
        self._cursor = 0
        self._kept: str | None = None
        self._page_rows = 0
        self._marked: set[str] = set()
        self._range: tuple[int, frozenset[str]] | None = None
        self._told: str | None = None
        self._told_end = False
        self._placing = False
        self._drawn: dict[int, Strip] = {}

    # What is shown

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Declare the columns."""
        if self._painter.set_columns(columns):
            self._repaint()

    def set_sort(self, column: str | None, *, descending: bool = False) -> None:
        """Say in the heading by which column the rows are in order."""
        self._painter.set_sort(None if column is None else (column, descending))
        self._repaint()

    def set_rows(self, keys: Sequence[str], *, anew: bool = False) -> None:
        """Show the rows of these keys, which are kept, not copied, and must differ from each other.

        The cursor stays on its key, and its row on its line of the screen; a list that shows its first row
        goes on doing so while the cursor is in sight. A key that is gone leaves the cursor at its position;
        after an empty list it is found again. With `anew` all cells are asked for again, as by `touch_all`.
        """
        if anew:
            self._painter.forget()
        before, page = self._keys, self._rows_in_sight
        cursor, top = self._cursor, self.scroll_offset.y
        key, in_sight = self.cursor_key or self._kept, top <= cursor < top + page
        self._keys, self._range = keys, None
        self._kept = None if keys else key
        self._told_end = False
        self._cursor = _position(keys, key, cursor)
        if in_sight:
            stays = top == 0 and self._cursor < page
            top = 0 if stays else self._cursor - (cursor - top)
        elif top < len(before):
            top = _position(keys, before[top], top)
        self._fit_scroll_range()
        self._scroll(max(top, 0))
        self._repaint()
        self._tell()

    def touch(self, keys: Iterable[str]) -> None:
        """Ask anew for the cells of these rows; only what differs is drawn."""
        self._painter.forget(keys)
        self._repaint()

    def touch_all(self) -> None:
        """Ask anew for the cells of all rows in sight, and of the others once they are."""
        self._painter.forget()
        self._repaint()

    @property
    def keys(self) -> Sequence[str]:
        """The keys of all rows, in order."""
        return self._keys

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self._keys)

    @property
    def keys_in_sight(self) -> list[str]:
        """The keys of the rows on the screen, in order."""
        top = self.scroll_offset.y
        return [self._keys[row] for row in range(top, min(top + self._rows_in_sight, len(self._keys)))]

    # The cursor

    @property
    def cursor_row(self) -> int:
        """The number of the row under the cursor, from 0."""
        return self._cursor

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor."""
        return self._keys[self._cursor] if self._cursor < len(self._keys) else None

    def show_cursor_on(self, key: str) -> bool:
        """Move the cursor to the row of that key; False if there is none."""
        with suppress(ValueError):
            self.move_cursor(self._keys.index(key))
        return self.cursor_key == key

    def move_cursor(self, row: int) -> None:
        """Move the cursor to a row, or to the first or last one beyond which it would be, and show it."""
        self._range = None
        self._move(row)

    def _move(self, row: int) -> None:
        self._cursor = max(min(row, len(self._keys) - 1), 0)
        self._reveal()
        self._repaint()
        self._tell()

    def _reveal(self) -> None:
        top, page = self.scroll_offset.y, max(self._rows_in_sight, 1)
        self._scroll(min(max(top, self._cursor - page + 1), self._cursor))

    def _scroll(self, top: int) -> None:
        """Put a row below the heading; the caller draws."""
        self._placing = True
        self.scroll_to(y=top, animate=False, force=True)
        self._placing = False

    def _tell(self) -> None:
        if (key := self.cursor_key) != self._told:
            self._told = key
            self.post_message(self.Highlighted(self, key))

    # Marks

    @property
    def marked(self) -> set[str]:
        """The keys marked, also of rows that are not in the list now; assign it to have a change drawn."""
        return self._marked

    @marked.setter
    def marked(self, keys: set[str]) -> None:
        self._marked = keys
        self._range = None
        self._repaint()

    def mark_all_visible(self) -> None:
        """Mark every row of the list, which is all that a filter lets through."""
        self._mark(self._marked.union(self._keys))

    def invert(self) -> None:
        """Mark what is not marked in the list and unmark what is; rows that are not in it keep theirs."""
        self._mark(self._marked.symmetric_difference(self._keys))

    def _mark(self, keys: set[str]) -> None:
        self.marked = keys
        self.post_message(self.MarksChanged(self))

    def _mark_to(self, row: int) -> None:
        """Mark from where the marking began to `row`; going back gives back what was marked on the way."""
        if not self._keys:
            return
        anchor, before = held = self._range or (self._cursor, frozenset(self._marked))
        row = max(min(row, len(self._keys) - 1), 0)
        between = range(min(anchor, row), max(anchor, row) + 1)
        self._mark({*before, *(self._keys[number] for number in between)})
        self._move(row)
        self._range = held

    # Keys and mouse

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's)
        """Leave to the pane what does nothing here."""
        if action == "turn_columns":
            return self.takes_sideways and self._painter.layout.pages > 1
        return self._takes_enter if action == "choose" else True

    def action_cursor_up(self) -> None:
        self.move_cursor(self._cursor - 1)

    def action_cursor_down(self) -> None:
        self.move_cursor(self._cursor + 1)

    def action_move_page(self, step: int) -> None:
        self.move_cursor(self._cursor + step * max(self._rows_in_sight - 1, 1))

    def action_scroll_top(self) -> None:
        self.move_cursor(0)

    def action_scroll_bottom(self) -> None:
        self.move_cursor(len(self._keys) - 1)

    def action_mark_rows(self, step: int) -> None:
        self._mark_to(self._cursor + step)

    def action_turn_columns(self, step: int) -> None:
        """Show the columns before or after these."""
        self._painter.show_page(self._painter.layout.page + step)
        self._repaint()

    def action_choose(self) -> None:
        """Say that the row under the cursor was chosen."""
        if (key := self.cursor_key) is not None:
            self.post_message(self.Chosen(self, key))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor; a second click chooses, one on the heading sorts."""
        place = event.get_content_offset_capture(self)
        if place.y == 0:
            if (column := self._painter.column_at(place.x)) is not None:
                self.post_message(self.HeadingChosen(self, column))
        elif 0 <= (row := self.scroll_offset.y + place.y - 1) < len(self._keys) and place.y > 0:
            self.move_cursor(row)
            if event.chain == 2:  # noqa: PLR2004 (a double click)
                self.action_choose()

    # Places

    @property
    def _rows_in_sight(self) -> int:
        """Rows that fit below the heading."""
        return max(self.size.height - 1, 0)

    def _fit_scroll_range(self) -> None:
        size = Size(0, len(self._keys) + 1)
        room = self.container_size.height
        bar = size.height > room
        if not room or bar != self.show_vertical_scrollbar or self.styles.auto_dimensions:
            self.virtual_size = size
            return
        # The setter would draw everything anew, and nothing but the scrollbar's thumb changes.
        self.set_reactive(RowList.virtual_size, size)
        if bar:
            self.vertical_scrollbar.window_virtual_size = size.height

    def on_resize(self, _event: events.Resize) -> None:
        """Keep the cursor in sight if it was."""
        top, page = self.scroll_offset.y, self._page_rows
        self._page_rows = self._rows_in_sight
        self._fit_scroll_range()
        if not page or top <= self._cursor < top + page:
            self._reveal()
        self._repaint()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw what the scrolling changed; the parent's way draws everything."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        if round(old_value) != round(new_value) and not self._placing:
            self._repaint()

    def watch_has_focus(self, _has_focus: bool) -> None:  # noqa: FBT001 (Textual calls it)
        """The cursor looks different without the focus."""
        super().watch_has_focus(_has_focus)
        self._repaint()

    def notify_style_update(self) -> None:
        """Colours may be others."""
        super().notify_style_update()
        self._painter.restyle()
        self._repaint()

    # Drawing

    def _repaint(self) -> None:
        """Have the lines drawn that differ from what was drawn last."""
        if not self.is_attached or not self.size:
            return
        width = self.scrollable_content_region.width
        lines = [y for y in range(self.size.height) if self._line(y) != self._drawn.get(y)]
        if lines:
            self.refresh(*(Region(0, y, width, 1) for y in lines))
        seen = self.scroll_offset.y + self._rows_in_sight + NEAR_END
        if not self._told_end and 0 < len(self._keys) <= seen:
            self._told_end = True
            self.post_message(self.NearEnd(self))

    def render_line(self, y: int) -> Strip:
        """One line of the screen: the heading, or a row."""
        self._drawn[y] = strip = self._line(y)
        return strip

    def _line(self, y: int) -> Strip:
        self._painter.set_width(max(self.scrollable_content_region.width, 0))
        if y == 0:
            return self._painter.heading()
        row = self.scroll_offset.y + y - 1
        if row >= len(self._keys):
            return self._painter.blank()
        key, here = self._keys[row], row == self._cursor
        return self._painter.row(key, Look(key in self._marked, here, here and self.has_focus))


def _position(keys: Sequence[str], key: str | None, near: int) -> int:
    """Where `key` is, most likely at `near`; else `near`, or the last row before it."""
    if key is not None:
        if near < len(keys) and keys[near] == key:
            return near
        with suppress(ValueError):
            return keys.index(key)
    return max(min(near, len(keys) - 1), 0)
