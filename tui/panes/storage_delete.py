"""The part of the Storage pane that deletes: counted first, asked for, undoable where it can be."""

from __future__ import annotations

import asyncio

from textual import work

from tui.domain.deleteplan import DeletePlan, Tally
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.storage import GcsUri
from tui.panes import messages, storage_delete_words, storage_words
from tui.panes.storage_table import Row
from tui.panes.storage_task import Stage, StorageTask, unless
from tui.services.deletion import DeleteJournal, DeleteReport, delete_plan
from tui.services.listing import plan_delete


class StorageDeleting(StorageTask):
    """Deletes what the user saw counted."""

    @work(group="storage-work", exit_on_error=False)
    async def delete(self, gateway: Gateway, row: Row, uri: GcsUri) -> None:
        """Count, ask, and delete what was counted."""
        stop = self.begin()
        try:
            plan = await self._count(gateway, row, uri, stop)
            if plan is None:
                return
            if not plan.count and not plan.takes_bucket:
                self.say("nothing lies there any more")
                self.refresh_level()
                return
            question = storage_delete_words.delete_question(plan, gateway.target, self.jobs.jobs)
            if not await self.confirmed(question):
                self.say("nothing was deleted")
                return
            await self._run_delete(gateway, plan, stop)
        except CloudError as error:
            self.tell_trouble(error, "Nothing was deleted.")
        finally:
            self.end()

    async def _count(self, gateway: Gateway, row: Row, uri: GcsUri, stop: asyncio.Event) -> DeletePlan | None:
        """The plan, with a running total on screen; None when the user stopped it."""
        self.enter_stage(Stage.COUNTING)
        self.say(f"counting {storage_words.place_name(uri)} …")

        def tally(total: Tally) -> None:
            self.paint(f"counting {storage_words.place_name(uri)}: {total} · c or esc stops")

        plan = await unless(stop, plan_delete(gateway.storage, uri, item=row.item, on_tally=tally))
        self.enter_stage(Stage.ASKING)
        self.say("" if plan is not None else "stopped counting · nothing was deleted")
        return plan

    async def _run_delete(self, gateway: Gateway, plan: DeletePlan, stop: asyncio.Event) -> None:
        def progress(report: DeleteReport) -> None:
            done = len(report.gone) + len(report.failed)
            self.paint(f"deleting: {done:,} of {plan.count:,} · c stops", done, plan.count)

        self.enter_stage(Stage.RUNNING)
        self.say(f"deleting {storage_words.place_name(plan.uri)} …")
        report = await delete_plan(
            gateway.storage,
            plan,
            DeleteJournal(self.options.paths.journals_dir),
            project=gateway.target.project,
            stop=stop,
            on_progress=progress,
        )
        failures = [(item.name, item.error) for item in report.failed]
        if report.trouble is not None:
            failures.insert(0, (storage_words.place_name(plan.uri), str(report.trouble)))
        self.conclude("Delete", str(report), failures, complete=report.complete)
        self.refresh_level(forget=True)
        if plan.takes_bucket:
            self.post_message(messages.SetupChanged())
