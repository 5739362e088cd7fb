"""Service accounts of any project: IAM by plain calls, since Google's client of it knows no REST."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from tui.cloud.error_details import Details
from tui.cloud.plain_rest import PlainRest
from tui.cloud.policy import PolicyEditor
from tui.cloud.policy_documents import JsonPolicy
from tui.cloud.policy_places import AccountPolicy
from tui.cloud.wording import invalid
from tui.domain.access import ServiceAccount
from tui.domain.setup.agents import home_of

HOST = "iam.googleapis.com"

TEST_AT_ONCE = 100
"""Permissions sent in one `testIamPermissions`."""

ANY_PROJECT = "-"
"""Stands for the account's own project; an account that does not exist is then 403 instead of 404
(`google.iam.admin.v1.GetServiceAccountRequest.name`)."""


class Accounts:
    """Reads single service accounts, and edits who may use them."""

    def __init__(self, rest: PlainRest) -> None:
        """Describe the service; `rest` goes to `HOST`."""
        self._rest = rest

    async def get(self, email: str) -> ServiceAccount:
        """One service account; NOT_FOUND if its e-mail tells its project and there is none there."""
        content = await self._rest.get(f"v1/{account_name(email)}")
        return ServiceAccount(str(content.get("email") or email), disabled=bool(content.get("disabled")))

    async def test(self, email: str, permissions: Sequence[str]) -> frozenset[str]:
        """Those of `permissions` that the caller holds on a service account."""
        path = f"v1/{account_name(email)}:testIamPermissions"
        held: set[str] = set()
        for start in range(0, len(permissions), TEST_AT_ONCE):
            body = {"permissions": list(permissions[start : start + TEST_AT_ONCE])}
            held.update(_names(await self._rest.post(path, body, sent=False)))
        return frozenset(held)

    def policy(self, email: str) -> PolicyEditor[JsonPolicy]:
        """The policy of one service account."""
        return PolicyEditor(AccountPolicy(self._rest, account_name(email)))


def account_name(email: str) -> str:
    """`projects/P/serviceAccounts/E-MAIL`, quoted for a path.

    Raises:
        CloudError: that is no e-mail.
    """
    if not email.partition("@")[2]:
        raise invalid(Details("INVALID_ARGUMENT", f"{email!r} is no e-mail of a service account"))
    project = home_of(email) or ANY_PROJECT
    return f"projects/{quote(project, safe=':')}/serviceAccounts/{quote(email, safe='@')}"


def _names(content: dict[str, Any]) -> list[str]:
    found = content.get("permissions")
    return [str(name) for name in found] if isinstance(found, list) else []
