"""Brings objects home: where they land, whether they fit, several at a time, with an honest account."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tui.domain.deleteplan import count_and_size
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import StorageGateway
from tui.domain.localpath import plan_paths
from tui.domain.storage import GcsUri, ObjectInfo
from tui.domain.text import size

PARALLEL = 8
"""Objects in flight at once."""

SPARE_BYTES = 64 * 1024 * 1024
"""Room that a download leaves on the disk."""


@dataclass(frozen=True, slots=True)
class Landing:
    """One object and the file it becomes."""

    item: ObjectInfo
    path: Path
    """Absolute, inside the chosen folder."""
    exists: bool
    """Whether something lies there already."""


@dataclass(frozen=True, slots=True)
class DownloadPlan:
    """A download as it is asked for."""

    uri: GcsUri
    folder: Path
    """The chosen folder, absolute; nothing is written outside it."""
    landings: tuple[Landing, ...]
    notes: tuple[str, ...] = ()
    """Names that had to change."""
    free: int = 0
    """Bytes free on the folder's disk."""

    @property
    def bytes(self) -> int:
        """What all of it takes."""
        return sum(landing.item.size for landing in self.landings)

    @property
    def existing(self) -> int:
        """Files that are there already."""
        return sum(landing.exists for landing in self.landings)

    @property
    def target(self) -> Path:
        """The file, or the folder that appears in the chosen folder."""
        if not self.uri.is_prefix and self.landings:
            return self.landings[0].path
        return self.folder / _tree_name(self.uri)


@dataclass(slots=True)
class DownloadReport:
    """How far a download is, and in the end what became of it."""

    plan: DownloadPlan
    done: list[Landing] = field(default_factory=list)
    kept: list[Landing] = field(default_factory=list)
    """There already, and not to be replaced."""
    failed: list[tuple[Landing, str]] = field(default_factory=list)
    bytes_done: int = 0
    stopped: bool = False

    @property
    def left(self) -> int:
        """Files neither written nor failed nor kept."""
        return len(self.plan.landings) - len(self.done) - len(self.kept) - len(self.failed)

    @property
    def complete(self) -> bool:
        """Whether every object is a whole file now."""
        return not (self.failed or self.left)

    def __str__(self) -> str:
        """The account in one line."""
        written = sum(landing.item.size for landing in self.done)
        text = f"downloaded {count_and_size(len(self.done), written)}"
        if self.kept:
            text += f" · {len(self.kept):,} kept as they were"
        if self.failed:
            text += f" · {len(self.failed):,} failed"
        if self.left:
            text += f" · {self.left:,} not written"
        return f"stopped: {text}" if self.stopped else text


def plan_download(uri: GcsUri, items: Sequence[ObjectInfo], folder: Path) -> DownloadPlan:
    """Where each object lands below `folder` (touches the disk: call it in a thread).

    An object becomes a file of its own name, a prefix or bucket a folder of its own, as `gcloud storage cp
    --recursive` does. The empty objects that stand for folders become nothing.

    Raises:
        CloudError: the folder cannot be used.
    """
    folder = Path(os.path.abspath(folder.expanduser()))  # noqa: PTH100  # resolve() would hide a link from the user
    files = [item for item in items if item.size or not item.name.endswith("/")]
    cut = len(uri.name) if uri.is_prefix else uri.name.rfind("/") + 1
    tree = _tree_name(uri) if uri.is_prefix else ""
    try:
        names = plan_paths([item.name[cut:] for item in files], ignore_case=_ignores_case(folder))
        landings = []
        for item, place in zip(files, names.names, strict=True):
            path = folder / tree / place.path
            landings.append(Landing(item, path, os.path.lexists(path)))
        free = shutil.disk_usage(_nearest(folder)).free
    except OSError as error:
        raise _folder_trouble(folder, error) from error
    return DownloadPlan(uri, folder, tuple(landings), names.notes, free)


def check_space(plan: DownloadPlan) -> None:
    """Refuse what does not fit.

    Raises:
        CloudError: the disk has too little room.
    """
    if plan.bytes + SPARE_BYTES > plan.free:
        raise CloudError(
            "Not enough room on the disk",
            f"{size(plan.bytes)} are needed and {size(plan.free)} are free in {plan.folder}.",
            hint="Choose another folder or make room, then press d again.",
            kind=ErrorKind.LOCAL,
        )


