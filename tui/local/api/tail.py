"""One tail session: new entries that pass a filter, held back for a window and sorted."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Any

from tui.local.clock import unstamp
from tui.local.filters.logs import LogFilter
from tui.local.state.entries import Entries
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code, invalid
from tui.local.wire.gtypes import Message

MAX_WINDOW = 60.0
"""Seconds; the API takes no longer buffer window."""
MAX_WAITING = 100_000
"""Entries held for a client that does not read; beyond that they are suppressed and counted."""
_BATCH = 1000
"""Entries of one response, which keeps it well under gRPC's 4 MiB."""
_BATCH_BYTES = 2 * 1024 * 1024


class Tail:
    """Collects what is appended from its making on."""

    def __init__(self, entries: Entries, wanted: LogFilter, window: float) -> None:
        if not 0 <= window <= MAX_WINDOW:
            raise invalid("buffer_window must be between 0 and 60 seconds.")
        self._wanted = wanted
        self._window = window
        self._waiting: deque[Message] = deque()
        self._suppressed = 0
        self._arrived = asyncio.Event()
        self.close = entries.listen(self._take)

    def _take(self, entries: Sequence[Message]) -> None:
        for entry in entries:
            if self._wanted.matches(entry):
                if len(self._waiting) < MAX_WAITING:
                    self._waiting.append(entry)
                else:
                    self._suppressed += 1
        if self._waiting:
            self._arrived.set()

    async def responses(self, requests: AsyncIterator[Message], longest: float) -> AsyncIterator[Message]:
        """Responses until the client ends its side; OUT_OF_RANGE after `longest` seconds."""
        until = asyncio.get_running_loop().time() + longest
        ended = asyncio.ensure_future(_exhaust(requests))
        try:
            while not ended.done():
                if not await self._wait(ended, until):
                    raise ApiError(Code.OUT_OF_RANGE, "The maximum duration for tail has been met.")
                while self._waiting:
                    yield self._response()
        finally:
            ended.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ended

    async def _wait(self, ended: asyncio.Future[None], until: float) -> bool:
        """Wait for entries and then for the window; False when time is up."""
        left = until - asyncio.get_running_loop().time()
        arrived = asyncio.create_task(self._arrived.wait())
        either: set[asyncio.Future[Any]] = {arrived, ended}
        done, _ = await asyncio.wait(either, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        arrived.cancel()
        if self._arrived.is_set() and self._window:
            await asyncio.wait({ended}, timeout=self._window)
        self._arrived.clear()
        return bool(done)

    def _response(self) -> Message:
        batch: list[Message] = []
        size = 0
        while self._waiting and len(batch) < _BATCH and size < _BATCH_BYTES:
            batch.append(self._waiting.popleft())
            size += batch[-1].ByteSize()
        batch.sort(key=lambda entry: (unstamp(entry.timestamp), entry.insert_id))
        response = gtypes.TailLogEntriesResponse(entries=batch)
        if self._suppressed:
            info = gtypes.TailLogEntriesResponse.SuppressionInfo
            response.suppression_info.add(reason=info.Reason.NOT_CONSUMED, suppressed_count=self._suppressed)
            self._suppressed = 0
        return response


async def _exhaust(requests: AsyncIterator[Message]) -> None:
    async for _ in requests:
        pass
