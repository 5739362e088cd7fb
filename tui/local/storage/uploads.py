"""Uploads: simple, multipart and resumable."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, NamedTuple

from aiohttp import web

from tui.local.guard import TOKEN_PATH
from tui.local.storage.api import Api, json_response, parse_json, read_body
from tui.local.storage.blobs import CHUNK, Stage
from tui.local.storage.calls import Call
from tui.local.storage.errors import StorageError, invalid, required
from tui.local.storage.metadata import Metadata
from tui.local.storage.multipart import boundary_of, read_bytes, read_head
from tui.local.storage.names import check_object
from tui.local.storage.object_calls import may_write, new_metadata
from tui.local.storage.resources import object_resource
from tui.local.storage.rows import BucketRow, Conditions, ObjectRow
from tui.local.wire.field_masks import apply_mask

RANGE = re.compile(r"bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18}|\*)")

OPEN = 64
"""Resumable uploads whose file stays open between requests; others are read again when they go on."""


CANCELLED = 499
"""Status of a cancelled upload."""


class Session(NamedTuple):
    """A resumable upload, as stored."""

    id: str
    bucket: str
    name: str
    request: dict[str, Any]
    """`body`: the object resource; `query`, `key`, `length`: what it was begun with."""
    done: int
    """Generation of the finished object; 0 before."""


class Chunk(NamedTuple):
    """What a `Content-Range` says; None for what it leaves open."""

    start: int | None
    """None for a question about the state."""
    end: int | None
    total: int | None


def parse_chunk(header: str | None, length: int | None) -> Chunk:
    """Read `Content-Range`; without one the request carries the whole object.

    Raises:
        StorageError: 400 for another form.
    """
    if header is None:
        return Chunk(0, length, length)
    found = RANGE.fullmatch(header.strip())
    if not found:
        raise invalid(f"Failed to parse Content-Range header: {header}")
    first, last, total = found.groups()
    size = None if total == "*" else int(total)
    if first is None:
        return Chunk(None, None, size)
    if int(last) < int(first) or (size is not None and int(last) >= size):
        raise invalid(f"Invalid Content-Range header: {header}")
    return Chunk(int(first), int(last) + 1, size)


def given_sums(request: web.Request) -> dict[str, str]:
    """Checksums of the `x-goog-hash` headers, under their names in an object resource."""
    found = {}
    for header in request.headers.getall("X-Goog-Hash", ()):
        for item in header.split(","):
            name, _, value = item.strip().partition("=")
            if name in {"crc32c", "md5"}:
                found["crc32c" if name == "crc32c" else "md5Hash"] = value
    return found


async def fill(stage: Stage, chunks: AsyncIterator[bytes], limit: int | None = None) -> bytes:
    """Write `chunks`, at most `limit` bytes, in large pieces off the loop; return the last one unwritten."""
    held = bytearray()
    try:
        async for chunk in chunks:
            held += chunk if limit is None else chunk[:limit]
            limit = None if limit is None else limit - min(limit, len(chunk))
            if len(held) >= CHUNK:
                data = bytes(held)
                held.clear()
                await asyncio.to_thread(stage.write, data)
    except BaseException:
        stage.write(bytes(held))  # what came before the connection broke off counts in a resumable upload
        raise
    return bytes(held)


def admit(call: Call, name: object) -> BucketRow:
    """The bucket, if the caller may write `name` to it."""
    bucket = call.bucket()
    may_write(call, bucket, check_object(name))
    return bucket


def _resource(call: Call, bucket: BucketRow, row: ObjectRow) -> dict[str, Any]:
    """The answer to an upload, checksums included."""
    resource = object_resource(row, bucket, call.links, full=call.full(), keyed=True)
    mask = call.mask()
    found: dict[str, Any] = apply_mask(resource, mask) if mask else resource
    return found


class Uploads:
    """`/upload/storage/v1/b/BUCKET/o`, also below `/resumable`."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._store = api.store
        self._open: dict[str, Stage] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any request to an upload address."""
        id_ = request.query.get("upload_id")
        if id_:
            return await self._resume(request, id_)
        kind = request.query.get("uploadType", "")
        call = self._api.call(request)
        if request.method == "POST" and kind == "media":
            return await self._simple(request, call)
        if request.method == "POST" and kind == "multipart":
            return await self._multipart(request, call)
        if request.method == "POST" and kind == "resumable":
            return await self._begin(request, call)
        raise invalid(f"Invalid upload type: '{kind}'", location="uploadType")

    async def _simple(self, request: web.Request, call: Call) -> web.StreamResponse:
        name = call.query.get("name")
        if not name:
            raise required("name")
        bucket = await asyncio.to_thread(admit, call, name)
        body = {
            "contentType": request.headers.get("Content-Type", "application/octet-stream"),
            "contentEncoding": call.query.get("contentEncoding"),
        }
        metadata = new_metadata(call, bucket, {**body, **given_sums(request)})
        return await self._store_bytes(call, (bucket, name), metadata, request.content.iter_any())

    async def _multipart(self, request: web.Request, call: Call) -> web.StreamResponse:
        chunks = request.content.iter_any()
        head = await read_head(chunks, boundary_of(request.headers.get("Content-Type", "")))
        body = {"contentType": head.content_type or None, **parse_json(head.json)}
        name = call.query.get("name") or body.get("name")
        bucket = await asyncio.to_thread(admit, call, name)
        metadata = new_metadata(call, bucket, {**body, **given_sums(request)})
        return await self._store_bytes(call, (bucket, str(name)), metadata, read_bytes(head, chunks))

    async def _store_bytes(
        self, call: Call, place: tuple[BucketRow, str], metadata: Metadata, chunks: AsyncIterator[bytes]
    ) -> web.StreamResponse:
        """Make `chunks` the object at `place`."""
        conditions = Conditions.of(call.query)
        stage = self._store.stage()
        try:
            last = await fill(stage, chunks)
        except BaseException:
            stage.discard()
            raise

        def put() -> ObjectRow:
            stage.write(last)
            return self._store.put(*place, stage, metadata, conditions)

        row = await asyncio.to_thread(put)
        return json_response(200, _resource(call, place[0], row))

    # Resumable uploads

    async def _begin(self, request: web.Request, call: Call) -> web.StreamResponse:
        body = parse_json(await read_body(request))
        name = call.query.get("name") or body.get("name")
        bucket = await asyncio.to_thread(admit, call, name)
        if body.get("contentType") is None:
            body["contentType"] = request.headers.get("X-Upload-Content-Type")
        await asyncio.to_thread(new_metadata, call, bucket, body)
        Conditions.of(call.query)
        id_ = uuid.uuid4().hex
        length = _length(request.headers.get("X-Upload-Content-Length"))
        record = {"body": body, "query": dict(call.query), "key": call.key, "length": length}
        await asyncio.to_thread(self._store.begin_upload, id_, bucket, str(name), record)
        path = request.rel_url.raw_path.removeprefix(request.get(TOKEN_PATH, ""))
        base = call.links.base
        return web.Response(
            headers={
                "Location": f"{base}{path}?uploadType=resumable&upload_id={id_}",
                "X-GUploader-UploadID": id_,
            }
        )

    def _session(self, id_: str, bucket: str) -> Session:
        with self._store.database.reading() as connection:
            found = connection.execute(
                "SELECT id, bucket, name, request, done FROM uploads WHERE id = ? AND bucket = ?",
                (id_, bucket),
            ).fetchone()
        if not found:
            raise StorageError(404, "notFound", "No such upload session.")
        return Session(found[0], found[1], found[2], json.loads(found[3]), found[4])

    async def _resume(self, request: web.Request, id_: str) -> web.StreamResponse:
        call = self._api.call(request)
        session = await asyncio.to_thread(self._session, id_, request.match_info["bucket"])
        lock = self._locks.setdefault(id_, asyncio.Lock())
        async with lock:
            session = await asyncio.to_thread(self._session, id_, session.bucket)
            if request.method == "DELETE":
                await asyncio.to_thread(self._forget, id_)
                return web.Response(status=CANCELLED, reason="Client Closed Request")
            if session.done:
                return await asyncio.to_thread(self._finished, call, session)
            return await self._receive(request, call, session)

    def _finished(self, call: Call, session: Session) -> web.Response:
        bucket = self._store.buckets.get(session.bucket)
        row = self._store.get(bucket, session.name, session.done)
        return json_response(200, _resource(call, bucket, row))

    async def _stage(self, id_: str) -> Stage:
        """The upload's file, with what it holds counted."""
        stage = self._open.pop(id_, None)
        if stage is None:
            stage = await asyncio.to_thread(self._store.files.stage, id_)
        self._open[id_] = stage
        for other in list(self._open)[:-OPEN]:
            lock = self._locks.get(other)
            if lock is None or not lock.locked():
                self._open.pop(other).close()
                self._locks.pop(other, None)
        return stage

    async def close(self, _app: web.Application) -> None:
        """Close the files of uploads that did not end; they can go on after a new start."""
        while self._open:
            self._open.popitem()[1].close()

    async def _receive(self, request: web.Request, call: Call, session: Session) -> web.StreamResponse:
        chunk = parse_chunk(request.headers.get("Content-Range"), request.content_length)
        stage = await self._stage(session.id)
        total = session.request.get("length")
        if None not in {total, chunk.total} and total != chunk.total:
            raise invalid(f"The total size {chunk.total} is not the {total} bytes of the upload's begin.")
        if chunk.total is not None and chunk.total < stage.size:
            raise invalid(f"Invalid request. There were {stage.size} bytes received before this request.")
        if chunk.start is not None:
            _check_length(request, chunk)
            if chunk.start > stage.size:
                raise invalid(f"Invalid request. There were {stage.size} bytes received before this request.")
            await self._append(request, stage, chunk)
        whole = "Content-Range" not in request.headers
        if not whole and (chunk.total is None or stage.size != chunk.total):
            headers = {"Range": f"bytes=0-{stage.size - 1}"} if stage.size else {}
            return web.Response(status=308, reason="Resume Incomplete", headers=headers)
        return await asyncio.to_thread(self._finish, call, session, stage, given_sums(request))

    async def _append(self, request: web.Request, stage: Stage, chunk: Chunk) -> None:
        """Write what the request brings beyond what is there already, even if the connection breaks off."""
        skip = stage.size - (chunk.start or 0)
        limit = None if chunk.end is None else max(0, chunk.end - stage.size)
        try:
            last = await fill(stage, _skipping(request.content.iter_any(), skip), limit)
            await asyncio.to_thread(stage.write, last)
        finally:
            stage.flush()

    def _finish(self, call: Call, session: Session, stage: Stage, sums: dict[str, str]) -> web.StreamResponse:
        begun = session.request
        payer = begun["query"].get("userProject", "")
        call = replace(call, key=begun.get("key"), user_project=payer or call.user_project)
        try:
            bucket = admit(call, session.name)
            if begun.get("length") not in {None, stage.size}:
                raise invalid(f"The upload has {stage.size} bytes instead of {begun['length']}.")
            metadata = new_metadata(call, bucket, {**begun["body"], **sums}, begun["query"])
            stage.close(sync=True)
            # Together, or a client that asks after a sudden death is told that nothing has come.
            with self._store.database.writing() as connection:
                row = self._store.put(bucket, session.name, stage, metadata, Conditions.of(begun["query"]))
                connection.execute("UPDATE uploads SET done = ? WHERE id = ?", (row.generation, session.id))
        except StorageError:
            self._forget(session.id)
            raise
        self._open.pop(session.id, None)
        self._locks.pop(session.id, None)
        return json_response(200, _resource(call, bucket, row))

    def _forget(self, id_: str) -> None:
        """End a session without an object."""
        stage = self._open.pop(id_, None)
        self._locks.pop(id_, None)
        if stage:
            stage.discard()
        self._store.forget_upload(id_)


def _length(text: str | None) -> int | None:
    """A size out of a header.

    Raises:
        StorageError: 400.
    """
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 18:  # noqa: PLR2004  # fits 64 bits
        raise invalid(f"Invalid value for X-Upload-Content-Length: '{text}'")
    return int(text)


def _check_length(request: web.Request, chunk: Chunk) -> None:
    """Refuse a body that is not as long as its range says.

    Raises:
        StorageError: 400.
    """
    length = request.content_length
    if length is None or chunk.start is None or chunk.end is None or length == chunk.end - chunk.start:
        return
    raise invalid(
        f"Invalid request.  There were {length} byte(s) in the request body.  There should have been "
        f"{chunk.end - chunk.start} byte(s) (starting at offset {chunk.start} and ending at offset "
        f"{chunk.end - 1}) according to the Content-Range header."
    )


async def _skipping(chunks: AsyncIterator[bytes], count: int) -> AsyncIterator[bytes]:
    """`chunks` without their first `count` bytes."""
    async for chunk in chunks:
        yield chunk[count:] if count < len(chunk) else b""
        count = max(0, count - len(chunk))
