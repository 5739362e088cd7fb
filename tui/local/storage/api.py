"""What every handler of the Storage API shares: the call's rights and links, bodies, refusals."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web
from multidict import MultiMapping

from tui.local.guard import PRINCIPAL, TOKEN_PATH
from tui.local.storage.access import Access, NoRules, Rules
from tui.local.storage.calls import Call, Reply
from tui.local.storage.encryption import customer_key
from tui.local.storage.errors import StorageError, service_disabled
from tui.local.storage.objects import ObjectStore
from tui.local.storage.resources import Links
from tui.local.wire.field_masks import apply_mask

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

Around = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]
"""Takes a call and its handler, as a middleware does; every call of the Storage API goes through one."""

CALL_NAME = web.RequestKey("call_name", str)
"""Which call a request makes, e.g. `storage.objects.get`; `storage.batch` for a batch."""

REFUSE_PART: web.RequestKey[Callable[[str], None]] = web.RequestKey("refuse_part")
"""What is asked before each call inside a batch, by the call's name; it may raise `StorageError`."""

WAIT_PARTS: web.RequestKey[Callable[[Iterable[str]], Awaitable[None]]] = web.RequestKey("wait_parts")
"""What is awaited before the calls inside a batch, given their names."""

SERVICE = "storage.googleapis.com"

BODY = 1 << 20
"""Largest JSON body, in bytes."""

log = logging.getLogger(__name__)


class Api:
    """What every handler needs: the store, and who may use it."""

    def __init__(
        self,
        store: ObjectStore,
        allows: Callable[[str, str], bool],
        service_enabled: Callable[[str], bool],
        project: str,
        project_number: str,
        *,
        rules: Rules | None = None,
    ) -> None:
        self.store = store
        self._allows = allows
        self._service_enabled = service_enabled
        self._project = project
        self._number = project_number
        self._rules = rules or NoRules()

    def access(self, request: web.Request) -> Access:
        """The caller's rights.

        Raises:
            StorageError: 403 while the API is off, or the project cannot be used at all.
        """
        self._rules.check_use()
        if not self._service_enabled(SERVICE):
            raise service_disabled(request.query.get("project") or self._project)
        more = request.query.getall("permissions", ())
        return Access(request[PRINCIPAL], self._allows, more, rules=self._rules)

    def links(self, request: web.Request) -> Links:
        """Addresses under which this caller reaches the server, with its token if that is in the path."""
        return Links(
            f"{request.scheme}://{request.host}{request.get(TOKEN_PATH, '')}", self._number, self._project
        )

    def call(self, request: web.Request, body: dict[str, Any] | None = None) -> Call:
        """The call that `request` makes.

        Raises:
            StorageError: 403 while the API is off, 400 for an encryption key that is none.
        """
        plain = make_call(
            self.store,
            self.access(request),
            self.links(request),
            path=request.match_info,
            query=request.query,
            body=body,
        )
        return replace(
            plain,
            user_project=request.headers.get("X-Goog-User-Project", ""),
            key=customer_key(request.headers, "X-Goog-Encryption"),
            source_key=customer_key(request.headers, "X-Goog-Copy-Source-Encryption"),
            if_match=_etags(request.headers.get("If-Match", "")),
            if_none_match=_etags(request.headers.get("If-None-Match", "")),
        )


def _etags(header: str) -> frozenset[str]:
    """The etags of a header, without quotes; Google's Python client sends none."""
    found = (etag.strip().removeprefix("W/").strip('"') for etag in header.split(","))
    return frozenset(etag for etag in found if etag)


def make_call(
    store: ObjectStore,
    access: Access,
    links: Links,
    *,
    path: Mapping[str, str],
    query: MultiMapping[str],
    body: dict[str, Any] | None,
) -> Call:
    """A call from its parts."""
    many = {name: query.getall(name) for name in query}
    single = {name: values[-1] for name, values in many.items()}
    return Call(store, access, links, dict(path), single, many, body or {})


def encoded(body: dict[str, Any] | None) -> bytes:
    """A body as it is sent; nothing for None."""
    return b"" if body is None else json.dumps(body, separators=(",", ":")).encode()


def json_response(status: int, body: dict[str, Any] | bytes | None) -> web.Response:
    """An answer of the JSON API."""
    data = body if isinstance(body, bytes) else encoded(body)
    if not data or status == web.HTTPNotModified.status_code:
        return web.Response(status=status)
    headers = {"Content-Type": "application/json; charset=UTF-8", "Cache-Control": "no-cache"}
    return web.Response(status=status, body=data, headers=headers)


def run_call(handler: Callable[[Call], Reply], call: Call) -> tuple[int, bytes]:
    """Answer a call, refusals and `fields` included."""
    try:
        mask = call.mask()
        reply = handler(call)
    except StorageError as error:
        return error.status, encoded(error.body())
    return reply.status, encoded(apply_mask(reply.body, mask) if mask and reply.body else reply.body)


async def read_body(request: web.Request, limit: int = BODY) -> bytes:
    """The whole body.

    Raises:
        StorageError: 413 beyond `limit` bytes.
    """
    data = bytearray()
    async for chunk in request.content.iter_any():
        data += chunk
        if len(data) > limit:
            raise StorageError(413, "uploadTooLarge", "Request entity is too large.")
    return bytes(data)


def parse_json(data: bytes) -> dict[str, Any]:
    """A JSON object; nothing counts as an empty one.

    Raises:
        StorageError: 400.
    """
    if not data.strip():
        return {}
    try:
        body = json.loads(data)
        if b"\\u" in data:  # an escaped half of a character cannot be stored
            json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise StorageError(400, "parseError", "Parse Error") from None
    if not isinstance(body, dict):
        raise StorageError(400, "parseError", "Parse Error")
    return body


async def straight(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The `Around` that does nothing."""
    return await handler(request)


def refusing(handler: Handler, name: str, around: Around = straight) -> Handler:
    """The handler of the call `name`: sets `request[CALL_NAME]`, then runs `around` with `handler`.

    Refusals of both become the API's error JSON, and a fault of ours a logged 500 of that shape.
    """

    async def inner(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except StorageError as error:
            return json_response(error.status, error.body())
        except web.RequestPayloadError:
            unread = StorageError(400, "badRequest", "The request's body is not as its headers describe it.")
            return json_response(400, unread.body())
        except (web.HTTPException, ConnectionError):
            raise
        except Exception:
            path = request.rel_url.raw_path.removeprefix(request.get(TOKEN_PATH, ""))  # the token is a secret
            log.exception("%s %s", request.method, path)
            fault = StorageError(500, "backendError", "We encountered an internal error. Please try again.")
            return json_response(500, fault.body())

    async def answer(request: web.Request) -> web.StreamResponse:
        request[CALL_NAME] = name
        try:
            return await around(request, inner)
        except StorageError as error:
            return json_response(error.status, error.body())

    return answer
