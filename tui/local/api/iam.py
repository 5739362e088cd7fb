"""`google.iam.admin.v1.IAM`: the service accounts, read only."""

from __future__ import annotations

from tui.local import names
from tui.local.access import Access
from tui.local.state.project import ProjectState
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call, Method, Need, Route

SERVICE = "google.iam.admin.v1.IAM"
_API = "iam.googleapis.com"


class Iam:
    """Lists and gets service accounts, and tells what the caller may do with one."""

    def __init__(self, project: ProjectState, access: Access) -> None:
        self._project = project
        self._access = access

    def methods(self) -> list[Method]:
        """The rows of the method table."""
        g = gtypes
        get = "iam.serviceAccounts.get"
        one = "{name=projects/*/serviceAccounts/*}"
        test = Route("POST", "/v1/{resource=projects/*/serviceAccounts/*}:testIamPermissions", "*")
        return [
            Method(SERVICE, "ListServiceAccounts",
                   g.ListServiceAccountsRequest, g.ListServiceAccountsResponse, self._list,
                   (Route("GET", "/v1/{name=projects/*}/serviceAccounts"),),
                   Need(_API, "iam.serviceAccounts.list", lambda request: request.name)),
            Method(SERVICE, "GetServiceAccount", g.GetServiceAccountRequest, g.ServiceAccount, self._get,
                   (Route("GET", f"/v1/{one}"),), Need(_API, get, lambda request: request.name)),
            Method(SERVICE, "TestIamPermissions",
                   g.TestIamPermissionsRequest, g.TestIamPermissionsResponse, self._test,
                   (test,), Need(_API, "", lambda request: request.resource)),
        ]  # fmt: skip

    async def _list(self, _request: Message, _call: Call) -> Message:
        return gtypes.ListServiceAccountsResponse(accounts=self._project.accounts())

    async def _get(self, request: Message, _call: Call) -> Message:
        return self._find(request.name)

    async def _test(self, request: Message, call: Call) -> Message:
        self._find(request.resource)
        held = [name for name in request.permissions if self._access.allows(call.principal, name)]
        return gtypes.TestIamPermissionsResponse(permissions=held)

    def _find(self, name: str) -> Message:
        wanted = name.rpartition("/")[2]
        for account in self._project.accounts():
            if wanted in {account.email, account.unique_id}:
                return account
        full = f"projects/{names.PROJECT_ID}/serviceAccounts/{wanted}"
        if wanted in names.AGENTS:
            return gtypes.ServiceAccount(name=full, project_id=names.PROJECT_ID, email=wanted)
        raise ApiError(Code.NOT_FOUND, f"Service account {full} does not exist.")
