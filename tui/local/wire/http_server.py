"""The HTTP server's own refusals in Google's shape: what is no HTTP, what no route takes, what breaks."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from tui.local.faults.effects import CODE_OF_STATUS
from tui.local.wire.errors import ApiError, Code
from tui.local.wire.reply_form import JSON_TYPE, ReplyForm

MAX_LINE = 64 * 1024
"""Bytes of a request line, and of a header's value."""
_log = logging.getLogger(__name__)


def refusal(status: int, message: str) -> web.Response:
    """A refusal with the code that goes with an HTTP status."""
    return web.Response(body=_body(status, message), status=status, headers={"Content-Type": JSON_TYPE})


def _body(status: int, message: str) -> bytes:
    other = "INVALID_ARGUMENT" if status < Code.INTERNAL.http else "INTERNAL"
    code = Code[CODE_OF_STATUS.get(status, other)]
    return ReplyForm().error(ApiError(code, message, http=status))


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
        return refusal(error.status, f"{error.reason}: {request.method} {request.rel_url.raw_path}")
    except web.RequestPayloadError:
        return refusal(400, "The request's body could not be read as its headers describe it.")
    except ConnectionError:
        raise
    except Exception:  # noqa: BLE001  # logged, and told as Google tells it
        _log.exception("%s %s", request.method, request.rel_url.raw_path)
        return refusal(500, "Internal error encountered.")


async def shape_expectation(_request: web.Request, response: web.StreamResponse) -> None:
    """Give the refusal of an `Expect` header its shape; it comes from before the middlewares."""
    if isinstance(response, web.HTTPExpectationFailed):
        body = _body(response.status, f"{response.reason}: unknown Expect header")
        response.body = body
        response.headers.update({"Content-Type": JSON_TYPE, "Content-Length": str(len(body))})


class _Connection(RequestHandler):
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


class _Server(web.Server):
    """Makes such connections."""

    def __call__(self) -> RequestHandler:
        """A connection's protocol."""
        connection = super().__call__()
        connection.__class__ = _Connection
        return connection


class ShapedRunner(web.AppRunner):
    """Runs an application so that every refusal of its server has Google's shape."""

    def __init__(self, app: web.Application, *, shutdown_timeout: float) -> None:
        super().__init__(
            app,
            access_log=None,
            shutdown_timeout=shutdown_timeout,
            max_line_size=MAX_LINE,
            max_field_size=MAX_LINE,
        )
        app.middlewares.insert(0, shape_errors)
        app.on_response_prepare.append(shape_expectation)

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = _Server
        return server
