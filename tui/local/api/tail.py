"""One tail session: new entries that pass a filter, held back for a window and sorted."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from typing import Any

from tui.local.api.log_quota import Meter
from tui.local.clock import unstamp
from tui.local.filters.automaton import CostError
from tui.local.filters.logs import LogFilter
from tui.local.state.entries import Entries
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code, invalid
from tui.local.wire.gtypes import Message

MAX_WINDOW = 60.0
"""Seconds; the API takes no longer buffer window."""
WINDOW = 2.0
"""Seconds, if the request does not say."""
MAX_WAITING = 100_000
MAX_WAITING_BYTES = 64 * 1024 * 1024
"""Entries held for a client that does not read; beyond that they are suppressed and counted."""
_BATCH = 1000
_BATCH_BYTES = 2 * 1024 * 1024
"""Of one response, which keeps it well under gRPC's 4 MiB."""
_REST = 0.02
"""Seconds in which entries that come due are gathered for one response."""

_INFO = gtypes.TailLogEntriesResponse.SuppressionInfo
_RATE_LIMIT = int(_INFO.Reason.RATE_LIMIT)
_NOT_CONSUMED = int(_INFO.Reason.NOT_CONSUMED)


class Tail:
    """Collects what is appended from its making on."""

    def __init__(
        self,
        entries: Entries | None,
        wanted: LogFilter,
        request: Message,
        meter: Meter,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin.

        Args:
            entries: what to listen to; None for a resource that never gets an entry.
            wanted: the filter.
            request: the session's first `TailLogEntriesRequest`.
            meter: the project's entries a minute.
            clock: seconds, by which windows and the session's length are measured.

        Raises:
            ApiError: INVALID_ARGUMENT: a window that is too long.
        """
        self._wanted = wanted
        self._request = request
        self._window = _window(request)
        self._meter = meter
        self._waiting: deque[tuple[float, Message]] = deque()
        """With the time at which an entry is due."""
        self._waiting_bytes = 0
        self._suppressed: dict[int, int] = {}
        self._failure: ApiError | None = None
        self._arrived = asyncio.Event()
        self._now = clock
        self.close = entries.listen(self._take) if entries else _nothing

    def _take(self, entries: Sequence[Message]) -> None:
        try:
            self._take_matching(entries)
        except CostError as error:
            self.close()
            self._failure = invalid(str(error))
            self._arrived.set()

    def _take_matching(self, entries: Sequence[Message]) -> None:
        due = self._now() + self._window
        for entry in entries:
            if not self._wanted.matches(entry):
                continue
            if len(self._waiting) >= MAX_WAITING or self._waiting_bytes >= MAX_WAITING_BYTES:
                self._suppress(_NOT_CONSUMED)
            elif not self._meter.take():
                self._suppress(_RATE_LIMIT)
            else:
                self._waiting.append((due, entry))
                self._waiting_bytes += entry.ByteSize()
        if self._waiting or self._suppressed:
            self._arrived.set()

    def _suppress(self, reason: int) -> None:
        self._suppressed[reason] = self._suppressed.get(reason, 0) + 1

    async def responses(
        self, requests: AsyncIterator[Message], longest: float
    ) -> AsyncGenerator[Message, None]:
        """Responses until the client ends its side; OUT_OF_RANGE after `longest` seconds.

        Raises:
            ApiError: OUT_OF_RANGE, or INVALID_ARGUMENT for a later request that asks for something else.
        """
        until = self._now() + longest
        ended = asyncio.ensure_future(self._read(requests))
        try:
            while True:
                await self._wait(ended, until)
                if ended.done():
                    ended.result()
                    return
                if self._failure:
                    raise self._failure
                for batch in self._due():
                    yield self._response(batch)
                if self._now() >= until:
                    raise ApiError(Code.OUT_OF_RANGE, "The maximum duration for tail has been met.")
        finally:
            ended.cancel()
            with contextlib.suppress(asyncio.CancelledError, ApiError):
                await ended

    async def _read(self, requests: AsyncIterator[Message]) -> None:
        """Wait for the end of the client's side."""
        first = self._request
        async for request in requests:
            names = list(request.resource_names)
            if (names and names != list(first.resource_names)) or (
                request.filter and request.filter != first.filter
            ):
                raise invalid("resource_names and filter cannot change in a tail session.")

    async def _wait(self, ended: asyncio.Future[None], until: float) -> None:
        """Wait until an entry is due, or the session's end."""
        if not (self._waiting or self._suppressed or self._failure):
            self._arrived.clear()
            arrived = asyncio.ensure_future(self._arrived.wait())
            either: set[asyncio.Future[Any]] = {arrived, ended}
            await asyncio.wait(either, timeout=until - self._now(), return_when=asyncio.FIRST_COMPLETED)
            arrived.cancel()
        due = self._waiting[0][0] if self._waiting else self._now() + self._window
        pause = (
            0.0
            if self._failure
            else min(max(due - self._now(), _REST if self._window else 0.0), until - self._now())
        )
        if pause > 0 and not ended.done():
            await asyncio.wait({ended}, timeout=pause)

    def _due(self) -> list[list[Message]]:
        """What is due, and what sorts before the last of that, in batches for one response each."""
        ready: list[Message] = []
        now = self._now()
        while self._waiting and self._waiting[0][0] <= now:
            ready.append(self._waiting.popleft()[1])
        if ready and self._waiting:
            newest = max(map(_order, ready))
            earlier = [pair for pair in self._waiting if _order(pair[1]) < newest]
            if earlier:
                ready += [entry for _, entry in earlier]
                self._waiting = deque(pair for pair in self._waiting if _order(pair[1]) >= newest)
        ready.sort(key=_order)
        batches = _batches(ready)
        return batches or ([[]] if self._suppressed else [])

    def _response(self, batch: list[Message]) -> Message:
        self._waiting_bytes -= sum(entry.ByteSize() for entry in batch)
        response = gtypes.TailLogEntriesResponse(entries=batch)
        for reason, count in self._suppressed.items():
            response.suppression_info.add(reason=reason, suppressed_count=count)
        self._suppressed.clear()
        return response


def _window(request: Message) -> float:
    window = request.buffer_window
    seconds = window.seconds + window.nanos / 1e9 if request.HasField("buffer_window") else WINDOW
    if not 0 <= seconds <= MAX_WINDOW:
        raise invalid("buffer_window must be between 0 and 60 seconds.")
    return float(seconds)


def _order(entry: Message) -> tuple[int, str]:
    return unstamp(entry.timestamp), entry.insert_id


def _batches(entries: list[Message]) -> list[list[Message]]:
    batches: list[list[Message]] = []
    size = 0
    for entry in entries:
        if not batches or len(batches[-1]) == _BATCH or size >= _BATCH_BYTES:
            batches.append([])
            size = 0
        batches[-1].append(entry)
        size += entry.ByteSize()
    return batches


def _nothing() -> None:
    return
