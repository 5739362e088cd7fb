"""A small Cloud Storage in memory that speaks our own gateway's interface."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import (
    GONE_ALREADY,
    REPLACED,
    Amount,
    Bucket,
    ContentSums,
    DeleteResult,
    GcsUri,
    Listing,
    ObjectDetail,
    ObjectInfo,
    Past,
    UploadSession,
)
from tui.domain.target import LocalEndpoint, Target

UPDATED = datetime(2026, 7, 14, 18, 40, tzinfo=UTC)

TARGET = Target("kelp-train", "europe-west4", local=LocalEndpoint("unix:/x", "http://127.0.0.1:1"))

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
        self.noncurrent: list[tuple[ObjectInfo, bytes]] = []
        """What versioning keeps."""
        self.soft: list[tuple[ObjectInfo, bytes]] = []
        """Soft-deleted generations."""
        self.soft_buckets: list[Bucket] = []
        self.paid: set[str] = set()
        """Buckets for which the session's project pays."""
        self.folders: dict[str, list[str]] = {}
        """Folders of hierarchical buckets."""
        self.managed: list[str] | None = []
        """Managed folders of the one bucket that has any; None where they may not be listed."""
        self._generation = 100

    def bucket(self, name: str, *, soft_delete_days: int = 7, versioning: bool = False) -> None:
        self._generation += 1
        self.buckets[name] = Bucket(
            name,
            "EUROPE-WEST4",
            "region",
            "STANDARD",
            UPDATED,
            versioning,
            soft_delete_days * 86_400,
            generation=self._generation,
        )

    def put(self, bucket: str, name: str, data: bytes = b"", content_type: str = "text/plain") -> ObjectInfo:
        self._generation += 1
        if (bucket, name) in self.objects:
            self._retire(bucket, self.objects.pop((bucket, name)))
        item = ObjectInfo(bucket, name, len(data), self._generation, UPDATED, content_type)
        self.objects[bucket, name] = (item, data)
        return item

    def names(self, bucket: str) -> list[str]:
        return sorted(name for place, name in self.objects if place == bucket)

    async def list_buckets(self, *, soft_deleted: bool = False) -> tuple[Bucket, ...]:
        await self._enter("list_buckets")
        return tuple(self.soft_buckets if soft_deleted else self.buckets.values())

    async def get_bucket(self, name: str) -> Bucket:
        await self._enter("get_bucket", name)
        return self.buckets[name]

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
        await self._enter("create_bucket")
        days = 7 if soft_delete_seconds is None else soft_delete_seconds // 86_400
        self.bucket(name, versioning=versioning, soft_delete_days=days)
        made = replace(self.buckets[name], location=location.upper(), kms_key=kms_key)
        self.buckets[name] = replace(made, storage_class=storage_class or "STANDARD")
        return self.buckets[name]

    def pay_for(self, bucket: str) -> None:
        self.paid.add(bucket)

    async def delete_bucket(self, name: str) -> None:
        await self._enter("delete_bucket", name)
        if self.names(name):
            raise CloudError("The bucket is not empty", kind=ErrorKind.CONFLICT)
        gone = self.buckets.pop(name)
        if gone.soft_delete_seconds:
            self.soft_buckets.append(replace(gone, deleted_at=UPDATED))

    async def restore_bucket(self, name: str, generation: int) -> Bucket:
        await self._enter("restore_bucket")
        found = next(item for item in self.soft_buckets if (item.name, item.generation) == (name, generation))
        self.soft_buckets.remove(found)
        self.buckets[name] = replace(found, deleted_at=None)
        return self.buckets[name]

    async def test_bucket_permissions(self, name: str, permissions: Sequence[str]) -> frozenset[str]:
        await self._enter("test_bucket_permissions", name)
        return frozenset(permissions)

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
        await self._enter("list_objects", prefix.bucket)
        found = [] if soft_deleted else [item for item, _ in self.objects.values()]
        found += [item for item, _ in self.noncurrent] if versions else []
        found += [item for item, _ in self.soft] if soft_deleted else []
        entries: dict[tuple[str, int], ObjectInfo | None] = {}
        for item in found:
            if item.bucket == prefix.bucket and item.name.startswith(prefix.name):
                head, slash, _ = item.name[len(prefix.name) :].partition("/")
                if slash and not recursive:
                    entries[prefix.name + head + "/", 0] = None
                else:
                    entries[item.name, item.generation] = item
        keys = sorted(key for key in entries if f"{key[0]}\0{key[1]:09}" > page_token)
        shown = keys[: min(page_size, self.page)]
        return Listing(
            tuple(key[0] for key in shown if entries[key] is None),
            tuple(entry for key in shown if (entry := entries[key]) is not None),
            f"{shown[-1][0]}\0{shown[-1][1]:09}" if len(keys) > len(shown) else "",
        )

    async def list_folders(self, prefix: GcsUri, *, managed: bool = False) -> tuple[str, ...]:
        if managed:
            if self.managed is None:
                raise CloudError("No permission", kind=ErrorKind.DENIED)
            return tuple(name for name in self.managed if name.startswith(prefix.name))
        await self._enter("list_folders", prefix.bucket)
        return tuple(name for name in self.folders.get(prefix.bucket, ()) if name.startswith(prefix.name))

    async def get_object(self, uri: GcsUri, *, generation: int = 0) -> ObjectDetail:
        await self._enter("get_object", uri.bucket)
        for item, _ in [*self.objects.values(), *self.noncurrent]:
            if item.uri == uri and generation in (0, item.generation):
                return ObjectDetail(item, {})
        raise CloudError("It is gone", str(uri), kind=ErrorKind.NOT_FOUND)

    async def sum_content(
        self, bucket: str, *, soft_deleted: bool = False, page_token: str = ""
    ) -> ContentSums:
        await self._enter("sum_content", bucket)
        if soft_deleted:
            return self.deleted.get(bucket, ContentSums())
        page = await self.list_objects(GcsUri(bucket), recursive=True, page_token=page_token)
        total = Amount(len(page.objects), sum(item.size for item in page.objects))
        return ContentSums(live=total, next_page_token=page.next_page_token)

    async def read_object(self, uri: GcsUri, *, limit: int, start: int = 0, generation: int = 0) -> bytes:
        await self._enter("read_object", uri.bucket)
        found = self.objects.get((uri.bucket, uri.name))
        if found is None or (generation and found[0].generation != generation):
            raise CloudError("It is gone", str(uri), kind=ErrorKind.NOT_FOUND)
        return found[1][start : start + limit]

    async def download(
        self,
        item: ObjectInfo,
        path: Path,
        *,
        on_bytes: Callable[[int], None] | None = None,
        keep_part: bool = False,  # noqa: ARG002 (what comes here comes at once)
    ) -> None:
        await self._enter("download", item.bucket)
        if item.name in self.broken:
            raise CloudError(self.broken[item.name])
        data = self.objects[item.bucket, item.name][1]
        if on_bytes is not None:
            on_bytes(len(data))
        await asyncio.to_thread(path.write_bytes, data)

    async def upload(
        self,
        path: Path,
        uri: GcsUri,
        *,
        replaces: int | None = 0,
        on_bytes: Callable[[int], None] | None = None,  # noqa: ARG002 (as above)
        session: UploadSession | None = None,  # noqa: ARG002
        on_session: Callable[[UploadSession | None], None] | None = None,  # noqa: ARG002
    ) -> ObjectInfo:
        await self._enter("upload", uri.bucket)
        there = self.objects.get((uri.bucket, uri.name))
        if replaces is not None and (there[0].generation if there else 0) != replaces:
            raise CloudError("Somebody else put something there", kind=ErrorKind.PRECONDITION)
        return self.put(uri.bucket, uri.name, await asyncio.to_thread(path.read_bytes))

    async def forget_upload(self, path: Path, uri: GcsUri, session: UploadSession | None) -> None:  # noqa: ARG002
        await self._enter("forget_upload")

    async def delete_objects(
        self, bucket: str, items: Iterable[tuple[str, int]], *, noncurrent: bool = False
    ) -> tuple[DeleteResult, ...]:
        await self._enter("delete_objects", bucket)
        return tuple(
            self._delete(bucket, name, generation, noncurrent=noncurrent) for name, generation in items
        )

    def _delete(self, bucket: str, name: str, generation: int, *, noncurrent: bool) -> DeleteResult:
        if name in self.broken:
            return DeleteResult(name, generation, self.broken[name])
        found = self.objects.get((bucket, name))
        if found is not None and found[0].generation == generation:
            self._retire(bucket, self.objects.pop((bucket, name)), exactly=noncurrent)
            return DeleteResult(name, generation)
        for past in self.noncurrent if noncurrent else ():
            if (past[0].bucket, past[0].name, past[0].generation) == (bucket, name, generation):
                self.noncurrent.remove(past)
                self._retire(bucket, past, exactly=True)
                return DeleteResult(name, generation)
        return DeleteResult(name, generation, REPLACED if found is not None else GONE_ALREADY)

    def _retire(self, bucket: str, was: tuple[ObjectInfo, bytes], *, exactly: bool = False) -> None:
        """What becomes of a generation that is deleted, or replaced."""
        item, data = was
        settings = self.buckets[bucket]
        if settings.versioning and not exactly:
            self.noncurrent.append((replace(item, past=Past(replaced_at=UPDATED)), data))
        elif settings.soft_delete_seconds:
            gone_at = UPDATED + timedelta(seconds=settings.soft_delete_seconds)
            self.soft.append((replace(item, past=Past(deleted_at=UPDATED, gone_at=gone_at)), data))

    async def delete_folders(
        self, bucket: str, names: Sequence[str], *, managed: bool = False
    ) -> tuple[DeleteResult, ...]:
        await self._enter("delete_folders", bucket)
        for name in names:
            ((self.managed or []) if managed else self.folders[bucket]).remove(name)
        return tuple(DeleteResult(name, 0) for name in names)

    async def create_folders(self, bucket: str, names: Sequence[str]) -> dict[str, str]:
        await self._enter("create_folders", bucket)
        self.folders.setdefault(bucket, []).extend(names)
        return {}

    async def restore_object(
        self,
        bucket: str,
        name: str,
        generation: int,
        *,
        restore_token: str = "",  # noqa: ARG002
    ) -> ObjectInfo:
        return await self._bring_back("restore_object", self.soft, bucket, name, generation)

    async def revive_object(self, bucket: str, name: str, generation: int, *, over: int = 0) -> ObjectInfo:
        return await self._bring_back("revive_object", self.noncurrent, bucket, name, generation, over)

    async def _bring_back(
        self,
        call: str,
        shelf: list[tuple[ObjectInfo, bytes]],
        bucket: str,
        name: str,
        generation: int,
        over: int = 0,
    ) -> ObjectInfo:
        await self._enter(call, bucket)
        live = self.objects.get((bucket, name))
        if (live[0].generation if live is not None else 0) != over:
            raise CloudError("A newer one is there", name, kind=ErrorKind.CONFLICT)
        for entry in shelf:
            if (entry[0].bucket, entry[0].name, entry[0].generation) == (bucket, name, generation):
                if shelf is self.soft:
                    shelf.remove(entry)
                return self.put(bucket, name, entry[1])
        raise CloudError("It is gone", name, kind=ErrorKind.NOT_FOUND)

    async def _enter(self, call: str, bucket: str = "") -> None:
        self.calls.append(call)
        await self.gate.wait()
        if self.trouble is not None:
            raise self.trouble
        if bucket and bucket not in self.buckets:
            raise CloudError("No such bucket", f"gs://{bucket}", kind=ErrorKind.NOT_FOUND)
        if bucket and self.buckets[bucket].requester_pays and bucket not in self.paid:
            words = "Bucket is a requester pays bucket but no user project provided."
            raise CloudError("The request is invalid", words, kind=ErrorKind.INVALID)


class StorageOnly:
    """A gateway of which only storage and the target are used."""

    def __init__(self, storage: StorageWorld, *, local: bool = True) -> None:
        self.storage = storage
        endpoint = LocalEndpoint("unix:/nowhere", "http://127.0.0.1:1") if local else None
        self.target = Target("kelp-train", "europe-west4", local=endpoint)
