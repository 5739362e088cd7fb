"""What a replica finds around it: folders of its own, its tools, its variables; nothing of the server's."""

from __future__ import annotations

import json
import os
import re
import venv
from pathlib import Path
from typing import Any

from tui.local import names
from tui.local.shims import prepare
from tui.local.wire.gtypes import Message

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PASSED = ("LANG", "LC_ALL", "LC_CTYPE", "TZ")
"""Variables of the server that say nothing of its user."""
_REFERENCE = re.compile(r"(\$?)\$\(([A-Za-z_][A-Za-z0-9_]*)\)")


def expand(text: str, known: dict[str, str]) -> str:
    """Replace `$(NAME)` by earlier variables; `$$(NAME)` is a plain `$(NAME)`, other names stay."""

    def one(match: re.Match[str]) -> str:
        return match[0][1:] if match[1] else known.get(match[2], match[0])

    return _REFERENCE.sub(one, text)


def spec_environment(env: Message) -> dict[str, str]:
    """The variables of a `ContainerSpec.env`, expanded in their order."""
    known: dict[str, str] = {}
    for variable in env:
        known[variable.name] = expand(variable.value, known)
    return known


class Surroundings:
    """The folders and variables of one replica."""

    def __init__(self, folder: Path, python: str) -> None:
        self._folder = folder
        self._python = python

    @property
    def work(self) -> Path:
        """The working directory."""
        return self._folder / "work"

    def make(self, *, http_url: str, token: str) -> dict[str, str]:
        """Make the folders, the virtual environment and the tools; the variables that point at them."""
        for name in ("work", "home", "tmp", "cache", "config", "data", "state", "runtime"):
            (self._folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        environment = self._folder / "venv"
        if not (environment / "pyvenv.cfg").exists():
            venv.EnvBuilder(symlinks=os.name != "nt", with_pip=False).create(environment)
        tools = prepare(
            self._folder / "tools",
            http_url=http_url,
            token=token,
            project=names.PROJECT_ID,
            python=self._python,
        )
        path = f"{environment / 'bin'}:{tools.bin_dir}:{self._folder / 'home/.local/bin'}:{_SYSTEM_PATH}"
        passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
        return (
            {"LANG": "C.UTF-8", "TERM": "dumb"}
            | passed
            | tools.env
            | self._places(environment)
            | {"PATH": path}
        )

    def _places(self, environment: Path) -> dict[str, str]:
        folder = self._folder
        return {
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "PYTHONUSERBASE": str(folder / "home/.local"),
            "VIRTUAL_ENV": str(environment),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_RUNTIME_DIR": str(folder / "runtime"),
            "PIP_CACHE_DIR": str(folder / "cache/pip"),
            "UV_CACHE_DIR": str(folder / "cache/uv"),
            "HF_HOME": str(folder / "cache/huggingface"),
            "PYTHONUNBUFFERED": "1",
        }


KEPT = frozenset(
    {"HOME", "TMPDIR", "PYTHONUSERBASE", "PATH"}
    | {f"XDG_{name}" for name in ("CACHE_HOME", "CONFIG_HOME", "DATA_HOME", "STATE_HOME", "RUNTIME_DIR")}
)
"""Variables that a spec cannot turn away from the job's own folders."""


def merge(ours: dict[str, str], theirs: dict[str, str]) -> dict[str, str]:
    """The spec's variables win, except `KEPT`; a `PATH` of the spec is searched after ours."""
    merged = ours | {name: value for name, value in theirs.items() if name not in KEPT}
    if "PATH" in theirs:
        merged["PATH"] = f"{ours['PATH']}:{theirs['PATH']}"
    return merged


def vertex_environment(job: Message, job_id: str, pool: int, index: int) -> dict[str, str]:
    """The variables that Vertex AI sets in a replica."""
    env = {
        "CLOUD_ML_JOB_ID": job_id,
        "CLOUD_ML_PROJECT_ID": names.PROJECT_NUMBER,
        "CLUSTER_SPEC": json.dumps(_cluster(job, job_id, pool, index)),
    }
    base = job.job_spec.base_output_directory.output_uri_prefix
    if base:
        env["AIP_MODEL_DIR"] = f"{base}model/"
        env["AIP_CHECKPOINT_DIR"] = f"{base}checkpoints/"
        env["AIP_TENSORBOARD_LOG_DIR"] = f"{base}logs/"
    if sum(replicas for replicas in pool_sizes(job)) > 1:
        env["TF_CONFIG"] = json.dumps(_tf_config(job, job_id, pool, index))
    return env


def pool_sizes(job: Message) -> list[int]:
    """Replicas of each pool; 0 for a skipped position."""
    return [
        int(pool.replica_count) if pool.WhichOneof("task") else 0 for pool in job.job_spec.worker_pool_specs
    ]


def _hosts(job: Message, job_id: str) -> list[list[str]]:
    return [
        [f"cmle-training-workerpool{pool}-{job_id[:10]}-{index}:2222" for index in range(size)]
        for pool, size in enumerate(pool_sizes(job))
    ]


def _cluster(job: Message, job_id: str, pool: int, index: int) -> dict[str, Any]:
    hosts = _hosts(job, job_id)
    return {
        "cluster": {f"workerpool{number}": names_ for number, names_ in enumerate(hosts) if names_},
        "environment": "cloud",
        "task": {"type": f"workerpool{pool}", "index": index},
        "job": json.dumps({"python_module": "", "args": []}),
    }


def _tf_config(job: Message, job_id: str, pool: int, index: int) -> dict[str, Any]:
    roles = ("chief", "worker", "ps", "evaluator")
    hosts = _hosts(job, job_id)
    return {
        "cluster": {roles[number]: found for number, found in enumerate(hosts) if found},
        "task": {"type": roles[pool], "index": index, "cloud": job_id},
        "job": {},
        "environment": "cloud",
    }
