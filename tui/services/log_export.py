"""A job's log as a text file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tui.domain.logs_lines import LogLine, level_word
from tui.services.files import write_atomic

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 80


def export_log(lines: Sequence[LogLine], folder: Path, *, display_name: str, job_id: str) -> Path:
    """Write lines as `time level replica text` to a new file in `folder`; the file's whole path.

    Raises:
        OSError: the folder cannot be made or written.
    """
    folder = folder.expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True)
    path = _free_path(folder, file_stem(display_name, job_id))
    write_atomic(path, "".join(map(_row, lines)).encode())
    return path


def file_stem(display_name: str, job_id: str) -> str:
    """A file name without its ending: nothing in it leads out of the folder or hides the file."""
    name = _UNSAFE.sub("-", display_name)[:_LONGEST_NAME].strip("-.")
    return "-".join(part for part in (name, _UNSAFE.sub("-", job_id)) if part) or "job"


def _free_path(folder: Path, stem: str) -> Path:
    path = folder / f"{stem}.log"
    number = 2
    while path.exists():
        path = folder / f"{stem}-{number}.log"
        number += 1
    return path


def _row(line: LogLine) -> str:
    seconds, fraction = divmod(line.key.timestamp_ns, 1_000_000_000)
    try:
        clock = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError, OSError):
        clock = str(seconds)
    when = f"{clock}.{fraction // 1_000_000:03d}Z"
    return f"{when} {level_word(line.severity):<8} {line.replica or '-'} {line.text}\n"
