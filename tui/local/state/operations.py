"""Long-running operations: the effect is immediate, the operation says so a little later."""

from __future__ import annotations

import secrets

from tui.local.clock import SECOND, now_ns
from tui.local.state.database import Database
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message


class Operations:
    """`google.longrunning.Operation`s by name."""

    def __init__(self, database: Database, delay_seconds: float) -> None:
        self._database = database
        self._delay_ns = int(delay_seconds * SECOND)

    def add(self, parent: str, response: Message, metadata: Message, *, at_once: bool = False) -> Message:
        """A new operation `PARENT/NUMBER` (or `PARENT.TOKEN` for a bare `operations/…` parent)."""
        unique = str(secrets.randbelow(9 * 10**18) + 10**18)
        operation = gtypes.Operation(name=f"{parent}{unique}", done=True)
        operation.metadata.Pack(metadata)
        operation.response.Pack(response)
        due = now_ns() + (0 if at_once else self._delay_ns)
        self._database.connection.execute(
            "INSERT INTO operations VALUES (?, ?, ?)", (operation.name, due, operation.SerializeToString())
        )
        return self._as_of(operation, due)

    def find(self, name: str) -> tuple[Message, int] | None:
        """The operation as it is now, and when it is done (nanoseconds since the epoch)."""
        row = self._database.connection.execute(
            "SELECT data, due_ns FROM operations WHERE name = ?", (name,)
        ).fetchone()
        return (self._as_of(gtypes.Operation.FromString(row[0]), row[1]), row[1]) if row else None

    def page(self, prefix: str, after: str, size: int) -> list[Message]:
        """Up to `size` operations whose names begin with `prefix` and come after a name, in order."""
        rows = self._database.connection.execute(
            "SELECT data, due_ns FROM operations WHERE name > ? AND name < ? ORDER BY name LIMIT ?",
            (max(after, prefix), prefix + "\U0010ffff", size),
        )
        return [self._as_of(gtypes.Operation.FromString(data), due_ns) for data, due_ns in rows]

    def delete(self, name: str) -> bool:
        """Forget an operation; whether there was one."""
        query = "DELETE FROM operations WHERE name = ?"
        return self._database.connection.execute(query, (name,)).rowcount > 0

    def prune(self, before_ns: int, most: int) -> int:
        """Forget up to `most` operations that were done before a time; how many there were."""
        query = "DELETE FROM operations WHERE name IN (SELECT name FROM operations WHERE due_ns < ? LIMIT ?)"
        return self._database.connection.execute(query, (before_ns, most)).rowcount

    def _as_of(self, operation: Message, due_ns: int) -> Message:
        """Not done before its time; one that is due later than ever it was began before a clock set back."""
        if 0 < due_ns - now_ns() <= self._delay_ns:
            operation.ClearField("response")
            operation.done = False
        return operation
