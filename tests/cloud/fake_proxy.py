"""An ordinary CONNECT proxy on loopback that leads each host name to a listener of the test's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

TURNS_TO_ENTER = 5
"""Turns of the event loop from the accepting of a client to its being served, with some to spare."""


@dataclass
class _Proxy:
    hosts: list[str]
    routes: Mapping[str, int]
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    """Both ends of every tunnel."""
    tunnels: set[asyncio.Task[None]] = field(default_factory=set)

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a client."""
        self.writers.append(writer)
        self.tunnels.add(asyncio.create_task(self._connect(reader, writer)))

    async def close(self) -> None:
        """End all tunnels; a task may have been ended before its first step, so it cannot close its own."""
        for tunnel in self.tunnels:
            tunnel.cancel()  # clients in this process may keep theirs
        await asyncio.gather(*self.tunnels, return_exceptions=True)
        for writer in self.writers:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in self.writers), return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one CONNECT, to the listener of its host name only."""
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            place = head.split()[1].decode()
            self.hosts.append(place)
            port = self.routes.get(place.removesuffix(":443"))
            if port is None:
                writer.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
                await writer.drain()
                return
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            self.writers.append(far_writer)
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))


@contextlib.asynccontextmanager
async def connect_proxy(hosts: list[str], routes: Mapping[str, int]) -> AsyncIterator[int]:
    """Its port; `hosts` takes host and port of each CONNECT, `routes` are ports by host name."""
    proxy = _Proxy(hosts, routes)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        await _stop_taking(server)
        server.close()
        await proxy.close()
        await server.wait_closed()


async def _stop_taking(server: asyncio.Server) -> None:
    """Take no more clients, and serve those taken: asyncio loses their sockets if it closes first."""
    for listener in server.sockets:
        asyncio.get_running_loop().remove_reader(listener.fileno())
    for _ in range(TURNS_TO_ENTER):
        await asyncio.sleep(0)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.closing(writer), contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
