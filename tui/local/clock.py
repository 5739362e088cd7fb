"""Time as the API gives it: nanoseconds since the epoch, and protobuf timestamps.

Everything the server does in time asks here. Its time is real time, unless the owner made it run faster
(`vertex-tui local time`): then a day of job history passes in a minute, and whoever waits waits less.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from tui.local.wire.gtypes import Message

T = TypeVar("T")
SECOND = 1_000_000_000
MAX_SPEED = 1_000_000.0
"""Fastest time: a fortnight in a second."""
_KEPT = 50
"""Stretches of time that are remembered, to place what jobs printed before a change."""
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,18}))?)?\s*(Z|z|[+-]\d\d:?\d\d)?)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `real_ns` on, time begins at `virtual_ns` and runs `speed` times as fast as real time.

    One that begins in the past becomes real time when it has caught up with it.
    """

    real_ns: int
    virtual_ns: int
    speed: float

    def at(self, real_ns: int) -> int:
        """The server's time at a real time."""
        passed = real_ns - self.real_ns
        found = self.virtual_ns + (passed if self.speed == 1 else int(passed * self.speed))
        return min(found, real_ns) if self.virtual_ns < self.real_ns else found

    def reached(self, virtual_ns: int) -> int:
        """The real time at which it is `virtual_ns`: the inverse of `at`."""
        passed = virtual_ns - self.virtual_ns
        found = self.real_ns + (passed if self.speed == 1 else int(passed / self.speed))
        return max(found, virtual_ns) if self.virtual_ns < self.real_ns else found


class WallClock:
    """The server's time: real time at first, then one stretch after the other."""

    def __init__(self, real_ns: Callable[[], int] = time.time_ns) -> None:
        self._real_ns = real_ns
        self.stretches: tuple[Stretch, ...] = (Stretch(0, 0, 1.0),)
        """Oldest first; never empty."""
        self._waiting: set[asyncio.Event] = set()
        self._jumped_ns = 0

    @property
    def speed(self) -> float:
        """Seconds of the server's time in a real second, now."""
        real = self._real_ns()
        last = self.stretches[-1]
        caught_up = last.virtual_ns < last.real_ns and last.at(real) == real
        return 1.0 if caught_up else last.speed

    def now_ns(self) -> int:
        """The server's time, in nanoseconds since the epoch."""
        return self.stretches[-1].at(self._real_ns())

    def monotonic(self) -> float:
        """Seconds of the server's time since some moment; setting the time does not make it jump."""
        return (self.now_ns() - self._jumped_ns) / SECOND

    def ahead_seconds(self) -> float:
        """How far the server's time is before real time; negative when behind."""
        real = self._real_ns()
        return (self.stretches[-1].at(real) - real) / SECOND

    def virtual_ns(self, real_ns: int) -> int:
        """The server's time at a real time of this process's life or before; it never runs backwards.

        That holds between two changes; a change may set the time back.
        """
        for index in range(len(self.stretches) - 1, -1, -1):
            if self.stretches[index].real_ns <= real_ns:
                return self.stretches[index].at(real_ns)
        return real_ns

    def real_seconds(self, virtual_seconds: float) -> float:
        """Real seconds until `virtual_seconds` have passed from now on."""
        real = self._real_ns()
        last = self.stretches[-1]
        target = last.at(real) + int(virtual_seconds * SECOND)
        return max(last.reached(target) - real, 0) / SECOND

    def run(self, speed: float, *, since_seconds: float | None = None) -> None:
        """From now on run `speed` times as fast, beginning `since_seconds` before real time if given.

        Raises:
            ValueError: the speed is not above 0 and at most `MAX_SPEED`, or the beginning is not in the past.
        """
        if not 0 < speed <= MAX_SPEED:
            raise ValueError(f"the speed must be above 0 and at most {MAX_SPEED:,.0f}")
        real = self._real_ns()
        begin = self.stretches[-1].at(real)
        if since_seconds is not None:
            if not 0 < since_seconds <= real / SECOND:
                raise ValueError("the beginning must be in the past, and not before 1970")
            begin = real - int(since_seconds * SECOND)
        self._change(Stretch(real, begin, speed))

    def reset(self) -> None:
        """Back to real time, at once."""
        real = self._real_ns()
        self._change(Stretch(real, real, 1.0))

    def restore(self, stretches: tuple[Stretch, ...]) -> None:
        """Take up the time of an earlier process: it went on meanwhile."""
        self.stretches = stretches or self.stretches
        self._wake()

    def _change(self, stretch: Stretch) -> None:
        self._jumped_ns += stretch.virtual_ns - self.stretches[-1].at(stretch.real_ns)
        self.stretches = (*self.stretches, stretch)[-_KEPT:]
        self._wake()

    def _wake(self) -> None:
        for event in self._waiting:
            event.set()

    async def sleep(self, virtual_seconds: float) -> None:
        """Wait for `virtual_seconds`; a change of the speed counts from when it is made."""
        left = virtual_seconds
        while left > 0:
            stretch, begin = self.stretches[-1], self._real_ns()
            if not await self._changed_within(self.real_seconds(left)):
                return
            left -= (stretch.at(self._real_ns()) - stretch.at(begin)) / SECOND
        await asyncio.sleep(0)

    async def _changed_within(self, real_seconds: float) -> bool:
        changed = asyncio.Event()
        self._waiting.add(changed)
        try:
            async with asyncio.timeout(real_seconds):
                await changed.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(changed)
        return True

    async def wait_for(self, waited: Coroutine[Any, Any, T], virtual_seconds: float) -> T:
        """As `asyncio.wait_for`, with the server's seconds.

        Raises:
            TimeoutError: it took longer; the coroutine is cancelled.
        """
        task = asyncio.ensure_future(waited)
        timer = asyncio.ensure_future(self.sleep(virtual_seconds))
        try:
            await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise TimeoutError
            return task.result()
        finally:
            for each in (task, timer):
                each.cancel()
            await asyncio.gather(task, timer, return_exceptions=True)


