"""The part of the Storage pane that brings objects to this box and files to a bucket."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui.domain.deleteplan import Tally
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.storage import GcsUri, ObjectInfo
from tui.domain.storagewords import place_name
from tui.domain.text import printable
from tui.domain.transfers.overwrite import Overwrite
from tui.panes import messages, storage_transfer_words
from tui.panes.base import copied
from tui.panes.spec_pick import PickScreen
from tui.panes.storage_delete import StorageDeleting
from tui.panes.storage_prompt import Prompt
from tui.panes.storage_table import Row
from tui.panes.storage_task import Stage, unless
from tui.panes.storage_transfer_words import Way
from tui.panes.storage_transfers_panel import TransfersScreen
from tui.panes.storage_upload_path import UploadPathScreen
from tui.panes.storage_words import where_of
from tui.services.listing import bucket_settings, is_within, list_all
from tui.services.options import AppOptions
from tui.services.processes import BEAT
from tui.services.transfers import account
from tui.services.transfers.downloads import DownloadPlan, Source, check_space, plan_download
from tui.services.transfers.hub import Hub
from tui.services.transfers.model import Direction, Transfer
from tui.services.transfers.records import Records, records_dir
from tui.services.transfers.region import box_region
from tui.services.transfers.uploads import UploadPlan, find_files, look_there, plan_upload
from tui.widgets.confirm import ConfirmScreen, Question


class DownloadScreen(ConfirmScreen):
    """The question before a download, with a key that copies the command for one's own machine."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy_fetch", "Copy the command", id="download.copy", tooltip="scp from this box"),
    ]

    def __init__(self, question: Question, fetch: str, options: AppOptions) -> None:
        super().__init__(question)
        self._fetch = fetch
        self._options = options

    @work(exclusive=True, group="copy", exit_on_error=False)
    async def action_copy_fetch(self) -> None:
        """Copy the command that fetches the files from this box."""
        said = await copied(self.app, self._options, self._fetch, "the command")
        self.query_one("#dialog").border_subtitle = printable(said)


