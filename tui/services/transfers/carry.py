"""The way of one file: what is looked at before, the call, and what a failure means."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import ObjectInfo, UploadSession
from tui.domain.storage_gateway import StorageGateway
from tui.domain.transfers.overwrite import Overwrite
from tui.services.transfers.claims import Claims
from tui.services.transfers.disk import (
    GZIP_END,
    check_room,
    has_stored_bytes,
    is_unpacked,
    part_bytes,
    ready_path,
    remove_parts,
    same_content,
)
from tui.services.transfers.model import FileWork, Transfer
from tui.services.transfers.troubles import gone, replaced

LETS_GO_WITHIN = 60.0
"""Seconds for which a part that is still being written is waited for, until its stopped download lets go."""

_LOOK = 0.5

Counter = Callable[[int], None]


async def download(
    storage: StorageGateway,
    transfer: Transfer,
    file: FileWork,
    item: ObjectInfo,
    *,
    claims: Claims,
    claim: Callable[[Path], bool],
    free: Callable[[Path], int],
    count: Counter,
) -> bool:
    """Bring one object home; False if what is there was kept.

    `claim` is told where it will be written, and says whether it may be.

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
    others = claims.coming(file)

    def prepare(taken: Container[Path]) -> Path | None:
        path = ready_path(file.path, transfer.folder, same, rule, taken)
        if path is not None:
            check_room(path, item, others, free)
        return path

    while (path := await asyncio.to_thread(prepare, claims.taken)) is not None:
        if claim(path):  # else another one has begun to write there meanwhile
            await _fetch(storage, file, item, path, count)
            return True
    return False


async def _fetch(
    storage: StorageGateway, file: FileWork, item: ObjectInfo, path: Path, count: Counter
) -> None:
    """Bring it to its place, going on with its part."""
    if file.done:
        count(await asyncio.to_thread(part_bytes, path, item.generation))

    def come(done: int) -> None:
        file.opened = True
        count(done)

    try:
        await storage.download(item, path, on_bytes=come, keep_part=True)
    except CloudError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        raise await gone(storage, item, error) from error


async def recount(file: FileWork, count: Counter) -> None:
    """Tell how much has come of a stopped download, some of it after the last word."""
    if file.at is not None and file.item is not None:
        count(await asyncio.to_thread(part_bytes, file.at, file.item.generation))


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
    transfer.resize(file, facts.st_size if stat.S_ISREG(facts.st_mode) else file.size)
    if file.item is not None and await _is_kept(storage, transfer.rule, file.path, file.item):
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
        now = await _there(storage, file)
        # An earlier try may have arrived although its answer did not.
        if now is None or not await _is_same(file.path, now):
            raise replaced(file, now, error) from error
    return True


async def _is_kept(storage: StorageGateway, rule: Overwrite, path: Path, there: ObjectInfo) -> bool:
    """Whether the object that is there stays."""
    if rule is not Overwrite.DIFFERENT:
        return rule is Overwrite.KEEP
    return await _is_same(path, there, await _gzip_end(storage, there))


async def _there(storage: StorageGateway, file: FileWork) -> ObjectInfo | None:
    """What lies where an upload goes; None for nothing."""
    try:
        return (await storage.get_object(file.uri)).info
    except CloudError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        return None


async def clear_parts(folder: Path, parts: Sequence[Path], *, surely: bool = False) -> None:
    """Remove parts of downloads that are given up.

    One that is being written is waited for, as a stopped download lets go of it soon; another program's
    stays. With `surely` it is known to be the own one, whose download was just stopped.
    """
    waiting = list(parts)
    for _ in range(int(LETS_GO_WITHIN / _LOOK)):
        waiting = await asyncio.to_thread(remove_parts, waiting, folder, surely=surely)
        if not waiting:
            break
        await asyncio.sleep(_LOOK)


async def clear_sessions(storage: StorageGateway, files: Sequence[FileWork]) -> None:
    """Have the service drop what it has of uploads that are given up."""
    for file in files:
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
