"""The part of the Storage pane that brings objects to this box and files to a bucket."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual import work

from tui.domain.deleteplan import Tally
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.storage import GcsUri, ObjectInfo
from tui.domain.text import printable
from tui.panes import storage_transfer_words, storage_words
from tui.panes.storage_delete import StorageDeleting
from tui.panes.storage_prompt import Prompt
from tui.panes.storage_table import Row
from tui.panes.storage_task import Stage, unless
from tui.services.listing import list_all
from tui.services.transfers import (
    DownloadPlan,
    DownloadReport,
    check_space,
    download_all,
    host_path,
    plan_download,
)


class StorageTransfer(StorageDeleting):
    """Downloads and uploads."""

    @work(group="storage-work", exit_on_error=False)
    async def download(self, gateway: Gateway, row: Row, uri: GcsUri) -> None:
        """Ask where to, count, ask, and download."""
        stop = self.begin()
        try:
            plan = await self._plan_download(gateway, row, uri, stop)
            if plan is None:
                return
            replace = bool(plan.existing) and await self.confirmed(
                storage_transfer_words.replace_question(plan)
            )
            if not await self.confirmed(
                storage_transfer_words.download_question(plan, gateway.target, replace=replace)
            ):
                self.say("nothing was downloaded")
                return
            await self._run_download(gateway, plan, stop, replace=replace)
        except CloudError as error:
            self.tell_trouble(error, "Nothing was downloaded.")
        finally:
            self.end()

    async def _plan_download(
        self, gateway: Gateway, row: Row, uri: GcsUri, stop: asyncio.Event
    ) -> DownloadPlan | None:
        """What goes where; None when the user left or stopped it, or there is nothing."""
        proposed = self._folder or storage_transfer_words.home_path(
            self.options.settings.storage_download_dir
        )
        folder = await self.query_one(Prompt).ask("Download to", proposed)
        self._focus()
        if not folder or not folder.strip():
            return None
        self._folder = folder.strip()

        def tally(total: Tally) -> None:
            self.paint(f"counting {storage_words.place_name(uri)}: {total} · c or esc stops")

        items: tuple[ObjectInfo, ...] | None
        if row.item is not None:
            items = (row.item,)
        else:
            self.enter_stage(Stage.COUNTING)
            items = await unless(stop, list_all(gateway.storage, uri, on_tally=tally))
            self.enter_stage(Stage.ASKING)
        self.say("" if items is not None else "stopped counting · nothing was downloaded")
        if items is None:
            return None
        plan = await asyncio.to_thread(plan_download, uri, items, Path(self._folder))
        if not plan.landings:
            self.say("nothing lies there to download")
            return None
        check_space(plan)
        return plan

    async def _run_download(
        self, gateway: Gateway, plan: DownloadPlan, stop: asyncio.Event, *, replace: bool
    ) -> None:
        def progress(report: DownloadReport) -> None:
            text = f"downloading: {storage_transfer_words.download_progress(report)} · c stops"
            self.paint(text, report.bytes_done, plan.bytes)

        self.enter_stage(Stage.RUNNING)
        self.say(f"downloading {storage_words.place_name(plan.uri)} …")
        report = await download_all(gateway.storage, plan, replace=replace, stop=stop, on_progress=progress)
        failures = [(landing.item.name, reason) for landing, reason in report.failed]
        target = f" → {printable(host_path(plan.target))}" if report.done else ""
        self.conclude("Download", f"{report}{target}", failures, complete=report.complete)
