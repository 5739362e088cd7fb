"""What the Jobs pane does with a job that waits: why it does, and cancelling it to start it elsewhere."""

from __future__ import annotations

import asyncio
from datetime import datetime

from textual import work
from textual.screen import ModalScreen

from tui.domain.course.waiting import LONG, Waiting, quota_metrics, waiting, waiting_seconds
from tui.domain.jobs import Job, JobState
from tui.domain.places import Place
from tui.domain.text import printable
from tui.panes.jobs_again import JobsAgain
from tui.panes.jobs_changes import CANCEL, cancellable, elsewhere_question
from tui.services.jobchanges import until_over
from tui.services.options import AppOptions
from tui.services.quotaknown import KnownLimits


class JobsElsewhere(JobsAgain):
    """The waiting card, and its step."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._limits = KnownLimits()
        self._stop_waiting: asyncio.Event | None = None

    # Why it waits

    def why_it_waits(self, job: Job, now: datetime) -> Waiting | None:
        """The card of a job that has waited for long; quota limits are read when it is looked at."""
        if waiting_seconds(job, now) < LONG:
            return None
        place, metrics = self.place_of(job), quota_metrics(job, now)
        if place is None or not metrics:
            return waiting(job, now, self.jobs.live)
        if self.is_on_screen and self.gateway is not None and (due := self._limits.take_due(place, metrics)):
            self._read_limits(place, due)
        return waiting(job, now, self.jobs.live, self._limits.of(place, metrics))

    @work(group="limits", exit_on_error=False)
    async def _read_limits(self, place: Place, metrics: tuple[str, ...]) -> None:
        gateway = self.gateway
        if gateway is not None:
            await self._limits.read(gateway.elsewhere(place), place, metrics)
            self.show_detail()

    # Starting it elsewhere

    @property
    def waits_elsewhere(self) -> bool:
        """Whether the card advises to start the job elsewhere, and that can be done."""
        state = self.panel.state
        if state is None or state.waiting is None or self.read_only:
            return False
        return state.waiting.elsewhere and cancellable(state.job)

    def start_elsewhere(self, job: Job) -> None:
        """Ask once, cancel, wait for the end, and then ask where to start it."""
        if self.may_change():
            self._start_elsewhere(job)

    @work(group="jobs-change", exit_on_error=False)
    async def _start_elsewhere(self, job: Job) -> None:
        gateway = self.gateway_of(job)
        local = gateway is not None and gateway.target.is_local
        if not await self.asked(elsewhere_question(job, self.project_of(job), local=local)):
            return
        account = await self.change(CANCEL, [job])
        if gateway is None or account.failures or account.gone:
            return  # that has been said
        name = printable(job.display_name or job.job_id)
        self._stop_waiting = stop = asyncio.Event()
        self.tell_doing(f"Waiting until {name} has ended …")
        try:
            ended = await until_over(gateway, job, stop)
        finally:
            self._stop_waiting = None
            self.done_doing()
        self._go_on(name, ended)

    def _go_on(self, name: str, ended: Job | None) -> None:
        """Ask where, if the user is still here; a dialog must not come over something else."""
        if ended is None:
            self.say(
                f"{name} has not ended: nothing was started. R starts it elsewhere once it has.", stays=True
            )
        elif ended.state is not JobState.CANCELLED:
            self.say(
                f"{name} {ended.state.word} before it could be cancelled: nothing was started.", stays=True
            )
        elif self.is_on_screen and not isinstance(self.app.screen, ModalScreen):
            self.say("")
            self.rerun_as(ended, "region")
        else:
            self.say(f"{name} is cancelled. R starts it in another region or on another machine.", stays=True)
            self.show_job(ended.name)
            words = f"{name} is cancelled. In Jobs, R starts it elsewhere."
            self.app.notify(words, title="It can be started elsewhere", markup=False)

    def action_stop_changes(self) -> None:
        """Begin no further change, and wait for nothing any more."""
        super().action_stop_changes()
        if self._stop_waiting is not None:
            self._stop_waiting.set()
