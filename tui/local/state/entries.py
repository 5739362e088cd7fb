"""Log entries: appended in batches, listed by position, handed to whoever tails."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tui.local.clock import unstamp
from tui.local.state.database import Database
from tui.local.wire.gtypes import Message

Position = tuple[int, str, str]
"""Timestamp, insert id, log name: the order of a listing."""


MAX_PAGE_BYTES = 3 * 1024 * 1024
"""A page ends early beyond that: gRPC clients take messages of 4 MiB."""


@dataclass(slots=True)
class Page:
    """Entries of one page."""

    entries: list[tuple[Position, bytes]] = field(default_factory=list)
    more: bool = False
    """Whether there may be more behind it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a filter surely demands, so that SQLite can look in the right place."""

    job_id: str | None = None
    since_ns: int | None = None
    """Inclusive."""
    until_ns: int | None = None
    """Inclusive."""
    severity: int | None = None
    """At least this."""


class Entries:
    """The table of log entries, and those who wait for new ones."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: set[Callable[[Sequence[Message]], None]] = set()
        last = database.connection.execute("SELECT max(seq) FROM entries").fetchone()[0]
        self._next = (last or 0) + 1

    def insert_id(self) -> str:
        """A new insert id; later ones sort after earlier ones."""
        self._next += 1
        return f"l{self._next:015x}"

    def append(self, entries: Sequence[Message], *, position: tuple[str, str, int] | None = None) -> None:
        """Store entries, and with them, in one transaction, how far a replica's output was read.

        An entry with the timestamp, insert id and log name of a stored one is dropped.

        Args:
            entries: `google.logging.v2.LogEntry`s with timestamp and insert id.
            position: job id, replica, and offset in its output file.
        """
        rows = [
            (
                unstamp(entry.timestamp),
                entry.insert_id,
                entry.log_name,
                entry.resource.labels.get("job_id", ""),
                int(entry.severity),
                entry.SerializeToString(),
            )
            for entry in entries
        ]
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO entries (ts, insert_id, log_name, job_id, severity, data)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                rows,
            )
            if position:
                connection.execute("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)", position)
        if entries:
            for listener in tuple(self._listeners):
                listener(entries)

    def offset(self, job_id: str, replica: str) -> int:
        """How far a replica's output was read."""
        row = self._database.connection.execute(
            "SELECT offset FROM positions WHERE job_id = ? AND replica = ?", (job_id, replica)
        ).fetchone()
        return int(row[0]) if row else 0

    def listen(self, listener: Callable[[Sequence[Message]], None]) -> Callable[[], None]:
        """Call `listener` with every batch of new entries; the result ends that."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    async def page(
        self,
        bounds: Bounds,
        matches: Callable[[bytes], bool] | None,
        *,
        after: Position | None,
        newest_first: bool,
        size: int,
    ) -> Page:
        """Up to `size` serialized entries in order, from after a position on; read in a thread."""
        sql, values = _query(bounds, after, newest_first=newest_first)
        if matches is None:
            sql += " LIMIT ?"
            values.append(size)
        return await asyncio.to_thread(self._read, sql, values, matches, size)

    def _read(
        self, sql: str, values: list[object], matches: Callable[[bytes], bool] | None, size: int
    ) -> Page:
        connection = self._database.reader()
        try:
            return _take(connection.execute(sql, values), matches, size)
        finally:
            connection.close()

    def log_names(self) -> list[str]:
        """Names of all logs that hold entries."""
        rows = self._database.connection.execute("SELECT DISTINCT log_name FROM entries ORDER BY log_name")
        return [row[0] for row in rows]

    def delete_log(self, log_name: str) -> int:
        """Delete a log's entries; how many there were."""
        query = "DELETE FROM entries WHERE log_name = ?"
        return self._database.connection.execute(query, (log_name,)).rowcount


def _take(cursor: sqlite3.Cursor, matches: Callable[[bytes], bool] | None, size: int) -> Page:
    page = Page()
    left = MAX_PAGE_BYTES
    for ts, insert_id, log_name, data in cursor:
        if matches is None or matches(data):
            page.entries.append(((ts, insert_id, log_name), data))
            left -= len(data)
            if len(page.entries) == size or left < 0:
                page.more = True
                break
    return page


def _query(bounds: Bounds, after: Position | None, *, newest_first: bool) -> tuple[str, list[object]]:
    clauses: list[tuple[str, Iterable[object]]] = []
    if bounds.job_id is not None:
        clauses.append(("job_id = ?", (bounds.job_id,)))
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
