"""Keeps the editor's unsaved text through a crash, a kill or a dropped connection."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from tui.domain.secrets import hide_found
from tui.services.files import write_atomic
from tui.services.paths import private_dir

FOLDER = "spec"
"""Below the journals' folder."""

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


class Journal:
    """The unsaved text of one editor; several sessions keep theirs apart by their process."""

    def __init__(self, folder: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._folder = folder / FOLDER
        self._clock = clock
        self._written: tuple[Path, str] | None = None

    def write(self, key: str, path: Path | None, text: str) -> None:
        """Keep `text` of the editor's buffer `key`, whole or not at all, readable by the user only.

        Raises:
            OSError: it cannot be written.
        """
        target = self._file(key)
        if self._written == (target, text):
            return
        me = psutil.Process()
        record = {
            "path": str(path) if path else None,
            "text": hide_found(text),
            "saved_at": self._clock().isoformat(),
            "pid": me.pid,
            "started": me.create_time(),
        }
        private_dir(self._folder)
        write_atomic(target, json.dumps(record).encode("utf-8", "replace"), mode=0o600)
        self._written = (target, text)

    def clear(self, key: str) -> None:
        """Forget the text of one buffer, because it was saved or is as on disk again."""
        self._written = None
        with suppress(FileNotFoundError):
            self._file(key).unlink()

    def leftovers(self) -> list[Unsaved]:
        """What earlier sessions that have ended left unsaved, newest first; damaged files are passed over."""
        found = [item for file in self._folder.glob("*.json") if (item := self._left(file)) is not None]
        return sorted(found, key=lambda item: item.saved_at, reverse=True)

    def forget(self, unsaved: Unsaved) -> None:
        """Remove one of the leftovers, because the user has it back or does not want it."""
        self._written = None
        with suppress(FileNotFoundError):
            unsaved.journal.unlink()

    def _file(self, key: str) -> Path:
        name = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        return self._folder / f"{name}-{os.getpid()}.json"

    def _left(self, file: Path) -> Unsaved | None:
        try:
            record = json.loads(file.read_bytes())
            if _is_running(int(record["pid"]), float(record["started"])):
                return None
            path = Path(record["path"]) if record["path"] else None
            saved_at = datetime.fromisoformat(record["saved_at"])
            unsaved = Unsaved(path, str(record["text"]), saved_at, file)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if (self._clock() - saved_at).days > MAX_AGE_DAYS:
            self.forget(unsaved)
            return None
        return unsaved


def _is_running(pid: int, started: float) -> bool:
    """Whether another living process wrote it; one's own earlier text counts as left over."""
    if pid == os.getpid():
        return False
    try:
        began: float = psutil.Process(pid).create_time()
    except psutil.Error:
        return False
    return abs(began - started) < 1
