"""Buckets and objects: the Cloud Storage JSON API, whose Python client is synchronous, so in threads."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import asyncio
import base64
import functools
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import google_crc32c
from google.api_core import exceptions as api
from google.api_core.client_options import ClientOptions
from google.cloud import storage

from tui.cloud.connection import Connection, project_of
from tui.cloud.credentials import Found
from tui.cloud.download import Download, inflate
from tui.cloud.errors import KNOWN, to_cloud_error
from tui.cloud.generated import ignore_proxies
from tui.cloud.read_only import require_changes_allowed
from tui.cloud.repeats import repeated
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import Amount, Bucket, ContentSums, DeleteResult, GcsUri, Listing, ObjectInfo

Result = TypeVar("Result")

TIMEOUT = 20.0
"""Seconds to connect, and between two bytes of an answer."""

DELETE_AT_ONCE = 100
"""Calls that one JSON batch takes."""

LEAST_READ = 4096
"""Bytes asked for at least: fewer of a gzipped object may hold none of its content."""

BUCKET_FIELDS = "name,location,locationType,storageClass,timeCreated,versioning,softDeletePolicy,encryption"
OBJECT_FIELDS = "name,size,updated,generation,contentType,contentEncoding,crc32c,storageClass"
LIST_FIELDS = f"items({OBJECT_FIELDS}),prefixes,nextPageToken"
SUM_FIELDS = "items(name,size,timeDeleted,hardDeleteTime),nextPageToken"

_GONE = "it is gone already"
_REPLACED = "it has been replaced meanwhile"


class CloudStorage:
    """`tui.domain.gateway.StorageGateway` over the JSON API."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._client: tuple[int, storage.Client] | None = None
        self._lock = threading.Lock()
        self._downloads: set[Download] = set()

    async def list_buckets(self) -> tuple[Bucket, ...]:
        """All buckets of the target's project."""
        project = project_of(self._connection.target)
        fields = f"items({BUCKET_FIELDS}),nextPageToken"
        return await self._read(
            lambda client: tuple(
                _bucket(item)
                for item in client.list_buckets(project=project, fields=fields, timeout=TIMEOUT, retry=None)
            )
        )

    async def get_bucket(self, name: str) -> Bucket:
        """One bucket's metadata."""
        return await self._read(lambda client: _bucket(client.get_bucket(name, timeout=TIMEOUT, retry=None)))

    async def create_bucket(self, name: str, location: str, *, kms_key: str = "") -> Bucket:
        """A new bucket with uniform access in `location`, encrypted with `kms_key` if one is given."""
        project = project_of(self._connection.target)

        def create(client: storage.Client) -> Bucket:
            bucket = client.bucket(name)
            bucket.iam_configuration.uniform_bucket_level_access_enabled = True
            if kms_key:
                bucket.default_kms_key_name = kms_key
            return _bucket(
                client.create_bucket(bucket, project=project, location=location, timeout=TIMEOUT, retry=None)
            )

        return await self._call(create, sent=True)

    async def delete_bucket(self, name: str) -> None:
        """Delete an empty bucket."""
        await self._call(lambda client: client.bucket(name).delete(timeout=TIMEOUT, retry=None), sent=True)

    async def test_bucket_permissions(self, name: str, permissions: Sequence[str]) -> frozenset[str]:
        """Those of `permissions` that the caller holds on the bucket."""
        return await self._read(
            lambda client: frozenset(
                client.bucket(name).test_iam_permissions(list(permissions), timeout=TIMEOUT, retry=None)
            )
        )

    async def list_objects(
        self, prefix: GcsUri, *, recursive: bool = False, page_size: int = 1000, page_token: str = ""
    ) -> Listing:
        """One page of what lies under `prefix`: one level, or everything below it."""

        def read(client: storage.Client) -> Listing:
            found = client.list_blobs(
                prefix.bucket,
                prefix=prefix.name or None,
                delimiter=None if recursive else "/",
                include_folders_as_prefixes=None if recursive else True,
                page_size=page_size,
                page_token=page_token or None,
                fields=LIST_FIELDS,
                timeout=TIMEOUT,
                retry=None,
            )
            objects = tuple(_object(prefix.bucket, blob) for blob in next(found.pages, ()))
            return Listing(tuple(sorted(found.prefixes)), objects, found.next_page_token or "")

        return await self._read(read)

    async def sum_content(
        self, bucket: str, *, soft_deleted: bool = False, page_token: str = ""
    ) -> ContentSums:
        """One page of all that a bucket keeps, added up: live and noncurrent generations, or soft-deleted."""

        def read(client: storage.Client) -> ContentSums:
            found = client.list_blobs(
                bucket,
                versions=None if soft_deleted else True,
                soft_deleted=True if soft_deleted else None,
                page_token=page_token or None,
                fields=SUM_FIELDS,
                timeout=TIMEOUT,
                retry=None,
            )
            blobs = list(next(found.pages, ()))
            return _sums(blobs, soft_deleted=soft_deleted, token=found.next_page_token or "")

        return await self._read(read)

    async def read_object(self, uri: GcsUri, *, limit: int) -> bytes:
        """The first `limit` bytes of an object, by a ranged read; of a gzipped one, its content's."""
        wanted = max(limit, LEAST_READ)

        def read(client: storage.Client) -> bytes:
            blob = client.bucket(uri.bucket).blob(uri.name)
            try:
                data: bytes = blob.download_as_bytes(
                    start=0,
                    end=wanted - 1,
                    raw_download=True,
                    checksum=None,
                    timeout=TIMEOUT,
                    retry=None,
                )
            except api.RequestRangeNotSatisfiable:  # an empty object has no first byte
                return b""
            if len(data) < wanted:
                _check_whole(uri, data, blob.crc32c)
            return inflate(data, limit) if blob.content_encoding == "gzip" else data[:limit]

        return await self._read(read) if limit > 0 else b""

    async def download(
        self, item: ObjectInfo, path: Path, *, on_bytes: Callable[[int], None] | None = None
    ) -> None:
        """Download exactly the generation of `item` to `path`, verified by crc32c.

        `path` appears only when it is whole. `on_bytes` is told the bytes written so far; it is called
        on the event loop. Cancelling the caller ends the download soon and leaves no file.
        """
        download = Download(item, path, on_bytes, asyncio.get_running_loop())
        self._downloads.add(download)
        try:
            await self._call(download.run)
        except asyncio.CancelledError:
            download.stop()
            raise
        finally:
            self._downloads.discard(download)

    async def delete_objects(self, bucket: str, items: Iterable[tuple[str, int]]) -> tuple[DeleteResult, ...]:
        """Delete `(name, generation)` pairs in batches, each only while that generation is the live one."""
        waiting = list(items)
        results: list[DeleteResult] = []
        for start in range(0, len(waiting), DELETE_AT_ONCE):
            chunk = waiting[start : start + DELETE_AT_ONCE]
            results += await self._call(functools.partial(_delete, bucket=bucket, items=chunk), sent=True)
        return tuple(results)

    def close(self) -> None:
        """Stop downloads and close idle connections."""
        for download in self._downloads:
            download.stop()
        if self._client is not None:
            self._client[1].close()

    async def _read(self, call: Callable[[storage.Client], Result]) -> Result:
        """Make a call that changes nothing, with quick repeats where they help."""
        return await repeated(lambda: self._call(call))

    async def _call(self, call: Callable[[storage.Client], Result], *, sent: bool = False) -> Result:
        if sent:
            require_changes_allowed(self._connection.target)
        try:
            found = await self._connection.found()
        except KNOWN as error:
            raise await self._connection.explain(error) from error
        return await self._connection.guarded(
            lambda: call(self._ready(found)), self._connection.storage_threads, sent=sent
        )

    def _ready(self, found: Found) -> storage.Client:
        """The client, made in a thread: it reads files and builds sessions."""
        generation = self._connection.generation
        with self._lock:
            if self._client is None or self._client[0] != generation:
                self._client = (generation, _make_client(self._connection, found))
            return self._client[1]


