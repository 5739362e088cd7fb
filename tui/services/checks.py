"""Runs the setup checks side by side; every new fact is published at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.polling import PollPace
from tui.domain.regions import is_training_region
from tui.domain.setup.assess import assess
from tui.domain.setup.bucket import default_bucket
from tui.domain.setup.bucket_owner import SPEC_ORIGIN
from tui.domain.setup.facts import (
    ACCOUNT_PERMISSIONS,
    APIS,
    KEYS_CONSTRAINT,
    LOCATIONS_CONSTRAINT,
    SetupFacts,
    connection_error,
    project_error,
)
from tui.domain.setup.model import CheckState, Fix
from tui.domain.setup.needs import JobNeeds
from tui.domain.setup.permissions import BUCKET_PERMISSIONS, PROJECT_PERMISSIONS
from tui.domain.target import Target
from tui.services.changes import ACCOUNT_DELAYS, SETTLE_DELAYS, Changes, Outcome, too_slow
from tui.services.options import AppOptions
from tui.services.settings import Source

PROBE_SECONDS = 10.0
"""How long one check may take; the others do not wait for it."""
RETRY_SECONDS = 5.0
"""The first pause before checks are made again that could not be made; it doubles up to two minutes."""

Publish = Callable[[SetupFacts], None]
Read = Callable[[], Awaitable[object]]

_OF_BUCKET = ("bucket", "bucket_permissions", "bucket_policy")
_OF_ACCOUNT = ("account", "account_permissions")


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
        login=settings.credentials,
        connected=target is not None,
        kms_key=settings.kms_key,
        read_only=settings.read_only,
    )


def _origin(options: AppOptions, key: str) -> str:
    origin = options.origins.get(key)
    if origin is None:
        return ""
    return "the built-in default" if origin.source is Source.DEFAULT else str(origin)


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
        self._own_bucket = (facts.bucket_name, facts.bucket_origin)
        self._publish = publish
        self._probe_seconds = probe_seconds
        self._latest: dict[str, int] = {}
        self._began = monotonic()
        self._pace = pace or PollPace(RETRY_SECONDS, RETRY_SECONDS)
        self._changes = Changes(
            gateway,
            self,
            probe_seconds=probe_seconds,
            settle_delays=settle_delays,
            account_delays=account_delays,
        )

    @property
    def facts(self) -> SetupFacts:
        """What is known now."""
        return self._facts

    def tell(self, **known: Any) -> None:  # noqa: ANN401  # as dataclasses.replace
        """Take facts that were found out elsewhere, and publish."""
        self._facts = replace(self._facts, **known)
        self._publish(self._facts)

    async def run(self) -> None:
        """Check, and check again at growing intervals until the checks could be made."""
        while True:
            await self.check()
            if self.settled:
                self._pace.succeeded()
                return
            self._pace.failed()
            await asyncio.sleep(self._pace.delay(live=True))

    @property
    def settled(self) -> bool:
        """Whether every check could be made."""
        if connection_error(self._facts) is not None:
            return False
        if any(error.retryable for error in self._facts.errors):
            return False
        return not any(row.state is CheckState.RUNNING for row in assess(self._facts))

    async def check(self) -> None:
        """Read all facts side by side, each call with its own timeout; old facts stay until then."""
        self._began = monotonic()
        await self._read(self._calls())
        self.tell(checked_at=datetime.now(UTC))
        await self._look_further()

    @property
    def age(self) -> float:
        """Seconds since everything was last looked at, or began to be."""
        return monotonic() - self._began

    async def take_needs(self, needs: JobNeeds | None) -> None:
        """Look at what another open spec, or another state of it, asks for; reads only what depends on it."""
        stale = self.note_needs(needs)
        await self._read({key: call for key, call in self._calls().items() if key in stale})

    def note_needs(self, needs: JobNeeds | None) -> frozenset[str]:
        """Take what the open spec asks for without reading; the names of the facts to be read now."""
        before, trouble = self._facts, needs.trouble if needs else ""
        needs = needs.known if needs else None
        name, origin = self._own_bucket
        if needs is not None and (named := needs.output_bucket(name)):
            name, origin = named, f"{SPEC_ORIGIN} ({needs.file})"
        stale: set[str] = set()
        if name != before.bucket_name:
            stale.update(_OF_BUCKET)
        if _account(needs) != _account(before.needs):
            stale.update(_OF_ACCOUNT)
        if _metrics(needs) != _metrics(before.needs):
            stale.add("quotas")
        asked = {"needs": needs, "spec_trouble": trouble}
        self.tell(**asked, bucket_name=name, bucket_origin=origin, **dict.fromkeys(stale))
        return frozenset(stale)

    async def apply(self, fixes: Sequence[Fix]) -> Outcome:
        """Make changes, then check everything again."""
        outcome = await self._changes.make(fixes)
        try:
            await self.check()
        finally:
            self.tell(made=())
        return outcome

    def _calls(self) -> dict[str, Read]:
        """The calls that make sense now: at most sixteen for a spec with one kind of machine."""
        setup, storage, facts = self._gateway.setup, self._gateway.storage, self._facts
        bucket, account, metrics = facts.bucket_name, _account(facts.needs), _metrics(facts.needs)
        calls: dict[str, Read] = {
            "identity": setup.identity,
            "project": setup.get_project,
            "apis": lambda: setup.api_states(tuple(APIS)),
            "permissions": lambda: setup.test_permissions(PROJECT_PERMISSIONS),
            "policy": setup.get_policy,
            "billing": setup.billing_enabled,
            "locations_policy": lambda: setup.effective_policy(LOCATIONS_CONSTRAINT),
            "keys_policy": lambda: setup.effective_policy(KEYS_CONSTRAINT),
            "bucket": lambda: storage.get_bucket(bucket),
            "bucket_permissions": lambda: storage.test_bucket_permissions(bucket, BUCKET_PERMISSIONS),
            "bucket_policy": lambda: setup.get_bucket_policy(bucket),
        }
        if account:
            calls["account"] = lambda: setup.get_account(account)
            calls["account_permissions"] = lambda: setup.test_account_permissions(
                account, ACCOUNT_PERMISSIONS
            )
        if metrics and is_training_region(facts.region):
            calls["quotas"] = lambda: setup.quota_limits(metrics)
        return calls

    async def _read(self, calls: Mapping[str, Read]) -> None:
        async with asyncio.TaskGroup() as group:
            for name, call in calls.items():
                group.create_task(self._probe(name, call))

    async def _probe(self, name: str, call: Read) -> None:
        asked = self._question(name)
        number = self._latest[name] = self._latest.get(name, 0) + 1
        value: object
        try:
            async with asyncio.timeout(self._probe_seconds):
                value = await call()
        except TimeoutError:
            value = too_slow(self._probe_seconds)
        except CloudError as error:
            value = error
        # Else the open spec has changed meanwhile, or a later read, perhaps after a fix, knows better.
        if asked == self._question(name) and number == self._latest[name]:
            self.tell(**{name: value})

    def _question(self, name: str) -> object:
        """What a read depends on besides the connection."""
        if name in _OF_BUCKET:
            return self._facts.bucket_name
        if name in _OF_ACCOUNT:
            return _account(self._facts.needs)
        return _metrics(self._facts.needs) if name == "quotas" else None

    async def _look_further(self) -> None:
        """Find out more about what has failed: the clock for a login, similar names for a project."""
        facts, setup = self._facts, self._gateway.setup
        login, project = connection_error(facts), project_error(facts)
        try:
            async with asyncio.timeout(self._probe_seconds):
                if login is not None and login.kind is ErrorKind.EXPIRED_CREDENTIALS:
                    self.tell(skew=await setup.clock_skew())
                elif login is None and project is not None and project.kind is not ErrorKind.BILLING:
                    self.tell(similar_projects=await setup.find_projects(facts.project_id))
        except (TimeoutError, CloudError):
            return  # it would only have told more


def _account(needs: JobNeeds | None) -> str:
    return needs.service_account if needs else ""


def _metrics(needs: JobNeeds | None) -> tuple[str, ...]:
    return tuple(needs.quota) if needs else ()
