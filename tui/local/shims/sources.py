"""What a command line's paths mean: files, folders, objects, prefixes, wildcards."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tui.local.shims.cloud import Cloud, Json
from tui.local.shims.voice import ToolError

WILD = re.compile(r"[*?\[]")


class Place(NamedTuple):
    """A path of the command line; `bucket` is empty for a local one."""

    bucket: str
    path: str
    """The object's name, or the local path."""

    @property
    def is_cloud(self) -> bool:
        """Whether it is a `gs://` path."""
        return bool(self.bucket)

    @property
    def is_wild(self) -> bool:
        """Whether it has wildcards."""
        return bool(WILD.search(self.path))

    def __str__(self) -> str:
        return f"gs://{self.bucket}/{self.path}" if self.bucket else f"file://{self.path}"


class Source(NamedTuple):
    """One file or object to act on."""

    place: Place
    top: str
    """Name of what the command line named, without its parents; empty for a bucket, `.` and `..`."""
    below: str
    """Path inside `top` if that is a folder, prefix or bucket, else empty."""
    size: int
    item: Json | None
    """The object's metadata; None for a file."""


def parse(text: str) -> Place:
    """A path of the command line.

    Raises:
        ToolError: a scheme that is none of ours.
    """
    scheme, separator, rest = text.partition("://")
    if not separator:
        return Place("", text)
    if scheme == "file":
        return Place("", rest)
    if scheme != "gs":
        raise ToolError(f'Unrecognized scheme "{scheme}".', kind="InvalidUrlError")
    bucket, _, name = rest.partition("/")
    if WILD.search(bucket):
        raise ToolError("wildcards in bucket names are not supported in a local job", kind="", code=2)
    return Place(bucket, name)


def clean(text: str) -> str:
    """`text` without the characters that a terminal would act on."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def expand(cloud: Cloud, paths: Iterable[str], *, recursive: bool) -> tuple[list[Source], int, list[str]]:
    """Everything that `paths` name; how many things they name themselves; folders left out for want of `-r`.

    Raises:
        ToolError: a path that names nothing.
    """
    found: list[Source] = []
    tops = 0
    omitted: list[str] = []
    for text in paths:
        place = parse(text)
        groups = _cloud_groups(cloud, place) if place.is_cloud else _file_groups(place)
        number = 0
        for name, sources in groups:
            number += 1
            if name is None or recursive:
                found += sources
            else:
                omitted.append(name)
        if not number:
            raise ToolError(f"No URLs matched: {text}")
        tops += number
    return found, tops, omitted


Group = tuple[str | None, Iterable[Source]]
"""A folder's name (None for a plain file or object), and what it holds."""


def _file_groups(place: Place) -> Iterator[Group]:
    if place.is_wild and not os.path.lexists(place.path):
        paths = sorted(glob.glob(place.path, recursive=True, include_hidden="**" in place.path))  # noqa: PTH207
    else:
        paths = [place.path] if os.path.exists(place.path) else []  # noqa: PTH110
    for path in paths:
        name = os.path.basename(path.rstrip("/"))  # noqa: PTH119
        if not os.path.isdir(path):  # noqa: PTH112
            yield None, [_file(path, name, "")]
        elif "**" not in place.path:
            top = "" if name in {"", ".", ".."} else name
            yield f"file://{path}", _walk(path, top)


def _file(path: str, top: str, below: str) -> Source:
    return Source(Place("", path), top, below, os.path.getsize(path), None)  # noqa: PTH202


def _walk(folder: str, top: str) -> Iterator[Source]:
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(parent, name)  # noqa: PTH118
            if os.path.isfile(path):  # noqa: PTH113
                yield _file(path, top, os.path.relpath(path, folder).replace(os.sep, "/"))


def object_source(item: Json, top: str, below: str) -> Source:
    """An object as a source."""
    return Source(Place(item["bucket"], item["name"]), top, below, int(item["size"]), item)


def _cloud_groups(cloud: Cloud, place: Place) -> Iterator[Group]:
    if place.is_wild:
        yield from _wild_groups(cloud, place)
        return
    if place.path and not place.path.endswith("/"):
        item = cloud.find(place.bucket, place.path)
        if item:
            yield None, [object_source(item, _base(place.path), "")]
            return
    prefix = f"{place.path.rstrip('/')}/" if place.path else ""
    held = [
        object_source(item, _base(prefix), item["name"][len(prefix) :])
        for item in cloud.objects(place.bucket, prefix)
    ]
    if held:
        yield str(Place(place.bucket, prefix)), held


def _wild_groups(cloud: Cloud, place: Place) -> Iterator[Group]:
    """Objects whose names fit the wildcards, and prefixes that do; `**` takes all below, flat."""
    flat = "**" in place.path
    fits = wild_pattern(place.path.rstrip("/"))
    prefix = place.path[: WILD.search(place.path).start()]  # type: ignore[union-attr]
    folders: dict[str, list[Source]] = {}
    for item in cloud.objects(place.bucket, prefix):
        name: str = item["name"]
        if fits.fullmatch(name) and not place.path.endswith("/"):
            yield None, [object_source(item, _base(name), "")]
        elif not flat:
            parts = name.split("/")[: place.path.rstrip("/").count("/") + 1]
            folder = "/".join(parts)
            if fits.fullmatch(folder) and name.startswith(f"{folder}/"):
                below = name[len(folder) + 1 :]
                folders.setdefault(folder, []).append(object_source(item, parts[-1], below))
    for folder, held in folders.items():
        yield str(Place(place.bucket, f"{folder}/")), held


def wild_pattern(text: str) -> re.Pattern[str]:
    """An object name with wildcards: `*` and `?` stop at `/`, `**` does not."""
    out = ""
    for part in re.split(r"(\*\*|\*|\?|\[[^\]]+\])", text):
        if part in {"**", "*", "?"}:
            out += {"**": ".*", "*": "[^/]*", "?": "[^/]"}[part]
        elif part.startswith("[") and part.endswith("]"):
            out += fnmatch.translate(part).removeprefix("(?s:").removesuffix(r")\Z")
        else:
            out += re.escape(part)
    return re.compile(out, re.DOTALL)


def _base(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2]
