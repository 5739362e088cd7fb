"""Uploads on the wire: resumable ones step by step, customers' keys, rewrites in steps, wrong checksums."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Callable
from typing import Any

import google_crc32c
import pytest
import requests
from google.api_core.exceptions import BadRequest, NotFound, NotModified, PreconditionFailed
from google.cloud import storage
from google.cloud.storage._media.requests import ResumableUpload

from tests.local.storage_server import StorageServer, serving
from tests.support import PATIENCE
from tui.local.storage.upkeep import keep_up

QUARTER = 1 << 18


class Resumable:
    """A resumable upload, one request at a time."""

    def __init__(self, server: StorageServer, bucket: storage.Bucket, **headers: str) -> None:
        begun = requests.post(
            f"{server.url}/resumable/upload/storage/v1/b/{bucket.name}/o",
            params={"uploadType": "resumable", "name": "big"},
            json={"metadata": {"a": "b"}},
            headers={"X-Upload-Content-Type": "text/x-big", **headers},
            timeout=PATIENCE,
        )
        self.url = begun.headers["Location"]

    def put(self, data: bytes = b"", range_: str = "", **headers: str) -> tuple[int, str | None]:
        headers |= {"Content-Range": range_} if range_ else {}
        self.answer = requests.put(self.url, data, headers=headers, timeout=PATIENCE)
        return self.answer.status_code, self.answer.headers.get("Range")


def test_a_resumable_upload_step_by_step(server: StorageServer, bucket: storage.Bucket) -> None:
    data = os.urandom(3 * QUARTER + 7)
    upload = Resumable(server, bucket)
    assert upload.put(range_="bytes */*") == (308, None)
    assert upload.put(data[:QUARTER], f"bytes 0-{QUARTER - 1}/*") == (308, f"bytes=0-{QUARTER - 1}")
    # The same again, as after a lost answer; then more of it, overlapping.
    assert upload.put(data[:QUARTER], f"bytes 0-{QUARTER - 1}/*") == (308, f"bytes=0-{QUARTER - 1}")
    half = f"bytes {QUARTER // 2}-{2 * QUARTER - 1}/{len(data)}"
    assert upload.put(data[QUARTER // 2 : 2 * QUARTER], half) == (308, f"bytes=0-{2 * QUARTER - 1}")
    assert upload.put(range_=f"bytes */{len(data)}") == (308, f"bytes=0-{2 * QUARTER - 1}")
    assert upload.put(data[3 * QUARTER :], f"bytes {3 * QUARTER}-{len(data) - 1}/{len(data)}")[0] == 400
    rest = f"bytes {2 * QUARTER}-{len(data) - 1}/{len(data)}"
    assert upload.put(data[2 * QUARTER :], rest) == (200, None)
    made = upload.answer.json()
    assert (made["contentType"], made["metadata"]) == ("text/x-big", {"a": "b"})
    assert bucket.blob("big").download_as_bytes() == data
    assert upload.put(range_=f"bytes */{len(data)}")[0] == 200
    assert upload.answer.json()["generation"] == made["generation"]


@pytest.mark.parametrize(
    ("range_", "data"),
    [
        ("bytes 0-9/5", b"0123456789"),
        ("bytes 9-0/10", b""),
        ("bytes 5-9/10", b"56789"),
        ("bytes 0-9/10", b"short"),
        ("bytes 0-3/10", b"too long for it"),
        ("lines 0-3/10", b"0123"),
        ("bytes 0-99999999999999999999/*", b"x"),
        ("bytes x-y/z", b"x"),
        ("bytes */", b""),
    ],
)
def test_wrong_ranges(server: StorageServer, bucket: storage.Bucket, range_: str, data: bytes) -> None:
    upload = Resumable(server, bucket)
    assert upload.put(data, range_)[0] == 400
    assert upload.answer.json()["error"]["errors"][0]["reason"] == "invalid"
    assert upload.put(range_="bytes */*") == (308, None)


def test_the_size_said_at_the_begin_counts(server: StorageServer, bucket: storage.Bucket) -> None:
    upload = Resumable(server, bucket, **{"X-Upload-Content-Length": "4"})
    assert upload.put(b"12345", "bytes 0-4/5")[0] == 400
    assert upload.put(b"1234", "bytes 0-3/4")[0] == 200


def test_a_cancelled_upload_is_gone(server: StorageServer, bucket: storage.Bucket) -> None:
    before = set(server.store.files._staging.iterdir())
    upload = Resumable(server, bucket)
    upload.put(bytes(QUARTER), f"bytes 0-{QUARTER - 1}/*")
    assert requests.delete(upload.url, timeout=PATIENCE).status_code == 499
    assert upload.put(b"x", "bytes 0-0/1")[0] == 404
    assert set(server.store.files._staging.iterdir()) == before
    assert bucket.get_blob("big") is None


def test_a_wrong_checksum_leaves_nothing(server: StorageServer, bucket: storage.Bucket) -> None:
    wrong = base64.b64encode(google_crc32c.value(b"other").to_bytes(4, "big")).decode()
    upload = Resumable(server, bucket)
    assert upload.put(b"data", "bytes 0-3/4", **{"X-Goog-Hash": f"crc32c={wrong}"})[0] == 400
    url = f"{server.url}/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=x"
    for header in (f"crc32c={wrong}", "md5=AAAA"):
        answer = requests.post(url, b"data", headers={"X-Goog-Hash": header}, timeout=PATIENCE)
        assert answer.status_code == 400
    assert list(bucket.list_blobs()) == []
    assert bucket.test_iam_permissions(["storage.objects.get"])


def test_an_interrupted_upload_goes_on_after_a_new_start(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("again")
    with serving(folder) as server:
        bucket = server.bucket()
        upload = Resumable(server, bucket)
        upload.put(bytes(QUARTER), f"bytes 0-{QUARTER - 1}/*")
    with serving(folder) as server:
        keep_up(server.store)
        upload.url = server.url + upload.url[upload.url.index("/resumable") :]
        assert upload.put(range_="bytes */*") == (308, f"bytes=0-{QUARTER - 1}")
        assert upload.put(b"end", f"bytes {QUARTER}-{QUARTER + 2}/{QUARTER + 3}")[0] == 200
        again = server.client().bucket(bucket.name)
        assert again.blob("big").download_as_bytes() == bytes(QUARTER) + b"end"


class Flaky(io.BytesIO):
    """A file that cannot be read at one place until it is mended."""

    broken = True

    def read(self, size: int | None = -1) -> bytes:
        if self.broken and self.tell() == 2 * QUARTER:
            raise OSError("the disk is away")
        return super().read(size)


def test_the_clients_own_session_recovers(server: StorageServer, bucket: storage.Bucket) -> None:
    data = os.urandom(3 * QUARTER)
    file = Flaky(data)
    url = f"{server.url}/upload/storage/v1/b/{bucket.name}/o?uploadType=resumable"
    transport = requests.Session()
    upload = ResumableUpload(url, QUARTER)
    upload.initiate(transport, file, {"name": "mine"}, "text/plain", total_bytes=len(data))
    for _ in range(2):
        upload.transmit_next_chunk(transport)
    with pytest.raises(OSError, match="the disk is away"):
        upload.transmit_next_chunk(transport)
    assert bucket.get_blob("mine") is None
    file.broken = False
    upload.recover(transport)
    assert upload.bytes_uploaded == 2 * QUARTER
    upload.transmit_next_chunk(transport)
    assert (upload.finished, bucket.blob("mine").download_as_bytes()) == (True, data)
    transport.close()


def test_blobs_as_files(bucket: storage.Bucket) -> None:
    data = os.urandom(3 * QUARTER + 1)
    blob = bucket.blob("file")
    with blob.open("wb", chunk_size=QUARTER) as writer:
        writer.write(data)
    with blob.open("rb") as reader:
        assert (reader.seek(QUARTER), reader.read(5)) == (QUARTER, data[QUARTER : QUARTER + 5])
    with bucket.blob("text").open("w") as text:
        text.write("é\n")
    with bucket.blob("text").open("r") as text:
        assert text.read() == "é\n"


def test_keys_of_the_customers(server: StorageServer, bucket: storage.Bucket) -> None:
    key, other = os.urandom(32), os.urandom(32)
    blob = bucket.blob("secret", encryption_key=key)
    blob.upload_from_string("data")
    large = bucket.blob("large", encryption_key=key, chunk_size=QUARTER)
    large.upload_from_string(bytes(2 * QUARTER))
    assert large.download_as_bytes() == bytes(2 * QUARTER)
    assert blob.download_as_bytes() == b"data"
    plain = bucket.get_blob("secret")
    assert (plain.crc32c, plain._properties["customerEncryption"]["encryptionAlgorithm"]) == (None, "AES256")
    with pytest.raises(BadRequest, match="encrypted by a customer-supplied encryption key"):
        bucket.blob("secret").download_as_bytes()
    with pytest.raises(BadRequest, match="encryption key is incorrect"):
        bucket.blob("secret", encryption_key=other).download_as_bytes()
    turned = bucket.blob("secret", encryption_key=other)
    turned.rewrite(blob)
    assert turned.download_as_bytes() == b"data"
    url = f"{server.url}/storage/v1/b/{bucket.name}/o/secret?alt=media"
    for headers in (
        {"X-Goog-Encryption-Algorithm": "ROT13"},
        {"X-Goog-Encryption-Algorithm": "AES256", "X-Goog-Encryption-Key": "AAAA"},
        {
            "X-Goog-Encryption-Algorithm": "AES256",
            "X-Goog-Encryption-Key": base64.b64encode(key).decode(),
            "X-Goog-Encryption-Key-Sha256": "AAAA",
        },
    ):
        assert requests.get(url, headers=headers, timeout=PATIENCE).status_code == 400


def test_a_rewrite_in_steps(server: StorageServer, bucket: storage.Bucket) -> None:
    data = os.urandom(5 << 19)
    bucket.blob("from").upload_from_string(data)
    base = f"{server.url}/storage/v1/b/{bucket.name}/o"
    url = f"{base}/from/rewriteTo/b/{bucket.name}/o/to"
    seen: list[Any] = []
    token: dict[str, Any] = {}
    while not seen or not seen[-1]["done"]:
        params = {"maxBytesRewrittenPerCall": 1 << 20, **token}
        seen.append(requests.post(url, params=params, timeout=PATIENCE).json())
        token = {"rewriteToken": seen[-1].get("rewriteToken")}
    assert [answer["totalBytesRewritten"] for answer in seen] == ["1048576", "2097152", str(len(data))]
    assert bucket.blob("to").download_as_bytes() == data
    for bad in ({"rewriteToken": "x"}, {"maxBytesRewrittenPerCall": 5}):
        assert requests.post(url, params=bad, timeout=PATIENCE).status_code == 400
    blob = bucket.get_blob("to")
    blob.update_storage_class("NEARLINE")
    assert bucket.get_blob("to").storage_class == "NEARLINE"


def test_etags_and_generations_on_reading(bucket: storage.Bucket) -> None:
    blob = bucket.blob("x")
    blob.upload_from_string("x")
    etag = bucket.get_blob("x").etag
    assert bucket.get_blob("x", if_etag_match=etag).size == 1
    with pytest.raises(PreconditionFailed):
        bucket.get_blob("x", if_etag_match="other")
    for condition in (
        {"if_etag_not_match": etag},
        {"if_generation_not_match": blob.generation},
        {"if_metageneration_not_match": 1},
    ):
        with pytest.raises(NotModified):
            bucket.blob("x").download_as_bytes(**condition)
        with pytest.raises(NotModified):
            bucket.get_blob("x", **condition)


def test_preconditions_of_every_writing_call(bucket: storage.Bucket) -> None:
    blob = bucket.blob("x")
    blob.upload_from_string("x")
    blob.acl.reload()
    other = bucket.blob("y")
    refusals: tuple[Callable[[], Any], ...] = (
        lambda: bucket.copy_blob(blob, bucket, "z", if_source_generation_match=1),
        lambda: bucket.copy_blob(blob, bucket, "x", if_generation_match=0),
        lambda: other.rewrite(blob, if_source_metageneration_match=9),
        lambda: other.rewrite(blob, if_generation_match=9),
        lambda: other.compose([blob], if_generation_match=9),
        lambda: other.compose([blob], if_source_generation_match=[9]),
        lambda: bucket.move_blob(blob, "z", if_source_generation_match=9),
        lambda: bucket.move_blob(blob, "x2", if_generation_match=9),
        lambda: blob.patch(if_generation_match=9),
        lambda: blob.update(if_metageneration_match=9),
        lambda: blob.delete(if_metageneration_match=9),
        lambda: blob.acl.save(blob.acl, if_metageneration_match=9),
        lambda: bucket.update(if_metageneration_match=9),
        lambda: bucket.delete(if_metageneration_match=9),
    )
    for refused in refusals:
        with pytest.raises(PreconditionFailed) as error:
            refused()
        (item,) = error.value.response.json()["error"]["errors"]
        assert (item["reason"], item["locationType"], item["location"]) == (
            "conditionNotMet",
            "header",
            "If-Match",
        )
    assert [blob.name for blob in bucket.list_blobs()] == ["x"]
    with pytest.raises(NotFound):
        bucket.blob("gone").patch(if_generation_match=9)


def test_a_composition_can_take_its_parts_away(bucket: storage.Bucket) -> None:
    parts = [bucket.blob(name) for name in ("1", "2")]
    for part in parts:
        part.upload_from_string(part.name)
    bucket.blob("whole").compose(parts, delete_source_objects=True)
    assert [blob.name for blob in bucket.list_blobs()] == ["whole"]
    assert bucket.blob("whole").download_as_bytes() == b"12"
    with pytest.raises(BadRequest, match="between 1 and 32"):
        bucket.blob("none").compose([])


def test_a_replacement_forgets_what_it_does_not_say(bucket: storage.Bucket) -> None:
    blob = bucket.blob("x")
    blob.metadata, blob.cache_control, blob.content_language = {"a": "1"}, "no-store", "de"
    blob.upload_from_string("x", content_type="text/plain")
    found = bucket.get_blob("x")
    assert (found.cache_control, found.content_language) == ("no-store", "de")
    fresh = bucket.blob("x")
    fresh.content_type = "text/csv"
    fresh.update()
    found = bucket.get_blob("x")
    assert (found.metadata, found.cache_control, found.content_type) == (None, None, "text/csv")
    found.metadata = None
    found.patch()
    assert bucket.get_blob("x").metageneration == 3


def test_what_a_download_says_of_the_object(server: StorageServer, bucket: storage.Bucket) -> None:
    blob = bucket.blob("x")
    blob.cache_control, blob.content_disposition = "no-cache", "attachment"
    blob.upload_from_string("data", content_type="text/x")
    blob.reload()
    for root in ("/storage/v1", "/download/storage/v1"):
        url = f"{server.url}{root}/b/{bucket.name}/o/x?alt=media"
        headers = requests.get(url, timeout=PATIENCE).headers
        assert {
            "X-Goog-Generation": str(blob.generation),
            "X-Goog-Metageneration": "1",
            "X-Goog-Hash": f"crc32c={blob.crc32c},md5={blob.md5_hash}",
            "X-Goog-Stored-Content-Length": "4",
            "X-Goog-Storage-Class": "STANDARD",
            "ETag": f'"{blob.etag}"',
            "Content-Type": "text/x",
            "Cache-Control": "no-cache",
            "Content-Disposition": "attachment",
        }.items() <= headers.items()
