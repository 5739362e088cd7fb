"""Buckets, versions, soft delete, listings, batches and rights with Google's own client over loopback."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import requests
from google.api_core.exceptions import BadRequest, Conflict, Forbidden, NotFound, PreconditionFailed
from google.cloud import storage

from tests.local.storage_server import JOB, OWNER, PROJECT, StorageServer, serving
from tui.local.storage import copying
from tui.local.storage.objects import ObjectStore, Placed


@pytest.fixture
def client(server: StorageServer) -> storage.Client:
    return server.client()


def fill(bucket: storage.Bucket, *names: str) -> None:
    for name in names:
        bucket.blob(name).upload_from_string(name)


def test_a_bucket_has_the_defaults_of_the_service(client: storage.Client) -> None:
    bucket = client.create_bucket("defaults-1", location="europe-west4")
    assert (bucket.location, bucket.location_type, bucket.storage_class) == (
        "EUROPE-WEST4",
        "region",
        "STANDARD",
    )
    assert bucket.soft_delete_policy.retention_duration_seconds == 7 * 86_400
    assert not bucket.versioning_enabled
    assert client.create_bucket("defaults-2").location_type == "multi-region"
    assert {"defaults-1", "defaults-2"} <= {found.name for found in client.list_buckets()}
    assert [found.name for found in client.list_buckets(prefix="defaults-", page_size=1)] == [
        "defaults-1",
        "defaults-2",
    ]


def test_settings_are_patched(server: StorageServer) -> None:
    bucket = server.bucket(labels={"team": "a"})
    bucket.versioning_enabled = True
    bucket.add_lifecycle_delete_rule(age=30)
    bucket.labels = {"team": "b"}
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    bucket.patch()
    found = bucket.client.get_bucket(bucket.name)
    assert (found.versioning_enabled, found.labels, found.metageneration) == (True, {"team": "b"}, 2)
    assert [rule["action"]["type"] for rule in found.lifecycle_rules] == ["Delete"]
    assert found.iam_configuration.uniform_bucket_level_access_enabled
    with pytest.raises(PreconditionFailed):
        found.patch(if_metageneration_match=1)


def test_settings_are_kept_and_replaced(server: StorageServer) -> None:
    bucket = server.bucket()
    bucket.cors = [{"origin": ["https://lagoon.example"], "method": ["GET"], "maxAgeSeconds": 5}]
    bucket.configure_website("index.html", "404.html")
    bucket.enable_logging("logs-of-it", "prefix")
    bucket.autoclass_enabled = True
    bucket.labels = {"a": "b"}
    bucket.patch()
    found = bucket.client.get_bucket(bucket.name)
    assert (found.cors[0]["maxAgeSeconds"], found.get_logging()) == (
        5,
        {"logBucket": "logs-of-it", "logObjectPrefix": "prefix"},
    )
    assert (found.autoclass_enabled, found.autoclass_terminal_storage_class) == (True, "NEARLINE")
    assert found._properties["website"] == {"mainPageSuffix": "index.html", "notFoundPage": "404.html"}
    bare = bucket.client.bucket(bucket.name)
    bare.storage_class = "NEARLINE"
    bare.update()
    found = bucket.client.get_bucket(bucket.name)
    assert (found.location, found.storage_class, found.labels, found.cors) == (
        "EUROPE-WEST4",
        "NEARLINE",
        {},
        [],
    )
    places = ["EUROPE-WEST1", "EUROPE-WEST4"]
    dual = bucket.client.create_bucket("two-regions", location="eu", data_locations=places)
    assert (dual.location_type, dual.rpo) == ("dual-region", "DEFAULT")


@pytest.mark.parametrize("name", ["ab", "UPPER", "a..b", "1.2.3.4", "goog-x", "my-google-x", "-a-", "x" * 64])
def test_names_that_no_bucket_may_have(client: storage.Client, name: str) -> None:
    bucket = client.bucket("placeholder")
    bucket.name = name
    with pytest.raises(BadRequest, match="Invalid bucket name"):
        bucket.create()
    with pytest.raises(BadRequest, match="The specified location constraint is not valid"):
        bucket.client.create_bucket("on-mars", location="mars")


def test_conflicts(server: StorageServer) -> None:
    bucket = server.bucket()
    with pytest.raises(Conflict, match="you already own it"):
        bucket.client.create_bucket(bucket.name)
    fill(bucket, "x")
    with pytest.raises(Conflict, match="not empty"):
        bucket.delete()
    bucket.delete_blob("x")
    bucket.delete()
    with pytest.raises(NotFound, match="The specified bucket does not exist"):
        bucket.client.get_bucket(bucket.name)


def test_a_deleted_bucket_comes_back_and_its_objects_one_by_one(server: StorageServer) -> None:
    bucket = server.bucket()
    fill(bucket, "x")
    bucket.delete(force=True)
    (gone,) = [b for b in bucket.client.list_buckets(soft_deleted=True) if b.name == bucket.name]
    restored = bucket.client.restore_bucket(bucket.name, gone.generation)
    assert list(restored.list_blobs()) == []
    (item,) = restored.list_blobs(soft_deleted=True)
    assert restored.restore_blob("x", generation=item.generation).size == 1


def test_soft_delete_and_restore(server: StorageServer) -> None:
    bucket = server.bucket()
    fill(bucket, "keep", "lost")
    first = bucket.get_blob("lost").generation
    bucket.blob("lost").upload_from_string("newer")
    bucket.delete_blob("lost")
    gone = list(bucket.list_blobs(soft_deleted=True))
    assert [(blob.name, blob.generation == first) for blob in gone] == [("lost", True), ("lost", False)]
    assert all(blob.soft_delete_time and blob.hard_delete_time for blob in gone)
    restored = bucket.restore_blob("lost", generation=first)
    assert (restored.download_as_bytes(), restored.generation > first) == (b"lost", True)
    assert bucket.get_blob("lost", generation=first, soft_deleted=True).generation == first
    with pytest.raises(NotFound):
        bucket.restore_blob("lost", generation=1)


def test_without_retention_a_delete_is_for_good(server: StorageServer) -> None:
    bucket = server.bucket()
    bucket.soft_delete_policy.retention_duration_seconds = 0
    bucket.patch()
    fill(bucket, "x")
    path = server.store.path(server.store.get(server.store.buckets.get(bucket.name), "x"))
    assert path.exists()
    bucket.delete_blob("x")
    assert list(bucket.list_blobs(soft_deleted=True)) == []
    assert not path.exists()


def test_versions(server: StorageServer) -> None:
    bucket = server.bucket(versioning_enabled=True)
    blob = bucket.blob("v")
    generations = []
    for text in ("one", "two"):
        blob.upload_from_string(text)
        generations.append(blob.generation)
    assert bucket.blob("v", generation=generations[0]).download_as_bytes() == b"one"
    bucket.delete_blob("v")
    assert bucket.get_blob("v") is None
    assert [b.generation for b in bucket.list_blobs(versions=True)] == generations
    assert all(b.time_deleted for b in bucket.list_blobs(versions=True))
    bucket.delete_blob("v", generation=generations[0])
    assert [b.generation for b in bucket.list_blobs(versions=True)] == generations[1:]
    with pytest.raises(Conflict):
        bucket.delete()


def test_listing_by_folder_in_pages(server: StorageServer) -> None:
    bucket = server.bucket()
    fill(bucket, "a/1", "a/2", "b", "c/d/1", "c/d/2", "c/e", "d/", "é/1", "z")
    for size in (1, 2, 3, 100):
        listing = bucket.list_blobs(delimiter="/", page_size=size)
        found = [blob.name for blob in listing]
        assert (found, sorted(listing.prefixes)) == (["b", "z"], ["a/", "c/", "d/", "é/"])
        pages = [page.num_items for page in bucket.list_blobs(page_size=size).pages]
        assert sum(pages) == 9
        assert max(pages) <= size
    inside = bucket.list_blobs(prefix="c/", delimiter="/")
    assert ([blob.name for blob in inside], inside.prefixes) == (["c/e"], {"c/d/"})
    assert [b.name for b in bucket.list_blobs(prefix="d/", delimiter="/")] == ["d/"]
    trailing = bucket.list_blobs(delimiter="/", include_trailing_delimiter=True)
    assert [blob.name for blob in trailing] == ["b", "d/", "z"]


def test_listing_by_range_and_pattern(server: StorageServer) -> None:
    bucket = server.bucket()
    fill(bucket, "a/1.json", "a/2.txt", "a/b/3.json", "b.json")
    names = [b.name for b in bucket.list_blobs(start_offset="a/2", end_offset="b")]
    assert names == ["a/2.txt", "a/b/3.json"]
    assert [b.name for b in bucket.list_blobs(match_glob="a/*.json")] == ["a/1.json"]
    assert [b.name for b in bucket.list_blobs(match_glob="**.json")] == ["a/1.json", "a/b/3.json", "b.json"]
    assert [b.name for b in bucket.list_blobs(match_glob="{b,a/2}.{txt,json}")] == ["a/2.txt", "b.json"]


def test_fields_reach_inside(server: StorageServer) -> None:
    bucket = server.bucket()
    blob = bucket.blob("f")
    blob.metadata = {"goog-reserved-file-mtime": "5", "other": "x"}
    blob.upload_from_string("x")
    url = f"{server.url}/storage/v1/b/{bucket.name}/o"
    wanted = "items/name,items/metadata/goog-reserved-file-mtime,nextPageToken"
    assert requests.get(url, {"fields": wanted}, timeout=20).json() == {
        "items": [{"name": "f", "metadata": {"goog-reserved-file-mtime": "5"}}]
    }
    assert requests.get(url, {"fields": "items(name"}, timeout=20).status_code == 400


@pytest.mark.parametrize("token", ["x", "W10=", "WyJhIiwgInQiXQ==", "é"])
def test_a_made_up_page_token_is_refused(server: StorageServer, token: str) -> None:
    url = f"{server.url}/storage/v1/b/{server.bucket().name}/o"
    assert requests.get(url, {"pageToken": token}, timeout=20).status_code == 400


def test_a_batch_of_a_hundred_deletes(server: StorageServer) -> None:
    bucket = server.bucket()
    names = [f"n/{number} é" for number in range(100)]
    fill(bucket, *names)
    blobs = list(bucket.list_blobs())
    with bucket.client.batch(raise_exception=False) as batch:
        for blob in blobs:
            stale = blob.generation - 1 if blob.name == names[7] else blob.generation
            bucket.delete_blob(blob.name, if_generation_match=stale)
    statuses = [response.status_code for response in batch._responses]
    assert sorted(statuses) == [204] * 99 + [412]
    assert [blob.name for blob in bucket.list_blobs()] == [names[7]]


def test_a_batch_of_more_is_refused(server: StorageServer) -> None:
    bucket = server.bucket()
    batch = bucket.client.batch()
    for _ in range(101):
        batch._make_request("DELETE", f"{server.url}/storage/v1/b/{bucket.name}/o/x")
    with pytest.raises(BadRequest, match="101 calls"):
        batch.finish()


def test_a_batch_reads_and_patches(server: StorageServer) -> None:
    bucket = server.bucket()
    fill(bucket, "a", "b")
    one, two = bucket.blob("a"), bucket.blob("b")
    two.content_type = "text/batch"
    with bucket.client.batch():
        one.reload()
        two.patch()
    assert (one.size, bucket.get_blob("b").content_type) == (1, "text/batch")


def test_rights(server: StorageServer) -> None:
    bucket = server.bucket()
    fill(bucket, "x")
    account = JOB.partition(":")[2]
    job = server.client("job-token").bucket(bucket.name)
    text = (
        f"{account} does not have storage.objects.create access to the Google Cloud Storage object. "
        r"Permission 'storage.objects.create' denied on resource \(or it may not exist\)."
    )
    with pytest.raises(Forbidden, match=text) as refused:
        job.blob("y").upload_from_string("y")
    assert refused.value.response.json()["error"]["errors"][0]["reason"] == "forbidden"
    with pytest.raises(Forbidden, match=r"storage\.objects\.list access to the Google Cloud Storage bucket"):
        list(job.list_blobs())
    with pytest.raises(Forbidden, match=r"storage\.buckets\.create access to the Google Cloud project"):
        job.client.create_bucket("no-such-right")
    server.grants[JOB] = {"storage.objects.create", "storage.objects.get"}
    job.blob("y").upload_from_string("y")
    assert job.blob("y").download_as_bytes() == b"y"
    with pytest.raises(Forbidden, match=r"storage\.objects\.delete"):
        job.blob("x").upload_from_string("overwritten")
    assert job.test_iam_permissions(["storage.objects.get", "storage.objects.delete"]) == [
        "storage.objects.get"
    ]
    server.grants.clear()


def test_links_keep_the_token(server: StorageServer) -> None:
    bucket = server.bucket()
    fill(bucket, "x")
    server.grants[JOB] = {"storage.objects.list"}
    (blob,) = server.client("job-token").bucket(bucket.name).list_blobs()
    with pytest.raises(Forbidden, match=r"storage\.objects\.get"):
        blob.download_as_bytes()
    server.grants.clear()


def test_a_buckets_own_policy_gives_rights(server: StorageServer) -> None:
    bucket = server.bucket()
    policy = bucket.get_iam_policy(requested_policy_version=3)
    assert "roles/storage.legacyBucketOwner" in {binding["role"] for binding in policy.bindings}
    policy.bindings.append({"role": "roles/storage.objectAdmin", "members": {JOB}})
    saved = bucket.set_iam_policy(policy)
    assert saved.etag != policy.etag
    job = server.client("job-token").bucket(bucket.name)
    job.blob("z").upload_from_string("z")
    assert [blob.name for blob in job.list_blobs()] == ["z"]
    with pytest.raises(PreconditionFailed):
        bucket.set_iam_policy(policy)


def test_the_api_switched_off(server: StorageServer) -> None:
    server.disabled.add("storage.googleapis.com")
    try:
        with pytest.raises(Forbidden, match="has not been used in project") as refused:
            list(server.client().list_buckets())
        assert refused.value.reason == "SERVICE_DISABLED"
        assert refused.value.response.json()["error"]["errors"][0]["reason"] == "accessNotConfigured"
    finally:
        server.disabled.clear()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/b?project=p", b"{", 400),
        ("POST", "/b?project=p", b"[1]", 400),
        ("POST", "/b?project=p", b'{"name": 5}', 400),
        ("POST", "/b?project=p", b'{"name": "fine-name", "labels": 5}', 400),
        ("POST", "/b?project=p", b"[" * 100_000, 400),
        ("POST", "/b?project=p", b" " * (2 << 20), 413),
        ("POST", "/b", b'{"name": "fine-name"}', 400),
        ("GET", "/b", b"", 400),
        ("GET", "/nothing", b"", 404),
        ("TRACE", "/b", b"", 404),
        ("GET", "/b/some-bucket/o?maxResults=x", b"", 404),
    ],
)
def test_bad_requests_have_googles_shape(
    server: StorageServer, method: str, path: str, body: bytes, status: int
) -> None:
    answer = requests.request(method, f"{server.url}/storage/v1{path}", data=body, timeout=20)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["code"] == status
    assert error["errors"][0]["message"] == error["message"]


def test_bad_metadata_is_refused(server: StorageServer) -> None:
    bucket = server.bucket()
    url = f"{server.url}/upload/storage/v1/b/{bucket.name}/o?uploadType=resumable"
    bodies: list[dict[str, Any]] = [
        {"name": "\ud800"},
        {"name": "x", "metadata": {"a": 5}},
        {"name": "x", "contentType": "a\r\nb"},
        {"name": "x", "storageClass": "FAST"},
        {"name": 5},
        {},
    ]
    for body in bodies:
        assert requests.post(url, json=body, timeout=20).status_code == 400, body


def test_everything_is_there_after_a_new_start(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        bucket = server.bucket()
        fill(bucket, "a/b")
        name = bucket.name
    tmp_path.joinpath("staging", "left-over").write_text("half an upload")
    store = ObjectStore(tmp_path)
    row = store.get(store.buckets.get(name), "a/b")
    assert store.path(row).read_bytes() == b"a/b"
    assert os.listdir(tmp_path / "staging") == []  # noqa: PTH208
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "blobs", tmp_path / "staging")} == {0}
    store.close()


def test_soft_deleted_objects_go_when_their_time_is_over(tmp_path: Path) -> None:
    now = [1_800_000_000.0]
    store = ObjectStore(tmp_path, clock=lambda: now[0])
    bucket = store.buckets.insert(PROJECT, {"name": "clocked"})
    row = store.put_bytes(bucket, "x", b"data")
    copy = copying.copy(store, row, Placed(bucket, "copy"))
    store.delete(bucket, "x")
    now[0] += 7 * 86_400 + 1
    assert store.find(bucket, "x", row.generation, soft_deleted=True) is None
    store.purge()
    assert store.path(copy).read_bytes() == b"data"
    store.delete(bucket, "copy")
    now[0] += 7 * 86_400 + 1
    store.purge()
    assert not store.path(copy).exists()
    store.close()


def test_the_owner_is_no_stranger(server: StorageServer) -> None:
    assert server.allows(OWNER, "storage.buckets.create")
    named = server.client("owner-token")
    named.create_bucket("by-token")
    assert named.get_bucket("by-token").name == "by-token"
