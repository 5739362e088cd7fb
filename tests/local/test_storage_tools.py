"""Google's own command line tools on the storage routes; a call takes more than a second, so they are few."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.storage_server import PROJECT, QUIET, StorageServer, serving
from tests.support import clean_environment

pytestmark = [
    QUIET,
    pytest.mark.skipif(not shutil.which("gcloud"), reason="the Google Cloud CLI is not installed"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageServer]:
    with serving(tmp_path_factory.mktemp("storage")) as server:
        yield server


class Tools:
    """gcloud and gsutil with a configuration of their own."""

    def __init__(self, server: StorageServer, folder: Path) -> None:
        self.work = folder
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
        }

    def run(self, *words: str) -> str:
        done = subprocess.run(
            words, env=self.env, cwd=self.work, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def tools(server: StorageServer, tmp_path: Path) -> Tools:
    outputs = tmp_path / "outputs"
    outputs.joinpath("sub").mkdir(parents=True)
    outputs.joinpath("one.txt").write_text("one")
    outputs.joinpath("sub", "big.bin").write_bytes(bytes(9 << 20))
    return Tools(server, tmp_path)


def test_gcloud_storage(server: StorageServer, tools: Tools) -> None:
    client = server.client()
    tools.run("gcloud", "storage", "buckets", "create", "gs://by-gcloud", "--location=europe-west4")
    tools.run("gcloud", "storage", "cp", "--recursive", "outputs", "gs://by-gcloud/runs/1")
    names = ["runs/1/one.txt", "runs/1/sub/big.bin"]
    assert [blob.name for blob in client.list_blobs("by-gcloud")] == names
    assert tools.run("gcloud", "storage", "cat", "gs://by-gcloud/runs/1/one.txt") == "one"
    tools.run("gcloud", "storage", "cp", "gs://by-gcloud/runs/1/sub/big.bin", "back.bin")
    assert tools.work.joinpath("back.bin").read_bytes() == bytes(9 << 20)
    tools.run("gcloud", "storage", "rsync", "-r", "outputs", "gs://by-gcloud/runs/1")
    tools.run("gcloud", "storage", "rm", "--recursive", "gs://by-gcloud")
    assert not client.bucket("by-gcloud").exists()


@pytest.mark.skipif(not shutil.which("gsutil"), reason="gsutil is not installed")
def test_gsutil(server: StorageServer, tools: Tools) -> None:
    bucket = server.bucket()
    gsutil = ("gsutil", "-o", "GSUtil:use_gcloud_storage=True")
    tools.run(*gsutil, "-m", "cp", "-r", "outputs/", f"gs://{bucket.name}/runs/1")
    assert [blob.name for blob in bucket.list_blobs()] == ["runs/1/one.txt", "runs/1/sub/big.bin"]
    assert f"gs://{bucket.name}/runs/1/sub/" in tools.run(*gsutil, "ls", f"gs://{bucket.name}/runs/1")
