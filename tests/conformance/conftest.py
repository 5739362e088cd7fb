"""A project on a local server, and the environment that leads to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.local.clients import REGION, Server
from tests.local.conftest import fresh_server
from tests.support import clean_environment
from tui.local import client_env
from tui.local.environ import apply

ROOT = Path(__file__).parents[2]
SCRIPT_SECONDS = 120


class Project:
    """A local server as its users see it."""

    def __init__(self, server: Server, work: Path) -> None:
        self.server = server
        self.work = work
        plain = clean_environment(os.environ) | {"PYTHONPATH": str(ROOT), "HOME": str(work)}
        self.environ = apply(client_env.changes(server.record, REGION, plain), plain)

    def script(self, name: str, *arguments: str) -> dict[str, Any]:
        """What a program of `scripts` found."""
        module = f"tests.conformance.scripts.{name}"
        done = subprocess.run(
            [sys.executable, "-W", "error::ResourceWarning", "-m", module, *arguments],
            cwd=self.work,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=SCRIPT_SECONDS,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def run(self, *command: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command line tool; with `ok` it has to succeed."""
        done = subprocess.run(
            command,
            cwd=self.work,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=SCRIPT_SECONDS,
        )
        assert not ok or done.returncode == 0, done.stdout + done.stderr
        return done

    def json(self, *command: str) -> Any:
        """The answer of a gcloud command."""
        return json.loads(self.run("gcloud", *command, "--format=json").stdout)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project of this module's own, its APIs still disabled."""
    foreign = {
        name: os.environ.pop(name) for name in os.environ.keys() - clean_environment(os.environ).keys()
    }
    try:
        with fresh_server() as server:
            yield Project(server, tmp_path_factory.mktemp("work"))
    finally:
        os.environ.update(foreign)


needs_gcloud = pytest.mark.skipif(not shutil.which("gcloud"), reason="the Google Cloud CLI is not installed")
needs_gsutil = pytest.mark.skipif(not shutil.which("gsutil"), reason="gsutil is not installed")
