"""Patience with an outage: what is waited for is told on stderr, and since when."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from tui.commands.output import note, safe
from tui.domain.errors import CloudError
from tui.domain.polling import PollPace

TOLD_AFTER = 10.0
"""Seconds without anything new after which that is told; again after twice as many, and so on."""
_TICK = 1.0
_PAUSE = 2.0
Read = TypeVar("Read")


class Waiting:
    """Tells for how long nothing new has come."""

    def __init__(self, nothing: str = "Nothing has come") -> None:
        """`nothing` is said with since when."""
        self._nothing = nothing
        self._told = False
        self._begin()

    def _begin(self) -> None:
        self._since, self._clock = time.monotonic(), datetime.now().astimezone()
        self._tell_at = TOLD_AFTER

    def came(self) -> None:
        """Something new is here, which is told where its lack was."""
        if self._told:
            note("It goes on.")
        self._told = False
        self._begin()

    def look(self, what: str, why: str = "") -> float:
        """The seconds since something came; now and then they are told, with what is waited for and why."""
        seconds = time.monotonic() - self._since
        if seconds >= self._tell_at:
            self._tell_at, self._told = 2 * seconds, True
            note(f"{self._nothing} since {self._clock:%H:%M:%S}: waiting for {safe(what)}{because(why)}")
        return seconds


def because(why: str) -> str:
    """A reason in brackets, with a blank before; empty if there is none."""
    return f" ({safe(why).rstrip('.')})" if why else ""


class PatienceError(Exception):
    """Nothing came for too long.

    Attributes:
        seconds: for how long.
        why: what was in the way the last time, as far as that is known.
    """

    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(seconds, why)
        self.seconds = seconds
        self.why = why


def needs_the_user(error: CloudError) -> bool:
    """Whether waiting does not end a trouble: it lasts, or its hint asks for more than another try."""
    return not error.retryable or bool(error.hint and not error.hint_once)


async def patiently(
    read: Callable[[], Awaitable[Read]],
    waiting: Waiting,
    what: str,
    *,
    most: float = math.inf,
    hopeless: Callable[[CloudError], bool] = needs_the_user,
    pace: PollPace | None = None,
) -> Read:
    """What `read` gives, asked again and again while an outage lasts, but for at most `most` seconds.

    Raises:
        CloudError: it cannot be read, and waiting does not change that.
        PatienceError: the time is over.
    """
    pace = pace or PollPace(_PAUSE, _PAUSE)
    waiting.came()
    why = ""
    while True:
        try:
            result = await _told(read(), waiting, what, why, most)
        except CloudError as error:
            if hopeless(error):
                raise
            why = str(error)
            pace.failed(error.retry_after)
        else:
            pace.succeeded()
            waiting.came()
            return result
        await _told(asyncio.sleep(pace.delay(live=True)), waiting, what, why, most)


async def _told(work: Awaitable[Read], waiting: Waiting, what: str, why: str, most: float) -> Read:
    """The end of some work; meanwhile it is told what is waited for, and after `most` seconds it is left."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            if (seconds := waiting.look(what, why)) >= most:
                raise PatienceError(seconds, why)
            await asyncio.wait([task], timeout=min(_TICK, most - seconds))
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
