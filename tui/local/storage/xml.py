"""Multipart uploads of the XML API, `/BUCKET/OBJECT?uploads`, for `transfer_manager`."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web
from aiohttp.web_urldispatcher import DynamicResource, UrlMappingMatchInfo

from tui.local.storage.api import Api, Around, read_body, refusing
from tui.local.storage.blobs import CHUNK, Stage
from tui.local.storage.calls import Call
from tui.local.storage.errors import StorageError
from tui.local.storage.object_calls import new_metadata
from tui.local.storage.uploads import admit, fill

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
"""Google answers in S3's namespace; its client looks for that."""

PARTS = 10_000
"""Highest part number."""

LIST = 4 << 20
"""Largest list of parts, in bytes."""

XML_CODES = {
    400: "InvalidArgument",
    403: "AccessDenied",
    404: "NoSuchBucket",
    412: "PreconditionFailed",
    413: "EntityTooLarge",
}
"""Error codes of the XML API where the error has none of its own."""

NUMBER = re.compile(rb"<PartNumber>\s*(\d{1,5})\s*</PartNumber>")
ETAG = re.compile(rb"<ETag>\s*(?:&quot;|\")?([0-9a-f]{32})(?:&quot;|\")?\s*</ETag>")


SIGNED = frozenset({"X-Goog-Algorithm", "X-Goog-Signature", "GoogleAccessId", "Signature"})
"""Parameters of signed URLs."""


class XmlResource(DynamicResource):
    """Matches `/BUCKET/OBJECT` only with the parameters of a multipart upload or a signed URL."""

    def __init__(self, api: Api, around: Around) -> None:
        super().__init__("/{bucket:[^/]+}/{object:.+}")
        self._api = api
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
            self.add_route(method, refusing(self._handle, "storage.multipartUploads", around))

    async def resolve(self, request: web.Request) -> tuple[UrlMappingMatchInfo | None, set[str]]:
        """As the base class, for those only."""
        if not {"uploads", "uploadId", *SIGNED} & request.query.keys():
            return None, set()
        return await super().resolve(request)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            _refuse_others(request)
            call = self._api.call(request)
            if request.method == "POST" and "uploads" in request.query:
                return await self._begin(request, call)
            id_ = await asyncio.to_thread(self._known, call)
            if request.method == "PUT":
                return await self._part(request, call, id_)
            if request.method == "POST":
                return await asyncio.to_thread(self._complete, call, id_, await read_body(request, LIST))
            await asyncio.to_thread(self._api.store.forget_upload, id_)
            return web.Response(status=204)
        except StorageError as error:
            return _error(error)

    async def _begin(self, request: web.Request, call: Call) -> web.StreamResponse:
        bucket = await asyncio.to_thread(admit, call, call.path["object"])
        metadata = {
            name[len("x-goog-meta-") :].lower(): value
            for name, value in request.headers.items()
            if name.lower().startswith("x-goog-meta-")
        }
        body: dict[str, Any] = {
            "contentType": request.headers.get("Content-Type"),
            "contentEncoding": request.headers.get("Content-Encoding"),
            "cacheControl": request.headers.get("Cache-Control"),
            "storageClass": request.headers.get("X-Goog-Storage-Class"),
            "metadata": metadata or None,
        }
        await asyncio.to_thread(new_metadata, call, bucket, body)
        id_ = uuid.uuid4().hex
        record = {"xml": body, "key": call.key}
        await asyncio.to_thread(self._api.store.begin_upload, id_, bucket, call.path["object"], record)
        return _answer("InitiateMultipartUploadResult", call, {"UploadId": id_})

    def _known(self, call: Call) -> str:
        """The upload's id, if it was begun for this object."""
        with self._api.store.database.reading() as connection:
            found = connection.execute(
                "SELECT id FROM uploads WHERE id = ? AND bucket = ? AND name = ? AND done = 0",
                (call.query.get("uploadId"), call.path["bucket"], call.path["object"]),
            ).fetchone()
        if not found:
            raise _no_upload()
        return str(found[0])

    async def _part(self, request: web.Request, call: Call, id_: str) -> web.StreamResponse:
        text = call.query.get("partNumber", "")
        if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= PARTS:
            raise StorageError(400, "InvalidArgument", "Invalid argument: partNumber")
        await asyncio.to_thread(admit, call, call.path["object"])
        files = self._api.store.files
        stage = files.stage()
        try:
            last = await fill(stage, request.content.iter_any())
            await asyncio.to_thread(stage.write, last)
            _check(request.headers.getall("X-Goog-Hash", ()), stage)
            stage.close()
            stage.path.replace(stage.path.with_name(f"{id_}.{int(text)}"))
        except BaseException:
            stage.discard()
            raise
        etag = base64.b64decode(stage.md5).hex()
        return web.Response(
            headers={"ETag": f'"{etag}"', "X-Goog-Hash": f"crc32c={stage.crc32c},md5={stage.md5}"}
        )

    def _complete(self, call: Call, id_: str, data: bytes) -> web.StreamResponse:
        store = self._api.store
        bucket = admit(call, call.path["object"])
        with store.database.reading() as connection:
            found = connection.execute("SELECT request FROM uploads WHERE id = ?", (id_,)).fetchone()
        if not found:
            raise _no_upload()
        begun = json.loads(found[0])
        files = {path.suffix[1:]: path for path in store.files.staged(id_)}
        stage = store.stage()
        try:
            for path in _listed(data, files):
                with path.open("rb") as file:
                    while chunk := file.read(CHUNK):
                        stage.write(chunk)
        except BaseException:
            stage.discard()
            raise
        metadata = new_metadata(replace(call, key=begun["key"]), bucket, begun["xml"])
        row = store.put(bucket, call.path["object"], stage, metadata)
        self._api.store.forget_upload(id_)
        return _answer("CompleteMultipartUploadResult", call, {"ETag": f'"{row.crc32c}"'})


