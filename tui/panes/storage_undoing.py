"""The part of the Storage pane that takes deletes back, and restores what is soft-deleted."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui.domain.cleanup.undoing import UndoPlan
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.storage import Bucket, GcsUri
from tui.domain.storagelist.entries import Mode
from tui.domain.storagewords import when
from tui.panes import messages, storage_undo_words
from tui.panes.storage_table import Row
from tui.panes.storage_task import Stage, StorageTask, unless
from tui.services.deleteplans import Aim
from tui.services.deletion.journal import DeleteJournal
from tui.services.deletion.records import Outcome, Record, State, fates, past_deletes
from tui.services.deletion.undo import UndoReport, plan_restore, plan_undo, run_undo
from tui.services.options import AppOptions


class StorageUndoing(StorageTask):
    """Lists past deletes and brings things back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "Z",
            "deletes",
            "Deletes",
            id="storage.deletes",
            show=False,
            tooltip="What was deleted from here, and its undo",
        ),
        Binding("R", "restore", "Restore", id="storage.restore", tooltip="Bring back what is deleted"),
    ]

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self.journal = DeleteJournal(options.paths.journals_dir)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what works now."""
        free = not self.busy and self.gateway is not None
        if action == "deletes":
            return free
        if action == "restore":
            return free and not self.read_only and self.shows_past
        return super().check_action(action, parameters)

    @property
    def shows_past(self) -> bool:
        """Whether what is pointed at can be something deleted."""
        row = self.row
        return row is not None and (row.past or self.mode is Mode.DELETED)

    def action_deletes(self) -> None:
        """List past deletes."""
        if self.gateway is not None:
            self.show_deletes(self.gateway)

    def action_restore(self) -> None:
        """Bring back what is pointed at."""
        if self.gateway is not None:
            self.restore(self.gateway, self.targets())

    @work(group="storage-work", exit_on_error=False)
    async def show_deletes(self, gateway: Gateway) -> None:
        """Show the list, and undo the one that is chosen there."""
        from tui.panes.storage_undo import DeletesScreen  # noqa: PLC0415 (seldom used)

        stop = self.begin()
        try:
            records = await asyncio.to_thread(past_deletes, self.journal)

            async def details(record: Record) -> list[str]:
                return await self._account_of(gateway, record)

            record = await self.app.push_screen_wait(DeletesScreen(records, details))
            if record is not None:
                await self._undo(gateway, record, stop)
        except CloudError as error:
            self.tell_trouble(error, "Nothing was brought back.")
        finally:
            self.end()

    @work(group="storage-work", exit_on_error=False)
    async def restore(self, gateway: Gateway, rows: tuple[Row, ...]) -> None:
        """Bring back soft-deleted objects and buckets, and earlier versions."""
        stop = self.begin()
        try:
            buckets = [row.bucket for row in rows if row.bucket is not None and row.past]
            objects = [Aim(row.uri, row.item) for row in rows if row.bucket is None]
            if buckets:
                await self._restore_buckets(gateway, buckets, stop)
            if objects:
                plan = await self._look(gateway, objects, stop)
                if plan is not None:
                    about = storage_undo_words.aim_lines(objects)
                    await self._ask_and_restore(gateway, plan, about, stop)
        except CloudError as error:
            self.tell_trouble(error, "Not all of it was brought back.")
        finally:
            self.end()

    async def _restore_buckets(self, gateway: Gateway, buckets: list[Bucket], stop: asyncio.Event) -> None:
        """The buckets, then what lies in them."""
        about = [f"gs://{bucket.name}" for bucket in buckets]
        if not await self._ask_and_restore(gateway, UndoPlan(buckets=buckets), about, stop):
            return
        plan = await self._look(gateway, [Aim(GcsUri(bucket.name)) for bucket in buckets], stop)
        if plan is not None and not plan.nothing:
            await self._ask_and_restore(gateway, plan, ["What was last live in", *about], stop)

    async def _look(self, gateway: Gateway, aims: list[Aim], stop: asyncio.Event) -> UndoPlan | None:
        self.enter_stage(Stage.COUNTING)
        self.say("looking what can come back …")
        plan = await unless(stop, plan_restore(gateway.storage, aims, on_count=self._looked_through))
        self.enter_stage(Stage.ASKING)
        self.say("" if plan is not None else "stopped · nothing was brought back")
        return plan

    def _looked_through(self, count: int) -> None:
        self.paint(f"looking what can come back: {count:,} looked through · c or esc stops")

    async def _undo(self, gateway: Gateway, record: Record, stop: asyncio.Event) -> None:
        """Look what can come back, ask, restore."""
        if record.local != gateway.target.is_local:
            where = "local" if record.local else "in Google Cloud"
            self.say(f"that delete was {where}: it can be undone from there", "error")
            return
        if record.state is State.RUNNING:
            self.say("that delete is still under way in another session", "error")
            return
        self.enter_stage(Stage.COUNTING)
        self.say("looking what can come back …")
        plan = await unless(stop, plan_undo(gateway.storage, record, on_count=self._looked_through))
        self.enter_stage(Stage.ASKING)
        self.say("" if plan is not None else "stopped · nothing was brought back")
        if plan is not None:
            about = [*map(str, record.aims), f"deleted {when(record.began)}"]
            await self._ask_and_restore(gateway, plan, about, stop, record)

    async def _ask_and_restore(
        self,
        gateway: Gateway,
        plan: UndoPlan,
        about: list[str],
        stop: asyncio.Event,
        record: Record | None = None,
    ) -> bool:
        """Whether it was done."""
        if plan.nothing:
            lines = storage_undo_words.lost_lines(plan.lost)
            lines += [f"{plan.present:,} there anyway"] if plan.present else []
            self.say("nothing can come back", "error")
            self.show_report("Nothing can come back", storage_undo_words.why_nothing(plan), lines)
            return False
        title = storage_undo_words.title(plan, record)
        shown = about if len(about) <= 5 else [*about[:4], f"… and {len(about) - 4:,} more"]  # noqa: PLR2004
        question = storage_undo_words.undo_question(plan, gateway.target, title, shown)
        if self.read_only:
            self.say("this session is read-only: nothing is brought back", "error")
            return False
        if not await self.confirmed(question):
            self.say("nothing was brought back")
            return False
        await self._run_undo(gateway, plan, stop, record)
        return True

    async def _run_undo(
        self, gateway: Gateway, plan: UndoPlan, stop: asyncio.Event, record: Record | None
    ) -> None:
        def progress(report: UndoReport) -> None:
            whole = report.plan.count
            done = whole - report.left
            self.paint(f"bringing back: {done:,} of {whole:,} · c stops", done, whole)

        self.enter_stage(Stage.RUNNING)
        self.say("bringing back …")
        report = await run_undo(
            gateway.storage,
            plan,
            self.journal,
            target=gateway.target,
            stop=stop,
            record=record,
            on_progress=progress,
        )
        failures = storage_undo_words.undo_failures(report)
        listed = " · the deleted copies stay listed until they go for good; D shows what is there now"
        told = f"{report}{listed if self.mode is Mode.DELETED and self.place is not None else ''}"
        self.conclude("Undo", told, failures, complete=report.complete)
        if record is None and report.complete:
            self.unmark_all()
        self.refresh_level(forget=True)
        if report.buckets_back:
            self.post_message(messages.SetupChanged())

    async def _account_of(self, gateway: Gateway, record: Record) -> list[str]:
        """All that is known of a delete; what its journal does not know is looked up."""

        def read(looked_up: UndoPlan | None) -> list[str]:
            try:
                return storage_undo_words.detail_lines(record, fates(record.path), looked_up)
            except OSError as error:
                return [f"The journal cannot be read: {error}"]

        def doubtful() -> bool:
            try:
                return any(fate.outcome is Outcome.UNKNOWN for fate in fates(record.path))
            except OSError:
                return False

        looked_up = None
        same = record.local == gateway.target.is_local
        if same and record.state is not State.RUNNING and await asyncio.to_thread(doubtful):
            try:
                looked_up = await plan_undo(gateway.storage, record)
            except CloudError as error:
                return [f"✗ it could not be looked up: {error}", *await asyncio.to_thread(read, None)]
        return await asyncio.to_thread(read, looked_up)
