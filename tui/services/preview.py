"""Reads as much of an object as its preview needs, by ranged reads of one generation."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.preview.kinds import ZIP, decode
from tui.domain.preview.make import Source, archive_preview, make_preview
from tui.domain.preview.model import MOST_BYTES, PREVIEW_BYTES, Extent, Preview, PreviewKind
from tui.domain.storage import ObjectInfo
from tui.domain.storage_gateway import StorageGateway

HEAD_BYTES = 4 * 1024
"""What is read first of what is likely to be binary: that tells what else to read."""

_BINARY = frozenset(
    {
        "pt",
        "pth",
        "ckpt",
        "bin",
        "zip",
        "npz",
        "whl",
        "keras",
        "pkl",
        "pickle",
        "gguf",
        "h5",
        "tar",
        "parquet",
    }
)
_TOLD = frozenset({PreviewKind.BINARY, PreviewKind.ARRAY})
_WIDEST_CHARACTER = 4
_REPLACED = "replaced since the list was read: this is the newer one"


class PreviewReader:
    """What has been read of one object so far."""

    def __init__(self, storage: StorageGateway, item: ObjectInfo) -> None:
        self._storage = storage
        self.item = item
        self._head = b""
        self._tail = b""
        self._limit = PREVIEW_BYTES
        self._from_end = False
        self._notes: tuple[str, ...] = ()
        self._codec = ""
        self.preview: Preview | None = None
        """What was made of it."""

    @property
    def can_grow(self) -> bool:
        """Whether more can be read."""
        shown = self.preview
        if shown is None:
            return False
        if shown.kind in _TOLD or (shown.table is not None and shown.kind is not PreviewKind.TABLE):
            return False  # what there is to say has been said
        return (shown.needs > 0 or shown.extent.cut) and self._limit < MOST_BYTES

    @property
    def can_turn(self) -> bool:
        """Whether the other end can be read."""
        shown = self.preview
        if shown is None or self.item.content_encoding == "gzip":
            return False
        return self._from_end or (bool(self._codec) and shown.extent.cut and not shown.extent.unpacked)

    @property
    def from_end(self) -> bool:
        """Whether the end is shown."""
        return self._from_end

    async def begin(self) -> Preview:
        """The beginning; of an archive, what it says at its end that it holds.

        Raises:
            CloudError: it could not be read.
        """
        past = self.item.past
        if past is not None and past.deleted_at is not None:
            raise CloudError(
                "A soft-deleted object cannot be read",
                "Cloud Storage keeps it, but gives its content to nobody.",
                hint="Restore it first, then look at it.",
                kind=ErrorKind.PRECONDITION,
            )
        if past is not None:
            self._notes = ("an earlier version",)
        small = self._is_likely_binary and self.item.size > PREVIEW_BYTES
        await self._read_head(HEAD_BYTES if small else PREVIEW_BYTES)
        if small and self._head.startswith(ZIP):
            await self._read_tail(PREVIEW_BYTES - HEAD_BYTES)
        elif small and decode(self._head) is not None:
            await self._read_head(PREVIEW_BYTES)
        return await self._make()

    async def more(self) -> Preview:
        """Twice as much as was read, up to `MOST_BYTES`.

        Raises:
            CloudError: it could not be read.
        """
        limit = min(2 * self._limit, MOST_BYTES)
        needs = self.preview.needs if self.preview is not None else 0
        if needs:
            limit = min(max(limit, needs), MOST_BYTES)
            await self._read_tail(limit)
        elif self._from_end:
            await self._read_tail(limit)
        else:
            await self._read_head(limit)
        self._limit = limit
        return await self._make()

    async def turn(self) -> Preview:
        """The last bytes, as a log is read; or the beginning again.

        Raises:
            CloudError: it could not be read.
        """
        if not self._from_end:
            await self._read_tail(PREVIEW_BYTES)
        self._from_end = not self._from_end
        self._limit = PREVIEW_BYTES if self._from_end else max(len(self._head), PREVIEW_BYTES)
        return await self._make()

    # Reading

    @property
    def _is_likely_binary(self) -> bool:
        return self.item.name.rpartition(".")[2].lower() in _BINARY

    async def _read_head(self, limit: int) -> None:
        """So many bytes from the beginning; a gzipped object is unpacked only from there on."""
        if self.item.content_encoding == "gzip":
            self._head = await self._read(0, limit)
        elif (have := len(self._head)) < limit and (have < self.item.size or not have):
            self._head += await self._read(have, limit - have)

    async def _read_tail(self, limit: int) -> None:
        """So many bytes of the end, beginning where a character of any width may begin."""
        limit = min(limit, self.item.size)
        start = (self.item.size - limit + _WIDEST_CHARACTER - 1) // _WIDEST_CHARACTER * _WIDEST_CHARACTER
        if self.item.size - start <= len(self._tail):
            return
        end = self.item.size - len(self._tail)
        before = await self._read(start, end - start)
        if len(before) == end - start:
            self._tail = before + self._tail

    async def _read(self, start: int, limit: int) -> bytes:
        """One range of the generation that is looked at; if that was replaced, of the newer one."""
        item = self.item
        try:
            return await self._read_of(item, start, limit)
        except CloudError as error:
            if error.kind is not ErrorKind.NOT_FOUND or item.past is not None or not item.generation:
                raise
            found = (await self._storage.get_object(item.uri)).info
            if found.generation == item.generation:
                raise
        self.item, self._head, self._tail = found, b"", b""
        self._notes = (_REPLACED,)
        return await self._read_of(found, 0 if start < PREVIEW_BYTES else start, limit)

    async def _read_of(self, item: ObjectInfo, start: int, limit: int) -> bytes:
        return await self._storage.read_object(item.uri, limit=limit, start=start, generation=item.generation)

    # Making

    async def _make(self) -> Preview:
        """What was read, made into a preview off the event loop."""
        made = await asyncio.to_thread(self._made)
        if not self._from_end and made.codec:
            self._codec = made.codec
        self.preview = made = replace(made, notes=(*made.notes, *self._notes))
        return made

    def _made(self) -> Preview:
        item = self.item
        if self._from_end:
            extent = Extent(len(self._tail), item.size, from_end=True)
            return make_preview(Source(item.name, self._tail, extent, item.content_type, self._codec))
        packed = item.content_encoding == "gzip"
        extent = Extent(
            len(self._head), item.size, unpacked=packed, more=packed and len(self._head) >= self._limit
        )
        source = Source(item.name, self._head, extent, item.content_type)
        if self._head.startswith(ZIP) and extent.cut and self._tail:
            return archive_preview(source, self._tail)
        shown = make_preview(source)
        if shown.kind is PreviewKind.IMAGE and shown.image is not None:
            from tui.services.preview_image import with_picture  # noqa: PLC0415 (Pillow, for images only)

            return with_picture(shown, self._head)
        return shown


async def read_preview(storage: StorageGateway, item: ObjectInfo) -> Preview:
    """The beginning of an object, by one or two ranged reads; laid out off the event loop.

    Raises:
        CloudError: it could not be read.
    """
    return await PreviewReader(storage, item).begin()
