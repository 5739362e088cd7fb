"""Buckets and objects through Google's real client against the local server."""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.cloud.conftest import storage_with
from tests.local.clients import Server
from tests.local.conftest import fresh_server
from tests.local.faulty import faults_of
from tests.support import wait_for
from tui.cloud.repeats import TRIES
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import GcsUri, ObjectInfo
from tui.domain.storage_gateway import StorageGateway

BUCKET = "kelp-runs"
Put = Callable[..., Any]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One local server for all tests of this file; each leaves it without buckets."""
    with fresh_server() as server:
        yield server


@pytest.fixture
async def store(server: Server) -> AsyncIterator[StorageGateway]:
    """Its storage, with one bucket in it."""
    async with storage_with(server, BUCKET) as storage:
        yield storage


@pytest.fixture
def put(server: Server) -> Put:
    """Uploads bytes by the JSON API itself."""
    url = f"{server.record.http_url}/upload/storage/v1/b/{BUCKET}/o"

    async def upload(name: str, data: bytes, **params: str) -> int:
        def post() -> requests.Response:
            query = {"uploadType": "media", "name": name, **params}
            return requests.post(url, params=query, data=data, timeout=10)

        reply = await asyncio.to_thread(post)
        reply.raise_for_status()
        return int(reply.json()["generation"])

    return upload


def names_in(folder: Path) -> list[str]:
    """What lies in a folder, hidden files included."""
    return sorted(path.name for path in folder.iterdir())


async def one(store: StorageGateway, name: str) -> ObjectInfo:
    """What the listing says of one object."""
    listing = await store.list_objects(GcsUri(BUCKET, name), recursive=True)
    return next(item for item in listing.objects if item.name == name)


async def test_buckets(store: StorageGateway) -> None:
    bucket = await store.get_bucket(BUCKET)
    assert (bucket.name, bucket.location, bucket.location_type) == (BUCKET, "EUROPE-WEST4", "region")
    assert bucket.created is not None
    assert [found.name for found in await store.list_buckets()] == [BUCKET]
    wanted = ["storage.objects.list", "storage.objects.get"]
    assert await store.test_bucket_permissions(BUCKET, wanted) == frozenset(wanted)
    with pytest.raises(CloudError) as caught:
        await store.create_bucket(BUCKET, "europe-west4")
    assert caught.value.kind is ErrorKind.CONFLICT
    with pytest.raises(CloudError) as caught:
        await store.create_bucket("_", "europe-west4")
    assert caught.value.kind is ErrorKind.INVALID
    await store.delete_bucket(BUCKET)
    with pytest.raises(CloudError) as caught:
        await store.get_bucket(BUCKET)
    assert caught.value.kind is ErrorKind.NOT_FOUND


async def test_a_bucket_that_is_not_empty(store: StorageGateway, put: Put) -> None:
    await put("a", b"1")
    with pytest.raises(CloudError) as caught:
        await store.delete_bucket(BUCKET)
    assert caught.value.kind is ErrorKind.PRECONDITION


async def test_listing(store: StorageGateway, put: Put) -> None:
    for name in ("runs/a/metrics.json", "runs/a/b/c.txt", "runs/z.txt", "top.txt"):
        await put(name, b"12345")
    top = await store.list_objects(GcsUri(BUCKET))
    assert top.prefixes == ("runs/",)
    assert [item.name for item in top.objects] == ["top.txt"]
    item = top.objects[0]
    assert (item.bucket, item.size, item.uri) == (BUCKET, 5, GcsUri(BUCKET, "top.txt"))
    assert item.generation > 0
    assert item.crc32c
    assert item.updated is not None
    level = await store.list_objects(GcsUri(BUCKET, "runs/"))
    assert (level.prefixes, [item.name for item in level.objects]) == (("runs/a/",), ["runs/z.txt"])
    names: list[str] = []
    token = ""
    while True:
        page = await store.list_objects(
            GcsUri(BUCKET, "runs/"), recursive=True, page_size=2, page_token=token
        )
        names += [item.name for item in page.objects]
        token = page.next_page_token
        if not token:
            break
    assert names == ["runs/a/b/c.txt", "runs/a/metrics.json", "runs/z.txt"]


async def test_preview(store: StorageGateway, put: Put) -> None:
    await put("empty", b"")
    await put("long", bytes(range(256)) * 1000)
    await put("packed", gzip.compress(b"hello " * 1000), contentEncoding="gzip")
    assert await store.read_object(GcsUri(BUCKET, "empty"), limit=100) == b""
    assert await store.read_object(GcsUri(BUCKET, "long"), limit=300) == bytes(range(256)) + bytes(range(44))
    assert await store.read_object(GcsUri(BUCKET, "packed"), limit=11) == b"hello hello"
    with pytest.raises(CloudError) as caught:
        await store.read_object(GcsUri(BUCKET, "none"), limit=1)
    assert caught.value.kind is ErrorKind.NOT_FOUND


@pytest.mark.parametrize("times", [1, TRIES])
async def test_a_preview_that_was_cut_is_noticed(
    server: Server, store: StorageGateway, put: Put, times: int
) -> None:
    """A reply cut together with its length looks whole: only the object's checksum tells."""
    await put("cut", b"line\n" * 100)
    with contextmanager(faults_of)(server) as faults:
        faults.add("storage.objects.get", "truncate", times=times, bytes=40, length="cut")
        if times < TRIES:
            assert await store.read_object(GcsUri(BUCKET, "cut"), limit=1000) == b"line\n" * 100
            return
        with pytest.raises(CloudError, match="shorter than the object") as caught:
            await store.read_object(GcsUri(BUCKET, "cut"), limit=1000)
    assert (caught.value.kind, caught.value.retryable) == (ErrorKind.INTERNAL, True)


