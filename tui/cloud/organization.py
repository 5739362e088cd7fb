"""What the organization allows a project: Resource Manager v1, over REST since no Python client has it.

The Organization Policy API (v2) has a client, but is one more API that would have to be enabled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui.cloud.connection import Connection, project_of
from tui.cloud.plain_rest import PlainRest
from tui.domain.access import OrganizationPolicy
from tui.domain.errors import CloudError, ErrorKind

HOST = "cloudresourcemanager.googleapis.com"

_EXACT = "is:"
"""Prefix of a single value, as against a group's `in:`; may be left out."""


class OrganizationPolicies:
    """Organization policies as they apply to the target's project."""

    def __init__(self, connection: Connection) -> None:
        self._target = connection.target
        self._rest = PlainRest(connection, HOST)

    async def effective(self, constraint: str) -> OrganizationPolicy:
        """The policy of `constraints/…`, all parents taken together.

        Of a policy that is either on or off, `allows_none` says whether it is on.

        Raises:
            CloudError: it cannot be told.
        """
        path = f"v1/projects/{project_of(self._target)}:getEffectiveOrgPolicy"
        reply = await self._rest.post(path, {"constraint": constraint}, sent=False)
        return _policy(constraint, reply)

    def close(self) -> None:
        """Close idle connections."""
        self._rest.close()


def _policy(constraint: str, reply: Mapping[str, Any]) -> OrganizationPolicy:
    """The policy of a reply: a field that is left out restricts nothing.

    Raises:
        CloudError: the reply has another shape.
    """
    values, switch = reply.get("listPolicy", {}), reply.get("booleanPolicy", {})
    if not isinstance(values, Mapping) or not isinstance(switch, Mapping):
        raise _odd(constraint)
    if values.get("allValues") == "ALLOW":
        return OrganizationPolicy(constraint)
    return OrganizationPolicy(
        constraint,
        allowed=_values(constraint, values, "allowedValues"),
        denied=_values(constraint, values, "deniedValues"),
        allows_none=values.get("allValues") == "DENY" or switch.get("enforced") is True,
    )


def _values(constraint: str, policy: Mapping[str, Any], field: str) -> tuple[str, ...]:
    found = policy.get(field) or []
    if not isinstance(found, list):
        raise _odd(constraint)
    return tuple(str(value).removeprefix(_EXACT) for value in found)


def _odd(constraint: str) -> CloudError:
    return CloudError("The service had an error", f"unreadable policy {constraint}", kind=ErrorKind.INTERNAL)
