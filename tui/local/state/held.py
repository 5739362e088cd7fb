"""Log entries that are stored but not to be seen before their time."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence

from tui.local.clock import SECOND
from tui.local.limits import is_full
from tui.local.state.database import Database
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message

_BATCH = 1_000
"""Entries that come out in one go."""
RETRY_SECONDS = 1.0
"""Pause before another try when there was no space to let entries out."""
_log = logging.getLogger(__name__)


class HeldEntries:
    """Entries that are held back; they outlive the server, and come out late if it was down meanwhile."""

    def __init__(
        self,
        database: Database,
        store: Callable[[sqlite3.Connection, Sequence[Message]], None],
        tell: Callable[[Sequence[Message]], None],
    ) -> None:
        """Take up what an earlier server held.

        Args:
            database: where they are kept.
            store: makes entries visible, within a transaction.
            tell: says so, after it.
        """
        self._database = database
        self._store = store
        self._tell = tell
        self._timer: asyncio.TimerHandle | None = None
        self.schedule()

    def close(self) -> None:
        """Let nothing out any more."""
        if self._timer:
            self._timer.cancel()

    def add(self, connection: sqlite3.Connection, late: Iterable[tuple[int, Message]]) -> None:
        """Hold entries back, within a transaction, each until a real time in ns."""
        connection.executemany(
            "INSERT INTO held_entries (due_ns, log_name, data) VALUES (?, ?, ?)",
            [(due_ns, entry.log_name, entry.SerializeToString()) for due_ns, entry in late],
        )

    def schedule(self, least_seconds: float = 0.0) -> None:
        """Wait for the first that is due; without an event loop somebody has to call `release`."""
        self.close()
        due_ns = self._database.connection.execute("SELECT min(due_ns) FROM held_entries").fetchone()[0]
        if due_ns is None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        seconds = max((due_ns - time.time_ns()) / SECOND, least_seconds)
        self._timer = loop.call_later(seconds, self.release)

    def release(self) -> None:
        """Let out what is due; what cannot be written now comes out later."""
        pause = RETRY_SECONDS
        try:
            self._release()
            pause = 0.0
        except sqlite3.OperationalError as error:
            if not is_full(error):
                raise
            _log.warning("late log entries wait for space on the disk")
        finally:
            self.schedule(pause)

    def _release(self) -> None:
        query = "SELECT number, data FROM held_entries WHERE due_ns <= ? ORDER BY due_ns, number LIMIT ?"
        with self._database.transaction() as connection:
            rows = connection.execute(query, (time.time_ns(), _BATCH)).fetchall()
            entries = [gtypes.LogEntry.FromString(data) for _, data in rows]
            self._store(connection, entries)
            connection.executemany(
                "DELETE FROM held_entries WHERE number = ?", [(number,) for number, _ in rows]
            )
        self._tell(entries)

    def delete_log(self, log_name: str) -> int:
        """Delete a log's entries; how many there were."""
        query = "DELETE FROM held_entries WHERE log_name = ?"
        return self._database.connection.execute(query, (log_name,)).rowcount
