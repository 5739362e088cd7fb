"""One piece of work of the Storage pane at a time: counted, asked for, stoppable, accounted for after."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from enum import Enum, auto
from time import monotonic
from typing import Any, TypeVar

from textual.content import Content
from textual.widgets import Static

from tui.domain.errors import CloudError
from tui.domain.text import printable
from tui.panes import messages, storage_words
from tui.panes.messages import PaneId
from tui.panes.storage_browser import StorageBrowser
from tui.panes.storage_prompt import Prompt
from tui.services.options import AppOptions
from tui.widgets.confirm import ConfirmScreen, Question

Result = TypeVar("Result")

REPAINT_SECONDS = 0.2
"""Least time between two paints of a running total."""


class Stage(Enum):
    """How far the piece of work is; only one is done at a time."""

    IDLE = auto()
    ASKING = auto()
    COUNTING = auto()
    RUNNING = auto()


class StorageTask(StorageBrowser):
    """The part of the Storage pane that knows what is under way and says how far it is."""

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

    def begin(self) -> asyncio.Event:
        self._stop = asyncio.Event()
        self.enter_stage(Stage.ASKING)
        return self._stop

    def enter_stage(self, stage: Stage) -> None:
        self._stage = stage
        self.refresh_bindings()

    def end(self) -> None:
        self._stop = None
        self.enter_stage(Stage.IDLE)
        self.post_message(messages.BadgeChanged(PaneId.STORAGE, ""))

    async def confirmed(self, question: Question) -> bool:
        return await self.app.push_screen_wait(ConfirmScreen(question))

    # What is said in the line below

    def say(self, text: str, tone: str = "") -> None:
        """One line about what was done or is being done; empty hides it."""
        note = self.query_one("#storage-note", Static)
        note.update(Content.styled(text, f"$text-{tone}" if tone else ""))
        note.set_class(not text, "hidden")

    def paint(self, text: str, done: int = 0, whole: int = 0) -> None:
        """A running total, now and then."""
        if monotonic() - self._painted_at < REPAINT_SECONDS:
            return
        self._painted_at = monotonic()
        self.say(text)
        if whole:
            self.post_message(messages.BadgeChanged(PaneId.STORAGE, f"{100 * done // whole}%"))

    def conclude(self, title: str, text: str, failures: list[tuple[str, str]], *, complete: bool) -> None:
        """The account; with its failures listed if there are any."""
        self.say(f"{'✓' if complete else '✗'} {text}", "success" if complete else "error")
        if failures:
            self.show_report(f"{title}: what failed", text, storage_words.failure_lines(failures))
        if not self.display:
            self.app.notify(text, markup=False, severity="information" if complete else "error")

    def tell_trouble(self, error: CloudError, consequence: str) -> None:
        parts = (error.title, error.message, error.hint)
        self.say(f"✗ {printable(error.title)} · {consequence}", "error")
        self.show_report(error.title, consequence, [printable(part) for part in parts[1:] if part])


async def unless(stop: asyncio.Event, work_: Coroutine[Any, Any, Result]) -> Result | None:
    """The result, or None when `stop` was set first; the work is cancelled then."""
    task = asyncio.create_task(work_)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return await task if task.done() else None
    finally:
        task.cancel()
        stopping.cancel()
