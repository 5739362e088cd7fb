"""`google.cloud.resourcemanager.v3.Projects`, and the v1 REST forms that gcloud still uses."""

from __future__ import annotations

from datetime import UTC, datetime

from tui.local import names
from tui.local.access import Access
from tui.local.api.policies import as_read, to_store
from tui.local.api.project_query import project_filter
from tui.local.clock import SECOND, stamp
from tui.local.project_rules import effective_policy
from tui.local.state.project import ProjectState
from tui.local.wire import gtypes
from tui.local.wire.errors import invalid
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call, Method, Need, Route

SERVICE = "google.cloud.resourcemanager.v3.Projects"
_API = "cloudresourcemanager.googleapis.com"
_DISPLAY_NAME = "Local project"


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
            Method("", "v1.GetEffectiveOrgPolicy", g.Struct, g.Struct, self._effective_policy,
                   (Route("POST", f"/v1/{resource}:getEffectiveOrgPolicy", "*"),),
                   Need(_API, "orgpolicy.policy.get", lambda request: str(request["resource"]))),
        ]  # fmt: skip

    async def _get(self, _request: Message, _call: Call) -> Message:
        return self._resource()

    async def _search(self, request: Message, call: Call) -> Message:
        fits = project_filter(request.query)
        visible = self._access.allows(call.principal, "resourcemanager.projects.get") and fits(
            {"id": names.PROJECT_ID, "name": _DISPLAY_NAME, "state": self._state}
        )
        return gtypes.SearchProjectsResponse(projects=[self._resource()] if visible else [])

    async def _effective_policy(self, request: Message, _call: Call) -> Message:
        constraint = str(request["constraint"]) if "constraint" in request else ""
        if not constraint.startswith("constraints/"):
            raise invalid(f"Invalid constraint: {constraint!r}.")
        policy = gtypes.Struct()
        policy.update(effective_policy(self._project.standing, constraint))
        return policy

    @property
    def _state(self) -> str:
        return "DELETE_REQUESTED" if self._project.standing.deleted else "ACTIVE"

    def _resource(self) -> Message:
        project = gtypes.Project(
            name=f"projects/{names.PROJECT_NUMBER}",
            project_id=names.PROJECT_ID,
            state=gtypes.Project.State.Value(self._state),
            display_name=_DISPLAY_NAME,
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
                "lifecycleState": self._state,
                "name": _DISPLAY_NAME,
                "createTime": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        )
        return project

    async def _get_policy(self, request: Message, _call: Call) -> Message:
        return as_read(self._project.policy(), request.options.requested_policy_version)

    async def _set_policy(self, request: Message, _call: Call) -> Message:
        policy = to_store(request, self._project.policy(), self._project.account_exists)
        return self._project.set_policy(policy)

    async def _test(self, request: Message, call: Call) -> Message:
        if any("*" in permission for permission in request.permissions):
            raise invalid("Permissions with wildcards are not allowed.")
        held = [name for name in request.permissions if self._access.allows(call.principal, name)]
        return gtypes.TestIamPermissionsResponse(permissions=held)


def _resource(request: Message) -> str:
    return str(request.resource)


def _both(template: str) -> tuple[Route, ...]:
    return tuple(Route("POST", f"/{version}/{template}", "*") for version in ("v3", "v1"))
