"""How bulk data reach the server: an SQLite file in its data directory, made by the caller.

The caller's process does the reading and checking, so that the server goes on answering, and what was not
written to its end is never taken over.
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

from tui.local.state.entries import Row

FOLDER = "staging"
"""The folder of the server's data directory that holds such files."""
STALE_SECONDS = 86_400.0
"""Age from which a file that nobody asked for counts as left behind."""
_NAME = re.compile(r"[a-z]+-[0-9a-f]{32}\.sqlite3")
_SCHEMA = """
PRAGMA journal_mode=OFF;
PRAGMA synchronous=OFF;
PRAGMA page_size=8192;
BEGIN;
CREATE TABLE about (content TEXT NOT NULL);
CREATE TABLE jobs (id TEXT PRIMARY KEY, region TEXT NOT NULL, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (
    ts INTEGER NOT NULL, insert_id TEXT NOT NULL, log_name TEXT NOT NULL, job_id TEXT NOT NULL,
    severity INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (ts, insert_id, log_name)
) WITHOUT ROWID;
"""


class StagedJob(NamedTuple):
    """A job as it was recorded."""

    job_id: str
    region: str
    data: bytes
    """A serialized `google.cloud.aiplatform.v1.CustomJob`."""


class Staging:
    """A file in the making; use it as a context manager, which removes it unless `finish` was called."""

    def __init__(self, data_dir: Path, kind: str) -> None:
        folder = data_dir / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        self.name = f"{kind}-{uuid.uuid4().hex}.sqlite3"
        self._path = folder / self.name
        self._finished = False
        self._connection = sqlite3.connect(self._path, isolation_level=None)
        self._connection.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        if not self._finished:
            self._path.unlink(missing_ok=True)

    def add_job(self, job: StagedJob) -> None:
        """Add a job."""
        self._connection.execute("INSERT INTO jobs VALUES (?, ?, ?)", job)

    def add_entries(self, rows: Iterable[Row]) -> int:
        """Add entries in any order, one of each timestamp, insert id and log name; how many were new."""
        before = self._connection.total_changes
        self._connection.executemany("INSERT OR IGNORE INTO entries VALUES (?, ?, ?, ?, ?, ?)", rows)
        return self._connection.total_changes - before

    def finish(self, **about: Any) -> str:  # noqa: ANN401  # whatever JSON the two sides agree on
        """Complete the file, with what else is to be said of it; its name."""
        self._connection.execute("INSERT INTO about VALUES (?)", (json.dumps(about),))
        self._connection.execute("COMMIT")
        self._finished = True
        return self.name

    def remove(self) -> None:
        """Remove the finished file: the server did not want it."""
        self._path.unlink(missing_ok=True)


class Staged:
    """A complete file, opened by the server."""

    def __init__(self, data_dir: Path, name: str) -> None:
        """Open it.

        Raises:
            ValueError: there is no such file, or it is not complete.
        """
        self.name = name
        self.path = data_dir / FOLDER / name
        if not _NAME.fullmatch(name) or not self.path.is_file():
            raise ValueError(f"there is no staged file {name!r}")
        self._connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            self._connection.execute("PRAGMA query_only=ON")
            content = self._connection.execute("SELECT content FROM about").fetchone()[0]
            self.about: dict[str, Any] = json.loads(content)
        except (sqlite3.DatabaseError, TypeError, ValueError) as error:
            self._connection.close()
            raise ValueError(f"the staged file {name!r} is not complete") from error

    def jobs(self) -> Iterator[StagedJob]:
        """The jobs, by id."""
        return (StagedJob(*row) for row in self._connection.execute("SELECT * FROM jobs ORDER BY id"))

    def count(self) -> int:
        """How many entries there are."""
        return int(self._connection.execute("SELECT count(*) FROM entries").fetchone()[0])

    def entries(self, skip: int = 0) -> Iterator[Row]:
        """The entries in order of time, from the one after the first `skip` on."""
        yield from self._connection.execute(
            "SELECT * FROM entries ORDER BY ts, insert_id, log_name LIMIT -1 OFFSET ?", (skip,)
        )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def remove(self) -> None:
        """Close the file and remove it."""
        self.close()
        self.path.unlink(missing_ok=True)


def sweep(data_dir: Path, known: frozenset[str]) -> None:
    """Remove what callers have left, except the files named in `known`."""
    before = time.time() - STALE_SECONDS
    for path in (data_dir / FOLDER).glob("*.sqlite3"):
        if path.name not in known and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