def _make_client(connection: Connection, found: Found) -> storage.Client:
    """A client with an explicit endpoint, so that no emulator variable of the environment diverts it."""
    url = connection.url("storage.googleapis.com")
    client = storage.Client(
        project=connection.target.project or "none",
        credentials=found.credentials,
        client_options=ClientOptions(api_endpoint=url),
    )
    ignore_proxies(client._http, url)  # noqa: SLF001 (made inside, without a setting)
    return client


def _check_whole(uri: GcsUri, data: bytes, crc32c: str | None) -> None:
    """Refuse fewer bytes than were asked for that are not the object: a cut answer can look like a whole one.

    `crc32c` is the whole object's, which the answer to a ranged read names too; None if it did not.
    """
    found = base64.b64encode(google_crc32c.Checksum(data).digest()).decode("ascii")
    if crc32c and found != crc32c:
        raise CloudError(
            "The answer is shorter than the object",
            f"{uri}: the {len(data)} bytes that arrived have crc32c {found} instead of {crc32c}",
            hint="Try again",
            kind=ErrorKind.INTERNAL,
            retryable=True,
        )


def _delete(client: storage.Client, bucket: str, items: Sequence[tuple[str, int]]) -> list[DeleteResult]:
    holder = client.bucket(bucket)
    with client.batch(raise_exception=False) as batch:
        for name, generation in items:
            holder.delete_blob(name, if_generation_match=generation, timeout=TIMEOUT, retry=None)
    # The library's own guide reads the answers from here; they come in the order of the calls.
    answers = batch._responses  # noqa: SLF001 (told in no other way)
    return [
        DeleteResult(name, generation, _trouble(answer))
        for (name, generation), answer in zip(items, answers, strict=True)
    ]


