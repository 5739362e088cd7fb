"""Google's own command line tools on the storage routes; a call takes more than a second, so they are few."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from google.cloud import storage

from tests.local.storage_server import PROJECT, StorageServer
from tests.support import clean_environment
from tui.local.storage.batch import ROUTES

pytestmark = [
    pytest.mark.skipif(not shutil.which("gcloud"), reason="the Google Cloud CLI is not installed"),
]


BIG = bytes(9 << 20)
SLICED = {
    "CLOUDSDK_STORAGE_SLICED_OBJECT_DOWNLOAD_THRESHOLD": "4M",
    "CLOUDSDK_STORAGE_SLICED_OBJECT_DOWNLOAD_COMPONENT_SIZE": "4M",
}
COMPOSITE = {
    "CLOUDSDK_STORAGE_RESUMABLE_THRESHOLD": "1M",  # gcloud only tidies up after parts sent that way
    "CLOUDSDK_STORAGE_PARALLEL_COMPOSITE_UPLOAD_ENABLED": "True",
    "CLOUDSDK_STORAGE_PARALLEL_COMPOSITE_UPLOAD_THRESHOLD": "4M",
    "CLOUDSDK_STORAGE_PARALLEL_COMPOSITE_UPLOAD_COMPONENT_SIZE": "4M",
}


class Tools:
    """gcloud and gsutil with a configuration of their own."""

    def __init__(self, server: StorageServer, folder: Path) -> None:
        self.work = folder
        folder.joinpath("boto").write_text("[GSUtil]\nuse_gcloud_storage = True\n[Credentials]\n")
        self.env = {
            **clean_environment(os.environ),
            "CLOUDSDK_CONFIG": str(folder / "config"),
            "CLOUDSDK_CORE_PROJECT": PROJECT,
            "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
            "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
            "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
            "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
            "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": f"{server.url}/storage/v1/",
            "CLOUDSDK_STORAGE_PROCESS_COUNT": "1",  # starting more takes longer than such small work
            "CLOUDSDK_STORAGE_THREAD_COUNT": "4",
            "BOTO_CONFIG": str(folder / "boto"),
        }

    def run(self, *words: str, **env: str) -> str:
        done = self.start(*words, **env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, words: str) -> str:
        """What `gcloud storage` says of a command that must fail."""
        done = self.start("gcloud", "storage", *words.split())
        assert done.returncode != 0, done.stdout
        assert "Traceback" not in done.stderr
        return done.stderr

    def start(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            env=self.env | env,
            cwd=self.work,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def storage(self, words: str, **env: str) -> str:
        """`gcloud storage` with words that have no blanks in them."""
        return self.run("gcloud", "storage", *words.split(), **env)

    def at_once(self, *commands: str, run: Callable[[str], str] | None = None) -> list[str]:
        """What commands of `gcloud storage` say that do not depend on each other."""
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(run or self.storage, commands))

    def gsutil(self, words: str) -> str:
        return self.run("gsutil", *words.split())


@pytest.fixture
def tools(server: StorageServer, tmp_path: Path) -> Tools:
    outputs = tmp_path / "outputs"
    outputs.joinpath("sub").mkdir(parents=True)
    outputs.joinpath("one.txt").write_text("one")
    outputs.joinpath("sub", "ü ñ.bin").write_bytes(BIG)
    return Tools(server, tmp_path)


def names(bucket: storage.Bucket, **query: Any) -> list[str]:
    return [blob.name for blob in bucket.list_blobs(**query)]


def test_every_call_that_gcloud_knows_has_a_route() -> None:
    """Held against gcloud's own table of the Storage API, names, methods and paths."""
    root = Path(str(shutil.which("gcloud"))).resolve().parents[1]
    table = root / "lib/googlecloudsdk/generated_clients/apis/storage/v1/storage_v1_client.py"
    pattern = r"http_method='(\w+)',\s+method_id='([\w.]+)',.*?relative_path='([^']+)'"
    known = re.findall(pattern, table.read_text(), re.DOTALL)
    ours = {(route.method, route.name, re.sub(r"{\w+}", "{}", route.template[1:])) for route in ROUTES}
    theirs = {(method, name, re.sub(r"{\w+}", "{}", path)) for method, name, path in known}
    assert len(theirs) > 70
    assert {name for _, name, _ in theirs - ours} == {
        "storage.objects.insert",  # below /upload
        "storage.buckets.operations.advanceRelocateBucket",  # nothing is ever relocated
    }


