"""Folders, listings that show them, and restoring in bulk, with Google's own client and plain REST."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from google.api_core.exceptions import BadRequest

from tests.local.storage_server import StorageServer
from tests.support import PATIENCE


class Tree:
    """A bucket with a hierarchical namespace, and plain calls about its folders."""

    def __init__(self, server: StorageServer) -> None:
        bucket = server.client().bucket(f"tree-{len(list(server.client().list_buckets()))}")
        bucket.iam_configuration.uniform_bucket_level_access_enabled = True
        bucket.hierarchical_namespace_enabled = True
        bucket.create(location="europe-west4")
        self.bucket = bucket
        self.url = f"{server.url}/storage/v1/b/{bucket.name}/folders"

    def call(self, method: str, path: str = "", **more: Any) -> tuple[int, Any]:
        answer = requests.request(method, self.url + path, timeout=PATIENCE, **more)
        return answer.status_code, answer.json() if answer.content else None

    def names(self, **query: Any) -> list[str]:
        items = self.call("GET", params=query)[1].get("items", [])
        return [item["name"] for item in items]


@pytest.fixture
def tree(server: StorageServer) -> Tree:
    return Tree(server)


def test_folders_are_made_listed_and_removed(tree: Tree) -> None:
    assert tree.call("POST", json={"name": "a/"})[1]["kind"] == "storage#folder"
    assert tree.call("POST", json={"name": "a"})[0] == 409
    assert tree.call("POST", json={"name": "x/y/z"})[0] == 409
    assert tree.call("POST", json={"name": "x/y/z"}, params={"recursive": "True"})[0] == 200
    assert tree.names() == ["a/", "x/", "x/y/", "x/y/z/"]
    assert tree.names(prefix="x/") == ["x/", "x/y/", "x/y/z/"]
    assert tree.names(delimiter="/") == ["a/", "x/"]
    first = tree.call("GET", params={"pageSize": 3})[1]
    assert tree.names(pageToken=first["nextPageToken"]) == ["x/y/z/"]
    assert tree.call("DELETE", "/x%2F")[0] == 409
    assert tree.call("DELETE", "/x%2Fy%2Fz%2F")[0] == 204
    assert tree.call("GET", "/x%2Fy%2Fz%2F")[0] == 404
    assert tree.call("GET", "/x%2Fy%2F")[1]["name"] == "x/y/"
    for bad in ("", "/", "a//b", "../x", 5, "a\nb", "x" * 1025, "\ud800"):
        assert tree.call("POST", json={"name": bad})[0] == 400, bad


def test_a_folder_takes_the_managed_one_of_its_name_with_it(tree: Tree) -> None:
    managed = tree.url.replace("/folders", "/managedFolders")
    tree.call("POST", json={"name": "a/b/"}, params={"recursive": "true"})
    for name in ("a/", "a/b/"):
        assert requests.post(managed, json={"name": name}, timeout=PATIENCE).ok
    assert requests.delete(f"{managed}/a%2F", timeout=PATIENCE).status_code == 409
    assert tree.call("DELETE", "/a%2Fb%2F")[0] == 204
    assert [item["name"] for item in requests.get(managed, timeout=PATIENCE).json()["items"]] == ["a/"]
    tree.call("POST", json={"name": "a/plain/"})
    assert (
        requests.delete(f"{managed}/a%2F", timeout=PATIENCE).status_code == 204
    )  # other folders do not count
    assert tree.names() == ["a/", "a/plain/"]


def test_objects_make_their_folders(tree: Tree) -> None:
    tree.bucket.blob("in/deep/x").upload_from_string("x")
    assert tree.names() == ["in/", "in/deep/"]
    tree.call("POST", json={"name": "empty/"})
    plain = tree.bucket.list_blobs(delimiter="/")
    assert (list(plain), plain.prefixes) == ([], {"in/"})
    for size in (1, 2, 10):
        shown = tree.bucket.list_blobs(delimiter="/", include_folders_as_prefixes=True, page_size=size)
        assert (list(shown), shown.prefixes) == ([], {"in/", "empty/"})
    inside = tree.bucket.list_blobs(prefix="in/", delimiter="/", include_folders_as_prefixes=True)
    assert (list(inside), inside.prefixes) == ([], {"in/deep/"})
    with pytest.raises(BadRequest, match="delimiter"):
        list(tree.bucket.list_blobs(include_folders_as_prefixes=True))
    tree.bucket.blob("in/deep/x").delete()
    assert tree.names() == ["empty/", "in/", "in/deep/"]


def test_a_folder_moves_with_all_it_holds(server: StorageServer, tree: Tree) -> None:
    for name in ("run/1/a", "run/1/b", "run/2/c"):
        tree.bucket.blob(name).upload_from_string(name)
    status, operation = tree.call("POST", "/run%2F1%2F/renameTo/folders/old%2F")
    assert (status, operation["done"], operation["response"]["name"]) == (200, True, "old/")
    assert [blob.name for blob in tree.bucket.list_blobs()] == ["old/a", "old/b", "run/2/c"]
    assert tree.bucket.blob("old/a").download_as_bytes() == b"run/1/a"
    assert tree.call("POST", "/run%2F/renameTo/folders/run%2Fx")[0] == 400
    assert tree.call("POST", "/old%2F/renameTo/folders/run%2F")[0] == 409
    assert tree.call("POST", "/old%2F/renameTo/folders/no%2Fsuch")[0] == 409
    assert tree.call("POST", "/gone%2F/renameTo/folders/x")[0] == 404
    kept = requests.get(operation["selfLink"], timeout=PATIENCE).json()
    assert kept == operation
    base = f"{server.url}/storage/v1/b/{tree.bucket.name}/operations"
    assert requests.get(base, timeout=PATIENCE).json()["operations"] == [operation]
    assert requests.post(f"{operation['selfLink']}/cancel", timeout=PATIENCE).status_code == 204
    assert requests.get(f"{base}/none", timeout=PATIENCE).status_code == 404


def test_what_a_tree_needs(server: StorageServer) -> None:
    client = server.client()
    lax = client.bucket("lax-tree")
    lax.hierarchical_namespace_enabled = True
    with pytest.raises(BadRequest, match="uniform bucket-level access"):
        lax.create()
    flat = server.bucket()
    url = f"{server.url}/storage/v1/b/{flat.name}"
    assert requests.get(f"{url}/folders", timeout=PATIENCE).status_code == 409
    assert requests.post(f"{url}/managedFolders", json={"name": "a"}, timeout=PATIENCE).status_code == 400
    assert requests.get(f"{url}/managedFolders", timeout=PATIENCE).status_code == 412
    assert requests.get(f"{url}/storageLayout", timeout=PATIENCE).json()["hierarchicalNamespace"] == {
        "enabled": False
    }
    flat.hierarchical_namespace_enabled = True
    with pytest.raises(BadRequest, match="cannot be changed"):
        flat.patch()


def test_a_restore_token_tells_deleted_objects_apart(tree: Tree) -> None:
    tree.bucket.blob("x").upload_from_string("x")
    tree.bucket.delete_blob("x")
    (gone,) = tree.bucket.list_blobs(soft_deleted=True)
    asked = {"generation": gone.generation, "softDeleted": "true"}
    tokens = {gone._properties["restoreToken"]: 200, "other": 404}
    for token, status in tokens.items():
        url = f"{tree.url.removesuffix('/folders')}/o/x"
        shown = requests.get(url, {**asked, "restoreToken": token}, timeout=PATIENCE)
        restored = requests.post(f"{url}/restore", params={**asked, "restoreToken": token}, timeout=PATIENCE)
        assert (shown.status_code, restored.status_code) == (status, status)
    assert tree.bucket.blob("x").download_as_bytes() == b"x"


def test_many_are_restored_at_once(server: StorageServer) -> None:
    bucket = server.bucket()
    for name in ("logs/a", "logs/b", "data/c"):
        bucket.blob(name).upload_from_string("old")
        bucket.blob(name).upload_from_string(name)
    for name in ("logs/a", "logs/b"):
        bucket.delete_blob(name)
    url = f"{server.url}/storage/v1/b/{bucket.name}/o/bulkRestore"
    body = {"matchGlobs": ["logs/*", "data/*"]}
    operation = requests.post(url, json=body, timeout=PATIENCE).json()
    assert (operation["done"], operation["response"]["count"]) == (True, "2")
    assert bucket.blob("logs/b").download_as_bytes() == b"logs/b"
    assert bucket.blob("data/c").download_as_bytes() == b"data/c"
    again = requests.post(url, json={**body, "allowOverwrite": True}, timeout=PATIENCE).json()
    assert again["response"]["count"] == "3"
    assert bucket.blob("data/c").download_as_bytes() == b"old"
    early = {"softDeletedBeforeTime": "2020-01-01T00:00:00Z"}
    assert requests.post(url, json=early, timeout=PATIENCE).json()["response"]["count"] == "0"
    for bad in ({"matchGlobs": "x"}, {"softDeletedAfterTime": "soon"}, {"matchGlobs": ["["]}):
        assert requests.post(url, json=bad, timeout=PATIENCE).status_code == 400
