"""Buckets and objects: the Cloud Storage JSON API, whose Python client is synchronous, so in threads."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from google.cloud import storage

from tui.cloud import storage_deletes, storage_folders, storage_objects
from tui.cloud.connection import Connection, project_of
from tui.cloud.credentials import Found
from tui.cloud.download import Download, Leftovers
from tui.cloud.errors import KNOWN
from tui.cloud.read_only import require_changes_allowed
from tui.cloud.refusals import name_payer
from tui.cloud.repeats import repeated
from tui.cloud.storage_records import BUCKET_FIELDS, bucket_of
from tui.cloud.storage_wire import TIMEOUT, Direct, Wire, bucket_path, make_client
from tui.cloud.threads import Threads
from tui.cloud.transfer import Transfer
from tui.cloud.upload import Upload, give_up, session_left
from tui.domain.errors import CloudError
from tui.domain.storage import (
    Bucket,
    ContentSums,
    DeleteResult,
    GcsUri,
    Listing,
    ObjectDetail,
    ObjectInfo,
    UploadSession,
)

Result = TypeVar("Result")

FOLDERS_AT_ONCE = 4
"""Folders deleted at the same time: of each depth all, before those that hold them."""


class CloudStorage:
    """`tui.domain.gateway.StorageGateway` over the JSON API."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._client: tuple[int, storage.Client, Direct] | None = None
        self._lock = threading.Lock()
        self._transfers: set[Transfer[Any]] = set()
        self._stopped: dict[tuple[Path, GcsUri], Transfer[Any]] = {}
        self._leftovers = Leftovers()
        self._paid: set[str] = set()

    # Buckets

    async def list_buckets(self, *, soft_deleted: bool = False) -> tuple[Bucket, ...]:
        """All buckets of the target's project, or with `soft_deleted` those that can still be restored."""
        project = project_of(self._connection.target)

        def read(wire: Wire) -> tuple[Bucket, ...]:
            found: list[Bucket] = []
            token = ""
            while True:
                page = wire.ask(
                    "GET",
                    "/b",
                    project=project,
                    projection="noAcl",
                    softDeleted=soft_deleted,
                    pageToken=token,
                    fields=f"items({BUCKET_FIELDS}),nextPageToken",
                )
                found += [bucket_of(item) for item in page.get("items") or ()]
                token = page.get("nextPageToken") or ""
                if not token:
                    return tuple(found)

        return await self._read(read)

    async def get_bucket(self, name: str) -> Bucket:
        """One bucket's metadata."""

        def read(wire: Wire) -> Bucket:
            return bucket_of(wire.ask("GET", bucket_path(name), projection="noAcl", fields=BUCKET_FIELDS))

        return await self._read(read, name)

    async def create_bucket(
        self,
        name: str,
        location: str,
        *,
        kms_key: str = "",
        storage_class: str = "",
        versioning: bool = False,
        soft_delete_seconds: int | None = None,
    ) -> Bucket:
        """A new bucket with uniform access in `location`, encrypted with `kms_key` if one is given."""
        project = project_of(self._connection.target)

        def create(wire: Wire) -> Bucket:
            bucket = wire.client.bucket(name)
            bucket.iam_configuration.uniform_bucket_level_access_enabled = True
            if kms_key:
                bucket.default_kms_key_name = kms_key
            if storage_class:
                bucket.storage_class = storage_class
            if versioning:
                bucket.versioning_enabled = True
            if soft_delete_seconds is not None:
                bucket.soft_delete_policy.retention_duration_seconds = soft_delete_seconds
            made = wire.client.create_bucket(
                bucket, project=project, location=location, timeout=TIMEOUT, retry=None
            )
            return bucket_of(made._properties)  # noqa: SLF001 (the resource as it came)

        return await self._change(create)

    async def delete_bucket(self, name: str) -> None:
        """Delete an empty bucket."""
        await self._change(lambda wire: wire.ask("DELETE", bucket_path(name)), name)

    async def restore_bucket(self, name: str, generation: int) -> Bucket:
        """Bring a soft-deleted bucket back; its objects stay soft-deleted until they are restored."""
        path = f"{bucket_path(name)}/restore"
        return await self._change(
            lambda wire: bucket_of(wire.ask("POST", path, generation=generation, projection="noAcl")), name
        )

    def pay_for(self, bucket: str) -> None:
        """From now on let the target's project pay for calls to a requester-pays bucket (`userProject`)."""
        self._paid.add(bucket)

    async def test_bucket_permissions(self, name: str, permissions: Sequence[str]) -> frozenset[str]:
        """Those of `permissions` that the caller holds on the bucket."""

        def read(wire: Wire) -> frozenset[str]:
            held = wire.bucket(name).test_iam_permissions(list(permissions), timeout=TIMEOUT, retry=None)
            return frozenset(held)

        return await self._read(read, name)

    # What is in them

    async def list_objects(
        self,
        prefix: GcsUri,
        *,
        recursive: bool = False,
        page_size: int = 1000,
        page_token: str = "",
        versions: bool = False,
        soft_deleted: bool = False,
    ) -> Listing:
        """One page of what lies under `prefix`: one level, or everything below it.

        With `versions` noncurrent generations too, with `soft_deleted` the soft-deleted ones instead (not
        both).
        """
        read = partial(
            storage_objects.list_page,
            prefix=prefix,
            recursive=recursive,
            page_size=page_size,
            page_token=page_token,
            versions=versions,
            soft_deleted=soft_deleted,
        )
        return await self._read(read, prefix.bucket)

    async def list_folders(self, prefix: GcsUri, *, managed: bool = False) -> tuple[str, ...]:
        """Names of the folders, or managed folders, at or below a prefix, each with its last slash."""
        read = storage_folders.list_managed if managed else storage_folders.list_folders
        return await self._read(partial(read, prefix=prefix), prefix.bucket)

    async def get_object(self, uri: GcsUri, *, generation: int = 0) -> ObjectDetail:
        """All that is known of an object; of the live generation when none is named."""
        read = partial(storage_objects.get_object, uri=uri, generation=generation)
        return await self._read(read, uri.bucket)

    async def sum_content(
        self, bucket: str, *, soft_deleted: bool = False, page_token: str = ""
    ) -> ContentSums:
        """One page of all that a bucket keeps, added up: live and noncurrent generations, or soft-deleted."""
        read = partial(
            storage_objects.sum_page, bucket=bucket, soft_deleted=soft_deleted, page_token=page_token
        )
        return await self._read(read, bucket)

    async def read_object(self, uri: GcsUri, *, limit: int, start: int = 0, generation: int = 0) -> bytes:
        """At most `limit` bytes of an object from byte `start` on, by a ranged read.

        A gzipped object is unpacked when it is read from its beginning.
        """
        read = partial(storage_objects.read_range, uri=uri, limit=limit, start=start, generation=generation)
        return await self._read(read, uri.bucket) if limit > 0 else b""

    # Transfers

    async def download(
        self,
        item: ObjectInfo,
        path: Path,
        *,
        on_bytes: Callable[[int], None] | None = None,
        keep_part: bool = False,
    ) -> None:
        """Download exactly the generation of `item` to `path`, verified by crc32c.

        `path` appears only when it is whole. Cancelling the caller ends the download soon. See
        `tui.cloud.download` for what stays then, and how it is gone on with.
        """
        loop = asyncio.get_running_loop()
        download = Download(item, path, on_bytes, loop, leftovers=self._leftovers, keep_part=keep_part)
        await self._transfer(download, (path, item.uri))

    async def upload(
        self,
        path: Path,
        uri: GcsUri,
        *,
        replaces: int | None = 0,
        on_bytes: Callable[[int], None] | None = None,
        session: UploadSession | None = None,
        on_session: Callable[[UploadSession | None], None] | None = None,
    ) -> ObjectInfo:
        """Upload a file, resumably when it is large, and have the service check its crc32c.

        `replaces` is the generation that may be replaced: 0 for none, None for whichever. Cancelling the
        caller ends the upload soon. See `tui.cloud.upload` for what stays then, and how it is gone on with.
        """
        loop = asyncio.get_running_loop()
        upload = Upload(path, uri, replaces, on_bytes, loop, session=session, on_session=on_session)
        return await self._transfer(upload, (path, uri), sent=True)

    async def forget_upload(self, path: Path, uri: GcsUri, session: UploadSession | None) -> None:
        """Have the service drop what it has of an upload that ended; nothing where there is no session."""
        earlier = self._stopped.pop((path, uri), None)

        def forget(wire: Wire) -> None:
            left = session_left(earlier, session)
            if left is not None:
                give_up(wire, left, uri)

        if earlier is not None or session is not None:
            await self._change(forget, uri.bucket)

    # Deleting and bringing back

    async def delete_objects(
        self, bucket: str, items: Iterable[tuple[str, int]], *, noncurrent: bool = False
    ) -> tuple[DeleteResult, ...]:
        """Delete `(name, generation)` pairs in batches, each only while that generation is the live one.

        With `noncurrent` exactly these generations, which versioning kept.
        """
        waiting = list(items)
        results: list[DeleteResult] = []
        for start in range(0, len(waiting), storage_deletes.DELETE_AT_ONCE):
            chunk = waiting[start : start + storage_deletes.DELETE_AT_ONCE]
            delete = partial(storage_deletes.delete_batch, bucket=bucket, items=chunk, noncurrent=noncurrent)
            results += await self._change(delete, bucket)
        return tuple(results)

    async def delete_folders(
        self, bucket: str, names: Sequence[str], *, managed: bool = False
    ) -> tuple[DeleteResult, ...]:
        """Delete empty folders, or managed ones, the deepest first; generation 0 in the results."""
        delete = partial(storage_folders.delete_folder, bucket=bucket, managed=managed)
        results: list[DeleteResult] = []
        for group in reversed(storage_folders.by_depth(names)):
            troubles = await self._each_folder(delete, bucket, group)
            results += [DeleteResult(name, 0, troubles.get(name, "")) for name in group]
        return tuple(results)

    async def create_folders(self, bucket: str, names: Sequence[str]) -> dict[str, str]:
        """Make folders of a hierarchical bucket; the reasons of those that could not be made, by name."""
        create = partial(storage_folders.create_folder, bucket=bucket)
        troubles: dict[str, str] = {}
        for group in storage_folders.by_depth(names):
            troubles |= await self._each_folder(create, bucket, group)
        return troubles

    async def _each_folder(
        self, call: Callable[..., None], bucket: str, names: Sequence[str]
    ) -> dict[str, str]:
        """Make a call for each of some folders side by side; what was refused, with the reasons."""
        require_changes_allowed(self._connection.target)
        slots = asyncio.Semaphore(FOLDERS_AT_ONCE)

        async def change(name: str) -> str:
            async with slots:
                try:
                    await self._change(partial(call, name=name), bucket)
                except CloudError as error:
                    return storage_folders.folder_trouble(error)
            return ""

        reasons = await asyncio.gather(*(change(name) for name in names))
        return {name: reason for name, reason in zip(names, reasons, strict=True) if reason}

    async def restore_object(
        self, bucket: str, name: str, generation: int, *, restore_token: str = ""
    ) -> ObjectInfo:
        """Bring a soft-deleted generation back, unless a live one has come meanwhile."""
        restore = partial(
            storage_objects.restore_object,
            bucket=bucket,
            name=name,
            generation=generation,
            restore_token=restore_token,
        )
        return await self._change(restore, bucket)

    async def revive_object(self, bucket: str, name: str, generation: int, *, over: int = 0) -> ObjectInfo:
        """Make a copy of a noncurrent generation the live one, while the live one is `over`; 0 for none."""
        revive = partial(
            storage_objects.revive_object, bucket=bucket, name=name, generation=generation, over=over
        )
        return await self._change(revive, bucket)

    def close(self) -> None:
        """Stop transfers and close idle connections."""
        for transfer in tuple(self._transfers):
            transfer.stop()
        if self._client is not None:
            self._client[1].close()

    # Making calls

    async def _read(self, call: Callable[[Wire], Result], bucket: str = "") -> Result:
        """Make a call that changes nothing, with quick repeats where they help."""
        threads = self._connection.storage_threads
        return await repeated(lambda: self._call(call, bucket, threads, sent=False))

    async def _change(self, call: Callable[[Wire], Result], bucket: str = "") -> Result:
        """Make a call that changes something, once."""
        require_changes_allowed(self._connection.target)
        return await self._call(call, bucket, self._connection.storage_threads, sent=True)

    async def _transfer(
        self, transfer: Transfer[Result], places: tuple[Path, GcsUri], *, sent: bool = False
    ) -> Result:
        if sent:
            require_changes_allowed(self._connection.target)
        earlier = self._stopped.pop(places, None)
        run = partial(transfer.run_after, earlier)
        self._transfers.add(transfer)
        try:
            return await self._call(run, places[1].bucket, self._connection.transfer_threads, sent=sent)
        except asyncio.CancelledError:
            transfer.stop()
            self._stopped = {key: other for key, other in self._stopped.items() if not other.ended}
            self._stopped[places] = transfer if transfer.begun or earlier is None else earlier
            raise
        finally:
            self._transfers.discard(transfer)

    async def _call(
        self, call: Callable[[Wire], Result], bucket: str, threads: Threads, *, sent: bool
    ) -> Result:
        try:
            found = await self._connection.found()
        except KNOWN as error:
            raise await self._connection.explain(error) from error
        project = self._connection.target.project
        payer = project if bucket in self._paid else ""
        try:
            return await self._connection.guarded(
                lambda: call(Wire(*self._ready(found), payer)), threads, sent=sent
            )
        except CloudError as error:
            name_payer(error, project)
            raise

    def _ready(self, found: Found) -> tuple[storage.Client, Direct]:
        """The client, made in a thread: it reads files and builds sessions."""
        generation = self._connection.generation
        with self._lock:
            if self._client is None or self._client[0] != generation:
                client = make_client(self._connection, found)
                self._client = (generation, client, Direct(client))
            return self._client[1:]
