"""Deletes: objects in batches, folders of hierarchical buckets one by one."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from google.api_core import exceptions as api

from tui.cloud.errors import to_cloud_error
from tui.cloud.storage_batch import send_deletes
from tui.cloud.storage_wire import Wire, bucket_path, folder_path
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import GONE_ALREADY as GONE
from tui.domain.storage import PAYER_MISSING, REPLACED, DeleteResult, GcsUri

DELETE_AT_ONCE = 100
"""Calls that one JSON batch takes."""

NOT_EMPTY = "it is not empty"

_PAGE = 1000
_OF_THE_FOLDER = frozenset(
    {ErrorKind.DENIED, ErrorKind.INVALID, ErrorKind.CONFLICT, ErrorKind.PRECONDITION, ErrorKind.NOT_FOUND}
)
"""Refusals that concern one folder; any other failure would meet all of them."""


def delete_batch(
    wire: Wire, bucket: str, items: Sequence[tuple[str, int]], *, noncurrent: bool
) -> list[DeleteResult]:
    """Delete up to `DELETE_AT_ONCE` generations in one request."""
    answers = send_deletes(wire, bucket, items, noncurrent=noncurrent)
    return [
        DeleteResult(name, generation, _trouble(answer))
        for (name, generation), answer in zip(items, answers, strict=True)
    ]


def list_folders(wire: Wire, prefix: GcsUri) -> tuple[str, ...]:
    """The names of all folders at or below a prefix."""
    names: list[str] = []
    token = ""
    while True:
        page = wire.ask(
            "GET",
            f"{bucket_path(prefix.bucket)}/folders",
            prefix=prefix.name,
            pageSize=_PAGE,
            pageToken=token,
            fields="items(name),nextPageToken",
        )
        names += [item["name"] for item in page.get("items") or ()]
        token = page.get("nextPageToken") or ""
        if not token:
            return tuple(names)


def by_depth(names: Sequence[str]) -> Iterator[list[str]]:
    """Folders in groups that can be deleted together: the deepest first."""

    def depth(name: str) -> int:
        return name.rstrip("/").count("/")

    for _, group in groupby(sorted(names, key=depth, reverse=True), key=depth):
        yield list(group)


def delete_folder(wire: Wire, bucket: str, name: str) -> None:
    """Delete one empty folder."""
    wire.ask("DELETE", folder_path(bucket, name))


def folder_trouble(error: CloudError) -> str:
    """Why one folder stays.

    Raises:
        CloudError: the failure is none of the folder's alone.
    """
    if error.kind is ErrorKind.NOT_FOUND:
        return GONE
    if "not empty" in error.message.lower():
        return NOT_EMPTY
    if error.kind in _OF_THE_FOLDER and error.reason != PAYER_MISSING:
        return str(error)
    raise error


def _trouble(answer: Any) -> str:  # noqa: ANN401 (a requests response)
    """Why one delete of a batch failed, or an empty string."""
    if answer.ok:
        return ""
    if answer.status_code == 404:  # noqa: PLR2004 (HTTP's number)
        return GONE
    if answer.status_code == 412:  # noqa: PLR2004 (HTTP's number)
        return REPLACED
    error = to_cloud_error(api.from_http_response(answer))
    if error.reason == PAYER_MISSING:  # which all calls of the batch meet
        raise error
    return f"{error.title}: {error.message}"
