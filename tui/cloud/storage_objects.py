"""What is asked about objects, one synchronous call each."""

from __future__ import annotations

import base64
import re
from typing import Any

import google_crc32c
from google.api_core import exceptions as api

from tui.cloud.gzipped import inflate
from tui.cloud.storage_records import (
    LIST_FIELDS,
    PAST_LIST_FIELDS,
    SUM_FIELDS,
    object_of,
    sums_of,
)
from tui.cloud.storage_wire import Wire, bucket_path, object_path
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import ContentSums, GcsUri, Listing, ObjectDetail, ObjectInfo

LEAST_READ = 4096
"""Bytes asked for at least: fewer of a gzipped object may hold none of its content."""

_TOTAL = re.compile(r"bytes \d+-\d+/(\d{1,18})")
"""`Content-Range` of an answer to a ranged read."""


def list_page(
    wire: Wire,
    prefix: GcsUri,
    *,
    recursive: bool,
    page_size: int,
    page_token: str,
    versions: bool,
    soft_deleted: bool,
) -> Listing:
    """One page of `objects.list`."""
    page = wire.ask(
        "GET",
        f"{bucket_path(prefix.bucket)}/o",
        prefix=prefix.name,
        delimiter="" if recursive else "/",
        includeFoldersAsPrefixes=not (recursive or versions or soft_deleted),
        maxResults=page_size,
        pageToken=page_token,
        versions=versions,
        softDeleted=soft_deleted,
        projection="noAcl",
        fields=PAST_LIST_FIELDS if versions or soft_deleted else LIST_FIELDS,
    )
    objects = tuple(object_of(prefix.bucket, item) for item in page.get("items") or ())
    prefixes = tuple(sorted(page.get("prefixes") or ()))
    return Listing(prefixes, objects, page.get("nextPageToken") or "")


def sum_page(wire: Wire, bucket: str, *, soft_deleted: bool, page_token: str) -> ContentSums:
    """One page of all of a bucket, added up."""
    page = wire.ask(
        "GET",
        f"{bucket_path(bucket)}/o",
        versions=not soft_deleted,
        softDeleted=soft_deleted,
        pageToken=page_token,
        projection="noAcl",
        fields=SUM_FIELDS,
    )
    return sums_of(page, soft_deleted=soft_deleted)


def get_object(wire: Wire, uri: GcsUri, generation: int) -> ObjectDetail:
    """An object's resource; a generation that is not kept is looked for among the soft-deleted ones."""
    path = object_path(uri.bucket, uri.name)
    try:
        raw = wire.ask("GET", path, generation=generation or "", projection="noAcl")
    except api.NotFound:
        if not generation:
            raise
        try:
            raw = wire.ask("GET", path, generation=generation, softDeleted=True, projection="noAcl")
        except api.BadRequest as error:  # the bucket has no soft deletion
            raise api.NotFound(f"No such object: {uri.bucket}/{uri.name}#{generation}") from error
    return ObjectDetail(object_of(uri.bucket, raw), raw)


def read_range(wire: Wire, uri: GcsUri, *, limit: int, start: int, generation: int) -> bytes:
    """At most `limit` bytes from `start` on; the content of a gzipped object if that is its beginning."""
    wanted = max(limit, LEAST_READ) if start == 0 else limit
    try:
        response = wire.media(uri.bucket, uri.name, generation, first=start, last=start + wanted - 1)
    except api.RequestRangeNotSatisfiable:  # there is no byte at `start`, as in an empty object
        return b""
    with response:
        data: bytes = response.raw.read(wanted, decode_content=False)
    if len(data) < wanted:
        _check_whole(uri, data, response.headers, start)
    stored = response.headers.get("X-Goog-Stored-Content-Encoding"), response.headers.get("Content-Encoding")
    if start == 0 and "gzip" in stored:
        return inflate(data, limit)
    return data[:limit]


def restore_object(wire: Wire, bucket: str, name: str, generation: int, restore_token: str) -> ObjectInfo:
    """Bring a soft-deleted generation back while no live one is there."""
    raw = wire.ask(
        "POST",
        f"{object_path(bucket, name)}/restore",
        generation=generation,
        restoreToken=restore_token,
        ifGenerationMatch=0,
        projection="noAcl",
    )
    return object_of(bucket, raw)


def revive_object(wire: Wire, bucket: str, name: str, generation: int, over: int) -> ObjectInfo:
    """Rewrite a noncurrent generation onto its own name while the live one is `over`, or none is for 0.

    Without a body, so that content type and metadata are the source's.
    """
    path = object_path(bucket, name)
    token = ""
    while True:
        raw = wire.ask(
            "POST",
            f"{path}/rewriteTo{path}",
            sourceGeneration=generation,
            ifGenerationMatch=over,
            rewriteToken=token,
            projection="noAcl",
        )
        if raw.get("done"):
            return object_of(bucket, raw["resource"])
        token = raw["rewriteToken"]


def _check_whole(uri: GcsUri, data: bytes, headers: Any, start: int) -> None:  # noqa: ANN401 (untyped)
    """Refuse fewer bytes than were asked for that do not end the object: a cut answer can look whole.

    Headers tell the object's size and its checksum, if the answer was not changed on its way.
    """
    total = _TOTAL.match(headers.get("Content-Range", ""))
    if total is not None and start + len(data) < int(total[1]):
        raise _shorter(uri, f"{start + len(data)} of its {total[1]} bytes arrived")
    expected = _sum_in(headers)
    if start or not expected:
        return
    found = base64.b64encode(google_crc32c.Checksum(data).digest()).decode("ascii")
    if found != expected:
        raise _shorter(uri, f"the {len(data)} bytes that arrived have crc32c {found} instead of {expected}")


def _shorter(uri: GcsUri, words: str) -> CloudError:
    return CloudError(
        "The answer is shorter than the object",
        f"{uri}: {words}",
        hint="Try again",
        kind=ErrorKind.INTERNAL,
        retryable=True,
    )


def _sum_in(headers: Any) -> str:  # noqa: ANN401 (untyped)
    """The crc32c that `X-Goog-Hash` names, or an empty string."""
    for item in headers.get("X-Goog-Hash", "").split(","):
        name, _, value = item.strip().partition("=")
        if name == "crc32c":
            return str(value)
    return ""
