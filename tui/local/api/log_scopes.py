"""Where log entries are read from: projects and the views of their buckets."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tui.local.gate import Gate
from tui.local.wire.errors import ApiError, Code, invalid

API = "logging.googleapis.com"
MAX_RESOURCES = 100
_SCOPE = re.compile(
    r"(?P<parent>(?:projects|folders|organizations|billingAccounts)/[^/]+)"
    r"(?:/locations/(?P<location>[^/]+)/buckets/(?P<bucket>[^/]+)/views/(?P<view>[^/]+))?"
)
_VIEWS = {"_Default": {"_AllLogs", "_Default"}, "_Required": {"_AllLogs"}}
"""Views of the buckets that every project has; all entries here go to `_Default`, as on Google Cloud."""


def open_scopes(gate: Gate, principal: str, resources: Sequence[str], permission: str) -> bool:
    """Check that entries may be read from all of `resources`; whether any of them can hold some.

    Args:
        gate: who may do what.
        principal: IAM member that reads.
        resources: `projects/P`, or `projects/P/locations/L/buckets/B/views/V`.
        permission: needed on a project; a view asks for `logging.views.access`.

    Raises:
        ApiError: INVALID_ARGUMENT, PERMISSION_DENIED, or NOT_FOUND for a bucket or view.
    """
    if not 0 < len(resources) <= MAX_RESOURCES:
        raise invalid(f"Between 1 and {MAX_RESOURCES} resource names are required, found {len(resources)}.")
    holds = [_open(gate, principal, resource, permission) for resource in resources]
    return any(holds)


def _open(gate: Gate, principal: str, resource: str, permission: str) -> bool:
    scope = _SCOPE.fullmatch(resource)
    if scope is None:
        raise invalid(f'Invalid resource name: "{resource}".')
    needed = "logging.views.access" if scope["view"] else permission
    gate.require_project(scope["parent"], API, needed)
    gate.require(principal, needed, f"//{API}/{resource}")
    if not scope["view"]:
        return True
    where = f"{scope['parent']}/locations/{scope['location']}/buckets/{scope['bucket']}"
    if scope["location"] != "global" or scope["bucket"] not in _VIEWS:
        raise ApiError(Code.NOT_FOUND, f"Bucket `{where}` does not exist.")
    if scope["view"] not in _VIEWS[scope["bucket"]]:
        raise ApiError(Code.NOT_FOUND, f"View `{resource}` does not exist.")
    return bool(scope["bucket"] == "_Default")
