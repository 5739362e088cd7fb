"""What a job finds around it: its own folders and tools, Vertex AI's variables, nothing of the user's."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import site
import subprocess
import sys
import sysconfig
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from google.cloud.aiplatform_v1 import CustomJob, EnvVar
from hypothesis import given
from hypothesis import strategies as st

from tests.local.clients import script_job
from tests.local.works import Works, state, works
from tests.support import wait_for
from tui.local.jobs import messages
from tui.local.jobs.launch import MIB, gcs_paths, replica_limit
from tui.local.jobs.memory import tree_memory
from tui.local.jobs.runner import process_mark
from tui.local.jobs.variables import expand, vertex_environment
from tui.local.wire import gtypes

POISON = {
    "AWS_SECRET_ACCESS_KEY": "poison-aws",
    "GOOGLE_APPLICATION_CREDENTIALS": "/poison-google.json",
    "SSH_AUTH_SOCK": "/poison-agent",
    "HF_TOKEN": "poison-hf",
    "WANDB_API_KEY": "poison-wandb",
    "PIP_INDEX_URL": "https://poison-pip@example.com/simple",
    "UV_INDEX_URL": "https://poison-uv@example.com/simple",
    "https_proxy": "http://user:poison-proxy@127.0.0.1:9",
    "PYTHONPATH": "/poison-path",
    "PYTHONSTARTUP": "/poison-startup",
    "LD_PRELOAD_POISON": "poison-preload",
    "BASH_ENV": "/poison-bash",
    "KUBECONFIG": "/poison-kube",
    "XDG_CONFIG_HOME": "/poison-config",
}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Works]:
    async with works(tmp_path / "data") as made:
        yield made


def pools(*sizes: int) -> gtypes.Message:
    """A stored job with pools of these sizes; 0 skips a position."""
    used = CustomJob.to_dict(script_job("true"))["job_spec"]["worker_pool_specs"][0]
    specs = [used | {"replica_count": size} if size else {} for size in sizes]
    return gtypes.CustomJob.FromString(
        CustomJob.serialize(CustomJob({"job_spec": {"worker_pool_specs": specs}}))
    )


def variables(job: gtypes.Message, pool: int, index: int) -> dict[str, Any]:
    env = vertex_environment(job, "12345678901234", pool, index)
    return {name: json.loads(env[name]) for name in ("CLUSTER_SPEC", "TF_CONFIG") if name in env}


async def test_nothing_secret_reaches_a_job(shop: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in POISON.items():
        monkeypatch.setenv(name, value)
    row = await shop.script("env; cat /proc/$PPID/environ | tr '\\0' '\\n'; cat /proc/$PPID/cmdline")
    assert state(row) == "SUCCEEDED"
    text = "\n".join(shop.lines(row))
    assert "poison" not in text
    assert not [name for name in POISON if f"\n{name}=" in text and name != "XDG_CONFIG_HOME"]


async def test_the_user_s_home_is_left_alone(
    shop: Works, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "user"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    script = (
        "echo x > ~/.bashrc; mkdir -p $HOME/.cache $XDG_CONFIG_HOME/pip; touch ~/.cache/y; python3 -m site"
    )
    row = await shop.script(script)
    assert state(row) == "SUCCEEDED"
    assert list(home.iterdir()) == []
    assert not [line for line in shop.lines(row) if str(home) in line]


def pythons() -> str:
    """A digest of what is installed in the Pythons that a job could reach."""
    places = {sysconfig.get_path("purelib"), site.getusersitepackages(), *site.getsitepackages()}
    base = Path(sys.base_prefix) / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    system = [*Path("/usr/lib/python3").glob("*"), *Path("/usr/local/lib").glob("python3*/*-packages")]
    found = {
        f"{entry} {entry.stat().st_mtime_ns}"
        for place in [*map(Path, places), base / "site-packages", *system]
        if place.is_dir()
        for entry in place.iterdir()
        if entry.name != "__pycache__"
    }
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()


async def test_pip_installs_into_the_job_only(shop: Works, wheel: Path) -> None:
    before = pythons()
    ways = [
        f"pip install --no-index --user {wheel}",
        f"python3 -m pip install --no-index --user --force-reinstall {wheel}",
        "python3 -c 'import parcel; print(parcel.__file__)'",
        "pip3 --version",
    ]
    row = await shop.script(f"set -e; {'; '.join(ways)}")
    assert state(row) == "SUCCEEDED", shop.lines(row)
    lines = shop.lines(row)
    assert sum("Successfully installed parcel-1.0" in line for line in lines) == 2
    folder = str(shop.place(row) / "venv")
    assert lines[-2].startswith(folder)
    assert folder in lines[-1]
    assert pythons() == before


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A package `parcel` 1.0, without a build."""
    import zipfile  # noqa: PLC0415

    path = tmp_path / "parcel-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("parcel/__init__.py", "")
        archive.writestr(
            "parcel-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: parcel\nVersion: 1.0\n"
        )
        archive.writestr(
            "parcel-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("parcel-1.0.dist-info/RECORD", "")
    return path


async def test_another_python_s_pip_refuses(shop: Works, wheel: Path) -> None:
    outside = next((path for path in ("/usr/bin/python3", "/usr/local/bin/python3") if _has_pip(path)), None)
    if outside is None:
        pytest.skip("no Python of the system with pip")
    before = pythons()
    row = await shop.script(f"{outside} -m pip install --no-index --break-system-packages {wheel}")
    assert state(row) == "FAILED"
    assert any("virtualenv" in line for line in shop.lines(row))
    assert pythons() == before


def _has_pip(python: str) -> bool:
    command = [python, "-c", "import pip"]
    return Path(python).exists() and not subprocess.run(command, check=False, capture_output=True).returncode


async def test_uv_installs_into_the_job_only(shop: Works, wheel: Path) -> None:
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed")
    before = pythons()
    row = await shop.script(
        f"set -e; {uv} pip install --offline {wheel}; "
        f"{uv} pip install --offline --system --reinstall {wheel};"
        " python3 -c 'import parcel; print(parcel.__file__)'"
    )
    assert state(row) == "SUCCEEDED", shop.lines(row)
    assert shop.lines(row)[-1].startswith(str(shop.place(row)))
    assert pythons() == before


def test_cluster_spec_names_every_pool_that_is_used() -> None:
    job = pools(1, 0, 2, 1)
    found = variables(job, 2, 1)
    assert found["CLUSTER_SPEC"] == {
        "cluster": {
            "workerpool0": ["cmle-training-workerpool0-1234567890-0:2222"],
            "workerpool2": [f"cmle-training-workerpool2-1234567890-{index}:2222" for index in (0, 1)],
            "workerpool3": ["cmle-training-workerpool3-1234567890-0:2222"],
        },
        "environment": "cloud",
        "task": {"type": "workerpool2", "index": 1},
        "job": '{"python_module": "", "package_uris": [], "job_args": []}',
    }
    assert found["TF_CONFIG"]["task"] == {"type": "ps", "index": 1, "cloud": "12345678901234"}
    assert list(found["TF_CONFIG"]["cluster"]) == ["chief", "ps"]
    assert found["TF_CONFIG"]["environment"] == "cloud"


def test_one_replica_has_no_tf_config() -> None:
    assert list(variables(pools(1), 0, 0)) == ["CLUSTER_SPEC"]


async def test_references_are_expanded_where_kubernetes_does(shop: Works) -> None:
    job = script_job("")
    job.job_spec.base_output_directory.output_uri_prefix = "gs://b/o/"
    container = job.job_spec.worker_pool_specs[0].container_spec
    container.command = ["$(TOOL)", "%s\\n"]
    container.args = ["$(OUT)x", "$(NONE)", "$$(OUT)", "$(CLOUD_ML_PROJECT_ID)", "$$"]
    container.env = [
        EnvVar({"name": "TOOL", "value": "printf"}),
        EnvVar({"name": "OUT", "value": "$(AIP_MODEL_DIR)$(LATER)"}),
        EnvVar({"name": "LATER", "value": "y"}),
    ]
    row = await shop.run(job)
    assert shop.lines(row) == ["gs://b/o/model/$(LATER)x", "$(NONE)", "$(OUT)", "123456789012", "$$"]


@given(st.text(st.sampled_from("$()AB_ ")))
def test_expansion_touches_nothing_but_references(text: str) -> None:
    found = expand(text, {})
    assert found == text.replace("$$(", "$(") or "$$(" in text
    assert expand(text.replace("$", ""), {"A": "x"}) == text.replace("$", "")


@pytest.mark.parametrize(
    ("script", "code", "reason"),
    [
        ("exit 1", 1, "Error"),
        ("touch x; ./x", 126, "Error"),
        ("no-such-command", 127, "Error"),
        ("kill -TERM $$", 143, "Error"),
        ("kill -KILL $$", 137, "Error"),
    ],
)
async def test_exit_statuses(shop: Works, script: str, code: int, reason: str) -> None:
    row = await shop.script(script)
    assert f"non-zero status of {code}. Termination reason: {reason}." in row.job.error.message


async def test_a_command_that_cannot_be_started_is_a_start_error(shop: Works) -> None:
    for command, why in ((["/etc"], "permission denied"), (["a\0b"], "embedded null byte")):
        job = script_job("")
        job.job_spec.worker_pool_specs[0].container_spec.command = command
        row = await shop.run(job)
        assert "non-zero status of 128. Termination reason: StartError." in row.job.error.message
        assert why in row.job.error.message


@pytest.mark.skipif(sys.platform != "linux", reason="memory is watched by /proc")
async def test_too_much_memory_ends_the_replica(tmp_path: Path) -> None:
    async with works(tmp_path / "data", memory_mib=64) as shop:
        hungry = "x = bytearray(120 * 2 ** 20); import time; time.sleep(600)"
        row = await shop.script(f'echo up; python3 -c "{hungry}"; echo never')
        assert state(row) == "FAILED"
        assert row.job.error.code == 3
        assert row.job.error.message.startswith(
            "The replica workerpool0-0 ran out of memory and exited with a non-zero status of 137."
        )
        assert shop.lines(row) == ["up"]
        shared = "x = bytearray(40 * 2 ** 20); import os, time; os.fork(); time.sleep(1)"
        row = await shop.script(f'exec python3 -c "{shared}"')
        assert state(row) == "SUCCEEDED"


def test_a_machine_s_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    assert replica_limit("n1-standard-4", 10) == 10 * MIB
    monkeypatch.setattr(os, "sysconf", lambda name: 4096 if name == "SC_PAGE_SIZE" else 2**42)
    gib = 1024 * MIB
    known = {"n1-standard-4": 15, "e2-highmem-2": 16, "a2-highgpu-1g": 85, "m1-ultramem-40": 961}
    assert {name: replica_limit(name, 0) for name in known} == {name: n * gib for name, n in known.items()}
    assert replica_limit("m1-unknown", 0) == replica_limit("", 0) == 0
    monkeypatch.setattr(os, "sysconf", lambda _: 4096)
    assert replica_limit("n1-standard-4", 0) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="memory is watched by /proc")
