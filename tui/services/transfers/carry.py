"""The way of one file: what is looked at before, the call, and what a failure means."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from enum import Enum, auto
from functools import partial
from pathlib import Path

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import ObjectInfo, UploadSession
from tui.domain.storage_gateway import StorageGateway
from tui.domain.transfers.overwrite import Overwrite
from tui.services.transfers.disk import (
    FULL,
    GZIP_END,
    check_room,
    has_stored_bytes,
    is_unpacked,
    part_bytes,
    ready_path,
    remove_parts,
    same_content,
)
from tui.services.transfers.model import Direction, FileWork, Transfer

TRIES = 3
"""Times that a file is tried when its failure may pass by itself."""

Counter = Callable[[int], None]


class Verdict(Enum):
    """What a failure asks for."""

    FAIL = auto()
    """The file has failed, the others go on."""
    AGAIN = auto()
    """The file is tried once more, after the others."""
    WAIT = auto()
    """Nothing comes through: all of the transfer goes on after a while."""
    HOLD = auto()
    """All of it stands still until the user has done something."""


async def download(
    storage: StorageGateway,
    transfer: Transfer,
    file: FileWork,
    item: ObjectInfo,
    *,
    taken: Container[Path],
    claim: Callable[[Path], None],
    free: Callable[[Path], int],
    coming: Callable[[], int],
    count: Counter,
) -> bool:
    """Bring one object home; False if what is there was kept. `claim` is told where it will be written.

    Raises:
        CloudError: it did not come, or not whole.
        OSError: it may not or cannot be written.
    """
    rule = transfer.rule
    compares = rule in (Overwrite.DIFFERENT, Overwrite.BOTH)
    there = compares and await asyncio.to_thread(os.path.lexists, file.path)
    end = await _gzip_end(storage, item) if there else b""
    same = partial(same_content, item=item, end=end)
    if transfer.restored and rule is Overwrite.BOTH and await asyncio.to_thread(same, file.path):
        return False
    others = coming()

    def prepare() -> Path | None:
        path = ready_path(file.path, transfer.folder, same, rule, taken)
        if path is not None:
            check_room(path, item, others, free)
        return path

    path = await asyncio.to_thread(prepare)
    if path is None:
        return False
    claim(path)
    if file.done:
        count(await asyncio.to_thread(part_bytes, path, item.generation))
    await storage.download(item, path, on_bytes=count, keep_part=True)
    return True


async def upload(
    storage: StorageGateway,
    transfer: Transfer,
    file: FileWork,
    *,
    keep: Callable[[UploadSession | None], None],
    count: Counter,
) -> bool:
    """Send one file; False if what is there was kept. `keep` is told what can be gone on with later.

    Raises:
        CloudError: it did not arrive, or not whole, or somebody else put something there.
        OSError: it cannot be read.
    """
    facts = await asyncio.to_thread(file.path.lstat)
    if not stat.S_ISREG(facts.st_mode) and not (stat.S_ISLNK(facts.st_mode) and len(transfer.files) == 1):
        raise OSError(0, "it is no longer a file")
    there = file.item
    if there is not None and transfer.rule is Overwrite.KEEP:
        return False
    if there is not None and transfer.rule is Overwrite.DIFFERENT:
        end = await _gzip_end(storage, there)
        if await _is_same(file.path, there, end):
            return False
    try:
        await storage.upload(
            file.path,
            file.uri,
            replaces=file.replaces,
            on_bytes=count,
            session=file.session,
            on_session=keep,
        )
    except CloudError as error:
        if error.kind not in (ErrorKind.PRECONDITION, ErrorKind.CONFLICT):
            raise
        # An earlier try may have arrived although its answer did not.
        now = await storage.get_object(file.uri)
        if not await _is_same(file.path, now.info):
            raise
    return True


async def clear(
    storage: StorageGateway | None, transfer: Transfer, files: Sequence[FileWork], path: Path | None = None
) -> None:
    """Remove what has come of files that are given up; `path` is where a renamed one was being written."""
    for file in files:
        if transfer.direction is Direction.DOWN:
            numbered = transfer.rule is Overwrite.BOTH
            await asyncio.to_thread(remove_parts, path or file.path, transfer.folder, numbered=numbered)
        elif storage is not None:
            with suppress(CloudError):
                await storage.forget_upload(file.path, file.uri, file.session)


async def _is_same(path: Path, item: ObjectInfo, end: bytes = b"") -> bool:
    """Whether the object has a file's bytes, or with the end of a gzipped object's bytes: its content."""
    return await asyncio.to_thread(lambda: has_stored_bytes(path, item) or is_unpacked(path, end))


async def _gzip_end(storage: StorageGateway, item: ObjectInfo) -> bytes:
    """The end of a gzipped object, by which its content is compared; empty for others, or if it is gone."""
    if item.content_encoding != "gzip" or item.size < GZIP_END:
        return b""
    with suppress(CloudError):
        start = item.size - GZIP_END
        return await storage.read_object(item.uri, limit=GZIP_END, start=start, generation=item.generation)
    return b""


def is_full(error: BaseException | None) -> bool:
    """Whether a full disk, or a user's full part of it, is behind a failure."""
    seen = 0
    while error is not None and seen < 10:  # noqa: PLR2004 (no chain is longer, and a ring ends)
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False


def judge(error: CloudError | OSError, tries: int) -> Verdict:
    """What a failure after so many tries asks for."""
    if is_full(error):
        return Verdict.HOLD
    if isinstance(error, OSError):
        return Verdict.FAIL
    if error.kind in (ErrorKind.NO_CREDENTIALS, ErrorKind.EXPIRED_CREDENTIALS, ErrorKind.BILLING):
        return Verdict.HOLD
    if error.kind in (ErrorKind.UNREACHABLE, ErrorKind.RATE, ErrorKind.TIMEOUT):
        return Verdict.WAIT
    if error.retryable and tries < TRIES:
        return Verdict.AGAIN
    return Verdict.FAIL


def words(error: CloudError | OSError) -> str:
    """The reason in one line."""
    return str(error) if isinstance(error, CloudError) else (error.strerror or str(error))
