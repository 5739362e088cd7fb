"""Connections that are looked at first and then joined, or handed to another protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

MAX_HEAD = 16 * 1024
"""Bytes of a request's or reply's head."""
MAX_EARLY = 256 * 1024
"""Bytes that one end may send before it is joined; above that it has to wait."""
_BLANK_LINE = b"\r\n\r\n"


class HeadError(Exception):
    """The connection ended, or went on for too long, before the head was complete."""


class End(asyncio.Protocol):
    """One end of a connection: what arrives is kept until it is known where it goes.

    Args:
        secure: TLS, which has no half-closed connections.
    """

    def __init__(self, *, secure: bool = False) -> None:
        self._transport: asyncio.Transport | None = None
        self._secure = secure
        self.lost = asyncio.Event()
        """Set when the connection is gone."""
        self.when_lost: Callable[[End], None] | None = None
        self._early = bytearray()
        self._ended = False
        self._arrived = asyncio.Event()
        self._other: End | None = None

    @property
    def transport(self) -> asyncio.Transport:
        """The transport, once there is one."""
        if self._transport is None:
            raise ConnectionAbortedError
        return self._transport

    async def head(self) -> bytes:
        """What comes before the first blank line.

        Raises:
            HeadError: there is none.
        """
        while _BLANK_LINE not in self._early:
            if self._ended or len(self._early) > MAX_HEAD:
                raise HeadError
            self._arrived.clear()
            await self._arrived.wait()
        head, _, rest = bytes(self._early).partition(_BLANK_LINE)
        self._early[:] = rest
        return head

    @property
    def waiting(self) -> bool:
        """Whether something has arrived that nobody has taken."""
        return bool(self._early)

    def join(self, other: End) -> None:
        """From now on everything that arrives at one end leaves at the other."""
        self._other, other._other = other, self
        self._begin_passing(other)
        other._begin_passing(self)

    def hand_over(self, protocol: asyncio.Protocol) -> None:
        """Let another protocol have the connection, and what has arrived."""
        if self.lost.is_set():
            return
        self.transport.set_protocol(protocol)
        protocol.connection_made(self.transport)
        if self._early:
            protocol.data_received(bytes(self._early))
        self.transport.resume_reading()
        if self._ended:
            protocol.eof_received()

    def _begin_passing(self, far: End) -> None:
        if self.lost.is_set():
            far.transport.close()
            return
        far.transport.write(bytes(self._early))
        self._early.clear()
        self.transport.resume_reading()
        if self._ended:
            self._pass_on_the_end(far)

    def _pass_on_the_end(self, far: End) -> None:
        if far._ended or not far.transport.can_write_eof():
            self.transport.close()
            far.transport.close()
        elif not far.transport.is_closing():
            far.transport.write_eof()

    # --- called by the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Pass it on, or keep it."""
        if self._other is not None:
            self._other.transport.write(data)
            return
        self._early += data
        self._arrived.set()
        if len(self._early) > MAX_EARLY and self._transport is not None:
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """Tell the other end; the way back stays open where the transport allows it."""
        self._ended = True
        self._arrived.set()
        if self._other is not None:
            self._pass_on_the_end(self._other)
        return not self._secure

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # the loop's signature
        """Both ends close together."""
        self._ended = True
        self.lost.set()
        self._arrived.set()
        if self.when_lost is not None:
            self.when_lost(self)
        if self._other is not None:
            self._other.transport.close()

    def pause_writing(self) -> None:
        """This end is slow: the other one waits."""
        if self._other is not None:
            self._other.transport.pause_reading()

    def resume_writing(self) -> None:
        """This end has caught up."""
        if self._other is not None:
            self._other.transport.resume_reading()
