"""What the Jobs pane changes: cancelling, and deleting records, of one job or of many."""

from __future__ import annotations

from textual import work

from tui.domain.joblist.commands import delete_command
from tui.domain.jobs import Job
from tui.panes import messages
from tui.panes.jobs_changes import (
    COMMANDS,
    Change,
    ask_to_cancel,
    cancel_question,
    cancellable,
    change_each,
    named,
)
from tui.panes.jobs_list import JobsListPart
from tui.widgets.confirm import ConfirmScreen, Question

__all__ = ["JobsWork", "cancellable"]


class JobsWork(JobsListPart):
    """Changes, each after a question that names what it does."""

    def action_cancel(self) -> None:
        """Ask, then cancel."""
        self._cancel([job for job in self.chosen if cancellable(job)])

    @work(exclusive=True, group="jobs-change", exit_on_error=False)
    async def _cancel(self, jobs: list[Job]) -> None:
        if not jobs or self.gateway is None:
            return
        question = cancel_question(jobs, self.project_of, local=self.gateway.target.is_local)
        if await self.app.push_screen_wait(ConfirmScreen(question)):
            await self._each(jobs, ask_to_cancel, "asked to cancel")

    def action_delete(self) -> None:
        """Ask, then delete the records of ended jobs."""
        self._delete([job for job in self.chosen if not job.state.live])

    @work(exclusive=True, group="jobs-change", exit_on_error=False)
    async def _delete(self, jobs: list[Job]) -> None:
        if not jobs or self.gateway is None:
            return
        lines = [
            *named(jobs),
            "",
            "The record goes for good. Logs and outputs are not touched.",
            "gcloud has no command for this; the request is",
            *(f"$ {delete_command(job)}" for job in jobs[:COMMANDS]),
        ]
        title = "Delete this job's record?" if len(jobs) == 1 else f"Delete {len(jobs)} records?"
        if await self.app.push_screen_wait(ConfirmScreen(Question(title, lines, yes="Delete", danger=True))):
            await self._each(jobs, lambda gateway, job: gateway.jobs.delete_job(job.name), "deleted")

    async def _each(self, jobs: list[Job], call: Change, done: str) -> None:
        """Apply a change to each job, let the marks go, and have the list read."""
        await change_each(jobs, call, self.gateway_of, done, self.say)
        self.table.marked = set()
        self.post_message(messages.JobsChanged())