async def download_all(
    storage: StorageGateway,
    plan: DownloadPlan,
    *,
    replace: bool,
    stop: asyncio.Event,
    on_progress: Callable[[DownloadReport], None] | None = None,
) -> DownloadReport:
    """Download what the plan says; `replace` overwrites files that are there already.

    Setting `stop` abandons what is in flight. A file has its final name only when it is whole. What failed
    is in the report with its reason; the rest goes on.
    """
    report = DownloadReport(plan)
    run = _Run(storage, report, replace, on_progress or (lambda _: None), iter(plan.landings))
    workers = [asyncio.create_task(run.work()) for _ in range(min(PARALLEL, len(plan.landings)))]
    stopping = asyncio.create_task(stop.wait())
    try:
        pending = set(workers)
        while pending and not stop.is_set():
            await asyncio.wait({*pending, stopping}, return_when=asyncio.FIRST_COMPLETED)
            pending = {task for task in pending if not task.done()}
        report.stopped = bool(pending)
    finally:
        run.over = True
        for task in (stopping, *workers):
            task.cancel()
    await asyncio.gather(*workers, return_exceptions=report.stopped)
    return report


def host_path(path: Path) -> str:
    """A place on this box as another box would name it, `host:/path`."""
    return f"{socket.gethostname()}:{path}"


@dataclass(slots=True)
class _Run:
    """One download under way, shared by its workers."""

    storage: StorageGateway
    report: DownloadReport
    replace: bool
    announce: Callable[[DownloadReport], None]
    queue: Iterator[Landing]
    over: bool = False
    """Whether late news of what was abandoned is to be ignored."""

    async def work(self) -> None:
        """Take objects until there are none."""
        for landing in self.queue:
            await self._take(landing)
            self.announce(self.report)

    async def _take(self, landing: Landing) -> None:
        written = 0

        def count(total: int) -> None:
            nonlocal written
            if self.over:
                return
            self.report.bytes_done += total - written
            written = total
            self.announce(self.report)

        try:
            if not await asyncio.to_thread(_prepare, landing, self.report.plan.folder, replace=self.replace):
                self.report.kept.append(landing)
                return
            await self.storage.download(landing.item, landing.path, on_bytes=count)
        except CloudError as error:
            self.report.bytes_done -= written
            self.report.failed.append((landing, str(error)))
        except OSError as error:
            self.report.failed.append((landing, error.strerror or str(error)))
        else:
            self.report.bytes_done += landing.item.size - written
            self.report.done.append(landing)


def _prepare(landing: Landing, folder: Path, *, replace: bool) -> bool:
    """Make the folders of a file and say whether to write it; refuses links that lead out of `folder`.

    Raises:
        OSError: a folder cannot be made, or the path leads elsewhere.
    """
    folder.mkdir(parents=True, exist_ok=True)
    root = folder.resolve()
    parent = landing.path.parent
    if not _nearest(parent).resolve().is_relative_to(root):
        raise OSError(0, "a link there leads outside the chosen folder: not written")
    parent.mkdir(parents=True, exist_ok=True)
    if not parent.resolve().is_relative_to(root):
        raise OSError(0, "a link there leads outside the chosen folder: not written")
    if landing.path.is_dir() and not landing.path.is_symlink():
        raise OSError(0, "a folder of that name is there already")
    return replace or not os.path.lexists(landing.path)


def _tree_name(uri: GcsUri) -> str:
    """The folder that a prefix or bucket becomes."""
    last = uri.name.rstrip("/").rpartition("/")[2] or uri.bucket
    return str(plan_paths([last]).names[0].path)


def _nearest(path: Path) -> Path:
    """`path`, or what of it exists."""
    return next((place for place in (path, *path.parents) if place.exists()), Path(path.anchor))


def _ignores_case(folder: Path) -> bool:
    """Whether the disk takes `a` and `A` for the same file; needs to write there, and leaves nothing."""
    nearest = _nearest(folder)
    if not nearest.is_dir():
        raise NotADirectoryError(0, "that is a file, not a folder", str(nearest))
    with tempfile.NamedTemporaryFile(prefix=".vertex-tui-CASE-", dir=nearest) as probe:
        path = Path(probe.name)
        return path.with_name(path.name.lower()).exists()


def _folder_trouble(folder: Path, error: OSError) -> CloudError:
    return CloudError(
        "That folder cannot be used",
        f"{folder}: {error.strerror or error}",
        hint="Press d again and choose another.",
        kind=ErrorKind.LOCAL,
    )
