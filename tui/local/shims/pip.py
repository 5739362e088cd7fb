"""`pip` for a job: into its own virtual environment, never into the user's Python."""

from __future__ import annotations

import glob
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from tui.local.shims.voice import ToolError


def run_pip(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run pip in the job's virtual environment.

    Python's own copy of pip is installed there first if need be. `--user` is dropped: the environment is the
    job's own already, and pip refuses the option there. The scripts that pip installs for itself are removed,
    so that this tool stays the `pip` of the job.

    Raises:
        ToolError: there is no such environment.
    """
    home = environ.get("VIRTUAL_ENV", "")
    python = f"{home}/bin/python"
    if not home or not os.path.exists(f"{home}/pyvenv.cfg") or not os.path.exists(python):  # noqa: PTH110
        raise ToolError("no virtual environment of a local job to install into", kind="", code=2)
    try:
        if _is_missing(home):
            command = [python, "-I", "-m", "ensurepip"]
            made = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
            if made.returncode:
                sys.stderr.write(made.stdout + made.stderr)
                return made.returncode
        kept = [word for word in words if word != "--user"]
        return subprocess.run([python, "-m", "pip", *kept], check=False).returncode  # noqa: S603
    finally:
        for path in glob.glob(f"{glob.escape(home)}/bin/pip*"):  # noqa: PTH207
            os.unlink(path)  # noqa: PTH108


def _is_missing(home: str) -> bool:
    return not glob.glob(f"{glob.escape(home)}/lib/python3*/site-packages/pip-*.dist-info")  # noqa: PTH207
