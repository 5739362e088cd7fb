"""How calls travel: the transport of the session, its channels and threads, and what failures mean there."""

from __future__ import annotations

import asyncio
import copy
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import grpc.aio
from google.auth.transport.requests import Request

from tui.cloud.channels import google_channel, local_channel, root_certificates
from tui.cloud.credentials import LOCAL, Found, Wallet, search_for
from tui.cloud.errors import KNOWN, ODD_ANSWER, is_plugin_failure, to_cloud_error
from tui.cloud.threads import Threads
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.target import Target, Transport

CLOSED = "the connection was closed"

Result = TypeVar("Result")

_HEALED_BY_LOGIN = frozenset({ErrorKind.EXPIRED_CREDENTIALS, ErrorKind.DENIED})
"""Refusals that a change of the credentials' file may end: a new login, another account, a quota project."""

_ADC_LOGIN = "gcloud auth application-default login"
_GCLOUD_LOGIN = "gcloud auth login"

REST_THREADS = 24
"""Calls at once over REST; every pane together makes fewer."""

STORAGE_THREADS = 12
"""Calls at once to Cloud Storage, without downloads and uploads."""

TRANSFER_THREADS = 16
"""Downloads and uploads at once; no listing waits for them."""


@dataclass(slots=True)
class _Standing:
    """How things stand with a login and its channels, whatever project or region is asked about."""

    transport: Transport
    generation: int = 0
    closed: bool = False
    refused: bool = False
    doubted: bool = False


class Connection:
    """What all services of one gateway share."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.wallet = Wallet(search_for(target))
        self._standing = _Standing(target.transport)
        self.rest_threads = Threads("vertex-tui-rest", REST_THREADS)
        self.storage_threads = Threads("vertex-tui-storage", STORAGE_THREADS)
        self.transfer_threads = Threads("vertex-tui-transfer", TRANSFER_THREADS)
        self._channels: dict[str, grpc.aio.Channel] = {}
        self._retired: list[grpc.aio.Channel] = []

    @property
    def transport(self) -> Transport:
        """`AUTO` until a read has shown which of the two gets through; then kept for the session."""
        return self._standing.transport

    @property
    def generation(self) -> int:
        """Goes up when a new login makes all clients outdated."""
        return self._standing.generation

    @property
    def closed(self) -> bool:
        """Whether no call can be made any more."""
        return self._standing.closed

    def elsewhere(self, target: Target) -> Connection:
        """The same login, channels and threads for another project or region; closed with this one."""
        other = copy.copy(self)
        other.target = target
        return other

    def settle(self, transport: Transport) -> None:
        """Keep the transport that got through first."""
        if self.transport is Transport.AUTO:
            self._standing.transport = transport

    async def found(self) -> Found:
        """The credentials to use, anonymous for the local server.

        After a refusal, and after `doubt`, a new login on this box takes the place of the old one.

        Raises:
            google.auth.exceptions.GoogleAuthError: there are none.
            OSError: their file cannot be read, or the gateway is closed.
        """
        if self.closed:
            raise ConnectionAbortedError(CLOSED)
        if self.target.local is not None:
            return LOCAL
        if self._standing.refused or self._standing.doubted:
            outdated = await self.wallet.forget_if_outdated()
            self._standing.doubted = False
            if outdated:
                self._start_anew()
        return await self.wallet.get()

    def doubt(self) -> None:
        """Look for a new login at the next calls, as before a check that the user asked for."""
        self._standing.doubted = True

    async def channel(self, host: str) -> grpc.aio.Channel:
        """The channel to one of Google's hosts, or to the local server whatever the host."""
        local = self.target.local
        key = local.grpc_address if local else host
        if key not in self._channels:
            if local:
                self._channels[key] = local_channel(local.grpc_address)
            else:
                roots = await asyncio.to_thread(root_certificates)
                # Last, so that a login that was replaced meanwhile does not live on in a channel.
                found = await self.found()
                # Another task may have been here in the meantime.
                if key not in self._channels:
                    self._channels[key] = google_channel(host, found.credentials, roots)
        return self._channels[key]

    def url(self, host: str) -> str:
        """The REST base of one of Google's hosts, or of the local server whatever the host."""
        return self.target.local.http_url if self.target.local else f"https://{host}"

    async def explain(self, error: BaseException, *, sent: bool = False) -> CloudError:
        """The `CloudError` for what a call raised."""
        if is_plugin_failure(error):
            error = await self._login_failure() or error
        result = to_cloud_error(error, local=self.target.is_local, sent=sent)
        self._standing.refused = self._standing.refused or result.kind in _HEALED_BY_LOGIN
        if self.target.login == "gcloud":
            result.hint = result.hint.replace(_ADC_LOGIN, _GCLOUD_LOGIN)
        return result

    async def guarded(
        self, function: Callable[[], Result], threads: Threads, *, sent: bool = False
    ) -> Result:
        """Run `function` in `threads`; everything it raises becomes a `CloudError`."""
        try:
            return await threads.run(function)
        except (*KNOWN, *ODD_ANSWER) as error:
            raise await self.explain(error, sent=sent) from error

    async def close(self) -> None:
        """Close channels, which ends the calls on them, and let the threads end."""
        self._standing.closed = True
        self.rest_threads.close()
        self.storage_threads.close()
        self.transfer_threads.close()
        channels = [*self._channels.values(), *self._retired]
        self._channels.clear()
        self._retired.clear()
        await asyncio.gather(*(channel.close(None) for channel in channels))

    async def _login_failure(self) -> Exception | None:
        """Why the login gives no token: gRPC passes on no more than that it failed."""
        try:
            found = await self.found()
            refresh = functools.partial(found.credentials.refresh, Request())
            await self.rest_threads.run(refresh)
        except KNOWN as error:
            return error
        return None

    def _start_anew(self) -> None:
        """Forget the login and the channels that carry it; open tails on them go on until they end."""
        self._standing.refused = False
        self._standing.generation += 1
        self._retired += self._channels.values()
        self._channels.clear()


def missing(what: str, hint: str) -> CloudError:
    """The error for a call that cannot even be addressed."""
    return CloudError(f"No {what} is set", hint=hint, kind=ErrorKind.PRECONDITION)


def project_of(target: Target) -> str:
    """The target's project.

    Raises:
        CloudError: none is known.
    """
    if not target.project:
        raise missing("project", "Start with --project, or set GOOGLE_CLOUD_PROJECT")
    return target.project


def region_of(target: Target) -> str:
    """The target's region.

    Raises:
        CloudError: none is known.
    """
    if not target.region:
        raise missing("region", "Start with --region, for instance europe-west4")
    return target.region
