"""The account of every delete and every undo on disk: one file each, one line of JSON a step."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from tui.domain.errors import CloudError, ErrorKind
from tui.services.jsonlines import append, line_of, values_of
from tui.services.paths import private_dir
from tui.services.processes import this_process

FOLDER = "deletes"
"""Below the folder of journals."""


class DeleteJournal:
    """Begins the files; `tui.services.deletion.records` reads them."""

    def __init__(self, journals: Path) -> None:
        self.folder = journals / FOLDER

    async def begin(self, **facts: object) -> JournalFile:
        """A new file with its first line on disk.

        Raises:
            CloudError: it could not be written; nothing may be deleted then.
        """
        now = datetime.now(UTC)
        number = uuid4().hex[:12]
        file = JournalFile(self.folder / f"{now:%Y%m%dT%H%M%S.%fZ}-{number}.jsonl", number)
        await file.write(file.line("begin", id=number, **facts, **this_process().record))
        return file


class JournalFile:
    """One delete's file, written by one process; a line that could not be written whole is taken back."""

    def __init__(self, path: Path, number: str) -> None:
        self.path = path
        self.number = number
        self._descriptor = -1
        self._turn = asyncio.Lock()

    def line(self, event: str, **more: object) -> dict[str, object]:
        """A line with its time."""
        return {"time": datetime.now(UTC).isoformat(), "event": event, **more}

    async def write(self, line: Mapping[str, object], *, sync: bool = True) -> None:
        """Append a line, off the event loop; with `sync` it is on disk when this returns.

        Raises:
            CloudError: it could not be written; nothing of it stays.
        """
        try:
            async with self._turn:
                await asyncio.to_thread(self._append, line_of(line), sync=sync)
        except OSError as error:
            raise CloudError(
                "The journal of deletes cannot be written",
                f"{self.path}: {error.strerror}",
                hint="Nothing is deleted without it. Make room or mend the folder, then try again.",
                kind=ErrorKind.LOCAL,
            ) from error

    def close(self) -> None:
        """No more lines come."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _append(self, data: bytes, *, sync: bool) -> None:
        if self._descriptor < 0:
            self._open()
        append(self._descriptor, data, sync=sync)

    def _open(self) -> None:
        folder = private_dir(self.path.parent)
        self._descriptor = os.open(
            self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600
        )
        entry = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(entry)
        finally:
            os.close(entry)


def lines_of(data: Iterable[bytes]) -> Iterable[dict[str, Any]]:
    """The lines that can be read."""
    return (line for line in values_of(data) if isinstance(line, dict))
