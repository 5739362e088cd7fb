"""What the Jobs pane changes: cancelling, and deleting records, of one job or of many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui.domain.jobs import Job
from tui.panes import messages
from tui.panes.jobs_changes import (
    CANCEL,
    DELETE,
    Kind,
    account_words,
    cancel_question,
    cancellable,
    delete_question,
    progress_words,
)
from tui.panes.jobs_list import JobsListPart
from tui.services.jobchanges import Account, JobBatch
from tui.services.options import AppOptions
from tui.widgets.confirm import ConfirmScreen, Question

__all__ = ["JobsWork", "cancellable"]

CHANGES = frozenset({"cancel", "delete"})


class JobsWork(JobsListPart):
    """Changes, each after a question that names what it does; one at a time, however long it takes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("X", "stop_changes", "Stop", id="jobs.stop", tooltip="Begin no further change"),
    ]

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._asking = False
        self._batch: JobBatch | None = None
        self.doing = ""
        """What is being changed now, in words; empty while nothing is."""

    @property
    def under_way(self) -> tuple[str, ...]:
        """The change being made now."""
        return (self.doing,) if self.doing else ()

    def change_offers(self, action: str) -> bool | None:
        """Whether a change is out of the question now; None where that depends on the jobs."""
        if action == "stop_changes":
            return bool(self.doing)
        return False if action in CHANGES and self.read_only else None

    def action_cancel(self) -> None:
        """Ask, then cancel."""
        jobs = [job for job in self.chosen if cancellable(job)]
        if jobs and self.may_change():
            local = self.gateway is not None and self.gateway.target.is_local
            self._ask_and_change(CANCEL, jobs, cancel_question(jobs, self.project_of, local=local))

    def action_delete(self) -> None:
        """Ask, then delete the records of ended jobs."""
        jobs = [job for job in self.chosen if not job.state.live]
        if jobs and self.may_change():
            self._ask_and_change(DELETE, jobs, delete_question(jobs, self.project_of))

    def action_stop_changes(self) -> None:
        """Begin no further change."""
        if self._batch is not None:
            self._batch.stop()

    def may_change(self) -> bool:
        """Whether a change may begin, which is being asked about from now on; if not, that is said."""
        if self.gateway is None:
            self.say("There is no connection yet.")
        elif self.doing:
            self.say(f"{self.doing}. Nothing else is changed meanwhile; X stops it.")
        elif not self._asking:
            self._asking = True
            return True
        return False

    @work(group="jobs-change", exit_on_error=False)
    async def _ask_and_change(self, kind: Kind, jobs: list[Job], question: Question) -> None:
        if await self.asked(question):
            await self.change(kind, jobs)

    async def asked(self, question: Question) -> bool:
        """Whether the user said yes."""
        try:
            answer: bool = await self.app.push_screen_wait(ConfirmScreen(question))
        finally:
            self._asking = False
        return answer

    async def change(self, kind: Kind, jobs: Sequence[Job]) -> Account:
        """Change each job, let its mark go, have the list read, and say what became of all of them."""

        def told(account: Account) -> None:
            self.tell_doing(progress_words(kind, account))
            self._let_go(kind, account.settled)

        batch = self._batch = JobBatch(jobs, kind.call, self.gateway_of, told)
        try:
            return await batch.run()
        finally:
            self._batch = None
            if self.is_attached:  # else the app is being left
                self.say(account_words(kind, batch.account), stays=True)
                self.post_message(messages.JobsChanged())
            self.done_doing()

    def _let_go(self, kind: Kind, settled: frozenset[str]) -> None:
        """What has what was wanted loses its mark at once, and its row if its record is gone."""
        gone = settled & self._by_name.keys() if kind is DELETE else frozenset()
        marked = self.table.marked - settled if self.is_attached else self.table.marked
        if not self.is_attached or (gone <= self.deleted and marked == self.table.marked):
            return
        self.deleted |= gone
        self.table.marked = marked
        self.show_list()

    def done_doing(self) -> None:
        """Nothing is being changed any more."""
        self.doing = ""
        if self.is_attached:
            self.refresh_bindings()

    def tell_doing(self, words: str) -> None:
        """Something is being changed: say how far it is."""
        first, self.doing = not self.doing, words.removesuffix(" …")
        self.say(words)
        if first:
            self.refresh_bindings()
