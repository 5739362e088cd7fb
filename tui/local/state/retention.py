"""What is not kept for ever: log entries after their retention, and operations that are long done."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3

from tui.local import clock
from tui.local.clock import SECOND, now_ns
from tui.local.state.database import Database
from tui.local.state.entries import Entries
from tui.local.state.operations import Operations

DAY = 24 * 3600 * SECOND
"""In nanoseconds, as all times here."""
LOG_DAYS = 30
"""Retention of the log bucket `_Default`."""
OPERATION_DAYS = 7
EVERY = 3600.0
"""Seconds of the server's time between two looks."""
REAL = 5.0
"""Real seconds between two looks at least, however fast the server's time runs."""
_SLICE = 500
"""Operations forgotten in one go."""
_BIG = 10_000
"""Deleted rows after which the write-ahead log is cut off."""
_log = logging.getLogger(__name__)


class Retention:
    """Forgets what is old, at the start and then every hour."""

    def __init__(self, database: Database, entries: Entries, operations: Operations) -> None:
        self._database = database
        self._entries = entries
        self._operations = operations
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._again_and_again(), name="retention")

    async def close(self) -> None:
        """Stop; what is left is for the next server."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _again_and_again(self) -> None:
        while True:
            try:
                await self.look()
            except sqlite3.Error:  # such as a full disk; the next look tries again
                _log.exception("deleting what is old")
            await asyncio.sleep(REAL)
            await clock.sleep(EVERY)

    async def look(self) -> int:
        """Forget now what is due; how many rows. The loop runs on between slices."""
        now = now_ns()
        count = await self._entries.purge(now - LOG_DAYS * DAY)
        gone = _SLICE
        while gone == _SLICE:
            gone = self._operations.prune(now - OPERATION_DAYS * DAY, _SLICE)
            count += gone
            await asyncio.sleep(0)
        if count >= _BIG:
            await asyncio.to_thread(self._database.checkpoint)
        return count
