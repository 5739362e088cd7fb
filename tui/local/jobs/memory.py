"""How much memory a replica's processes hold, and how much its machine would have."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

MIB = 1024 * 1024
_GIB_PER_CPU = {
    "e2": (4.0, 8.0, 1.0),
    "n1": (3.75, 6.5, 0.9),
    "n2": (4.0, 8.0, 1.0),
    "n4": (4.0, 8.0, 2.0),
    "c2": (4.0, 0.0, 0.0),
    "g2": (4.0, 0.0, 0.0),
}
"""GiB a vCPU of the `standard`, `highmem` and `highcpu` machines of a family."""
_SHAPES = ("standard", "highmem", "highcpu")
_MACHINE = re.compile(r"([a-z]\d)-(standard|highmem|highcpu)-(\d+)")


def machine_memory(machine_type: str) -> int:
    """Bytes of memory of a general-purpose machine type; 0 for others."""
    found = _MACHINE.fullmatch(machine_type)
    if not found or found[1] not in _GIB_PER_CPU:
        return 0
    return int(_GIB_PER_CPU[found[1]][_SHAPES.index(found[2])] * int(found[3]) * 1024 * MIB)


def replica_limit(machine_type: str, setting_mib: float) -> int:
    """Bytes that a replica may hold; 0 for no limit.

    What the owner set, else what its machine has, unless this computer has no more than that itself.
    """
    if setting_mib:
        return int(setting_mib * MIB)
    machine = machine_memory(machine_type)
    here = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return machine if machine < here else 0


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
