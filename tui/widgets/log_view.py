"""A log of any length, drawn only where it is in sight, that follows its end until the user scrolls up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.domain.logbuffer import Change, LogBuffer
from tui.domain.logs import EntryKey
from tui.domain.logs_lines import LogLine
from tui.domain.logs_wrap import WrappedRows
from tui.domain.text import cell_width, slice_cells, wrap_cells
from tui.widgets.log_line import MORE, Columns, Piece, Times, columns_for, style_of, text_pieces

SIDEWAYS = 8
"""Columns of one step to the side."""
EVERYTHING = Change(0)
"""All rows may be others."""


class LogView(ScrollView, can_focus=True):
    """Shows the rows of a `LogBuffer`; tell it of each change with `rows_changed`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log--text",
        "log--dim",
        "log--replica",
        "log--service",
        "log--progress",
        "log--warning",
        "log--error",
        "log--match",
        "log--match-current",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "scroll_up", "Up", show=False),
        Binding("j", "scroll_down", "Down", show=False),
        Binding("h", "scroll_left", "Left", show=False),
        Binding("l", "scroll_right", "Right", show=False),
        Binding("g,home", "scroll_home", "First", show=False),
        Binding(
            "G,end",
            "scroll_end",
            "Follow",
            id="logs.follow",
            key_display="G",
            tooltip="Go to the last line and stay there; scrolling up leaves it",
        ),
    ]

    follow: reactive[bool] = reactive(default=True)
    """Whether the view stays at the last line."""

    class Followed(Message):
        """Following began or ended."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self.buffer = LogBuffer(1)
        self.times = Times.LOCAL
        self.query_text = ""
        self._wrapped: WrappedRows | None = None
        self._columns = Columns(self.times, wide=False, replica_width=0)
        self._top: LogLine | None = None
        self._last_seen: LogLine | None = None
        self._hit: LogLine | None = None
        self._sought: EntryKey | None = None
        self._placing = False
        self._said = Content("")

    # What is shown

    def show_buffer(self, buffer: LogBuffer) -> None:
        """Show another log, from its end."""
        self.buffer = buffer
        self._top = self._last_seen = self._hit = self._sought = None
        self.follow = True
        self._layout_rows(EVERYTHING)
        self.refresh()

    def rows_changed(self, change: Change) -> None:
        """Draw what an addition to the buffer changed; the rows in sight stay where they are."""
        if not change.any:
            return
        top, height = self.scroll_offset.y, self._height
        self._layout_rows(change)
        first = 0 if change.dropped else max(self._y_of(change.first) - top, 0)
        last = min(max(height, self._height) - top, self.size.height)
        # A new place to scroll to draws everything by itself.
        if self.scroll_offset.y == top and first < last:
            self.refresh(Region(0, first, self.size.width, last - first))
        self.seek(self._sought)

    @property
    def new_rows(self) -> int:
        """Rows that came below since the view left the end."""
        if self._last_seen is None or self.follow:
            return 0
        return max(len(self.buffer) - self.buffer.position(self._last_seen) - 1, 0)

    @property
    def wrap(self) -> bool:
        """Whether long lines are broken rather than cut."""
        return self._wrapped is not None

    def toggle_wrap(self) -> None:
        """Break long lines, or cut them and scroll sideways."""
        self._wrapped = None if self._wrapped else WrappedRows(1)
        self.scroll_to(x=0, animate=False, force=True)
        self._layout_rows(EVERYTHING)
        self.refresh()

    def next_times(self) -> Times:
        """Show times in the next way."""
        self.times = self.times.next()
        self._layout_rows(EVERYTHING)
        self.refresh()
        return self.times

    # Search

    def search(self, query: str) -> bool:
        """Set off `query` and go to the first row from here on that has it; False if there is none."""
        self.query_text = query.lower()
        self._hit = None
        self.refresh()
        return bool(query) and self._find(
            range(self._row_at(int(self.scroll_y)), len(self.buffer)), wrap=True
        )

    def search_on(self, *, backwards: bool = False) -> bool:
        """Go to the next row that has what is searched for, round the end if need be."""
        if not self.query_text:
            return False
        here = self.buffer.position(self._hit) if self._hit else self._row_at(int(self.scroll_y))
        rows = (
            range(here - 1, -1, -1) if backwards else range(here + (self._hit is not None), len(self.buffer))
        )
        return self._find(rows, wrap=True)

    def matches(self, first: int, last: int) -> int:
        """How many of the rows `first` to `last` have what is searched for."""
        query = self.query_text
        rows = range(first, min(last, len(self.buffer)))
        return sum(query in self.buffer[row].text.lower() for row in rows)

    @property
    def current(self) -> LogLine | None:
        """The row found last, or the last one in sight."""
        if self._hit is not None:
            return self._hit
        if not len(self.buffer):
            return None
        bottom = min(int(self.scroll_y) + max(self.size.height, 1), self._height) - 1
        return self.buffer[min(self._row_at(bottom), len(self.buffer) - 1)]

    def seek(self, key: EntryKey | None) -> None:
        """Go to the entry with this key, now or as soon as it is read."""
        row = self.buffer.position_of(key) if key is not None else None
        self._sought = key if row is None else None
        if row is not None:
            self._go_to(row)

    def _find(self, rows: range, *, wrap: bool) -> bool:
        found = next((row for row in rows if self.query_text in self.buffer[row].text.lower()), None)
        if found is None:
            everything = range(len(self.buffer))[:: rows.step]
            return wrap and self._find(everything, wrap=False)
        self._go_to(found)
        return True

    def _go_to(self, found: int) -> None:
        self._hit = self.buffer[found]
        self.follow = False
        y = self._y_of(found)
        if not self.scroll_y <= y < self.scroll_y + self.size.height:
            self.scroll_to(y=max(y - self.size.height // 3, 0), animate=False, force=True)
        self.follow = False
        self.refresh()

    # Places

    @property
    def _width(self) -> int:
        """Columns beside the scrollbar."""
        return self.scrollable_content_region.width

    @property
    def _height(self) -> int:
        return self._wrapped.height if self._wrapped else len(self.buffer)

    def _row_at(self, y: int) -> int:
        if self._wrapped and self._wrapped.height:
            return self._wrapped.locate(max(y, 0))[0]
        return y

    def _y_of(self, row: int) -> int:
        return self._wrapped.top(row) if self._wrapped else row

    def _layout_rows(self, change: Change) -> None:
        """Fit columns and scroll range to the rows, and put the view where it was or at the end."""
        columns = columns_for(self.times, self._width, self.buffer.replicas)
        text_width = max(self._width - columns.width, 2)
        if self._wrapped:
            if self._wrapped.width != text_width:
                self._wrapped, change = WrappedRows(text_width), EVERYTHING
            self._wrapped.update(self.buffer, change)
        if columns != self._columns:
            self._columns = columns
            self.refresh()
        width = 0 if self._wrapped else columns.width + self.buffer.widest
        self._placing = True
        # Another size draws everything anew: it stays the same until the first page is full.
        self.virtual_size = Size(width, max(self._height, self.size.height))
        self._place()
        self._placing = False
        self._say_follow()

    def _place(self) -> None:
        if self.follow:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
        elif self._top is not None:
            self.scroll_to(y=self._y_of(self.buffer.position(self._top)), animate=False, force=True)
        self._remember_top()

    def _remember_top(self) -> None:
        row = self._row_at(int(self.scroll_y))
        self._top = self.buffer[row] if 0 <= row < len(self.buffer) else None

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Leave the end when the user scrolls up, and follow again from the end on."""
        super().watch_scroll_y(old_value, new_value)
        if not self._placing:
            self.follow = new_value >= self.max_scroll_y
            self._remember_top()
            self._say_follow()

    def watch_follow(self, follow: bool) -> None:  # noqa: FBT001 (Textual calls it)
        """Remember what had been seen when the view leaves the end."""
        self._last_seen = None if follow or not len(self.buffer) else self.buffer[-1]
        self._say_follow()
        self.post_message(self.Followed())

    def _say_follow(self) -> None:
        """Say below the box what comes in unseen."""
        if self.follow or not len(self.buffer):
            text = Content("")
        elif new := self.new_rows:
            text = Content.styled(f"+{new:,} new · G follows", "$text-warning bold")
        else:
            text = Content("G follows the end")
        if self._said != text:
            self._said = self.border_subtitle = text

    def on_resize(self, _event: events.Resize) -> None:
        """Fit the rows into the new size."""
        self._layout_rows(Change(len(self.buffer)))

    def action_scroll_end(self) -> None:
        """Follow the end."""
        self.follow = True
        self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
        self._remember_top()

    def action_scroll_home(self) -> None:
        """Go to the first row."""
        self.scroll_to(x=0, y=0, animate=False, force=True)

    def action_scroll_left(self) -> None:
        """Go to the left by a few columns."""
        self.scroll_to(x=self.scroll_x - SIDEWAYS, animate=False, force=True)

    def action_scroll_right(self) -> None:
        """Go to the right by a few columns."""
        if not self._wrapped:
            self.scroll_to(x=self.scroll_x + SIDEWAYS, animate=False, force=True)

    # Drawing

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        x, top = self.scroll_offset
        y += top
        if y >= self._height:
            return Strip.blank(self._width, self.rich_style)
        row, part = self._wrapped.locate(y) if self._wrapped else (y, 0)
        line = self.buffer[row]
        style = style_of(line)
        room = max(self._width - self._columns.width, 2)
        if self._wrapped:
            shown = wrap_cells(line.text, self._wrapped.width)[part]
        else:
            shown = slice_cells(line.text, x, room)
        pieces = self._columns.prefix(line, style) if not part else [Piece(" " * self._columns.width, style)]
        hit = "log--match-current" if line is self._hit else "log--match"
        gone_to = line is self._hit and not self.query_text
        pieces += text_pieces(shown, hit if gone_to else style, self.query_text, hit)
        strip = self._strip(pieces)
        if not self._wrapped and cell_width(line.text) > x + room:
            return Strip.join([strip.crop(0, self._width - 1), self._strip([Piece(MORE, "log--dim")])])
        return strip.adjust_cell_length(self._width, self.rich_style)

    def _strip(self, pieces: Iterable[Piece]) -> Strip:
        return Strip([Segment(text, self.get_component_rich_style(style)) for text, style in pieces])
