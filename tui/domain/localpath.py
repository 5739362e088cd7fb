"""Where an object's name leads on this box: always inside the chosen folder, and never two to one file."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from tui.domain.text import middle_cut, printable

PART_BYTES = 200
"""Longest part of a path that is kept as it is; file systems take 255, and room is left for suffixes."""

PATH_BYTES = 2_000
"""Longest relative path that is kept as it is; Linux takes 4,095 in all."""

_NEEDS_ESCAPE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|%(?=[0-9A-Fa-f]{2})"
)
"""What no file's name should hold: controls, also those that turn the order of letters round."""


CHANGED_SHOWN = 3
"""Changed names that are told one by one."""

NAME_SHOWN = 60
"""Columns of such a name."""


@dataclass(frozen=True, slots=True)
class LocalName:
    """One object's place below the chosen folder."""

    name: str
    """The object's name."""
    path: PurePosixPath
    """Relative, without `..`, never empty."""
    changed: bool
    """Whether the path is not simply the name."""


@dataclass(frozen=True, slots=True)
class LocalPlan:
    """Places for all objects of one download."""

    names: tuple[LocalName, ...]
    notes: tuple[str, ...]
    """What the user should know before it starts, one sentence each."""


def safe_path(name: str) -> PurePosixPath:
    """The relative path for an object name, which may hold `..`, `//`, newlines and 1,024 bytes.

    Parts that would lead elsewhere or that no file can be called are percent-encoded, so that two different
    names never give the same path; parts that are too long are cut and end with a checksum of the whole.
    """
    parts = [_safe_part(part) for part in name.split("/")]
    path = "/".join(parts)
    if len(path.encode()) > PATH_BYTES:
        path = _cut(path.replace("/", "%2F"), name)
    return PurePosixPath(path)


def plan_paths(names: Iterable[str], *, ignore_case: bool = False) -> LocalPlan:
    """Places for `names`, which are relative to what is downloaded.

    `ignore_case` says that the disk takes `A` and `a` for the same file: then the later name gets a number.
    A name that is also another one's folder (`a` beside `a/b`) gets a number too.
    """
    paths = [(name, safe_path(name)) for name in names]
    folders = {_key(parent, ignore_case=ignore_case) for _, path in paths for parent in path.parents}
    taken: set[str] = set()
    planned: list[LocalName] = []
    numbered = 0
    for name, path in paths:
        free = _free(path, folders, taken, ignore_case=ignore_case)
        taken.add(_key(free, ignore_case=ignore_case))
        numbered += free != path
        planned.append(LocalName(name, free, str(free) != name))
    return LocalPlan(tuple(planned), tuple(_notes(planned, numbered, _case_twins(planned))))


def _safe_part(part: str) -> str:
    """One part that is a file's name anywhere."""
    if not part:
        return "%2F"
    if part in {".", ".."}:
        return part.replace(".", "%2E")
    safe = _NEEDS_ESCAPE.sub(lambda found: _percent(found.group()), part)
    return _cut(safe, part) if len(safe.encode()) > PART_BYTES else safe


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def _cut(text: str, whole: str) -> str:
    checksum = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{text.encode()[: PART_BYTES - 17].decode('utf-8', 'ignore')}~{checksum}"


def _free(path: PurePosixPath, folders: set[str], taken: set[str], *, ignore_case: bool) -> PurePosixPath:
    candidate, number = path, 1
    while (key := _key(candidate, ignore_case=ignore_case)) in taken or key in folders:
        number += 1
        candidate = path.with_name(f"{path.name}~{number}")
    return candidate


def _key(path: PurePosixPath, *, ignore_case: bool) -> str:
    """What the disk takes for the same: some ignore case and the composition of accents."""
    return unicodedata.normalize("NFC", str(path)).casefold() if ignore_case else str(path)


def _case_twins(planned: list[LocalName]) -> int:
    keys: dict[str, int] = {}
    for item in planned:
        key = _key(item.path, ignore_case=True)
        keys[key] = keys.get(key, 0) + 1
    return sum(count for count in keys.values() if count > 1)


def _notes(planned: list[LocalName], numbered: int, twins: int) -> list[str]:
    notes = []
    changed = [item for item in planned if item.changed]
    if changed:
        shown = [
            f"{middle_cut(printable(item.name), NAME_SHOWN)!r} as {middle_cut(str(item.path), NAME_SHOWN)}"
            for item in changed[:CHANGED_SHOWN]
        ]
        more = len(changed) - len(shown)
        notes.append(
            f"{_names(len(changed))} cannot stand as a file's name here and will be written otherwise: "
            f"{', '.join(shown)}{f' and {more:,} more' if more else ''}."
        )
    if numbered:
        notes.append(f"{_names(numbered)} would fall on another's place and get a number.")
    if twins:
        notes.append(f"{_names(twins)} differ only in case: do not move them to a disk that ignores it.")
    return notes


def _names(count: int) -> str:
    return f"{count:,} name{'' if count == 1 else 's'}"
