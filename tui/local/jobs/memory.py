"""How much memory a replica's processes hold; standard library only, for the runner."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def tree_memory(root: int, limit: int) -> int:
    """Bytes held by the processes below `root`; 0 where there is no `/proc`.

    Quickly summed; only when that is above `limit` are pages that several processes share counted once.
    """
    page = os.sysconf("SC_PAGE_SIZE")
    pids = _below(root)
    resident = 0
    for pid in pids:
        with contextlib.suppress(OSError, ValueError, IndexError):
            resident += int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * page
    return resident if resident <= limit else sum(map(_proportional, pids)) or resident


def _proportional(pid: int) -> int:
    """A process's memory with its part of what it shares."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _below(root: int) -> list[int]:
    """Processes below `root`, by what their threads have started: far less to read than all of `/proc`."""
    found: list[int] = []
    waiting = [root]
    while waiting:
        for path in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                below = [int(pid) for pid in path.read_text(encoding="ascii").split()]
                found += below
                waiting += below
    return found
