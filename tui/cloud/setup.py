"""Project, APIs and rights: Resource Manager, Service Usage and the login's own account."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import getpass
import itertools
import os
from collections.abc import Iterator, Sequence
from typing import Any

from google.auth.credentials import Credentials
from google.auth.transport.requests import AuthorizedSession, Request
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
from google.oauth2 import credentials as user_login

from tui.cloud.connection import Connection, project_of
from tui.cloud.errors import KNOWN
from tui.cloud.generated import rest_client
from tui.cloud.operations import finished
from tui.cloud.policy import PolicyEditor
from tui.cloud.service import Call, Service, method
from tui.domain.access import ApiState, Identity, Policy, Project
from tui.domain.errors import CloudError, ErrorKind

GET_AT_ONCE = 30
"""Names that `services.batchGet` takes."""

ENABLE_AT_ONCE = 20
"""Services that `services.batchEnable` takes."""

TEST_AT_ONCE = 100
"""Permissions sent in one `testIamPermissions`."""

ENABLE_WITHIN = 180.0
"""Seconds for the operation that enables APIs."""

USERINFO = "https://openidconnect.googleapis.com/v1/userinfo"
"""Tells the e-mail of a user's login; the token goes in a header, not in the address."""

USERINFO_TIMEOUT = 10.0


class CloudSetup:
    """`tui.domain.gateway.SetupGateway` over Google's protocols."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._target = connection.target
        self._usage = _service_usage(connection)
        self._projects = _projects(connection)
        self._policy = PolicyEditor(self._projects, connection.target)
        self._identity: tuple[int, Identity] | None = None

    def close(self) -> None:
        """Close idle REST connections."""
        self._usage.close()
        self._projects.close()

    async def identity(self) -> Identity:
        """Who the calls are made as; of a user's login the account is asked for once."""
        if self._target.local is not None:
            return Identity(account=f"{_login_name()}@localhost", source="local")
        generation = self._connection.generation
        if self._identity is None or self._identity[0] != generation:
            self._identity = (generation, await self._ask_identity())
        return self._identity[1]

    async def get_project(self) -> Project:
        """The target's project."""
        request = GetProjectRequest(name=f"projects/{project_of(self._target)}")
        project = await self._projects.read(method("get_project", request))
        return Project(
            project_id=project.project_id,
            number=project.name.rpartition("/")[2],
            state=_state_name(project.state),
            display_name=project.display_name,
        )

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

    async def _ask_identity(self) -> Identity:
        try:
            found = await self._connection.found()
        except KNOWN as error:
            raise await self._connection.explain(error) from error
        account = await self._connection.guarded(
            lambda: _account(found.credentials), self._connection.rest_threads
        )
        return Identity(
            account, found.source, str(getattr(found.credentials, "quota_project_id", None) or "")
        )


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


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        return str(os.getuid()) if hasattr(os, "getuid") else "user"


def _account(credentials: Credentials) -> str:
    """The e-mail behind credentials, or an empty string; may ask Google, so never on the event loop.

    Raises:
        google.auth.exceptions.GoogleAuthError: the login gives no token.
    """
    if isinstance(credentials, user_login.Credentials):
        return str(credentials.account or "") or _ask_userinfo(credentials)
    named = getattr(credentials, "service_account_email", "")
    if named == "default":  # the metadata server tells the e-mail with the first token
        credentials.refresh(Request())
        named = getattr(credentials, "service_account_email", "")
    return str(named or "")


def _ask_userinfo(credentials: user_login.Credentials) -> str:
    # This address refuses calls that name a quota project, as a user's login usually does.
    with AuthorizedSession(credentials.with_quota_project(None)) as session:
        reply = session.get(USERINFO, timeout=USERINFO_TIMEOUT)
    if not reply.ok:  # a login without the e-mail scope
        return ""
    return str(reply.json().get("email", ""))
