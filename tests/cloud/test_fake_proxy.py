"""The proxy to the loopback Google leaves nothing open, at whatever moment it is shut."""

from __future__ import annotations

import asyncio
import gc
import socket
import warnings

from tests.cloud.fake_proxy import connect_proxy

TURNS = 12
"""Turns of the event loop after which a tunnel stands, with some to spare."""


async def turn(times: int) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


async def shut_after(turns: int, far: int) -> None:
    """Shut a proxy so many turns of the event loop after a client has asked it for a tunnel."""
    async with connect_proxy([], {"kelp": far}) as port:
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(b"CONNECT kelp:443 HTTP/1.1\r\n\r\n")
        await turn(turns)
    client.close()


def test_nothing_is_left_open_whenever_it_is_shut() -> None:
    async def shut_at_every_turn() -> None:
        ends: list[asyncio.StreamWriter] = []
        async with await asyncio.start_server(lambda _, end: ends.append(end), "127.0.0.1", 0) as far:
            for turns in range(TURNS):
                await shut_after(turns, far.sockets[0].getsockname()[1])
            await turn(TURNS)
            for end in ends:
                end.transport.abort()
            await turn(TURNS)

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        asyncio.run(shut_at_every_turn())
        gc.collect()
    assert not [str(one.message) for one in told if issubclass(one.category, ResourceWarning)]
