"""What the Jobs pane changes: cancelling, and deleting records, of one job or of many."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual import work
from textual.content import Content

from tui.domain import text
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.joblist.commands import cancel_command, delete_command
from tui.domain.jobs import Job, JobState
from tui.panes import messages
from tui.panes.jobs_list import JobsListPart
from tui.widgets.confirm import ConfirmScreen, Question

SHOWN = 12
"""Jobs named in a question; of more, the rest is counted."""
COMMANDS = 3
"""Commands shown in a question."""


Change = Callable[[Gateway, Job], Awaitable[None]]
"""What is done to one job."""


class JobsWork(JobsListPart):
    """Changes, each after a question that names what it does."""

    def action_cancel(self) -> None:
        """Ask, then cancel."""
        self._cancel([job for job in self.chosen if cancellable(job)])

    @work(exclusive=True, group="jobs-change", exit_on_error=False)
    async def _cancel(self, jobs: list[Job]) -> None:
        if not jobs or self.gateway is None:
            return
        billed = "" if self.gateway.target.is_local else "; what ran is billed"
        lines = [
            *_named(jobs),
            "",
            f"A cancelled job cannot be resumed. What it has written stays{billed}.",
            "",
            *(f"$ {cancel_command(job, self.project_of(job))}" for job in jobs[:COMMANDS]),
        ]
        title = "Cancel this job?" if len(jobs) == 1 else f"Cancel {len(jobs)} jobs?"
        question = Question(title, lines, yes="Cancel job", danger=True)
        if await self.app.push_screen_wait(ConfirmScreen(question)):
            await self._each(jobs, lambda gateway, job: gateway.jobs.cancel_job(job.name), "asked to cancel")

    def action_delete(self) -> None:
        """Ask, then delete the records of ended jobs."""
        self._delete([job for job in self.chosen if not job.state.live])

    @work(exclusive=True, group="jobs-change", exit_on_error=False)
    async def _delete(self, jobs: list[Job]) -> None:
        if not jobs or self.gateway is None:
            return
        lines = [
            *_named(jobs),
            "",
            "The record goes for good. Logs and outputs are not touched.",
            "gcloud has no command for this; the request is",
            *(f"$ {delete_command(job)}" for job in jobs[:COMMANDS]),
        ]
        title = "Delete this job's record?" if len(jobs) == 1 else f"Delete {len(jobs)} records?"
        if await self.app.push_screen_wait(ConfirmScreen(Question(title, lines, yes="Delete", danger=True))):
            await self._each(jobs, lambda gateway, job: gateway.jobs.delete_job(job.name), "deleted")

    async def _each(self, jobs: list[Job], call: Change, done: str) -> None:
        """Apply a change to each job and account for every one of them."""
        failures: list[str] = []
        gone = 0
        for number, job in enumerate(jobs, start=1):
            name = text.printable(job.display_name)
            self.say(f"{number} of {len(jobs)}: {name} …")
            gateway = self.gateway_of(job)
            try:
                if gateway is not None:
                    await call(gateway, job)
            except CloudError as error:
                if error.kind is ErrorKind.NOT_FOUND:
                    gone += 1
                    continue
                unclear = " It may have happened all the same." if error.ambiguous else ""
                failures.append(f"{name}: {error}.{unclear} {error.hint}".rstrip())
        self.table.marked = set()
        self.post_message(messages.JobsChanged())
        count = len(jobs) - len(failures) - gone
        summary = ", ".join([f"{count} {done}", *([f"{gone} gone already"] if gone else [])])
        self.say(
            Content("\n").join(
                [Content(summary), *(Content.styled(f"✗ {line}", "$text-error") for line in failures)]
            )
        )


def cancellable(job: Job) -> bool:
    """Whether a job can still be asked to stop."""
    return job.state.live and job.state is not JobState.CANCELLING


def _named(jobs: list[Job]) -> list[str]:
    lines = [f"  {text.printable(job.display_name)}  {job.state.word}  {job.region}" for job in jobs[:SHOWN]]
    return [*lines, f"  and {len(jobs) - SHOWN} more"] if len(jobs) > SHOWN else lines
