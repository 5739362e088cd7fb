"""Search and filter of the Logs pane: one field for both, and for times to go to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum

from textual import on, work
from textual.content import Content
from textual.widgets import Input, Static

from tui.domain.logfind.moments import MomentError, moment_of
from tui.domain.logfind.pattern import Pattern, compile_pattern
from tui.domain.logfind.syntax import PatternError
from tui.domain.logs import EntryKey
from tui.domain.logstore.model import Change, LinePlace
from tui.domain.logstore.steps import RowCount, next_row
from tui.domain.text import printable
from tui.panes.logs_open import OpenLog
from tui.panes.logs_wait import LogsWait
from tui.services.log_finder import FindProgress, LogFinder
from tui.services.options import AppOptions
from tui.widgets.log_field import LogField


class Asks(StrEnum):
    """What the field is open for."""

    SEARCH = "/"
    FILTER = "&"
    TIME = "@"


_HINTS = {
    Asks.SEARCH: "text or regular expression to find",
    Asks.FILTER: "only lines with this text or regular expression",
    Asks.TIME: "18:40, 2026-11-22 18:40:05, +90s since the start, -10m from the end",
}
MOST_CONTEXT = 20


class LogsFind(LogsWait):
    """Finds text as one types, leaves out lines without it, goes to a time."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._asks = Asks.SEARCH
        self._first_hit = False
        self._origin: LinePlace | None = None
        """The line from which the first hit is looked for; None for the end, and from there upwards."""
        self._put: LinePlace | None = None
        """The line to which the search brought the cursor while one typed."""
        self._sideways: float | None = None
        """How far the log was scrolled to the side when the search began; None for another log."""
        self._gone_to = RowCount()
        self._problem = ""
        self._counted = Content("")

    # The field

    def action_search(self) -> None:
        """Find text as one types."""
        self._open_field(Asks.SEARCH)

    def action_filter(self) -> None:
        """Show only lines with a text."""
        self._open_field(Asks.FILTER)

    def action_go_to_time(self) -> None:
        """Go to a time."""
        self._open_field(Asks.TIME)

    def _open_field(self, asks: Asks) -> None:
        line = self.view.cursor_line
        following = self.view.follow or self.front is None or line is None
        self._put = None
        if asks is Asks.SEARCH and (log := self.front) and not (log.search and log.search.pattern):
            self._sideways = self.view.scroll_x
        self._origin = None if following or not self.front else self.front.store.line(line or 0).place
        self._show_field(asks)
        self.query_one("#logs-search", Input).focus()
        self.refresh_bindings()

    def _show_field(self, asks: Asks | None) -> None:
        """Show what is asked for, or what is searched for in the log in front, or nothing."""
        self._problem = ""
        asks = asks or self._standing
        self.query_one("#logs-search-row").set_class(asks is None, "hidden")
        if asks is None:
            return
        self._asks = asks
        finder = self._finder(asks)
        field = self.query_one("#logs-search", LogField)
        field.is_time = asks is Asks.TIME
        with self.prevent(Input.Changed):
            field.value = finder.pattern.source if finder is not None and finder.pattern else ""
        field.placeholder = _HINTS[asks]
        self.query_one("#logs-prompt", Static).update(Content(asks.value))
        self.show_counts()

    def _finder(self, asks: Asks) -> LogFinder | None:
        log = self.front
        if log is None or asks is Asks.TIME:
            return None
        return log.search if asks is Asks.SEARCH else log.filter

    @property
    def _standing(self) -> Asks | None:
        """What lines are searched for, or else what they are filtered by."""
        for asks in (Asks.SEARCH, Asks.FILTER):
            finder = self._finder(asks)
            if finder is not None and finder.pattern is not None:
                return asks
        return None

    @property
    def is_asking(self) -> bool:
        """Whether the field has the keys."""
        return self.query_one("#logs-search", Input).has_focus

    @on(Input.Changed, "#logs-search")
    def _typed(self, message: Input.Changed) -> None:
        message.stop()
        if self._problem:
            self._problem = ""
            self.say("")
        if self._asks is not Asks.TIME and self.front is not None:
            try:
                pattern = compile_pattern(message.value, regex=True) if message.value else None
            except PatternError as error:
                self._problem = str(error)
            else:
                self._look_for(self.front, pattern)
        self.show_counts()
        self.refresh_bindings()

    @on(Input.Submitted, "#logs-search")
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()
        if self._problem:
            return
        if self._asks is Asks.TIME:
            if message.value and not self._go_to_moment(message.value):
                return
            self._show_field(None)
        elif not message.value:
            self._show_field(None)
        self.pane_shown()

    def _look_for(self, log: OpenLog, pattern: Pattern | None) -> None:
        if self._asks is Asks.SEARCH:
            if log.search is None:
                log.search = LogFinder(log.store, lambda progress: self._searched(log, progress))
            self._first_hit = pattern is not None
            log.stand.hit = None
            log.search.search(pattern)
            log.search.look(*self.view.in_sight)
            self.view.find = pattern.spans if pattern is not None else None
            self.view.repaint_soon()
            if pattern is None:
                self._return_sideways()
            return
        if log.filter is None:
            log.filter = LogFinder(log.store, lambda progress: self._filtered(log, progress))
        log.filter.search(pattern)
        log.filter.look(*self.view.in_sight)
        matches = log.filter.matches if pattern is not None else None
        self.set_rules(replace(log.rules, matches=matches))

    def go_back(self) -> bool:
        """Leave the field, what waits for older lines, a selection, the entry, the search, the filter."""
        log = self.front
        if self.is_asking:
            self._forget(self._asks)
            self.pane_shown()
        elif self.is_waiting:
            self.stop_waiting()
        elif log is not None and log.stand.anchor is not None:
            self.view.toggle_selection()
        elif self.close_entry():
            pass
        elif (asks := self._standing) is not None:
            self._forget(asks)
        else:
            return False
        return True

    def close_entry(self) -> bool:
        """Close the box with the entry, if it is open."""
        box = self.query_one("#logs-entry")
        was_open = not box.has_class("hidden")
        box.add_class("hidden")
        return was_open

    def _forget(self, asks: Asks) -> None:
        self._asks = asks
        if self.front is not None and asks is not Asks.TIME:
            self._look_for(self.front, None)
        self._show_field(None)
        self.refresh_bindings()

    # What was found

    def front_changed(self) -> None:
        """Set off what is searched for in the log in front."""
        self._sideways = None
        search = self._finder(Asks.SEARCH)
        pattern = search.pattern if search is not None else None
        self.view.find = pattern.spans if pattern is not None else None
        log = self.front
        origin_ns, own = (log.started_ns, log.rules.own_levels) if log is not None else (0, False)
        self.view.columns = replace(self.view.columns, origin_ns=origin_ns, own_levels=own)
        self._show_field(None)
        self.rules_changed()

    def rules_changed(self) -> None:
        """Count anew which of the lines found are shown."""
        super().rules_changed()
        self.show_counts()

    def _searched(self, log: OpenLog, progress: FindProgress) -> None:
        if log is not self.front or log.search is None:
            return
        if self._first_hit and progress.matches:
            # From where the search began, then round the end; nearer ones may still be found on the way.
            origin = self._origin
            row = len(log.rows) if origin is None else log.rows.row_of(log.store.index_of(origin)) - 1
            self._go_to_hit(log, row, backwards=origin is None)
            self._put = log.stand.hit
        if progress.finished:
            if self._first_hit and not progress.matches and self._put == log.stand.cursor is not None:
                self._return(log)
            self._first_hit = False
        self.show_counts()

    def _return(self, log: OpenLog) -> None:
        """Go back to where the search began: what was found of a shorter pattern is not looked for now."""
        self._put = None
        if self._origin is None:
            self.view.action_scroll_end()
        else:
            self.view.go_to(log.rows.row_of(log.store.index_of(self._origin)))
        self._return_sideways()

    def _return_sideways(self) -> None:
        if self._sideways is not None and not self.view.wrap:
            self.view.scroll_to(x=self._sideways, animate=False, force=True)

    def _filtered(self, log: OpenLog, progress: FindProgress) -> None:
        log.rows.searched(progress.fresh)
        if log is self.front:
            self.view.note_change(Change(0, entries=1))
            self.show_counts()

    def _go_to_hit(self, log: OpenLog, row: int, *, backwards: bool) -> bool:
        """Go to the nearest row that was found, round the end if need be."""
        if log.search is None:
            return False
        for start in (row, len(log.rows) if backwards else -1):
            found = next_row(log.rows, log.search.matches, start, backwards=backwards)
            if found is not None:
                self.view.go_to(found, hit=True)
                return True
        return False

    def action_next_hit(self) -> None:
        """Go to the next line that was found."""
        self._step_hit(backwards=False)

    def action_previous_hit(self) -> None:
        """Go to the previous line that was found."""
        self._step_hit(backwards=True)

    def _step_hit(self, *, backwards: bool) -> None:
        self._first_hit = False
        log, row = self.front, self.view.cursor_row
        if log is not None and row is not None and not self._go_to_hit(log, row, backwards=backwards):
            self.say("Found in no line that is shown: lines left out or folded are not gone to.")

    def show_counts(self) -> None:
        """Say how many lines have what is looked for."""
        log, finder = self.front, self._finder(self._asks)
        words = ""
        if self._problem:
            words = "✗"
            self.say(f"✗ {self._problem}")
        elif log is not None and finder is not None and finder.pattern is not None:
            words = counted(finder.progress)
            if self._asks is Asks.SEARCH:
                words += self._reach(log, finder.progress)
            if self._asks is Asks.FILTER:
                words += f" · + - {log.rules.context} around"
            elif finder.count:
                words += " · n N"
        said = Content.styled(words, "$text-error" if self._problem else "")
        if not said.is_same(self._counted):
            self._counted = said
            self.query_one("#logs-count", Static).update(said)

    def _reach(self, log: OpenLog, progress: FindProgress) -> str:
        """How many of the lines found are rows, if not all are; or that others are still to be read."""
        if not progress.matches:
            return " · older lines are still being read" if progress.finished and log.is_reading_back else ""
        if log.search is None or not progress.finished or len(log.rows) == len(log.store):
            return ""
        shown = self._gone_to.count(log.rows, log.search.matches)
        return f", {shown:,} shown" if shown < progress.matches else ""

    # The filter's surroundings

    def action_context(self, step: int) -> None:
        """Show more or fewer lines around each that matches."""
        if self.front is not None:
            context = min(max(self.front.rules.context + step, 0), MOST_CONTEXT)
            self.set_rules(replace(self.front.rules, context=context))
            self.show_counts()

    # Times

    def _go_to_moment(self, text: str) -> bool:
        """Go to the first line of a time; False if that is none, which is said."""
        log = self.front
        if log is None or not len(log.store):
            return True
        first, last = log.store.line(0).timestamp_ns, log.store.line(len(log.store) - 1).timestamp_ns
        zone = UTC if self.view.columns.times == "UTC" else datetime.now().astimezone().tzinfo or UTC
        try:
            moment = moment_of(text, first_ns=log.started_ns or first, last_ns=last, zone=zone)
        except MomentError as error:
            self._problem = str(error)
            self.show_counts()
            return False
        if moment < first and log.is_reading_back:
            self._go_when_read(log, moment, text)
        else:
            self._go_to_time(log, moment)
        return True

    @work(exclusive=True, group="logs-moment", exit_on_error=False)
    async def _go_when_read(self, log: OpenLog, moment: int, text: str) -> None:
        """Read on until a time is there, and go to it if one still looks at that log."""
        why = f"Going to {printable(text.strip())}"
        there = await self.read_back(
            log,
            why,
            lambda: log.is_reading_back and log.store.line(0).timestamp_ns > moment,
            everything=False,
        )
        if there and log is self.front:
            self.say("")
            self._go_to_time(log, moment)
        elif log is self.front:
            self.say("Not gone there: stopped.")

    def _go_to_time(self, log: OpenLog, moment: int) -> None:
        """Go to the first line from a time on."""
        index = log.store.index_of(LinePlace(EntryKey(moment, "", ""), 0))
        self.view.go_to(log.rows.row_of(index), hit=True, centre=True)
        if index == len(log.store):
            ends = self.view.columns.clock(log.store.line(index - 1).timestamp_ns)
            self.say(f"The log ends at {ends}: this is its last line.")
        if not index and log.store.line(0).timestamp_ns > moment:
            self.say("The log begins later: this is its first line.")


def counted(progress: FindProgress) -> str:
    """How many lines were found, and whether all were searched."""
    lines = f"{progress.matches:,} line{'' if progress.matches == 1 else 's'}"
    if not progress.finished:
        share = 100 * progress.done // max(progress.of, 1)
        return f"{lines} · {share} % searched"
    unread = f" · {progress.unreadable} parts unreadable" if progress.unreadable else ""
    return (lines if progress.matches else "no line matches") + unread
