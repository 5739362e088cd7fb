"""What buckets keep and forbid, through Google's client: versions, soft deletion, holds, folders, payers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.local.storage_server import JOB, PROJECT, StorageServer, serving
from tests.support import PATIENCE
from tui.cloud.session import open_gateway
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import PAYER_MISSING, GcsUri, ObjectInfo
from tui.domain.storage_gateway import StorageGateway
from tui.domain.target import LocalEndpoint, Target, Transport

BUCKET = "kelp-kept"


def target_of(url: str, *, read_only: bool = False) -> Target:
    endpoint = LocalEndpoint("unix:/nowhere", url)
    return Target(PROJECT, "europe-west4", Transport.REST, endpoint, read_only=read_only)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StorageServer]:
    with serving(tmp_path / "server") as server:
        yield server


@pytest.fixture
async def store(server: StorageServer) -> AsyncIterator[StorageGateway]:
    gateway = await open_gateway(target_of(server.url))
    yield gateway.storage
    await gateway.close()


async def call(server: StorageServer, method: str, path: str, **given: Any) -> Any:
    """A call of the JSON API itself, for what the app does not do."""
    url = f"{server.url}{path}"
    reply = await asyncio.to_thread(requests.request, method, url, timeout=PATIENCE, **given)
    reply.raise_for_status()
    return reply.json() if reply.content else {}


async def make(server: StorageServer, **config: Any) -> None:
    body = {"name": BUCKET, "location": "europe-west4", **config}
    await call(server, "POST", "/storage/v1/b", params={"project": PROJECT}, json=body)


async def put(server: StorageServer, name: str, data: bytes = b"x", **more: Any) -> int:
    path = f"/upload/storage/v1/b/{BUCKET}/o"
    query = {"uploadType": "media", "name": name, **more}
    return int((await call(server, "POST", path, params=query, data=data))["generation"])


async def everything(
    store: StorageGateway, *, versions: bool = False, soft_deleted: bool = False
) -> list[ObjectInfo]:
    page = await store.list_objects(
        GcsUri(BUCKET), recursive=True, versions=versions, soft_deleted=soft_deleted
    )
    return list(page.objects)


async def test_versions(server: StorageServer, store: StorageGateway) -> None:
    await make(server, versioning={"enabled": True}, softDeletePolicy={"retentionDurationSeconds": 0})
    first = await put(server, "a", b"first")
    await call(
        server, "PATCH", f"/storage/v1/b/{BUCKET}/o/a", json={"contentType": "text/x", "metadata": {"k": "v"}}
    )
    second = await put(server, "a", b"second")
    items = await everything(store, versions=True)
    assert [(item.generation, item.past is None) for item in items] == [(first, False), (second, True)]
    assert items[0].past is not None
    assert items[0].past.replaced_at is not None
    assert [item.generation for item in await everything(store)] == [second]
    assert await store.read_object(GcsUri(BUCKET, "a"), limit=9, generation=first) == b"first"
    with pytest.raises(CloudError) as caught:
        await store.revive_object(BUCKET, "a", first)
    assert caught.value.kind is ErrorKind.CONFLICT
    (gone,) = await store.delete_objects(BUCKET, [("a", second)])
    assert (gone.error, len(await everything(store, versions=True)), await everything(store)) == ("", 2, [])
    alive = await store.revive_object(BUCKET, "a", first)
    detail = await store.get_object(GcsUri(BUCKET, "a"))
    assert (detail.info, detail.info.content_type) == (alive, "text/x")
    assert (detail.raw["metadata"], detail.raw["size"]) == ({"k": "v"}, "5")
    alive = await store.revive_object(BUCKET, "a", second, over=alive.generation)
    assert await store.read_object(GcsUri(BUCKET, "a"), limit=9) == b"second"
    old = [(item.name, item.generation) for item in await everything(store, versions=True) if item.past]
    assert [each.error for each in await store.delete_objects(BUCKET, old, noncurrent=True)] == ["", "", ""]
    assert [item.generation for item in await everything(store, versions=True)] == [alive.generation]


async def test_soft_deleted_objects_come_back(server: StorageServer, store: StorageGateway) -> None:
    await make(server)
    uri = GcsUri(BUCKET, "a b/ü")
    generation = await put(server, uri.name, b"data")
    await store.delete_objects(BUCKET, [(uri.name, generation)])
    (item,) = await everything(store, soft_deleted=True)
    assert item.past is not None
    assert item.past.deleted_at is not None
    assert item.past.gone_at == item.past.deleted_at + timedelta(days=7)
    assert item.past.restore_token == ""
    detail = await store.get_object(uri, generation=generation)
    assert detail.info.past == item.past
    back = await store.restore_object(BUCKET, uri.name, generation)
    assert (back.past, await store.read_object(uri, limit=9)) == (None, b"data")
    with pytest.raises(CloudError) as caught:
        await store.restore_object(BUCKET, uri.name, generation)
    assert caught.value.kind is ErrorKind.CONFLICT
    with pytest.raises(CloudError) as caught:
        await store.get_object(uri, generation=generation + 1)
    assert caught.value.kind is ErrorKind.NOT_FOUND


async def test_buckets_come_back(server: StorageServer, store: StorageGateway) -> None:
    await make(server, retentionPolicy={"retentionPeriod": "60"}, billing={"requesterPays": True})
    bucket = await store.get_bucket(BUCKET)
    assert (bucket.retention_seconds, bucket.retention_locked) == (60, False)
    assert (bucket.requester_pays, bucket.hierarchical, bucket.versioning) == (True, False, False)
    assert (bucket.soft_delete_seconds, bucket.deleted_at) == (604_800, None)
    assert await store.list_buckets() == (bucket,)
    await store.delete_bucket(BUCKET)
    (deleted,) = await store.list_buckets(soft_deleted=True)
    assert (deleted.generation, deleted.gone_at is None) == (bucket.generation, False)
    assert deleted.deleted_at is not None
    back = await store.restore_bucket(BUCKET, deleted.generation)
    assert (back.name, back.generation, back.deleted_at) == (BUCKET, bucket.generation, None)
    assert (await store.list_buckets(soft_deleted=True), len(await store.list_buckets())) == ((), 1)


async def test_holds(server: StorageServer, store: StorageGateway) -> None:
    await make(server)
    generation = await put(server, "held")
    await put(server, "free")
    await call(
        server,
        "PATCH",
        f"/storage/v1/b/{BUCKET}/o/held",
        json={"temporaryHold": True, "eventBasedHold": True},
    )
    free, held = await everything(store)
    assert (free.holds, held.holds is None) == (None, False)
    assert held.holds is not None
    assert (held.holds.temporary, held.holds.event_based, held.holds.retained_until) == (True, True, None)
    (result,) = await store.delete_objects(BUCKET, [("held", generation)])
    assert "hold" in result.error
    path, policy = f"/storage/v1/b/{BUCKET}", {"retentionPolicy": {"retentionPeriod": "3600"}}
    await call(server, "PATCH", path, json=policy)
    holds = (await store.get_object(GcsUri(BUCKET, "free"))).info.holds
    assert holds is not None
    assert holds.retained_until is not None
    assert timedelta(0) < holds.retained_until - datetime.now(UTC) <= timedelta(hours=1)


async def test_folders(server: StorageServer, store: StorageGateway) -> None:
    config = {
        "hierarchicalNamespace": {"enabled": True},
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}},
    }
    await make(server, **config)
    assert (await store.get_bucket(BUCKET)).hierarchical
    generation = await put(server, "runs/a/b/x")
    await put(server, "runs/full/x")
    names = await store.list_folders(GcsUri(BUCKET, "runs/"))
    assert names == ("runs/", "runs/a/", "runs/a/b/", "runs/full/")
    await store.delete_objects(BUCKET, [("runs/a/b/x", generation)])
    results = await store.delete_folders(BUCKET, [*names, "none/"])
    assert {result.name: result.error for result in results} == {
        "runs/": "it is not empty",
        "runs/a/": "",
        "runs/a/b/": "",
        "runs/full/": "it is not empty",
        "none/": "it is gone already",
    }
    (item,) = await everything(store, soft_deleted=True)
    assert item.past is not None
    assert item.past.restore_token
    with pytest.raises(CloudError) as caught:
        await store.restore_object(BUCKET, item.name, item.generation, restore_token=BUCKET)
    assert caught.value.kind is ErrorKind.NOT_FOUND
    await store.restore_object(BUCKET, item.name, item.generation, restore_token=item.past.restore_token)
    assert await store.list_folders(GcsUri(BUCKET, "runs/a/")) == ("runs/a/", "runs/a/b/")


async def test_whoever_reads_pays(server: StorageServer, tmp_path: Path) -> None:
    await make(server, billing={"requesterPays": True}, versioning={"enabled": True})
    generation = await put(server, "a", b"data", userProject=PROJECT)
    rights = "objects.get objects.list objects.create objects.delete buckets.get"
    server.grants[JOB] = {f"storage.{right}" for right in rights.split()} | {"serviceusage.services.use"}
    gateway = await open_gateway(target_of(f"{server.url}/_as/job-token"))
    store, uri = gateway.storage, GcsUri(BUCKET, "a")
    item = ObjectInfo(BUCKET, "a", 4, generation)
    path = tmp_path / "a"
    refused = (
        lambda: store.get_bucket(BUCKET),
        lambda: store.list_objects(GcsUri(BUCKET)),
        lambda: store.read_object(uri, limit=1),
        lambda: store.download(item, path),
        lambda: store.delete_objects(BUCKET, [("a", generation)]),
    )
    for attempt in refused:
        with pytest.raises(CloudError) as caught:
            await attempt()
        error = caught.value
        assert (error.reason, error.kind) == (PAYER_MISSING, ErrorKind.PRECONDITION)
        assert error.hint.startswith(f"P lets project {PROJECT} pay")
    store.pay_for(BUCKET)
    assert (await store.get_bucket(BUCKET)).requester_pays
    assert len(await everything(store)) == 1
    assert await store.read_object(uri, limit=9) == b"data"
    await store.download(item, path)
    large = tmp_path / "large"
    large.write_bytes(bytes(9 << 20))
    for source, name in ((path, "b"), (large, "c")):
        assert (await store.upload(source, GcsUri(BUCKET, name))).name == name
    (deleted,) = await store.delete_objects(BUCKET, [("a", generation)])
    assert (deleted.error, (await store.revive_object(BUCKET, "a", generation)).name) == ("", "a")
    await gateway.close()


async def test_a_session_that_only_reads_changes_nothing(server: StorageServer, tmp_path: Path) -> None:
    await make(server)
    generation = await put(server, "a")
    (tmp_path / "file").write_bytes(b"x")
    gateway = await open_gateway(target_of(server.url, read_only=True))
    store = gateway.storage
    changes = (
        lambda: store.create_bucket("another", "europe-west4"),
        lambda: store.delete_bucket(BUCKET),
        lambda: store.restore_bucket(BUCKET, 1),
        lambda: store.upload(tmp_path / "file", GcsUri(BUCKET, "b")),
        lambda: store.delete_objects(BUCKET, [("a", generation)]),
        lambda: store.delete_folders(BUCKET, ["a/"]),
        lambda: store.create_folders(BUCKET, ["a/"]),
        lambda: store.restore_object(BUCKET, "a", generation),
        lambda: store.revive_object(BUCKET, "a", generation),
    )
    for change in changes:
        with pytest.raises(CloudError, match="Read-only"):
            await change()
    assert [item.name for item in await everything(store)] == ["a"]
    await store.download((await everything(store))[0], tmp_path / "a")
    await gateway.close()
