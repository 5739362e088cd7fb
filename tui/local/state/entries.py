"""Log entries: appended in batches, listed by position, handed to whoever tails."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence

from tui.local.clock import now_ns, stamp, unstamp
from tui.local.faults.book import FaultBook
from tui.local.faults.log_faults import sort_out
from tui.local.state.database import Database
from tui.local.state.entry_pages import Bounds, Page, Position, Readers
from tui.local.state.held import HeldEntries
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message

Row = tuple[int, str, str, str, int, bytes]
"""Timestamp in ns, insert id, log name, job id, severity, and the whole `LogEntry` serialized."""
_INSERT = (
    "INSERT OR IGNORE INTO entries (ts, insert_id, log_name, job_id, severity, data)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_SLICE = 500
"""Rows stored, or deleted, in one go when many are: a few ms for which nothing else happens."""
_OLD = (
    "SELECT seq FROM entries WHERE job_id = ? AND ts < ?",
    # Only the index over job ids is read, from one job to the next, however many entries each has.
    "SELECT min(job_id) FROM entries WHERE job_id > ?",
)
_SHOWN = "SELECT id FROM jobs WHERE json_extract(run, '$.recorded') UNION SELECT job_id FROM recordings"
"""Jobs that ran elsewhere: whoever brought their logs here wants to see them, whatever their age."""

Listener = Callable[[Sequence[Message]], None]


class Entries:
    """The table of log entries, and those who wait for new ones."""

    def __init__(self, database: Database, faults: FaultBook | None = None) -> None:
        self._database = database
        self._faults = faults
        self._listeners: set[Listener] = set()
        self._readers = Readers(database)
        self._held = HeldEntries(database, self._store_late, self._tell)
        # Microseconds: more than any earlier server has counted to, and no need to ask the table.
        self._next = time.time_ns() // 1000

    def close(self) -> None:
        """Stop waiting for entries that are due later; the next server takes them up."""
        self._held.close()
        self._readers.close()

    def insert_id(self) -> str:
        """A new insert id; later ones sort after earlier ones."""
        self._next += 1
        return f"l{self._next:015x}"

    def append(
        self,
        entries: Sequence[Message],
        *,
        position: tuple[str, str, int] | None = None,
        along: Callable[[], object] | None = None,
    ) -> None:
        """Store entries, and with them, in one transaction, what belongs to them.

        An entry with the timestamp, insert id and log name of a stored one is dropped. Faults on request
        may hold entries of jobs back, or hand them to tails twice; they are stored nevertheless.

        Args:
            entries: `google.logging.v2.LogEntry`s with timestamp and insert id.
            position: job id, replica, and offset in its output file, up to which it was read.
            along: stores something else.
        """
        plan = sort_out(self._faults, entries)
        with self._database.transaction() as connection:
            self._store(connection, [row_of(entry) for entry in plan.prompt])
            self._held.add(connection, plan.late)
            if position:
                connection.execute("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)", position)
            if along:
                along()
        if plan.late:
            self._held.schedule()
        self._tell(plan.prompt)
        self._tell(plan.doubles)

    async def append_many(self, rows: Iterable[Row]) -> int:
        """Store many entries fast, such as a million seeds; how many rows were given.

        Neither tails nor faults see them. The loop runs on between batches, so that the server goes on
        answering. `rows_like` makes the rows of lines that differ little, so that a million takes some
        15 s; `row_of` makes one of any entry.
        """
        count = 0
        left = iter(rows)
        while batch := list(itertools.islice(left, _SLICE)):
            with self._database.transaction() as connection:
                self._store(connection, batch)
            count += len(batch)
            await asyncio.sleep(0)
        return count

    def _store(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        connection.executemany(_INSERT, rows)
        names = {row[2] for row in rows}
        connection.executemany("INSERT OR IGNORE INTO logs VALUES (?)", [(name,) for name in names])

    def _store_late(self, connection: sqlite3.Connection, entries: Sequence[Message]) -> None:
        now = now_ns()
        for entry in entries:
            stamp(entry.receive_timestamp, now)
        self._store(connection, [row_of(entry) for entry in entries])

    def _tell(self, entries: Sequence[Message]) -> None:
        if entries:
            for listener in tuple(self._listeners):
                listener(entries)

    def offset(self, job_id: str, replica: str) -> int:
        """How far a replica's output was read."""
        row = self._database.connection.execute(
            "SELECT offset FROM positions WHERE job_id = ? AND replica = ?", (job_id, replica)
        ).fetchone()
        return int(row[0]) if row else 0

    def listen(self, listener: Listener) -> Callable[[], None]:
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
        seconds: float = float("inf"),
    ) -> Page:
        """Up to `size` serialized entries in order, from after a position on; read in a thread.

        A page ends early, and may be empty, when looking for entries that match has taken `seconds`.
        """
        return await asyncio.to_thread(
            self._readers.page,
            bounds,
            matches,
            after=after,
            newest_first=newest_first,
            size=size,
            seconds=seconds,
        )

    def log_names(self) -> list[str]:
        """Names of all logs that hold entries, in order."""
        rows = self._database.connection.execute("SELECT name FROM logs ORDER BY name")
        return [row[0] for row in rows]

    async def delete_of_jobs(self, job_ids: Iterable[str]) -> int:
        """Delete the entries that name one of these jobs; how many there were. The loop runs on between."""
        count = 0
        for job_id in job_ids:
            count += await self._delete("SELECT seq FROM entries WHERE job_id = ?", job_id)
        if count:
            await self._forget_empty()
        return count

    async def delete_log(self, log_name: str) -> bool:
        """Delete a log with the entries it has now; whether there was one. The loop runs on between."""
        held = self._held.delete_log(log_name)
        known = self._database.connection.execute("SELECT 1 FROM logs WHERE name = ?", (log_name,)).fetchone()
        if known:
            # No index begins with the log's name: one holds it, though, which is read whole, in a thread.
            await self._delete("SELECT seq FROM entries WHERE log_name = ?", log_name)
            await self._forget_empty()
        return bool(held or known)

    async def purge(self, before_ns: int) -> int:
        """Delete older entries, but for those of recorded jobs; how many there were. The loop runs on."""
        numbers = await asyncio.to_thread(self._readers.read, lambda reader: _old(reader, before_ns))
        await self._delete_numbers(numbers)
        if numbers:
            await self._forget_empty()
        return len(numbers)

    async def _delete(self, query: str, value: str) -> int:
        numbers = await asyncio.to_thread(
            self._readers.read, lambda reader: array("q", (row[0] for row in reader.execute(query, (value,))))
        )
        await self._delete_numbers(numbers)
        return len(numbers)

    async def _delete_numbers(self, numbers: Sequence[int]) -> None:
        for first in range(0, len(numbers), _SLICE):
            with self._database.transaction() as connection:
                connection.executemany(
                    "DELETE FROM entries WHERE seq = ?",
                    [(number,) for number in numbers[first : first + _SLICE]],
                )
            await asyncio.sleep(0)

    async def _forget_empty(self) -> None:
        """Forget the logs that no entry is left of."""
        connection = self._database.connection
        names = {name for (name,) in connection.execute("SELECT name FROM logs")}
        last = connection.execute("SELECT max(seq) FROM entries").fetchone()[0] or 0
        empty = names - await asyncio.to_thread(self._readers.read, _log_names)
        # Numbers only grow: what has come since then stands behind the last.
        query = "DELETE FROM logs WHERE name = ? AND name NOT IN (SELECT log_name FROM entries WHERE seq > ?)"
        with self._database.transaction():
            connection.executemany(query, [(name, last) for name in empty])


