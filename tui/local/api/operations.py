"""`google.longrunning.Operations`, for Vertex AI and Service Usage alike."""

from __future__ import annotations

import asyncio
import re

from tui.local import names
from tui.local.api import tokens
from tui.local.clock import SECOND, now_ns, real_seconds
from tui.local.state.operations import Operations
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code, denied, invalid
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call, Method, Route

SERVICE = "google.longrunning.Operations"
_PARENTS = ("projects/*/locations/*", "projects/*/locations/*/customJobs/*")
_VERSIONS = ("v1", "v1beta1", "ui")
_PAGE = 100
"""Operations of a page when the request names no size, and at most."""
_LONGEST_WAIT = 30.0
"""Seconds that WaitOperation waits when the request does not say."""


class OperationsApi:
    """Get, list, wait, cancel, delete; an operation is known to whoever knows its name."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def methods(self) -> list[Method]:
        """The rows of the method table."""
        g = gtypes
        get = (
            *_regional("GET", ""),
            *(Route("GET", f"/{version}/{{name=operations/*}}") for version in ("v1", "v1beta1")),
            Route("GET", "/v3/{name=operations/**}"),
        )
        listing = (
            *(
                Route("GET", f"/{version}/{{name={parent}}}/operations")
                for version in _VERSIONS
                for parent in _PARENTS
            ),
            *(Route("GET", f"/{version}/operations") for version in ("v1", "v1beta1")),
        )
        cancel, delete, wait = g.CancelOperationRequest, g.DeleteOperationRequest, g.WaitOperationRequest
        return [
            Method(SERVICE, "GetOperation", g.GetOperationRequest, g.Operation, self._get, get),
            Method(SERVICE, "ListOperations", g.ListOperationsRequest, g.ListOperationsResponse, self._list,
                   listing),
            Method(SERVICE, "CancelOperation", cancel, g.Empty, self._cancel, _regional("POST", ":cancel")),
            Method(SERVICE, "DeleteOperation", delete, g.Empty, self._delete, _regional("DELETE", "")),
            Method(SERVICE, "WaitOperation", wait, g.Operation, self._wait, _regional("POST", ":wait")),
        ]  # fmt: skip

    async def _list(self, request: Message, _call: Call) -> Message:
        if request.page_size < 0:
            raise invalid("page_size must not be negative.")
        parent = _by_number(request.name.removesuffix("/operations"))
        _check_project(parent)
        prefix = f"{parent}/operations/" if parent.startswith("projects/") else "operations/"
        position = tokens.read(request.page_token, prefix, request.filter, shape=(str,))
        size = min(request.page_size or _PAGE, _PAGE)
        found = self._operations.page(prefix, str(position[0]) if position else "", size + 1)
        wanted = _done(request.filter)
        response = gtypes.ListOperationsResponse(
            operations=[operation for operation in found[:size] if wanted in {None, operation.done}]
        )
        if len(found) > size:
            response.next_page_token = tokens.make([found[size - 1].name], prefix, request.filter)
        return response

    async def _cancel(self, request: Message, _call: Call) -> Message:
        """What an operation does has happened when it is made: there is nothing left to cancel."""
        self._find(request.name)
        return gtypes.Empty()

    async def _delete(self, request: Message, _call: Call) -> Message:
        self._find(request.name)
        self._operations.delete(_by_number(request.name))
        return gtypes.Empty()

    async def _get(self, request: Message, _call: Call) -> Message:
        return self._find(request.name)[0]

    async def _wait(self, request: Message, _call: Call) -> Message:
        operation, due_ns = self._find(request.name)
        timeout = request.timeout.seconds + request.timeout.nanos / SECOND or _LONGEST_WAIT
        if not operation.done:
            await asyncio.sleep(min(real_seconds(max(due_ns - now_ns(), 0) / SECOND), timeout))
        return self._find(request.name)[0]

    def _find(self, name: str) -> tuple[Message, int]:
        _check_project(name)
        found = self._operations.find(_by_number(name))
        if found is None:
            raise ApiError(Code.NOT_FOUND, f'The Operation "{name}" does not exist.')
        return found


def _check_project(name: str) -> None:
    parts = name.split("/")
    if parts[0] == "projects" and not (len(parts) > 1 and names.is_project(parts[1])):
        raise denied("aiplatform.operations.get", f"//aiplatform.googleapis.com/{name}")


def _done(text: str) -> bool | None:
    """What a list's filter says of `done`; the names of services that gcloud puts there do not matter."""
    found = re.search(r"\bdone\s*[:=]\s*(true|false)\b", text)
    return None if found is None else found[1] == "true"


def _by_number(name: str) -> str:
    head = f"projects/{names.PROJECT_ID}/"
    return f"projects/{names.PROJECT_NUMBER}/{name.removeprefix(head)}" if name.startswith(head) else name


def _regional(verb: str, suffix: str) -> tuple[Route, ...]:
    body = "*" if verb == "POST" else ""
    return tuple(
        Route(verb, f"/{version}/{{name={parent}/operations/*}}{suffix}", body)
        for version in _VERSIONS
        for parent in _PARENTS
    )
