"""`google.longrunning.Operations`, for Vertex AI and Service Usage alike."""

from __future__ import annotations

import asyncio

from tui.local import names
from tui.local.clock import SECOND, now_ns
from tui.local.state.operations import Operations
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code, denied
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call, Method, Route

SERVICE = "google.longrunning.Operations"
_REGIONAL = "{name=projects/*/locations/*/operations/*}"
_OF_JOB = "{name=projects/*/locations/*/customJobs/*/operations/*}"
_LONGEST_WAIT = 30.0
"""Seconds that WaitOperation waits when the request does not say."""


class OperationsApi:
    """Get and wait; an operation is known to whoever knows its name."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def methods(self) -> list[Method]:
        """The rows of the method table."""
        g = gtypes
        get = (
            *_regional("GET", ""),
            Route("GET", "/v1/{name=operations/*}"),
            Route("GET", "/v3/{name=operations/**}"),
        )
        wait = (*_regional("POST", ":wait"),)
        return [
            Method(SERVICE, "GetOperation", g.GetOperationRequest, g.Operation, self._get, get),
            Method(SERVICE, "WaitOperation", g.WaitOperationRequest, g.Operation, self._wait, wait),
        ]

    async def _get(self, request: Message, _call: Call) -> Message:
        return self._find(request.name)[0]

    async def _wait(self, request: Message, _call: Call) -> Message:
        operation, due_ns = self._find(request.name)
        timeout = request.timeout.seconds + request.timeout.nanos / SECOND or _LONGEST_WAIT
        if not operation.done:
            await asyncio.sleep(min(max(due_ns - now_ns(), 0) / SECOND, timeout))
        return self._find(request.name)[0]

    def _find(self, name: str) -> tuple[Message, int]:
        parts = name.split("/")
        if parts[0] == "projects" and not (len(parts) > 1 and names.is_project(parts[1])):
            raise denied("aiplatform.operations.get", f"//aiplatform.googleapis.com/{name}")
        found = self._operations.find(_by_number(name))
        if found is None:
            raise ApiError(Code.NOT_FOUND, f'The Operation "{name}" does not exist.')
        return found


def _by_number(name: str) -> str:
    head = f"projects/{names.PROJECT_ID}/"
    return f"projects/{names.PROJECT_NUMBER}/{name.removeprefix(head)}" if name.startswith(head) else name


def _regional(verb: str, suffix: str) -> tuple[Route, ...]:
    body = "*" if verb == "POST" else ""
    return tuple(
        Route(verb, f"/{version}/{template}{suffix}", body)
        for version in ("v1", "v1beta1", "ui")
        for template in (_REGIONAL, _OF_JOB)
    )