WALL = WallClock()
"""The one clock of the process."""


def now_ns() -> int:
    """Now, in nanoseconds since the epoch, by the server's time."""
    return WALL.now_ns()


def now_seconds() -> float:
    """Now, in seconds since the epoch, by the server's time."""
    return WALL.now_ns() / SECOND


def monotonic() -> float:
    """As `time.monotonic`, in seconds of the server's time."""
    return WALL.monotonic()


def virtual_ns(real_ns: int) -> int:
    """The server's time at a real time, for what was stamped by another process."""
    return WALL.virtual_ns(real_ns)


def real_seconds(virtual_seconds: float) -> float:
    """Real seconds in which `virtual_seconds` of the server's time pass from now on."""
    return WALL.real_seconds(virtual_seconds)


async def sleep(virtual_seconds: float) -> None:
    """Wait for seconds of the server's time."""
    await WALL.sleep(virtual_seconds)


async def wait_for(waited: Coroutine[Any, Any, T], virtual_seconds: float) -> T:
    """As `asyncio.wait_for`, with seconds of the server's time.

    Raises:
        TimeoutError: it took longer.
    """
    return await WALL.wait_for(waited, virtual_seconds)


def stamp(target: Message, ns: int) -> None:
    """Set a `google.protobuf.Timestamp`."""
    target.seconds, target.nanos = divmod(ns, SECOND)


def unstamp(source: Message) -> int:
    """Read a `google.protobuf.Timestamp`."""
    return int(source.seconds) * SECOND + int(source.nanos)


def parse_ns(text: str) -> int:
    """Read an RFC 3339 time, also without a colon in its zone, or a date alone.

    Raises:
        ValueError: it is neither.
    """
    found = _RFC3339.fullmatch(text.strip())
    if not found:
        raise ValueError(f"not a timestamp: {text!r}")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    whole = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), tzinfo=UTC)
    seconds = (whole - _EPOCH) // timedelta(seconds=1) + int(second or 0) - _offset(zone)
    return seconds * SECOND + int((fraction or "0")[:9].ljust(9, "0"))


def _offset(zone: str | None) -> int:
    if not zone or zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if zone[0] == "-" else seconds
