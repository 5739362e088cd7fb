"""What a replica finds around it: folders of its own, its tools, its variables; nothing of the server's."""

from __future__ import annotations

import os
import shutil
import venv
from pathlib import Path

from tui.local import names
from tui.local.jobs.runner import MARKER
from tui.local.shims import add_pip, prepare

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PASSED = ("LANG", "LC_ALL", "LC_CTYPE", "TZ")
"""Variables of the server that say nothing of its user."""
_READY = ".made"
"""Stands in a virtual environment that was made to its end."""


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
        environment = self._make_venv()
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

    def _make_venv(self) -> Path:
        """Without pip, which comes when it is asked for: that makes it a matter of milliseconds."""
        environment = self._folder / "venv"
        if not (environment / _READY).exists():
            shutil.rmtree(environment, ignore_errors=True)
            venv.EnvBuilder(symlinks=os.name != "nt", with_pip=False).create(environment)
            add_pip(environment)
            (environment / _READY).touch()
        return environment

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
            # No pip or uv, however it is called, may install into a Python outside of the job.
            "PIP_REQUIRE_VIRTUALENV": "1",
            "UV_PYTHON": str(environment / "bin/python"),
            MARKER: str(folder),
        }


KEPT = frozenset(
    {"HOME", "TMPDIR", "PYTHONUSERBASE", "PATH", "PIP_REQUIRE_VIRTUALENV", "UV_PYTHON", MARKER}
    | {f"XDG_{name}" for name in ("CACHE_HOME", "CONFIG_HOME", "DATA_HOME", "STATE_HOME", "RUNTIME_DIR")}
)
"""Variables that a spec cannot turn away from the job's own folders."""


def merge(ours: dict[str, str], theirs: dict[str, str]) -> dict[str, str]:
    """The spec's variables win, except `KEPT`; a `PATH` of the spec is searched after ours."""
    merged = ours | {name: value for name, value in theirs.items() if name not in KEPT}
    if "PATH" in theirs:
        merged["PATH"] = f"{ours['PATH']}:{theirs['PATH']}"
    return merged
