"""What every part of the admin API shares: the owner's right, JSON in and out, errors in one sentence."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

from aiohttp import web

from tui.local.admin.path import PREFIX
from tui.local.guard import PRINCIPAL, plain_path

_log = logging.getLogger(__name__)

MAX_BODY = 1024 * 1024
"""Bytes of a JSON body; bulk data come as streams that a handler reads by itself."""
_BROKEN = json.dumps({"error": "Something broke in the local server; server.log in its folder says what."})

AdminHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class AdminError(Exception):
    """A refusal: what is wrong, in one sentence for the user."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class AdminPart(Protocol):
    """One subject of the admin API."""

    def routes(self) -> Iterable[tuple[str, str, AdminHandler]]:
        """Method, path below `PREFIX` in aiohttp's notation, and handler."""


def add_admin_routes(app: web.Application, owner: str, parts: Iterable[AdminPart]) -> None:
    """Add every part's routes; they must come before the catch-all route."""
    for part in parts:
        for verb, path, handler in part.routes():
            app.router.add_route(verb, PREFIX + path, _guarded(handler, owner))


def _guarded(handler: AdminHandler, owner: str) -> AdminHandler:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request[PRINCIPAL] != owner:
            return _refusal("Only the owner of the local project may do this.", 403)
        try:
            return await handler(request)
        except AdminError as error:
            return _refusal(str(error), error.status)
        except Exception as error:
            _log.exception("%s %s failed", request.method, plain_path(request))
            raise web.HTTPInternalServerError(text=_BROKEN, content_type="application/json") from error

    return answer


def _refusal(message: str, status: int) -> web.Response:
    return web.json_response({"error": message}, status=status)


async def read_object(request: web.Request) -> dict[str, Any]:
    """The JSON object of a request's body; an empty body is an empty object.

    Raises:
        AdminError: too large, or not a JSON object.
    """
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY:
            raise AdminError(f"the request is longer than {MAX_BODY} bytes", 413)
    try:
        content = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise AdminError(f"the request is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise AdminError("the request is not a JSON object")
    return content
