"""The part of the Storage pane that deletes: counted first, asked for, undoable where it can be."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Container
from enum import Enum, auto
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
from tui.panes.storage_words import where_of
from tui.services.deleteplans import Aim, plan_delete
from tui.services.deletion.downloaded import only_downloaded
from tui.services.deletion.run import DeleteReport, delete_plan
from tui.services.options import AppOptions
from tui.services.transfers import account
from tui.services.transfers.model import Transfer
from tui.widgets.confirm import ConfirmScreen


class Answer(Enum):
    """What came of the question before a delete."""

    NO = auto()
    DELETED = auto()
    DOWNLOAD = auto()
    """It is to be downloaded first."""


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
        Binding(
            "a",
            "again",
            "Again",
            id="storage.again",
            tooltip="Only what could not be deleted",
        ),
        Binding(
            "a", "delete_home", "Delete there", id="storage.delete-home", tooltip="What was downloaded first"
        ),
    ]

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._to_ask: list[DeletePlan | Transfer] = []
        """What failed of the last delete, and downloads that are whole by now; what was told last is last."""
        self._wished: dict[Transfer, tuple[Row, ...]] = {}
        """Downloads that were wished for before a delete, with what the delete is about."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what works now."""
        free = not self.busy and self.gateway is not None and not self.read_only
        if action == "clean_up":
            return free and self.rule_place is not None
        if action in ("again", "delete_home"):
            wanted = self._to_ask[-1] if free and self._to_ask else None
            return isinstance(wanted, DeletePlan if action == "again" else Transfer)
        return super().check_action(action, parameters)

    @work(group="storage-work", exit_on_error=False)
    async def delete(self, gateway: Gateway, rows: tuple[Row, ...]) -> None:
        """Count, ask, and delete what was counted."""
        aims = [Aim(row.uri, row.item) for row in rows]
        stop = self.begin()
        answer = Answer.NO
        try:
            plan = await self._count(gateway, aims, stop)
            if plan is not None and self._worth(plan):
                answer = await self._ask_and_delete(gateway, plan, stop, may_download=True)
        except CloudError as error:
            self.tell_trouble(error, "Nothing was deleted.")
        finally:
            self.end()
        if answer is Answer.DOWNLOAD:
            self.say("nothing was deleted")
            transfer = await self.bring_home(gateway, rows)
            if transfer is not None:
                self.say("nothing was deleted · when all of it is here, a asks for the delete")
                self._wished[transfer] = rows

    @abstractmethod
    async def bring_home(self, gateway: Gateway, rows: tuple[Row, ...]) -> Transfer | None:
        """Ask where to, and begin a download; None if there is none, which was said by then."""

    def waits_for(self, transfer: Transfer) -> bool:
        """Whether a delete waits for it, so that its good end is told with that."""
        return transfer in self._wished and not transfer.failed

    def tell_home(self, listed: Container[Transfer]) -> None:
        """Say which downloads that were wished for before a delete are whole; forget those that cannot be.

        `listed` has the transfers that can still go on.
        """
        for transfer in tuple(self._wished):
            if transfer in self._to_ask:
                continue
            if transfer.whole:
                self._to_ask.append(transfer)
                self._tell_of(transfer, "a asks for the delete", "success")
                self.refresh_bindings()
            elif transfer not in listed:
                del self._wished[transfer]
            elif transfer.settled and not transfer.failed:
                del self._wished[transfer]
                self._tell_of(transfer, "not all of it came from there: nothing was deleted", "warning")

    def _tell_of(self, transfer: Transfer, words: str, tone: str) -> None:
        """In the pane's line, unless it tells of other work; over what hides it as well."""
        text = f"{account.summary(transfer)} · {words}"
        if not self.busy:
            self.say(text, tone)
        if self.busy or not self.display:
            self.app.notify(f"In Storage: {text}", markup=False)

    def action_again(self) -> None:
        """Try only what could not be deleted."""
        wanted = self._to_ask[-1] if self._to_ask else None
        if self.gateway is not None and isinstance(wanted, DeletePlan):
            self.delete_again(self.gateway, wanted)

    def action_delete_home(self) -> None:
        """Delete where it came from what is home by now."""
        wanted = self._to_ask[-1] if self._to_ask else None
        if self.gateway is None or not isinstance(wanted, Transfer):
            return
        if wanted.where != where_of(self.gateway):
            self.say(f"that download came from {wanted.where}, which is not connected", "error")
        else:
            self.delete_downloaded(self.gateway, wanted)

    @work(group="storage-work", exit_on_error=False)
    async def delete_again(self, gateway: Gateway, plan: DeletePlan) -> None:
        """Ask, and delete what failed."""
        stop = self.begin()
        try:
            if await self.confirmed(storage_delete_words.again_question(plan, gateway.target)):
                await self._run_delete(gateway, plan, stop)
        finally:
            self.end()

    @work(group="storage-work", exit_on_error=False)
    async def delete_downloaded(self, gateway: Gateway, transfer: Transfer) -> None:
        """Count again, ask, and delete what was downloaded: what came or changed since stays."""
        aims = [Aim(row.uri, row.item) for row in self._wished[transfer]]
        stop = self.begin()
        try:
            plan = await self._count(gateway, aims, stop)
            if plan is None:
                return
            part = await asyncio.to_thread(only_downloaded, plan, transfer)
            if not part.live:
                self._drop(transfer)
                self.say("nothing of what was downloaded can be deleted there any more")
            elif await self._ask_and_delete(gateway, part, stop, home=True) is Answer.DELETED:
                self._drop(transfer)
        except CloudError as error:
            self.tell_trouble(error, "Nothing was deleted.")
        finally:
            self.end()

    def _drop(self, transfer: Transfer) -> None:
        """Its delete is done."""
        del self._wished[transfer]
        self._to_ask.remove(transfer)

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
                await self._ask_and_delete(gateway, chosen, stop)
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
        self,
        gateway: Gateway,
        plan: DeletePlan,
        stop: asyncio.Event,
        *,
        may_download: bool = False,
        home: bool = False,
    ) -> Answer:
        """Ask until there is an answer, and do it; `home` says that all of it was downloaded before."""
        while True:
            question = storage_delete_words.delete_question(
                plan, gateway.target, self.jobs, may_download=may_download, home=home
            )
            screen = ConfirmScreen(question)
            if await self.app.push_screen_wait(screen):
                await self._run_delete(gateway, plan, stop)
                return Answer.DELETED
            if screen.taken == storage_delete_words.EARLIER:
                plan = plan.taking_earlier(also=not plan.with_earlier)
                continue
            if screen.taken == storage_delete_words.DOWNLOAD.key:
                return Answer.DOWNLOAD
            self.say("nothing was deleted")
            return Answer.NO

    async def _run_delete(self, gateway: Gateway, plan: DeletePlan, stop: asyncio.Event) -> None:
        def progress(report: DeleteReport) -> None:
            self.paint(f"deleting: {report.done:,} of {plan.count:,} · c stops", report.done, plan.count)

        self.enter_stage(Stage.RUNNING)
        self.drop_report()
        self._to_ask = [one for one in self._to_ask if isinstance(one, Transfer)]
        self.say(f"deleting {', '.join(storage_delete_words.places(plan.aims)[:1])} …")
        report = await delete_plan(
            gateway.storage, plan, self.journal, target=gateway.target, stop=stop, on_progress=progress
        )
        failed = report.again()
        self._to_ask += [failed] if failed is not None else []
        hints = " · a tries again" if failed is not None else ""
        hints += storage_delete_words.undo_hint(report)
        self.conclude(
            "Delete", f"{report}{hints}", storage_delete_words.failures_of(report), complete=report.complete
        )
        self.refresh_level(forget=True)
        if report.buckets_gone:
            self.post_message(messages.SetupChanged())
