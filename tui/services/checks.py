"""Runs the setup checks side by side, and carries out the changes that they ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.polling import PollPace
from tui.domain.setup.assess import assess
from tui.domain.setup.bucket import default_bucket
from tui.domain.setup.facts import APIS, SetupFacts, connection_error
from tui.domain.setup.model import CheckState, CreateBucket, EnableApis, Fix, GrantRoles, merged
from tui.domain.setup.permissions import BUCKET_PERMISSIONS, PROJECT_PERMISSIONS
from tui.domain.target import Target
from tui.services.options import AppOptions
from tui.services.settings import Source

PROBE_SECONDS = 10.0
"""How long one check may take; the others do not wait for it."""
CHANGE_SECONDS = 300.0
"""How long one change may take: enabling many APIs takes a minute or two."""
SETTLE_DELAYS = (1.0, 2.0, 4.0, 8.0, *(15.0,) * 10)
"""Seconds between looks at whether an API that was just enabled lets calls through; under 3 minutes."""
ACCOUNT_DELAYS = (1.0, 2.0, 4.0, 8.0, 15.0)
"""The same for a service account that enabling an API has just begun to make."""
RETRY_SECONDS = 5.0
"""The first pause before checks are made again that could not be made; it doubles up to two minutes."""

_NO_ENTRIES = 'timestamp>="2200-01-01T00:00:00Z"'
"""A log filter that matches nothing, so that asking with it costs next to nothing."""

Publish = Callable[[SetupFacts], None]


def first_facts(options: AppOptions, target: Target | None) -> SetupFacts:
    """What is known before anything is asked; `target` is None until there is a connection."""
    settings = options.settings
    project = target.project if target else settings.project
    bucket_origin = options.origins.get("bucket")
    return SetupFacts(
        project_id=project,
        region=target.region if target else settings.region,
        bucket_name=settings.bucket or (default_bucket(project) if project else ""),
        local=options.local,
        project_origin=_origin(options, "project"),
        region_origin=_origin(options, "region"),
        bucket_origin=str(bucket_origin) if settings.bucket and bucket_origin else "",
        connected=target is not None,
    )


def _origin(options: AppOptions, key: str) -> str:
    origin = options.origins.get(key)
    if origin is None:
        return ""
    return "the built-in default" if origin.source is Source.DEFAULT else str(origin)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the changes."""

    done: tuple[Fix, ...]
    refused: tuple[tuple[Fix, CloudError], ...]


