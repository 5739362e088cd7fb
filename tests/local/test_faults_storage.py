"""Faults of Storage calls on request, as Google's own client meets them."""

from __future__ import annotations

import gc
import io
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import storage
from google.cloud.storage import transfer_manager

from tests.local.clients import REGION, Server
from tests.local.faulty import QUICK, Faults, faults_of, server_of_faults

server = pytest.fixture(scope="module")(server_of_faults)
faults = pytest.fixture(faults_of)


@pytest.fixture(scope="module")
def bucket_name(server: Server) -> str:
    found = Faults(server)
    found.storage.create_bucket("faulty", location=REGION)
    found.close()
    return "faulty"


@pytest.mark.filterwarnings("ignore:Exception ignored in.*socket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("size", [100_000, 5_000_000])
@pytest.mark.parametrize(
    ("effect", "options"),
    [
        ("truncate", {"bytes": 10}),
        ("truncate", {}),
        ("truncate", {"length": "cut"}),
        ("break", {}),
        ("drop", {}),
        ("error", {"code": 503}),
    ],
)
def test_a_faulty_download_is_noticed_and_tried_again(
    faults: Faults, bucket_name: str, size: int, effect: str, options: dict[str, Any]
) -> None:
    blob = faults.storage.bucket(bucket_name).blob(f"download-{size}")
    data = bytes(range(256)) * (size // 256)
    if not blob.exists():
        blob.upload_from_string(data)
    faults.add("storage.objects.get", effect, **options)
    file = io.BytesIO()
    try:
        blob.download_to_file(file, retry=QUICK)
    except (OSError, storage.exceptions.DataCorruption):
        file = io.BytesIO()
        blob.download_to_file(file, retry=QUICK)
    assert file.getvalue() == data
    assert faults.hits() == [1]
    gc.collect()  # the client leaves the connection of a failed download to the garbage collector


def test_a_list_call_is_tried_again_after_each_fault(faults: Faults, bucket_name: str) -> None:
    client = faults.storage
    for effect in ("error", "drop"):
        faults.add("storage.objects.list", effect)
    assert isinstance([blob.name for blob in client.list_blobs(bucket_name, retry=QUICK)], list)
    assert faults.hits() == [1, 1]


def test_an_upload_with_a_dropped_reply_is_there(faults: Faults, bucket_name: str) -> None:
    bucket = faults.storage.bucket(bucket_name)
    faults.add("storage.objects.insert", "drop")
    with pytest.raises(OSError, match="RemoteDisconnected"):
        bucket.blob("dropped").upload_from_string(b"data", retry=None)
    assert bucket.blob("dropped").download_as_bytes() == b"data"


def test_a_resumable_upload_survives_faults_in_its_middle(faults: Faults, bucket_name: str) -> None:
    blob = faults.storage.bucket(bucket_name).blob("resumable", chunk_size=256 * 1024)
    data = bytes(range(256)) * 4096
    faults.add("storage.objects.insert", "error", code=503, times=3)
    blob.upload_from_file(io.BytesIO(data), size=len(data), retry=QUICK)
    assert blob.download_as_bytes() == data
    assert faults.hits() == [3]


def test_storage_errors_have_that_api_s_shape(faults: Faults, bucket_name: str) -> None:
    bucket = faults.storage.bucket(bucket_name)
    faults.add(
        "storage.buckets.get", "error", code=429, message="Slow down.", reason="RATE", metadata={"a": "b"}
    )
    with pytest.raises(exceptions.TooManyRequests, match=r"Slow down\.") as found:
        bucket.reload(retry=None)
    assert found.value.errors[0]["reason"] == "rateLimitExceeded"
    assert (found.value.reason, found.value.metadata) == ("RATE", {"a": "b"})
    faults.add("storage.*", "error", code=412)
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.reload(retry=None)


def test_calls_inside_a_batch_are_refused_one_by_one(faults: Faults, bucket_name: str) -> None:
    client = faults.storage
    bucket = client.bucket(bucket_name)
    names = [f"batch/{number}" for number in range(4)]
    for name in names:
        bucket.blob(name).upload_from_string(b"x")
    faults.add("storage.objects.delete", "error", code=503, times=2)
    batch = client.batch(raise_exception=False)
    with batch:
        for name in names:
            bucket.delete_blob(name)
    assert [answer.status_code for answer in batch._responses] == [503, 503, 204, 204]
    assert [blob.name for blob in client.list_blobs(bucket_name, prefix="batch/")] == names[:2]


def test_xml_uploads_are_hit_too(faults: Faults, bucket_name: str, tmp_path: Any) -> None:
    file = tmp_path / "parts"
    file.write_bytes(bytes(300_000))
    blob = faults.storage.bucket(bucket_name).blob("parts")
    faults.add("storage.multipartUploads", "error", code=503)
    transfer_manager.upload_chunks_concurrently(
        str(file), blob, chunk_size=100_000, worker_type=transfer_manager.THREAD
    )
    assert blob.download_as_bytes() == bytes(300_000)
    assert faults.hits() == [1]


def deleted_in_a_batch(faults: Faults, bucket_name: str, names: list[str]) -> list[int]:
    """The answers to a batch that deletes objects, which are made first."""
    bucket = faults.storage.bucket(bucket_name)
    for name in names:
        bucket.blob(name).upload_from_string(b"x")
    batch = faults.storage.batch(raise_exception=False)
    with batch:
        for name in names:
            bucket.delete_blob(name)
    return [answer.status_code for answer in batch._responses]


@pytest.mark.parametrize("effect", ["drop", "break", "truncate"])
def test_a_fault_of_a_reply_inside_a_batch_is_the_whole_batch_s(
    faults: Faults, bucket_name: str, effect: str
) -> None:
    faults.add("storage.objects.delete", effect, times=2)
    with pytest.raises(OSError, match=r"RemoteDisconnected|ConnectionReset|IncompleteRead"):
        deleted_in_a_batch(faults, bucket_name, ["lost/1", "lost/2", "lost/3"])
    assert list(faults.storage.list_blobs(bucket_name, prefix="lost/")) == []
    assert faults.hits() == [1]


def test_a_batch_waits_once_for_its_calls_and_has_had_no_effect(faults: Faults, bucket_name: str) -> None:
    bucket = faults.storage.bucket(bucket_name)
    bucket.blob("waits").upload_from_string(b"x")
    faults.add("storage.objects.delete", "delay", seconds=30, times=2)
    batch = faults.storage.batch()
    bucket_blob = bucket.blob("waits")
    with pytest.raises(OSError, match="timed out"), batch:
        bucket_blob.delete(timeout=0.3)
    assert bucket_blob.exists()
    assert faults.hits() == [1]
    faults.admin.call("DELETE", "faults")
    faults.add("storage.objects.delete", "delay", seconds=0.01, times=2)
    assert deleted_in_a_batch(faults, bucket_name, ["late/1", "late/2"]) == [204, 204]
    assert faults.hits() == [1]


def test_a_batch_may_have_refused_calls_and_a_lost_reply(faults: Faults, bucket_name: str) -> None:
    faults.add("storage.objects.delete", "drop")
    faults.add("storage.objects.delete", "error", code=503)
    with pytest.raises(OSError, match="RemoteDisconnected"):
        deleted_in_a_batch(faults, bucket_name, ["mixed/1", "mixed/2", "mixed/3"])
    left = [blob.name for blob in faults.storage.list_blobs(bucket_name, prefix="mixed/")]
    assert left == ["mixed/2"]
    assert faults.hits() == [1, 1]
