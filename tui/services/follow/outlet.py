"""Hands entries on to whoever follows a job: those of a moment together, with how late they are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from tui.domain.logclock import LagClock
from tui.domain.logs import LogEntry
from tui.services.follow.state import SECOND_NS, FollowTiming, LogBatch

SERVICE = "service"
"""The replica whose lines are the service's own."""


class Outlet:
    """Makes batches; possibly of entries that were handed on before."""

    def __init__(
        self, on_batch: Callable[[LogBatch], object], timing: FollowTiming, clock: Callable[[], datetime]
    ) -> None:
        """Describe it; `clock` is the time, UTC."""
        self.spoke = False
        """Whether a line of the job's own was among them."""
        self.service_spoke = False
        """Whether one of the service was."""
        self._on_batch = on_batch
        self._timing = timing
        self._clock = clock
        self._lag = LagClock()
        self._last = float("-inf")
        self._pending: list[LogEntry] = []
        self._shared = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def lag(self) -> float | None:
        """Seconds that the newest entries came after they were written; None while no new ones come."""
        if asyncio.get_running_loop().time() - self._last > self._timing.active:
            self._lag.rest()
        return self._lag.seconds

    def page(self, entries: Sequence[LogEntry], *, shared: bool = False) -> None:
        """Hand on at once what is old, or was kept back by an outage."""
        if entries:
            self._note_speech(entries)
            self._on_batch(LogBatch(tuple(entries), backfill=True, shared=shared))

    def take(self, entries: Sequence[LogEntry], *, shared: bool = False) -> None:
        """Hand on what is new, together with what comes in the next moment."""
        if not entries:
            return
        loop = asyncio.get_running_loop()
        self._note_speech(entries)
        self._last = loop.time()
        newest_ns = max(entry.timestamp_ns for entry in entries)
        self._lag.saw(newest_ns, int(self._clock().timestamp() * SECOND_NS))
        if shared is not self._shared:
            self.flush()
            self._shared = shared
        self._pending += entries
        if len(self._pending) >= self._timing.batch_entries:
            self.flush()
        elif self._timer is None:
            self._timer = loop.call_later(self._timing.batch, self.flush)

    def left_out(self, count: int) -> None:
        """So many entries were left out; they are found by the next list."""
        self._on_batch(LogBatch((), suppressed=count))

    def flush(self) -> None:
        """Hand on what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pending:
            batch, self._pending = LogBatch(tuple(self._pending), shared=self._shared), []
            self._on_batch(batch)

    def _note_speech(self, entries: Sequence[LogEntry]) -> None:
        if not self.spoke:
            self.spoke = any(entry.replica != SERVICE for entry in entries)
            self.service_spoke = self.service_spoke or any(entry.replica == SERVICE for entry in entries)
