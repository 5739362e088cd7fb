"""Downloads: whole objects, ranges, gzip objects for clients that do not take gzip."""

from __future__ import annotations

import asyncio
import io
import re
import zlib
from collections.abc import AsyncIterator
from datetime import datetime
from email.utils import format_datetime
from typing import BinaryIO

from aiohttp import web
from multidict import CIMultiDict

from tui.local.faults.replies import cut_short
from tui.local.storage.api import Api, Handler
from tui.local.storage.blobs import CHUNK
from tui.local.storage.calls import Call
from tui.local.storage.encryption import check_key
from tui.local.storage.errors import StorageError
from tui.local.storage.resources import etag_of
from tui.local.storage.rows import Conditions, ObjectRow, extra_of, integer

RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """First byte and one past the last of a `Range`; None for a header that is to be ignored.

    Raises:
        StorageError: 416 for a range that lies outside the object.
    """
    found = RANGE.fullmatch(header.replace(" ", ""))
    if not found or not any(found.groups()) or any(len(text) > 18 for text in found.groups()):  # noqa: PLR2004
        return None
    first, last = found.groups()
    if first and last and int(last) < int(first):
        return None
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if start >= size or start >= end:
        raise StorageError(416, "requestedRangeNotSatisfiable", "Request range not satisfiable")
    return start, end


def media_headers(row: ObjectRow) -> CIMultiDict[str]:
    """Headers that tell of the object."""
    sums = [f"crc32c={row.crc32c}"] + ([f"md5={row.md5}"] if row.md5 else [])
    headers = CIMultiDict(
        {
            "Content-Type": row.content_type or "application/octet-stream",
            "ETag": f'"{etag_of(row.generation, row.metageneration)}"',
            "Last-Modified": format_datetime(datetime.fromisoformat(row.updated), usegmt=True),
            "Accept-Ranges": "bytes",
            "X-Goog-Generation": str(row.generation),
            "X-Goog-Metageneration": str(row.metageneration),
            "X-Goog-Storage-Class": row.storage_class,
            "X-Goog-Stored-Content-Length": str(row.size),
            "X-Goog-Stored-Content-Encoding": row.content_encoding or "identity",
            "X-Goog-Hash": ",".join(sums),
        }
    )
    extra = extra_of(row)
    for key, header in (
        ("cacheControl", "Cache-Control"),
        ("contentDisposition", "Content-Disposition"),
        ("contentLanguage", "Content-Language"),
    ):
        if extra.get(key):
            headers[header] = extra[key]
    return headers


class Downloads:
    """`alt=media`, under `/storage/v1` and `/download/storage/v1`."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def or_metadata(self, metadata: Handler) -> Handler:
        """A handler that sends the bytes if asked for `alt=media`, and else what `metadata` answers."""

        async def answer(request: web.Request) -> web.StreamResponse:
            wanted = self.handle if request.query.get("alt") == "media" else metadata
            return await wanted(request)

        return answer

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Send an object's bytes; refusals are plain text here, as the service sends them."""
        try:
            row, file = await asyncio.to_thread(_open, self._api.call(request))
        except StorageError as error:
            text = None if error.status == web.HTTPNotModified.status_code else error.message
            return web.Response(status=error.status, text=text)
        with file:
            return await self._send(request, row, file)

    async def _send(self, request: web.Request, row: ObjectRow, file: BinaryIO) -> web.StreamResponse:
        headers = media_headers(row)
        if row.content_encoding == "gzip" and "gzip" not in request.headers.get("Accept-Encoding", ""):
            headers["Warning"] = '214 UploadServer gunzipped "Transformation Applied"'
            del headers["Accept-Ranges"]
            return await _stream(request, 200, headers, _gunzipped(_chunks(file, 0, row.size)))
        if row.content_encoding:
            headers["Content-Encoding"] = row.content_encoding
        try:
            part = parse_range(request.headers.get("Range", ""), row.size)
        except StorageError as error:
            return web.Response(
                status=416, text=error.message, headers={"Content-Range": f"bytes */{row.size}"}
            )
        start, end = part or (0, row.size)
        if part:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{row.size}"
        status = 206 if part else 200
        if end - start <= CHUNK:
            if isinstance(file, io.BytesIO):  # a small one, which the database keeps
                data = _read(file, start, end - start)
            else:
                data = await asyncio.to_thread(_read, file, start, end - start)
            return web.Response(status=status, headers=headers, body=data)
        headers["Content-Length"] = str(end - start)
        return await _stream(request, status, headers, _chunks(file, start, end))


def _open(call: Call) -> tuple[ObjectRow, BinaryIO]:
    bucket, row = call.object("storage.objects.get")
    conditions = Conditions.of(call.query)
    conditions.check(row.generation, row.metageneration, reading=True)
    try:
        found = row, call.store.contents.open(row.blob)
    except FileNotFoundError:  # it was replaced in between
        found = call.store.open(bucket, row.name, integer(call.query, "generation"), conditions)
    try:
        check_key(found[0], call.key)
        call.check_etag(found[0].generation, found[0].metageneration)
    except StorageError:
        found[1].close()
        raise
    return found


def _read(file: BinaryIO, start: int, count: int) -> bytes:
    file.seek(start)
    return file.read(count)


async def _chunks(file: BinaryIO, start: int, end: int) -> AsyncIterator[bytes]:
    file.seek(start)
    while start < end:
        data = await asyncio.to_thread(file.read, min(CHUNK, end - start))
        start += len(data)
        yield data


async def _gunzipped(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """What `chunks` of a gzip file hold; bytes that are not gzip end the answer early."""
    machine = zlib.decompressobj(wbits=31)
    async for chunk in chunks:
        waiting = chunk
        while waiting:
            try:
                yield machine.decompress(waiting, CHUNK)
            except zlib.error:
                return
            waiting = machine.unconsumed_tail


async def _stream(
    request: web.Request, status: int, headers: CIMultiDict[str], chunks: AsyncIterator[bytes]
) -> web.StreamResponse:
    """Send `chunks` as they come."""
    response = web.StreamResponse(status=status, headers=headers)
    chunks = cut_short(request, response, chunks)
    first = await anext(chunks, b"")
    await response.prepare(request)
    await response.write(first)
    async for chunk in chunks:
        await response.write(chunk)
    await response.write_eof()
    return response
