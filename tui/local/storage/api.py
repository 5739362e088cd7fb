"""What every handler of the Storage API shares: the call's rights and links, bodies, refusals."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web
from multidict import MultiMapping

from tui.local.storage.access import Access
from tui.local.storage.calls import Call, Reply
from tui.local.storage.errors import StorageError, service_disabled
from tui.local.storage.fields import apply_mask
from tui.local.storage.objects import ObjectStore
from tui.local.storage.resources import Links

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

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
    ) -> None:
        self.store = store
        self._allows = allows
        self._service_enabled = service_enabled
        self._project = project
        self._number = project_number

    def access(self, request: web.Request) -> Access:
        """The caller's rights.

        Raises:
            StorageError: 403 while the API is off.
        """
        if not self._service_enabled(SERVICE):
            raise service_disabled(request.query.get("project") or self._project)
        return Access(request["principal"], self._allows, request.query.getall("permissions", ()))

    def links(self, request: web.Request) -> Links:
        """Addresses under which this caller reaches the server, with its token if that is in the path."""
        return Links(f"{request.scheme}://{request.host}{request.get('token_path', '')}", self._number)

    def call(
        self, request: web.Request, body: dict[str, Any] | None = None, path: Mapping[str, str] | None = None
    ) -> Call:
        """The call that `request` makes."""
        return self.make_call(
            self.access(request),
            self.links(request),
            request.match_info if path is None else path,
            request.query,
            body,
        )

    def make_call(
        self,
        access: Access,
        links: Links,
        path: Mapping[str, str],
        query: MultiMapping[str],
        body: dict[str, Any] | None,
    ) -> Call:
        """A call from its parts."""
        many = {name: query.getall(name) for name in query}
        single = {name: values[-1] for name, values in many.items()}
        return Call(self.store, access, links, dict(path), single, many, body or {})


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
    except (ValueError, RecursionError):
        raise StorageError(400, "parseError", "Parse Error") from None
    if not isinstance(body, dict):
        raise StorageError(400, "parseError", "Parse Error")
    return body


def refusing(handler: Handler) -> Handler:
    """`handler` with refusals as the API's error JSON, and a logged 500 of that shape for a fault of ours."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except StorageError as error:
            return json_response(error.status, error.body())
        except (web.HTTPException, ConnectionError):
            raise
        except Exception:
            log.exception("%s %s", request.method, request.rel_url)
            fault = StorageError(500, "backendError", "We encountered an internal error. Please try again.")
            return json_response(500, fault.body())

    return answer
