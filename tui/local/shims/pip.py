"""`pip` for a job: into its own virtual environment, never into the user's Python."""

from __future__ import annotations

import glob
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tui.local.shims.setup import add_pip
from tui.local.shims.voice import ToolError


def run_pip(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run pip in the job's virtual environment, where `job_pip` brings it at need and drops `--user`.

    The scripts that pip installs for itself are removed, so that this tool stays the `pip` of the job.

    Raises:
        ToolError: there is no such environment.
    """
    home = environ.get("VIRTUAL_ENV", "")
    python = f"{home}/bin/python"
    if not home or not os.path.exists(f"{home}/pyvenv.cfg") or not os.path.exists(python):  # noqa: PTH110
        raise ToolError("no virtual environment of a local job to install into", kind="", code=2)
    add_pip(Path(home))
    try:
        return subprocess.run([python, "-m", "pip", *words], check=False).returncode  # noqa: S603
    finally:
        for path in glob.glob(f"{glob.escape(home)}/bin/pip*"):  # noqa: PTH207
            os.unlink(path)  # noqa: PTH108
