"""What a replica with a `pythonPackageSpec` runs: downloads and installs the packages, then runs the module.

It says what Vertex AI's own runner says, and runs the commands that that one runs, which here are the job's
own `gsutil`, `pip3` and `python3`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tui.local.shims.sdist import plain_wheel

_INSTALL = ("pip3", "install", "--user")
_AFRESH = ("--upgrade", "--force-reinstall", "--no-deps")
_NO_INDEX = "Could not find a version that satisfies the requirement"
"""What pip says when it cannot have what a build needs."""
_FEW_RETRIES = {"PIP_RETRIES": "2", "PIP_DEFAULT_TIMEOUT": "15"}
"""A machine without a network should not have to wait for pip to find that out."""


def main(task: str) -> None:
    """Run a task, a JSON object of `cluster`, `task` and `job`; never returns."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)  # the module is asked too, and may answer
    given: dict[str, Any] = json.loads(task)
    status, reason = 0, "SUCCEEDED"
    try:
        _run(given)
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"{error}\n")
        status, reason = abs(error.returncode), "SUBPROCESS_EXCEPTION"
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        status, reason = 1, "SUBPROCESS_EXCEPTION"
    sys.stderr.flush()
    _say(f"Task completed. Exit code ({status}). Exit reason ({reason})")
    sys.exit(status)


def _run(task: dict[str, Any]) -> None:
    cluster, role, job = (json.dumps(task[name]) for name in ("cluster", "task", "job"))
    module, uris, args = (task["job"][name] for name in ("python_module", "package_uris", "job_args"))
    _say("Running run_module.py")
    _say(f"Running task with arguments: --cluster={cluster} --task={role} --job={job}")
    _say(f"Running module {module}.")
    for uri in uris:
        _say(f"Downloading the package: {uri}")
        _command(["gsutil", "-q", "cp", uri, uri.rpartition("/")[2]])
    for uri in uris:
        _say(f"Installing the package: {uri}")
        _install(uri.rpartition("/")[2])
    _command(["python3", "-m", module, *args])


def _install(file: str) -> None:
    first = [*_INSTALL, *_AFRESH, file]
    try:
        _pip(first)
    except _NoIndexError as error:
        wheel = plain_wheel(Path(file), Path())
        if wheel is None:
            raise error.failure from None
        _say(f"No package index gives what {file} needs to be built: the files it lists are installed as is.")
        file = wheel.name
        _pip([*_INSTALL, *_AFRESH, file])
    _pip([*_INSTALL, file])


class _NoIndexError(Exception):
    """Pip could not get something."""

    def __init__(self, failure: subprocess.CalledProcessError) -> None:
        super().__init__(str(failure))
        self.failure = failure


def _pip(words: Sequence[str]) -> None:
    """Run pip, its output passed on.

    Raises:
        _NoIndexError: it failed, and said that something is not to be had.
        subprocess.CalledProcessError: it failed for another reason.
    """
    _say(f"Running command: {' '.join(words)}")
    missing = False
    env = {**_FEW_RETRIES, **os.environ}
    with subprocess.Popen(words, env=env, stderr=subprocess.PIPE, text=True, errors="replace") as pip:  # noqa: S603
        for line in pip.stderr or ():
            sys.stderr.write(line)
            sys.stderr.flush()
            missing = missing or _NO_INDEX in line
    if pip.returncode:
        failure = subprocess.CalledProcessError(pip.returncode, list(words))
        raise _NoIndexError(failure) if missing and "--no-deps" in words else failure


def _command(words: Sequence[str]) -> None:
    _say(f"Running command: {' '.join(words)}")
    subprocess.run(words, check=True)  # noqa: S603 (the job's own tools, and the user's module, as asked)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
