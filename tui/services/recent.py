"""The spec files opened last, kept across sessions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tui.services.files import write_atomic
from tui.services.paths import private_dir

FILE = "recent-specs.json"
"""Below the state folder."""
KEPT = 20
"""Files that are remembered."""


@dataclass(frozen=True, slots=True)
class Recent:
    """A file that was opened once."""

    path: Path
    opened_at: datetime
    missing: bool
    """Whether it is not there now."""


class RecentFiles:
    """A short private list; a damaged one counts as empty."""

    def __init__(self, state_dir: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._file = state_dir / FILE
        self._clock = clock

    def add(self, path: Path) -> None:
        """Put a file first.

        Raises:
            OSError: the list cannot be written.
        """
        others = [entry for entry in self._read() if entry[0] != str(path)]
        self._write([(str(path), self._clock().isoformat()), *others][:KEPT])

    def forget(self, path: Path) -> None:
        """Take a file off the list.

        Raises:
            OSError: the list cannot be written.
        """
        self._write([entry for entry in self._read() if entry[0] != str(path)])

    def all(self) -> tuple[Recent, ...]:
        """The list, newest first."""
        return tuple(
            Recent(path, datetime.fromisoformat(when), not path.is_file())
            for path, when in ((Path(name), when) for name, when in self._read())
        )

    def _read(self) -> list[tuple[str, str]]:
        try:
            entries = json.loads(self._file.read_bytes())
            found = [(str(entry["path"]), str(entry["opened_at"])) for entry in entries]
            moments = [datetime.fromisoformat(when) for _, when in found]
        except (OSError, ValueError, KeyError, TypeError):
            return []
        return found if all(moment.tzinfo for moment in moments) else []

    def _write(self, entries: list[tuple[str, str]]) -> None:
        private_dir(self._file.parent)
        rows = [{"path": name, "opened_at": when} for name, when in entries]
        write_atomic(self._file, json.dumps(rows).encode("utf-8", "surrogateescape"), mode=0o600)
