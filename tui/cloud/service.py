"""One of Google's services over either transport: the rules for retries and for choosing between them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import grpc.aio

from tui.cloud.connection import CLOSED, Connection
from tui.cloud.credentials import Found
from tui.cloud.errors import KNOWN, ODD_ANSWER
from tui.cloud.read_only import require_changes_allowed
from tui.cloud.repeats import repeated
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.target import Transport

Aio = TypeVar("Aio")
Rest = TypeVar("Rest")

READ_TIMEOUT = 20.0
"""Seconds for a read; the clients' own default is none (FACTS 4.4)."""

WRITE_TIMEOUT = 30.0
"""Seconds for a change."""

PROBE_TIMEOUT = 10.0
"""Seconds gRPC is given while it is not yet known to get through."""

_UNDECIDED = frozenset(
    {
        ErrorKind.UNREACHABLE,
        ErrorKind.TIMEOUT,
        ErrorKind.NO_CREDENTIALS,
        ErrorKind.EXPIRED_CREDENTIALS,
        ErrorKind.LOCAL,
    }
)
"""Failures that do not show whether the transport gets through to the service."""

Call = Callable[[Any, float], Any]
"""A call on a client with a timeout; the generated clients of both transports share their methods."""


def method(name: str, request: object) -> Call:
    """The call of one generated method; the clients' own retries stay off, those here know better."""
    return lambda client, timeout: getattr(client, name)(request=request, timeout=timeout, retry=None)


class Service(Generic[Aio, Rest]):
    """A lazily built pair of clients, gRPC and REST."""

    def __init__(
        self,
        connection: Connection,
        host: str,
        *,
        aio: Callable[[grpc.aio.Channel], Aio],
        rest: Callable[[str, Found], Rest],
        probe: Callable[[], Call],
    ) -> None:
        """Describe the service; nothing is connected yet.

        Args:
            connection: what the gateway's services share.
            host: one of Google's host names.
            aio: makes the asynchronous client on a channel.
            rest: makes the synchronous client for a base URL and credentials; called in a thread.
            probe: makes a cheap read, which decides the transport before the first change.
        """
        self._connection = connection
        self._host = host
        self._make_aio = aio
        self._make_rest = rest
        self._probe = probe
        self._aio: tuple[int, Aio] | None = None
        self._rest: tuple[int, Rest] | None = None
        self._lock = threading.Lock()

    async def read(self, call: Call, *, timeout: float = READ_TIMEOUT) -> Any:  # noqa: ANN401, ASYNC109
        """Make a call that changes nothing; quick repeats where they help.

        Raises:
            CloudError: the last failure.
        """
        return await repeated(lambda: self._read_once(call, timeout))

    async def write(self, call: Call, *, timeout: float = WRITE_TIMEOUT) -> Any:  # noqa: ANN401, ASYNC109
        """Make a call that changes something: sent once, on a transport that a read has chosen.

        Raises:
            CloudError: it failed; `ambiguous` if it may have taken effect all the same. Or the session only
                reads, and nothing was sent.
        """
        require_changes_allowed(self._connection.target)
        await self.decide()
        over = self._over_rest if self._connection.transport is Transport.REST else self._over_grpc
        return await over(call, timeout, sent=True)

    async def aio_client(self) -> Aio:
        """The client for gRPC; raises what finding credentials raises."""
        await self._connection.found()
        generation = self._connection.generation
        if self._aio is None or self._aio[0] != generation:
            channel = await self._connection.channel(self._host)
            self._aio = (self._connection.generation, self._make_aio(channel))
        return self._aio[1]

    def close(self) -> None:
        """Close idle REST connections; channels belong to the connection."""
        if self._rest is not None:
            client: Any = self._rest[1]
            getattr(client, "transport", client).close()

    async def decide(self) -> None:
        """Find out which transport gets through, if that is not known yet.

        Raises:
            CloudError: neither does.
        """
        try:
            if self._connection.transport is Transport.AUTO:
                await self._read_once(self._probe(), READ_TIMEOUT)
        except CloudError:
            # An answer, even a refusal, has settled it.
            if self._connection.transport is Transport.AUTO:
                raise

    async def _read_once(self, call: Call, timeout: float) -> Any:  # noqa: ANN401, ASYNC109
        chosen = self._connection.transport
        if chosen is Transport.REST:
            return await self._over_rest(call, timeout)
        if chosen is Transport.GRPC:
            return await self._over_grpc(call, timeout)
        try:
            return await self._trial(Transport.GRPC, self._over_grpc(call, min(timeout, PROBE_TIMEOUT)))
        except CloudError as error:
            if error.kind not in {ErrorKind.UNREACHABLE, ErrorKind.TIMEOUT}:
                raise
        return await self._trial(Transport.REST, self._over_rest(call, timeout))

    async def _trial(self, transport: Transport, answer: Awaitable[Any]) -> Any:  # noqa: ANN401
        """Await a first read and keep its transport if anything came back from the service."""
        try:
            result = await answer
        except CloudError as error:
            if error.kind not in _UNDECIDED:
                self._connection.settle(transport)
            raise
        self._connection.settle(transport)
        return result

    async def _over_grpc(self, call: Call, timeout: float, *, sent: bool = False) -> Any:  # noqa: ANN401, ASYNC109
        try:
            return await call(await self.aio_client(), timeout)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if self._connection.closed and task is not None and not task.cancelling():
                # Closing a channel cancels the calls on it, though nobody has cancelled their callers.
                raise await self._connection.explain(ConnectionAbortedError(CLOSED), sent=sent) from error
            raise
        except (*KNOWN, *ODD_ANSWER) as error:
            raise await self._connection.explain(error, sent=sent) from error

    async def _over_rest(self, call: Call, timeout: float, *, sent: bool = False) -> Any:  # noqa: ANN401, ASYNC109
        try:
            found = await self._connection.found()
        except KNOWN as error:
            raise await self._connection.explain(error) from error
        return await self._connection.guarded(
            lambda: call(self._rest_client(found), timeout), self._connection.rest_threads, sent=sent
        )

    def _rest_client(self, found: Found) -> Rest:
        generation = self._connection.generation
        with self._lock:
            if self._rest is None or self._rest[0] != generation:
                self._rest = (generation, self._make_rest(self._connection.url(self._host), found))
            return self._rest[1]
