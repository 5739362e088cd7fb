"""A job's log as a file."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tui.domain.logstore.model import LinePlace, Lines, LogLine
from tui.services.log_text import Hide, json_row, rows_text, text_row, whole_keys

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 80
_SLICE_LINES = 300
_SLICE_CHARACTERS = 32_000
"""Hiding secrets keeps the event loop waiting for some 3 ms in so much text."""
_SLICE_SECONDS = 0.004
_TELL_SECONDS = 0.1
_MOST_NAMES = 10_000


class LogFormat(StrEnum):
    """What a file of a log is; the value is its ending."""

    TEXT = "log"
    """`time level replica text` on each line."""
    JSONL = "jsonl"
    """An object on each line: `time`, `severity`, `inferred`, `replica`, `insert_id`, `text`."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written."""

    path: Path
    """Its whole path."""
    lines: int


async def export_view(
    lines: Lines,
    folder: Path,
    *,
    display_name: str,
    job_id: str,
    hide: Hide,
    format_: LogFormat = LogFormat.TEXT,
    rows_from: Callable[[int], Iterable[int]] | None = None,
    told: Callable[[int], object] | None = None,
) -> Exported:
    """Write lines to a new private file in `folder`, away from the event loop; the loop only reads the store.

    What is added to the store meanwhile makes no line be missed or written twice: after each pause it goes on
    behind the line that it wrote last, up to the one that was the last when it began.

    Args:
        lines: the store.
        folder: where the file is to be; made if need be.
        display_name: of the job; with `job_id` it makes the file's name.
        job_id: of the job.
        hide: hides secrets; called in a thread.
        format_: what is written.
        rows_from: the indices of lines to be written from an index on, ascending, in the store as it is when
            that is asked, which is after each pause. All lines if not given.
        told: told how many lines are written, now and then.

    Raises:
        OSError: the folder cannot be made or written; there is no file then.
    """
    loop = asyncio.get_running_loop()
    rows = rows_from or (lambda first: range(first, len(lines)))
    reader = _Reader(lines, rows)
    writer = _Writer(folder, format_, hide)
    with ThreadPoolExecutor(1, thread_name_prefix="log-export") as thread:
        try:
            await loop.run_in_executor(thread, writer.open)
            tell_at = loop.time() + _TELL_SECONDS
            while part := reader.next_part():
                await loop.run_in_executor(thread, writer.write, part)
                if told is not None and loop.time() >= tell_at:
                    tell_at = loop.time() + _TELL_SECONDS
                    told(reader.count)
            path = await loop.run_in_executor(thread, writer.finish, file_stem(display_name, job_id))
        finally:
            await loop.run_in_executor(thread, writer.discard)
    return Exported(path, reader.count)


class _Reader:
    """Takes lines out of a store that may change between two takes."""

    def __init__(self, lines: Lines, rows_from: Callable[[int], Iterable[int]]) -> None:
        self._lines = lines
        self._rows_from = rows_from
        self._until = lines.line(len(lines) - 1).place if len(lines) else None
        self._after: LinePlace | None = None
        self.count = 0

    def next_part(self) -> list[LogLine]:
        """The next lines, none at the end; on the event loop."""
        if self._until is None:
            return []
        part: list[LogLine] = []
        characters, stop = 0, time.perf_counter() + _SLICE_SECONDS
        for index in self._rows_from(self._next_index()):
            line = self._lines.line(index)
            if line.place > self._until:
                break
            part.append(line)
            characters += len(line.text)
            if len(part) >= _SLICE_LINES or characters > _SLICE_CHARACTERS or time.perf_counter() > stop:
                break
        if part:
            self._after = part[-1].place
            self.count += len(part)
        return part

    def _next_index(self) -> int:
        if self._after is None:
            return 0
        index = self._lines.index_of(self._after)
        known = index < len(self._lines) and self._lines.line(index).place == self._after
        return index + known


class _Writer:
    """Writes a file that has no name until it is whole; for one thread."""

    def __init__(self, folder: Path, format_: LogFormat, hide: Hide) -> None:
        self._folder = folder
        self._format = format_
        self._hide = hide
        self._row = json_row if format_ is LogFormat.JSONL else text_row
        self._waiting: list[LogLine] = []
        self._descriptor = -1
        self._name = ""

    def open(self) -> None:
        self._folder = self._folder.expanduser().absolute()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._descriptor, self._name = tempfile.mkstemp(dir=self._folder, prefix=".log-export.")

    def write(self, part: Sequence[LogLine]) -> None:
        self._waiting += part
        ready = whole_keys(self._waiting)
        self._put(self._waiting[:ready])
        del self._waiting[:ready]

    def finish(self, stem: str) -> Path:
        """Give the file its name, one that is free."""
        self._put(self._waiting)
        os.fsync(self._descriptor)
        for number in range(1, _MOST_NAMES):
            path = self._folder / f"{stem}{'' if number == 1 else f'-{number}'}.{self._format}"
            if self._named(path):
                return path
        raise FileExistsError(f"there are {_MOST_NAMES:,} files of that name in {self._folder}")

    def discard(self) -> None:
        """Leave nothing but the file with its name, if it has one."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if self._name:
            Path(self._name).unlink(missing_ok=True)
            self._name = ""

    def _named(self, path: Path) -> bool:
        """Whether the name was free; a link never replaces a file, and a file system may not have links."""
        try:
            os.link(self._name, path)
        except FileExistsError:
            return False
        except OSError:
            try:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            except FileExistsError:
                return False
            try:
                Path(self._name).replace(path)
            except OSError:
                path.unlink()
                raise
        return True

    def _put(self, lines: Sequence[LogLine]) -> None:
        data = memoryview(rows_text(lines, self._hide, self._row).encode()) if lines else memoryview(b"")
        while data:
            data = data[os.write(self._descriptor, data) :]


def file_stem(display_name: str, job_id: str) -> str:
    """A file name without its ending: nothing in it leads out of the folder or hides the file."""
    name = _UNSAFE.sub("-", display_name)[:_LONGEST_NAME].strip("-.")
    return "-".join(part for part in (name, _UNSAFE.sub("-", job_id)) if part) or "job"
