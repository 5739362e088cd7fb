"""What stands around the log in front: tabs, the line about the job, why nothing is there, the badge."""

from __future__ import annotations

from datetime import UTC, datetime

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from tui.domain.jobs import Job
from tui.domain.logstore.rules import RowRules
from tui.domain.text import printable
from tui.panes import logs_words, messages
from tui.panes.logs_base import LogsBase
from tui.panes.logs_entry import EntryView
from tui.panes.logs_open import OpenLog
from tui.panes.messages import PaneId
from tui.services.follow.state import Phase
from tui.services.options import AppOptions
from tui.services.paths import show_path
from tui.widgets.log_field import LogField
from tui.widgets.log_paint import SERVICE
from tui.widgets.log_scroll import LogView
from tui.widgets.log_tabs import LogTab, LogTabs
from tui.widgets.state_view import StateView


class LogsShow(LogsBase):
    """Lays out the pane and says how things stand."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._head = Content("")
        self._badge = ("", "")
        self._note = ""
        self._stands_in: object = None
        self._hidden_words: tuple[OpenLog | None, tuple[str, ...]] = (None, ())
        """Of which log it was said last why no line of it is shown, and how."""

    def compose(self) -> ComposeResult:
        yield LogTabs(id="logs-tabs")
        yield Static(id="logs-head", classes="hidden")
        yield StateView(id="logs-state")
        view = LogView(id="logs-view")
        view.add_class("box", "hidden")
        view.border_title = logs_words.title(RowRules())
        yield view
        yield EntryView(id="logs-entry", classes="hidden")
        with Horizontal(id="logs-search-row", classes="hidden"):
            yield Static(id="logs-prompt")
            yield LogField(id="logs-search")
            yield Static(id="logs-count")
        yield Static(id="logs-note", classes="hidden")

    def on_mount(self) -> None:
        """Nothing is open yet."""
        self.query_one(StateView).can_focus = True
        self.show_all()

    @property
    def view(self) -> LogView:
        """The log."""
        return self.query_one(LogView)

    @property
    def is_blank(self) -> bool:
        """Whether there is no line to show."""
        return self.front is None or not len(self.front.store)

    def give_focus(self) -> None:
        """The log takes the keys, or what stands in its place."""
        self.query_one(StateView if self.is_blank else LogView).focus()

    def show_all(self) -> None:
        """Bring everything around the log up to date."""
        if not self.children:
            return
        state, view = self.query_one(StateView), self.view
        had_focus = state.has_focus or view.has_focus
        swapped = state.has_class("hidden") == self.is_blank
        state.set_class(not self.is_blank, "hidden")
        view.set_class(self.is_blank, "hidden")
        if self.is_blank:
            self._show_state(state)
        self._show_tabs()
        self._show_head()
        self._show_badge()
        self._show_below()
        if swapped:
            self.refresh_bindings()
            if had_focus:
                self.pane_shown()

    def _show_state(self, view: StateView) -> None:
        """Say why there is no line; what is said already is not drawn again."""
        log = self.front
        newest = self.newest if log is None else None
        status = log.status if log else None
        said = (log and log.job, newest, self.gateway is None, self.connection_trouble)
        key = (said, status and (status.phase, status.error, status.next_try, status.missing))
        if key == self._stands_in:
            return
        self._stands_in = key
        if log is None:
            self._show_first_use(view, newest)
        elif self.gateway is None and self.connection_trouble is not None:
            view.show_trouble(self.connection_trouble)
        elif self.gateway is None:
            view.show_loading("Connecting", log.opened)
        elif log.status.phase is Phase.TROUBLE and log.status.error is not None:
            view.show_trouble(log.status.error, since=log.status.since, next_try=log.status.next_try)
        elif log.status.phase is Phase.LOADING and not log.job.state.live:
            view.show_loading(f"Reading the log of {logs_words.job_title(log.job)}", log.opened)
        else:
            view.show_empty(*logs_words.why_empty(log.job, log.status))

    @staticmethod
    def _show_first_use(view: StateView, newest: Job | None) -> None:
        what = "A job's log appears here, line by line while it runs."
        if newest is None:
            view.show_empty(what, "Press 3 for the jobs, 2 for a spec.")
            return
        title = f"{logs_words.job_title(newest)} ({newest.state.word})"
        view.show_empty(what, f"enter opens the newest job's: {title}.\n3 shows all jobs.")

    @property
    def newest(self) -> Job | None:
        """The newest job that is alive, or else the newest."""
        return next(iter(self.jobs.live or self.jobs.jobs), None)

    def _show_tabs(self) -> None:
        titles = logs_words.job_titles([log.job for log in self.logs])
        tabs = [
            LogTab(title, log.job.state.glyph, logs_words.STATE_TONES.get(log.job.state, "$text-warning"))
            for title, log in zip(titles, self.logs, strict=True)
        ]
        front = self.logs.index(self.front) if self.front is not None else -1
        self.query_one(LogTabs).show(tabs, front)

    @on(LogView.Drawn)
    def _log_drawn(self) -> None:
        self._show_head()
        self._show_below()

    def _show_below(self) -> None:
        """Say below the last row what is not there, and why."""
        log = self.front
        words: tuple[str, ...] = ()
        if log is not None and len(log.store):
            if not len(log.rows):
                words = self._why_no_row(log)
                self._hidden_words = log, words
            elif set(log.store.replica_names) <= {SERVICE}:
                words = logs_words.printed_nothing(log.job, log.status)
        self.view.say_below(words)

    def _why_no_row(self, log: OpenLog) -> tuple[str, ...]:
        """Why no line is shown; while that is not known, what was said before."""
        finder, (of, words) = log.filter, self._hidden_words
        if not log.rows.is_counted:
            return words if of is log else ()
        if finder is None or finder.pattern is None:
            return logs_words.why_no_row(log.rules, len(log.store), "", None)
        progress = finder.progress
        share = None if progress.finished else 100 * progress.done // max(progress.of, 1)
        return logs_words.why_no_row(log.rules, len(log.store), finder.pattern.source, share)

    def _show_head(self) -> None:
        line = self.query_one("#logs-head", Static)
        line.set_class(self.front is None, "hidden")
        if self.front is None:
            return
        width = max(self.size.width - 2, 20)
        log = self.front
        text = logs_words.head(log.job, log.status, log.store, width, datetime.now(UTC))
        if not text.is_same(self._head):
            self._head = text
            line.update(text, layout=False)
        self._tell_fault(log)

    def _tell_fault(self, log: OpenLog) -> None:
        """Say once what to do when lines that are too many for memory find no room on disk."""
        if log.store.fault != log.told_fault:
            log.told_fault = log.store.fault
            if log.told_fault:
                folder = printable(show_path(self.options.paths.spill_dir))
                self.say(logs_words.what_to_do(log.store, folder))

    def _show_badge(self) -> None:
        log = self.front
        badge = logs_words.badge(log.job, log.status) if log is not None else ("", "")
        if badge != self._badge:
            self._badge = badge
            self.post_message(messages.BadgeChanged(PaneId.LOGS, *badge))

    def on_resize(self, _event: events.Resize) -> None:
        """Fit the line about the job."""
        if self.children:
            self._show_head()
            self._show_tabs()

    def rules_changed(self) -> None:
        """Say which lines are shown."""
        self._show_below()
        title = logs_words.title(self.front.rules if self.front else RowRules())
        if title != self.view.border_title:
            self.view.border_title = title

    def on_key(self, _event: events.Key) -> None:
        """A note that was read goes."""
        if not self.query_one("#logs-note").has_class("hidden"):
            self.say("")

    def keep_saying(self, words: str) -> None:
        """Show a note that stands until what it says is over; the same once more is not drawn again."""
        if words != self._note:
            self.say(words)

    def say(self, words: str) -> None:
        """Show a note below the log until the next key, or none."""
        self._note = words
        note = self.query_one("#logs-note", Static)
        note.update(Content(words))
        note.set_class(not words, "hidden")