def _trouble(answer: Any) -> str:  # noqa: ANN401 (a requests response)
    """Why one delete of a batch failed, or an empty string."""
    if answer.ok:
        return ""
    if answer.status_code == 404:  # noqa: PLR2004 (HTTP's number)
        return _GONE
    if answer.status_code == 412:  # noqa: PLR2004 (HTTP's number)
        return _REPLACED
    error = to_cloud_error(api.from_http_response(answer))
    return f"{error.title}: {error.message}"


def _bucket(bucket: Any) -> Bucket:  # noqa: ANN401 (untyped)
    policy = bucket.soft_delete_policy
    return Bucket(
        name=bucket.name,
        location=bucket.location or "",
        location_type=bucket.location_type or "",
        storage_class=bucket.storage_class or "",
        created=bucket.time_created,
        versioning=bool(bucket.versioning_enabled),
        soft_delete_seconds=int(policy.retention_duration_seconds or 0),
        kms_key=bucket.default_kms_key_name or "",
    )


def _object(bucket: str, blob: Any) -> ObjectInfo:  # noqa: ANN401 (untyped)
    return ObjectInfo(
        bucket=bucket,
        name=blob.name,
        size=int(blob.size or 0),
        generation=int(blob.generation or 0),
        updated=blob.updated,
        content_type=blob.content_type or "",
        content_encoding=blob.content_encoding or "",
        storage_class=blob.storage_class or "",
        crc32c=blob.crc32c or "",
    )


def _sums(blobs: Sequence[Any], *, soft_deleted: bool, token: str) -> ContentSums:
    if soft_deleted:
        until = max((blob.hard_delete_time for blob in blobs if blob.hard_delete_time), default=None)
        return ContentSums(deleted=_amount(blobs), deleted_until=until, next_page_token=token)
    old = [blob for blob in blobs if blob.time_deleted is not None]
    live = [blob for blob in blobs if blob.time_deleted is None]
    return ContentSums(_amount(live), _amount(old), next_page_token=token)


def _amount(blobs: Sequence[Any]) -> Amount:
    return Amount(len(blobs), sum(int(blob.size or 0) for blob in blobs))
