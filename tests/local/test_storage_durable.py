"""The store under a sudden death, and under many writers at once."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from tests.local.clients import Server, until, winners
from tests.local.storage_server import serving
from tests.support import PATIENCE
from tui.local.storage import copying
from tui.local.storage.bulk import Seed, put_many
from tui.local.storage.errors import StorageError
from tui.local.storage.listing import ListQuery
from tui.local.storage.objects import ObjectStore, Placed
from tui.local.storage.rows import Conditions

WRITER = """
import sys
from pathlib import Path
from tui.local.storage.objects import ObjectStore, Placed
from tui.local.storage.rows import Conditions
store = ObjectStore(Path(sys.argv[1]))
bucket = store.buckets.insert("p", {"name": "written"})
for number in range(1_000_000):
    store.put_bytes(bucket, f"n/{number}", b"%d" % number)
    print(number, flush=True)
"""


def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], cwd=root, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout
        for line in writer.stdout:
            if int(line) == 50:
                break
        writer.send_signal(signal.SIGKILL)
        said = 50 + sum(line.endswith("\n") for line in writer.stdout)
    store = ObjectStore(tmp_path)
    bucket = store.buckets.get("written")
    rows = store.list_page(bucket, ListQuery()).rows
    contents = {row.name: store.path(row).read_bytes() for row in rows}
    assert {f"n/{number}" for number in range(said + 1)} <= contents.keys()
    assert all(name == f"n/{data.decode()}" for name, data in contents.items())
    store.close()


def test_of_many_writers_one_wins(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        bucket = server.bucket()
        won = winners(bucket, 8, 24)
        assert len(won) == 1
        assert bucket.blob("one").download_as_bytes() == str(won[0]).encode()
        kept = [path for path in tmp_path.joinpath("blobs").rglob("*") if path.is_file()]
        assert len(kept) == 1
        assert not list(tmp_path.joinpath("staging").iterdir())


def test_an_overwritten_object_is_read_whole(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        bucket = server.bucket()
        bucket.soft_delete_policy.retention_duration_seconds = 0
        bucket.patch()
        texts = {str(number) * 100_000 for number in range(4)}
        bucket.blob("x").upload_from_string("0" * 100_000)

        def turn(number: int) -> str:
            if number % 2:
                bucket.blob("x").upload_from_string(str(number % 4) * 100_000)
            return str(bucket.blob("x").download_as_text())

        with ThreadPoolExecutor(6) as pool:
            assert set(pool.map(turn, range(60))) <= texts


@pytest.mark.parametrize("seconds", [0, 7 * 86_400])
def test_a_folder_holds_no_more_files_than_objects(tmp_path: Path, seconds: int) -> None:
    store = ObjectStore(tmp_path)
    policy = {"retentionDurationSeconds": str(seconds)}
    bucket = store.buckets.insert("p", {"name": "tidy", "softDeletePolicy": policy})
    for text in (b"1", b"2", b"3"):
        store.put_bytes(bucket, "x", text)
    store.delete(bucket, "x")
    files = [path for path in tmp_path.joinpath("blobs").rglob("*") if path.is_file()]
    assert len(files) == (3 if seconds else 0)
    store.close()


def test_many_at_once_are_as_if_put_one_by_one(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    bucket = store.buckets.insert("p", {"name": "many", "versioning": {"enabled": True}})
    store.put_bytes(bucket, "a", b"before")
    large = bytes(100_000)
    seeds = [
        Seed("a", b"after", {"contentType": "text/x", "metadata": {"k": "v"}}, created=1_700_000_000.0),
        Seed("b", b"same"),
        Seed("c", b"same"),
        Seed("c", b"again"),
        Seed("large", large),
    ]
    assert put_many(store, bucket, iter(seeds)) == 5

    def read(name: str) -> bytes:
        row, file = store.open(bucket, name, None, Conditions())
        with file:
            data = file.read()
        assert (row.size, row.md5) == (len(data), base64.b64encode(hashlib.md5(data).digest()).decode())  # noqa: S324
        return data

    assert [read(name) for name in ("a", "b", "c", "large")] == [b"after", b"same", b"again", large]
    row = store.get(bucket, "a")
    assert (row.content_type, row.created) == ("text/x", "2023-11-14T22:13:20.000Z")
    versions = store.list_page(bucket, ListQuery(versions=True)).rows
    assert [row.name for row in versions] == ["a", "a", "b", "c", "c", "large"]
    copy = copying.copy(store, store.get(bucket, "b"), Placed(bucket, "copy"))
    for row in store.list_page(bucket, ListQuery(versions=True)).rows:
        if row.name != "copy":
            store.delete(bucket, row.name, row.generation)
    assert read("copy") == b"same"
    store.delete(bucket, "copy", copy.generation)
    store.database.clock = lambda: time.time() + 8 * 86_400
    store.purge()
    with store.database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM small").fetchone() == (0,)
    assert not [path for path in tmp_path.joinpath("blobs").rglob("*") if path.is_file()]
    with pytest.raises(StorageError, match="Invalid object name"):
        put_many(store, bucket, [Seed("fine", b""), Seed("a\nb", b"")])
    assert store.list_page(bucket, ListQuery()).rows == []
    store.close()


def test_a_step_of_two_is_undone_as_one(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    bucket = store.buckets.insert(
        "p", {"name": "undone", "softDeletePolicy": {"retentionDurationSeconds": "0"}}
    )
    source = store.put_bytes(bucket, "from", b"1", {"temporaryHold": True})
    store.put_bytes(bucket, "to", b"2")
    with pytest.raises(StorageError, match="Temporary hold"):
        copying.move(store, bucket, source, Placed(bucket, "to"))
    row, file = store.open(bucket, "to", None, Conditions())
    with file:
        assert (file.read(), row.size) == (b"2", 1)
    assert len([path for path in tmp_path.joinpath("blobs").rglob("*") if path.is_file()]) == 2
    store.close()


def test_a_server_killed_at_work_loses_nothing_it_said(local_server: Server) -> None:
    """SIGKILL while objects of all kinds come and go; what was acknowledged is there afterwards, whole."""
    client = _client(local_server)
    bucket = client.bucket("at-work")
    bucket.create(location="europe-west4")
    said: dict[str, bytes] = {}
    leaving: set[str] = set()
    gone: set[str] = set()

    def work(number: int) -> None:
        for turn in range(1_000_000):
            name, data = f"{number}/{turn}", f"{number}/{turn}".encode() * (1 + 20_000 * (turn % 7 == 3))
            blob = bucket.blob(name, chunk_size=(1 << 18) if turn % 3 == 2 else None)
            try:
                blob.upload_from_file(io.BytesIO(data), retry=None, timeout=5)
                said[name] = data
                if turn % 5 == 4:
                    leaving.add(name)
                    bucket.delete_blob(name, retry=None, timeout=5)
                    gone.add(name)
            except requests.RequestException:
                return

    with ThreadPoolExecutor(6) as pool:
        working = [pool.submit(work, number) for number in range(6)]
        until(lambda: len(said) > 100 and len(gone) > 10, "enough work")
        os.kill(local_server.record.pid, signal.SIGKILL)
        for each in working:
            each.result(PATIENCE)
    local_server.start()
    bucket = _client(local_server).bucket("at-work")
    found = {blob.name: blob for blob in bucket.list_blobs()}
    assert said.keys() - leaving <= found.keys()
    assert not gone & found.keys()
    for name, blob in found.items():
        data = blob.download_as_bytes()
        assert (len(data), data) == (blob.size, said.get(name, data))
    assert not list(Path(local_server.data_dir, "objects", "staging").glob("*.*"))


def _client(server: Server) -> storage.Client:
    return storage.Client(
        project="local-project",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": server.record.http_url},
    )
