"""Project, APIs and rights: Resource Manager, Service Usage and the login's own account."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from google.cloud.resourcemanager_v3.services.projects import ProjectsAsyncClient, ProjectsClient
from google.cloud.resourcemanager_v3.services.projects.transports import ProjectsGrpcAsyncIOTransport
from google.cloud.resourcemanager_v3.types import GetProjectRequest
from google.cloud.service_usage_v1.services.service_usage import ServiceUsageAsyncClient, ServiceUsageClient
from google.cloud.service_usage_v1.services.service_usage.transports import (
    ServiceUsageGrpcAsyncIOTransport,
)
from google.cloud.service_usage_v1.types import (
    BatchEnableServicesRequest,
    BatchEnableServicesResponse,
    BatchGetServicesRequest,
    GetServiceRequest,
)
from google.iam.v1.iam_policy_pb2 import TestIamPermissionsRequest

from tui.cloud.accounts import HOST as ACCOUNTS_HOST
from tui.cloud.accounts import Accounts
from tui.cloud.agents import make_agents
from tui.cloud.billing import Billing
from tui.cloud.catalogue import Catalogue
from tui.cloud.connection import Connection, project_of
from tui.cloud.generated import rest_client
from tui.cloud.identity import Who
from tui.cloud.operations import finished
from tui.cloud.organization import OrganizationPolicies
from tui.cloud.plain_rest import PlainRest
from tui.cloud.policy import PolicyEditor
from tui.cloud.policy_documents import JsonPolicy
from tui.cloud.policy_places import BucketPolicy, ProjectPolicy
from tui.cloud.project_search import as_project, find_projects
from tui.cloud.quotas import Quotas
from tui.cloud.service import Call, Service, method
from tui.domain.access import (
    ApiState,
    Identity,
    OrganizationPolicy,
    Policy,
    Project,
    QuotaLimits,
    ServiceAccount,
)
from tui.domain.catalog.skus import Sku
from tui.domain.errors import CloudError, ErrorKind

GET_AT_ONCE = 30
"""Names that `services.batchGet` takes."""

ENABLE_AT_ONCE = 20
"""Services that `services.batchEnable` takes."""

TEST_AT_ONCE = 100
"""Permissions sent in one `testIamPermissions`."""

ENABLE_WITHIN = 180.0
"""Seconds for the operation that enables APIs."""


class CloudSetup:
    """`tui.domain.gateway.SetupGateway` over Google's protocols."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._target = connection.target
        self._usage = _service_usage(connection)
        self._projects = _projects(connection)
        self._rest_usage = PlainRest(connection, "serviceusage.googleapis.com")
        self._rest_iam = PlainRest(connection, ACCOUNTS_HOST)
        self._rest_storage = PlainRest(connection, "storage.googleapis.com")
        self._policy = PolicyEditor(ProjectPolicy(self._projects, connection.target))
        self._accounts = Accounts(self._rest_iam)
        self._quotas = Quotas(connection, self._rest_usage)
        self._billing = Billing(connection)
        self._catalogue = Catalogue(connection)
        self._organization = OrganizationPolicies(connection)
        self._who = Who(connection)

    def close(self) -> None:
        """Close idle REST connections."""
        self._usage.close()
        self._projects.close()
        for rest in (self._rest_usage, self._rest_iam, self._rest_storage):
            rest.close()
        self._quotas.close()
        self._billing.close()
        self._catalogue.close()
        self._organization.close()

    async def identity(self) -> Identity:
        """Who the calls are made as; asked for once a login."""
        return await self._who.identity()

    async def clock_skew(self) -> float | None:
        """Seconds this box's clock is ahead of Google's; None when no answer told."""
        return await self._who.clock_skew()

    async def get_project(self) -> Project:
        """The target's project."""
        request = GetProjectRequest(name=f"projects/{project_of(self._target)}")
        return as_project(await self._projects.read(method("get_project", request)))

    async def find_projects(self, text: str) -> tuple[Project, ...]:
        """Up to five projects the caller can see whose id, number or display name is like `text`."""
        return await find_projects(self._projects, text)

    async def billing_enabled(self) -> bool:
        """Whether the project has an open billing account."""
        return await self._billing.enabled()

    async def price_skus(self) -> tuple[Sku, ...]:
        """The rows of the Cloud Billing catalogue that price what machines are made of."""
        return await self._catalogue.price_skus()

    async def effective_policy(self, constraint: str) -> OrganizationPolicy:
        """What an organization policy allows here; of one that is on or off, `allows_none` means on."""
        return await self._organization.effective(constraint)

    async def api_states(self, services: Sequence[str]) -> dict[str, ApiState]:
        """State of each named service; UNKNOWN for one that the reply leaves out."""
        parent = f"projects/{project_of(self._target)}"
        states = dict.fromkeys(services, ApiState.UNKNOWN)
        for names in _chunks(services, GET_AT_ONCE):
            request = BatchGetServicesRequest(
                parent=parent, names=[f"{parent}/services/{name}" for name in names]
            )
            reply = await self._usage.read(method("batch_get_services", request))
            for service in reply.services:
                states[service.name.rpartition("/")[2]] = _api_state(_state_name(service.state))
        return states

    async def enable_apis(self, services: Sequence[str]) -> None:
        """Enable services, until the long-running operation has ended."""
        parent = f"projects/{project_of(self._target)}"
        for names in _chunks(services, ENABLE_AT_ONCE):
            request = BatchEnableServicesRequest(parent=parent, service_ids=list(names))
            future = await self._usage.write(method("batch_enable_services", request))
            operation = await finished(self._usage, future.operation, within=ENABLE_WITHIN)
            reply = BatchEnableServicesResponse.pb(BatchEnableServicesResponse())
            if operation.response.Unpack(reply) and reply.failures:
                raise _not_enabled(reply.failures)

    async def test_permissions(self, permissions: Sequence[str]) -> frozenset[str]:
        """Those of `permissions` that the caller holds on the project."""
        resource = f"projects/{project_of(self._target)}"
        held: set[str] = set()
        for names in _chunks(permissions, TEST_AT_ONCE):
            request = TestIamPermissionsRequest(resource=resource, permissions=names)
            reply = await self._projects.read(method("test_iam_permissions", request))
            held.update(reply.permissions)
        return frozenset(held)

    async def get_policy(self) -> Policy:
        """The project's IAM policy at version 3."""
        return await self._policy.read()

    async def grant_roles(self, member: str, roles: Sequence[str]) -> tuple[str, ...]:
        """Add unconditional bindings by read-modify-write with the etag; the roles that were really added."""
        return await self._policy.grant(member, roles)

    async def revoke_roles(self, member: str, roles: Sequence[str]) -> tuple[str, ...]:
        """Take the member out of unconditional bindings in the same way; the roles it really lost."""
        return await self._policy.revoke(member, roles)

    async def quota_limits(self, metrics: Sequence[str]) -> dict[str, QuotaLimits]:
        """Limits of quota metrics; unknown ones are left out."""
        return await self._quotas.limits(metrics)

    async def make_agents(self) -> str:
        """Let Vertex AI's service agents come into being; the e-mail of the primary one."""
        return await make_agents(self._rest_usage, project_of(self._target))

    async def get_account(self, email: str) -> ServiceAccount:
        """One service account, of whatever project."""
        return await self._accounts.get(email)

    async def test_account_permissions(self, email: str, permissions: Sequence[str]) -> frozenset[str]:
        """Those of `permissions` that the caller holds on a service account."""
        return await self._accounts.test(email, permissions)

    async def grant_on_account(self, email: str, member: str, role: str) -> bool:
        """Add an unconditional binding to a service account's policy; False if it was there."""
        return bool(await self._accounts.policy(email).grant(member, (role,)))

    async def revoke_on_account(self, email: str, member: str, role: str) -> bool:
        """Take the member out of the role's unconditional binding; False if it was not in it."""
        return bool(await self._accounts.policy(email).revoke(member, (role,)))

    async def get_bucket_policy(self, name: str) -> Policy:
        """A bucket's own IAM policy at version 3."""
        return await self._bucket_policy(name).read()

    async def grant_on_bucket(self, name: str, member: str, role: str) -> bool:
        """Add an unconditional binding to the bucket's policy; False if it was there."""
        return bool(await self._bucket_policy(name).grant(member, (role,)))

    async def revoke_on_bucket(self, name: str, member: str, role: str) -> bool:
        """Take the member out of the role's unconditional binding; False if it was not in it."""
        return bool(await self._bucket_policy(name).revoke(member, (role,)))

    def _bucket_policy(self, name: str) -> PolicyEditor[JsonPolicy]:
        return PolicyEditor(BucketPolicy(self._rest_storage, name))


