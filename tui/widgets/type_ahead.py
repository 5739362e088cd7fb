"""Keys that are typed right behind each other mean what they mean when they are typed slowly.

Those typed while the answer to a dialog is carried out reach what comes then: without this they go to a field
of the dialog that is about to close, or to what was in front before it; so do those that are typed before the
file that the app was started with is open. Behind a key that leads into a field, text is for the field. And
an escape right before another key, which terminals send for alt and that key, is an escape where no key has
such a name.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, ClassVar, TypeVar

from textual import events
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Input, TextArea
from textual.worker import NoActiveWorker, Worker, get_current_worker

Answer = TypeVar("Answer")

LONGEST = 2.0
"""Seconds after which kept keys are let go, whatever still goes on."""
STEP = 0.01
"""Seconds between two looks at what goes on."""
AT_ONCE = frozenset({"ctrl+q", "ctrl+c"})
"""Keys that are never kept."""
_UNDER_WAY = 32
"""Keys that can be on their way through the widgets at a time."""


class AnswerScreen(ModalScreen[Answer]):
    """A dialog whose enter is carried out by the worker that asked, while the keys typed next are kept.

    One that stays open after enter calls `stays`.
    """

    ANSWERING: ClassVar[frozenset[str]] = frozenset({"enter"})
    """Keys that may close it."""
    DROPS: ClassVar[bool] = False
    """Whether keys typed right behind the answer are dropped, unless another dialog follows.

    One with ctrl or alt is never an answer, so that it stays.
    """

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

    def too_early(self, event: events.Event) -> bool:  # noqa: ARG002 (for those that ask about danger)
        """Whether a key or paste was on its way before the dialog could be read, and is dropped."""
        return False

    def may_answer(self, key: str) -> bool:
        """Whether this key may close it as it stands."""
        return key in self.ANSWERING

    def answering(self) -> None:
        """A key that may close it is on its way to it."""
        self._stayed = False

    def carried_out(self, app: App[Any]) -> bool:
        """Whether what was typed next has somewhere to go."""
        if not self._dismissed:
            return self._stayed
        asked_by = self._asked_by
        return asked_by is None or asked_by.is_finished or self._is_followed(app)

    def _is_followed(self, app: App[Any]) -> bool:
        """Whether another dialog is in front now."""
        return app.screen is not self and isinstance(app.screen, ModalScreen)


class TypeAhead:
    """The keys that an app keeps back for a moment, in their order."""

    def __init__(self, app: App[Any], deliver: Callable[[events.Event], Awaitable[None]]) -> None:
        """`deliver` is how the app handles an event."""
        self._app = app
        self._deliver = deliver
        self._kept: list[events.Event] | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._meant: deque[tuple[events.Event, Screen[Any]]] = deque(maxlen=_UNDER_WAY)
        """For which screen each of the last keys was typed."""
        self._passing: events.Key | None = None
        """A key that a widget has been given and that the app has not got back yet."""
        self._widget: Widget | None = None
        """The widget, until it has been given the key."""
        self._forgotten: asyncio.TimerHandle | None = None

    def lets_go(self, event: events.Key | events.Paste) -> bool:
        """Whether the app may handle a key or paste now; else it is dropped, or handled later."""
        if event.is_forwarded:
            if strayed := self._strayed(event):
                self._passed(event)
            return not strayed
        if self._keeps(event) or self._is_two_keys(event):
            return False
        screen = self._app.screen
        if isinstance(screen, AnswerScreen) and screen.too_early(event):
            return False
        self._goes(event)
        return True

    def _keeps(self, event: events.Key | events.Paste) -> bool:
        if self._kept is None or (isinstance(event, events.Key) and event.key in AT_ONCE):
            return False
        self._kept.append(event)
        return True

    def _goes(self, event: events.Key | events.Paste) -> None:
        """It goes to the screen in front: begin to keep the next ones behind one that answers."""
        screen = self._app.screen
        self._meant.append((event, screen))
        pressed = event.key if isinstance(event, events.Key) else ""
        if isinstance(screen, AnswerScreen) and screen.may_answer(pressed):
            self.keep()
            screen.answering()
            self.release_when(
                lambda: screen.carried_out(self._app),
                lambda: screen.DROPS and not isinstance(self._app.screen, ModalScreen),
            )
        elif isinstance(event, events.Key) and self._kept is None:
            self._let_pass(event)

    def _let_pass(self, event: events.Key) -> None:
        """What is typed behind a key such as ctrl+end or `/` waits until that was carried out.

        A field takes text at once, but all other keys come back to the app before they mean anything, so
        that of keys that arrive together the text would overtake them, or miss the field they lead to.
        """
        widget = self._app.focused or self._app.screen
        if event.is_printable and isinstance(widget, (Input, TextArea)):
            return
        self.keep()
        self._passing, self._widget = event, widget
        loop = asyncio.get_running_loop()
        self._forgotten = loop.call_later(LONGEST, self._passed, event)

    def _is_two_keys(self, event: events.Event) -> bool:
        """Whether alt and a key means escape and the key; then these come, in one turn, instead of it.

        A terminal that tells alt from escape sends no character with it. In a text that is being written
        a slip with alt is neither a way out of it nor a command to what lies behind it.
        """
        if not isinstance(event, events.Key) or not event.key.startswith("alt+") or not event.character:
            return False
        focused = self._app.focused
        writing = isinstance(focused, TextArea) or (
            isinstance(focused, Input) and isinstance(self._app.screen, ModalScreen)
        )
        if writing or self._is_bound(event.key):
            return False
        self._kept = [events.Key("escape", "\x1b"), _without_alt(event)]
        self._app.call_later(self._let_go)
        return True

    def _is_bound(self, key: str) -> bool:
        chain = self._app.screen._binding_chain  # noqa: SLF001 (Textual tells it nowhere else)
        return any(key in bindings.key_to_bindings for _, bindings in chain)

    def went(self, event: events.Key | events.Paste) -> None:
        """The app has handled a key or paste: given it to a widget, or taken it back from there."""
        if event is not self._passing:
            return
        widget, self._widget = self._widget, None
        if widget is None or not event.is_forwarded or not widget.call_later(self._handled, widget, event):
            self._passed(event)

    def _handled(self, widget: Widget, event: events.Event) -> None:
        """The widget has handled it: if it took it for itself, or is gone, the key does not come back."""
        stopped = event._stop_propagation  # noqa: SLF001 (Textual tells it nowhere else)
        if stopped or not (widget.is_attached and widget.is_parent_active):
            self._passed(event)

    def _passed(self, event: events.Event) -> None:
        if event is not self._passing:
            return
        self._passing = None
        if self._forgotten is not None:
            self._forgotten.cancel()
        self._app.call_later(self._let_go)  # behind what the key has set going, such as another focus

    def _strayed(self, event: events.Event) -> bool:
        """Whether a key that no widget took was typed for a screen that is not in front any more.

        Its widgets did not want it, so it comes back to the app, which would look for a key of that name
        among those of the screen that is in front by now.
        """
        return any(key is event and screen is not self._app.screen for key, screen in self._meant)

    def keep(self) -> None:
        """Keep what is typed from now on."""
        self._kept = []

    def release_when(self, ready: Callable[[], bool], drops: Callable[[], bool] = lambda: False) -> None:
        """Let what is kept go as soon as there is somewhere for it to go, or drop it."""
        self._waiting = asyncio.create_task(self._release(ready, drops))

    async def _release(self, ready: Callable[[], bool], drops: Callable[[], bool]) -> None:
        for _ in range(round(LONGEST / STEP)):
            if not self._app.is_running:
                return
            if ready():
                break
            await asyncio.sleep(STEP)
        if drops() and self._kept is not None:
            self._kept = [event for event in self._kept if _is_command(event)]
        self._app.call_later(self._let_go)

    async def _let_go(self) -> None:
        """Handle what was kept, and then again what comes; in one turn of the app, so that none overtakes."""
        kept, self._kept = self._kept or [], None
        while kept:
            await self._deliver(kept.pop(0))
            if self._kept is not None:  # one of them was an answer itself
                self._kept.extend(kept)
                return


def _without_alt(event: events.Key) -> events.Key:
    """The key that was typed behind an escape."""
    character = event.character or ""
    return events.Key(character if character.isalnum() else event.key.removeprefix("alt+"), character)


def _is_command(event: events.Event) -> bool:
    return isinstance(event, events.Key) and event.key.startswith(("ctrl+", "alt+"))
