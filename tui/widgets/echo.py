"""Asks the terminal whether it has drawn what was written: its answer comes when it is through with it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

from rich.console import RenderableType
from textual import events
from textual.app import App

from tui.widgets.frugal import FrugalApp

Result = TypeVar("Result")

PATIENCE = 8.0
"""Seconds after which an answer is not waited for any longer."""
LAST_PATIENCE = 1.0
"""The same when the app is left."""
FIRST_PATIENCE = 1.5
"""The same while it is not known whether the terminal answers at all."""
_ASK = "\x1b[6n"
"""Where is your cursor? Every terminal tells (DSR 6), in its turn."""
_STEP = 0.01
_MOST = 8
"""Questions without an answer that are remembered."""


class Echo:
    """Asks one terminal whether it has drawn all that was written."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._asked: deque[_Question] = deque()
        self._silent = 0
        self._answers = False
        self.is_closed = False
        """Whether nothing is to be asked now."""
        self.last_key = float("-inf")
        """When a key was pressed last, monotonic seconds."""

    @property
    def is_heard(self) -> bool:
        """Whether the terminal answers, as far as is known."""
        return self._silent < 2  # noqa: PLR2004 (one answer may be lost)

    @property
    def patience(self) -> float:
        """Seconds to wait for an answer: few as long as none ever came."""
        return PATIENCE if self._answers else FIRST_PATIENCE

    def ask(self, then: Callable[[float], object]) -> None:
        """Ask; `then` is given the seconds until the answer, in which what was written before was drawn."""
        self._asked.append(_Question(time.monotonic(), then))
        self._write(_ASK)

    def answered(self) -> None:
        """The terminal has answered the oldest question."""
        if self._asked:
            question = self._asked.popleft()
            self._silent = 0
            self._answers = True
            question.settle(time.monotonic() - question.at)

    def close(self) -> bool:
        """Ask nothing more; whether an answer is still on its way."""
        self.is_closed = True
        return self._answers and bool(self._asked)

    def give_up(self) -> None:
        """No answer came in time: go on without; it may still come."""
        self._silent += 1
        for question in self._asked:
            question.settle(0.0)
        while len(self._asked) > _MOST:
            self._asked.popleft()


class _Question:
    """One question, settled once."""

    def __init__(self, at: float, then: Callable[[float], object]) -> None:
        self.at = at
        self._then: Callable[[float], object] | None = then

    def settle(self, took: float) -> None:
        then, self._then = self._then, None
        if then is not None:
            then(took)


class EchoApp(FrugalApp[Result]):
    """An app that can ask its terminal."""

    _echo: Echo | None = None
    _leave: Callable[[], object] | None = None

    @property
    def echo(self) -> Echo | None:
        """The terminal, if there is one."""
        if self._echo is None and self._driver is not None and not self.is_headless:
            self._echo = Echo(self._driver.write)
        return self._echo

    def exit(
        self,
        result: Result | None = None,
        return_code: int = 0,
        message: RenderableType | None = None,
    ) -> None:
        """Leave, after an answer that is on its way: it would come to the shell as if it had been typed."""
        self._leave = partial(super().exit, result, return_code, message)
        if self._echo is not None and self._echo.close():
            self.set_timer(LAST_PATIENCE, self._leave)
        else:
            self._leave()

    def on_cursor_position(self, _event: events.CursorPosition) -> None:
        """The terminal has answered."""
        if self._echo is not None:
            self._echo.answered()
            if self._leave is not None and not self._echo.close():
                self._leave()

    async def on_event(self, event: events.Event) -> None:
        """Note when keys come: what comes by itself waits for their answers."""
        if isinstance(event, events.Key) and self._echo is not None:
            self._echo.last_key = time.monotonic()
        await super().on_event(event)


@asynccontextmanager
async def quiet_terminal(app: App[Any]) -> AsyncIterator[None]:
    """Ask nothing for the time of the block, nor have an answer on its way: another program reads then."""
    echo = app.echo if isinstance(app, EchoApp) else None
    until = time.monotonic() + LAST_PATIENCE
    while echo is not None and echo.close() and time.monotonic() < until:  # noqa: ASYNC110 (a second at most)
        await asyncio.sleep(_STEP)
    try:
        yield
    finally:
        if echo is not None:
            echo.is_closed = False
