"""Asks the terminal whether it has drawn what was written: its answer comes when it is through with it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from textual import events
from textual.app import App

Result = TypeVar("Result")

PATIENCE = 8.0
"""Seconds after which an answer is not waited for any longer."""
_ASK = "\x1b[6n"
"""Where is your cursor? Every terminal tells (DSR 6), in its turn."""
_MOST = 8
"""Questions without an answer that are remembered."""


class Echo:
    """Asks one terminal whether it has drawn all that was written."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._asked: deque[_Question] = deque()
        self._silent = 0
        self.last_key = float("-inf")
        """When a key was pressed last, monotonic seconds."""

    @property
    def is_heard(self) -> bool:
        """Whether the terminal answers, as far as is known."""
        return self._silent < 2  # noqa: PLR2004 (one answer may be lost)

    def ask(self, then: Callable[[float], object]) -> None:
        """Ask; `then` is given the seconds until the answer, in which what was written before was drawn."""
        self._asked.append(_Question(time.monotonic(), then))
        self._write(_ASK)

    def answered(self) -> None:
        """The terminal has answered the oldest question."""
        if self._asked:
            question = self._asked.popleft()
            self._silent = 0
            question.settle(time.monotonic() - question.at)

    def give_up(self) -> None:
        """No answer came in time: go on without; it may still come."""
        self._silent += 1
        for question in self._asked:
            question.settle(PATIENCE)
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


class EchoApp(App[Result]):
    """An app that can ask its terminal."""

    _echo: Echo | None = None

    @property
    def echo(self) -> Echo | None:
        """The terminal, if there is one."""
        if self._echo is None and self._driver is not None and not self.is_headless:
            self._echo = Echo(self._driver.write)
        return self._echo

    def on_cursor_position(self, _event: events.CursorPosition) -> None:
        """The terminal has answered."""
        if self._echo is not None:
            self._echo.answered()

    async def on_event(self, event: events.Event) -> None:
        """Note when keys come: what comes by itself waits for their answers."""
        if isinstance(event, events.Key) and self._echo is not None:
            self._echo.last_key = time.monotonic()
        await super().on_event(event)
