"""Jobs from Python packages: fetched from storage, installed into the job, run, and told as on Vertex AI."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.aiplatform_v1 import CustomJob, JobState

from tests.local.clients import Server
from tui.local.jobs.replica import ROOT
from tui.local.shims.sdist import plain_wheel

TASK = """import os, signal, sys
print("hello from", __name__, sys.argv[1:], flush=True)
if "--fail" in sys.argv:
    raise RuntimeError("bad luck")
if "--abort" in sys.argv:
    os.kill(os.getpid(), signal.SIGSEGV)
if "--stop" in sys.argv:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    os.kill(os.getppid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)
"""
INFO = "Metadata-Version: 2.1\nName: my-trainer\nVersion: 0.1\n"
BUCKET = "packages-of-jobs"
OFFLINE = [{"name": "PIP_NO_INDEX", "value": "1"}, {"name": "PIP_CONFIG_FILE", "value": "/dev/null"}]


def sdist(**files: str) -> bytes:
    """A source distribution as setuptools makes it; `files` replace or add, with `__` for a slash."""
    contents = {
        "PKG-INFO": INFO,
        "setup.py": "from setuptools import setup, find_packages\n"
        "setup(name='my-trainer', version='0.1', packages=find_packages())\n",
        "trainer/__init__.py": "",
        "trainer/task.py": TASK,
        "my_trainer.egg-info/PKG-INFO": INFO,
        "my_trainer.egg-info/SOURCES.txt": "setup.py\ntrainer/__init__.py\ntrainer/task.py\n",
        "my_trainer.egg-info/top_level.txt": "trainer\n",
    } | {name.replace("__", "/"): text for name, text in files.items()}
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, text in contents.items():
            member = tarfile.TarInfo(f"my-trainer-0.1/{name}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return data.getvalue()


def put(server: Server, name: str, data: bytes) -> str:
    """Put an object into the bucket of packages; its URI."""
    client = storage.Client(
        project="local-project",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": server.record.http_url},
    )
    bucket = client.bucket(BUCKET)
    if not bucket.exists():
        bucket.create()
    bucket.blob(name).upload_from_string(data)
    return f"gs://{BUCKET}/{name}"


def package_job(uri: str, *args: str, **spec: Any) -> CustomJob:
    """A job of one package, which is not to reach for a network."""
    task = {
        "executor_image_uri": "europe-docker.pkg.dev/vertex-ai/training/scikit-learn-cpu.1-0:latest",
        "package_uris": [uri],
        "python_module": "trainer.task",
        "args": list(args),
        "env": OFFLINE,
    }
    machine = {"machine_type": "n1-standard-4"}
    pool = {"machine_spec": machine, "replica_count": 1, "python_package_spec": task}
    return CustomJob({"display_name": "package", "job_spec": {"worker_pool_specs": [pool], **spec}})


def test_a_package_runs_as_on_vertex_ai(shared_server: Server) -> None:
    uri = put(shared_server, "my-trainer-0.1.tar.gz", sdist())
    job = shared_server.run(package_job(uri, "--epochs=3", "--env=$(CLOUD_ML_PROJECT_ID)"))
    lines = shared_server.lines(job)
    assert job.state == JobState.JOB_STATE_SUCCEEDED, lines
    assert lines[0] == "Running run_module.py"
    assert lines[1].startswith(
        'Running task with arguments: --cluster={"chief": ["cmle-training-workerpool0-'
    )
    assert ' --task={"type": "chief", "index": 0} --job={"python_module": "trainer.task"' in lines[1]
    install = "Running command: pip3 install --user --upgrade --force-reinstall --no-deps "
    told = [
        "Running module trainer.task.",
        f"Downloading the package: {uri}",
        f"Running command: gsutil -q cp {uri} my-trainer-0.1.tar.gz",
        f"Installing the package: {uri}",
        f"{install}my-trainer-0.1.tar.gz",
        f"{install}my_trainer-0.1-py3-none-any.whl",
        "Running command: pip3 install --user my_trainer-0.1-py3-none-any.whl",
        "Running command: python3 -m trainer.task --epochs=3 --env=123456789012",
        "hello from __main__ ['--epochs=3', '--env=123456789012']",
        "Task completed. Exit code (0). Exit reason (SUCCEEDED)",
    ]
    as_is = "No package index gives what my-trainer-0.1.tar.gz needs to be built: "
    if not any(line.startswith(as_is) for line in lines):  # this machine's pip can build it
        told[5:7] = ["Running command: pip3 install --user my-trainer-0.1.tar.gz"]
    assert [line for line in lines if line in told] == told


@pytest.mark.parametrize(
    ("word", "status", "failure"),
    [
        ("--fail", 1, "returned non-zero exit status 1."),
        ("--abort", 11, "died with <Signals.SIGSEGV: 11>."),
        ("--stop", 0, ""),
    ],
)
def test_how_the_module_ends_is_how_the_task_ends(
    tmp_path: Path, word: str, status: int, failure: str
) -> None:
    (tmp_path / "trainer").mkdir()
    (tmp_path / "trainer/task.py").write_text(TASK)
    job = {"python_module": "trainer.task", "package_uris": [], "job_args": [word]}
    task = json.dumps({"cluster": {}, "task": {}, "job": job})
    code = f"from tui.local.shims.run_module import main; main({task!r})"
    python = f"{Path(sys.executable).parent}:{os.defpath}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PATH": python, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status
    reason = "SUBPROCESS_EXCEPTION" if status else "SUCCEEDED"
    assert done.stdout.endswith(f"Task completed. Exit code ({status}). Exit reason ({reason})\n")
    command = f"Command '['python3', '-m', 'trainer.task', '{word}']' "
    assert done.stderr.endswith(f"{command}{failure}\n" if failure else "")


def test_a_package_that_is_not_there(shared_server: Server) -> None:
    put(shared_server, "another", b"")
    job = shared_server.run(package_job(f"gs://{BUCKET}/missing.tar.gz"))
    assert job.state == JobState.JOB_STATE_FAILED
    assert shared_server.lines(job)[-1] == "Task completed. Exit code (1). Exit reason (SUBPROCESS_EXCEPTION)"


def contents(path: Path | None) -> dict[str, str]:
    assert path
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_a_plain_sdist_becomes_a_wheel(tmp_path: Path) -> None:
    source = tmp_path / "x.tar.gz"
    requires = "numpy>=1\n[fast]\nnumba\n[:python_version < '3.8']\nold\n[dev:os_name == 'nt']\nwin\n"
    source.write_bytes(
        sdist(
            **{"my_trainer.egg-info__requires.txt": requires, "trainer__data.json": "{}", "other__no.py": ""}
        )
    )
    found = contents(plain_wheel(source, tmp_path))
    assert {name for name in found if "dist-info" not in name} == {
        "trainer/__init__.py",
        "trainer/task.py",
        "trainer/data.json",
    }
    headers = found["my_trainer-0.1.dist-info/METADATA"].splitlines()
    assert [line for line in headers if line.startswith(("Requires", "Provides"))] == [
        "Requires-Dist: numpy>=1",
        "Provides-Extra: fast",
        'Requires-Dist: numba; extra == "fast"',
        "Requires-Dist: old; (python_version < '3.8')",
        "Provides-Extra: dev",
        "Requires-Dist: win; (os_name == 'nt') and extra == \"dev\"",
    ]


@pytest.mark.parametrize(
    "files", [{"trainer__fast.pyx": ""}, {"PKG-INFO": "", "my_trainer.egg-info__PKG-INFO": "Name: x\n"}]
)
def test_what_is_not_plain_is_left_to_pip(tmp_path: Path, files: dict[str, str]) -> None:
    source = tmp_path / "x.tar.gz"
    source.write_bytes(sdist(**files))
    assert plain_wheel(source, tmp_path) is None


def test_a_source_folder_and_wicked_names(tmp_path: Path) -> None:
    source = tmp_path / "x.zip"
    with zipfile.ZipFile(source, "w") as archive:
        for name, text in {
            "src/t.egg-info/top_level.txt": "one\ntwo\n",
            "src/t.egg-info/PKG-INFO": "Name: T.x\nVersion: 2\nRequires-Dist: six\n",
            "src/t.egg-info/requires.txt": "ignored\n",
            "src/one/a.py": "",
            "src/two.py": "",
            "src/one/../../../evil.py": "",
        }.items():
            archive.writestr(f"T.x-2/{name}", text)
    found = contents(plain_wheel(source, tmp_path))
    assert {name for name in found if "dist-info" not in name} == {"one/a.py", "two.py"}
    assert "ignored" not in found["t_x-2.dist-info/METADATA"]
