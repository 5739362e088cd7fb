"""Carries out the changes that the setup checks ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import (
    CreateBucket,
    EnableApis,
    Fix,
    Grant,
    GrantOnAccount,
    GrantOnBucket,
    GrantRoles,
    MakeAgents,
    Revoke,
    merged,
)

CHANGE_SECONDS = 300.0
"""How long one change may take: enabling many APIs takes a minute or two."""
SETTLE_DELAYS = (1.0, 2.0, 4.0, 8.0, *(15.0,) * 10)
"""Seconds between looks at whether an API that was just enabled lets calls through; under 3 minutes."""
ACCOUNT_DELAYS = (1.0, 2.0, 4.0, 8.0, 15.0)
"""The same for a service account that enabling an API has just begun to make."""

_NO_ENTRIES = 'timestamp>="2200-01-01T00:00:00Z"'
"""A log filter that matches nothing, so that asking with it costs next to nothing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the changes."""

    done: tuple[Fix, ...]
    refused: tuple[tuple[Fix, CloudError], ...]


class Board(Protocol):
    """Where the facts are kept and published."""

    @property
    def facts(self) -> SetupFacts:
        """What is known now."""
        ...

    def tell(self, **known: Any) -> None:  # noqa: ANN401  # as dataclasses.replace
        """Change some of the facts."""
        ...


class Changes:
    """Makes changes one after the other, and says on the board how they go."""

    def __init__(
        self,
        gateway: Gateway,
        board: Board,
        *,
        probe_seconds: float,
        settle_delays: Sequence[float] = SETTLE_DELAYS,
        account_delays: Sequence[float] = ACCOUNT_DELAYS,
    ) -> None:
        self._gateway = gateway
        self._board = board
        self._probe_seconds = probe_seconds
        self._settle_delays = settle_delays
        self._account_delays = account_delays

    async def make(self, fixes: Sequence[Fix]) -> Outcome:
        """Make changes of the project in few calls; one that fails does not stop the others."""
        wanted = merged(fixes)
        done: list[Fix] = []
        refused: list[tuple[Fix, CloudError]] = []
        self._board.tell(applying=wanted, refused=(), made=())
        try:
            for number, fix in enumerate(wanted, start=1):
                try:
                    await self._change(fix)
                except CloudError as error:
                    refused.append((fix, error))
                else:
                    done.append(fix)
                self._board.tell(applying=wanted[number:], refused=tuple(refused), made=tuple(done))
        finally:
            self._board.tell(applying=(), settling=frozenset())
        return Outcome(tuple(done), tuple(refused))

    async def _change(self, fix: Fix) -> None:
        try:
            async with asyncio.timeout(CHANGE_SECONDS):
                await self._carry_out(fix)
        except TimeoutError:
            raise too_slow(CHANGE_SECONDS) from None
        if isinstance(fix, EnableApis):
            await self._settle(fix.services)

    async def _carry_out(self, fix: Fix) -> None:
        match fix:
            case EnableApis(services):
                await self._gateway.setup.enable_apis(services)
            case MakeAgents():
                await self._gateway.setup.make_agents()
            case CreateBucket(name, location, key):
                await self._create_bucket(name, location, key)
            case GrantRoles() | GrantOnBucket() | GrantOnAccount():
                if (added := await self._once_it_exists(fix)) is not None:
                    self._board.tell(granted=(*self._board.facts.granted, added))
            case Revoke(grant):
                await self._take_back(grant)
                rest = tuple(one for one in self._board.facts.granted if one != grant)
                self._board.tell(granted=rest)
            case _:
                raise TypeError(f"{type(fix).__name__} is no change of the project")

    async def _settle(self, services: Sequence[str]) -> None:
        """Wait, within bounds, until the services just enabled let calls through."""
        pending = frozenset(services)
        self._board.tell(settling=pending)
        for delay in (*self._settle_delays, None):
            answers = await asyncio.gather(*(self._passes(service) for service in sorted(pending)))
            pending = frozenset(
                service for service, passes in zip(sorted(pending), answers, strict=True) if not passes
            )
            self._board.tell(settling=pending)
            if not pending or delay is None:
                return
            await asyncio.sleep(delay)

    async def _passes(self, service: str) -> bool:
        """Whether a read of the service is let through; True where the app makes no calls to it."""
        gateway = self._gateway
        calls: Mapping[str, Callable[[], Awaitable[object]]] = {
            "aiplatform.googleapis.com": lambda: gateway.jobs.list_jobs(page_size=1),
            "logging.googleapis.com": lambda: gateway.logs.list_entries(_NO_ENTRIES, page_size=1),
            "storage.googleapis.com": lambda: gateway.storage.get_bucket(self._board.facts.bucket_name),
            "cloudresourcemanager.googleapis.com": gateway.setup.get_project,
            "cloudbilling.googleapis.com": gateway.setup.billing_enabled,
        }
        needs = self._board.facts.needs
        if service == "iam.googleapis.com" and needs is not None and needs.service_account:
            calls = {service: lambda: gateway.setup.get_account(needs.service_account)}
        if service not in calls:
            return True
        try:
            async with asyncio.timeout(self._probe_seconds):
                await calls[service]()
        except TimeoutError:
            return True
        except CloudError as error:
            return error.kind is not ErrorKind.API_DISABLED
        return True

    async def _once_it_exists(self, grant: Grant) -> Grant | None:
        """Grant; a service account that is only just being made is waited for."""
        for delay in (*self._account_delays, None):
            try:
                return await self._give(grant)
            except CloudError as error:
                absent = error.kind is ErrorKind.INVALID and "does not exist" in error.message
                if not absent or delay is None:
                    raise
                await asyncio.sleep(delay)
        return None

    async def _give(self, grant: Grant) -> Grant | None:
        """Grant; what was really added, so that taking it back touches nothing that was there before."""
        match grant:
            case GrantRoles(member, roles):
                added = await self._gateway.setup.grant_roles(member, roles)
                return GrantRoles(member, added) if added else None
            case GrantOnBucket(bucket, member, role):
                return grant if await self._gateway.setup.grant_on_bucket(bucket, member, role) else None
            case GrantOnAccount(account, member, role):
                return grant if await self._gateway.setup.grant_on_account(account, member, role) else None

    async def _take_back(self, grant: Grant) -> None:
        match grant:
            case GrantRoles(member, roles):
                await self._gateway.setup.revoke_roles(member, roles)
            case GrantOnBucket(bucket, member, role):
                await self._gateway.setup.revoke_on_bucket(bucket, member, role)
            case GrantOnAccount(account, member, role):
                await self._gateway.setup.revoke_on_account(account, member, role)

    async def _create_bucket(self, name: str, location: str, kms_key: str) -> None:
        """Create the bucket unless it is there by now and can be seen."""
        try:
            await self._gateway.storage.create_bucket(name, location, kms_key=kms_key)
        except CloudError as error:
            if error.kind is not ErrorKind.CONFLICT:
                raise
            try:
                await self._gateway.storage.get_bucket(name)
            except CloudError:
                raise error from None


def too_slow(seconds: float) -> CloudError:
    """The error for a call that was not waited for any longer."""
    return CloudError(
        f"no answer within {seconds:g} s",
        hint="Press r to check again.",
        kind=ErrorKind.TIMEOUT,
        retryable=True,
        ambiguous=True,
    )
