"""Puts the tools of a job into a folder."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[3]
"""The folder that holds the package `tui`."""

LOOPBACK = "localhost,127.0.0.1,::1"

PIP_STUB = "import _local_job_pip\n\n_local_job_pip.main()\n"


class ShimSetup(NamedTuple):
    """What `prepare` made."""

    bin_dir: Path
    """To be put on the job's PATH, behind the `bin` of its virtual environment."""
    env: dict[str, str]
    """Variables that make the tools and Google's Python clients work as the job's service account."""


def prepare(folder: Path, *, http_url: str, token: str, project: str, python: str) -> ShimSetup:
    """Make `folder/bin` with the tools, and the variables that go with it.

    `http_url` is the local server's address without a trailing slash, `token` stands for the job's service
    account, `python` runs the tools (it is never installed into).
    """
    bin_dir = folder / "bin"
    config = folder / "gcloud"
    for made in (bin_dir, config):
        made.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in ("gsutil", "gcloud", "pip", "pip3"):
        _write(bin_dir / name, _script(python, name), mode=0o755)
    _write(config / "token", token, mode=0o600)
    return ShimSetup(bin_dir, _environment(http_url, token, project, config))


def _script(python: str, name: str) -> str:
    """A shell script that runs `tool` without site packages and without Python's variables.

    The package's folder goes last on the path: no package beside it may stand in for the standard library.
    """
    code = (
        f"import sys; sys.path.append({str(ROOT)!r})\nfrom tui.local.shims.tool import main; main({name!r})"
    )
    return f'#!/bin/sh\nexec {shlex.quote(python)} -I -S -c {shlex.quote(code)} "$@"\n'


def _write(path: Path, text: str, *, mode: int) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _environment(http_url: str, token: str, project: str, config: Path) -> dict[str, str]:
    storage = f"{http_url}/_as/{token}"
    services = ("AIPLATFORM", "CLOUDRESOURCEMANAGER", "IAM", "LOGGING", "SERVICEUSAGE")
    proxies = ",".join(filter(None, (os.environ.get("NO_PROXY", os.environ.get("no_proxy", "")), LOOPBACK)))
    return {
        "STORAGE_EMULATOR_HOST": storage,
        "VERTEX_TUI_STORAGE": storage,
        "GOOGLE_CLOUD_PROJECT": project,
        "GCLOUD_PROJECT": project,
        # Without this the clients would ask for the credentials of the machine, if it is one of Google's.
        "NO_GCE_CHECK": "true",
        "CLOUDSDK_CONFIG": str(config),
        "CLOUDSDK_CORE_PROJECT": project,
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(config / "token"),
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": f"{http_url}/storage/v1/",
        **{f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{service}": f"{http_url}/" for service in services},
        "NO_PROXY": proxies,
        "no_proxy": proxies,
    }


def add_pip(environment: Path) -> None:
    """Let pip come into a virtual environment without it when it is first used (see `job_pip`)."""
    for site in (environment / "lib").glob("python3*/site-packages"):
        stub = site / "pip"
        if not stub.exists():
            shutil.copyfile(Path(__file__).with_name("job_pip.py"), site / "_local_job_pip.py")
            (site / "_local_job_pip.pth").write_text("import _local_job_pip\n", encoding="ascii")
            stub.mkdir()
            (stub / "__init__.py").touch()
            (stub / "__main__.py").write_text(PIP_STUB, encoding="ascii")
            (stub / "stub").touch()
