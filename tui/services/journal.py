"""Keeps the editor's unsaved text through a crash, a kill or a dropped connection."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tui.domain.secrets import hide_found
from tui.services.files import write_atomic
from tui.services.keptspecs import JOURNALS
from tui.services.paths import private_dir
from tui.services.processes import ProcessId, this_process

MAX_AGE_DAYS = 90
"""Older text is no longer offered, and is removed."""


@dataclass(frozen=True, slots=True)
class Unsaved:
    """Text that was never saved."""

    path: Path | None
    """The file that was edited; None for one without a name yet."""
    text: str
    """The text, detected secrets replaced by a placeholder."""
    saved_at: datetime
    journal: Path
    """The file that holds this."""
    host: str = ""
    """The other host it was typed on; empty for this one."""
    digest: str = ""
    """Of the file that the text was made from (`SpecFile.digest`); empty when that is not known."""


class Journal:
    """The unsaved texts of one session; several sessions keep theirs apart by their process and host.

    Texts are written from several threads: one that was taken earlier never replaces a later one.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._folder = folder / JOURNALS
        self._clock = clock
        self._lock = threading.Lock()
        self._taken = 0
        self._me = this_process()
        self._last: dict[str, tuple[int, tuple[str, str] | None]] = {}
        """By key, the ticket of the newest text that is on disk, and text and digest; None if cleared."""

    def ticket(self) -> int:
        """A number to be taken together with a text, before the text is carried to another thread."""
        with self._lock:
            self._taken += 1
            return self._taken

    def write(self, key: str, path: Path | None, text: str, ticket: int = 0, digest: str = "") -> None:
        """Keep `text` of the editor's buffer `key`, whole or not at all, readable by the user only.

        `digest` is of the file that the text was made from.

        Raises:
            OSError: it cannot be written.
        """
        ticket = ticket or self.ticket()
        with self._lock:
            if self._last.get(key, (0, None))[1] == (text, digest):
                self._last[key] = (max(ticket, self._last[key][0]), (text, digest))
                return
        shown = json.dumps(self._record(path, text, digest)).encode("utf-8", "replace")
        with self._lock:
            if ticket < self._last.get(key, (0, None))[0]:
                return
            private_dir(self._folder)
            write_atomic(self._file(key), shown, mode=0o600)
            self._last[key] = (ticket, (text, digest))

    def _record(self, path: Path | None, text: str, digest: str) -> dict[str, object]:
        return {
            "path": str(path) if path else None,
            "text": hide_found(text),
            "digest": digest,
            "saved_at": self._clock().isoformat(),
            **self._me.record,
        }

    def touch(self) -> None:
        """Show other hosts that the session whose texts these are still lives."""
        with self._lock:
            files = [self._file(key) for key, (_, kept) in self._last.items() if kept is not None]
        for file in files:
            with suppress(OSError):
                os.utime(file)

    def clear(self, key: str, ticket: int = 0) -> None:
        """Forget the text of one buffer, because it was saved or is as on disk again."""
        ticket = ticket or self.ticket()
        with self._lock:
            if ticket >= self._last.get(key, (0, None))[0]:
                self._last[key] = (ticket, None)
                with suppress(FileNotFoundError):
                    self._file(key).unlink()

    def leftovers(self) -> list[Unsaved]:
        """What earlier sessions that have ended left unsaved, newest first; damaged files are passed over."""
        found = [item for file in self._folder.glob("*.json") if (item := self._left(file)) is not None]
        return sorted(found, key=lambda item: item.saved_at, reverse=True)

    def forget(self, unsaved: Unsaved) -> None:
        """Remove one of the leftovers, because the user has it back or does not want it."""
        with self._lock:
            gone = [key for key in self._last if self._file(key) == unsaved.journal]
            for key in gone:
                del self._last[key]
            with suppress(FileNotFoundError):
                unsaved.journal.unlink()

    def _file(self, key: str) -> Path:
        me = self._me
        name = f"{key}\0{me.host}\0{me.started}".encode("utf-8", "surrogateescape")
        return self._folder / f"{hashlib.sha256(name).hexdigest()[:16]}-{me.pid}.json"

    def _left(self, file: Path) -> Unsaved | None:
        try:
            record = json.loads(file.read_bytes())
            owner = ProcessId.of(record)
            if owner != self._me and owner.lives(file):  # one's own earlier text counts as left over
                return None
            path = Path(record["path"]) if record["path"] else None
            saved_at = datetime.fromisoformat(record["saved_at"])
            digest = str(record.get("digest", ""))
            unsaved = Unsaved(path, str(record["text"]), saved_at, file, owner.elsewhere, digest)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if (self._clock() - saved_at).days > MAX_AGE_DAYS:
            self.forget(unsaved)
            return None
        return unsaved
