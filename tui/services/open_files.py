"""Notes of which spec files a session has open, so that another session on the same file can say so."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from tui.services.files import write_atomic
from tui.services.paths import private_dir
from tui.services.processes import ProcessId, this_process

FOLDER = "open-specs"
"""Below the state folder; one note a session."""


class OpenFiles:
    """The notes of all sessions; a note of a process that is gone counts for nothing."""

    def __init__(self, state_dir: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._folder = state_dir / FOLDER
        self._clock = clock
        self._since: dict[str, str] = {}
        self._me = this_process()
        host = hashlib.sha256(self._me.host.encode("utf-8", "surrogateescape")).hexdigest()[:8]
        self._mine = self._folder / f"{host}-{self._me.pid}.json"

    def note(self, paths: Collection[Path]) -> None:
        """Say that this session has exactly these files open.

        Raises:
            OSError: the note cannot be written.
        """
        now = self._clock().isoformat()
        self._since = {name: self._since.get(name, now) for name in map(_real, paths)}
        if not self._since:
            with suppress(FileNotFoundError):
                self._mine.unlink()
            return
        record = {**self._me.record, "files": self._since}
        private_dir(self._folder)
        write_atomic(self._mine, json.dumps(record).encode("utf-8", "surrogateescape"), mode=0o600)

    def touch(self) -> None:
        """Show other hosts that this session still lives."""
        with suppress(OSError):
            os.utime(self._mine)

    def others(self, path: Path) -> datetime | None:
        """Since when another living session has the file open, the earliest if there are several."""
        found = []
        for note in self._folder.glob("*.json"):
            try:
                record = json.loads(note.read_bytes())
                owner = ProcessId.of(record)
                lives = owner.lives(note)
                since = record["files"].get(_real(path))
                moment = datetime.fromisoformat(since) if since else None
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                continue
            if not lives:
                with suppress(OSError):
                    note.unlink()
            elif moment is not None and owner != self._me:
                found.append(moment)
        return min(found, default=None)


def _real(path: Path) -> str:
    """One name for all the links to a file."""
    return os.path.realpath(path)