def _service_usage(connection: Connection) -> Service[ServiceUsageAsyncClient, ServiceUsageClient]:
    target = connection.target

    def probe() -> Call:
        name = f"projects/{project_of(target)}/services/serviceusage.googleapis.com"
        return method("get_service", GetServiceRequest(name=name))

    return Service(
        connection,
        "serviceusage.googleapis.com",
        aio=lambda channel: ServiceUsageAsyncClient(
            transport=ServiceUsageGrpcAsyncIOTransport(channel=channel)
        ),
        rest=lambda url, found: rest_client(ServiceUsageClient, url, found),
        probe=probe,
    )


def _projects(connection: Connection) -> Service[ProjectsAsyncClient, ProjectsClient]:
    target = connection.target

    def probe() -> Call:
        return method("get_project", GetProjectRequest(name=f"projects/{project_of(target)}"))

    return Service(
        connection,
        "cloudresourcemanager.googleapis.com",
        aio=lambda channel: ProjectsAsyncClient(transport=ProjectsGrpcAsyncIOTransport(channel=channel)),
        rest=lambda url, found: rest_client(ProjectsClient, url, found),
        probe=probe,
    )


def _chunks(values: Sequence[str], size: int) -> Iterator[list[str]]:
    rest = iter(values)
    while chunk := list(itertools.islice(rest, size)):
        yield chunk


def _state_name(state: Any) -> str:  # noqa: ANN401 (an enum of Google's)
    """The name of a state; a state newer than the library is a mere number."""
    return str(getattr(state, "name", state))


def _api_state(name: str) -> ApiState:
    try:
        return ApiState(name)
    except ValueError:  # a state newer than this program
        return ApiState.UNKNOWN


def _not_enabled(failures: Sequence[Any]) -> CloudError:
    words = "; ".join(f"{failure.service_id}: {failure.error_message}" for failure in failures)
    return CloudError("Some APIs could not be enabled", words, kind=ErrorKind.PRECONDITION)
