"""`google.cloud.resourcemanager.v3.Projects`, and the v1 REST forms that gcloud still uses."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from tui.local import names
from tui.local.access import Access
from tui.local.clock import SECOND, stamp
from tui.local.state.project import ProjectState
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code, invalid
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call, Method, Need, Route

SERVICE = "google.cloud.resourcemanager.v3.Projects"
_API = "cloudresourcemanager.googleapis.com"
_CONCURRENT = (
    "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff."
)
MAX_MEMBERS = 1500
_CONDITIONS_VERSION = 3
_MEMBER_KINDS = (
    "user:", "serviceAccount:", "group:", "domain:", "principal:", "principalSet:", "deleted:",
    "projectOwner:", "projectEditor:", "projectViewer:",
)  # fmt: skip


class Projects:
    """The one project and its policy."""

    def __init__(self, project: ProjectState, access: Access) -> None:
        self._project = project
        self._access = access

    def methods(self) -> list[Method]:
        """The rows of the method table."""
        g = gtypes
        name, resource = "{name=projects/*}", "{resource=projects/*}"
        read, write = "resourcemanager.projects.getIamPolicy", "resourcemanager.projects.setIamPolicy"
        get = "resourcemanager.projects.get"
        return [
            Method(SERVICE, "GetProject", g.GetProjectRequest, g.Project, self._get,
                   (Route("GET", f"/v3/{name}"),), Need(_API, get, lambda request: request.name)),
            Method(SERVICE, "SearchProjects", g.SearchProjectsRequest, g.SearchProjectsResponse, self._search,
                   (Route("GET", "/v3/projects:search"),), Need(_API, "", lambda _request: "")),
            Method(SERVICE, "GetIamPolicy", g.GetIamPolicyRequest, g.Policy, self._get_policy,
                   _both(f"{resource}:getIamPolicy"), Need(_API, read, _resource)),
            Method(SERVICE, "SetIamPolicy", g.SetIamPolicyRequest, g.Policy, self._set_policy,
                   _both(f"{resource}:setIamPolicy"), Need(_API, write, _resource)),
            Method(SERVICE, "TestIamPermissions",
                   g.TestIamPermissionsRequest, g.TestIamPermissionsResponse, self._test,
                   _both(f"{resource}:testIamPermissions"), Need(_API, "", _resource)),
            Method("", "v1.GetProject", g.GetProjectRequest, g.Struct, self._get_v1,
                   (Route("GET", f"/v1/{name}"),), Need(_API, get, lambda request: request.name)),
            Method("", "v1.ListProjects", g.Struct, g.Struct, self._list_v1,
                   (Route("GET", "/v1/projects"),), Need(_API, "", lambda _request: "")),
        ]  # fmt: skip

    async def _get(self, _request: Message, _call: Call) -> Message:
        return self._resource()

    async def _search(self, _request: Message, call: Call) -> Message:
        visible = self._access.allows(call.principal, "resourcemanager.projects.get")
        return gtypes.SearchProjectsResponse(projects=[self._resource()] if visible else [])

    def _resource(self) -> Message:
        project = gtypes.Project(
            name=f"projects/{names.PROJECT_NUMBER}",
            project_id=names.PROJECT_ID,
            state=gtypes.Project.State.ACTIVE,
            display_name="Local project",
            etag='W/"local"',
        )
        stamp(project.create_time, self._project.created_ns)
        stamp(project.update_time, self._project.created_ns)
        return project

    async def _get_v1(self, _request: Message, _call: Call) -> Message:
        return self._struct_v1()

    async def _list_v1(self, _request: Message, call: Call) -> Message:
        visible = self._access.allows(call.principal, "resourcemanager.projects.get")
        response = gtypes.Struct()
        response.update({"projects": [dict(self._struct_v1())] if visible else []})
        return response

    def _struct_v1(self) -> Message:
        created = datetime.fromtimestamp(self._project.created_ns // SECOND, UTC)
        project = gtypes.Struct()
        project.update(
            {
                "projectNumber": names.PROJECT_NUMBER,
                "projectId": names.PROJECT_ID,
                "lifecycleState": "ACTIVE",
                "name": "Local project",
                "createTime": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        )
        return project

    async def _get_policy(self, request: Message, _call: Call) -> Message:
        version = request.options.requested_policy_version
        if version not in {0, 1, 3}:
            raise invalid(f"Invalid requested policy version: {version}.")
        policy = gtypes.Policy()
        policy.CopyFrom(self._project.policy())
        conditional = any(binding.HasField("condition") for binding in policy.bindings)
        if version < _CONDITIONS_VERSION and conditional:
            for binding in policy.bindings:
                if binding.HasField("condition"):
                    binding.role += f"_withcond_{hash_of(binding.condition)}"
                    binding.ClearField("condition")
        policy.version = _CONDITIONS_VERSION if conditional and version == _CONDITIONS_VERSION else 1
        return policy

    async def _set_policy(self, request: Message, _call: Call) -> Message:
        policy = gtypes.Policy()
        policy.CopyFrom(request.policy)
        present = self._project.policy()
        if policy.etag and policy.etag != present.etag:
            raise ApiError(Code.ABORTED, _CONCURRENT)
        self._check_policy(policy, present)
        policy.version = _CONDITIONS_VERSION if _conditional(policy) else 1
        return self._project.set_policy(policy)

    def _check_policy(self, policy: Message, present: Message) -> None:
        if policy.version not in {0, 1, 3}:
            raise invalid(f"Invalid policy version: {policy.version}.")
        if _conditional(policy) and policy.version != _CONDITIONS_VERSION:
            raise invalid("The policy version must be 3 to set a policy with conditional role bindings.")
        if _conditional(present) and policy.version == _CONDITIONS_VERSION and not policy.etag:
            raise invalid("The etag must be set to change a policy with conditional role bindings.")
        if sum(len(binding.members) for binding in policy.bindings) > MAX_MEMBERS:
            raise invalid(f"The policy has more than {MAX_MEMBERS} members.")
        for binding in policy.bindings:
            if not binding.role.startswith(("roles/", "projects/", "organizations/")):
                raise invalid(f"Role {binding.role} is not supported for this resource.")
            for member in binding.members:
                self._check_member(member)

    def _check_member(self, member: str) -> None:
        if member not in {"allUsers", "allAuthenticatedUsers"} and not member.startswith(_MEMBER_KINDS):
            raise invalid(
                f"The member {member} is of an unknown type. Please set a valid type prefix for the member."
            )
        kind, _, email = member.partition(":")
        if kind == "serviceAccount" and not self._project.account_exists(email) and _ours(email):
            raise invalid(f"Service account {email} does not exist.")

    async def _test(self, request: Message, call: Call) -> Message:
        if any("*" in permission for permission in request.permissions):
            raise invalid("Permissions with wildcards are not allowed.")
        held = [name for name in request.permissions if self._access.allows(call.principal, name)]
        return gtypes.TestIamPermissionsResponse(permissions=held)


def hash_of(condition: Message) -> str:
    """The mark that stands for a condition in a policy read below version 3."""
    return hashlib.sha256(condition.SerializeToString()).hexdigest()[:20]


def _conditional(policy: Message) -> bool:
    return any(binding.HasField("condition") for binding in policy.bindings)


def _ours(email: str) -> bool:
    domain = email.partition("@")[2]
    return names.PROJECT_NUMBER in email or domain == f"{names.PROJECT_ID}.iam.gserviceaccount.com"


def _resource(request: Message) -> str:
    return str(request.resource)


def _both(template: str) -> tuple[Route, ...]:
    return tuple(Route("POST", f"/{version}/{template}", "*") for version in ("v3", "v1"))
