"""The store under a sudden death, and under many writers at once."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from google.api_core.exceptions import PreconditionFailed

from tests.local.storage_server import QUIET, serving
from tui.local.storage.listing import ListQuery
from tui.local.storage.objects import ObjectStore

pytestmark = QUIET

WRITER = """
import sys
from pathlib import Path
from tui.local.storage.objects import ObjectStore
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

        def write(number: int) -> int | None:
            try:
                bucket.blob("one").upload_from_string(str(number), if_generation_match=0)
            except PreconditionFailed:
                return None
            return number

        with ThreadPoolExecutor(8) as pool:
            winners = [number for number in pool.map(write, range(24)) if number is not None]
        assert len(winners) == 1
        assert bucket.blob("one").download_as_bytes() == str(winners[0]).encode()
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
