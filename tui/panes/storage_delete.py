"""The part of the Storage pane that deletes: counted first, asked for, undoable where it can be."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui.domain.deleteplan import DeletePlan, Tally
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.storage import GcsUri
from tui.domain.storagewords import place_name
from tui.panes import messages, storage_delete_words
from tui.panes.storage_table import Row, RowKind
from tui.panes.storage_task import Stage, unless
from tui.panes.storage_undoing import StorageUndoing
from tui.services.deleteplans import Aim, plan_delete
from tui.services.deletion.run import DeleteReport, delete_plan
from tui.services.options import AppOptions
from tui.widgets.confirm import ConfirmScreen


class StorageDeleting(StorageUndoing):
    """Deletes what the user saw counted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "K",
            "clean_up",
            "Clean up",
            id="storage.clean-up",
            show=False,
            tooltip="By a rule: old checkpoints, old files, by pattern, the largest",
        ),
        Binding("a", "again", "Again", id="storage.again", tooltip="Only what could not be deleted"),
    ]

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._failed: DeletePlan | None = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what works now."""
        free = not self.busy and self.gateway is not None and not self.read_only
        if action == "clean_up":
            return free and self.rule_place is not None
        if action == "again":
            return free and self._failed is not None
        return super().check_action(action, parameters)

    @work(group="storage-work", exit_on_error=False)
    async def delete(self, gateway: Gateway, rows: tuple[Row, ...]) -> None:
        """Count, ask, and delete what was counted."""
        aims = [Aim(row.uri, row.item) for row in rows]
        stop = self.begin()
        download = False
        try:
            plan = await self._count(gateway, aims, stop)
            if plan is not None and self._worth(plan):
                download = await self._ask_and_delete(gateway, plan, stop, may_download=True)
        except CloudError as error:
            self.tell_trouble(error, "Nothing was deleted.")
        finally:
            self.end()
        if download:
            self.say("nothing was deleted · x asks again when it is here")
            self.download(gateway, rows)

    @abstractmethod
    def download(self, gateway: Gateway, rows: tuple[Row, ...]) -> object:
        """Ask where to, and bring rows to this box."""

    def action_again(self) -> None:
        """Try only what could not be deleted."""
        if self.gateway is not None and self._failed is not None:
            self.delete_again(self.gateway, self._failed)

    @work(group="storage-work", exit_on_error=False)
    async def delete_again(self, gateway: Gateway, plan: DeletePlan) -> None:
        """Ask, and delete what failed."""
        stop = self.begin()
        try:
            if await self.confirmed(storage_delete_words.again_question(plan, gateway.target)):
                await self._run_delete(gateway, plan, stop)
        finally:
            self.end()

    # By rule

    @property
    def rule_place(self) -> GcsUri | None:
        """Where a rule would look: the prefix or bucket under the cursor, else the place shown."""
        row = self.row
        if row is not None and not row.past and row.kind is not RowKind.OBJECT:
            return row.uri
        return self.place

    def action_clean_up(self) -> None:
        """Choose by a rule what goes."""
        place = self.rule_place
        if self.gateway is not None and place is not None:
            self.clean_up(self.gateway, place)

    @work(group="storage-work", exit_on_error=False)
    async def clean_up(self, gateway: Gateway, place: GcsUri) -> None:
        """Count, let a rule choose, ask, and delete what it chose."""
        from tui.panes.storage_cleanup import CleanupScreen  # noqa: PLC0415 (seldom used)

        stop = self.begin()
        try:
            plan = await self._count(gateway, [Aim(place)], stop)
            if plan is None or not self._worth(plan):
                return
            chosen = await self.app.push_screen_wait(CleanupScreen(plan, place))
            if chosen is None:
                self.say("nothing was deleted")
            else:
                await self._ask_and_delete(gateway, chosen, stop, may_download=False)
        except CloudError as error:
            self.tell_trouble(error, "Nothing was deleted.")
        finally:
            self.end()

    # What all of them do

    async def _count(self, gateway: Gateway, aims: list[Aim], stop: asyncio.Event) -> DeletePlan | None:
        """The plan, with a running total on screen; None when the user stopped it."""
        self.enter_stage(Stage.COUNTING)
        what = place_name(aims[0].uri) if len(aims) == 1 else f"{len(aims):,} places"
        self.say(f"counting {what} …")

        def tally(total: Tally) -> None:
            self.paint(f"counting {what}: {total} · c or esc stops")

        plan = await unless(stop, plan_delete(gateway.storage, aims, on_tally=tally))
        self.enter_stage(Stage.ASKING)
        self.say("" if plan is not None else "stopped counting · nothing was deleted")
        return plan

    def _worth(self, plan: DeletePlan) -> bool:
        """Whether there is anything to delete; else it is said why not."""
        if not plan.nothing:
            return True
        held = [storage_delete_words.held_line(each) for each in plan.held]
        if held:
            self.say("nothing there can be deleted", "error")
            self.show_report("Nothing there can be deleted", "All of it is held.", held)
        else:
            self.say("nothing lies there any more")
            self.refresh_level()
        return False

    async def _ask_and_delete(
        self, gateway: Gateway, plan: DeletePlan, stop: asyncio.Event, *, may_download: bool
    ) -> bool:
        """Ask until there is an answer, and do it; whether a download was wished for first."""
        while True:
            question = storage_delete_words.delete_question(
                plan, gateway.target, self.jobs, may_download=may_download
            )
            screen = ConfirmScreen(question)
            if await self.app.push_screen_wait(screen):
                await self._run_delete(gateway, plan, stop)
                return False
            if screen.taken == storage_delete_words.EARLIER:
                plan = plan.taking_earlier(also=not plan.with_earlier)
                continue
            if screen.taken != storage_delete_words.DOWNLOAD.key:
                self.say("nothing was deleted")
            return bool(screen.taken)

    async def _run_delete(self, gateway: Gateway, plan: DeletePlan, stop: asyncio.Event) -> None:
        def progress(report: DeleteReport) -> None:
            self.paint(f"deleting: {report.done:,} of {plan.count:,} · c stops", report.done, plan.count)

        self.enter_stage(Stage.RUNNING)
        self._failed = None
        self.say(f"deleting {', '.join(storage_delete_words.places(plan.aims)[:1])} …")
        report = await delete_plan(
            gateway.storage, plan, self.journal, target=gateway.target, stop=stop, on_progress=progress
        )
        self._failed = report.again()
        hints = " · a tries again" if self._failed is not None else ""
        hints += " · Z undoes" if report.gone else ""
        self.conclude(
            "Delete", f"{report}{hints}", storage_delete_words.failures_of(report), complete=report.complete
        )
        self.refresh_level(forget=True)
        if report.buckets_gone:
            self.post_message(messages.SetupChanged())
