"""Uploads and downloads with Google's own client over loopback."""

from __future__ import annotations

import base64
import gzip
import io
import os
import socket
from pathlib import Path

import google_crc32c
import pytest
import requests
from google.api_core.exceptions import BadRequest, NotFound, PreconditionFailed
from google.cloud import storage
from google.cloud.storage import transfer_manager
from hypothesis import given
from hypothesis import strategies as st

from tests.local.storage_server import StorageServer, serving
from tests.support import wait_until

MIB = 1 << 20


def test_a_small_upload_has_its_checksums_and_metadata(bucket: storage.Bucket) -> None:
    blob = bucket.blob("runs/a b.txt")
    blob.metadata = {"step": "10"}
    blob.cache_control = "no-store"
    blob.upload_from_string("hello", content_type="text/plain")
    found = bucket.get_blob("runs/a b.txt")
    crc = google_crc32c.value(b"hello").to_bytes(4, "big")
    assert (found.size, found.content_type, found.metageneration) == (5, "text/plain", 1)
    assert found.crc32c == base64.b64encode(crc).decode()
    assert found.md5_hash == "XUFAKrxLKna5cZ2REBfFkg=="
    assert found.metadata == {"step": "10"}
    assert found.cache_control == "no-store"
    assert found.download_as_bytes() == b"hello"


def test_a_simple_media_upload(server: StorageServer, bucket: storage.Bucket) -> None:
    url = f"{server.url}/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=x%2Fy"
    answer = requests.post(url, data=b"abc", headers={"Content-Type": "text/x"}, timeout=20)
    assert answer.json()["name"] == "x/y"
    assert bucket.get_blob("x/y").content_type == "text/x"


