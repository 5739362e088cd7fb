"""What a transfer does to this box's disk: never outside the chosen folder, over no other file unasked."""

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import os
import shutil
import stat
import tempfile
import zlib
from collections.abc import Callable, Container, Iterable
from pathlib import Path

from tui.domain.parts import part_path, unpacked_path
from tui.domain.preview.kinds import GZIP
from tui.domain.storage import ObjectInfo
from tui.domain.transfers.overwrite import Overwrite
from tui.domain.transfers.overwrite import numbered as with_number

SPARE_BYTES = 64 * 1024 * 1024
"""Room that a download leaves on the disk."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Errors of a disk, or a user's part of it, that is full."""

LEADS_OUT = "a link there leads outside the chosen folder: not written"

IS_FOLDER = "a folder of that name is there already"

NO_FOLDER = "a file stands where its folder would be"

NOWHERE = "a link to nothing stands where its folder would be"

_BLOCK = 1 << 20

GZIP_END = 8
"""Bytes at the end of a gzip file: CRC-32 and length (modulo 2^32) of what its last part holds (RFC 1952)."""


def free_bytes(folder: Path) -> int:
    """Bytes free where a folder is or will be.

    Raises:
        OSError: that cannot be told.
    """
    return shutil.disk_usage(nearest(folder)).free


def nearest(path: Path) -> Path:
    """`path`, or what of it exists."""
    return next((place for place in (path, *path.parents) if place.exists()), Path(path.anchor))


def leads_out(folder: Path, parent: Path) -> bool:
    """Whether what exists of `parent`, which is named below `folder`, really lies elsewhere."""
    place = parent
    while not os.path.lexists(place) and place != folder:
        place = place.parent
    return place != folder and not place.resolve().is_relative_to(folder.resolve())


def blocked(folder: Path, parent: Path) -> str:
    """Why `parent`, at or below `folder`, is no folder and cannot become one; empty if it is or can."""
    place = parent
    while place != folder and not os.path.lexists(place):
        place = place.parent
    if place.is_dir() or not os.path.lexists(place):
        return ""
    return NO_FOLDER if place.exists() else NOWHERE


def ready_path(
    path: Path, folder: Path, same: Callable[[Path], bool], rule: Overwrite, taken: Container[Path] = ()
) -> Path | None:
    """Make the folders of a file and say where to write it; None when what is there is kept.

    `same` says whether a file has the content that comes; `taken` are places that other downloads are about
    to fill.

    Raises:
        OSError: a folder cannot be made, the path leads elsewhere, or a folder has its name.
    """
    parent = path.parent
    if not parent.is_dir():
        _make_folder(parent, folder)
    root, real = os.path.realpath(folder), os.path.realpath(parent)
    if real != root and not real.startswith(os.path.join(root, "")):  # noqa: PTH118 (asked for each file)
        raise OSError(0, LEADS_OUT)
    try:
        there = stat.S_IFMT(os.lstat(path).st_mode)
    except FileNotFoundError:
        there = 0
    if there == stat.S_IFDIR:
        raise OSError(0, IS_FOLDER)
    if rule is Overwrite.BOTH:
        return _beside(path, same, taken)
    if path in taken:
        raise OSError(0, "another transfer is writing that file")
    if not there or rule is Overwrite.REPLACE:
        return path
    if rule is Overwrite.KEEP or same(path):
        return None
    return path


