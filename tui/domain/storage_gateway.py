"""The part of the gateway that asks Cloud Storage; `tui.domain.gateway` says what holds of every part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

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


class StorageGateway(Protocol):
    """The Cloud Storage JSON API."""

    async def list_buckets(self, *, soft_deleted: bool = False) -> tuple[Bucket, ...]:
        """All buckets of the target's project, or with `soft_deleted` those that can still be restored."""
        ...

    async def get_bucket(self, name: str) -> Bucket:
        """One bucket's metadata."""
        ...

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
        """A new bucket with uniform access in `location`, encrypted with `kms_key` if one is given.

        An empty class and no soft delete named leave both to the service.
        """
        ...

    async def delete_bucket(self, name: str) -> None:
        """Delete an empty bucket."""
        ...

    async def restore_bucket(self, name: str, generation: int) -> Bucket:
        """Bring a soft-deleted bucket back; its objects stay soft-deleted until they are restored."""
        ...

    def pay_for(self, bucket: str) -> None:
        """From now on let the target's project pay for calls to a requester-pays bucket (`userProject`)."""
        ...

    async def test_bucket_permissions(self, name: str, permissions: Sequence[str]) -> frozenset[str]:
        """Those of `permissions` that the caller holds on the bucket."""
        ...

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
        ...

    async def list_folders(self, prefix: GcsUri, *, managed: bool = False) -> tuple[str, ...]:
        """Names of the folders of a hierarchical bucket at or below a prefix, each with its last slash.

        With `managed` the managed folders instead, which carry access rules of their own and which any bucket
        with uniform access may have; none where the bucket can have none.
        """
        ...

    async def get_object(self, uri: GcsUri, *, generation: int = 0) -> ObjectDetail:
        """All that is known of an object; of the live generation when none is named."""
        ...

    async def sum_content(
        self, bucket: str, *, soft_deleted: bool = False, page_token: str = ""
    ) -> ContentSums:
        """One page of all that a bucket keeps, added up: live and noncurrent generations, or soft-deleted."""
        ...

    async def read_object(self, uri: GcsUri, *, limit: int, start: int = 0, generation: int = 0) -> bytes:
        """At most `limit` bytes of an object from byte `start` on, by a ranged read.

        A gzipped object is unpacked when it is read from its beginning.
        """
        ...

    async def download(
        self,
        item: ObjectInfo,
        path: Path,
        *,
        on_bytes: Callable[[int], None] | None = None,
        keep_part: bool = False,
    ) -> None:
        """Download exactly the generation of `item` to `path`, verified by crc32c.

        `path` appears only when it is whole. `on_bytes` is told the stored bytes that have arrived so far,
        those of an earlier try included; it is called on the event loop. Of an object above
        `tui.domain.parts.RESUMED_FROM` what has arrived stays beside `path` after a kill, and with
        `keep_part` after a failure or a cancel too: the next download of the same generation to the same path
        goes on there. `tui.domain.parts.part_path` names that file, for whoever gives the download up.
        """
        ...

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

        `replaces` is the generation that may be replaced: 0 for none (the upload fails if the object exists),
        None for whichever. `on_bytes` is told the bytes sent so far, on the event loop. Cancelling the caller
        ends the upload soon and leaves no object. With `on_session` what the service has of a large file
        stays there after a cancel or a failure: it is told the session, on the event loop, and None when that
        is of no use any more. Handed in again as `session` the upload goes on there if the file has not
        changed since.
        """
        ...

    async def forget_upload(self, path: Path, uri: GcsUri, session: UploadSession | None) -> None:
        """Have the service drop what it has of an upload that ended; nothing where there is no session."""
        ...

    async def delete_objects(
        self, bucket: str, items: Iterable[tuple[str, int]], *, noncurrent: bool = False
    ) -> tuple[DeleteResult, ...]:
        """Delete `(name, generation)` pairs in batches, each only while that generation is the live one.

        With `noncurrent` exactly these generations, which versioning kept.
        """
        ...

    async def delete_folders(
        self, bucket: str, names: Sequence[str], *, managed: bool = False
    ) -> tuple[DeleteResult, ...]:
        """Delete empty folders, or managed ones, the deepest first; generation 0 in the results."""
        ...

    async def create_folders(self, bucket: str, names: Sequence[str]) -> dict[str, str]:
        """Make folders of a hierarchical bucket; the reasons of those that could not be made, by name.

        One that is there already is fine.
        """
        ...

    async def restore_object(
        self, bucket: str, name: str, generation: int, *, restore_token: str = ""
    ) -> ObjectInfo:
        """Bring a soft-deleted generation back, unless a live one has come meanwhile."""
        ...

    async def revive_object(self, bucket: str, name: str, generation: int, *, over: int = 0) -> ObjectInfo:
        """Make a copy of a noncurrent generation the live one, while the live one is `over`; 0 for none."""
        ...
