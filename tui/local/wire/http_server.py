"""The HTTP server's own refusals in Google's shape: what is no HTTP, what no route takes, what breaks."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tui.local.guard import plain_path
from tui.local.wire.errors import Code
from tui.local.wire.refusals import refusal, refusal_body
from tui.local.wire.reply_form import JSON_TYPE

MAX_LINE = 64 * 1024
"""Bytes of a request line, and of a header's value."""
_CONNECTION: dict[str, Any] = {"access_log": None, "max_line_size": MAX_LINE, "max_field_size": MAX_LINE}
_log = logging.getLogger(__name__)


@web.middleware
async def shape_errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """The outermost middleware: whatever gets here without Google's shape is given it."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < web.HTTPBadRequest.status_code:
            raise
        return refusal(error.status, f"{error.reason}: {request.method} {plain_path(request)}")
    except web.RequestPayloadError:
        return refusal(400, "The request's body could not be read as its headers describe it.")
    except ConnectionError:
        raise
    except Exception:  # noqa: BLE001  # logged, and told as Google tells it
        _log.exception("%s %s", request.method, plain_path(request))
        return refusal(500, "Internal error encountered.")


async def shape_expectation(_request: web.Request, response: web.StreamResponse) -> None:
    """Give the refusal of an `Expect` header its shape; it comes from before the middlewares."""
    if isinstance(response, web.HTTPExpectationFailed):
        body = refusal_body(response.status, f"{response.reason}: unknown Expect header")
        response.body = body
        response.headers.update({"Content-Type": JSON_TYPE, "Content-Length": str(len(body))})


class _Connection(web.RequestHandler):
    """One connection, whose refusals of what is no HTTP are JSON."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  # says what a client sent, or shows our own code
    ) -> web.StreamResponse:
        """The answer to a request that cannot be read, or that broke; the connection ends with it."""
        if isinstance(exc, ConnectionError):  # the client has gone
            raise exc
        if isinstance(exc, UnicodeEncodeError):  # an Expect header that aiohttp cannot repeat
            status = web.HTTPBadRequest.status_code
        if status >= Code.INTERNAL.http:
            _log.error("a request from %s failed", request.remote, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun already")
        text = "Internal error encountered." if status >= Code.INTERNAL.http else "Malformed HTTP request."
        answer = refusal(status, text)
        answer.force_close()
        return answer

    def log_exception(self, *args: Any, **kw: Any) -> None:  # noqa: ANN401  # as logging takes them
        """Log what went wrong, unless it was the client's sending: it has been told."""
        if not isinstance(kw.get("exc_info"), web.RequestPayloadError | ConnectionError):
            super().log_exception(*args, **kw)


class ShapedServer:
    """Serves an application so that every refusal has Google's shape.

    Args:
        app: gets a middleware and a signal handler.
        shutdown_timeout: seconds that open requests get at the end.
    """

    def __init__(self, app: web.Application, *, shutdown_timeout: float) -> None:
        app.middlewares.insert(0, shape_errors)
        app.on_response_prepare.append(shape_expectation)
        self._runner = web.AppRunner(app, shutdown_timeout=shutdown_timeout)
        self._listener: asyncio.Server | None = None

    async def setup(self) -> None:
        """Start the application; from now on there may be connections."""
        await self._runner.setup()

    async def listen(self, listener: socket.socket) -> None:
        """Accept connections on a socket."""
        self._listener = await asyncio.get_running_loop().create_server(self.connection, sock=listener)

    def connection(self) -> asyncio.Protocol:
        """Our side of one more connection, accepted here or elsewhere."""
        server = self._runner.server
        if server is None:
            raise ConnectionAbortedError
        return _Connection(server, loop=asyncio.get_running_loop(), **_CONNECTION)

    async def close(self) -> None:
        """Accept no more connections, and end those that are open."""
        if self._listener is not None:
            self._listener.close()
        await self._runner.cleanup()
