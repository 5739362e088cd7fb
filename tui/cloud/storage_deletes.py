"""Deletes of objects in batches."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.api_core import exceptions as api

from tui.cloud.errors import to_cloud_error
from tui.cloud.storage_batch import send_deletes
from tui.cloud.storage_wire import Wire
from tui.domain.storage import GONE_ALREADY as GONE
from tui.domain.storage import PAYER_MISSING, REPLACED, DeleteResult

DELETE_AT_ONCE = 100
"""Calls that one JSON batch takes."""


def delete_batch(
    wire: Wire, bucket: str, items: Sequence[tuple[str, int]], *, noncurrent: bool
) -> list[DeleteResult]:
    """Delete up to `DELETE_AT_ONCE` generations in one request."""
    answers = send_deletes(wire, bucket, items, noncurrent=noncurrent)
    return [
        DeleteResult(name, generation, *_trouble(answer))
        for (name, generation), answer in zip(items, answers, strict=True)
    ]


def _trouble(answer: Any) -> tuple[str, bool]:  # noqa: ANN401 (a requests response)
    """Why one delete of a batch failed, or an empty string, and whether it may succeed a little later."""
    if answer.ok:
        return "", False
    if answer.status_code == 404:  # noqa: PLR2004 (HTTP's number)
        return GONE, False
    if answer.status_code == 412:  # noqa: PLR2004 (HTTP's number)
        return REPLACED, False
    error = to_cloud_error(api.from_http_response(answer))
    if error.reason == PAYER_MISSING:  # which all calls of the batch meet
        raise error
    parts = (f"{error.title}: {error.message}", error.hint_once or error.hint)
    return " · ".join(part for part in parts if part), error.retryable
