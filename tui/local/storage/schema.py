"""The SQLite file of the store, and the forms of its times and ids."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

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
    PRIMARY KEY (bucket, state, name, generation)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS blobs ON objects (blob);
CREATE INDEX IF NOT EXISTS expiring ON objects (hard_delete) WHERE state = 2;
CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL, name TEXT NOT NULL,
    started TEXT NOT NULL, request TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0);
"""

COLUMNS = (
    "state, name, generation, metageneration, size, crc32c, md5, blob, content_type, content_encoding, "
    "storage_class, created, updated, ended, hard_delete, components, extra"
)
"""Columns of `objects` in the order of `rows.ObjectRow`."""


def time_text(seconds: float) -> str:
    """A time as the API writes it, to the millisecond; such texts sort like the times."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


class Database:
    """One connection for all threads, one transaction at a time.

    A write that was acknowledged survives the death of the process (WAL); a file's bytes are on disk
    before the row that names it is written.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self._lock = threading.RLock()
        self._last = 0
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + SCHEMA)

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
        """The connection in a transaction that is committed at the end, or undone by an exception."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

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
