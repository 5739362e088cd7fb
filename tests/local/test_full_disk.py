"""No space left, or a disk that may only be read: clear words, nothing broken, and it goes on afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from google.api.monitored_resource_pb2 import MonitoredResource
from google.api_core.exceptions import (
    GoogleAPICallError,
    InternalServerError,
    ResourceExhausted,
    TooManyRequests,
)
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.aiplatform_v1 import JobState
from google.cloud.logging_v2.types import LogEntry

from tests.local.clients import FAST, PARENT, Server, script_job, until
from tests.support import PATIENCE
from tui.local.settings import VARIABLE

ROOT = Path(__file__).parents[2]
UNSHARE = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")


def may_mount() -> bool:
    """Whether this user may have a file system of a chosen size, seen by one process only."""
    if not shutil.which("unshare"):
        return False
    command = (*UNSHARE, "mount -t tmpfs -o size=64k none /mnt")
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


needs_mount = pytest.mark.skipif(not may_mount(), reason="this user may not mount a small file system")


def start_inside(folder: Path, mount: str, code: str) -> subprocess.CompletedProcess[str]:
    """Run Python code where `mount` has been done to `folder`, with that folder as its argument."""
    return subprocess.run(
        (*UNSHARE, f"{mount} && exec {sys.executable} -c '{code}' {folder}"),
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


ENSURE = """
import sys
from pathlib import Path
from tui.local import launcher
try:
    launcher.ensure(Path(sys.argv[1], "data"))
except launcher.LauncherError as error:
    print(error)
"""


@needs_mount
@pytest.mark.parametrize(
    ("mount", "words"),
    [
        ("mount -t tmpfs -o ro none {0}", "Read-only file system"),
        ("mount -t tmpfs -o size=64k none {0} && cp /bin/sh {0}/fill 2>/dev/null; true", "KiB are left on"),
        ("mount -t tmpfs -o size=256k none {0}", "KiB are left on"),
    ],
)
def test_a_folder_that_takes_no_data_is_said(tmp_path: Path, mount: str, words: str) -> None:
    done = start_inside(tmp_path, mount.format(tmp_path), ENSURE)
    assert done.stderr == ""
    assert words in done.stdout
    assert str(tmp_path) in done.stdout


@contextlib.contextmanager
def small_disk() -> Iterator[SimpleNamespace]:
    """A server on a file system of 12 MiB, reached over REST; `folder` is its data as seen from here."""
    with tempfile.TemporaryDirectory(prefix="vt-") as place:
        command = (
            f"mount -t tmpfs -o size=12m none {place} && "
            f"exec {sys.executable} -P -m tui.local serve --data-dir {place}/data"
        )
        env = {**os.environ, VARIABLE: json.dumps(FAST), "PYTHONPATH": str(ROOT)}
        with subprocess.Popen((*UNSHARE, command), env=env, stderr=subprocess.DEVNULL) as process:
            folder = Path(f"/proc/{process.pid}/root{place}/data")
            try:
                until((folder / "server.json").exists, "the server's start")
                record = json.loads((folder / "server.json").read_text())
                server = Server.__new__(Server)
                server.record = SimpleNamespace(**record)  # type: ignore[assignment]
                yield SimpleNamespace(folder=folder, url=record["http_url"], server=server)
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(PATIENCE)


@needs_mount
def test_a_full_disk_is_said_and_survived() -> None:
    with small_disk() as disk:
        enable = f"{disk.url}/v1/projects/local-project/services:batchEnable"
        body = {"serviceIds": ["aiplatform.googleapis.com", "logging.googleapis.com"]}
        assert requests.post(enable, json=body, timeout=PATIENCE).ok
        jobs = disk.server.rest_jobs
        script = "until [ -e gate ]; do echo tick; sleep 0.1; done"
        name = jobs.create_custom_job(parent=PARENT, custom_job=script_job(script)).name
        until(lambda: jobs.get_custom_job(name=name).state == JobState.JOB_STATE_RUNNING, "the job's start")
        ballast = disk.folder / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(b"\0" * 4096)
        refusals = [refusal_of_a_write(disk.url) for _ in range(20)]
        assert [refusal for refusal in refusals if refusal]
        assert {tuple(refusal) for refusal in refusals if refusal} == {(429, "RESOURCE_EXHAUSTED")}
        client = storage.Client(
            project="local-project",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": disk.url},
        )
        with pytest.raises((GoogleAPICallError, requests.RequestException)) as told:
            fill_a_bucket(client, "brim")
        assert getattr(told.value, "code", 500) in {429, 500, 503, 507}
        assert jobs.get_custom_job(name=name).state == JobState.JOB_STATE_RUNNING
        ballast.unlink()
        assert refusal_of_a_write(disk.url) is None
        fill_a_bucket(client, "calm")
        assert client.bucket("calm").blob("x").download_as_bytes() == b"x" * 100_000
        client.close()
        (gate,) = disk.folder.glob(f"jobs/{name.rpartition('/')[2]}/**/work")
        (gate / "gate").touch()
        until(lambda: jobs.get_custom_job(name=name).state == JobState.JOB_STATE_SUCCEEDED, "the job's end")


def fill_a_bucket(client: storage.Client, name: str) -> None:
    """Make a bucket with one object."""
    client.bucket(name).create(retry=None)
    client.bucket(name).blob("x").upload_from_string(b"x" * 100_000, retry=None)


def refusal_of_a_write(url: str) -> list[object] | None:
    """What the server says to 20 kB of log entries: HTTP status and canonical code; None if it takes them."""
    body: Any = {
        "logName": "projects/local-project/logs/full",
        "resource": {"type": "global"},
        "entries": [{"textPayload": "x" * 20_000}],
    }
    answer = requests.post(f"{url}/v2/entries:write", json=body, timeout=PATIENCE)
    return None if answer.ok else [answer.status_code, answer.json()["error"]["status"]]


def test_files_that_may_not_grow(local_server: Server) -> None:
    local_server.enable("logging")
    pid = local_server.record.pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, hard))

    def write(name: str) -> None:
        local_server.logs.write_log_entries(
            log_name="projects/local-project/logs/small",
            resource=MonitoredResource(type="global"),
            entries=[LogEntry(text_payload=name, insert_id=name)],
            retry=None,
        )

    for number in range(3):
        with pytest.raises((InternalServerError, ResourceExhausted, TooManyRequests)):
            write(f"lost{number}")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    write("kept")
    assert [entry.insert_id for entry in local_server.entries('logName:"small"')] == ["kept"]
