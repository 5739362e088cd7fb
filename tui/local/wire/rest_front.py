"""REST/JSON: the method table behind one catch-all route of the HTTP server."""

from __future__ import annotations

from urllib.parse import parse_qsl

from aiohttp import web

from tui.local.wire.dispatch import Dispatcher
from tui.local.wire.errors import ApiError, Code
from tui.local.wire.methods import Call, MethodTable
from tui.local.wire.routes import Router
from tui.local.wire.transcode import read_request, write_error, write_response

MAX_BODY = 10 * 1024 * 1024
"""Bytes of a JSON request body; Google's front end draws the line there as well."""


class RestFront:
    """Answers every HTTP request that no other route takes."""

    def __init__(self, table: MethodTable, dispatcher: Dispatcher) -> None:
        self._router = Router(table)
        self._dispatcher = dispatcher

    def add_to(self, app: web.Application) -> None:
        """Add the catch-all route; after all others, since the first match wins."""
        app.router.add_route("*", "/{path:.*}", self.handle)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request; errors too have Google's shape."""
        try:
            return await self._answer(request)
        except ApiError as error:
            return _json(write_error(error), status=error.code.http)

    async def _answer(self, request: web.Request) -> web.Response:
        raw_path, _, raw_query = request.raw_path.partition("?")
        match = self._router.find(request.method.upper(), raw_path)
        if match is None:
            raise ApiError(Code.NOT_FOUND, f"Method not found: {request.method} {raw_path}")
        query = parse_qsl(raw_query, keep_blank_values=True)
        message = read_request(match, query, await _read(request))
        call = Call(principal=str(request["principal"]), transport="rest")
        response = await self._dispatcher.call(match.method, message, call)
        numbers = any(name == "$alt" and "enum-encoding=int" in value for name, value in query)
        return _json(write_response(response, enums_as_numbers=numbers), status=200)


async def _read(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY:
            raise ApiError(Code.INVALID_ARGUMENT, "Request payload size exceeds the limit: 10485760 bytes.")
    return bytes(body)


def _json(body: bytes, *, status: int) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json", charset="UTF-8")
