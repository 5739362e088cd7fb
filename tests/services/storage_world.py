"""A small Cloud Storage in memory that speaks our own gateway's interface."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import Amount, Bucket, ContentSums, DeleteResult, GcsUri, Listing, ObjectInfo
from tui.domain.target import LocalEndpoint, Target

UPDATED = datetime(2026, 7, 14, 18, 40, tzinfo=UTC)

UNREACHABLE = CloudError("Cloud Storage cannot be reached", kind=ErrorKind.UNREACHABLE, retryable=True)


class StorageWorld:
    """Buckets and objects, with faults on request."""

    def __init__(self, page: int = 1000) -> None:
        self.page = page
        self.buckets: dict[str, Bucket] = {}
        self.objects: dict[tuple[str, str], tuple[ObjectInfo, bytes]] = {}
        self.trouble: CloudError | None = None
        self.broken: dict[str, str] = {}
        """Names that cannot be deleted or downloaded, and why."""
        self.deleted: dict[str, ContentSums] = {}
        """What is soft-deleted, by bucket."""
        self.gate = asyncio.Event()
        """Calls wait here; open unless a test closes it."""
        self.gate.set()
        self.calls: list[str] = []
        self._generation = 100

    def bucket(self, name: str, *, soft_delete_days: int = 7) -> None:
        self.buckets[name] = Bucket(
            name, "EUROPE-WEST4", "region", "STANDARD", UPDATED, soft_delete_seconds=soft_delete_days * 86_400
        )

    def put(self, bucket: str, name: str, data: bytes = b"", content_type: str = "text/plain") -> ObjectInfo:
        self._generation += 1
        item = ObjectInfo(bucket, name, len(data), self._generation, UPDATED, content_type)
        self.objects[bucket, name] = (item, data)
        return item

    def names(self, bucket: str) -> list[str]:
        return sorted(name for place, name in self.objects if place == bucket)

    async def list_buckets(self) -> tuple[Bucket, ...]:
        await self._enter("list_buckets")
        return tuple(self.buckets.values())

    async def get_bucket(self, name: str) -> Bucket:
        await self._enter("get_bucket", name)
        return self.buckets[name]

    async def create_bucket(self, name: str, location: str, *, kms_key: str = "") -> Bucket:  # noqa: ARG002
        await self._enter("create_bucket")
        self.bucket(name)
        assert location
        return self.buckets[name]

    async def delete_bucket(self, name: str) -> None:
        await self._enter("delete_bucket", name)
        if self.names(name):
            raise CloudError("The bucket is not empty", kind=ErrorKind.CONFLICT)
        del self.buckets[name]

    async def test_bucket_permissions(self, name: str, permissions: Sequence[str]) -> frozenset[str]:
        await self._enter("test_bucket_permissions", name)
        return frozenset(permissions)

    async def list_objects(
        self, prefix: GcsUri, *, recursive: bool = False, page_size: int = 1000, page_token: str = ""
    ) -> Listing:
        await self._enter("list_objects", prefix.bucket)
        entries: dict[str, ObjectInfo | None] = {}
        for name in self.names(prefix.bucket):
            if name.startswith(prefix.name):
                head, slash, _ = name[len(prefix.name) :].partition("/")
                folder = bool(slash) and not recursive
                entries[prefix.name + head + "/" if folder else name] = (
                    None if folder else self.objects[prefix.bucket, name][0]
                )
        keys = sorted(key for key in entries if key > page_token)
        shown = keys[: min(page_size, self.page)]
        return Listing(
            tuple(key for key in shown if entries[key] is None),
            tuple(item for key in shown if (item := entries[key]) is not None),
            shown[-1] if len(keys) > len(shown) else "",
        )

    async def sum_content(
        self, bucket: str, *, soft_deleted: bool = False, page_token: str = ""
    ) -> ContentSums:
        await self._enter("sum_content", bucket)
        if soft_deleted:
            return self.deleted.get(bucket, ContentSums())
        page = await self.list_objects(GcsUri(bucket), recursive=True, page_token=page_token)
        total = Amount(len(page.objects), sum(item.size for item in page.objects))
        return ContentSums(live=total, next_page_token=page.next_page_token)

    async def read_object(self, uri: GcsUri, *, limit: int) -> bytes:
        await self._enter("read_object", uri.bucket)
        if (uri.bucket, uri.name) not in self.objects:
            raise CloudError("It is gone", str(uri), kind=ErrorKind.NOT_FOUND)
        return self.objects[uri.bucket, uri.name][1][:limit]

    async def download(
        self, item: ObjectInfo, path: Path, *, on_bytes: Callable[[int], None] | None = None
    ) -> None:
        await self._enter("download", item.bucket)
        if item.name in self.broken:
            raise CloudError(self.broken[item.name])
        data = self.objects[item.bucket, item.name][1]
        if on_bytes is not None:
            on_bytes(len(data))
        await asyncio.to_thread(path.write_bytes, data)

    async def delete_objects(self, bucket: str, items: Iterable[tuple[str, int]]) -> tuple[DeleteResult, ...]:
        await self._enter("delete_objects", bucket)
        return tuple(self._delete(bucket, name, generation) for name, generation in items)

    def _delete(self, bucket: str, name: str, generation: int) -> DeleteResult:
        if name in self.broken:
            return DeleteResult(name, generation, self.broken[name])
        found = self.objects.get((bucket, name))
        if found is None or found[0].generation != generation:
            return DeleteResult(name, generation, "it has been replaced meanwhile")
        del self.objects[bucket, name]
        return DeleteResult(name, generation)

    async def _enter(self, call: str, bucket: str = "") -> None:
        self.calls.append(call)
        await self.gate.wait()
        if self.trouble is not None:
            raise self.trouble
        if bucket and bucket not in self.buckets:
            raise CloudError("No such bucket", f"gs://{bucket}", kind=ErrorKind.NOT_FOUND)


class StorageOnly:
    """A gateway of which only storage and the target are used."""

    def __init__(self, storage: StorageWorld, *, local: bool = True) -> None:
        self.storage = storage
        endpoint = LocalEndpoint("unix:/nowhere", "http://127.0.0.1:1") if local else None
        self.target = Target("kelp-train", "europe-west4", local=endpoint)
