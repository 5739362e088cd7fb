"""The listener: an HTTP proxy whose only verb is CONNECT, and which is itself the host for Google's names."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakSet

from aiohttp import web

from tui.local.front_door import upstream
from tui.local.front_door.pipes import End, HeadError
from tui.local.guard import BROWSER_HEADERS, NO_BROWSERS, welcome
from tui.local.names import is_google_host
from tui.local.peer import peer_uid

PATIENCE = 30.0
"""Seconds for a request's head, a handshake, or a connection elsewhere."""
HTTPS_PORT = 443

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Behind:
    """What the door leads to."""

    grpc_socket: Path
    new_http: Callable[[], asyncio.Protocol]
    """Makes the HTTP server's protocol for one more connection."""
    principal_of_token: Callable[[str], str | None]
    proxy: Callable[[], str]
    """URL of the proxy to other hosts, or empty."""


class Refused(Exception):  # noqa: N818  # an answer, not an error
    """The answer to a request that leads nowhere."""

    def __init__(self, status: str, text: str, header: str = "") -> None:
        super().__init__(text)
        self.status, self.text, self.header = status, text, header

    def answer(self) -> bytes:
        """The whole answer."""
        body = f"{self.text}\n".encode()
        lines = [
            f"HTTP/1.1 {self.status}",
            "Content-Type: text/plain; charset=utf-8",
            f"Content-Length: {len(body)}",
            "Connection: close",
            *filter(None, [self.header]),
        ]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a CONNECT request."""

    host: str
    port: int
    headers: dict[str, str]
    """Names in lower case."""

    @classmethod
    def parse(cls, head: bytes) -> Request:
        """Read the head.

        Raises:
            Refused: it is no CONNECT, or none that makes sense.
        """
        first, *rest = head.decode("latin-1").split("\r\n")
        verb, _, target = first.rpartition(" ")[0].partition(" ")
        if verb != "CONNECT":
            raise Refused("405 Method Not Allowed", "This is a proxy for HTTPS alone.", "Allow: CONNECT")
        host, _, port = target.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
            raise Refused("400 Bad Request", "The request names no host and port.")
        pairs = (line.partition(":") for line in rest)
        return cls(
            host.strip("[]"), int(port), {name.strip().lower(): text.strip() for name, _, text in pairs}
        )


class FrontDoor:
    """Serves until closed."""

    def __init__(
        self,
        behind: Behind,
        context: Callable[[], Awaitable[ssl.SSLContext]],
        *,
        uid_of: Callable[[asyncio.BaseTransport], int | None] = peer_uid,
    ) -> None:
        self._behind = behind
        self._context = context
        self._uid_of = uid_of
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends: set[End] = set()
        """Those that are waited for or joined, until they are lost or handed on."""
        self._secured: WeakSet[asyncio.BaseTransport] = WeakSet()

    async def start(self, listener: socket.socket) -> None:
        """Listen on a loopback socket."""
        self._server = await asyncio.get_running_loop().create_server(self._new_end, sock=listener)

    async def close(self) -> None:
        """End the listener and every connection that was not handed to the HTTP server."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        waits = [asyncio.create_task(end.lost.wait()) for end in self._ends]
        for end in list(self._ends):
            end.transport.abort()
        if waits:
            await asyncio.wait(waits)

    def is_through(self, request: web.Request) -> bool:
        """Whether a request of the HTTP server came in here, by one of Google's names."""
        return request.transport in self._secured

    def _join(self, near: End, far: End) -> None:
        for end in (near, far):
            end.when_lost = self._ends.discard
            if not end.lost.is_set():
                self._ends.add(end)
        near.join(far)

    def _new_end(self) -> End:
        return _Caller(self._begin)

    def _begin(self, end: End) -> None:
        self._ends.add(end)
        end.when_lost = self._ends.discard
        task = asyncio.create_task(self._receive(end))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _receive(self, end: End) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._lead(end)
        except Refused as refused:
            end.transport.write(refused.answer())
            end.transport.close()
        except (HeadError, TimeoutError, OSError) as error:
            # A client that does not trust the certificate ends here as well: ssl.SSLError is an OSError.
            _log.info("a connection to the front door came to nothing: %r", error)
            end.transport.abort()

    async def _lead(self, end: End) -> None:
        request = Request.parse(await end.head())
        self._admit(end.transport, request)
        if not is_google_host(request.host):
            far = await _elsewhere(request, self._behind.proxy())
            end.transport.write(_ESTABLISHED)
            self._join(end, far)
        elif request.port != HTTPS_PORT or end.waiting:
            raise Refused("403 Forbidden", "Google's names are served here on port 443, over TLS.")
        else:
            await self._serve(end)

    def _admit(self, transport: asyncio.Transport, request: Request) -> None:
        if any(name.lower() in request.headers for name in BROWSER_HEADERS):
            raise Refused("403 Forbidden", NO_BROWSERS)
        uid = self._uid_of(transport)
        token = _password(request.headers.get("proxy-authorization", ""))
        if welcome(uid, self._behind.principal_of_token(token) if token else None):
            return
        if uid is None:
            realm = 'Proxy-Authenticate: Basic realm="vertex-tui local"'
            raise Refused("407 Proxy Authentication Required", "A token is needed here.", realm)
        raise Refused("403 Forbidden", "Requests from another user of this machine are not accepted here.")

    async def _serve(self, end: End) -> None:
        """Be the host that was asked for."""
        try:
            context = await self._context()
        except ValueError as error:
            _log.exception("no certificate")
            raise Refused("500 Internal Server Error", f"The certificates are damaged: {error}.") from error
        inner = End(secure=True)
        self._ends.discard(end)
        end.transport.write(_ESTABLISHED)
        transport = await asyncio.get_running_loop().start_tls(
            end.transport, inner, context, server_side=True, ssl_handshake_timeout=PATIENCE
        )
        if transport is None:
            raise ConnectionAbortedError
        inner.connection_made(transport)
        if transport.get_extra_info("ssl_object").selected_alpn_protocol() == "h2":
            loop = asyncio.get_running_loop()
            _, far = await loop.create_unix_connection(End, str(self._behind.grpc_socket))
            self._join(inner, far)
        else:
            self._secured.add(transport)
            inner.hand_over(self._behind.new_http())


async def _elsewhere(request: Request, proxy: str) -> End:
    try:
        return await upstream.reach(request.host, request.port, proxy)
    except upstream.Unreachable as error:
        raise Refused("502 Bad Gateway", str(error)) from error


_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class _Caller(End):
    """The near end of a new connection."""

    def __init__(self, begin: Callable[[End], None]) -> None:
        super().__init__()
        self._begin = begin

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._begin(self)


def _password(header: str) -> str:
    """The password of a `Basic` header, or nothing."""
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    with contextlib.suppress(binascii.Error, ValueError):
        return base64.b64decode(text).decode().partition(":")[2]
    return ""
