"""Starts trials of transfers, where a disk shall be filled on a small file system of their own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.support import subprocess_environment
from tui.local.launcher import Record

ROOT = Path(__file__).parents[3]
UNSHARE = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
SMALL = "48m"
"""Size of the file system that is filled: room for what the trials bring, and not much more."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one case."""

    seed: int
    group: str
    problems: list[str]


def may_mount() -> bool:
    """Whether this user may have a file system of a chosen size, seen by one process only."""
    if not shutil.which("unshare"):
        return False
    command = (*UNSHARE, "mount -t tmpfs -o size=64k none /mnt")
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def play(record: Record, *, seed: int, count: int, full: bool) -> Iterator[Outcome]:
    """Play cases against a server that runs; with `full` where the disk can be filled.

    Raises:
        AssertionError: the trials' own process failed.
    """
    with tempfile.TemporaryDirectory(prefix="vt-") as folder:
        words = [sys.executable, "-m", "tests.services.transfers.trial", json.dumps(asdict(record))]
        words += [str(seed), str(count), folder, *(["--full"] if full else [])]
        if full:
            words = [*UNSHARE, f'mount -t tmpfs -o size={SMALL} none "$0" && exec "$@"', folder, *words]
        environ = {**subprocess_environment(Path(folder)), "HOME": folder}
        with subprocess.Popen(words, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                yield Outcome(**json.loads(line))
        assert process.returncode == 0, process.returncode
