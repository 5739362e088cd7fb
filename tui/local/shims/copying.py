"""Copies: gsutil's rules for the names of what is copied, and the copying itself."""

from __future__ import annotations

import mimetypes
import os
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from tui.local.shims.cloud import CHUNK, Cloud
from tui.local.shims.sources import Place, Source, clean
from tui.local.shims.voice import Refused, ToolError, Voice

WORKERS = 8
"""Copies at a time with `gsutil -m` and with `gcloud storage`."""

STREAM = Place("", "-")
"""Standard input or output."""

Failure = Refused | ToolError | OSError


class Target:
    """Where a copy goes."""

    def __init__(self, cloud: Cloud, place: Place, *, reads_first: bool = False) -> None:
        """`reads_first` looks for an object of that name before the listing, as `gcloud storage` does."""
        self.place = place
        if reads_first and place.bucket and place.path:
            cloud.find(place.bucket, place.path)
        self.exists = self._is_folder(cloud)
        """Whether it is a bucket, a folder, or a prefix under which something lies."""

    def _is_folder(self, cloud: Cloud) -> bool:
        place = self.place
        if not place.is_cloud:
            return os.path.isdir(place.path)  # noqa: PTH112
        if not place.path or place.path.endswith("/"):
            return True
        for page in cloud.pages(place.bucket, place.path, delimiter="/"):
            if f"{place.path}/" in page.get("prefixes", []):
                return True
            if any(item["name"] == f"{place.path}_$folder$" for item in page.get("items", [])):
                return True
        return False

    def name_for(self, source: Source, *, tops: int, many: bool) -> Place:
        """Where `source` goes, when `tops` things were named and `many` says if there are several files.

        A folder goes under its own name into what exists, or beside others; else its contents take the
        target's name. A single file takes the target's name unless that is a folder.
        """
        inside = source.below or source.top
        if source.below and source.top and (self.exists or tops > 1):
            inside = f"{source.top}/{source.below}"
        if not source.below and not many and not self.exists:
            return self.place
        folder = self.place.path
        if folder and not folder.endswith("/"):
            folder += "/"
        return Place(self.place.bucket, folder + inside)


def check_local_target(target: Target, sources: Sequence[Source], voice: Voice) -> None:
    """Refuse to copy several things onto one local name.

    Raises:
        ToolError: in the words of the tool.
    """
    place = target.place
    if place.is_cloud or place == STREAM or target.exists or len(sources) < 2:  # noqa: PLR2004
        return
    if voice.gsutil:
        raise ToolError(
            "Destination URL must name a directory, bucket, or bucket\n"
            "subdirectory for the multiple source form of the cp command."
        )
    raise ToolError(f"Destination URL must name an existing directory. Provided: {place.path}.")


def check_below(path: str, folder: str) -> None:
    """Refuse a local name that leaves the folder it is meant for, as an object's name may.

    Raises:
        ToolError: it does.
    """
    if f"{os.path.relpath(path, folder)}{os.sep}".startswith(f"..{os.sep}"):
        raise ToolError(f"refused to write outside {folder}: {clean(path)}")


def content_type(name: str) -> str:
    """The type that gsutil would guess."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def transfer(cloud: Cloud, source: Source, target: Place, voice: Voice) -> None:
    """Copy one file or object, with the tool's messages."""
    kind = ""
    if target.is_cloud:
        kind = (source.item or {}).get("contentType", "") if source.item else content_type(source.place.path)
    voice.copying(clean(str(source.place)), clean(str(target)), kind)
    if source.item is None:
        if target.is_cloud:
            with open(source.place.path, "rb") as file:  # noqa: PTH123
                cloud.upload(target.bucket, target.path, file, kind, source.size)
        else:
            _copy_file(source.place.path, target.path)
    elif target.is_cloud:
        cloud.copy(source.item, target.bucket, target.path)
    else:
        _download(cloud, source.item, target.path)
    voice.copied(source.size)


def _copy_file(source: str, target: str) -> None:
    _make_parent(target)
    with open(source, "rb") as read, open(target, "wb") as write:  # noqa: PTH123
        while data := read.read(CHUNK):
            write.write(data)


def _make_parent(path: str) -> None:
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)  # noqa: PTH103, PTH120


def _download(cloud: Cloud, item: dict[str, Any], path: str) -> None:
    """Write the object to `path`, which appears only when it is whole."""
    if item["name"].endswith("/"):
        os.makedirs(path, exist_ok=True)  # noqa: PTH103
        return
    _make_parent(path)
    partial = f"{path}_.gstmp"
    try:
        with open(partial, "wb") as file:  # noqa: PTH123
            cloud.download(item, file)
        os.replace(partial, path)  # noqa: PTH105
    finally:
        if os.path.exists(partial):  # noqa: PTH110
            os.unlink(partial)  # noqa: PTH108


def upload_stream(cloud: Cloud, target: Place, voice: Voice) -> None:
    """Make standard input an object."""
    voice.say("Copying from <STDIN>..." if voice.gsutil else f"Copying file://- to {clean(str(target))}")
    cloud.upload(target.bucket, target.path, sys.stdin.buffer, "application/octet-stream", None)
    voice.counted()


def run_all(tasks: Sequence[Callable[[], None]], voice: Voice, *, parallel: bool, go_on: bool = False) -> int:
    """Run `tasks`; how many failed.

    One after the other, the first failure is raised (unless `go_on`); in parallel each is printed, as the
    tools do.
    """
    if not parallel or len(tasks) < 2:  # noqa: PLR2004
        return sum(_attempt(task, voice, go_on=go_on or parallel) for task in tasks)
    waiting = list(reversed(tasks))
    failures: list[int] = []

    def work() -> None:
        while True:
            try:
                task = waiting.pop()
            except IndexError:
                return
            failures.append(_attempt(task, voice, go_on=True))

    threads = [threading.Thread(target=work) for _ in range(min(WORKERS, len(tasks)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(failures)


def _attempt(task: Callable[[], None], voice: Voice, *, go_on: bool) -> int:
    try:
        task()
    except (Refused, ToolError, OSError) as error:
        if not go_on:
            raise
        voice.complain(voice.wording(error))
        return 1
    return 0
