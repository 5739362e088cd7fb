"""Where things are in the view of a log: rows and screen lines, the cursor, a selection, the end followed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView

from tui.domain.logs import EntryKey
from tui.domain.logstore.model import LinePlace
from tui.domain.logstore.wrap import WrappedRows
from tui.widgets.log_columns import Columns, columns_for, needs_date
from tui.widgets.log_paint import SERVICE
from tui.widgets.log_stand import Shown


def utc_now() -> datetime:
    """The time, UTC."""
    return datetime.now(UTC)


class LogPlaces(ScrollView):
    """Keeps the view where it was put while rows come and go, or at the end while that is followed."""

    follow: reactive[bool] = reactive(default=True)
    """Whether the view stays at the last line."""

    class Followed(Message):
        """Following began or ended."""

    class Drawn(Message):
        """What came has been drawn."""

    class CursorMoved(Message):
        """Another line is under the cursor."""

    class BeginningReached(Message):
        """The first row is in sight: older lines may be wanted."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self.columns = Columns()
        self.now: Callable[[], datetime] = utc_now
        """The time, which tells what is of today."""
        self.shown: Shown | None = None
        self._wrapped: WrappedRows | None = None
        self._placing = False
        self._quietly = False
        """Whether the place is kept without drawing."""
        self._said = Content("")
        self._thumb = (0, 0)

    @property
    def cursor_row(self) -> int | None:
        """The row of the cursor: the last one while following."""
        shown = self.shown
        if shown is None or not len(shown.rows):
            return None
        last = len(shown.rows) - 1
        if self.follow or shown.stand.cursor is None:
            return last
        return min(shown.rows.row_of(shown.lines.index_of(shown.stand.cursor)), last)

    @property
    def cursor_line(self) -> int | None:
        """The index of the line under the cursor."""
        row = self.cursor_row
        return self.shown.rows.row(row).line if row is not None and self.shown is not None else None

    @property
    def selection(self) -> range:
        """The rows selected: those from the anchor to the cursor, or that of the cursor."""
        row, shown = self.cursor_row, self.shown
        if row is None or shown is None:
            return range(0)
        if shown.stand.anchor is None:
            return range(row, row + 1)
        anchor = min(shown.rows.row_of(shown.lines.index_of(shown.stand.anchor)), len(shown.rows) - 1)
        return range(min(row, anchor), max(row, anchor) + 1)

    def toggle_selection(self) -> bool:
        """Begin a selection at the cursor, or give it up; whether there is one now."""
        line = self.cursor_line
        if self.shown is None or line is None:
            return False
        stand = self.shown.stand
        if stand.anchor is None:
            self.stay()
            stand.anchor = stand.cursor = self.shown.lines.line(line).place
        else:
            stand.anchor = None
        self._say_follow()
        self.refresh()
        return stand.anchor is not None

    def go_to(self, row: int, *, hit: bool = False, centre: bool = False) -> None:
        """Put the cursor on a row and bring it into sight."""
        shown = self.shown
        if shown is None or not len(shown.rows):
            return
        row = min(max(row, 0), len(shown.rows) - 1)
        if row == len(shown.rows) - 1 and not hit and shown.stand.anchor is None:
            self.action_scroll_end()
            return
        self._leave_end()
        shown.stand.cursor = shown.lines.line(shown.rows.row(row).line).place
        if hit:
            shown.stand.hit = shown.stand.cursor
        self._bring_into_sight(row, centre=centre)
        self._remember_top()
        self._say_follow()
        self.refresh()
        self.post_message(self.CursorMoved())
        if row == 0:
            self.post_message(self.BeginningReached())

    def seek(self, key: EntryKey | None) -> None:
        """Go to the entry with this key, now or as soon as it is read."""
        if self.shown is None:
            return
        shown, self.shown.stand.sought = self.shown, key
        if key is None:
            return
        index = shown.lines.index_of(LinePlace(key, 0))
        if index < len(shown.lines) and shown.lines.line(index).place.key == key:
            shown.stand.sought = None
            self.go_to(shown.rows.row_of(index), hit=True, centre=True)

    def stay(self) -> None:
        """Leave the end, with the cursor on the line that is the last one now."""
        line = self.cursor_line
        if self.follow and self.shown is not None and line is not None:
            place = self.shown.lines.line(line).place
            self._leave_end()
            self.shown.stand.cursor = place
            self.refresh()

    @property
    def in_sight(self) -> tuple[int, int]:
        """Indices of the first and the last line in sight."""
        if self.shown is None or not len(self.shown.rows):
            return 0, 0
        last = len(self.shown.rows) - 1
        ends = self.scroll_offset.y, self.scroll_offset.y + max(self.size.height, 1) - 1
        first, end = (self.shown.rows.row(min(self._row_at(y), last)).line for y in ends)
        return first, end

    def _leave_end(self) -> None:
        if self.follow and self.shown is not None and len(self.shown.lines):
            self.shown.stand.last_seen = self.shown.lines.line(len(self.shown.lines) - 1).place
            self._remember_top()
        self.follow = False

    def _bring_into_sight(self, row: int, *, centre: bool) -> None:
        top, height = self._y_of(row), max(self.size.height, 1)
        end = self._y_of(row + 1)
        first = self.scroll_offset.y
        if first <= top and end <= first + height:
            return
        if centre or abs(top - first) > 2 * height:
            target = max(top - height // 3, 0)
        else:
            target = top if top < first else min(end - height, top)
        self._scroll(target)

    def bring_into_sight(self, first: int) -> None:
        """Scroll up as far as it takes to see a row above the cursor, or up to the cursor's own row."""
        row = self.cursor_row
        if row is None or first >= row or self._y_of(first) >= self.scroll_offset.y:
            return
        self.stay()
        end = self._y_of(row + 1)
        self._scroll(max(self._y_of(first), end - max(self.size.height, 1)))
        self._remember_top()
        self.refresh()

    def _scroll(self, y: int) -> None:
        self._placing = True
        self.scroll_to(y=y, animate=False, force=True)
        self._placing = False

    @property
    def _width(self) -> int:
        """Columns beside the scrollbar."""
        return self.scrollable_content_region.width

    @property
    def _height(self) -> int:
        if self.shown is None:
            return 0
        return self._wrapped.height if self._wrapped else len(self.shown.rows)

    def _row_at(self, y: int) -> int:
        if self._wrapped and self._wrapped.height:
            return self._wrapped.locate(min(max(y, 0), self._wrapped.height - 1))[0]
        return y

    def _y_of(self, row: int) -> int:
        return self._wrapped.top(row) if self._wrapped else row

    def _wrap_anew(self) -> WrappedRows | None:
        if self.shown is None:
            return None
        return WrappedRows(self.shown.rows, max(self._width - self.columns.width, 2))

    def _layout(self) -> None:
        """Fit columns and scroll range to the rows, and put the view where it was or at the end."""
        if self.shown is None:
            self.virtual_size = Size(0, 0)
            return
        lines = self.shown.lines
        names = tuple(name for name in lines.replica_names if name != SERVICE)
        dated = bool(len(lines)) and needs_date(
            lines.line(0).timestamp_ns,
            lines.line(len(lines) - 1).timestamp_ns,
            self.now(),
            self.columns.times,
        )
        self.columns = columns_for(self.columns, self._width, names, dated=dated)
        text_width = max(self._width - self.columns.width, 2)
        if self._wrapped and self._wrapped.width != text_width:
            self._wrapped = self._wrap_anew()
        width = 0 if self._wrapped else self.columns.width + self.shown.lines.widest
        self._placing = True
        # Another size draws everything anew: it stays the same until the first page is full.
        self._set_virtual(Size(width, max(self._height, self.size.height)))
        self._place()
        self._placing = False
        self._say_follow()

    def _keep_place(self) -> None:
        """Stay at the rows in sight although others came above; what draws before the next frame is right."""
        if not self.show_vertical_scrollbar or self._height <= self.size.height:
            return
        self._quietly = True
        self.set_reactive(LogPlaces.virtual_size, Size(self.virtual_size.width, self._height))
        self._place()
        self._quietly = False

    def _set_virtual(self, size: Size) -> None:
        """Set the size scrolled through; a new layout, which draws the whole screen, only if it needs one."""
        if not (
            self.show_vertical_scrollbar and min(size.height, self.virtual_size.height) > self.size.height
        ):
            self.virtual_size = size
            return
        self.set_reactive(LogPlaces.virtual_size, size)
        self._move_thumb()

    def _move_thumb(self) -> None:
        """Draw the scrollbar if it looks different: it is as many bytes as several rows."""
        height, whole = max(self.size.height, 1), max(self.virtual_size.height, 1)
        length = max(height * height // whole, 1)
        thumb = (length, round((height - length) * self.scroll_offset.y / max(whole - height, 1)))
        if thumb != self._thumb:
            self._thumb = thumb
            self.vertical_scrollbar.window_virtual_size = whole
            self.vertical_scrollbar.position = self.scroll_y

    def _place(self) -> None:
        shown = self.shown
        if self.follow or shown is None:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
        elif shown.stand.top is not None:
            row = shown.rows.row_of(shown.lines.index_of(shown.stand.top))
            first, end = self._y_of(row), self._y_of(row + 1)
            part = min(shown.stand.top_part, max(end - first - 1, 0))
            self.scroll_to(y=first + part, animate=False, force=True)

    def _remember_top(self) -> None:
        shown = self.shown
        if shown is None:
            return
        row = self._row_at(int(self.scroll_y))
        inside = 0 <= row < len(shown.rows)
        shown.stand.top_part = int(self.scroll_y) - self._y_of(row) if inside else 0
        shown.stand.top = shown.lines.line(shown.rows.row(row).line).place if inside else None

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Leave the end when the user scrolls up, and follow again from the end on."""
        if self._quietly:
            return
        if self.show_vertical_scrollbar and round(old_value) != round(new_value):
            self._move_thumb()
            self.refresh(self.size.region)
        if self._placing or self.shown is None:
            return
        at_end = new_value >= self.max_scroll_y
        if not at_end:
            self._leave_end()
        elif new_value > old_value and self.shown.stand.anchor is None:  # else the view has become higher
            self.follow = True
        if not self.follow:
            self._remember_top()
            self._pull_cursor()
        if new_value <= 0:
            self.post_message(self.BeginningReached())
        self._say_follow()

    def _pull_cursor(self) -> None:
        """Keep the cursor in sight when the view was scrolled under it."""
        shown, row = self.shown, self.cursor_row
        if shown is None or row is None:
            return
        first = self._row_at(self.scroll_offset.y)
        last = self._row_at(self.scroll_offset.y + max(self.size.height, 1) - 1)
        kept = min(max(row, first), last, len(shown.rows) - 1)
        if kept != row or shown.stand.cursor is None:
            shown.stand.cursor = shown.lines.line(shown.rows.row(kept).line).place
            self.post_message(self.CursorMoved())

    def watch_follow(self, follow: bool) -> None:  # noqa: FBT001 (Textual calls it)
        """Tell it, and forget what was set off."""
        if self.shown is not None:
            self.shown.stand.follow = follow
        self._say_follow()
        self.refresh()
        self.post_message(self.Followed())

    def _say_follow(self) -> None:
        """Say below the box what comes in unseen."""
        if not self._height and self.shown is not None and len(self.shown.lines):
            text = Content.styled("no line is shown", "$text-warning")
        elif self.follow:
            text = Content("")
        elif self.shown is not None and self.shown.stand.anchor is not None:
            count = len(self.selection)
            words = f"{count:,} line{'' if count == 1 else 's'} selected"
            text = Content.styled(f"{words} · y copies · s saves · esc gives up", "$text-warning bold")
        elif new := self.new_rows:
            text = Content.styled(f"+{new:,} new · G follows", "$text-warning bold")
        else:
            text = Content("G follows the end")
        if self._said != text:
            self._said = self.border_subtitle = text

    @property
    def new_rows(self) -> int:
        """Rows that came below since the view left the end."""
        if self.shown is None or self.follow or self.shown.stand.last_seen is None:
            return 0
        seen = self.shown.rows.row_of(self.shown.lines.index_of(self.shown.stand.last_seen))
        return max(len(self.shown.rows) - seen - 1, 0)

    def redraw(self) -> None:
        """Draw everything anew."""
        self._layout()
        self.refresh()
