"""Keys that are typed while the answer to a dialog is carried out reach what comes then.

Without this they go to a field of the dialog that is about to close, or to what was in front before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, ClassVar, TypeVar

from textual import events
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen
from textual.worker import NoActiveWorker, Worker, get_current_worker

Answer = TypeVar("Answer")

LONGEST = 2.0
"""Seconds after which kept keys are let go, whatever still goes on."""
STEP = 0.01
"""Seconds between two looks at what goes on."""


class AnswerScreen(ModalScreen[Answer]):
    """A dialog whose enter is carried out by the worker that asked, while the keys typed next are kept.

    One that stays open after enter calls `stays`.
    """

    ANSWERING: ClassVar[frozenset[str]] = frozenset({"enter"})
    """Keys that may close it."""

    def __init__(self) -> None:
        super().__init__()
        self._asked_by: Worker[Any] | None = None
        with suppress(NoActiveWorker):
            self._asked_by = get_current_worker()
        self._stayed = False
        self._dismissed = False

    def stays(self) -> None:
        """Enter did not close it: what is typed next is for it."""
        self._stayed = True

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Close with an answer."""
        self._dismissed = True
        return super().dismiss(result)

    def answering(self) -> None:
        """A key that may close it is on its way to it."""
        self._stayed = False

    def carried_out(self, app: App[Any]) -> bool:
        """Whether what was typed next has somewhere to go."""
        if not self._dismissed:
            return self._stayed
        asked_by = self._asked_by
        return asked_by is None or asked_by.is_finished or isinstance(app.screen, ModalScreen)


class TypeAhead:
    """The keys that an app keeps back for a moment, in their order."""

    def __init__(self, app: App[Any], deliver: Callable[[events.Event], Awaitable[None]]) -> None:
        """`deliver` is how the app handles an event."""
        self._app = app
        self._deliver = deliver
        self._kept: list[events.Event] | None = None
        self._waiting: asyncio.Task[None] | None = None

    def takes(self, event: events.Event) -> bool:
        """Whether a key or paste is kept for later; begin to keep the next ones behind one that answers."""
        if self._kept is not None:
            self._kept.append(event)
            return True
        screen = self._app.screen
        pressed = event.key if isinstance(event, events.Key) else ""
        if isinstance(screen, AnswerScreen) and pressed in screen.ANSWERING:
            self._kept = []
            screen.answering()
            self._waiting = asyncio.create_task(self._wait(screen))
        return False

    async def _wait(self, screen: AnswerScreen[Any]) -> None:
        for _ in range(round(LONGEST / STEP)):
            if screen.carried_out(self._app):
                break
            await asyncio.sleep(STEP)
        self._app.call_later(self._let_go)

    async def _let_go(self) -> None:
        """Handle what was kept, and then again what comes; in one turn of the app, so that none overtakes."""
        kept, self._kept = self._kept or [], None
        while kept:
            await self._deliver(kept.pop(0))
            if self._kept is not None:  # one of them was an answer itself
                self._kept.extend(kept)
                return
