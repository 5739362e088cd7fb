"""Uploads, and downloads that go on where they were broken off, through Google's client and over the wire."""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.cloud.conftest import storage_with, target_at
from tests.local.clients import Server
from tests.local.conftest import fresh_server
from tests.local.faulty import faults_of
from tests.support import wait_for
from tui.cloud import transfer
from tui.cloud.session import open_gateway
from tui.cloud.storage_wire import Wire
from tui.cloud.upload import Upload
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.parts import part_path
from tui.domain.storage import GcsUri, ObjectInfo, UploadSession
from tui.domain.storage_gateway import StorageGateway
from tui.domain.target import Transport

BUCKET = "kelp-moved"
MEBIBYTE = 1 << 20
ODD_NAMES = ("../up", "/lead", "a\tb\x1b", "x//./..//y", "ü" * 512, "100%?#&+;=", "%2e%2e/%0a")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with fresh_server() as server:
        yield server


@pytest.fixture
async def store(server: Server) -> AsyncIterator[StorageGateway]:
    async with storage_with(server, BUCKET) as storage:
        yield storage


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file that goes up in a session of several pieces."""
    path = tmp_path / "weights.bin"
    path.write_bytes(os.urandom(10 * MEBIBYTE + 12_345))
    return path


def data_of(path: Path) -> bytes:
    return path.read_bytes()


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def names_of(store: StorageGateway) -> list[str]:
    return [item.name for item in (await store.list_objects(GcsUri(BUCKET), recursive=True)).objects]


async def test_uploads(store: StorageGateway, source: Path, tmp_path: Path) -> None:
    small, empty = tmp_path / "notes.json.gz", tmp_path / "none"
    small.write_bytes(gzip.compress(b"{}"))
    empty.touch()
    told: list[int] = []
    made = await store.upload(source, GcsUri(BUCKET, "w.bin"), on_bytes=told.append)
    assert (made.size, made.content_type) == (len(data_of(source)), "application/octet-stream")
    await wait_for(lambda: told[-1] == made.size)
    assert told == sorted(told)
    packed = await store.upload(small, GcsUri(BUCKET, "n"))
    assert (packed.content_type, packed.content_encoding) == ("application/gzip", "")
    assert (await store.upload(empty, GcsUri(BUCKET, "none"))).size == 0
    for item, path in ((made, source), (packed, small)):
        await store.download(item, tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == data_of(path)
    assert await store.read_object(made.uri, start=MEBIBYTE, limit=5) == data_of(source)[MEBIBYTE:][:5]
    assert await store.read_object(made.uri, start=made.size - 2, limit=99) == data_of(source)[-2:]
    assert await store.read_object(made.uri, start=made.size, limit=9) == b""


async def test_uploads_replace_only_what_they_may(
    store: StorageGateway, source: Path, tmp_path: Path
) -> None:
    small, uri = tmp_path / "small", GcsUri(BUCKET, "a")
    small.write_bytes(b"new")
    first = await store.upload(small, uri)
    for path in (small, source):
        for replaces in (0, first.generation + 1):
            with pytest.raises(CloudError) as caught:
                await store.upload(path, uri, replaces=replaces)
            assert caught.value.kind is ErrorKind.CONFLICT
    second = await store.upload(source, uri, replaces=first.generation)
    third = await store.upload(small, uri, replaces=None)
    assert first.generation < second.generation < third.generation
    os.mkfifo(tmp_path / "pipe")
    for name in ("missing", "pipe", "."):
        with pytest.raises(CloudError) as caught:
            await store.upload(tmp_path / name, uri, replaces=None)
        assert caught.value.kind is ErrorKind.LOCAL


async def cancelled(
    transfer: Callable[[Callable[[int], None]], Coroutine[Any, Any, Any]], after: int = 1
) -> None:
    """Begin a transfer, and cancel it when so many bytes have gone through."""
    told = [0]
    task = asyncio.create_task(transfer(told.append))
    await wait_for(lambda: told[-1] >= after)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancelled_upload_leaves_nothing(store: StorageGateway, server: Server, source: Path) -> None:
    uri = GcsUri(BUCKET, "a")
    told: list[int] = []
    kept: list[UploadSession | None] = []
    with contextmanager(faults_of)(server) as faults:
        faults.add("storage.objects.insert", "delay", seconds=0.2, times=20)
        await cancelled(lambda tell: store.upload(source, uri, on_bytes=tell))
        send = partial(store.upload, source, uri, on_session=kept.append)
        await cancelled(lambda tell: send(on_bytes=tell), 3 * MEBIBYTE)
        await store.forget_upload(source, GcsUri(BUCKET, "another"), None)
        assert await names_of(store) == []
    later = await open_gateway(target_at(server.record, Transport.GRPC))  # as the next start does
    made = await later.storage.upload(source, uri, on_bytes=told.append, session=kept[-1])
    await later.close()
    await wait_for(lambda: told[-1] == made.size)
    assert told[0] >= 3 * MEBIBYTE
    await store.delete_objects(BUCKET, [("a", made.generation)])
    await cancelled(lambda tell: store.upload(source, uri, on_bytes=tell, on_session=kept.append))
    await store.forget_upload(source, uri, kept[-1])
    assert await names_of(store) == []
    made = await store.upload(source, uri, session=kept[-1])  # which the service has dropped
    os.utime(source, ns=(1, 1))
    kept.append(replace(kept[-1], service="http://127.0.0.1:1") if kept[-1] else None)
    again = await store.upload(source, uri, replaces=made.generation, session=kept[-1])
    assert again.crc32c == made.crc32c


async def test_a_file_that_changes_meanwhile_becomes_no_object(
    store: StorageGateway, server: Server, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, uri = tmp_path / "small", GcsUri(BUCKET, "a")

    def overwrite(_count: int) -> None:
        with source.open("r+b") as file:
            file.write(b"torn")

    def replaced(path: Path) -> None:
        (tmp_path / "new").write_bytes(data_of(path))
        os.utime(tmp_path / "new", ns=(path.stat().st_mtime_ns,) * 2)
        (tmp_path / "new").replace(path)

    small.write_bytes(b"data")
    with contextmanager(faults_of)(server) as faults:
        faults.add("storage.objects.insert", "delay", seconds=0.2, times=20)
        for change in (overwrite, lambda _: replaced(source)):
            with pytest.raises(CloudError, match="changed while it was uploaded"):
                await store.upload(source, uri, on_bytes=change)
    send = Upload._send_small

    def send_and_replace(upload: Upload, wire: Wire, data: bytes) -> dict[str, Any]:
        raw = send(upload, wire, data)
        replaced(small)
        return raw

    monkeypatch.setattr(Upload, "_send_small", send_and_replace)
    for replaces in (0, None):
        with pytest.raises(CloudError, match="changed while it was uploaded") as caught:
            await store.upload(small, uri, replaces=replaces)
        assert ("has replaced what lay there" in str(caught.value)) == (replaces is None)
        assert await names_of(store) == ([] if replaces == 0 else ["a"])


async def test_lost_answers_to_uploads(
    store: StorageGateway, server: Server, source: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small"
    small.write_bytes(b"data")
    with contextmanager(faults_of)(server) as faults:
        for path in (small, source):
            faults.add("storage.objects.insert", "drop", times=1)
            made = await store.upload(path, GcsUri(BUCKET, path.name))
            assert made.size == path.stat().st_size
    assert await names_of(store) == ["small", "weights.bin"]


async def test_a_broken_download_goes_on(
    store: StorageGateway, server: Server, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First it goes on by itself; then, when it gave up or was cancelled, at the next download."""
    item, folder = await store.upload(source, GcsUri(BUCKET, "w")), tmp_path / "down"
    folder.mkdir()
    target = folder / "w"
    part = part_path(target, item.generation)
    stale = part_path(target, item.generation - 1)
    stale.write_bytes(b"of another generation")
    with contextmanager(faults_of)(server) as faults:
        faults.add("storage.objects.get", "break", bytes=5 * MEBIBYTE, times=1)
        await store.download(item, target)
        assert (target.read_bytes() == data_of(source), names_in(folder)) == (True, ["w"])
        target.unlink()
        monkeypatch.setattr(transfer, "RETRY_WITHIN", -1.0)
        for keep in (False, True):
            faults.add("storage.objects.get", "break", bytes=5 * MEBIBYTE, times=1)
            with pytest.raises(CloudError) as caught:
                await store.download(item, target, keep_part=keep)
            assert caught.value.kind is ErrorKind.UNREACHABLE
            assert names_in(folder) == ([part.name] if keep else [])
    there = part.stat().st_size
    assert 0 < there < item.size
    told: list[int] = []
    await store.download(item, target, on_bytes=told.append)
    await wait_for(lambda: told[-1] == item.size)
    assert there < told[0]
    assert (target.read_bytes() == data_of(source), names_in(folder)) == (True, ["w"])


