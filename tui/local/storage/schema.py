"""The SQLite file of the store, and the forms of its times and ids."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tui.local.clock import now_seconds

SCHEMA = """
CREATE TABLE IF NOT EXISTS buckets (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, project TEXT NOT NULL, generation INTEGER NOT NULL,
    metageneration INTEGER NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL, config TEXT NOT NULL,
    policy TEXT NOT NULL, soft_deleted TEXT NOT NULL DEFAULT '', hard_delete TEXT NOT NULL DEFAULT '');
CREATE UNIQUE INDEX IF NOT EXISTS live_buckets ON buckets (name) WHERE soft_deleted = '';
CREATE TABLE IF NOT EXISTS objects (
    bucket INTEGER NOT NULL, state INTEGER NOT NULL, name TEXT NOT NULL, generation INTEGER NOT NULL,
    metageneration INTEGER NOT NULL, size INTEGER NOT NULL, crc32c TEXT NOT NULL, md5 TEXT NOT NULL,
    blob TEXT NOT NULL, content_type TEXT NOT NULL, content_encoding TEXT NOT NULL,
    storage_class TEXT NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL, ended TEXT NOT NULL,
    hard_delete TEXT NOT NULL, components INTEGER NOT NULL, extra TEXT NOT NULL,
    acl TEXT NOT NULL DEFAULT '', PRIMARY KEY (bucket, state, name, generation)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS blobs ON objects (blob);
CREATE INDEX IF NOT EXISTS expiring ON objects (hard_delete) WHERE state = 2;
CREATE TABLE IF NOT EXISTS small (blob TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL, name TEXT NOT NULL,
    started TEXT NOT NULL, request TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS folders (
    bucket INTEGER NOT NULL, managed INTEGER NOT NULL, name TEXT NOT NULL,
    metageneration INTEGER NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL,
    policy TEXT NOT NULL DEFAULT '', PRIMARY KEY (bucket, managed, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS operations (
    bucket TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (bucket, id)) WITHOUT ROWID;
"""

COLUMNS = (
    "state, name, generation, metageneration, size, crc32c, md5, blob, content_type, content_encoding, "
    "storage_class, created, updated, ended, hard_delete, components, extra, acl"
)
"""Columns of `objects` in the order of `rows.ObjectRow`."""


LAST_SECOND = 253_402_300_799
"""The end of the year 9999, beyond which no time can be written."""


def time_text(seconds: float) -> str:
    """A time as the API writes it, to the millisecond; such texts sort like the times."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def text_seconds(text: str) -> float:
    """Back from `time_text`, or from any RFC 3339 time, as seconds since the epoch.

    Raises:
        ValueError: it is neither.
    """
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def moved_time(text: str, seconds: float) -> str:
    """The time `seconds` after `text`; the last that there is instead of one beyond."""
    return time_text(min(text_seconds(text) + seconds, LAST_SECOND))


def day_start(day: str) -> str:
    """The first moment of a date, by UTC."""
    return f"{day}T00:00:00.000Z"


class Database:
    """One connection for all threads, one transaction at a time.

    A write that was acknowledged survives the death of the process (WAL); a file's bytes are on disk
    before the row that names it is written.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = now_seconds) -> None:
        self.clock = clock
        self._lock = threading.RLock()
        self._last = 0
        self._later: list[Callable[[], None]] = []
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + SCHEMA)
        columns = {row[1] for row in self._connection.execute("PRAGMA table_info(objects)")}
        if "acl" not in columns:
            self._connection.execute("ALTER TABLE objects ADD COLUMN acl TEXT NOT NULL DEFAULT ''")

    def close(self) -> None:
        """Close the file; later calls raise `sqlite3.ProgrammingError`."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, alone."""
        with self._lock:
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection in a transaction that is committed at the end, or undone by an exception.

        One inside another is a part of that one.
        """
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._later.clear()
                if self._connection.in_transaction:  # a full disk may have undone it already
                    self._connection.execute("ROLLBACK")
                raise
            later, self._later = self._later, []
            for step in later:
                step()

    def then(self, step: Callable[[], None]) -> None:
        """Do `step` once the open transaction is committed, never if it is undone; now if none is open."""
        with self._lock:
            if self._connection.in_transaction:
                self._later.append(step)
            else:
                step()

    def now(self) -> str:
        """The time, as the API writes it."""
        return time_text(self.clock())

    def after(self, seconds: float) -> str:
        """The time `seconds` from now."""
        return time_text(self.clock() + seconds)

    def generation(self, above: int = 0) -> int:
        """A new generation number: microseconds, larger than any before and than `above`."""
        with self._lock:
            self._last = max(int(self.clock() * 1_000_000), self._last + 1, above + 1)
            return self._last
