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
    job_id TEXT PRIMARY KEY, staged TEXT NOT NULL, speed REAL NOT NULL, begin_ns INTEGER NOT NULL,
    shift_ns INTEGER NOT NULL, replaced INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE held_entries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    due_ns INTEGER NOT NULL, log_name TEXT NOT NULL, data BLOB NOT NULL
);
CREATE INDEX held_entries_by_time ON held_entries (due_ns);
CREATE TABLE logs (name TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT INTO logs SELECT DISTINCT log_name FROM entries;
CREATE TABLE job_facts (
    region TEXT NOT NULL, create_ns INTEGER NOT NULL, id TEXT NOT NULL, state INTEGER NOT NULL,
    display_name TEXT NOT NULL, update_ns INTEGER, start_ns INTEGER, end_ns INTEGER,
    PRIMARY KEY (region, create_ns, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX job_facts_by_id ON job_facts (id);
CREATE INDEX job_facts_by_state ON job_facts (region, state);
CREATE TABLE job_labels (
    job_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (job_id, key)
) WITHOUT ROWID;
ALTER TABLE accounts ADD COLUMN description TEXT NOT NULL DEFAULT '';
CREATE TABLE quota_preferences (id TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE account_policies (email TEXT PRIMARY KEY, policy BLOB NOT NULL) WITHOUT ROWID;
"""
_VERSIONS = (_FIRST, _SECOND)
"""What each version of the schema adds to the one before."""
SCHEMA_VERSION = len(_VERSIONS)


_LOG_BYTES = 32 * 1024 * 1024
"""Of the write-ahead log's file, once what is in it was taken over."""


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
        """All statements inside happen together or not at all; one inside another joins it.

        Raises:
            sqlite3.OperationalError: it could not be written; nothing of it was.
        """
        connection = self.connection
        if connection.in_transaction:
            yield connection
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk may have undone it already
                connection.execute("ROLLBACK")
            raise

    def reader(self) -> sqlite3.Connection:
        """A read-only connection for another thread."""
        connection = _connect(self._path)
        connection.execute("PRAGMA query_only=ON")
        return connection

    def checkpoint(self) -> None:
        """Take the write-ahead log over and cut it off; for a thread, since it may take seconds."""
        connection = _connect(self._path)
        try:
            # The first keeps nobody from writing and leaves little to the second, which does.
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()

    def close(self) -> None:
        """Close the loop's connection."""
        self.connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA busy_timeout=5000")
    connection.execute("PRAGMA temp_store=MEMORY")
    connection.execute(f"PRAGMA journal_size_limit={_LOG_BYTES}")
    return connection