def _make_folder(parent: Path, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if leads_out(folder, parent):
            raise OSError(0, LEADS_OUT)
        parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise OSError(0, blocked(folder, parent) or NO_FOLDER) from error


def _beside(path: Path, same: Callable[[Path], bool], taken: Container[Path]) -> Path | None:
    """The first free place with a number; None when one of those there already has the content."""
    candidate, number = path, 1
    while candidate in taken or os.path.lexists(candidate):
        if number > 1 and same(candidate):
            return None
        number += 1
        candidate = path.with_name(with_number(path.name, number))
    return candidate


def same_content(path: Path, item: ObjectInfo, end: bytes = b"") -> bool:
    """Whether a file has exactly the object's content, by size and crc32c; reads all of it.

    A gzipped object lies unpacked on this box, and its crc32c is that of the packed bytes: it is compared by
    `end`, see `GZIP_END`. False for a link, and when the file cannot be read or nothing is known to compare.
    """
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        if has_stored_bytes(path, item):
            return item.content_encoding != "gzip" or not _is_packed(path)  # labelled so, but none
        return item.content_encoding == "gzip" and is_unpacked(path, end)
    except OSError:
        return False


def has_stored_bytes(path: Path, item: ObjectInfo) -> bool:
    """Whether a file has the bytes that the service keeps.

    Raises:
        OSError: it cannot be read.
    """
    return bool(item.crc32c) and path.stat().st_size == item.size and crc32c_of(path) == item.crc32c


def is_unpacked(path: Path, end: bytes) -> bool:
    """Whether a file is what a gzip file with this end holds; one of several parts never is, as far as seen.

    Raises:
        OSError: it cannot be read.
    """
    if len(end) != GZIP_END or path.stat().st_size % (1 << 32) != int.from_bytes(end[4:], "little"):
        return False
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            checksum = zlib.crc32(block, checksum)
    return checksum == int.from_bytes(end[:4], "little")


def _is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(GZIP)) == GZIP


def crc32c_of(path: Path) -> str:
    """Base64 of a file's crc32c, as Cloud Storage writes it.

    Raises:
        OSError: it cannot be read.
    """
    import google_crc32c  # noqa: PLC0415 (a library of C; seldom used)

    checksum = google_crc32c.Checksum()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            checksum.update(block)
    return base64.b64encode(checksum.digest()).decode("ascii")


def check_room(
    path: Path, item: ObjectInfo, coming: int, free: Callable[[Path], int], spare: int = SPARE_BYTES
) -> None:
    """Refuse a file for which the disk has no room beside `coming` bytes of others.

    Raises:
        OSError: ENOSPC.
    """
    have = 0
    with contextlib.suppress(OSError):
        have = part_path(path, item.generation).stat().st_size
    if free(path.parent) < max(item.size - have, 0) + coming + spare:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path.parent))


def remove_parts(parts: Iterable[Path], folder: Path, *, surely: bool = False) -> list[Path]:
    """Remove parts, and what is unpacked of them, unless a link leads out of `folder`.

    Those that are being written stay, unless told `surely`, and are returned.
    """
    written = []
    outside: dict[Path, bool] = {}
    for part in parts:
        with contextlib.suppress(OSError):
            if part.parent not in outside:
                outside[part.parent] = leads_out(folder, part.parent)
            if outside[part.parent]:
                continue
            if not surely and _is_written(part):
                written.append(part)
                continue
            part.unlink(missing_ok=True)
            unpacked_path(part).unlink(missing_ok=True)
    return written


def _is_written(part: Path) -> bool:
    """Whether a download holds the part's lock.

    Raises:
        OSError: it is not there, or cannot be opened.
    """
    descriptor = os.open(part, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # a file system without locks
    else:
        return False
    finally:
        os.close(descriptor)


def part_bytes(path: Path, generation: int) -> int:
    """Bytes of an unfinished download that can be gone on with."""
    try:
        return part_path(path, generation).lstat().st_size
    except OSError:
        return 0


def ignores_case(folder: Path) -> bool:
    """Whether the disk takes `a` and `A` for the same file; needs to write there, and leaves nothing.

    Raises:
        OSError: the folder, or what of it exists, cannot be written to.
    """
    place = nearest(folder)
    if not place.is_dir():
        raise NotADirectoryError(0, "that is a file, not a folder", str(place))
    link = next((each for each in (folder, *folder.parents) if each.is_symlink() and not each.exists()), None)
    if link is not None:
        raise FileNotFoundError(0, "that is a link to nothing", str(link))
    with tempfile.NamedTemporaryFile(prefix=".vertex-tui-CASE-", dir=place) as probe:
        path = Path(probe.name)
        return path.with_name(path.name.lower()).exists()
