"""Bad input over plain connections: refusals of Google's shape, nothing outside the folder, no hanging."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
import requests
from google.api_core.exceptions import PreconditionFailed
from google.cloud import storage
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from tests.local.storage_server import StorageServer, head, raw, serving, shaped
from tests.support import PATIENCE
from tui.local.storage.batch import ROUTES

CONNECTIONS = 200


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageServer]:
    folder = tmp_path_factory.mktemp("outer")
    with serving(folder / "inner") as server:
        yield server
    assert [path.name for path in folder.iterdir()] == ["inner"]


@pytest.fixture(scope="module")
def bucket(server: StorageServer) -> storage.Bucket:
    return server.bucket()


def files(server: StorageServer) -> set[Path]:
    folder = server.store.files._blobs.parent
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


BODIES: list[Any] = [None, [], 5, "x", {"name": []}, {"name": {"a": 1}}, {"acl": 5}, {"acl": [5]}]
BODIES += [{"bindings": {"a": 1}}, {"entity": 5, "role": []}, {"sourceObjects": [{"name": 5}], "name": "x"}]
BODIES += [{"metadata": {"a": None, "b": 5}}, {"lifecycle": {"rule": 5}}, {"retention": {"mode": 5}}]
BODIES += [
    {"iamConfiguration": {"uniformBucketLevelAccess": 5}},
    {"softDeletePolicy": {"retentionDurationSeconds": {}}},
]
BODIES += [{"contexts": {"custom": 5}}, {"customTime": "soon"}, {"labels": {"A": "b"}}, {"cors": [5]}]
BODIES += [
    {"retentionPolicy": {"retentionPeriod": "x"}},
    {"autoclass": {"enabled": 1, "terminalStorageClass": 5}},
]
BODIES += [{"encryption": {"defaultKmsKeyName": 5}}, {"encryption": 5}, {"versioning": {"enabled": "x"}}]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_call_takes_any_json(http: requests.Session, server: StorageServer, route: Any) -> None:
    values = {"bucket": server.bucket().name, "object": "x", "sourceBucket": "none", "id": "1"}
    path = route.template
    for name in ("bucket", "object", "sourceBucket", "sourceObject", "entity", "folder", "target", "id",
                 "operation", "project"):  # fmt: skip
        path = path.replace(f"{{{name}}}", values.get(name, name))
    for body in BODIES if route.method in {"POST", "PUT", "PATCH"} else BODIES[:3]:
        data = json.dumps(body)
        answer = http.request(
            route.method, f"{server.url}/storage/v1{path}", data=data, params={"project": "local-project"},
            timeout=PATIENCE,
        )  # fmt: skip
        assert shaped(answer), (body, answer.status_code, answer.text)


PARAMETERS = (
    "generation",
    "ifGenerationMatch",
    "ifMetagenerationNotMatch",
    "maxResults",
    "sourceGeneration",
    "maxBytesRewrittenPerCall",
)
NUMBERS = ["-1", "x", "1e5", "9" * 30, "٣", "", "--1", "0x10", " 1"]


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_of_the_query(
    http: requests.Session, server: StorageServer, bucket: storage.Bucket, number: str
) -> None:
    bucket.blob("n").upload_from_string("n")
    base = f"{server.url}/storage/v1/b/{bucket.name}"
    for name in PARAMETERS:
        query = {name: number}
        for answer in (
            http.get(f"{base}/o/n", params=query, timeout=PATIENCE),
            http.get(f"{base}/o/n", params={**query, "alt": "media"}, timeout=PATIENCE),
            http.get(f"{base}/o", params=query, timeout=PATIENCE),
            http.get(base, params=query, timeout=PATIENCE),
            http.patch(f"{base}/o/n", json={}, params=query, timeout=PATIENCE),
            http.post(f"{base}/o/n/rewriteTo/b/{bucket.name}/o/m", params=query, timeout=PATIENCE),
        ):
            assert shaped(answer), (query, answer.status_code, answer.text)


PATHS = [
    "/storage/v1/b/../../../etc/passwd",
    "/storage/v1/b/..%2F..%2Fetc/o/passwd",
    "/storage/v1/b/%2e%2e/o/%2e%2e%2f%2e%2e%2fetc%2fpasswd?alt=media",
    "/download/storage/v1/b/x/o/..%2f..%2fstorage.sqlite3?alt=media",
    "/storage/v1/b/%00/o/%00",
    "/storage/v1/b/a%0d%0aX: y/o/b",
    "/storage/v1/b/%ff%fe/o/%c0%af",
    "/storage/v1//b//o",
    "/storage/v1/b/x/o/" + "y" * 7000,
    "/upload/storage/v1/b/x/o?uploadType=resumable&upload_id=../../storage.sqlite3",
    "/upload/storage/v1/b/x/o?uploadType=sideways",
    "/x/y?uploads",
    "/x/y?uploadId=../../storage.sqlite3&partNumber=1",
]


@pytest.mark.parametrize("path", PATHS)
def test_paths_that_lead_elsewhere(server: StorageServer, path: str) -> None:
    before = files(server)
    for method in ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"):
        answer = raw(server, head(method, path, "Content-Length: 4", "Content-Type: text/plain") + b"evil")
        status = int(answer.split(b" ", 2)[1])
        assert 400 <= status < 500, (method, answer[:300])
        assert b"Traceback" not in answer
    assert files(server) == before


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
ODD = st.sampled_from(["../", "..", "/", "//", "./", "\\", "\0", "\n", "%2e%2e%2f", "~", "C:", "\u200b", " "])


@examples(50)
@given(st.lists(NAMES | ODD, min_size=1, max_size=4).map("".join))
def test_any_name_is_kept_or_refused(
    http: requests.Session, server: StorageServer, bucket: storage.Bucket, name: str
) -> None:
    """Where a blob lies never depends on its name: nothing appears beside the known folders."""
    url = f"{server.url}/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name={quote(name, safe='')}"
    answer = http.post(url, b"data", timeout=PATIENCE)
    bad = "\n" in name or "\r" in name or name in {".", ".."} or len(name.encode()) > 1024
    assert answer.status_code == (400 if bad else 200), answer.text
    assert shaped(answer)
    if not bad:
        one = f"{server.url}/storage/v1/b/{bucket.name}/o/{quote(name, safe='')}"
        assert http.get(one, params={"alt": "media"}, timeout=PATIENCE).content == b"data"
        assert http.delete(one, timeout=PATIENCE).status_code == 204
    folder = server.store.files._blobs.parent
    assert {path.name.partition(".")[0] for path in folder.iterdir()} == {"blobs", "staging", "storage"}


@examples(50)
@given(st.text(max_size=70) | st.from_regex(r"[a-z0-9._-]{1,70}", fullmatch=True))
def test_any_bucket_name_is_taken_or_refused(
    http: requests.Session, server: StorageServer, name: str
) -> None:
    url = f"{server.url}/storage/v1/b?project=local-project"
    answer = http.post(url, json={"name": name}, timeout=PATIENCE)
    assert answer.status_code in {200, 400, 409}
    assert shaped(answer)


@pytest.mark.parametrize("size", [1, 1024])
def test_the_shortest_and_the_longest_name(bucket: storage.Bucket, size: int) -> None:
    for name in ("x" * size, "é" * (size // 2) or "x"):
        bucket.blob(name).upload_from_string("x")
        assert bucket.get_blob(name).name == name
        bucket.delete_blob(name)


def test_a_body_that_breaks_off_leaves_nothing(server: StorageServer, bucket: storage.Bucket) -> None:
    before = files(server)
    path = f"/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=cut"
    raw(server, head("POST", path, "Content-Length: 1000") + b"only this", end=True)
    raw(server, head("POST", path, "Transfer-Encoding: chunked") + b"5\r\nhello\r\n", end=True)
    multipart = f"/upload/storage/v1/b/{bucket.name}/o?uploadType=multipart"
    kind = "Content-Type: multipart/related; boundary=b"
    part = b'--b\r\nContent-Type: application/json\r\n\r\n{"name":"cut"}\r\n--b\r\n\r\nhalf of'
    raw(server, head("POST", multipart, kind, "Content-Length: 1000") + part, end=True)
    whole = raw(server, head("POST", multipart, kind, f"Content-Length: {len(part)}") + part)
    assert b" 400 " in whole.partition(b"\r\n")[0]
    assert bucket.get_blob("cut") is None
    assert files(server) == before


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: -5"],
        ["Content-Length: many"],
        ["Content-Length: 5", "Content-Length: 6"],
        ["Content-Length: 5", "Transfer-Encoding: chunked"],
        ["Content-Length: 99999999999999999999999"],
    ],
)
def test_lengths_that_lie(server: StorageServer, bucket: storage.Bucket, headers: list[str]) -> None:
    path = f"/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=lie"
    answer = raw(server, head("POST", path, *headers) + b"hello", end=True)
    assert not answer or 400 <= int(answer.split(b" ", 2)[1]) < 500
    assert b"Traceback" not in answer
    assert bucket.get_blob("lie") is None


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/related", b"x"),
        ("multipart/related; boundary=b", b""),
        ("multipart/related; boundary=b", b"--b\r\n\r\n{}\r\n--b--\r\n"),
        ("multipart/related; boundary=b", b"--b\r\n\r\n[]\r\n--b\r\n\r\nx\r\n--b--"),
        ("multipart/related; boundary=b", b"--b\r\n\r\n{\r\n--b\r\n\r\nx\r\n--b--"),
        ("multipart/related; boundary=" + "b" * 5000, b"--b"),
        ("text/plain", b"--b\r\n\r\n"),
    ],
)
def test_malformed_multipart(
    http: requests.Session, server: StorageServer, bucket: storage.Bucket, kind: str, body: bytes
) -> None:
    headers = {"Content-Type": kind}
    path = f"/upload/storage/v1/b/{bucket.name}/o?uploadType=multipart"
    answer = http.post(server.url + path, body, headers=headers, timeout=PATIENCE)
    assert (shaped(answer), answer.status_code) == (True, 400), answer.text
    batch = http.post(f"{server.url}/batch/storage/v1", body, headers=headers, timeout=PATIENCE)
    assert shaped(batch)
    assert "HTTP/1.1 2" not in batch.text


def test_odd_calls_inside_a_batch(
    http: requests.Session, server: StorageServer, bucket: storage.Bucket
) -> None:
    calls = [
        "GARBAGE",
        "GET /storage/v1/b/x/o/%2e%2e HTTP/1.1",
        f"GET /storage/v1/b/{bucket.name}/o?maxResults=x HTTP/1.1",
        "BREW /storage/v1/b HTTP/1.1",
        f"POST /upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=x HTTP/1.1",
        f"PATCH /storage/v1/b/{bucket.name} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n[5",
        "GET http://elsewhere.example/storage/v1/b HTTP/1.1",
    ]
    parts = "".join(f"--b\r\nContent-Type: application/http\r\nContent-ID: <{n}>\r\n\r\n{call}\r\n\r\n\r\n"
                    for n, call in enumerate(calls))  # fmt: skip
    answer = http.post(
        f"{server.url}/batch/storage/v1",
        f"{parts}--b--".encode(),
        headers={"Content-Type": "multipart/mixed; boundary=b"},
        timeout=PATIENCE,
    )
    assert answer.status_code == 200
    statuses = [int(line.split()[1]) for line in answer.text.splitlines() if line.startswith("HTTP/1.1")]
    assert statuses == [400, 404, 400, 404, 404, 400, 400]


def test_huge_json(http: requests.Session, server: StorageServer, bucket: storage.Bucket) -> None:
    base = f"{server.url}/storage/v1/b/{bucket.name}"
    for data, status in ((b'{"a":"' + b"x" * (3 << 20) + b'"}', 413), (b'{"a":' * 50_000, 400)):
        assert http.patch(base, data, timeout=PATIENCE).status_code == status
    bucket.blob("x").upload_from_string("x")
    wide = http.patch(f"{base}/o/x", json={"metadata": {"k": "v" * 9000}}, timeout=PATIENCE)
    assert (wide.status_code, "too large" in wide.text) == (400, True)


async def _flood(server: StorageServer, name: str) -> list[int]:
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    gate = asyncio.Event()

    async def one(session: aiohttp.ClientSession, number: int) -> int:
        await gate.wait()
        place = f"{server.url}/upload/storage/v1/b/{name}/o?uploadType=media&name=flood/{number}"
        async with session.post(place, data=b"%d" % number) as made:
            await made.read()
        return made.status

    timeout = aiohttp.ClientTimeout(PATIENCE)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        tasks = [asyncio.create_task(one(session, number)) for number in range(CONNECTIONS)]
        gate.set()
        return await asyncio.gather(*tasks)


async def test_two_hundred_connections(server: StorageServer, bucket: storage.Bucket) -> None:
    assert await _flood(server, bucket.name) == [200] * CONNECTIONS
    found = {blob.name: base64.b64decode(blob.md5_hash) for blob in bucket.list_blobs(prefix="flood/")}
    assert found == {
        f"flood/{n}": hashlib.md5(b"%d" % n, usedforsecurity=False).digest() for n in range(CONNECTIONS)
    }


def test_of_many_writers_in_all_ways_one_wins(bucket: storage.Bucket) -> None:
    bucket.blob("source").upload_from_string("source")

    def write(number: int) -> str | None:
        blob = bucket.blob("prize", chunk_size=(1 << 18) if number % 4 == 1 else None)
        ways = (
            lambda: blob.upload_from_string(str(number), if_generation_match=0),
            lambda: blob.upload_from_file(_file(number), if_generation_match=0),
            lambda: bucket.copy_blob(bucket.blob("source"), bucket, "prize", if_generation_match=0),
            lambda: blob.compose([bucket.blob("source")], if_generation_match=0),
        )
        try:
            ways[number % 4]()
        except PreconditionFailed:
            return None
        return str(number) if number % 4 < 2 else "source"

    with ThreadPoolExecutor(16) as pool:
        won = [result for result in pool.map(write, range(48)) if result is not None]
    assert won == [bucket.blob("prize").download_as_bytes().decode()]


def _file(number: int) -> Any:
    return io.BytesIO(str(number).encode())
