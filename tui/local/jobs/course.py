"""One job's course: attempts until one of them is the last, then the end."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from tui.local import clock
from tui.local.clock import SECOND, now_ns, unstamp
from tui.local.jobs import endings, launch, messages
from tui.local.jobs.attempt import Attempt
from tui.local.jobs.endings import Ending, Kind
from tui.local.jobs.progress import Progress, Workshop
from tui.local.state.jobs import JobRow, State
from tui.local.wire.errors import Code


class Course:
    """Takes one job from its stored state to its end."""

    def __init__(self, workshop: Workshop, row: JobRow) -> None:
        self._shop = workshop
        self._progress = Progress(workshop, row)
        self.row = row
        self._cancelled = asyncio.Event()
        if row.run.cancel:
            self._cancelled.set()
        self._attempt = Attempt(workshop, self._progress, self._cancelled)

    async def run(self) -> None:
        """Go on from wherever the job is."""
        if self.row.live:
            self._finish(await self._last_ending())
            await asyncio.to_thread(self._shop.remove, self.row.job_id)
        await self._show_error()

    async def _last_ending(self) -> Ending:
        scheduling = self.row.job.job_spec.scheduling
        while True:
            ending = await self._attempt.run()
            restarts = self.row.run.restarts
            if self._cancelled.is_set() or not endings.goes_on(ending, restarts, scheduling):
                return ending
            number, most = restarts.get(ending.kind, 0) + 1, endings.RESTARTS[ending.kind]
            self._progress.say(ending.text, "ERROR")
            self._progress.say(messages.RESTARTING.format(number=number, most=most), "WARNING")
            used = [replica.folder.parent for replica in self._attempt.crew.replicas[:1]]
            self._progress.next_attempt(ending.kind)
            await asyncio.to_thread(_empty, used[0])
            self._attempt = Attempt(self._shop, self._progress, self._cancelled)

    def cancel(self) -> None:
        """Ask the job to end; it ends later."""
        self.row.run.cancel = True
        self._progress.set_state(State.JOB_STATE_CANCELLING)
        self._progress.say(messages.CANCELLING)
        self._cancelled.set()

    async def break_down(self) -> None:
        """The course itself has failed: end the job truthfully."""
        for replica in self._attempt.crew.replicas:
            await asyncio.to_thread(replica.kill)
        self._shop.project.drop_tokens(self.row.job_id)
        if self.row.live:
            self._fail(endings.INTERNAL)

    def let_go(self) -> None:
        """The server ends; what runs goes on under its runners."""
        self._attempt.crew.let_go()

    # --- the end

    def _finish(self, ending: Ending) -> None:
        self._shop.project.drop_tokens(self.row.job_id)
        asked = self.row.run.cancel and (ending.kind is Kind.STOPPED or ending.kind in endings.RESTARTS)
        if asked:
            self._cancel_ended(messages.CANCELLED_ERROR)
        elif ending.kind is Kind.TIMEOUT:
            seconds = launch.timeout_seconds(self.row.job)
            self._cancel_ended(messages.TIMEOUT_ERROR.format(seconds=f"{seconds:g}"))
        elif ending.kind is Kind.SUCCEEDED:
            self._progress.say(messages.SUCCEEDED)
            self._progress.end(State.JOB_STATE_SUCCEEDED)
        else:
            self._fail(ending)

    def _cancel_ended(self, text: str) -> None:
        self.row.run.error_code, self.row.run.error_message = Code.CANCELLED.number, text
        self._progress.say(messages.CANCELLED)
        self._progress.end(State.JOB_STATE_CANCELLED)

    def _fail(self, ending: Ending) -> None:
        self.row.run.error_code, self.row.run.error_message = ending.code, ending.text
        self._progress.say(ending.text, "ERROR")
        self._progress.say(messages.FAILED, "ERROR")
        self._progress.end(State.JOB_STATE_FAILED)

    async def _show_error(self) -> None:
        """The error appears in the job some time after its end."""
        run = self.row.run
        if run.error_code and not self.row.job.error.code:
            due = unstamp(self.row.job.end_time) + int(self._shop.settings.error_seconds * SECOND)
            await clock.sleep(max(due - now_ns(), 0) / SECOND)
            self.row.job.error.code, self.row.job.error.message = run.error_code, run.error_message
            self._progress.save()


def _empty(folder: Path) -> None:
    """Remove what an ended attempt has left."""
    for each in folder.glob("*"):
        shutil.rmtree(each, ignore_errors=True)