class SetupChecks:
    """Reads the facts of one connection and changes them; every new fact is published at once."""

    def __init__(
        self,
        gateway: Gateway,
        facts: SetupFacts,
        publish: Publish,
        *,
        probe_seconds: float = PROBE_SECONDS,
        settle_delays: Sequence[float] = SETTLE_DELAYS,
        account_delays: Sequence[float] = ACCOUNT_DELAYS,
        pace: PollPace | None = None,
    ) -> None:
        self._gateway = gateway
        self._facts = facts
        self._publish = publish
        self._probe_seconds = probe_seconds
        self._settle_delays = settle_delays
        self._account_delays = account_delays
        self._pace = pace or PollPace(RETRY_SECONDS, RETRY_SECONDS)

    @property
    def facts(self) -> SetupFacts:
        """What is known now."""
        return self._facts

    async def run(self) -> None:
        """Check, and check again at growing intervals until the checks could be made."""
        while True:
            await self.check()
            if self._settled():
                self._pace.succeeded()
                return
            self._pace.failed()
            await asyncio.sleep(self._pace.delay(live=True))

    def _settled(self) -> bool:
        if connection_error(self._facts) is not None:
            return False
        return not any(row.state is CheckState.RUNNING for row in assess(self._facts))

    async def check(self) -> None:
        """Read all facts side by side, seven calls each with its own timeout; old facts stay until then."""
        setup, storage, bucket = self._gateway.setup, self._gateway.storage, self._facts.bucket_name
        calls: Mapping[str, Callable[[], Awaitable[object]]] = {
            "identity": setup.identity,
            "project": setup.get_project,
            "apis": lambda: setup.api_states(tuple(APIS)),
            "permissions": lambda: setup.test_permissions(PROJECT_PERMISSIONS),
            "policy": setup.get_policy,
            "bucket": lambda: storage.get_bucket(bucket),
            "bucket_permissions": lambda: storage.test_bucket_permissions(bucket, BUCKET_PERMISSIONS),
        }
        async with asyncio.TaskGroup() as group:
            for name, call in calls.items():
                group.create_task(self._probe(name, call))

    async def _probe(self, name: str, call: Callable[[], Awaitable[object]]) -> None:
        value: object
        try:
            async with asyncio.timeout(self._probe_seconds):
                value = await call()
        except TimeoutError:
            value = _too_slow(self._probe_seconds)
        except CloudError as error:
            value = error
        self._set(**{name: value})

    def _set(self, **known: Any) -> None:  # noqa: ANN401  # as dataclasses.replace
        self._facts = replace(self._facts, **known)
        self._publish(self._facts)

    async def apply(self, fixes: Sequence[Fix]) -> Outcome:
        """Make the changes one after the other, as few calls as possible, then check everything again.

        A change that fails does not keep the others from being tried.
        """
        wanted = merged(fixes)
        done: list[Fix] = []
        refused: list[tuple[Fix, CloudError]] = []
        self._set(applying=wanted, refused=())
        try:
            for number, fix in enumerate(wanted, start=1):
                try:
                    await self._change(fix)
                except CloudError as error:
                    refused.append((fix, error))
                else:
                    done.append(fix)
                self._set(applying=wanted[number:], refused=tuple(refused))
        finally:
            self._set(applying=(), settling=frozenset())
        await self.check()
        return Outcome(tuple(done), tuple(refused))

    async def _change(self, fix: Fix) -> None:
        try:
            async with asyncio.timeout(CHANGE_SECONDS):
                await self._carry_out(fix)
        except TimeoutError:
            raise _too_slow(CHANGE_SECONDS) from None
        if isinstance(fix, EnableApis):
            await self._settle(fix.services)

    async def _carry_out(self, fix: Fix) -> None:
        match fix:
            case EnableApis(services):
                await self._gateway.setup.enable_apis(services)
            case GrantRoles(member, roles):
                await self._grant(member, roles)
            case CreateBucket(name, location):
                await self._create_bucket(name, location)

    async def _settle(self, services: Sequence[str]) -> None:
        """Wait, within bounds, until the services just enabled let calls through."""
        pending = frozenset(services)
        self._set(settling=pending)
        for delay in (*self._settle_delays, None):
            answers = await asyncio.gather(*(self._passes(service) for service in sorted(pending)))
            pending = frozenset(
                service for service, passes in zip(sorted(pending), answers, strict=True) if not passes
            )
            self._set(settling=pending)
            if not pending or delay is None:
                return
            await asyncio.sleep(delay)

    async def _passes(self, service: str) -> bool:
        """Whether a read of the service is let through; True where the app makes no calls to it."""
        gateway = self._gateway
        calls: Mapping[str, Callable[[], Awaitable[object]]] = {
            "aiplatform.googleapis.com": lambda: gateway.jobs.list_jobs(page_size=1),
            "logging.googleapis.com": lambda: gateway.logs.list_entries(_NO_ENTRIES, page_size=1),
            "storage.googleapis.com": lambda: gateway.storage.get_bucket(self._facts.bucket_name),
            "cloudresourcemanager.googleapis.com": gateway.setup.get_project,
        }
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

    async def _grant(self, member: str, roles: Sequence[str]) -> None:
        """Grant; a service account that is only just being made is waited for."""
        for delay in (*self._account_delays, None):
            try:
                await self._gateway.setup.grant_roles(member, roles)
            except CloudError as error:
                absent = error.kind is ErrorKind.INVALID and "does not exist" in error.message
                if not absent or delay is None:
                    raise
                await asyncio.sleep(delay)
            else:
                return

    async def _create_bucket(self, name: str, location: str) -> None:
        """Create the bucket unless it is there by now and can be seen."""
        try:
            await self._gateway.storage.create_bucket(name, location)
        except CloudError as error:
            if error.kind is not ErrorKind.CONFLICT:
                raise
            try:
                await self._gateway.storage.get_bucket(name)
            except CloudError:
                raise error from None


def _too_slow(seconds: float) -> CloudError:
    return CloudError(
        f"no answer within {seconds:g} s",
        hint="Press r to check again.",
        kind=ErrorKind.TIMEOUT,
        retryable=True,
        ambiguous=True,
    )
