"""Faults of replies over HTTP: lost, broken off, or too short."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from tui.local.faults.book import Rule

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOOK_SECONDS = 0.2
"""Pause between two looks at whether a client that gets no answer is still there."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a reply's body ends too early."""

    keep: int | None
    """Bytes that still arrive; None for half of them."""
    hard: bool
    """Whether the connection breaks, or just ends."""
    told: bool = False
    """Whether `Content-Length` gives the shorter length."""
    seconds: float = 0.0
    """Pause before the end."""

    @classmethod
    def of(cls, rule: Rule) -> Cut:
        """What a rule asks for."""
        options = rule.options
        return cls(
            options.get("bytes"),
            hard=rule.effect == "break",
            told=options.get("length") == "cut",
            seconds=options.get("seconds", 0.0) if rule.effect == "break" else 0.0,
        )

    def left(self, size: int) -> int:
        """How many of `size` bytes arrive: at least one is missing."""
        return max(0, min(size - 1, size // 2 if self.keep is None else self.keep))

    async def end(self, request: web.Request) -> None:
        """End the connection."""
        await asyncio.sleep(self.seconds)
        if self.hard:
            _reset(request)
        elif request.transport is not None:
            request.transport.close()


CUT = web.RequestKey("cut", Cut)
"""Set on a request whose reply is to be cut; handlers that stream have to ask `cut_short`."""


async def deliver(request: web.Request, rule: Rule | None, handler: Handler) -> web.StreamResponse:
    """Run the handler, and let happen to its reply what a rule says."""
    if rule is None:
        return await handler(request)
    if rule.effect == "drop":
        if request.method not in {"GET", "HEAD"}:
            await handler(request)
        return await _lose(request, hang=bool(rule.options.get("hang")))
    cut = Cut.of(rule)
    request[CUT] = cut
    try:
        response = await handler(request)
    except ConnectionError:  # a streaming handler met the end that `cut_short` made
        return await _lose(request, hang=False)
    if response.prepared:
        return response
    body = response.body if isinstance(response, web.Response) else None
    if not isinstance(body, bytes | bytearray) or not body:
        await asyncio.sleep(cut.seconds)
        return await _lose(request, hang=False)
    return await _send_cut(request, response, bytes(body), cut)


async def cut_short(
    request: web.Request, response: web.StreamResponse, chunks: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    """The chunks of a body that is streamed, as many of them as are to arrive.

    The first has to be taken before the response is prepared, since its length may change.
    """
    cut = request.get(CUT)
    if cut is None:
        async for chunk in chunks:
            yield chunk
        return
    left = None if response.content_length is None else cut.left(response.content_length)
    if cut.told and left is not None:
        response.content_length = left
    response.force_close()
    async for chunk in chunks:
        left = cut.left(len(chunk)) if left is None else left
        yield chunk[:left]
        left -= min(left, len(chunk))
        if not left:
            await cut.end(request)
            return


async def _lose(request: web.Request, *, hang: bool) -> web.StreamResponse:
    """Close the connection without a byte, or keep the client waiting until it gives up."""
    # aiohttp has no event for a client that has gone
    while hang and request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_SECONDS)
    if request.transport is not None:
        request.transport.close()
    gone = web.Response()
    gone.force_close()
    return gone


async def _send_cut(
    request: web.Request, whole: web.StreamResponse, body: bytes, cut: Cut
) -> web.StreamResponse:
    left = cut.left(len(body))
    short = web.StreamResponse(status=whole.status, reason=whole.reason, headers=whole.headers)
    short.content_length = left if cut.told else len(body)
    short.force_close()
    await short.prepare(request)
    if request.method != "HEAD":
        await short.write(body[:left])
    await cut.end(request)
    return short


def _reset(request: web.Request) -> None:
    """Break the connection, so that the other end sees a reset where the system can do that."""
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None and connection.family == socket.AF_INET:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
