"""Pages of log entries, read in threads through connections of their own."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from tui.local.state.database import Database

T = TypeVar("T")
Position = tuple[int, str, str]
"""Timestamp, insert id, log name: the order of a listing."""

MAX_PAGE_BYTES = 3 * 1024 * 1024
"""A page ends early beyond that: gRPC clients take messages of 4 MiB."""
_LOOK_AT_CLOCK = 256
"""Entries that are read between two looks at the clock."""
_MOST_READERS = 4
"""Idle connections that are kept."""


@dataclass(slots=True)
class Page:
    """Entries of one page."""

    entries: list[bytes] = field(default_factory=list)
    """Serialized."""
    next: Position | None = None
    """Where the next page begins, after this position; None if there is none."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a filter surely demands, so that SQLite can look in the right place."""

    job_id: str | None = None
    log_name: str | None = None
    """ASCII; its case does not matter."""
    since_ns: int | None = None
    """Inclusive."""
    until_ns: int | None = None
    """Inclusive."""
    severity: int | None = None
    """At least this."""


class Readers:
    """Connections for reading, each used by one thread at a time and kept for the next."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._idle: list[sqlite3.Connection] = []

    def close(self) -> None:
        """Close those that are idle."""
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        # pop and append are atomic, so that threads need no lock here.
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._database.reader()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        if len(self._idle) < _MOST_READERS:
            self._idle.append(connection)
        else:
            connection.close()

    def read(self, reading: Callable[[sqlite3.Connection], T]) -> T:
        """What `reading` finds in one state of the database; for a thread."""
        with self._connection() as connection:
            connection.execute("BEGIN")
            found = reading(connection)
            connection.execute("COMMIT")
            return found

    def page(
        self,
        bounds: Bounds,
        matches: Callable[[bytes], bool] | None,
        *,
        after: Position | None,
        newest_first: bool,
        size: int,
        seconds: float,
    ) -> Page:
        """See `Entries.page`; for a thread."""
        sql, values = _query(bounds, after, newest_first=newest_first)
        if matches is None:
            sql += " LIMIT ?"
            values.append(size)
        with self._connection() as connection:
            cursor = connection.execute(sql, values)
            try:
                return _take(cursor, matches, size, time.monotonic() + seconds)
            finally:
                # An unfinished statement would hold its snapshot, and with it the write-ahead log.
                cursor.close()


def _take(cursor: sqlite3.Cursor, matches: Callable[[bytes], bool] | None, size: int, until: float) -> Page:
    page = Page()
    left = MAX_PAGE_BYTES
    for number, (ts, insert_id, log_name, data) in enumerate(cursor, start=1):
        if matches is None or matches(data):
            page.entries.append(data)
            left -= len(data)
            if len(page.entries) == size or left < 0:
                page.next = (ts, insert_id, log_name)
                break
        if number % _LOOK_AT_CLOCK == 0 and time.monotonic() >= until:
            page.next = (ts, insert_id, log_name)
            break
    return page


def _query(bounds: Bounds, after: Position | None, *, newest_first: bool) -> tuple[str, list[object]]:
    clauses: list[tuple[str, Iterable[object]]] = []
    if bounds.job_id is not None:
        clauses.append(("job_id = ?", (bounds.job_id,)))
    if bounds.log_name is not None:
        clauses.append(("log_name = ? COLLATE NOCASE", (bounds.log_name,)))
    if bounds.since_ns is not None:
        clauses.append(("ts >= ?", (bounds.since_ns,)))
    if bounds.until_ns is not None:
        clauses.append(("ts <= ?", (bounds.until_ns,)))
    if bounds.severity is not None:
        clauses.append(("severity >= ?", (bounds.severity,)))
    if after is not None:
        clauses.append((f"(ts, insert_id, log_name) {'<' if newest_first else '>'} (?, ?, ?)", after))
    direction = "DESC" if newest_first else "ASC"
    where = " AND ".join(clause for clause, _ in clauses) or "1"
    values = [value for _, given in clauses for value in given]
    order = f"ORDER BY ts {direction}, insert_id {direction}, log_name {direction}"
    return f"SELECT ts, insert_id, log_name, data FROM entries WHERE {where} {order}", values  # noqa: S608 (fixed parts)
