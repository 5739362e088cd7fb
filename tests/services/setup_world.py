"""A small project behind our own Protocols, for tests of the checks and of their pane."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from tui.domain.access import (
    ApiState,
    Binding,
    Identity,
    OrganizationPolicy,
    Policy,
    Project,
    QuotaLimits,
    ServiceAccount,
)
from tui.domain.catalog.skus import Sku
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.setup.facts import APIS
from tui.domain.setup.permissions import BUCKET_PERMISSIONS, PROJECT_PERMISSIONS
from tui.domain.storage import Bucket
from tui.domain.target import Target

NUMBER = "123456789012"
ACCOUNT = f"serviceAccount:{NUMBER}-compute@developer.gserviceaccount.com"
RESOURCES = "cloudresourcemanager.googleapis.com"
USAGE = "serviceusage.googleapis.com"


def disabled(service: str) -> CloudError:
    return CloudError(
        f"{service} is not enabled",
        "has not been used",
        kind=ErrorKind.API_DISABLED,
        reason="SERVICE_DISABLED",
        metadata={"service": service, "consumer": "projects/kelp-train"},
    )


def missing_bucket() -> CloudError:
    return CloudError("Not found", "The specified bucket does not exist.", kind=ErrorKind.NOT_FOUND)


@dataclass
class World:
    """State and faults of the project; also its own gateway and all five services of it."""

    on: set[str] = field(default_factory=lambda: {USAGE})
    bindings: list[Binding] = field(default_factory=list)
    buckets: dict[str, Bucket] = field(default_factory=dict)
    held: frozenset[str] = frozenset(PROJECT_PERMISSIONS)
    faults: dict[str, CloudError] = field(default_factory=dict)
    hangs: set[str] = field(default_factory=set)
    lag: dict[str, int] = field(default_factory=dict)
    """Calls of a service that are refused as disabled although it is on."""
    calls: list[str] = field(default_factory=list)
    billed: bool = True
    skew: float | None = 0.0
    projects: tuple[Project, ...] = ()
    policies: dict[str, OrganizationPolicy] = field(default_factory=dict)
    limits: dict[str, QuotaLimits] = field(default_factory=dict)
    accounts: dict[str, ServiceAccount] = field(default_factory=dict)
    usable_accounts: set[str] = field(default_factory=set)
    bucket_bindings: list[Binding] = field(default_factory=list)
    skus: tuple[Sku, ...] = ()
    target: Target = field(default_factory=lambda: Target("kelp-train", "europe-west4"))

    @property
    def gateway(self) -> Gateway:
        return cast("Gateway", self)

    @property
    def jobs(self) -> Any:
        return self

    logs = storage = setup = jobs

    async def _call(self, name: str, service: str) -> None:
        self.calls.append(name)
        if name in self.hangs:
            await asyncio.Event().wait()
        if name in self.faults:
            raise self.faults[name]
        if service and service not in self.on:
            raise disabled(service)
        if self.lag.get(service, 0):
            self.lag[service] -= 1
            raise disabled(service)

    async def identity(self) -> Identity:
        await self._call("identity", "")
        return Identity("ana@lagoon.example", "application default credentials")

    async def get_project(self) -> Project:
        await self._call("get_project", RESOURCES)
        return Project("kelp-train", NUMBER, "ACTIVE")

    async def api_states(self, services: Sequence[str]) -> dict[str, ApiState]:
        await self._call("api_states", USAGE)
        return {name: ApiState.ENABLED if name in self.on else ApiState.DISABLED for name in services}

    async def enable_apis(self, services: Sequence[str]) -> None:
        await self._call("enable_apis", USAGE)
        self.on.update(services)

    async def test_permissions(self, permissions: Sequence[str]) -> frozenset[str]:
        await self._call("test_permissions", RESOURCES)
        return self.held & frozenset(permissions)

    async def get_policy(self) -> Policy:
        await self._call("get_policy", RESOURCES)
        return Policy(tuple(self.bindings))

    async def grant_roles(self, member: str, roles: Sequence[str]) -> tuple[str, ...]:
        await self._call("grant_roles", RESOURCES)
        self.bindings += [Binding(role, (member,)) for role in roles]
        return tuple(roles)

    async def revoke_roles(self, member: str, roles: Sequence[str]) -> tuple[str, ...]:
        await self._call("revoke_roles", RESOURCES)
        gone = [Binding(role, (member,)) for role in roles]
        self.bindings = [binding for binding in self.bindings if binding not in gone]
        return tuple(roles)

    async def clock_skew(self) -> float | None:
        await self._call("clock_skew", "")
        return self.skew

    async def find_projects(self, text: str) -> tuple[Project, ...]:
        await self._call("find_projects", RESOURCES)
        return tuple(one for one in self.projects if text in (one.project_id, one.number, one.display_name))

    async def billing_enabled(self) -> bool:
        await self._call("billing_enabled", "cloudbilling.googleapis.com")
        return self.billed

    async def price_skus(self) -> tuple[Sku, ...]:
        await self._call("price_skus", "cloudbilling.googleapis.com")
        return self.skus

    async def effective_policy(self, constraint: str) -> OrganizationPolicy:
        await self._call("effective_policy", RESOURCES)
        return self.policies.get(constraint, OrganizationPolicy(constraint))

    async def quota_limits(self, metrics: Sequence[str]) -> dict[str, QuotaLimits]:
        await self._call("quota_limits", USAGE)
        return {name: self.limits.get(name, QuotaLimits(name, {}, 1_000_000)) for name in metrics}

    async def get_account(self, email: str) -> ServiceAccount:
        await self._call("get_account", "iam.googleapis.com")
        if email not in self.accounts:
            raise CloudError("Not found", f"Unknown service account {email}", kind=ErrorKind.NOT_FOUND)
        return self.accounts[email]

    async def test_account_permissions(self, email: str, permissions: Sequence[str]) -> frozenset[str]:
        await self._call("test_account_permissions", "iam.googleapis.com")
        return frozenset(permissions) if email in self.usable_accounts else frozenset()

    async def grant_on_account(self, email: str, member: str, role: str) -> bool:
        await self._call(f"grant_on_account {member} {role}", "iam.googleapis.com")
        self.usable_accounts.add(email)
        return True

    async def revoke_on_account(self, email: str, member: str, role: str) -> bool:
        await self._call(f"revoke_on_account {member} {role}", "iam.googleapis.com")
        self.usable_accounts.discard(email)
        return True

    async def get_bucket_policy(self, name: str) -> Policy:
        await self._call("get_bucket_policy", "storage.googleapis.com")
        if name not in self.buckets:
            raise missing_bucket()
        return Policy(tuple(self.bucket_bindings))

    async def grant_on_bucket(self, name: str, member: str, role: str) -> bool:
        await self._call(f"grant_on_bucket {name}", "storage.googleapis.com")
        self.bucket_bindings.append(Binding(role, (member,)))
        return True

    async def revoke_on_bucket(self, name: str, member: str, role: str) -> bool:
        await self._call(f"revoke_on_bucket {name}", "storage.googleapis.com")
        self.bucket_bindings.remove(Binding(role, (member,)))
        return True

    async def make_agents(self) -> str:
        await self._call("make_agents", USAGE)
        return f"service-{NUMBER}@gcp-sa-aiplatform.iam.gserviceaccount.com"

    async def get_bucket(self, name: str) -> Bucket:
        await self._call("get_bucket", "storage.googleapis.com")
        if name not in self.buckets:
            raise missing_bucket()
        return self.buckets[name]

    async def create_bucket(self, name: str, location: str, *, kms_key: str = "") -> Bucket:
        await self._call("create_bucket", "storage.googleapis.com")
        self.buckets[name] = Bucket(
            name, location.upper(), "region", soft_delete_seconds=604_800, kms_key=kms_key
        )
        return self.buckets[name]

    async def test_bucket_permissions(self, name: str, permissions: Sequence[str]) -> frozenset[str]:
        await self._call("test_bucket_permissions", "storage.googleapis.com")
        if name not in self.buckets:
            raise missing_bucket()
        return frozenset(BUCKET_PERMISSIONS) & frozenset(permissions)

    async def list_jobs(self, **_: object) -> None:
        await self._call("list_jobs", "aiplatform.googleapis.com")

    async def list_entries(self, *_: object, **__: object) -> None:
        await self._call("list_entries", "logging.googleapis.com")


def ready_world() -> World:
    """A project in which nothing is left to do."""
    world = World(on=set(APIS))
    world.bindings = [
        Binding(role, (ACCOUNT,))
        for role in ("roles/storage.objectUser", "roles/logging.logWriter", "roles/aiplatform.user")
    ]
    world.buckets["kelp-train-outputs"] = Bucket("kelp-train-outputs", "EUROPE-WEST4", "region")
    return world