def _old(reader: sqlite3.Connection, before_ns: int) -> array[int]:
    """Numbers of the entries before a time, without those of recorded jobs."""
    shown = {job_id for (job_id,) in reader.execute(_SHOWN)}
    of_job, next_job = _OLD
    found = array("q")
    job_id: str | None = ""
    while job_id is not None:
        if job_id not in shown:
            found.extend(row[0] for row in reader.execute(of_job, (job_id, before_ns)))
        job_id = reader.execute(next_job, (job_id,)).fetchone()[0]
    return found


def _log_names(reader: sqlite3.Connection) -> set[str]:
    return {name for (name,) in reader.execute("SELECT DISTINCT log_name FROM entries")}


def row_of(entry: Message) -> Row:
    """The row of a `LogEntry` with timestamp and insert id."""
    return (
        unstamp(entry.timestamp),
        entry.insert_id,
        entry.log_name,
        entry.resource.labels.get("job_id", ""),
        int(entry.severity),
        entry.SerializeToString(),
    )


def rows_like(template: Message, lines: Iterable[tuple[int, str, Message | None]]) -> Iterator[Row]:
    """Rows for `Entries.append_many`: entries that differ from a template in what changes line by line.

    Args:
        template: a `LogEntry` with log name, resource, labels, severity; its other fields are kept too.
        lines: timestamp in ns, insert id, and a `LogEntry` with only the payload, or None for the
            template's own.
    """
    head = template.SerializeToString()
    job_id = template.resource.labels.get("job_id", "")
    times = gtypes.LogEntry()
    for time_ns, insert_id, payload in lines:
        stamp(times.timestamp, time_ns)
        stamp(times.receive_timestamp, time_ns)
        times.insert_id = insert_id
        # Serialized messages one after the other are the serialized form of their merger.
        data = head + times.SerializeToString() + (payload.SerializeToString() if payload else b"")
        yield time_ns, insert_id, template.log_name, job_id, int(template.severity), data
