"""What the Storage pane does to things: one piece of work at a time, asked for first, accounted for after."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from enum import Enum, auto
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from textual import work
from textual.content import Content
from textual.widgets import Static

from tui.domain.deleteplan import DeletePlan, Tally
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.storage import GcsUri, ObjectInfo
from tui.domain.text import printable
from tui.panes import messages, storage_words
from tui.panes.messages import PaneId
from tui.panes.storage_browser import StorageBrowser
from tui.panes.storage_prompt import Prompt
from tui.panes.storage_table import Row
from tui.services.deletion import DeleteJournal, DeleteReport, delete_plan
from tui.services.listing import list_all, plan_delete
from tui.services.options import AppOptions
from tui.services.transfers import (
    DownloadPlan,
    DownloadReport,
    check_space,
    download_all,
    host_path,
    plan_download,
)
from tui.widgets.confirm import ConfirmScreen, Question

Result = TypeVar("Result")

REPAINT_SECONDS = 0.2
"""Least time between two paints of a running total."""

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")


class Stage(Enum):
    """How far the piece of work is; only one is done at a time."""

    IDLE = auto()
    ASKING = auto()
    COUNTING = auto()
    RUNNING = auto()


class StorageWork(StorageBrowser):
    """The part of the Storage pane that downloads, deletes and creates."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._stop: asyncio.Event | None = None
        self._stage = Stage.IDLE
        self._painted_at = 0.0
        self._folder = ""

    @property
    def busy(self) -> bool:
        """Whether something is being counted, asked, downloaded, deleted or created."""
        return self._stage is not Stage.IDLE

    @property
    def stoppable(self) -> bool:
        """Whether what is under way can be stopped."""
        return self._stage in (Stage.COUNTING, Stage.RUNNING)

    def stop_work(self) -> None:
        """End what is under way after the step it is in."""
        if self._stop is not None:
            self._stop.set()

    def go_back(self) -> bool:
        """A count under way ends first."""
        if self._stage is Stage.COUNTING and not self.query_one(Prompt).is_open:
            self.stop_work()
            return True
        return super().go_back()

    @work(group="storage-work", exit_on_error=False)
    async def delete(self, gateway: Gateway, row: Row, uri: GcsUri) -> None:
        """Count, ask, and delete what was counted."""
        stop = self._begin()
        try:
            plan = await self._count(gateway, row, uri, stop)
            if plan is None:
                return
            if not plan.count and not plan.takes_bucket:
                self.say("nothing lies there any more")
                self.refresh_level()
                return
            question = storage_words.delete_question(plan, gateway.target, self.jobs.jobs)
            if not await self._confirmed(question):
                self.say("nothing was deleted")
                return
            await self._run_delete(gateway, plan, stop)
        except CloudError as error:
            self._say_trouble(error, "Nothing was deleted.")
        finally:
            self._end()

    async def _count(self, gateway: Gateway, row: Row, uri: GcsUri, stop: asyncio.Event) -> DeletePlan | None:
        """The plan, with a running total on screen; None when the user stopped it."""
        self._enter(Stage.COUNTING)
        self.say(f"counting {storage_words.place_name(uri)} …")

        def tally(total: Tally) -> None:
            self._paint(f"counting {storage_words.place_name(uri)}: {total} · c or esc stops")

        plan = await _unless(stop, plan_delete(gateway.storage, uri, item=row.item, on_tally=tally))
        self._enter(Stage.ASKING)
        self.say("" if plan is not None else "stopped counting · nothing was deleted")
        return plan

    async def _run_delete(self, gateway: Gateway, plan: DeletePlan, stop: asyncio.Event) -> None:
        def progress(report: DeleteReport) -> None:
            done = len(report.gone) + len(report.failed)
            self._paint(f"deleting: {done:,} of {plan.count:,} · c stops", done, plan.count)

        self._enter(Stage.RUNNING)
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
        self._conclude("Delete", str(report), failures, complete=report.complete)
        self.refresh_level(forget=True)
        if plan.takes_bucket:
            self.post_message(messages.SetupChanged())

    @work(group="storage-work", exit_on_error=False)
    async def download(self, gateway: Gateway, row: Row, uri: GcsUri) -> None:
        """Ask where to, count, ask, and download."""
        stop = self._begin()
        try:
            plan = await self._plan_download(gateway, row, uri, stop)
            if plan is None:
                return
            replace = bool(plan.existing) and await self._confirmed(storage_words.replace_question(plan))
            if not await self._confirmed(
                storage_words.download_question(plan, gateway.target, replace=replace)
            ):
                self.say("nothing was downloaded")
                return
            await self._run_download(gateway, plan, stop, replace=replace)
        except CloudError as error:
            self._say_trouble(error, "Nothing was downloaded.")
        finally:
            self._end()

    async def _plan_download(
        self, gateway: Gateway, row: Row, uri: GcsUri, stop: asyncio.Event
    ) -> DownloadPlan | None:
        """What goes where; None when the user left or stopped it, or there is nothing."""
        proposed = self._folder or storage_words.home_path(self.options.settings.storage_download_dir)
        folder = await self.query_one(Prompt).ask("Download to", proposed)
        self._focus()
        if not folder or not folder.strip():
            return None
        self._folder = folder.strip()

        def tally(total: Tally) -> None:
            self._paint(f"counting {storage_words.place_name(uri)}: {total} · c or esc stops")

        items: tuple[ObjectInfo, ...] | None
        if row.item is not None:
            items = (row.item,)
        else:
            self._enter(Stage.COUNTING)
            items = await _unless(stop, list_all(gateway.storage, uri, on_tally=tally))
            self._enter(Stage.ASKING)
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
            text = f"downloading: {storage_words.download_progress(report)} · c stops"
            self._paint(text, report.bytes_done, plan.bytes)

        self._enter(Stage.RUNNING)
        self.say(f"downloading {storage_words.place_name(plan.uri)} …")
        report = await download_all(gateway.storage, plan, replace=replace, stop=stop, on_progress=progress)
        failures = [(landing.item.name, reason) for landing, reason in report.failed]
        target = f" → {printable(host_path(plan.target))}" if report.done else ""
        self._conclude("Download", f"{report}{target}", failures, complete=report.complete)

    @work(group="storage-work", exit_on_error=False)
    async def create(self, gateway: Gateway) -> None:
        """Create a bucket in the region of the jobs."""
        self._begin()
        try:
            name = await self.query_one(Prompt).ask(
                "Name of the new bucket", f"{gateway.target.project}-training"
            )
            self._focus()
            if not name:
                return
            if not _BUCKET_NAME.fullmatch(name):
                self.say("a bucket's name has 3 to 63 lower-case letters, digits, dashes or dots", "error")
                return
            if await self._confirmed(storage_words.bucket_question(name, gateway.target)):
                self.say(f"creating gs://{name} …")
                key = self.options.settings.kms_key
                await gateway.storage.create_bucket(name, gateway.target.region, kms_key=key)
                self.say(f"✓ created gs://{name}", "success")
                self.refresh_level(on=GcsUri(name))
                self.post_message(messages.SetupChanged())
        except CloudError as error:
            self._say_trouble(error, "No bucket was created.")
        finally:
            self._end()

    def _begin(self) -> asyncio.Event:
        self._stop = asyncio.Event()
        self._enter(Stage.ASKING)
        return self._stop

    def _enter(self, stage: Stage) -> None:
        self._stage = stage
        self.refresh_bindings()

    def _end(self) -> None:
        self._stop = None
        self._enter(Stage.IDLE)
        self.post_message(messages.BadgeChanged(PaneId.STORAGE, ""))

    async def _confirmed(self, question: Question) -> bool:
        return await self.app.push_screen_wait(ConfirmScreen(question))

    # What is said in the line below

    def say(self, text: str, tone: str = "") -> None:
        """One line about what was done or is being done; empty hides it."""
        note = self.query_one("#storage-note", Static)
        note.update(Content.styled(text, f"$text-{tone}" if tone else ""))
        note.set_class(not text, "hidden")

    def _paint(self, text: str, done: int = 0, whole: int = 0) -> None:
        """A running total, now and then."""
        if monotonic() - self._painted_at < REPAINT_SECONDS:
            return
        self._painted_at = monotonic()
        self.say(text)
        if whole:
            self.post_message(messages.BadgeChanged(PaneId.STORAGE, f"{100 * done // whole}%"))

    def _conclude(self, title: str, text: str, failures: list[tuple[str, str]], *, complete: bool) -> None:
        """The account; with its failures listed if there are any."""
        self.say(f"{'✓' if complete else '✗'} {text}", "success" if complete else "error")
        if failures:
            self.show_report(f"{title}: what failed", text, storage_words.failure_lines(failures))
            if self.display:
                self._focus()
        if not self.display:
            self.app.notify(text, markup=False, severity="information" if complete else "error")

    def _say_trouble(self, error: CloudError, consequence: str) -> None:
        parts = (error.title, error.message, error.hint)
        self.say(f"✗ {printable(error.title)} · {consequence}", "error")
        self.show_report(error.title, consequence, [printable(part) for part in parts[1:] if part])


async def _unless(stop: asyncio.Event, work_: Coroutine[Any, Any, Result]) -> Result | None:
    """The result, or None when `stop` was set first; the work is cancelled then."""
    task = asyncio.create_task(work_)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return await task if task.done() else None
    finally:
        task.cancel()
        stopping.cancel()
