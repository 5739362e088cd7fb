"""Folders of hierarchical buckets, and managed folders of all buckets with uniform access."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from google.api_core import exceptions as api

from tui.cloud.storage_wire import Wire, bucket_path, folder_path
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import GONE_ALREADY as GONE
from tui.domain.storage import PAYER_MISSING, GcsUri

NOT_EMPTY = "it is not empty"

_PAGE = 1000
_OF_THE_FOLDER = frozenset(
    {ErrorKind.DENIED, ErrorKind.INVALID, ErrorKind.CONFLICT, ErrorKind.PRECONDITION, ErrorKind.NOT_FOUND}
)
"""Refusals that concern one folder; any other failure would meet all of them."""


def list_folders(wire: Wire, prefix: GcsUri) -> tuple[str, ...]:
    """The names of all folders at or below a prefix."""
    return _list(wire, prefix, "folders")


def list_managed(wire: Wire, prefix: GcsUri) -> tuple[str, ...]:
    """The names of all managed folders at or below a prefix."""
    try:
        return _list(wire, prefix, "managedFolders")
    except api.PreconditionFailed:  # without uniform access a bucket has none; gcloud takes it so too
        return ()


def _list(wire: Wire, prefix: GcsUri, kind: str) -> tuple[str, ...]:
    names: list[str] = []
    token = ""
    while True:
        page = wire.ask(
            "GET",
            f"{bucket_path(prefix.bucket)}/{kind}",
            prefix=prefix.name,
            pageSize=_PAGE,
            pageToken=token,
            fields="items(name),nextPageToken",
        )
        names += [item["name"] for item in page.get("items") or ()]
        token = page.get("nextPageToken") or ""
        if not token:
            return tuple(names)


def by_depth(names: Sequence[str]) -> list[list[str]]:
    """Folders in groups that lie side by side, the outermost first."""

    def depth(name: str) -> int:
        return name.rstrip("/").count("/")

    return [list(group) for _, group in groupby(sorted(names, key=depth), key=depth)]


def delete_folder(wire: Wire, bucket: str, name: str, *, managed: bool) -> None:
    """Delete one empty folder; a managed one only if nothing lies in it, without `allowNonEmpty`."""
    wire.ask("DELETE", folder_path(bucket, name, managed=managed))


def create_folder(wire: Wire, bucket: str, name: str) -> None:
    """Make one folder, and those above it that are missing."""
    try:
        wire.ask("POST", f"{bucket_path(bucket)}/folders", data={"name": name}, recursive=True)
    except api.Conflict:  # it is there, or whoever looks next sees that it is not
        wire.ask("GET", folder_path(bucket, name))


def folder_trouble(error: CloudError) -> str:
    """Why one folder stays, or is not made.

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