class StorageTransfer(StorageDeleting):
    """Downloads and uploads, which go on while the pane is used for other things."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self.hub = Hub(Records(records_dir(options.paths)))
        self._upload_from = ""
        self._told_of: set[Transfer] = set()
        """Transfers whose end is still to be said here."""

    def on_mount(self) -> None:
        """Tell the frame, and take over what an earlier session left unfinished."""
        self.post_message(messages.TransfersBegun(self.hub))
        self.hub.listen(self._tell_ends)
        self.set_interval(BEAT, self.hub.beat)
        self._restore_transfers()

    async def on_unmount(self) -> None:
        """What is unfinished stays for the next start."""
        await self.hub.close()

    def _tell_ends(self) -> None:
        """Say what came of transfers that were begun here; what was uploaded is listed."""
        ended = [one for one in self._told_of if one.settled]
        for transfer in ended:
            self._told_of.discard(transfer)
            if not self.busy and not self.waits_for(transfer):
                tone = "error" if transfer.failed else "success"
                again = " and tries again" if transfer.can_be_retried else ""
                failed = f" · T shows why{again}" if transfer.failed else ""
                self.say(f"{account.summary(transfer)}{failed}", tone)
            if transfer.direction is Direction.UP and is_within(transfer.place, self.place):
                self.refresh_level()
        self.tell_home(self.hub.transfers)

    async def _hand_to_hub(self, transfer: Transfer, words: str) -> None:
        """Let it be carried, and say so."""
        self._told_of.add(transfer)
        self.say(f"{words} · T shows transfers")
        await self.hub.add(transfer)

    @work(group="storage-restore", exit_on_error=False)
    async def _restore_transfers(self) -> None:
        try:
            await self.hub.restore()
        except OSError as error:
            self.say(f"✗ unfinished transfers cannot be looked for: {error.strerror or error}", "error")

    def watch_gateway(self, gateway: Gateway | None) -> None:
        """Carry by the new connection."""
        super().watch_gateway(gateway)
        if gateway is not None:
            self.hub.connect(gateway.storage, where_of(gateway))

    @property
    def transfers_under_way(self) -> tuple[str, ...]:
        """What the app asks about before it is left."""
        return tuple(account.under_way(one) for one in self.hub.active)

    @property
    def left_behind(self) -> list[str]:
        """What stays of them then."""
        return account.left_behind(self.hub.active)

    def action_show_transfers(self) -> None:
        """List all transfers."""
        self.show_transfers()

    def action_upload(self) -> None:
        """Send a file or a folder of this box here."""
        place = self.upload_place
        if self.gateway is not None and place is not None:
            self.upload(self.gateway, place)

    def show_transfers(self) -> None:
        """List all transfers over the panes."""
        if not any(isinstance(screen, TransfersScreen) for screen in self.app.screen_stack):
            self.app.push_screen(TransfersScreen(self.hub, self.options))

    # Downloads

    @work(group="storage-work", exit_on_error=False)
    async def download(self, gateway: Gateway, rows: tuple[Row, ...]) -> None:
        """Ask where to, count, ask, and begin."""
        await self.bring_home(gateway, rows)

    async def bring_home(self, gateway: Gateway, rows: tuple[Row, ...]) -> Transfer | None:
        """The download that was begun; None if it was not, which the pane has said by then."""
        stop = self.begin()
        try:
            plan = await self._plan_download(gateway, rows, stop)
            if plan is None:
                return None
            rule = await self._rule_for(plan.existing, "file") if plan.existing else Overwrite.KEEP
            if rule is None or not await self._confirm_download(gateway, plan, rule):
                self.say("nothing was downloaded")
                return None
            transfer = plan.transfer(rule, where_of(gateway))
        except CloudError as error:
            self.tell_trouble(error, "Nothing was downloaded.")
            return None
        finally:
            self.end()
        await self._hand_to_hub(transfer, f"downloading to {storage_transfer_words.on_host(plan.target)}")
        return transfer

    async def _plan_download(
        self, gateway: Gateway, rows: tuple[Row, ...], stop: asyncio.Event
    ) -> DownloadPlan | None:
        """What goes where; None when the user left or stopped it, or there is nothing."""
        default = self.options.settings.storage_download_dir
        proposed = self._folder or storage_transfer_words.home_path(default)
        folder = await self.query_one(Prompt).ask("Download to", proposed)
        self.give_focus()
        if not folder or not folder.strip():
            return None
        self._folder = folder.strip()
        sources = []
        for row in rows:
            items = (row.item,) if row.item is not None else await self._list_below(gateway, row.uri, stop)
            if items is None:
                self.say("stopped counting · nothing was downloaded")
                return None
            sources.append(Source(row.uri, items))
        self.say("")
        plan = await asyncio.to_thread(plan_download, sources, Path(self._folder)) if sources else None
        if plan is None or not plan.landings:
            self.say("nothing lies there to download")
            return None
        if all(landing.refused for landing in plan.landings):
            self.say(f"nothing can be downloaded there. {printable(' '.join(plan.notes))}", "error")
            return None
        check_space(plan)
        return plan

    async def _list_below(
        self, gateway: Gateway, uri: GcsUri, stop: asyncio.Event
    ) -> tuple[ObjectInfo, ...] | None:
        def tally(total: Tally) -> None:
            self.paint(f"counting {place_name(uri)}: {total} · c or esc stops")

        self.enter_stage(Stage.COUNTING)
        found = await unless(stop, list_all(gateway.storage, uri, on_tally=tally))
        self.enter_stage(Stage.ASKING)
        return found

    async def _confirm_download(self, gateway: Gateway, plan: DownloadPlan, rule: Overwrite) -> bool:
        way = Way(local=True)
        if not gateway.target.is_local:
            bucket = await bucket_settings(gateway.storage, plan.uri.bucket)
            region = await asyncio.to_thread(box_region)
            way = Way(bucket.location if bucket is not None else "", region)
        question = storage_transfer_words.download_question(plan, gateway.target, rule, way)
        fetch = storage_transfer_words.fetch_of(plan.folder, plan.tops)
        return await self.app.push_screen_wait(DownloadScreen(question, fetch, self.options))

    async def _rule_for(self, count: int, what: str) -> Overwrite | None:
        """What to do with what is there already; None when the user left."""
        title = f"{count:,} {what}{' is' if count == 1 else 's are'} there already"
        return await self.app.push_screen_wait(PickScreen(title, storage_transfer_words.rule_picks()))

    # Uploads

    @property
    def upload_place(self) -> GcsUri | None:
        """Where an upload would go: the tree's node, the place shown, or the bucket under the cursor."""
        row = self.row
        if self.place is not None and not (self.at_tree and row is not None):
            return self.place
        return row.uri if row is not None else None

    @work(group="storage-work", exit_on_error=False)
    async def upload(self, gateway: Gateway, place: GcsUri) -> None:
        """Ask for a file or folder, look, ask, and begin."""
        stop = self.begin()
        try:
            plan = await self._plan_upload(gateway, place, stop)
            if plan is None:
                return
            rule = await self._rule_for(plan.existing, "object") if plan.existing else Overwrite.KEEP
            if rule is None or not await self.confirmed(
                storage_transfer_words.upload_question(plan, gateway.target, rule, place)
            ):
                self.say("nothing was uploaded")
                return
            transfer = plan.transfer(rule, where_of(gateway))
        except CloudError as error:
            self.tell_trouble(error, "Nothing was uploaded.")
            return
        finally:
            self.end()
        await self._hand_to_hub(transfer, f"uploading to {place_name(plan.target)}")

    async def _plan_upload(self, gateway: Gateway, place: GcsUri, stop: asyncio.Event) -> UploadPlan | None:
        start = self._upload_from or f"{Path.cwd()}/"
        title = f"Upload to {place_name(place)}"
        path = await self.app.push_screen_wait(UploadPathScreen(title, start))
        if path is None:
            return None
        self._upload_from = f"{path.parent}/"
        self.say(f"looking through {printable(str(path))} …")
        self.enter_stage(Stage.COUNTING)

        def tally(total: Tally) -> None:
            self.paint(f"looking at what is there already: {total} · c or esc stops")

        found = await unless(stop, asyncio.to_thread(find_files, path, place))
        listed = None
        if found is not None:
            listed = await unless(stop, look_there(gateway.storage, found, place, on_tally=tally))
        self.enter_stage(Stage.ASKING)
        self.say("" if listed is not None else "stopped · nothing was uploaded")
        if found is None or listed is None:
            return None
        plan = plan_upload(found, place, listed)
        if not plan.files:
            notes = " ".join(plan.notes)
            self.say(f"nothing there can be uploaded. {printable(notes)}", "error" if notes else "")
            return None
        return plan
