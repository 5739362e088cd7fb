"""Where each object of a download lands, before anything is written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.localpath import plan_paths
from tui.domain.storage import GcsUri, ObjectInfo
from tui.domain.text import printable, size
from tui.domain.transfers.overwrite import Overwrite
from tui.services.transfers.disk import (
    IS_FOLDER,
    NO_FOLDER,
    NOWHERE,
    SPARE_BYTES,
    blocked,
    free_bytes,
    ignores_case,
    leads_out,
)
from tui.services.transfers.model import Direction, FileWork, Transfer

OUTSIDE = "a link in the folder leads outside it: nothing is written there"

_NOT_WRITTEN = {
    OUTSIDE: "would land outside the folder, through a link in it",
    IS_FOLDER: "would be a file where a folder stands",
    NO_FOLDER: "would need a folder where a file stands",
    NOWHERE: "would need a folder where a link to nothing stands",
}
"""Refusals of several files."""


@dataclass(frozen=True, slots=True)
class Source:
    """One of the things that were asked for."""

    uri: GcsUri
    """An object, a prefix or a bucket."""
    items: tuple[ObjectInfo, ...]
    """The object, or all below the place."""


@dataclass(frozen=True, slots=True)
class Landing:
    """One object and the file it becomes."""

    item: ObjectInfo
    path: Path
    """Absolute, inside the chosen folder."""
    exists: bool
    """Whether something lies there already."""
    refused: str = ""
    """Why it is not written."""


@dataclass(frozen=True, slots=True)
class DownloadPlan:
    """A download as it is asked for."""

    sources: tuple[Source, ...]
    folder: Path
    """The chosen folder, absolute; nothing is written outside it."""
    landings: tuple[Landing, ...]
    notes: tuple[str, ...] = ()
    """What the user should know first."""
    free: int = 0
    """Bytes free on the folder's disk."""

    @property
    def bytes(self) -> int:
        """What all of it takes."""
        return sum(landing.item.size for landing in self.landings if not landing.refused)

    @property
    def existing(self) -> int:
        """Files that are there already."""
        return sum(landing.exists for landing in self.landings)

    @property
    def tops(self) -> tuple[Path, ...]:
        """What appears in the folder: its files and folders of the first level."""
        firsts = {landing.path.relative_to(self.folder).parts[0]: None for landing in self.landings}
        return tuple(self.folder / first for first in firsts)

    @property
    def target(self) -> Path:
        """The one file or folder that appears in the chosen folder, else that itself."""
        tops = self.tops
        return tops[0] if len(tops) == 1 else self.folder

    @property
    def uri(self) -> GcsUri:
        """What was asked for; of several things the place that holds them."""
        first = self.sources[0].uri
        return first if len(self.sources) == 1 else first.parent

    def transfer(self, rule: Overwrite, where: str) -> Transfer:
        """The work."""
        files = [
            FileWork(
                number,
                landing.path,
                landing.item.uri,
                landing.item.size,
                landing.item,
                refused=landing.refused,
            )
            for number, landing in enumerate(self.landings)
        ]
        count = len(self.sources)
        title = str(self.uri) if count == 1 else f"{count:,} of {self.uri}"
        tops = self.tops
        return Transfer(
            Direction.DOWN, title, self.folder, self.uri, files, rule=rule, where=where, tops=tops
        )


def plan_download(sources: Sequence[Source], folder: Path) -> DownloadPlan:
    """Where each object lands below `folder` (touches the disk: call it in a thread).

    An object becomes a file of its own name, a prefix or bucket a folder of its own, as `gcloud storage cp
    --recursive` does. The empty objects that stand for folders become nothing.

    Raises:
        CloudError: the folder cannot be used.
    """
    folder = Path(os.path.abspath(folder.expanduser()))  # noqa: PTH100  # resolve() would hide a link from the user
    wanted = [pair for source in sources for pair in _files(source)]
    placeholders = sum(len(source.items) for source in sources) - len(wanted)
    try:
        names = plan_paths([name for name, _ in wanted], ignore_case=ignores_case(folder))
        landings, links = _landings(folder, [folder / name.path for name in names.names], wanted)
        free = free_bytes(folder)
    except OSError as error:
        raise _folder_trouble(folder, error) from error
    notes = [*names.notes, *_link_notes(folder, landings, links)]
    if placeholders:
        notes.append(f"{placeholders:,} empty or deleted entries that stand for no file are left out.")
    return DownloadPlan(tuple(sources), folder, tuple(landings), tuple(notes), free)


def _files(source: Source) -> Iterator[tuple[str, ObjectInfo]]:
    """The objects that become files, with the name each has below the chosen folder."""
    uri = source.uri
    cut = len(uri.name) if uri.is_prefix else uri.name.rfind("/") + 1
    tree = f"{_last_part(uri)}/" if uri.is_prefix else ""
    for item in source.items:
        gone = item.past is not None and item.past.deleted_at is not None
        if not gone and (item.size or not item.name.endswith("/")):
            yield tree + item.name[cut:], item


def _last_part(uri: GcsUri) -> str:
    return uri.name.rstrip("/").rpartition("/")[2] or uri.bucket


def _landings(
    folder: Path, paths: Sequence[Path], wanted: Sequence[tuple[str, ObjectInfo]]
) -> tuple[list[Landing], int]:
    """The files, and how many of those that are there are links."""
    refusals: dict[Path, str] = {}
    landings, links = [], 0
    for path, (_, item) in zip(paths, wanted, strict=True):
        parent = path.parent
        if parent not in refusals:
            refusals[parent] = OUTSIDE if leads_out(folder, parent) else blocked(folder, parent)
        refused, exists = refusals[parent], False
        if not refused:
            kind = _kind(path)
            refused = IS_FOLDER if kind == stat.S_IFDIR else ""
            exists = bool(kind) and not refused
            links += kind == stat.S_IFLNK
        landings.append(Landing(item, path, exists, refused))
    return landings, links


def _kind(path: Path) -> int:
    """What lies there, as the system numbers kinds of files; 0 for nothing."""
    try:
        return stat.S_IFMT(os.lstat(path).st_mode)
    except OSError:
        return 0


def _link_notes(folder: Path, landings: Sequence[Landing], links: int) -> Iterator[str]:
    refused: dict[str, list[Path]] = {}
    for landing in landings:
        if landing.refused:
            refused.setdefault(landing.refused, []).append(landing.path)
    for reason, paths in refused.items():
        first = printable(str(paths[0].relative_to(folder)))
        yield f"{len(paths):,} of them (e.g. {first}) {_NOT_WRITTEN[reason]}: not written."
    if links:
        yield f"{links:,} files that are there are links: replaced ones become files, their targets stay."


def check_space(plan: DownloadPlan) -> None:
    """Refuse what does not fit.

    Raises:
        CloudError: the disk has too little room.
    """
    if plan.bytes + SPARE_BYTES > plan.free:
        raise CloudError(
            "Not enough room on the disk",
            f"{size(plan.bytes)} are needed, {size(plan.free)} are free in {plan.folder}, and "
            f"{size(SPARE_BYTES)} of them are left alone.",
            hint="Choose another folder or make room, then press d again.",
            kind=ErrorKind.LOCAL,
        )


def _folder_trouble(folder: Path, error: OSError) -> CloudError:
    return CloudError(
        "That folder cannot be used",
        f"{folder}: {error.strerror or error}",
        hint="Press d again and choose another.",
        kind=ErrorKind.LOCAL,
    )
