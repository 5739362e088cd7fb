"""Waiting for long-running operations, on either transport."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from google.api_core import exceptions as api
from google.longrunning import operations_pb2
from google.rpc import error_details_pb2, status_pb2

from tui.cloud.errors import to_cloud_error
from tui.cloud.service import Service
from tui.cloud.wording import timeout as no_answer

FIRST_PAUSE = 0.25
"""Seconds before the first look; each further pause is half as long again."""

LONGEST_PAUSE = 5.0

_Operation = TypeVar("_Operation")
_DETAILS = (
    error_details_pb2.BadRequest,
    error_details_pb2.PreconditionFailure,
    error_details_pb2.QuotaFailure,
    error_details_pb2.ErrorInfo,
    error_details_pb2.RetryInfo,
)


async def finished(
    service: Service[Any, Any],
    operation: operations_pb2.Operation,
    *,
    within: float,
) -> operations_pb2.Operation:
    """The operation when it is done.

    Raises:
        CloudError: it failed, could not be read, or was not done `within` seconds.
    """
    name = operation.name
    operation = await until_done(
        operation, lambda each: each.done, lambda: service.read(_get(name)), name=name, within=within
    )
    if operation.HasField("error"):
        raise to_cloud_error(failure(operation.error))
    return operation


async def until_done(
    operation: _Operation,
    is_done: Callable[[_Operation], object],
    read: Callable[[], Awaitable[_Operation]],
    *,
    name: str,
    within: float,
) -> _Operation:
    """Read an operation again and again, however it is written, until it is done.

    Raises:
        CloudError: it could not be read, or was not done `within` seconds.
    """
    waited, pause = 0.0, FIRST_PAUSE
    while not is_done(operation):
        if waited >= within or not name:
            raise no_answer(f"{name or 'the operation'} still goes on after {waited:.0f} s")
        await asyncio.sleep(pause)
        waited += pause
        pause = min(pause * 1.5, LONGEST_PAUSE)
        operation = await read()
    return operation


def _get(name: str) -> Any:  # noqa: ANN401 (a call on either client)
    request = operations_pb2.GetOperationRequest(name=name)
    return lambda client, timeout: client.get_operation(request, timeout=timeout)


def failure(status: status_pb2.Status) -> api.GoogleAPICallError:
    """The exception for how an operation ended."""
    details = []
    for packed in status.details:
        for kind in _DETAILS:
            if packed.Is(kind.DESCRIPTOR):
                detail = kind()
                packed.Unpack(detail)
                details.append(detail)
    error: api.GoogleAPICallError = api.from_grpc_status(status.code, status.message, details=details)
    return error
