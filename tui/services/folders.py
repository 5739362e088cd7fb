"""What a path typed so far may mean: the entries of its folder that fit."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

SPEC_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
"""Names that a job spec usually has; others are shown on demand."""

MOST = 200
"""Entries that are listed; who has more types a letter."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A folder or file that can be chosen."""

    path: Path
    is_folder: bool
    size: int = 0
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What fits, folders first; names that begin with what was typed before those that only hold it."""

    entries: tuple[Entry, ...] = ()
    left_out: int = 0
    """Entries beyond `MOST`."""
    trouble: str = ""
    """Why the folder cannot be read, or empty."""


def meant_path(text: str) -> str:
    """What is meant by a path typed behind another: all from the last `//` or `/~` on."""
    return re.split(r"/(?=/)|/(?=~)", text)[-1]


def split_path(text: str) -> tuple[Path, str]:
    """The folder that a path typed so far names, and the beginning of a name in it."""
    folder, start = os.path.split(os.path.expanduser(text))  # noqa: PTH111  # keeps a trailing slash
    return Path(folder or "."), start


def look_in(text: str, *, everything: bool = False) -> Listing:
    """The entries that a path typed so far may mean.

    Only folders and files with the name of a spec; with `everything` all files and hidden names too.
    Hidden names also fit a beginning that has the dot.
    """
    folder, start = split_path(text)
    try:
        found = [_entry(item) for item in os.scandir(folder)]
    except FileNotFoundError:
        return Listing(trouble="There is no such folder.")
    except OSError as failure:
        return Listing(trouble=f"{failure.strerror or failure}.")
    wanted = start.lower()
    fitting = [
        entry
        for entry in found
        if wanted in entry.path.name.lower() and (everything or _is_usual(entry, start))
    ]
    fitting.sort(key=lambda entry: _order(entry, wanted))
    return Listing(tuple(fitting[:MOST]), max(len(fitting) - MOST, 0))


def _entry(item: os.DirEntry[str]) -> Entry:
    path = Path(item.path)
    try:
        status = item.stat()
        if item.is_dir():
            return Entry(path, is_folder=True)
    except OSError:  # a link that leads nowhere, or one that may not be followed
        return Entry(path, is_folder=False)
    return Entry(
        path, is_folder=False, size=status.st_size, modified=datetime.fromtimestamp(status.st_mtime, UTC)
    )


def _is_usual(entry: Entry, start: str) -> bool:
    if entry.path.name.startswith(".") and not start.startswith("."):
        return False
    return entry.is_folder or entry.path.suffix.lower() in SPEC_SUFFIXES


def _order(entry: Entry, wanted: str) -> tuple[bool, bool, str]:
    name = entry.path.name.lower()
    return not name.startswith(wanted), not entry.is_folder, name
