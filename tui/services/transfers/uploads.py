"""What an upload consists of, before anything is sent: files found, names they get, what is there already."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tui.domain.deleteplan import Tally
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.parts import ENDING
from tui.domain.storage import GcsUri, ObjectInfo
from tui.domain.storage_gateway import StorageGateway
from tui.domain.text import printable
from tui.domain.transfers.overwrite import Overwrite
from tui.domain.transfers.uploadnames import LARGEST, free_object_name, object_name
from tui.services.listing import list_all
from tui.services.transfers.model import Direction, FileWork, Transfer

REASONS_NAMED = 3
"""Different reasons that notes name; some say how long a name is."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """One file that can be uploaded."""

    path: Path
    name: str
    """The object that it becomes."""
    size: int


@dataclass(slots=True)
class Found:
    """What lies at a path on this box."""

    path: Path
    files: list[LocalFile] = field(default_factory=list)
    links: list[Path] = field(default_factory=list)
    """Symbolic links, which are not followed."""
    special: list[Path] = field(default_factory=list)
    """Neither files nor folders."""
    unreadable: list[tuple[Path, str]] = field(default_factory=list)
    unnamed: list[tuple[Path, str]] = field(default_factory=list)
    """Files of which no object can have the name, and why."""
    empty: list[Path] = field(default_factory=list)
    """Folders without anything in them."""
    parts: int = 0
    """Unfinished downloads of our own."""
    is_folder: bool = False


@dataclass(frozen=True, slots=True)
class UploadPlan:
    """An upload as it is asked for."""

    path: Path
    place: GcsUri
    """The bucket or prefix that it goes to."""
    files: tuple[LocalFile, ...]
    there: dict[str, ObjectInfo]
    """What already lies where files would go, by name."""
    notes: tuple[str, ...] = ()
    is_folder: bool = False
    names: frozenset[str] = frozenset()
    """All that lies there."""

    @property
    def bytes(self) -> int:
        """What all of it takes."""
        return sum(file.size for file in self.files)

    @property
    def existing(self) -> int:
        """Objects that are there already."""
        return len(self.there)

    @property
    def target(self) -> GcsUri:
        """The object or prefix that appears."""
        if not self.is_folder and self.files:
            return GcsUri(self.place.bucket, self.files[0].name)
        return GcsUri(self.place.bucket, f"{self.place.name}{self.path.name}/")

    def transfer(self, rule: Overwrite, where: str) -> Transfer:
        """The work; a name that is taken is replaced only in the generation seen."""
        taken = {file.name for file in self.files} | self.names
        files = []
        for number, file in enumerate(self.files):
            there = self.there.get(file.name)
            name = file.name
            if there is not None and rule is Overwrite.BOTH:
                name = free_object_name(name, taken)
                taken.add(name)
                there = None
            replaces = there.generation if there is not None else 0
            uri = GcsUri(self.place.bucket, name)
            files.append(FileWork(number, file.path, uri, file.size, there, replaces=replaces))
        return Transfer(
            Direction.UP, str(self.path), self.path.parent, self.target, files, rule=rule, where=where
        )


def find_files(path: Path, place: GcsUri) -> Found:
    """What `path` would upload to `place` (walks folders: call it in a thread).

    Raises:
        CloudError: the path cannot be used.
    """
    path = Path(os.path.abspath(path.expanduser()))  # noqa: PTH100  # resolve() would follow links
    found = Found(path)
    try:
        mode = path.stat().st_mode  # the path itself may be a link: it was chosen
        if stat.S_ISDIR(mode):
            found.is_folder = True
            _walk(found, path, place.name, (path.name,) if path.name else ())
        elif stat.S_ISREG(mode):
            _take(found, path, place.name, (path.name,), path.stat().st_size)
        else:
            raise OSError(0, "it is neither a file nor a folder")  # noqa: TRY301 (one place for all reasons)
    except OSError as error:
        raise CloudError(
            "That cannot be uploaded",
            f"{path}: {error.strerror or error}",
            hint="Press U again and choose another.",
            kind=ErrorKind.LOCAL,
        ) from error
    return found


def _walk(found: Found, folder: Path, prefix: str, parts: tuple[str, ...]) -> None:
    """Everything below a folder, links not followed, in the order of names."""
    waiting = [(folder, parts)]
    while waiting:
        place, above = waiting.pop()
        try:
            with os.scandir(place) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError as error:
            if place == folder:
                raise
            found.unreadable.append((place, error.strerror or str(error)))
            continue
        if not entries:
            found.empty.append(place)
        deeper = []
        for entry in entries:
            path = Path(entry.path)
            if entry.is_symlink():
                found.links.append(path)
            elif entry.is_dir(follow_symlinks=False):
                deeper.append((path, (*above, entry.name)))
            elif not entry.is_file(follow_symlinks=False):
                found.special.append(path)
            else:
                facts = entry.stat(follow_symlinks=False)
                _take(found, path, prefix, (*above, entry.name), facts.st_size)
        waiting += reversed(deeper)


def _take(found: Found, path: Path, prefix: str, parts: Sequence[str], size: int) -> None:
    if path.name.startswith(".") and path.name.endswith(ENDING):
        found.parts += 1
        return
    try:
        name = object_name(prefix, parts)
        if size > LARGEST:
            raise ValueError("it is larger than 5 TiB")  # noqa: TRY301 (one place for all reasons)
    except ValueError as reason:
        found.unnamed.append((path, str(reason)))
        return
    if not os.access(path, os.R_OK):
        found.unreadable.append((path, "it may not be read"))
        return
    found.files.append(LocalFile(path, name, size))


def plan_upload(found: Found, place: GcsUri, listed: Sequence[ObjectInfo]) -> UploadPlan:
    """The plan, given the objects that lie below where the files go."""
    names = {file.name for file in found.files}
    there = {item.name: item for item in listed if item.name in names and item.past is None}
    return UploadPlan(
        found.path,
        place,
        tuple(found.files),
        there,
        tuple(_notes(found)),
        is_folder=found.is_folder,
        names=frozenset(item.name for item in listed),
    )


def _notes(found: Found) -> Iterator[str]:
    if found.links:
        yield f"{_some(found.links, found)} skipped: links are not followed."
    if found.special:
        yield f"{_some(found.special, found)} skipped: neither files nor folders."
    if found.parts:
        yield f"{found.parts:,} unfinished downloads (.part) skipped."
    if found.empty:
        yield f"{_some(found.empty, found)} skipped: empty folders, which a bucket does not keep."
    for group, word in ((found.unreadable, "cannot be read"), (found.unnamed, "cannot be uploaded")):
        reasons: dict[str, list[Path]] = {}
        for path, reason in group:
            reasons.setdefault(reason, []).append(path)
        for reason, paths in islice(reasons.items(), REASONS_NAMED):
            yield f"{_some(paths, found)} {word}: {reason}."
        if rest := sum(map(len, islice(reasons.values(), REASONS_NAMED, None))):
            yield f"{rest:,} more {word}."


def _some(paths: Sequence[Path], found: Found) -> str:
    """`3 (e.g. logs/latest)`."""
    first = paths[0]
    shown = first.relative_to(found.path.parent) if first.is_relative_to(found.path.parent) else first
    return f"{len(paths):,} (e.g. {printable(str(shown))})"


async def look_there(
    storage: StorageGateway, found: Found, place: GcsUri, *, on_tally: Callable[[Tally], None] | None = None
) -> tuple[ObjectInfo, ...]:
    """The objects that an upload could meet; `on_tally` is told the running total.

    Raises:
        CloudError: the bucket could not be read.
    """
    if found.is_folder:
        return await list_all(
            storage, GcsUri(place.bucket, f"{place.name}{found.path.name}/"), on_tally=on_tally
        )
    listed: list[ObjectInfo] = []
    for file in found.files:
        folder, slash, last = file.name.rpartition("/")
        start = GcsUri(place.bucket, f"{folder}{slash}{last.rpartition('.')[0] or last}")
        token = ""
        while True:
            page = await storage.list_objects(start, page_token=token)
            listed += page.objects
            if not (token := page.next_page_token):
                break
    return tuple(listed)
