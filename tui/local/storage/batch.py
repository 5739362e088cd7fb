"""`/batch/storage/v1`: up to 100 JSON calls in one request (FACTS 9.4)."""

from __future__ import annotations

import asyncio
import uuid
from email.message import Message
from email.parser import BytesParser, Parser
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web
from multidict import MultiDict

from tui.local.storage import bucket_calls, object_calls
from tui.local.storage.access import Access
from tui.local.storage.api import Api, Handler, encoded, parse_json, read_body, run_call
from tui.local.storage.calls import Route
from tui.local.storage.errors import StorageError, invalid
from tui.local.storage.resources import Links

ROUTES: tuple[Route, ...] = bucket_calls.ROUTES + object_calls.ROUTES
"""Every JSON call."""

CALLS = 100
"""Most calls in one batch."""

BODY = 10_000_000
"""Largest batch, in bytes."""

ROOT = "/storage/v1"


def batch_handler(api: Api) -> Handler:
    """The handler of batches."""

    async def answer(request: web.Request) -> web.StreamResponse:
        access, links = api.access(request), api.links(request)
        kind = request.headers.get("Content-Type", "")
        data = await read_body(request, BODY)
        return await asyncio.to_thread(_answer, api, access, links, kind, data)

    return answer


def _answer(api: Api, access: Access, links: Links, kind: str, data: bytes) -> web.Response:
    message = BytesParser().parsebytes(
        b"Content-Type: " + kind.encode("latin-1", "replace") + b"\r\n\r\n" + data
    )
    parts: Any = message.get_payload()
    if not isinstance(parts, list) or not parts:
        raise invalid("Failed to parse batch request, error: no parts found.")
    if len(parts) > CALLS:
        raise invalid(f"The batch request has {len(parts)} calls; the limit is {CALLS}.")
    boundary = f"batch_{uuid.uuid4().hex}"
    out = bytearray()
    for part in parts:
        status, body = _answer_part(api, access, links, part)
        out += f"--{boundary}\r\nContent-Type: application/http\r\n".encode()
        if part.get("Content-ID"):
            out += f"Content-ID: <response-{part['Content-ID'].strip().strip('<>')}>\r\n".encode()
        out += f"\r\nHTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
        out += (
            f"Content-Type: application/json; charset=UTF-8\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        )
        out += body + b"\r\n"
    out += f"--{boundary}--\r\n".encode()
    return web.Response(body=bytes(out), headers={"Content-Type": f"multipart/mixed; boundary={boundary}"})


def _answer_part(api: Api, access: Access, links: Links, part: Message) -> tuple[int, bytes]:
    """Answer one call of a batch, written as an HTTP request inside the part."""
    try:
        text = part.get_payload()
        line, _, rest = str(text).lstrip().partition("\n")
        words = line.split()
        method, target, _version = words
        address = urlsplit(target)
        path = address.path[address.path.find(ROOT) + len(ROOT) :] if ROOT in address.path else ""
        body = parse_json(str(Parser().parsestr(rest).get_payload()).encode("utf-8", "surrogateescape"))
        query = MultiDict(parse_qsl(address.query, keep_blank_values=True))
        for route in ROUTES:
            found = route.match(method, path)
            if found is not None:
                return run_call(route.handler, api.make_call(access, links, found, query, body))
    except StorageError as error:
        return error.status, encoded(error.body())
    except ValueError:
        return 400, encoded(invalid("Failed to parse batch request.").body())
    return 404, encoded(StorageError(404, "notFound", "Not Found").body())
