"""The SQLite file: schema, connections, and what keeps an acknowledged write safe."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE services (name TEXT PRIMARY KEY, enabled INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE accounts (
    email TEXT PRIMARY KEY, display_name TEXT NOT NULL, unique_id TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE tokens (token TEXT PRIMARY KEY, principal TEXT NOT NULL, job_id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE operations (name TEXT PRIMARY KEY, due_ns INTEGER NOT NULL, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    region TEXT NOT NULL,
    create_ns INTEGER NOT NULL,
    settled INTEGER NOT NULL,
    data BLOB NOT NULL,
    run TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX jobs_by_time ON jobs (region, create_ns, id);
CREATE INDEX jobs_open ON jobs (settled) WHERE settled = 0;
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    ts INTEGER NOT NULL,
    insert_id TEXT NOT NULL,
    log_name TEXT NOT NULL,
    job_id TEXT NOT NULL,
    severity INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE UNIQUE INDEX entries_once ON entries (ts, insert_id, log_name);
CREATE INDEX entries_by_job ON entries (job_id, ts, insert_id, log_name);
CREATE TABLE positions (
    job_id TEXT NOT NULL, replica TEXT NOT NULL, offset INTEGER NOT NULL, PRIMARY KEY (job_id, replica)
) WITHOUT ROWID;
"""
_SECOND = """
CREATE TABLE quota_limits (
    metric TEXT NOT NULL, region TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (metric, region)
) WITHOUT ROWID;
CREATE TABLE recordings (
    job_id TEXT PRIMARY KEY, begin_ns INTEGER NOT NULL, speed REAL NOT NULL, job BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE recorded_entries (
    job_id TEXT NOT NULL, number INTEGER NOT NULL, ts INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (job_id, number)
) WITHOUT ROWID;
"""
_VERSIONS = (_FIRST, _SECOND)
"""What each version of the schema adds to the one before."""
SCHEMA_VERSION = len(_VERSIONS)


class Database:
    """One connection for the event loop; `reader` opens others for threads.

    WAL with `synchronous=NORMAL`: a commit survives the death of this process at any moment.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.connection = _connect(path)
        self.connection.execute("PRAGMA journal_mode=WAL")
        version = self.connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise RuntimeError(f"{path}: written by a newer version (schema {version}, not {SCHEMA_VERSION})")
        for number, script in enumerate(_VERSIONS[version:], start=version + 1):
            self.connection.executescript(f"BEGIN; {script} PRAGMA user_version={number}; COMMIT;")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All statements inside happen together or not at all."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def reader(self) -> sqlite3.Connection:
        """A read-only connection for another thread."""
        connection = _connect(self._path)
        connection.execute("PRAGMA query_only=ON")
        return connection

    def close(self) -> None:
        """Close the loop's connection."""
        self.connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA busy_timeout=5000")
    connection.execute("PRAGMA temp_store=MEMORY")
    return connection