async def test_parts_of_all_kinds(store: StorageGateway, source: Path, tmp_path: Path) -> None:
    item, folder = await store.upload(source, GcsUri(BUCKET, "w")), tmp_path / "down"
    folder.mkdir()
    target = folder / "w"
    part = part_path(target, item.generation)
    for left in (
        data_of(source)[:MEBIBYTE],
        b"damaged" * 1000,
        data_of(source),
        bytes(item.size + 1),
    ):
        part.write_bytes(left)  # as a kill leaves it
        await store.download(item, target)
        assert (target.read_bytes() == data_of(source), names_in(folder)) == (True, ["w"])
    damaged = ObjectInfo(BUCKET, "w", item.size, item.generation, crc32c="AAAAAA==")
    with pytest.raises(CloudError, match="arrived damaged"):
        await store.download(damaged, target, keep_part=True)
    gone = ObjectInfo(BUCKET, "w", item.size, item.generation + 1)
    with pytest.raises(CloudError) as caught:
        await store.download(gone, target, keep_part=True)
    assert (caught.value.kind, names_in(folder)) == (ErrorKind.NOT_FOUND, ["w"])
    results = await asyncio.gather(*(store.download(item, target) for _ in range(3)), return_exceptions=True)
    refused = [result for result in results if result is not None]
    assert all(isinstance(error, CloudError) and error.kind is ErrorKind.LOCAL for error in refused)
    assert (target.read_bytes() == data_of(source), names_in(folder)) == (True, ["w"])


