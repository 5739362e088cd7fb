"""Faults of replies over gRPC: what a client sees of a connection that was lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import NoReturn

from tui.local.faults.book import Rule
from tui.local.wire.errors import ApiError, Code
from tui.local.wire.gtypes import Message

LOST = "Socket closed"
"""What gRPC's own client says when the other end has gone."""
BROKEN = "recvmsg:Connection reset by peer"
"""What it says when the connection broke."""

Parse = Callable[[bytes], Message]
"""Makes the reply's message of its bytes; raises whatever it likes."""


async def unary_reply(rule: Rule | None, data: bytes, parse: Parse) -> bytes:
    """The bytes of a reply, as a rule leaves them.

    Raises:
        ApiError: the reply is lost.
    """
    if rule is None:
        return data
    if rule.effect == "truncate":
        return cut_message(data, parse, rule.options.get("bytes"))
    if rule.effect == "drop":
        await _lose(rule)
    await asyncio.sleep(rule.options.get("seconds", 0))
    raise ApiError(Code.UNAVAILABLE, BROKEN)


async def stream_replies(rule: Rule, replies: AsyncIterator[bytes], parse: Parse) -> AsyncIterator[bytes]:
    """The replies of a stream, as a rule leaves them.

    Raises:
        ApiError: the stream is lost.
    """
    if rule.effect == "drop":
        await _lose(rule)
    if rule.effect == "truncate":
        async for data in replies:
            yield cut_message(data, parse, rule.options.get("bytes"))
        return
    left = rule.options.get("after", None if "seconds" in rule.options else 1)
    loop = asyncio.get_running_loop()
    until = loop.time() + rule.options["seconds"] if "seconds" in rule.options else None
    while left is None or left > 0:
        try:
            async with asyncio.timeout_at(until):
                data = await anext(replies)
        except StopAsyncIteration:
            return
        except TimeoutError:
            break
        left = None if left is None else left - 1
        yield data
    raise ApiError(Code.UNAVAILABLE, BROKEN)


def cut_message(data: bytes, parse: Parse, keep: int | None = None) -> bytes:
    """The beginning of a message, short of `keep` bytes or half, so that no client can read it."""
    for length in range(min(len(data) // 2 if keep is None else keep, len(data)), -1, -1):
        try:
            parse(data[:length])
        except Exception:  # noqa: BLE001  # whatever the parser says, it cannot be read
            return data[:length]
    return b"\x0a"  # a field that ends before its length


async def _lose(rule: Rule) -> NoReturn:
    if rule.options.get("hang"):
        await asyncio.get_running_loop().create_future()  # until the client's deadline
    raise ApiError(Code.UNAVAILABLE, LOST)
