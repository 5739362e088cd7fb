"""A proxy in front of a server that does to connections what bad networks do."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tui.domain.target import LocalEndpoint

_PIECE = 1 << 16


@dataclass
class Weather:
    """What befalls each connection while it is bad."""

    dice: random.Random
    bad: bool = False
    chance: float = 0.7
    """Of trouble for a new connection, or for a reply on an old one."""
    longest_delay: float = 0.15
    """Seconds."""
    troubles: dict[str, int] = field(default_factory=dict)
    """How often each came."""

    def trouble(self, *kinds: str) -> str:
        """What happens now; empty for nothing."""
        if not self.bad or self.dice.random() > self.chance:
            return ""
        kind = self.dice.choice(kinds)
        self.troubles[kind] = self.troubles.get(kind, 0) + 1
        return kind

    def delay(self) -> float:
        """Seconds of one delay."""
        return self.dice.uniform(0, self.longest_delay)


class CuttingProxy:
    """Passes bytes on, until the weather cuts, delays, or answers 503 in the server's stead."""

    def __init__(self, weather: Weather) -> None:
        self.weather = weather
        self._tasks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def before(self, grpc_address: str, http_url: str, folder: Path) -> AsyncIterator[LocalEndpoint]:
        """Listen in front of both protocols of a server; gives the proxy's addresses."""
        path, there = str(folder / "p.sock"), urlsplit(http_url)

        async def grpc_there() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            return await asyncio.open_unix_connection(grpc_address.removeprefix("unix:"))

        async def http_there() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            return await asyncio.open_connection(there.hostname, there.port)

        async def on_grpc(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._carry(reader, writer, await grpc_there(), http=False)

        async def on_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._carry(reader, writer, await http_there(), http=True)

        grpc_server = await asyncio.start_unix_server(on_grpc, path)
        http_server = await asyncio.start_server(on_http, "127.0.0.1", 0)
        port = http_server.sockets[0].getsockname()[1]
        try:
            yield LocalEndpoint(f"unix:{path}", f"http://127.0.0.1:{port}")
        finally:
            for server in (grpc_server, http_server):
                server.close()
            while self._tasks:
                for task in self._tasks:
                    task.cancel()
                await asyncio.sleep(0)

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        *,
        http: bool,
    ) -> None:
        ways = [
            asyncio.ensure_future(self._requests(reader, there[1], writer, http=http)),
            asyncio.ensure_future(self._replies(there[0], writer, http=http)),
        ]
        self._tasks.update(ways)
        with contextlib.suppress(asyncio.CancelledError):  # nobody asks for the result of a handler
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        self._tasks.difference_update(ways)
        for end in (writer, there[1]):
            end.close()

    async def _requests(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
        *,
        http: bool,
    ) -> None:
        kinds = ("cut request", "part of request", "delay request", *(["503 unasked"] if http else []))
        while data := await source.read(_PIECE):
            kind = self.weather.trouble(*kinds)
            if kind == "cut request":
                return
            if kind == "503 unasked":
                await _answer_503(back)
                return
            if kind == "part of request":
                target.write(data[: len(data) // 2])
                await target.drain()
                return
            if kind == "delay request":
                await asyncio.sleep(self.weather.delay())
            target.write(data)
            await target.drain()

    async def _replies(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, http: bool
    ) -> None:
        kinds = ("cut reply", "part of reply", "delay reply", *(["503 for reply"] if http else []))
        while data := await source.read(_PIECE):
            kind = self.weather.trouble(*kinds)
            if kind == "cut reply":
                return
            if kind == "503 for reply":
                await _answer_503(target)
                return
            if kind == "part of reply":
                target.write(data[: len(data) // 2])
                await target.drain()
                return
            if kind == "delay reply":
                await asyncio.sleep(self.weather.delay())
            target.write(data)
            await target.drain()


async def _answer_503(target: asyncio.StreamWriter) -> None:
    target.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    await target.drain()