def test_gcloud_copies_both_ways_and_keeps_in_step(server: StorageServer, tools: Tools) -> None:
    bucket = server.bucket()
    url = f"gs://{bucket.name}"
    tools.storage(f"cp --recursive outputs {url}/runs/1", CLOUDSDK_STORAGE_RESUMABLE_THRESHOLD="1M")
    assert names(bucket) == ["runs/1/one.txt", "runs/1/sub/ü ñ.bin"]
    (tools.work / "back").mkdir()
    tools.storage(f"cp --recursive {url}/runs back", **SLICED)
    assert tools.work.joinpath("back/runs/1/sub/ü ñ.bin").read_bytes() == BIG
    assert tools.work.joinpath("back/runs/1/one.txt").read_text() == "one"
    tools.work.joinpath("outputs/one.txt").rename(tools.work / "outputs/two.txt")
    tools.storage(f"rsync -r --delete-unmatched-destination-objects outputs {url}/runs/1")
    assert names(bucket) == ["runs/1/sub/ü ñ.bin", "runs/1/two.txt"]
    tools.storage(f"mv {url}/runs/1/two.txt {url}/three.txt")
    tools.storage(f"objects compose {url}/three.txt {url}/three.txt {url}/six")
    assert bucket.blob("six").download_as_bytes() == b"oneone"
    tools.storage(f"restore {url}/runs/1/o** --async")
    assert names(bucket) == ["runs/1/one.txt", "runs/1/sub/ü ñ.bin", "six", "three.txt"]
    tools.storage(f"rm --recursive {url}")
    assert not bucket.exists()


def test_gcloud_says_what_is_there(server: StorageServer, tools: Tools) -> None:
    bucket = server.bucket()
    url = f"gs://{bucket.name}"
    for name in ("a/1", "a/2", "b"):
        bucket.blob(name).upload_from_string("data")
    listed, shown, found = tools.at_once(
        f"ls -l -r {url}", f"ls -L -a {url}/b", f"objects list {url}/** --format=json"
    )
    assert "TOTAL: 3 objects, 12 bytes (12.00B)" in listed
    assert f"{url}/a/:" in listed
    assert "Hash (CRC32C):               rth90Q==" in shown
    assert f"{url}/b#{bucket.get_blob('b').generation}:" in shown
    objects = json.loads(found)
    assert [(each["name"], each["crc32c_hash"]) for each in objects] == [
        (name, "rth90Q==") for name in ("a/1", "a/2", "b")
    ]


def test_gcloud_says_what_is_refused(server: StorageServer, tools: Tools) -> None:
    bucket = server.bucket()
    none, taken = tools.at_once(
        "ls gs://no-such-bucket", f"buckets create gs://{bucket.name}", run=tools.refused
    )
    assert "not found: 404" in none
    assert "HTTPError 409: Your previous request to create the named bucket succeeded" in taken


def test_gcloud_changes_a_bucket(server: StorageServer, tools: Tools) -> None:
    bucket = server.bucket()
    rules = {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 30}}]}
    tools.work.joinpath("rules.json").write_text(json.dumps(rules))
    change = "--versioning --lifecycle-file=rules.json --update-labels=a=b --soft-delete-duration=10d"
    binding = "--member=user:ben@lagoon.example --role=roles/storage.objectViewer"
    tools.at_once(
        f"buckets update gs://{bucket.name} {change}",
        f"buckets add-iam-policy-binding gs://{bucket.name} {binding}",
    )
    every = {each["name"]: each for each in json.loads(tools.storage("buckets list --format=json"))}
    found = every[bucket.name]
    assert (found["lifecycle_config"], found["labels"], found["versioning_enabled"]) == (
        rules,
        {"a": "b"},
        True,
    )
    assert found["soft_delete_policy"]["retentionDurationSeconds"] == "864000"
    assert {"user:ben@lagoon.example"} in [each["members"] for each in bucket.get_iam_policy().bindings]


def test_gcloud_uploads_in_parts_and_keeps_folders(server: StorageServer, tools: Tools) -> None:
    tools.storage(
        "buckets create gs://by-folder --uniform-bucket-level-access --enable-hierarchical-namespace"
    )
    tools.work.joinpath("big").write_bytes(BIG)
    tools.storage("cp big gs://by-folder/a/big", **COMPOSITE)
    bucket = server.client().bucket("by-folder")
    assert (bucket.get_blob("a/big").component_count, names(bucket)) == (3, ["a/big"])
    tools.storage("mv gs://by-folder/a/ gs://by-folder/z")
    assert tools.storage("folders list gs://by-folder --format=value(name)").split()[-1:] == ["z/"]
    assert bucket.blob("z/big").download_as_bytes() == BIG


@pytest.mark.skipif(not shutil.which("gsutil"), reason="gsutil is not installed")
def test_gsutil(server: StorageServer, tools: Tools) -> None:
    """It hands its work to `gcloud storage`, and a call starts Python three times: two stand for all."""
    bucket = server.bucket()
    bucket.blob("runs/old").upload_from_string("old")
    tools.gsutil(f"rsync -r -d outputs gs://{bucket.name}/runs")
    assert names(bucket) == ["runs/one.txt", "runs/sub/ü ñ.bin"]
    assert f"TOTAL: 2 objects, {len(BIG) + 3} bytes" in tools.gsutil(f"ls -l -r gs://{bucket.name}")
