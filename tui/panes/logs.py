"""The Logs pane: one job's log, from its first line to its last."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input, Static

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.joblist.homes import place_of
from tui.domain.jobs import Job
from tui.domain.logbuffer import LogBuffer
from tui.domain.logs import EntryKey
from tui.domain.outputs import NO_OUTPUTS, outputs_of
from tui.domain.places import Place
from tui.domain.text import printable
from tui.panes import logs_text, messages
from tui.panes.logs_search import LogSearch
from tui.panes.messages import PaneId
from tui.services.follower import LogFollower
from tui.services.follower_state import LOCAL_TIMING, FollowStatus, FollowTiming, LogBatch, Phase
from tui.services.jobwatch import JobsSnapshot
from tui.services.log_export import export_log
from tui.services.logreads import LogReaders, Urgency
from tui.services.options import AppOptions
from tui.services.paths import show_path
from tui.widgets.log_view import LogView
from tui.widgets.state_view import StateView


class LogsPane(LogSearch):
    """Follows one job's log."""

    PANE_ID = PaneId.LOGS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open_newest", "Open the newest job's log", id="logs.open"),
        Binding("slash", "search", "Search", id="logs.search", tooltip="Find text, in capitals or not"),
        Binding("n", "next_hit", "Next", id="logs.next", tooltip="The next line with the text"),
        Binding("N", "previous_hit", "Previous", id="logs.previous", show=False),
        Binding("w", "wrap", "Wrap", id="logs.wrap", tooltip="Break long lines, or cut them and scroll"),
        Binding("t", "times", "Times", id="logs.times", show=False, tooltip="Local time, UTC, none"),
        Binding("o", "outputs", "Outputs", id="logs.outputs", tooltip="Browse what the job wrote"),
        Binding("s", "save", "Save", id="logs.save", tooltip="Save all lines to a text file"),
        Binding("y", "copy", "Copy line", id="logs.copy", show=False, tooltip="Copy the line found or last"),
        Binding("r", "retry", "Retry", id="logs.retry", tooltip="Read now"),
    ]

    class BatchRead(Message):
        """Entries for a log."""

        def __init__(self, buffer: LogBuffer, batch: LogBatch) -> None:
            super().__init__()
            self.buffer = buffer
            self.batch = batch

    class StatusRead(Message):
        """How the reading of a log goes."""

        def __init__(self, buffer: LogBuffer, status: FollowStatus) -> None:
            super().__init__()
            self.buffer = buffer
            self.status = status

    log_readers: reactive[LogReaders | None] = reactive[LogReaders | None](None, init=False, repaint=False)
    """The logs of all projects, within the quota that all who read logs share; bound from the app."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self.job: Job | None = None
        self._told_place: Place | None = None
        self._read_from: Place | None = None
        self._buffer = LogBuffer(options.settings.logs_max_lines)
        self._status = FollowStatus(Phase.LOADING)
        self._follower: LogFollower | None = None
        self._opened = datetime.now(UTC)
        self._head = Content("")
        self._badge = ("", "")
        self._stands_in: object = None

    def compose(self) -> ComposeResult:
        yield Static(id="logs-head", classes="hidden")
        yield StateView(id="logs-state")
        view = LogView(id="logs-view")
        view.add_class("box", "hidden")
        view.border_title = "Log"
        yield view
        with Horizontal(id="logs-search-row", classes="hidden"):
            yield Input(placeholder="text to find", id="logs-search", compact=True)
            yield Static(id="logs-count")
        yield Static(id="logs-note", classes="hidden")

    def on_mount(self) -> None:
        """Nothing is open yet."""
        self.query_one(StateView).can_focus = True
        self._show()

    # What is shown from outside

    def show_job(self, job: Job, at: EntryKey | None = None, place: Place | None = None) -> None:
        """Follow this job's log, from one entry on if it is given; one that is open stays as it is.

        `place` is where the job lives; without it that is told by the list and by the job's name.
        """
        if self.job is None or self.job.name != job.name:
            self.job = job
            self._told_place = place
            self._buffer = LogBuffer(self.options.settings.logs_max_lines)
            self._status = FollowStatus(Phase.LOADING, older_pending=True)
            self._follower = None
            self._opened = datetime.now(UTC)
            self.clear_search()
            self._say("")
            self.query_one(LogView).show_buffer(self._buffer)
            self._start()
        self.query_one(LogView).seek(at)
        self._show()
        self.pane_shown()

    def pane_shown(self) -> None:
        """The log takes the keys, or what stands in its place."""
        self.query_one(StateView if self._is_blank else LogView).focus()

    def go_back(self) -> bool:
        """Leave the search first."""
        if self.query_one("#logs-search-row").has_class("hidden"):
            return False
        self.clear_search()
        self.pane_shown()
        return True

    def watch_gateway(self, gateway: Gateway | None) -> None:
        """Read on by the new connection where the old one stopped."""
        if gateway is not None and self.job is not None and self._status.phase is not Phase.COMPLETE:
            self._start()
        self._show()

    def watch_connection_trouble(self) -> None:
        """Say why nothing comes."""
        self._show()

    def watch_jobs(self, _snapshot: JobsSnapshot) -> None:
        """Follow the job's state and duration."""
        if self.job is not None:
            self.job = self.job_named(self.job.name) or self.job
            if self._follower and self.place != self._read_from and self._status.phase is not Phase.COMPLETE:
                self._start()
        self._show()

    @property
    def place(self) -> Place | None:
        """The project and region of the job; None when that is not known."""
        if self.job is None:
            return None
        return self._told_place or place_of(self.job, self.jobs.homes)

    # Reading

    def _start(self) -> None:
        """Follow the log in the project of the job, and the job in its region; never anywhere else."""
        gateway, readers, place = self.gateway, self.log_readers, self.place
        if gateway is None or readers is None or self.job is None:
            return
        if place is None:
            title = "The project and region of this job are not known"
            error = CloudError(title, self.job.name, kind=ErrorKind.LOCAL)
            self._status = FollowStatus(Phase.TROUBLE, error)
            return
        buffer = self._buffer
        self._read_from = place
        self._follower = LogFollower(
            readers.of(place.project, Urgency.SHOWN),
            gateway.elsewhere(place).jobs,
            self.job,
            on_batch=lambda batch: self.post_message(self.BatchRead(buffer, batch)),
            on_status=lambda status: self.post_message(self.StatusRead(buffer, status)),
            max_entries=buffer.max_lines,
            timing=LOCAL_TIMING if self.options.local else FollowTiming(),
            mark=self._follower.mark if self._follower else None,
        )
        self._follow(self._follower)

    @work(exclusive=True, group="logs-follow", exit_on_error=False)
    async def _follow(self, follower: LogFollower) -> None:
        await follower.run()

    @on(BatchRead)
    def _batch_read(self, message: BatchRead) -> None:
        message.stop()
        change = message.buffer.add(message.batch.entries, backfill=message.batch.backfill)
        if message.buffer is self._buffer and self.job is not None and message.batch.entries:
            self.post_message(messages.EntriesSeen(self.job, message.batch.entries))
        if message.buffer is self._buffer and change.any:
            self.query_one(LogView).rows_changed(change)
            self._show()
            self.rows_came()

    @on(StatusRead)
    def _status_read(self, message: StatusRead) -> None:
        message.stop()
        if message.buffer is self._buffer:
            before, self._status = self._status.phase, message.status
            if self._status.phase is Phase.COMPLETE and self.job is not None and self.job.state.live:
                self.post_message(messages.JobsChanged())
            self._show()
            if self._status.phase is not before:
                self.refresh_bindings()

    # Drawing

    @property
    def _is_blank(self) -> bool:
        return self.job is None or not len(self._buffer)

    def _show(self) -> None:
        if not self.children:
            return
        state, view = self.query_one(StateView), self.query_one(LogView)
        had_focus = state.has_focus or view.has_focus
        swapped = state.has_class("hidden") == self._is_blank
        state.set_class(not self._is_blank, "hidden")
        view.set_class(self._is_blank, "hidden")
        if self._is_blank:
            self._show_state(state)
        self._show_head()
        self._show_badge()
        if swapped:
            self.refresh_bindings()
            if had_focus:
                self.pane_shown()

    def _show_state(self, view: StateView) -> None:
        """Say why there is no line; what is said already is not drawn again."""
        job, status = self.job, self._status
        newest = self._newest if job is None else None
        key = (job, newest, self.gateway is None, self.connection_trouble, status, self._opened)
        if key == self._stands_in:
            return
        self._stands_in = key
        if job is None:
            self._show_first_use(view, newest)
        elif self.gateway is None and self.connection_trouble is not None:
            view.show_trouble(self.connection_trouble)
        elif self.gateway is None:
            view.show_loading("Connecting", self._opened)
        elif status.phase is Phase.TROUBLE and status.error is not None:
            view.show_trouble(status.error, since=status.since, next_try=status.next_try)
        elif status.phase is Phase.LOADING and not job.state.live:
            view.show_loading(f"Reading the log of {logs_text.job_title(job)}", self._opened)
        else:
            view.show_empty(*logs_text.why_empty(job, status.phase))

    @staticmethod
    def _show_first_use(view: StateView, newest: Job | None) -> None:
        what = "A job's log appears here, line by line while it runs."
        if newest is None:
            view.show_empty(what, "Press 3 for the jobs, 2 for a spec.")
            return
        title = f"{logs_text.job_title(newest)} ({newest.state.word})"
        view.show_empty(what, f"enter opens the newest job's: {title}.\n3 shows all jobs.")

    @property
    def _newest(self) -> Job | None:
        return next(iter(self.jobs.live or self.jobs.jobs), None)

    def _show_head(self) -> None:
        line = self.query_one("#logs-head", Static)
        line.set_class(self.job is None, "hidden")
        if self.job is None:
            return
        width = max(self.size.width - 2, 20)
        text = logs_text.head(self.job, self._status, self._buffer, width, datetime.now(UTC))
        if not text.is_same(self._head):
            self._head = text
            line.update(text)

    def _show_badge(self) -> None:
        badge = logs_text.BADGES.get(self._status.phase, ("", "")) if self.job is not None else ("", "")
        if badge != self._badge:
            self._badge = badge
            self.post_message(messages.BadgeChanged(PaneId.LOGS, *badge))

    def on_resize(self, _event: events.Resize) -> None:
        """Fit the line about the job."""
        self._show_head()

    def _say(self, words: str) -> None:
        note = self.query_one("#logs-note", Static)
        note.update(Content(words))
        note.set_class(not words, "hidden")

    # Actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's)
        """Offer what makes sense now."""
        match action:
            case "open_newest":
                return self.job is None and self._newest is not None
            case "search" | "wrap" | "times" | "save" | "copy":
                return not self._is_blank
            case "next_hit" | "previous_hit":
                return bool(self.query_one(LogView).query_text)
            case "outputs":
                return self.job is not None and self.gateway is not None
            case "retry":
                return self._status.phase is Phase.TROUBLE and self._follower is not None
        return True

    def action_open_newest(self) -> None:
        """Follow the newest job that is alive, or else the newest."""
        if (job := self._newest) is not None:
            self.show_job(job)

    def action_retry(self) -> None:
        """Read now."""
        if self._follower is not None:
            self._follower.retry_now()

    def action_wrap(self) -> None:
        """Break long lines or cut them."""
        view = self.query_one(LogView)
        view.toggle_wrap()
        self._say("Long lines are broken." if view.wrap else "Long lines are cut; ← and → scroll.")

    def action_times(self) -> None:
        """Show times in another way."""
        times = self.query_one(LogView).next_times()
        zone = f" ({datetime.now().astimezone().tzname()})" if times == "local time" else ""
        self._say(f"Showing {times}{zone}.")

    def action_outputs(self) -> None:
        """Browse the job's output directory, or the bucket when the spec names none."""
        if self.job is None or self.gateway is None:
            return
        found = outputs_of(self.job, self.place, self.gateway.target, self.options.settings.bucket)
        if found is None:
            self._say(NO_OUTPUTS)
        else:
            self.post_message(messages.BrowseOutputs(found))

    def action_copy(self) -> None:
        """Copy the line found last, or the last one in sight."""
        if (line := self.query_one(LogView).current) is not None:
            self.copy(line.text, "one line (s saves all of them)", self._say)

    @work(exclusive=True, group="logs-save", exit_on_error=False)
    async def action_save(self) -> None:
        """Save all lines, those of folded progress bars included."""
        if self.job is None:
            return
        folder = Path(self.options.settings.storage_download_dir)
        lines = list(self._buffer.lines)
        try:
            path = await asyncio.to_thread(
                export_log, lines, folder, display_name=self.job.display_name, job_id=self.job.job_id
            )
        except OSError as error:
            self._say(f"✗ Not saved: {printable(str(error))}")
        else:
            self._say(f"✓ Saved {len(lines):,} lines to {printable(show_path(path))}")
