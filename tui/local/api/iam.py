"""`google.iam.admin.v1.IAM`: the service accounts, and who may use them."""

from __future__ import annotations

import re

from tui.local import names
from tui.local.access import Access
from tui.local.api import tokens
from tui.local.api.policies import as_read, to_store
from tui.local.state.accounts import DOMAIN, Accounts
from tui.local.state.project import ProjectState
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code, invalid
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call, Handler, Method, Need, Route

SERVICE = "google.iam.admin.v1.IAM"
_API = "iam.googleapis.com"
_ONE = "/v1/{name=projects/*/serviceAccounts/*}"
_RESOURCE = "/v1/{resource=projects/*/serviceAccounts/*}"
_ALL = "/v1/{name=projects/*}/serviceAccounts"
_ACCOUNT_ID = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_LONGEST_NAME = 100
_LONGEST_DESCRIPTION = 256
MAX_PAGE = 100


class Iam:
    """Makes, lists and deletes service accounts, and tells who may do what with one."""

    def __init__(self, project: ProjectState, access: Access, accounts: Accounts) -> None:
        self._project = project
        self._access = access
        self._accounts = accounts

    def methods(self) -> list[Method]:
        """The rows of the method table."""
        g = gtypes
        listing = (g.ListServiceAccountsRequest, g.ListServiceAccountsResponse)
        test = (g.TestIamPermissionsRequest, g.TestIamPermissionsResponse)
        set_policy = Route("POST", f"{_RESOURCE}:setIamPolicy", "*")
        return [
            _row("ListServiceAccounts", listing, self._list, Route("GET", _ALL), "list"),
            _row("GetServiceAccount", (g.GetServiceAccountRequest, g.ServiceAccount), self._get,
                 Route("GET", _ONE), "get"),
            _row("CreateServiceAccount", (g.CreateServiceAccountRequest, g.ServiceAccount), self._create,
                 Route("POST", _ALL, "*"), "create"),
            _row("DeleteServiceAccount", (g.DeleteServiceAccountRequest, g.Empty), self._delete,
                 Route("DELETE", _ONE), "delete"),
            _row("GetIamPolicy", (g.GetIamPolicyRequest, g.Policy), self._get_policy,
                 Route("POST", f"{_RESOURCE}:getIamPolicy"), "getIamPolicy"),
            _row("SetIamPolicy", (g.SetIamPolicyRequest, g.Policy), self._set_policy, set_policy,
                 "setIamPolicy"),
            _row("TestIamPermissions", test, self._test,
                 Route("POST", f"{_RESOURCE}:testIamPermissions", "*"), ""),
        ]  # fmt: skip

    async def _list(self, request: Message, _call: Call) -> Message:
        if request.page_size < 0:
            raise invalid("Page size must not be negative.")
        position = tokens.read(request.page_token, shape=(str,))
        after = str(position[0]) if position else ""
        left = [account for account in self._project.accounts() if account.email > after]
        page = left[: min(request.page_size or MAX_PAGE, MAX_PAGE)]
        response = gtypes.ListServiceAccountsResponse(accounts=page)
        if len(page) < len(left):
            response.next_page_token = tokens.make([page[-1].email])
        return response

    async def _get(self, request: Message, _call: Call) -> Message:
        return self._find(request.name)

    async def _create(self, request: Message, _call: Call) -> Message:
        account = request.service_account
        if not _ACCOUNT_ID.fullmatch(request.account_id):
            raise invalid(
                f"The account ID {request.account_id!r} must have 6 to 30 lower case letters, digits and "
                "hyphens, begin with a letter and not end with a hyphen."
            )
        if len(account.display_name.encode()) > _LONGEST_NAME:
            raise invalid(f"The display name is longer than {_LONGEST_NAME} bytes.")
        if len(account.description.encode()) > _LONGEST_DESCRIPTION:
            raise invalid(f"The description is longer than {_LONGEST_DESCRIPTION} bytes.")
        if self._project.account_exists(f"{request.account_id}@{DOMAIN}"):
            parent = f"projects/{names.PROJECT_ID}"
            text = f"Service account {request.account_id} already exists within project {parent}."
            raise ApiError(Code.ALREADY_EXISTS, text)
        email = self._accounts.add(request.account_id, account.display_name, account.description)
        return self._find(email)

    async def _delete(self, request: Message, _call: Call) -> Message:
        account = self._find(request.name)
        if account.email in names.AGENTS:
            raise ApiError(Code.PERMISSION_DENIED, f"Service account {account.email} is managed by Google.")
        self._accounts.delete(account.email)
        return gtypes.Empty()

    async def _get_policy(self, request: Message, _call: Call) -> Message:
        policy = self._policy(self._find(request.resource).email)
        return as_read(policy, request.options.requested_policy_version)

    async def _set_policy(self, request: Message, _call: Call) -> Message:
        email = self._find(request.resource).email
        policy = to_store(request, self._policy(email), self._project.account_exists)
        return self._accounts.set_policy(email, policy)

    def _policy(self, email: str) -> Message:
        return self._accounts.policy(email) or gtypes.Policy(version=1, etag=b"\0\1")

    async def _test(self, request: Message, call: Call) -> Message:
        if any("*" in permission for permission in request.permissions):
            raise invalid("Permissions with wildcards are not allowed.")
        email = self._find(request.resource).email
        allows = self._access.allows_on_account
        held = [name for name in request.permissions if allows(call.principal, name, email)]
        return gtypes.TestIamPermissionsResponse(permissions=held)

    def _find(self, name: str) -> Message:
        wanted = name.rpartition("/")[2]
        for account in self._project.accounts():
            if wanted in {account.email, account.unique_id}:
                return account
        full = f"projects/{names.PROJECT_ID}/serviceAccounts/{wanted}"
        if wanted in names.AGENTS and self._project.account_exists(wanted):
            return gtypes.ServiceAccount(name=full, project_id=names.PROJECT_ID, email=wanted)
        raise ApiError(Code.NOT_FOUND, f"Service account {full} does not exist.")


def _row(name: str, types: tuple[Message, Message], handler: Handler, route: Route, verb: str) -> Method:
    permission = f"iam.serviceAccounts.{verb}" if verb else ""
    return Method(SERVICE, name, *types, handler, (route,), Need(_API, permission, _resource))


def _resource(request: Message) -> str:
    """The request's resource; `projects/-` stands for the project of the account that is named."""
    name = str(getattr(request, "name", "") or getattr(request, "resource", ""))
    return name.replace("projects/-/", f"projects/{names.PROJECT_ID}/", 1)
