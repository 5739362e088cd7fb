"""A front door with small servers behind it, and clients that speak to it by hand."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tests.support import PATIENCE, wait_for
from tui.local.front_door import authority
from tui.local.front_door.certificate import Certificate
from tui.local.front_door.door import Behind, FrontDoor
from tui.local.front_door.sign_in import SignIn
from tui.local.guard import guard_middleware

OWNER = "user:ana@lagoon.example"
TOKENS = {"owner-token": OWNER, "job-token": "serviceAccount:job@lagoon.example"}

MIB = 1 << 20

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Opened:
    """A door, and what it was told."""

    port: int
    trusted: ssl.SSLContext
    uid: int | None = field(default_factory=os.getuid)
    proxy: str = ""
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connect(self) -> Streams:
        """A connection that is closed with the door."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        return reader, writer

    async def ask(self, target: str, header: str = "", verb: str = "CONNECT") -> tuple[str, Streams]:
        """The first line of the answer, and the connection."""
        reader, writer = await self.connect()
        writer.write(f"{verb} {target} HTTP/1.1\r\nHost: {target}\r\n{header}\r\n".encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
        return head.decode().partition("\r\n")[0], (reader, writer)

    async def through(self, host: str = "storage.googleapis.com") -> Streams:
        """A connection to one of Google's names."""
        first, (reader, writer) = await self.ask(f"{host}:443")
        assert first.endswith("200 Connection established")
        await writer.start_tls(self.trusted, server_hostname=host)
        return reader, writer


async def echo_head(request: web.Request) -> web.Response:
    body = await request.read()
    return web.json_response({"url": str(request.url), "bytes": len(body)})


@asynccontextmanager
async def open_door(folder: Path) -> AsyncIterator[Opened]:
    """A door before a small HTTP server, and before an echo where gRPC would be."""
    app = web.Application(client_max_size=0)
    runner = web.AppRunner(app, shutdown_timeout=0.1)

    def new_http() -> asyncio.Protocol:
        assert runner.server
        return runner.server()

    def proxy() -> str:
        return opened.proxy

    behind = Behind(folder / "grpc.sock", new_http, TOKENS.get, proxy)
    door = FrontDoor(behind, Certificate(folder).context, uid_of=lambda _: opened.uid)
    app.middlewares.append(guard_middleware(TOKENS.get, OWNER, by_google_name=door.is_through))
    SignIn(lambda: TOKENS, TOKENS.get, door.is_through).add_to(app)
    app.router.add_route("*", "/{path:.*}", echo_head)
    await runner.setup()
    grpc = await asyncio.start_unix_server(echo, folder / "grpc.sock")
    listener = socket.create_server(("127.0.0.1", 0))
    await door.start(listener)
    trusted = ssl.create_default_context(cafile=authority.papers(folder).authority)
    opened = Opened(listener.getsockname()[1], trusted)
    try:
        yield opened
    finally:
        await door.close()
        for writer in opened.writers:
            writer.close()
        for writer in opened.writers:
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        grpc.close()
        await wait_for(lambda: not talking, what="the end of all talks")
        await runner.cleanup()


talking: set[asyncio.StreamWriter] = set()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send everything back, and the end after that."""
    talking.add(writer)
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        writer.transport.abort()
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        talking.discard(writer)


@asynccontextmanager
async def elsewhere(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]] = echo,
) -> AsyncIterator[str]:
    """Another server, as `HOST:PORT`."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def get(streams: Streams, path: str, host: str, body: bytes = b"", header: str = "") -> tuple[int, str]:
    """Status and body of one request."""
    reader, writer = streams
    verb = "POST" if body else "GET"
    head = f"{verb} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n{header}\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    headers = dict(line.lower().split(b": ", 1) for line in answer.strip().split(b"\r\n")[1:])
    text = await asyncio.wait_for(reader.readexactly(int(headers[b"content-length"])), PATIENCE)
    return int(answer.split()[1]), text.decode()


async def echoed(streams: Streams, data: bytes) -> bool:
    """Whether `data` comes back whole, and after our end its end."""
    reader, writer = streams
    received = asyncio.create_task(reader.readexactly(len(data)))
    writer.write(data)
    await writer.drain()
    return await asyncio.wait_for(received, PATIENCE) == data
