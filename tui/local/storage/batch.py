"""`/batch/storage/v1`: up to 100 JSON calls in one request (FACTS 9.4)."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from email.message import Message
from email.parser import BytesParser, Parser
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web
from multidict import MultiDict

from tui.local.storage import (
    acl_calls,
    bucket_calls,
    folder_calls,
    object_calls,
    operations,
    other_calls,
)
from tui.local.storage.access import Access
from tui.local.storage.api import (
    REFUSE_PART,
    Api,
    Handler,
    encoded,
    make_call,
    parse_json,
    read_body,
    run_call,
)
from tui.local.storage.calls import Route
from tui.local.storage.errors import StorageError, invalid
from tui.local.storage.objects import ObjectStore
from tui.local.storage.resources import Links

ROUTES: tuple[Route, ...] = tuple(
    route
    for room in (bucket_calls, object_calls, acl_calls, folder_calls, operations, other_calls)
    for route in room.ROUTES
)
"""Every JSON call."""

CALLS = 100
"""Most calls in one batch."""

BODY = 10_000_000
"""Largest batch, in bytes."""

ROOT = "/storage/v1"


def batch_handler(api: Api) -> Handler:
    """The handler of batches."""

    async def answer(request: web.Request) -> web.StreamResponse:
        access, links, store = api.access(request), api.links(request), api.store
        kind = request.headers.get("Content-Type", "")
        data = await read_body(request, BODY)
        refuse = request.get(REFUSE_PART, _refuse_nothing)

        def one(part: Message) -> tuple[int, bytes]:
            return _answer_part(store, access, links, part, refuse)

        return await asyncio.to_thread(_answer, one, kind, data)

    return answer


def _refuse_nothing(_name: str) -> None:
    pass


def _answer(one: Callable[[Message], tuple[int, bytes]], kind: str, data: bytes) -> web.Response:
    """Answer every call of a batch by `one`."""
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
        status, body = one(part)
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


def _answer_part(
    store: ObjectStore, access: Access, links: Links, part: Message, refuse: Callable[[str], None]
) -> tuple[int, bytes]:
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
                refuse(route.name)
                return run_call(
                    route.handler, make_call(store, access, links, path=found, query=query, body=body)
                )
    except StorageError as error:
        return error.status, encoded(error.body())
    except ValueError:
        return 400, encoded(invalid("Failed to parse batch request.").body())
    return 404, encoded(StorageError(404, "notFound", "Not Found").body())
