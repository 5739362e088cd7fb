"""A log of any length, drawn only where it is in sight; follows its end until that is left."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from textwrap import wrap
from typing import ClassVar

from rich.segment import Segment
from textual import events, work
from textual.binding import Binding, BindingType
from textual.strip import Strip

from tui.domain.logreading.model import Part
from tui.domain.logstore.model import Change, LogLine
from tui.domain.text import cell_width, char_range
from tui.widgets.log_columns import Times
from tui.widgets.log_paint import Paint, Spans, Spot, breaks, segments
from tui.widgets.log_places import LogPlaces
from tui.widgets.log_stand import Shown
from tui.widgets.pacing import Pacing

PAUSE_AFTER = 0.01
"""Seconds of measuring after which keys are answered."""
SIDEWAYS = 8
"""Columns of one step to the side."""


class LogView(LogPlaces, can_focus=True):
    """Shows one log's rows; tell it of additions with `note_change`, of other rows with `rows_changed`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log--text",
        "log--dim",
        "log--replica",
        "log--service",
        "log--progress",
        "log--warning",
        "log--error",
        "log--fold",
        "log--match",
        "log--match-current",
        "log--cursor",
        "log--cursor-mark",
        "log--selected",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor_up", "Up", show=False),
        Binding("down,j", "cursor_down", "Down", show=False),
        Binding("left,h", "scroll_left", "Left", show=False),
        Binding("right,l", "scroll_right", "Right", show=False),
        Binding("pageup,ctrl+b", "page_up", "Page up", show=False),
        Binding("pagedown,ctrl+f", "page_down", "Page down", show=False),
        Binding("g,home", "scroll_home", "First", show=False),
        Binding(
            "G,end",
            "scroll_end",
            "Follow",
            id="logs.follow",
            key_display="G",
            tooltip="Go to the last line and stay there; going up leaves it",
        ),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self.colours = True
        self.find: Callable[[str, int, int], Spans] | None = None
        """Where in a text, from one character to another, what is searched for stands, to set it off."""
        self._below: tuple[str, ...] = ()
        self._pacing = Pacing(self, self._draw_changes)
        self._drawn: tuple[int, LogLine] | None = None
        """The line that was drawn last, and its index."""
        self._changed_in_sight = False
        """Whether rows in sight or above changed since the last drawing."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's)
        """Offer to follow the end only while it is not followed."""
        return action != "scroll_end" or not self.follow

    def show(self, shown: Shown | None) -> None:
        """Show another log, where it was looked at last."""
        self.shown = shown
        self._drawn = None
        self._wrapped = self._wrap_anew() if self._wrapped else None
        if shown is not None:
            self.follow = shown.stand.follow
        self.scroll_to(x=0, animate=False, force=True)
        self.redraw()
        self._measure_soon()

    def say_below(self, words: tuple[str, ...]) -> None:
        """Say something in the empty room below the last row; nothing is in its way there."""
        if words != self._below:
            self._below = words
            self.refresh(self.size.region)

    def _line_below(self, y: int) -> Strip:
        """One of the lines below the last row; the first of them is empty."""
        if self.shown is None or not self._below:
            return Strip.blank(self._width, self.rich_style)
        style = self.get_component_rich_style("log--dim" if len(self.shown.rows) else "log--warning")
        words = [line for each in self._below for line in wrap(each, max(self._width - 4, 20))]
        if not 0 < y <= len(words):
            return Strip.blank(self._width, self.rich_style)
        return Strip([Segment(f"  {words[y - 1]}", style)]).adjust_cell_length(self._width, self.rich_style)

    def lines_changed(self) -> None:
        """Rows came or changed by new lines: drawn soon, so that the terminal keeps up; the view stays."""
        if self.shown is not None:
            self._pacing.wanted()

    def rows_changed(self) -> None:
        """Other lines are rows than before: all is drawn, around the line that was under the cursor."""
        if self._wrapped is not None:
            self._wrapped.update()
        self.redraw()
        self._keep_cursor_in_sight()
        self._measure_soon()

    def _keep_cursor_in_sight(self) -> None:
        if not self.follow and (row := self.cursor_row) is not None:
            self._bring_into_sight(row, centre=True)
            self._remember_top()

    def note_change(self, change: Change) -> None:
        """Take in what an addition did to the lines; the rows have taken it in already."""
        if self.shown is None or not change.any:
            return
        self._drawn = None
        if self._wrapped is not None:
            self._wrapped.update()
        rows = self.shown.rows
        bottom = min(self._row_at(self.scroll_offset.y + self.size.height), len(rows) - 1)
        seen = rows.row(bottom).line if bottom >= 0 else 0
        self._changed_in_sight = self._changed_in_sight or change.first <= seen
        self._keep_place()
        self.lines_changed()

    def repaint_soon(self) -> None:
        """Other pieces of the rows are set off: drawn when the terminal has time for it."""
        self._changed_in_sight = True
        self.lines_changed()

    def _draw_changes(self) -> None:
        if self.shown is None:
            return
        self._layout()
        if self.follow or self._changed_in_sight:
            self.refresh(self.size.region)  # not the border
        self._changed_in_sight = False
        self.post_message(self.Drawn())
        if self.follow:
            self.post_message(self.CursorMoved())
        self.seek(self.shown.stand.sought)

    @property
    def wrap(self) -> bool:
        """Whether long lines are broken rather than cut."""
        return self._wrapped is not None

    def toggle_wrap(self) -> None:
        """Break long lines, or cut them and scroll sideways."""
        self._wrapped = None if self._wrapped else self._wrap_anew()
        self.scroll_to(x=0, animate=False, force=True)
        self.redraw()
        self._measure_soon()

    def _measure_soon(self) -> None:
        if self._wrapped is not None:
            self._measure()

    @work(exclusive=True, group="log-wrap", exit_on_error=False)
    async def _measure(self) -> None:
        """Measure all rows that are broken, with pauses; until then the far ones count as one line each."""
        until = time.perf_counter() + PAUSE_AFTER
        for _ in self._wrapped.rebuild() if self._wrapped else ():
            if time.perf_counter() > until:
                await asyncio.sleep(0)
                until = time.perf_counter() + PAUSE_AFTER
        self.redraw()

    def next_times(self) -> Times:
        """Show times in the next way."""
        self.columns = replace(self.columns, times=self.columns.times.next())
        self.redraw()
        return self.columns.times

    def on_resize(self, _event: events.Resize) -> None:
        """Fit the rows into the new size."""
        self.redraw()
        self._keep_cursor_in_sight()
        self._measure_soon()

    def action_cursor_up(self) -> None:
        """Go up by a row."""
        self.step(-1)

    def action_cursor_down(self) -> None:
        """Go down by a row."""
        self.step(1)

    def action_page_up(self) -> None:
        """Go up by a page."""
        self.step(-max(self.size.height - 1, 1))

    def action_page_down(self) -> None:
        """Go down by a page."""
        self.step(max(self.size.height - 1, 1))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is."""
        place = event.get_content_offset(self)
        if place is not None and (y := place.y + self.scroll_offset.y) < self._height:
            self.go_to(self._row_at(y))

    def step(self, rows: int) -> None:
        """Move the cursor by rows; through rows that are broken, the view by as many screen lines."""
        row = self.cursor_row
        if row is None or (self.follow and rows > 0):
            return
        if self._wrapped is None or not self._scroll_through(row, rows):
            self.go_to(row + rows)

    def _scroll_through(self, row: int, lines: int) -> bool:
        """Scroll by screen lines if it is a page, or if the row goes on beyond the edge; whether it did."""
        top = self.scroll_offset.y
        if abs(lines) == 1:
            end = top + max(self.size.height, 1)
            goes_on = self._y_of(row + 1) > end if lines > 0 else self._y_of(row) < top
            if not goes_on:
                return False
        target = min(max(top + lines, 0), int(self.max_scroll_y))
        self.scroll_to(y=target, animate=False, force=True)
        return target != top

    def go_to(self, row: int, *, hit: bool = False, centre: bool = False) -> None:
        """Put the cursor on a row and bring it into sight, of a long one the part that was found."""
        super().go_to(row, hit=hit, centre=centre)
        if hit and self.find is not None and self.shown is not None and row < len(self.shown.rows):
            text = self._line(self.shown, self.shown.rows.row(row).line).text
            found = next(iter(self.find(text, 0, len(text))), None)
            if found is not None:
                self._bring_part_into_sight(row, text, found[0])

    def _bring_part_into_sight(self, row: int, text: str, character: int) -> None:
        if self._wrapped is None:
            column, room = cell_width(text[:character]), max(self._width - self.columns.width, 2)
            if not self.scroll_x <= column < self.scroll_x + room - 1:
                self.scroll_to(x=max(column - room // 3, 0), animate=False, force=True)
            return
        part = bisect_right(breaks(text, self._wrapped.width), character) - 1
        y, height = self._y_of(row) + part, max(self.size.height, 1)
        if not self.scroll_offset.y <= y < self.scroll_offset.y + height:
            self._scroll(max(y - height // 3, 0))
            self._remember_top()

    def action_scroll_end(self) -> None:
        """Follow the end."""
        if self.shown is not None:
            self.shown.stand.anchor = self.shown.stand.cursor = None
        self.follow = True
        self._scroll(int(self.max_scroll_y))

    def action_scroll_home(self) -> None:
        """Go to the first row."""
        self.scroll_to(x=0, animate=False, force=True)
        self.go_to(0)

    def action_scroll_left(self) -> None:
        """Go to the left by a few columns."""
        self.scroll_to(x=self.scroll_x - SIDEWAYS, animate=False, force=True)

    def action_scroll_right(self) -> None:
        """Go to the right by a few columns."""
        if not self._wrapped:
            self.scroll_to(x=self.scroll_x + SIDEWAYS, animate=False, force=True)

    def _line(self, shown: Shown, index: int) -> LogLine:
        """A line, within a traceback with the level of its end; a broken one is wanted once a screen line."""
        if self._drawn is None or self._drawn[0] != index:
            line = shown.lines.line(index)
            level = shown.rows.end_level(index) if line.trace in (Part.HEAD, Part.BODY) else None
            self._drawn = index, line if level is None else replace(line, level=level)
        return self._drawn[1]

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        x, top = self.scroll_offset
        y += top
        shown = self.shown
        if shown is None or y >= self._height:
            return self._line_below(y - self._height)
        number, part = self._wrapped.locate(y) if self._wrapped else (y, 0)
        row = shown.rows.row(number)
        line = self._line(shown, row.line)
        paint = Paint(self.get_component_rich_style, self.columns, self._width, self.colours, self.find)
        if self._wrapped:
            ends = breaks(line.text, self._wrapped.width)
            part = min(part, len(ends) - 2)
            chars = ends[part], ends[part + 1]
        else:
            chars = char_range(line.text, x, paint.room)
        cursor = not self.follow and number == self.cursor_row
        selected = shown.stand.anchor is not None and number in self.selection
        spot = Spot(
            chars,
            is_first=not part,
            is_wrapped=self._wrapped is not None,
            is_cursor=cursor,
            is_hit=line.place == shown.stand.hit,
            ground="log--selected" if selected else "log--cursor" if cursor else "",
        )
        return Strip(segments(line, row, spot, paint)).adjust_cell_length(self._width, self.rich_style)
