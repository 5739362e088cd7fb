"""Vertex AI's service agents, made before the first job needs them (Service Usage v1beta1)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import ParseDict, ParseError
from google.rpc import status_pb2

from tui.cloud.error_details import Details
from tui.cloud.errors import to_cloud_error
from tui.cloud.operations import failure
from tui.cloud.plain_rest import PlainRest
from tui.cloud.wording import internal
from tui.cloud.wording import timeout as no_answer

VERTEX = "aiplatform.googleapis.com"

WITHIN = 120.0
"""Seconds for the operation."""

FIRST_PAUSE = 0.5
"""Seconds before the first look; each further pause is half as long again."""

LONGEST_PAUSE = 5.0


async def make_agents(rest: PlainRest, project: str) -> str:
    """Let them come into being, unless they are; the e-mail of the primary one.

    Args:
        rest: to `serviceusage.googleapis.com`.
        project: its id or number.

    Raises:
        CloudError: it was refused, failed, or was not done within `WITHIN` seconds.
    """
    path = f"v1beta1/projects/{project}/services/{VERTEX}:generateServiceIdentity"
    operation = await _finished(rest, await rest.post(path, {}))
    error = operation.get("error")
    if isinstance(error, Mapping):
        raise to_cloud_error(failure(_status(error)))
    identity = operation.get("response")
    email = identity.get("email") if isinstance(identity, Mapping) else None
    if not email:
        raise internal(Details("INTERNAL", "The answer names no service agent."))
    return str(email)


async def _finished(rest: PlainRest, operation: dict[str, Any]) -> dict[str, Any]:
    pause, waited = FIRST_PAUSE, 0.0
    while not operation.get("done"):
        name = str(operation.get("name", ""))
        if waited >= WITHIN or not name:
            raise no_answer(f"{name or 'the operation'} still goes on after {waited:.0f} s")
        await asyncio.sleep(pause)
        waited += pause
        pause = min(pause * 1.5, LONGEST_PAUSE)
        # Operations of Service Usage are read by version 1, whatever made them (FACTS 8.1).
        operation = await rest.get(f"v1/{name}")
    return operation


def _status(error: Mapping[str, Any]) -> status_pb2.Status:
    """A `google.rpc.Status` from JSON; details of types unknown here are left out."""
    try:
        ParseDict(dict(error), status := status_pb2.Status(), ignore_unknown_fields=True)
    except ParseError:
        plain = {"code": error.get("code", 2), "message": str(error.get("message", ""))}
        ParseDict(plain, status := status_pb2.Status())
    return status
