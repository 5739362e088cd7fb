"""Calls made to be slow or to break something inside: each is answered as a refusal, and soon."""

from __future__ import annotations

import base64
import json

import pytest
import requests
from google.cloud import storage

from tests.local.storage_server import StorageServer, head, raw, shaped
from tests.support import PATIENCE

TOKENS = [
    '["\\ud800", 0]',
    "[" * 5000,
    '["a", 1e999]',
    '["a", -1]',
    '["a", true]',
    '{"a": 1, "b": 2}',
    "null",
]


@pytest.mark.parametrize("text", TOKENS)
def test_tokens_that_no_answer_gave_out(
    http: requests.Session, server: StorageServer, bucket: storage.Bucket, text: str
) -> None:
    bucket.blob("t").upload_from_string("t")
    base = f"{server.url}/storage/v1/b/{bucket.name}"
    for token in (base64.urlsafe_b64encode(text.encode()).decode(), "é", text):
        query = {"pageToken": token, "project": "local-project"}
        answers = [
            http.get(f"{base}/{kind}", params=query, timeout=PATIENCE) for kind in ("o", "managedFolders")
        ]
        answers.append(http.get(f"{server.url}/storage/v1/b", params=query, timeout=PATIENCE))
        rewrite = f"{base}/o/t/rewriteTo/b/{bucket.name}/o/m"
        answers.append(http.post(rewrite, params={"rewriteToken": token}, timeout=PATIENCE))
        assert all(shaped(answer) for answer in answers), [answer.text for answer in answers]
        assert answers[-1].status_code == 400
    own = json.dumps([str(bucket.get_blob("t").generation), -5])
    query = {"rewriteToken": base64.urlsafe_b64encode(own.encode()).decode()}
    assert http.post(rewrite, params=query, timeout=PATIENCE).status_code == 400


@pytest.mark.parametrize("glob", ["*a" * 12 + "b", "{a,aa,*}" * 100 + "b", "a" * 2000, "{"])
def test_a_glob_made_to_be_slow_stops_nobody(
    http: requests.Session, server: StorageServer, bucket: storage.Bucket, glob: str
) -> None:
    bucket.blob("a" * 200).upload_from_string("x")
    base = f"{server.url}/storage/v1/b/{bucket.name}/o"
    answer = http.get(base, params={"matchGlob": glob}, timeout=PATIENCE)
    assert shaped(answer)
    restore = http.post(f"{base}/bulkRestore", json={"matchGlobs": [glob]}, timeout=PATIENCE)
    assert shaped(restore)
    assert answer.status_code == restore.status_code


def test_half_a_character(http: requests.Session, server: StorageServer, bucket: storage.Bucket) -> None:
    base = f"{server.url}/storage/v1/b"
    bucket.blob("h").upload_from_string("h")
    for path, body in (
        (f"{bucket.name}/o/h", b'{"contentType": "\\ud800"}'),
        (f"{bucket.name}", b'{"labels": {"a": "\\ud800"}}'),
        (f"{bucket.name}/o/h", b'{"metadata": {"\\ud800": "a"}}'),
    ):
        answer = http.patch(f"{base}/{path}", body, timeout=PATIENCE)
        assert (shaped(answer), answer.status_code) == (True, 400), answer.text
    assert http.patch(
        f"{base}/{bucket.name}/o/h", b'{"metadata": {"a": "\\ud83d\\ude00"}}', timeout=PATIENCE
    ).ok
    place = f"/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=bytes"
    line = head("POST", place, "Content-Length: 1")[:-2]
    said = raw(server, line + b"Content-Type: text/\xff\xfe\r\n\r\nx")
    assert b" 400 " in said.partition(b"\r\n")[0]


def test_long_lists_of_nothing(http: requests.Session, server: StorageServer, bucket: storage.Bucket) -> None:
    """Bodies whose reading must not take the square of their length."""
    begun = http.post(f"{server.url}/{bucket.name}/parts", params={"uploads": ""}, timeout=PATIENCE)
    id_ = begun.text.partition("<UploadId>")[2].partition("<")[0]
    body = b"<Part>" * 600_000
    answer = http.post(f"{server.url}/{bucket.name}/parts", body, params={"uploadId": id_}, timeout=PATIENCE)
    assert (shaped(answer), answer.status_code) == (True, 400)
    headers = {"Content-Type": "multipart/related; boundary=b"}
    place = f"{server.url}/upload/storage/v1/b/{bucket.name}/o?uploadType=multipart"
    body = b"--b\r\n\r\n" + b"--b\r\n" * 200_000
    answer = http.post(place, body, headers=headers, timeout=PATIENCE)
    assert (shaped(answer), answer.status_code) == (True, 400)
    nested = "".join(
        f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n" for n in range(2000)
    )
    headers = {"Content-Type": "multipart/mixed; boundary=b0"}
    answer = http.post(f"{server.url}/batch/storage/v1", nested, headers=headers, timeout=PATIENCE)
    assert shaped(answer)


def test_a_fault_of_ours_is_logged_without_the_token(
    http: requests.Session,
    server: StorageServer,
    bucket: storage.Bucket,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(server.store, "find", broken)
    place = f"/storage/v1/b/{bucket.name}/o/x"
    answer = http.get(f"{server.url}/_as/owner-token{place}", timeout=PATIENCE)
    assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (500, "backendError")
    assert f"GET {place}\n" in caplog.text
    assert "owner-token" not in caplog.text
