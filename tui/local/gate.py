"""What has to hold before a method's handler runs: the project, the API, the permission."""

from __future__ import annotations

from tui.local import names
from tui.local.access import Access
from tui.local.project_rules import project_deleted
from tui.local.state.project import SERVICES, ProjectState
from tui.local.wire.errors import denied, service_disabled
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call, Method, Need

RESOURCE_MANAGER = "cloudresourcemanager.googleapis.com"
"""The one API that tells of a project marked for deletion."""


class Gate:
    """Checks in Google's order: first a foreign project, then a disabled API, then a missing permission."""

    def __init__(self, project: ProjectState, access: Access) -> None:
        self._project = project
        self._access = access

    async def check(self, method: Method, request: Message, call: Call) -> None:
        """Refuse a call that may not be made.

        Raises:
            ApiError: PERMISSION_DENIED.
        """
        if method.need is None:
            return
        need = method.need
        resource = need.resource(request)
        self.require_project(resource, need.service, need.permission)
        self.require_service(need.service)
        if need.permission:
            self._require_on(call.principal, need, resource)

    def _require_on(self, principal: str, need: Need, resource: str) -> None:
        email = resource.partition("/serviceAccounts/")[2]
        if not email or not self._access.allows_on_account(principal, need.permission, email):
            self.require(principal, need.permission, f"//{need.service}/{resource}")

    def require_project(self, resource: str, service: str, permission: str) -> None:
        """Refuse a resource of a project that is not ours."""
        parts = resource.split("/")
        if not resource or (parts[0] == "projects" and len(parts) > 1 and names.is_project(parts[1])):
            return
        raise denied(permission or "resourcemanager.projects.get", f"//{service}/{resource}")

    def require_service(self, service: str) -> None:
        """Refuse the use of an API that is disabled, was enabled only just now, or of a deleted project."""
        if self._project.standing.deleted and service != RESOURCE_MANAGER:
            raise project_deleted(service)
        if not self._project.service_usable(service):
            raise service_disabled(service, SERVICES[service], names.PROJECT_ID)

    def require(self, principal: str, permission: str, resource: str) -> None:
        """Refuse a principal that lacks a permission on the project."""
        if not self._access.allows(principal, permission):
            raise denied(permission, resource)

    def may_use(self, principal: str, email: str) -> bool:
        """Whether a principal may act as a service account."""
        return self._access.allows_on_account(principal, "iam.serviceAccounts.actAs", email)