async def test_a_cancelled_download_that_is_kept(store: StorageGateway, source: Path, tmp_path: Path) -> None:
    item, folder = await store.upload(source, GcsUri(BUCKET, "w")), tmp_path / "down"
    folder.mkdir()
    target = folder / "w"
    await cancelled(lambda tell: store.download(item, target, on_bytes=tell, keep_part=True))
    await store.download(item, target)
    assert data_of(target) == data_of(source)


async def test_names_of_all_kinds(store: StorageGateway, tmp_path: Path) -> None:
    path, back = tmp_path / "file", tmp_path / "back"
    for name in ODD_NAMES:
        path.write_bytes(name.encode())
        made = await store.upload(path, GcsUri(BUCKET, name))
        assert made.name == name
        assert (await store.get_object(made.uri)).info == made
        assert await store.read_object(made.uri, limit=4000) == name.encode()
        await store.download(made, back)
        assert back.read_bytes() == name.encode()
    items = (await store.list_objects(GcsUri(BUCKET), recursive=True, versions=True)).objects
    assert sorted(item.name for item in items) == sorted(ODD_NAMES)
    ask = [(item.name, item.generation) for item in items]
    results = await store.delete_objects(BUCKET, [*ask, ("a\r\nb", 1)])
    assert [result.error for result in results] == [""] * len(ask) + ["it is gone already"]
    deleted = (await store.list_objects(GcsUri(BUCKET), recursive=True, soft_deleted=True)).objects
    for item in (item for item in deleted if item.name in ODD_NAMES):
        assert (await store.restore_object(BUCKET, item.name, item.generation)).name == item.name
    await store.delete_objects(BUCKET, [(item.name, item.generation) for item in items])