async def test_download(store: StorageGateway, put: Put, tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    await put("weights.bin", data)
    told: list[int] = []
    await store.download(await one(store, "weights.bin"), tmp_path / "w.bin", on_bytes=told.append)
    assert (tmp_path / "w.bin").read_bytes() == data
    assert told == sorted(told)
    await wait_for(lambda: told[-1] == len(data))
    assert names_in(tmp_path) == ["w.bin"]


async def test_download_of_a_gzipped_object_is_its_content(
    store: StorageGateway, put: Put, tmp_path: Path
) -> None:
    packed = gzip.compress(b"one\n" * 5000) + gzip.compress(b"two\n")
    await put("log.txt", packed, contentEncoding="gzip")
    await store.download(await one(store, "log.txt"), tmp_path / "log.txt")
    assert (tmp_path / "log.txt").read_bytes() == b"one\n" * 5000 + b"two\n"


async def test_download_of_a_replaced_object(store: StorageGateway, put: Put, tmp_path: Path) -> None:
    await put("a", b"old")
    item = await one(store, "a")
    await put("a", b"new")
    with pytest.raises(CloudError) as caught:
        await store.download(item, tmp_path / "a")
    assert caught.value.kind in {ErrorKind.NOT_FOUND, ErrorKind.CONFLICT}
    assert names_in(tmp_path) == []


async def test_damaged_download_leaves_nothing(store: StorageGateway, put: Put, tmp_path: Path) -> None:
    generation = await put("a", b"data")
    item = ObjectInfo(BUCKET, "a", 4, generation, crc32c="AAAAAA==")
    with pytest.raises(CloudError, match="arrived damaged"):
        await store.download(item, tmp_path / "a")
    assert names_in(tmp_path) == []


async def test_download_into_a_place_that_is_not_there(
    store: StorageGateway, put: Put, tmp_path: Path
) -> None:
    await put("a", b"data")
    with pytest.raises(CloudError) as caught:
        await store.download(await one(store, "a"), tmp_path / "none" / "a")
    assert caught.value.kind is ErrorKind.LOCAL


async def test_cancelled_download_stops_and_leaves_nothing(
    store: StorageGateway, put: Put, tmp_path: Path
) -> None:
    await put("big", bytes(30_000_000))
    begun = asyncio.Event()
    item = await one(store, "big")
    task = asyncio.create_task(store.download(item, tmp_path / "big", on_bytes=lambda _: begun.set()))
    async with asyncio.timeout(20):
        await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await wait_for(lambda: not names_in(tmp_path), what="an empty folder")


async def test_deleting_only_what_was_seen(store: StorageGateway, put: Put) -> None:
    generations = {f"d/{number}": await put(f"d/{number}", b"x") for number in range(3)}
    await put("d/1", b"replaced since")
    await store.delete_objects(BUCKET, [("d/2", generations["d/2"])])
    results = {result.name: result for result in await store.delete_objects(BUCKET, generations.items())}
    assert results["d/0"].error == ""
    assert "replaced" in results["d/1"].error
    assert "gone" in results["d/2"].error
    left = await store.list_objects(GcsUri(BUCKET), recursive=True)
    assert [item.name for item in left.objects] == ["d/1"]


async def test_deleting_more_than_one_batch(store: StorageGateway, put: Put) -> None:
    await asyncio.gather(*(put(f"many/{number:03}", b"x") for number in range(130)))
    listing = await store.list_objects(GcsUri(BUCKET, "many/"), recursive=True)
    items = [(item.name, item.generation) for item in listing.objects]
    results = await store.delete_objects(BUCKET, items)
    assert [(result.name, result.generation, result.error) for result in results] == [
        (*item, "") for item in items
    ]
    assert (await store.list_objects(GcsUri(BUCKET), recursive=True)).objects == ()


@pytest.mark.parametrize("name", ["a b/ü?#%/x", "nested//twice", "../up", "\x1b[31mred"])
async def test_odd_names(store: StorageGateway, put: Put, tmp_path: Path, name: str) -> None:
    await put(name, b"odd")
    item = await one(store, name)
    assert await store.read_object(item.uri, limit=10) == b"odd"
    await store.download(item, tmp_path / "odd")
    assert (tmp_path / "odd").read_bytes() == b"odd"
    (result,) = await store.delete_objects(BUCKET, [(name, item.generation)])
    assert result.error == ""


async def test_reads_do_not_hold_up_the_loop(store: StorageGateway) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(tick())
    await asyncio.gather(*(store.list_buckets() for _ in range(5)))
    task.cancel()
    assert ticks > 5
