"""`/batch/storage/v1`: up to 100 JSON calls in one request (FACTS 9.4)."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Iterator
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
    WAIT_PARTS,
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
        parts = await asyncio.to_thread(_parts, kind, data)
        if WAIT_PARTS in request:
            await request[WAIT_PARTS](_names(parts))
        refuse = request.get(REFUSE_PART, _refuse_nothing)

        def one(part: Message) -> tuple[int, bytes]:
            return _answer_part(store, access, links, part, refuse)

        return await asyncio.to_thread(_answer, one, parts)

    return answer


def _refuse_nothing(_name: str) -> None:
    pass


def _parts(kind: str, data: bytes) -> list[Message]:
    """The calls of a batch.

    Raises:
        StorageError: 400 for none, and for too many.
    """
    head = b"Content-Type: " + kind.encode("latin-1", "replace") + b"\r\n\r\n"
    try:
        message = BytesParser().parsebytes(head + data)
    except RecursionError:
        raise invalid("Failed to parse batch request, error: too deeply nested.") from None
    parts: Any = message.get_payload()
    if not isinstance(parts, list) or not parts:
        raise invalid("Failed to parse batch request, error: no parts found.")
    if len(parts) > CALLS:
        raise invalid(f"The batch request has {len(parts)} calls; the limit is {CALLS}.")
    return parts


def _names(parts: list[Message]) -> Iterator[str]:
    """What the calls are called, without those that are none."""
    for part in parts:
        with contextlib.suppress(StorageError, ValueError):
            yield _read(part)[0].name


def _answer(one: Callable[[Message], tuple[int, bytes]], parts: list[Message]) -> web.Response:
    """Answer every call of a batch by `one`."""
    boundary = f"batch_{uuid.uuid4().hex}"
    out = bytearray()
    for part in parts:
        status, body = one(part)
        out += f"--{boundary}\r\nContent-Type: application/http\r\n".encode()
        id_ = str(part.get("Content-ID", "")).strip().strip("<>")
        if id_:
            out += f"Content-ID: <response-{id_}>\r\n".encode("utf-8", "replace")
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
    """Answer one call of a batch."""
    try:
        route, path, query, text = _read(part)
        body = parse_json(str(Parser().parsestr(text).get_payload()).encode("utf-8", "surrogateescape"))
        refuse(route.name)
        return run_call(route.handler, make_call(store, access, links, path=path, query=query, body=body))
    except StorageError as error:
        return error.status, encoded(error.body())
    except ValueError:
        return 400, encoded(invalid("Failed to parse batch request.").body())


def _read(part: Message) -> tuple[Route, dict[str, str], MultiDict[str], str]:
    """One call, written as an HTTP request inside the part: its route, path, query, and the rest of the text.

    Raises:
        StorageError: 404, there is no such call.
        ValueError: it is no request.
    """
    line, _, rest = str(part.get_payload()).lstrip().partition("\n")
    method, target, _version = line.split()
    address = urlsplit(target)
    path = address.path[address.path.find(ROOT) + len(ROOT) :] if ROOT in address.path else ""
    for route in ROUTES:
        found = route.match(method, path)
        if found is not None:
            return route, found, MultiDict(parse_qsl(address.query, keep_blank_values=True)), rest
    raise StorageError(404, "notFound", "Not Found")