def test_a_tree_s_memory_counts_grandchildren() -> None:
    holder = "x = bytearray(50 * 2 ** 20); print(1, flush=True); input()"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{holder}'])"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout
        assert child.stdout.readline() == b"1\n"
        assert 50 * MIB < tree_memory(os.getpid(), 0) <= tree_memory(os.getpid(), 1 << 50)
        child.kill()
        child.communicate()


async def test_a_spec_that_needs_the_mount_is_told(shop: Works) -> None:
    row = await shop.script("ls /gcs/my-bucket/data; ls gs://x/gcs/y; cat /gcs/my-bucket/x /gcs/")
    text = messages.NO_GCS_MOUNT.format(paths="/gcs/my-bucket, /gcs/")
    assert text in shop.lines(row, "service")
    assert gcs_paths(pools(1)) == []


async def test_nothing_survives_its_runner(shop: Works) -> None:
    """Not its child, and not who left the process group; the marks of the environment tell."""
    row = shop.start(script_job("setsid sleep 600 & echo $!; sleep 600 & echo $!; echo $$; wait"))
    await wait_for(lambda: len(shop.lines(row)) == 3, what="three processes")
    pids = [int(line) for line in shop.lines(row)]
    os.kill(json.loads((shop.place(row) / "runner.json").read_text())["pid"], 9)
    await shop.ended(row)
    assert state(row) == "FAILED"
    assert row.job.error.message == messages.LOST_ERROR.format(replica="workerpool0-0")
    assert not any(process_mark(pid) for pid in pids)