def _refuse_others(request: web.Request) -> None:
    """Refuse what of the XML API is not here.

    Raises:
        StorageError: 403 for a signed URL, 405.
    """
    if SIGNED & request.query.keys():
        raise StorageError(
            403, "SignatureDoesNotMatch", "The local server has no keys to check signed URLs with."
        )
    if request.method in {"GET", "HEAD"}:
        raise StorageError(405, "MethodNotAllowed", "Uploads and their parts are not listed here.")


def _no_upload() -> StorageError:
    return StorageError(404, "NoSuchUpload", "The requested upload was not found.")


def _check(headers: Sequence[str], stage: Stage) -> None:
    """Refuse a part that has not the checksums which its `x-goog-hash` headers give."""
    for header in headers:
        given = dict(item.strip().partition("=")[::2] for item in header.split(","))
        if given.get("crc32c", stage.crc32c) != stage.crc32c or given.get("md5", stage.md5) != stage.md5:
            raise StorageError(400, "BadDigest", "The checksum you specified is not that of the part.")


def _listed(data: bytes, files: dict[str, Path]) -> Iterator[Path]:
    """The parts that a completion names, in its order, which must ascend; each with its own etag.

    Raises:
        StorageError: 400.
    """
    last = 0
    parts = [piece.partition(b"</Part>")[0] for piece in data.split(b"<Part>")[1:]]
    if not parts:
        raise StorageError(400, "MalformedCompleteMultipartUploadRequest", "No parts were named.")
    for part in parts:
        number, etag = NUMBER.search(part), ETAG.search(part)
        path = files.get(str(int(number.group(1)))) if number else None
        if not number or path is None or int(number.group(1)) <= last:
            raise StorageError(400, "InvalidPart", "One of the named parts was not found or is out of order.")
        if etag:
            with path.open("rb") as file:
                if hashlib.file_digest(file, "md5").hexdigest() != etag.group(1).decode():
                    raise StorageError(400, "InvalidPart", "One of the named parts has another etag.")
        last = int(number.group(1))
        yield path


def _answer(tag: str, call: Call, fields: dict[str, str]) -> web.Response:
    fields = {"Bucket": call.path["bucket"], "Key": call.path["object"], **fields}
    inside = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    text = f"<?xml version='1.0' encoding='UTF-8'?><{tag} xmlns='{NAMESPACE}'>{inside}</{tag}>"
    return web.Response(text=text, content_type="application/xml")


def _error(error: StorageError) -> web.Response:
    code = XML_CODES.get(error.status, error.reason)
    code = error.reason if error.reason[:1].isupper() else code
    text = (
        f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{escape(code)}</Code>"
        f"<Message>{escape(error.message)}</Message></Error>"
    )
    return web.Response(status=error.status, text=text, content_type="application/xml")