@pytest.mark.parametrize("size", [0, 1, 262_144, 262_145, 3 * MIB])
def test_resumable_uploads_arrive_whole(bucket: storage.Bucket, size: int) -> None:
    data = os.urandom(size)
    blob = bucket.blob("big", chunk_size=MIB // 4)
    blob.upload_from_file(io.BytesIO(data), checksum="crc32c")
    assert (blob.size, bucket.blob("big").download_as_bytes()) == (size, data)


def test_a_resumable_upload_goes_on_where_it_broke_off(server: StorageServer, bucket: storage.Bucket) -> None:
    begin = f"{server.url}/resumable/upload/storage/v1/b/{bucket.name}/o?uploadType=resumable&name=r"
    place = requests.post(begin, json={}, timeout=20).headers["Location"]
    assert place.startswith(f"{server.url}/resumable/upload/")

    def put(data: bytes, span: str) -> requests.Response:
        return requests.put(place, data=data, headers={"Content-Range": f"bytes {span}"}, timeout=20)

    nothing = put(b"", "*/*")
    assert (nothing.status_code, nothing.headers.get("Range")) == (308, None)
    assert put(b"0123456789", "0-9/*").headers["Range"] == "bytes=0-9"
    assert put(b"", "*/20").headers["Range"] == "bytes=0-9"
    assert put(b"x", "15-15/20").status_code == 400
    done = put(b"56789abcdefghij", "5-19/20")
    assert (done.status_code, done.json()["size"]) == (200, "20")
    assert put(b"", "*/20").json()["generation"] == done.json()["generation"]
    assert bucket.blob("r").download_as_bytes() == b"0123456789abcdefghij"


def test_a_resumable_upload_survives_the_server(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        bucket = server.bucket()
        begin = f"{server.url}/upload/storage/v1/b/{bucket.name}/o?uploadType=resumable&name=r"
        place = requests.post(begin, json={"contentType": "a/b"}, timeout=20).headers["Location"]
        requests.put(place, data=b"01234", headers={"Content-Range": "bytes 0-4/*"}, timeout=20)
        path = place.removeprefix(server.url)
    with serving(tmp_path) as server:
        place = f"{server.url}{path}"
        status = requests.put(place, headers={"Content-Range": "bytes */10"}, timeout=20)
        assert (status.status_code, status.headers["Range"]) == (308, "bytes=0-4")
        done = requests.put(place, data=b"56789", headers={"Content-Range": "bytes 5-9/10"}, timeout=20)
        assert (done.json()["contentType"], done.json()["md5Hash"]) == ("a/b", "eB5eJF1ptWaXm4bijSPyxw==")


def break_off(server: StorageServer, staging: Path, head: str, data: bytes) -> None:
    """Send the head of a request for 100 bytes and only `data`; go when the server has begun to take it."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"{head}\r\nHost: {host}\r\nContent-Length: 100\r\n\r\n".encode() + data)
        wait_until(lambda: list(staging.iterdir()), what="the upload's file")


def test_a_broken_upload_leaves_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        bucket = server.bucket()
        bucket.blob("whole").upload_from_string("x")
        path = f"/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=half"
        staging = tmp_path / "staging"
        break_off(server, staging, f"POST {path} HTTP/1.1", b"0123456789")
        wait_until(lambda: not list(staging.iterdir()), what="an empty staging folder")
        assert [blob.name for blob in bucket.list_blobs()] == ["whole"]


def test_a_broken_chunk_counts_as_far_as_it_came(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        begin = f"{server.url}/upload/storage/v1/b/{server.bucket().name}/o?uploadType=resumable&name=r"
        place = requests.post(begin, json={}, timeout=20).headers["Location"]
        head = f"PUT {place.removeprefix(server.url)} HTTP/1.1\r\nContent-Range: bytes 0-99/100"
        break_off(server, tmp_path / "staging", head, b"0123456789")

        def received() -> str | None:
            status = requests.put(place, headers={"Content-Range": "bytes */100"}, timeout=20)
            return status.headers.get("Range")

        assert wait_until(received, what="the part") == "bytes=0-9"
        rest = {"Content-Range": "bytes 10-99/100"}
        assert requests.put(place, data=b"x" * 90, headers=rest, timeout=20).json()["size"] == "100"


def test_a_cancelled_resumable_upload_is_gone(server: StorageServer, bucket: storage.Bucket) -> None:
    begin = f"{server.url}/upload/storage/v1/b/{bucket.name}/o?uploadType=resumable&name=r"
    place = requests.post(begin, json={}, timeout=20).headers["Location"]
    assert requests.delete(place, timeout=20).status_code == 499
    assert requests.put(place, data=b"x", timeout=20).status_code == 404


def test_a_wrong_checksum_is_refused(server: StorageServer, bucket: storage.Bucket) -> None:
    url = f"{server.url}/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=x"
    answer = requests.post(url, data=b"abc", headers={"X-Goog-Hash": "crc32c=AAAAAA=="}, timeout=20)
    assert answer.status_code == 400
    assert "doesn't match calculated CRC32C" in answer.json()["error"]["message"]
    assert bucket.get_blob("x") is None


def test_multipart_with_single_quotes_and_bare_line_feeds(
    server: StorageServer, bucket: storage.Bucket
) -> None:
    body = (
        b'--==b==\nContent-Type: application/json\n\n{"name": "odd"}\n'
        b"--==b==\nContent-Type: text/plain\n\nends with return\r\n--==b==--"
    )
    url = f"{server.url}/upload/storage/v1/b/{bucket.name}/o?uploadType=multipart&alt=json"
    kind = {"Content-Type": "multipart/related; boundary='==b=='"}
    assert requests.post(url, data=body, headers=kind, timeout=20).json()["contentType"] == "text/plain"
    assert bucket.blob("odd").download_as_bytes() == b"ends with return\r"
    for broken in (body[:-9], b"", b"--==b==\n\n{}", b"x" * (2 * MIB)):
        assert requests.post(url, data=broken, headers=kind, timeout=20).status_code == 400


def test_ranges(server: StorageServer, bucket: storage.Bucket) -> None:
    data = os.urandom(3 * MIB)
    bucket.blob("r").upload_from_string(data)
    blob = bucket.get_blob("r")
    assert blob.download_as_bytes(start=5, end=9) == data[5:10]
    assert blob.download_as_bytes(start=2 * MIB) == data[2 * MIB :]
    assert blob.download_as_bytes(start=-7) == data[-7:]
    chunked = bucket.blob("r", chunk_size=MIB // 4)
    assert chunked.download_as_bytes() == data
    url = f"{server.url}/storage/v1/b/{bucket.name}/o/r?alt=media"
    outside = requests.get(url, headers={"Range": f"bytes={3 * MIB}-"}, timeout=20)
    assert (outside.status_code, outside.headers["Content-Range"]) == (416, f"bytes */{3 * MIB}")
    odd = requests.get(url, headers={"Range": "lines=1-2"}, timeout=20)
    assert (odd.status_code, odd.content) == (200, data)


def test_an_empty_object_downloads(bucket: storage.Bucket) -> None:
    bucket.blob("empty").upload_from_string(b"")
    assert bucket.blob("empty").download_as_bytes() == b""
    assert bucket.blob("empty", chunk_size=MIB // 4).download_as_bytes() == b""


def test_many_and_large_transfers_in_threads(bucket: storage.Bucket, tmp_path: Path) -> None:
    data = os.urandom(6 * MIB)
    tmp_path.joinpath("big").write_bytes(data)
    threads = {"worker_type": transfer_manager.THREAD, "max_workers": 4}
    blob = bucket.blob("parts")
    transfer_manager.upload_chunks_concurrently(
        str(tmp_path / "big"), blob, chunk_size=5 * MIB, checksum="md5", **threads
    )
    transfer_manager.download_chunks_concurrently(
        bucket.get_blob("parts"), str(tmp_path / "back"), chunk_size=MIB, **threads
    )
    assert tmp_path.joinpath("back").read_bytes() == data
    pairs = [(io.BytesIO(f"{n}".encode()), bucket.blob(f"many/{n}")) for n in range(40)]
    assert not any(transfer_manager.upload_many(pairs, **threads))
    names = [f"many/{n}" for n in range(40)]
    results = transfer_manager.download_many_to_path(bucket, names, str(tmp_path), **threads)
    assert not any(results)
    assert tmp_path.joinpath("many/39").read_text() == "39"


def test_gzip_objects(server: StorageServer, bucket: storage.Bucket) -> None:
    packed = gzip.compress(b"text " * 1000)
    blob = bucket.blob("z")
    blob.content_encoding = "gzip"
    blob.upload_from_string(packed, content_type="text/plain")
    assert blob.download_as_bytes() == b"text " * 1000
    assert blob.download_as_bytes(raw_download=True) == packed
    url = f"{server.url}/storage/v1/b/{bucket.name}/o/z?alt=media"
    plain = requests.get(url, headers={"Accept-Encoding": "identity"}, timeout=20)
    assert (plain.content, "Content-Encoding" in plain.headers) == (b"text " * 1000, False)


def test_preconditions(bucket: storage.Bucket) -> None:
    blob = bucket.blob("p")
    blob.upload_from_string("one", if_generation_match=0)
    first = blob.generation
    with pytest.raises(PreconditionFailed):
        bucket.blob("p").upload_from_string("two", if_generation_match=0)
    bucket.blob("p").upload_from_string("two", if_generation_match=first)
    with pytest.raises(PreconditionFailed):
        bucket.delete_blob("p", if_generation_match=first)
    with pytest.raises(PreconditionFailed):
        bucket.blob("p").download_as_bytes(if_generation_match=first)
    with pytest.raises(PreconditionFailed):
        bucket.blob("p", chunk_size=MIB // 4).upload_from_string("3", if_generation_match=first)
    assert bucket.blob("p").download_as_bytes() == b"two"


def test_patching_keeps_the_bytes_and_counts(bucket: storage.Bucket) -> None:
    blob = bucket.blob("m")
    blob.metadata = {"a": "1", "b": "2"}
    blob.upload_from_string("x")
    blob.metadata = {"a": None, "c": "3"}
    blob.content_type = "text/csv"
    blob.patch()
    found = bucket.get_blob("m")
    assert (found.metadata, found.content_type) == ({"b": "2", "c": "3"}, "text/csv")
    assert (found.metageneration, found.generation) == (2, blob.generation)
    with pytest.raises(PreconditionFailed):
        blob.patch(if_metageneration_match=1)


def test_copies_composes_and_moves(server: StorageServer, bucket: storage.Bucket) -> None:
    for name in ("a", "b"):
        bucket.blob(name).upload_from_string(name * 3, content_type="text/plain")
    other = server.bucket()
    assert bucket.copy_blob(bucket.blob("a"), other, "copied").md5_hash == bucket.get_blob("a").md5_hash
    rewritten = other.blob("rewritten")
    token, done, total = rewritten.rewrite(bucket.blob("b"))
    assert (token, done, total) == (None, 3, 3)
    composed = bucket.blob("c")
    composed.compose([bucket.get_blob("a"), bucket.get_blob("b")])
    assert (composed.component_count, composed.md5_hash) == (2, None)
    assert composed.download_as_bytes() == b"aaabbb"
    bucket.move_blob(bucket.get_blob("c"), "d")
    assert bucket.get_blob("c") is None
    assert bucket.blob("d").download_as_bytes() == b"aaabbb"
    bucket.delete_blob("a")
    assert other.blob("copied").download_as_bytes() == b"aaa"


def test_what_is_not_there_is_404(bucket: storage.Bucket) -> None:
    with pytest.raises(NotFound, match=f"No such object: {bucket.name}/nothing"):
        bucket.blob("nothing").download_as_bytes()
    with pytest.raises(NotFound, match="No such object"):
        bucket.delete_blob("nothing")
    with pytest.raises(NotFound, match="The specified bucket does not exist"):
        bucket.client.bucket("nowhere").blob("x").upload_from_string("x")


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "a/../../b",
        "/abs",
        "a//b",
        "C:\\x",
        "a\0b",
        "%2e%2e/x",
        "a?b#c",
        "_as/job-token/x",
    ],
)
def test_names_like_paths_stay_inside(bucket: storage.Bucket, name: str) -> None:
    bucket.blob(name).upload_from_string("data")
    assert [blob.name for blob in bucket.list_blobs()] == [name]
    assert bucket.blob(name).download_as_bytes() == b"data"
    assert bucket.get_blob(name).name == name
    bucket.delete_blob(name)


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "x" * 1025, ".well-known/acme-challenge/x"])
def test_names_that_no_object_may_have(bucket: storage.Bucket, name: str) -> None:
    with pytest.raises(BadRequest):
        bucket.blob(name).upload_from_string("data")


@pytest.fixture(scope="module")
def unicode_bucket(server: StorageServer) -> storage.Bucket:
    return server.bucket()


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), min_size=1, max_size=40))
def test_names_of_every_kind_come_back(unicode_bucket: storage.Bucket, name: str) -> None:
    if name in {".", ".."}:
        return
    bucket = unicode_bucket
    blob = bucket.blob(name)
    blob.upload_from_string(name)
    assert bucket.get_blob(name).name == name
    assert blob.download_as_bytes() == name.encode()
    assert [found.name for found in bucket.list_blobs(prefix=name, max_results=1)] == [name]
    blob.delete()
