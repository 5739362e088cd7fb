"""Access control lists, policies, public access and who pays, with Google's own client over loopback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from google.api_core.exceptions import BadRequest, Conflict, Forbidden, NotFound, PreconditionFailed
from google.cloud import storage

from tests.local.storage_server import JOB, StorageServer
from tests.support import PATIENCE

NUMBER = "123456789012"
EMAIL = JOB.partition(":")[2]


@pytest.fixture
def uniform(server: StorageServer) -> storage.Bucket:
    bucket = server.bucket()
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    bucket.patch()
    return bucket


def test_an_objects_list_is_changed_entry_by_entry(bucket: storage.Bucket) -> None:
    blob = bucket.blob("x")
    blob.upload_from_string("x")
    entries = {entry["entity"]: entry["role"] for entry in blob.acl}
    assert entries == {
        "user-ana@lagoon.example": "OWNER",
        f"project-owners-{NUMBER}": "OWNER",
        f"project-editors-{NUMBER}": "OWNER",
        f"project-viewers-{NUMBER}": "READER",
    }
    blob.acl.user("ben@lagoon.example").grant_read()
    blob.acl.save()
    blob.acl.reload()
    assert {"entity": "user-ben@lagoon.example", "role": "READER"} in list(blob.acl)
    blob.acl.user("ben@lagoon.example").revoke_read()
    blob.acl.save()
    assert "user-ben@lagoon.example" not in bucket.blob("x").acl.get_entities()
    assert bucket.get_blob("x").metageneration == 3


def test_whoever_a_list_names_may_read(server: StorageServer, bucket: storage.Bucket) -> None:
    blob = bucket.blob("shared")
    blob.upload_from_string("data")
    mine = server.client("job-token").bucket(bucket.name).blob("shared")
    with pytest.raises(Forbidden, match=r"storage\.objects\.get access"):
        mine.download_as_bytes()
    blob.acl.user(EMAIL).grant_read()
    blob.acl.save()
    assert mine.download_as_bytes() == b"data"
    with pytest.raises(Forbidden):
        mine.delete()


def test_public_and_private(server: StorageServer, bucket: storage.Bucket) -> None:
    blob = bucket.blob("p")
    blob.upload_from_string("p", predefined_acl="private")
    assert [entry["entity"] for entry in blob.acl] == ["user-ana@lagoon.example"]
    blob.make_public()
    assert server.client("job-token").bucket(bucket.name).blob("p").download_as_bytes() == b"p"
    blob.make_private()
    assert "allUsers" not in {entry["entity"] for entry in bucket.get_blob("p").acl}
    upload = f"{server.url}/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=q"
    unknown = requests.post(f"{upload}&predefinedAcl=everybody", b"q", timeout=PATIENCE)
    assert (unknown.status_code, "predefinedAcl" in unknown.text) == (400, True)


def test_a_buckets_list_is_its_policys_other_face(bucket: storage.Bucket) -> None:
    bucket.acl.user("ben@lagoon.example").grant_write()
    bucket.acl.save()
    policy = bucket.get_iam_policy(requested_policy_version=3)
    members = {binding["role"]: binding["members"] for binding in policy.bindings}
    assert members["roles/storage.legacyBucketWriter"] == {"user:ben@lagoon.example"}
    policy.bindings.append({"role": "roles/storage.legacyBucketReader", "members": {"allUsers"}})
    bucket.set_iam_policy(policy)
    bucket.acl.reload()
    assert {"entity": "allUsers", "role": "READER"} in list(bucket.acl)


def test_new_objects_get_the_default_list(bucket: storage.Bucket) -> None:
    bucket.default_object_acl.all().grant_read()
    bucket.default_object_acl.save()
    blob = bucket.blob("after")
    blob.upload_from_string("x")
    assert {"entity": "allUsers", "role": "READER"} in list(blob.acl)
    copied = bucket.copy_blob(blob, bucket, "copied")
    assert {"entity": "allUsers", "role": "READER"} in list(copied.acl)


def test_entries_over_rest(server: StorageServer, bucket: storage.Bucket) -> None:
    bucket.blob("r").upload_from_string("r")
    base = f"{server.url}/storage/v1/b/{bucket.name}"
    for place in (f"{base}/acl", f"{base}/defaultObjectAcl", f"{base}/o/r/acl"):
        body = {"entity": "group-team@lagoon.example", "role": "READER"}
        made = requests.post(place, json=body, timeout=PATIENCE).json()
        assert (made["role"], made["email"]) == ("READER", "team@lagoon.example")
        one = f"{place}/group-team@lagoon.example"
        assert requests.patch(one, json={"role": "OWNER"}, timeout=PATIENCE).json()["role"] == "OWNER"
        assert requests.put(one, json={"role": "READER"}, timeout=PATIENCE).json()["role"] == "READER"
        assert requests.get(one, timeout=PATIENCE).json()["role"] == "READER"
        assert requests.get(f"{place}/project-owners-{NUMBER}", timeout=PATIENCE).json()["projectTeam"] == {
            "projectNumber": NUMBER,
            "team": "owners",
        }
        assert requests.delete(one, timeout=PATIENCE).status_code == 204
        assert requests.delete(one, timeout=PATIENCE).status_code == 404
        for bad in ({"entity": "nobody", "role": "READER"}, {"entity": "user-a@b", "role": "KING"}, {}):
            assert requests.post(place, json=bad, timeout=PATIENCE).status_code == 400


def test_lists_are_shown_only_if_asked_for(server: StorageServer, bucket: storage.Bucket) -> None:
    bucket.blob("x").upload_from_string("x")
    base = f"{server.url}/storage/v1/b/{bucket.name}"
    for url in (base, f"{base}/o/x"):
        assert "acl" not in requests.get(url, timeout=PATIENCE).json()
        full = requests.get(url, {"projection": "full"}, timeout=PATIENCE).json()
        assert (bool(full["acl"]), "owner" in full) == (True, True)
    listed = requests.get(f"{base}/o", {"projection": "full"}, timeout=PATIENCE).json()
    assert listed["items"][0]["owner"] == {"entity": "user-ana@lagoon.example"}
    assert requests.get(base, {"projection": "some"}, timeout=PATIENCE).status_code == 400


def test_uniform_access_has_no_lists(server: StorageServer, uniform: storage.Bucket) -> None:
    blob = uniform.blob("x")
    blob.upload_from_string("x")
    refusals: tuple[Callable[[], Any], ...] = (
        blob.acl.reload,
        uniform.acl.reload,
        uniform.default_object_acl.reload,
        blob.make_public,
        lambda: uniform.blob("y").upload_from_string("y", predefined_acl="publicRead"),
        uniform.make_public,
    )
    for refused in refusals:
        with pytest.raises(BadRequest, match="uniform bucket-level access"):
            refused()
    full = requests.get(f"{server.url}/storage/v1/b/{uniform.name}", {"projection": "full"}, timeout=PATIENCE)
    assert "acl" not in full.json()
    assert uniform.iam_configuration.uniform_bucket_level_access_locked_time
    uniform.iam_configuration.uniform_bucket_level_access_enabled = False
    uniform.patch()
    assert list(blob.acl)


def test_public_access_prevention(bucket: storage.Bucket) -> None:
    bucket.blob("x").upload_from_string("x")
    bucket.iam_configuration.public_access_prevention = "enforced"
    bucket.patch()
    assert bucket.client.get_bucket(bucket.name).iam_configuration.public_access_prevention == "enforced"
    policy = bucket.get_iam_policy(requested_policy_version=3)
    policy.bindings.append({"role": "roles/storage.objectViewer", "members": {"allUsers"}})
    for refused in (bucket.blob("x").make_public, bucket.make_public, lambda: bucket.set_iam_policy(policy)):
        with pytest.raises(PreconditionFailed, match="public access prevention is enforced"):
            refused()


def test_policies_of_objects(bucket: storage.Bucket, uniform: storage.Bucket) -> None:
    blob = bucket.blob("x")
    blob.upload_from_string("x")
    policy = blob.get_iam_policy()
    policy["roles/storage.legacyObjectReader"].add("allUsers")
    blob.set_iam_policy(policy)
    assert {"entity": "allUsers", "role": "READER"} in list(bucket.blob("x").acl)
    policy["roles/storage.admin"].add("user:ben@lagoon.example")
    with pytest.raises(BadRequest, match="not supported for objects"):
        blob.set_iam_policy(policy)
    assert blob.test_iam_permissions(["storage.objects.get"]) == ["storage.objects.get"]
    uniform.blob("x").upload_from_string("x")
    with pytest.raises(BadRequest):
        uniform.blob("x").get_iam_policy()


@pytest.mark.parametrize(
    "bindings",
    [5, [5], [{"role": 5, "members": []}], [{"role": "roles/x", "members": "allUsers"}], [{"role": "r"}]],
)
def test_bad_policies(server: StorageServer, bucket: storage.Bucket, bindings: Any) -> None:
    url = f"{server.url}/storage/v1/b/{bucket.name}/iam"
    assert requests.put(url, json={"bindings": bindings}, timeout=PATIENCE).status_code == 400
    assert requests.get(url, {"optionsRequestedPolicyVersion": 7}, timeout=PATIENCE).status_code == 400


def test_requesters_who_pay(server: StorageServer, bucket: storage.Bucket) -> None:
    bucket.blob("x").upload_from_string("x")
    bucket.requester_pays = True
    bucket.patch()
    assert bucket.blob("x").download_as_bytes() == b"x"
    server.grants[JOB] = {"storage.objects.get", "storage.objects.list"}
    try:
        client = server.client("job-token")
        with pytest.raises(BadRequest, match="requester pays bucket but no user project provided"):
            client.bucket(bucket.name).blob("x").download_as_bytes()
        paying = client.bucket(bucket.name, user_project="local-project")
        with pytest.raises(Forbidden, match=r"serviceusage\.services\.use"):
            list(paying.list_blobs())
        server.grants[JOB].add("serviceusage.services.use")
        assert [blob.name for blob in paying.list_blobs()] == ["x"]
        assert paying.blob("x").download_as_bytes() == b"x"
    finally:
        server.grants.clear()


def test_managed_folders_carry_rights(server: StorageServer, uniform: storage.Bucket) -> None:
    uniform.blob("open/a/x").upload_from_string("x")
    uniform.blob("closed/x").upload_from_string("x")
    base = f"{server.url}/storage/v1/b/{uniform.name}/managedFolders"
    made = requests.post(base, json={"name": "open"}, timeout=PATIENCE).json()
    assert (made["name"], made["kind"]) == ("open/", "storage#managedFolder")
    policy: dict[str, Any] = {"bindings": [{"role": "roles/storage.objectViewer", "members": [JOB]}]}
    one = f"{base}/open%2F"
    assert requests.put(f"{one}/iam", json=policy, timeout=PATIENCE).status_code == 200
    job = server.client("job-token").bucket(uniform.name)
    assert job.blob("open/a/x").download_as_bytes() == b"x"
    assert [blob.name for blob in job.list_blobs(prefix="open/")] == ["open/a/x"]
    for refused in (job.blob("closed/x").download_as_bytes, lambda: list(job.list_blobs())):
        with pytest.raises(Forbidden):
            refused()
    asked = {"permissions": ["storage.objects.get", "storage.objects.delete"]}
    owned = requests.get(f"{one}/iam/testPermissions", asked, timeout=PATIENCE).json()
    assert owned["permissions"] == asked["permissions"]
    stale = {"etag": "CAE=", **policy}
    assert requests.put(f"{one}/iam", json=stale, timeout=PATIENCE).status_code == 412
    assert requests.post(base, json={"name": "open/"}, timeout=PATIENCE).status_code == 409
    assert requests.delete(one, timeout=PATIENCE).status_code == 409
    assert requests.delete(one, params={"allowNonEmpty": "true"}, timeout=PATIENCE).status_code == 204
    assert requests.get(one, timeout=PATIENCE).status_code == 404


def test_what_there_is_none_of(server: StorageServer, bucket: storage.Bucket) -> None:
    client = bucket.client
    assert list(bucket.list_notifications()) == []
    assert list(client.list_hmac_keys()) == []
    assert (
        client.get_service_account_email() == f"service-{NUMBER}@gs-project-accounts.iam.gserviceaccount.com"
    )
    with pytest.raises(BadRequest, match="no Pub/Sub topics"):
        bucket.notification(topic_name="t").create()
    with pytest.raises(BadRequest, match="no HMAC keys"):
        client.create_hmac_key(EMAIL)
    with pytest.raises(NotFound):
        bucket.get_notification("1")
    caches = requests.get(f"{server.url}/storage/v1/b/{bucket.name}/anywhereCaches", timeout=PATIENCE)
    assert caches.json() == {"kind": "storage#anywhereCaches"}
    with pytest.raises(BadRequest, match="Unknown project id: elsewhere"):
        client.create_bucket("not-here", project="elsewhere")
    with pytest.raises(Conflict):
        client.create_bucket(bucket.name)


def test_signed_urls_are_refused_in_so_many_words(server: StorageServer, bucket: storage.Bucket) -> None:
    url = f"{server.url}/{bucket.name}/x?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Signature=00"
    for answer in (requests.get(url, timeout=PATIENCE), requests.put(url, b"x", timeout=PATIENCE)):
        assert answer.status_code == 403
        assert "<Code>SignatureDoesNotMatch</Code>" in answer.text
