"""The part of the app that notices ends: it tells those of watched jobs, and keeps which were looked at."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on, work
from textual.reactive import reactive

from tui.domain.gateway import Gateway
from tui.domain.joblist.unseen import Noticed, tallies, unread_words
from tui.domain.jobs import Job, JobState
from tui.domain.places import Place
from tui.domain.text import printable
from tui.informed import InformedApp
from tui.panes import messages
from tui.panes.base import Pane
from tui.panes.messages import PaneId
from tui.services.jobwatch import JobsSnapshot
from tui.services.options import AppOptions
from tui.services.submitter import submitter

if TYPE_CHECKING:
    from tui.services.notices import Way
    from tui.services.unseen import Ended, EndWatch

TOAST_SECONDS, NEWS_SECONDS = 20, 8
NEWS_TITLE = "Ended since you looked"
_SEVERITY = {JobState.SUCCEEDED: "information", JobState.FAILED: "error", JobState.EXPIRED: "error"}


class NoticingApp(InformedApp):
    """An informed app that tells how watched jobs ended."""

    noticed: reactive[Noticed] = reactive(Noticed(), init=False, repaint=False)
    """Which jobs are watched, and which ends nobody has looked at."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._ends: EndWatch | None = None
        self._way: Way | None = None

    def start_connection(self) -> None:
        """Follow the list; beside `watch_jobs`, which other parts have of their own."""
        self.watch(self, "jobs", self._jobs_listed, init=False)
        self.watch(self.tabs, "active", self._take_news_away, init=False)
        super().start_connection()

    def on_unmount(self) -> None:
        """Keep when the list was looked at last."""
        if self._ends is not None:
            self._ends.close()

    def _jobs_listed(self, snapshot: JobsSnapshot) -> None:
        if not snapshot.kept:
            self._notice(snapshot)

    @work(group="ends", exit_on_error=False)
    async def _notice(self, snapshot: JobsSnapshot) -> None:
        """Take a list, tell what ended, and hand what is known of ends to the panes."""
        ends = self._end_watch()
        for ended in await ends.take(snapshot):
            await self._tell_end(ended)
        self._publish(ends)

    def _end_watch(self) -> EndWatch:
        if self._ends is None:
            from tui.services.unseen import EndsStore, EndWatch  # noqa: PLC0415 (after the first frame)

            local = self.options.local or self.options.diverted
            store = EndsStore(self.options.paths.state_dir, local=local)
            self._ends = EndWatch(store, submitter(self.options.settings.jobs_user))
        return self._ends

    def _publish(self, ends: EndWatch) -> None:
        fresh = ends.noticed.news is not None and self.noticed.news is None
        self.noticed = ends.noticed
        if fresh and not self._jobs_in_front:
            self._tell_news(ends.noticed)

    @property
    def _jobs_in_front(self) -> bool:
        return self.tabs.active == PaneId.JOBS

    def _seen_in_front(self, job: Job) -> bool:
        """Whether the pane in front says how the job ended: a toast would only cover what is there."""
        return any(pane.display and pane.shows_end_of(job.name) for pane in self.query(Pane))

    def _tell_news(self, noticed: Noticed) -> None:
        """In the pane that is in front, for the strip that tells the whole is in another."""
        names = set(noticed.news.names) if noticed.news else set()
        found = tallies([job for job in self.jobs.jobs if job.name in names], self.insights)
        if found:
            parts = [f"{one.count} {one.state.word}{'?' * one.odd}" for one in found if one.read]
            words = ", ".join(filter(None, [*parts, unread_words(found)]))
            self.notify(f"{words}. 3 shows them.", title=NEWS_TITLE, timeout=NEWS_SECONDS)

    def _take_news_away(self) -> None:
        """The Jobs pane has come to the front, and tells the whole itself."""
        if self._jobs_in_front:
            for told in [each for each in self._notifications if each.title == NEWS_TITLE]:
                self._unnotify(told)

    # The end of a watched job

    async def _tell_end(self, ended: Ended) -> None:
        job = ended.job
        if not self._jobs_in_front and not self._seen_in_front(job):
            severity = _SEVERITY.get(job.state, "warning")
            self.notify(
                _words(job),
                title="A watched job has ended",
                severity=severity,  # type: ignore[arg-type]
                timeout=TOAST_SECONDS,
                markup=False,
            )
        await self._tell_terminal(job)
        if ended.first and self.options.settings.jobs_end_command:
            self._run_command(job)

    async def _tell_terminal(self, job: Job) -> None:
        from tui.services.notices import notice, way_to_tell  # noqa: PLC0415 (seldom used)

        if self._way is None:
            self._way = await way_to_tell(self.options.settings.jobs_notify, os.environ)
        self.write_to_terminal(notice(self._way, "vertex-tui", _words(job)))

    def write_to_terminal(self, sequence: str) -> None:
        """Write a sequence that draws nothing, beside what Textual draws."""
        if sequence and self._driver is not None and not self.is_headless:
            self._driver.write(sequence)

    def _run_command(self, job: Job) -> None:
        from tui.services.end_command import run_end_command  # noqa: PLC0415 (seldom used)

        command, log = self.options.settings.jobs_end_command, self.options.paths.debug_log

        def done(trouble: str) -> None:
            if trouble and self.is_running:
                self.call_from_thread(self._say_command_failed, trouble)

        run_end_command(command, job, log, os.environ, done=done)

    def _say_command_failed(self, trouble: str) -> None:
        words = f"{trouble}. Its output is in the debug log."
        self.notify(printable(words), title="jobs.end_command failed", severity="warning", markup=False)

    # What the panes say

    @on(messages.JobStarted)
    def _job_started(self, message: messages.JobStarted) -> None:
        ends = self._end_watch()
        ends.started(message.job.name)
        self._publish(ends)
        listed = {state.place for state in self.jobs.places}
        if self.gateway is not None and listed and message.place not in listed:
            self._list_place(self.gateway, message.place)

    def _list_place(self, gateway: Gateway, place: Place) -> None:
        """A job that runs where the list does not look would be paid for unseen: look there, too."""
        settings = self.options.settings
        shown = place.region if place.project == gateway.target.project else str(place)
        wanted = ",".join(filter(None, [settings.jobs_places, shown]))
        self.options = replace(self.options, settings=replace(settings, jobs_places=wanted))
        self.post_message(messages.SaveSetting("jobs.places", wanted))
        self._poll_jobs(gateway)
        words = f"Jobs in {shown} are listed from now on: the setting jobs.places."
        self.notify(printable(words), title="Another place", markup=False)

    @on(messages.WatchJob)
    @work(group="ends", exit_on_error=False)
    async def _watch_job(self, message: messages.WatchJob) -> None:
        ends = self._end_watch()
        await ends.watch(message.job.name, on=message.on)
        self._publish(ends)

    @on(messages.EndSeen)
    @work(group="ends", exit_on_error=False)
    async def _end_seen(self, message: messages.EndSeen) -> None:
        ends = self._end_watch()
        await ends.see(*message.job_names)
        self._publish(ends)

    @on(messages.NewsRead)
    def _news_read(self) -> None:
        ends = self._end_watch()
        ends.wave_away()
        self._publish(ends)


def _words(job: Job) -> str:
    return printable(f"{job.display_name or job.job_id} {job.state.word}")
