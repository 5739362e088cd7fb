"""The Logs pane's logs: one a tab, each read by a follower of its own, one of them in front."""

from __future__ import annotations

import asyncio
import time

from textual import on, work
from textual.message import Message
from textual.reactive import reactive

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.joblist.homes import place_of
from tui.domain.jobs import Job
from tui.domain.logs import EntryKey
from tui.domain.logstore.rules import RowRules
from tui.domain.logstore.store import LogStore
from tui.domain.places import Place
from tui.panes import messages
from tui.panes.base import Pane
from tui.panes.logs_open import OpenLog
from tui.services.follow.follower import LogFollower
from tui.services.follow.state import LOCAL_TIMING, FollowStatus, FollowTiming, LogBatch, Phase
from tui.services.jobwatch import JobsSnapshot
from tui.services.log_spill import LogSpill
from tui.services.logreads import LogReaders
from tui.services.options import AppOptions
from tui.widgets.log_scroll import LogView
from tui.widgets.pacing import SOON

MOST_ENTRIES = 1_000_000
"""Older entries are read until there are so many, or more if there is to be room for more in memory."""
PAUSE_AFTER = 0.015
"""Seconds of counting rows after which keys are answered."""


class LogsBase(Pane):
    """Opens, follows and closes logs; what is shown of them is up to the classes below."""

    class BatchRead(Message):
        """Entries for a log."""

        def __init__(self, log: OpenLog, batch: LogBatch) -> None:
            super().__init__()
            self.log = log
            self.batch = batch

    class StatusRead(Message):
        """How the reading of a log goes."""

        def __init__(self, log: OpenLog, status: FollowStatus) -> None:
            super().__init__()
            self.log = log
            self.status = status

    log_readers: reactive[LogReaders | None] = reactive[LogReaders | None](None, init=False, repaint=False)
    """The logs of all projects, within the quota that all who read logs share; bound from the app."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self.logs: list[OpenLog] = []
        """Those that are open, in the order of their tabs."""
        self.front: OpenLog | None = None

    # Tabs

    def show_job(self, job: Job, at: EntryKey | None = None, place: Place | None = None) -> None:
        """Follow this job's log, from one entry on if it is given; one that is open stays as it is.

        `place` is where the job lives; without it that is told by the list and by the job's name.
        """
        log = next((each for each in self.logs if each.job.name == job.name), None)
        if log is None:
            spill = LogSpill(self.options.paths.spill_dir)
            log = OpenLog(job, LogStore(self.options.settings.logs_max_lines, spill), spill, place)
            self.logs.append(log)
            self._start(log)
        self.bring_to_front(log)
        if at is not None:
            self.query_one(LogView).seek(at)
        self.pane_shown()

    def bring_to_front(self, log: OpenLog | None) -> None:
        """Show this log."""
        if log is not self.front:
            self.front = log
            if log is not None and log.follower is not None:
                log.follower.shown()
            self.query_one(LogView).show(log.shown if log else None)
            self.front_changed()
            if log is not None:
                self._count_rows(log)
        self.show_all()

    def close(self, log: OpenLog) -> None:
        """Stop following a log and forget it."""
        index = self.logs.index(log)
        self.logs.remove(log)
        self.workers.cancel_group(self, _group(log))
        log.close()
        if log is self.front:
            self.bring_to_front(self.logs[min(index, len(self.logs) - 1)] if self.logs else None)
        self.show_all()

    def set_rules(self, rules: RowRules) -> None:
        """Show other lines of the log in front."""
        log = self.front
        if log is not None:
            log.rules = rules
            around = self.query_one(LogView).cursor_line
            log.rows.apply(rules)
            self._count_rows(log, around)
            self.rules_changed()

    def _count_rows(self, log: OpenLog, around: int | None = None) -> None:
        """Find which lines are rows, those in sight first: at once if that is quick, else with pauses."""
        until = time.perf_counter() + PAUSE_AFTER
        for _ in log.rows.rebuild(around):
            if time.perf_counter() > until:
                break
        if log is self.front:
            self.query_one(LogView).rows_changed()
        self._count_on(log, around)

    @work(exclusive=True, group="logs-rows", exit_on_error=False)
    async def _count_on(self, log: OpenLog, around: int | None) -> None:
        """Count what is not counted yet, with pauses."""
        if log.rows.is_counted:
            return
        view = self.query_one(LogView)
        until = time.perf_counter() + PAUSE_AFTER
        draw_at = 0.0
        for _ in log.rows.rebuild(around):
            if (now := time.perf_counter()) > until:
                if log is self.front and now > draw_at:
                    view.rows_changed()
                    draw_at = now + SOON
                await asyncio.sleep(0)
                until = time.perf_counter() + PAUSE_AFTER
        if log is self.front:
            view.rows_changed()
            self.rules_changed()

    def shows_end_of(self, name: str) -> bool:
        """The line above the log says how its job ended."""
        return self.front is not None and self.front.job.name == name

    def front_changed(self) -> None:
        """Another log is in front: what depends on it is set by the classes below."""

    def rules_changed(self) -> None:
        """Other lines are shown: said by the classes below."""

    def show_all(self) -> None:
        """Draw what is said around the log; by the classes below."""

    # What comes from outside

    def watch_gateway(self, gateway: Gateway | None) -> None:
        """Read on by the new connection where the old one stopped."""
        if gateway is not None:
            for log in self.logs:
                if not log.is_complete:
                    self._start(log)
        self.show_all()

    def watch_connection_trouble(self) -> None:
        """Say why nothing comes."""
        self.show_all()

    def watch_jobs(self, _snapshot: JobsSnapshot) -> None:
        """Follow the jobs' states and durations."""
        for log in self.logs:
            log.job = self.job_named(log.job.name) or log.job
            if log.follower and self.place_of(log) != log.read_from and not log.is_complete:
                self._start(log)
        self.show_all()

    def place_of(self, log: OpenLog) -> Place | None:
        """The project and region of the job; None when that is not known."""
        return log.told_place or place_of(log.job, self.jobs.homes)

    # Reading

    def _start(self, log: OpenLog) -> None:
        """Follow the log in the project of the job, and the job in its region; never anywhere else."""
        gateway, readers, place = self.gateway, self.log_readers, self.place_of(log)
        if gateway is None or readers is None:
            return
        if place is None:
            title = "The project and region of this job are not known"
            log.status = FollowStatus(Phase.TROUBLE, CloudError(title, log.job.name, kind=ErrorKind.LOCAL))
            return
        log.read_from = place
        log.follower = LogFollower(
            readers,
            place.project,
            gateway.elsewhere(place).jobs,
            log.job,
            on_batch=lambda batch: self.post_message(self.BatchRead(log, batch)),
            on_status=lambda status: self.post_message(self.StatusRead(log, status)),
            max_entries=max(self.options.settings.logs_max_lines, MOST_ENTRIES),
            timing=LOCAL_TIMING if self.options.local else FollowTiming(),
            mark=log.follower.mark if log.follower else None,
            named=bool(self.options.settings.logging_resource_names),
        )
        self.run_worker(log.follower.run(), group=_group(log), exclusive=True, exit_on_error=False)

    @on(BatchRead)
    def _batch_read(self, message: BatchRead) -> None:
        message.stop()
        log, batch = message.log, message.batch
        if log not in self.logs:
            return
        if batch.entries and not batch.shared:
            self.post_message(messages.EntriesSeen(log.job, batch.entries))
        log.received(batch)
        if log.behind and not log.taking_in:
            log.taking_in = True
            self._take_in(log)

    @work(group="logs-intake", exit_on_error=False)
    async def _take_in(self, log: OpenLog) -> None:
        """Make lines of entries, a few at a time."""
        try:
            while log.behind and log in self.logs:
                entries, backfill = log.next_slice()
                change = log.store.add(entries, backfill=backfill)
                for finder in (log.search, log.filter):
                    if finder is not None and change.any:
                        finder.changed(change.first)
                log.rows.update(change)
                if log is self.front:
                    view = self.query_one(LogView)
                    view.note_change(change)
                    if change.any and view.has_class("hidden"):
                        self.show_all()
                await asyncio.sleep(0)
        finally:
            log.taking_in = False

    @on(StatusRead)
    def _status_read(self, message: StatusRead) -> None:
        message.stop()
        log = message.log
        if log not in self.logs:
            return
        before, log.status = (log.status.phase, log.status.older_error), message.status
        if log.status.phase is Phase.COMPLETE and log.job.state.live:
            self.post_message(messages.JobsChanged())
        self.show_all()
        if (log.status.phase, log.status.older_error) != before:
            self.refresh_bindings()

    @on(LogView.BeginningReached)
    def _older_wanted(self) -> None:
        if self.front is not None and self.front.follower is not None and self.front.status.older_pending:
            self.front.follower.want_older()


def _group(log: OpenLog) -> str:
    return f"logs-follow-{log.job.name}"
