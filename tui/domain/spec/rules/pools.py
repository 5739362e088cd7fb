"""Worker pools: how many, what they run, replicas, disks, mounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from tui.domain.spec.problems import Problem, error, warning
from tui.domain.spec.rules.base import POOLS, SPEC, View, count_of
from tui.domain.spec.rules.containers import container_problems, package_problems
from tui.domain.spec.rules.machines import accelerator_of, machine_problems
from tui.domain.spec.walk import Path

MAX_POOLS = 4
"""Primary, workers, parameter servers or reduction server, evaluators."""
DISK_TYPES = ("pd-ssd", "pd-standard", "hyperdisk-balanced")
MIN_DISK_GB, MAX_DISK_GB = 100, 64_000
_LOOKED_AT = 50
"""Pools that are looked at one by one; that more are too many is said once."""
_TASKS = ("containerSpec", "pythonPackageSpec")
_REDUCTION_SERVER = "/vertex-ai-restricted/training/reductionserver"
_MOUNTS = {
    "nfsMounts": ("server", "path", "mountPoint"),
    "lustreMounts": ("instanceIp", "volumeHandle", "filesystem", "mountPoint"),
}


def pool_problems(view: View) -> Iterator[Problem]:
    """What is wrong with the worker pools; an empty pool after the first is a skipped position."""
    pools = view.spec.get("workerPoolSpecs", [])
    if not pools and not view.unread(*POOLS):
        yield error(view.at(*POOLS), "no-pools", "workerPoolSpecs needs at least one pool.")
    if len(pools) > MAX_POOLS:
        yield error(view.at(*POOLS, MAX_POOLS), "too-many-pools", f"A job has at most {MAX_POOLS} pools.")
    for number, pool in view.pools()[:_LOOKED_AT]:
        yield from _pool(view, pool, number, (*POOLS, number))


def _pool(view: View, pool: Mapping[str, Any], number: int, path: Path) -> Iterator[Problem]:
    tasks = [task for task in _TASKS if task in pool]
    if not tasks and not any(view.unread(*path, task) for task in _TASKS):
        text = "A pool needs a containerSpec or a pythonPackageSpec."
        if not number and not pool and not any(key[:3] == path and len(key) > 3 for key in view.written):  # noqa: PLR2004
            text = "The first pool runs the job; it cannot be empty."
        yield error(view.at(*path), "no-task", text)
    if not view.unread(*path, "machineSpec"):
        yield from machine_problems(view, pool.get("machineSpec", {}), (*path, "machineSpec"))
    yield from _replicas(view, pool, number, path)
    if "containerSpec" in tasks:
        yield from container_problems(view, pool["containerSpec"], (*path, "containerSpec"))
        yield from _reduction_server(view, pool, path)
    if "pythonPackageSpec" in tasks:
        yield from package_problems(view, pool["pythonPackageSpec"], (*path, "pythonPackageSpec"))
    yield from _disk(view, pool.get("diskSpec", {}), (*path, "diskSpec"))
    for field in _MOUNTS:
        yield from _mounts(view, pool.get(field, []), (*path, field))


def _replicas(view: View, pool: Mapping[str, Any], number: int, path: Path) -> Iterator[Problem]:
    where = (*path, "replicaCount")
    count, place = pool.get("replicaCount"), view.value_at(*where)
    if count is None:
        if not view.unread(*where):
            fix = None if where in view.written else view.add(path, {"replicaCount": 1})
            kind = warning if number else error
            yield kind(view.at(*where), "no-replicas", "replicaCount is missing; write 1.", fix)
    elif number == 0 and int(count) != 1:
        text = f"The first pool has exactly one replica, not {count}."
        yield error(place, "replicas", text, view.write(where, "1"))
    elif int(count) < 0:
        yield error(place, "replicas", f"replicaCount must be at least 1, not {count}.")
    elif int(count) == 0:
        text = "This pool has no replica; to leave a position free, write {} in place of the pool."
        yield warning(place, "replicas", text)


def _reduction_server(view: View, pool: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    machine = pool.get("machineSpec", {})
    if _REDUCTION_SERVER in pool["containerSpec"].get("imageUri", "") and any(accelerator_of(machine)):
        text = "The reduction server runs on machines without accelerators."
        yield error(view.at(*path, "machineSpec"), "reduction-server", text)


def _disk(view: View, disk: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    kind, size = disk.get("bootDiskType", ""), count_of(disk.get("bootDiskSizeGb"))
    if kind and kind not in DISK_TYPES and not view.is_open(*path, "bootDiskType"):
        near = get_close_matches(kind.lower().replace("_", "-"), DISK_TYPES, n=1)
        text = f"bootDiskType is one of {', '.join(DISK_TYPES)}, not “{kind[:40]}”."
        fix = view.write((*path, "bootDiskType"), near[0]) if near else None
        yield error(view.value_at(*path, "bootDiskType"), "disk-type", text, fix)
    if size and not MIN_DISK_GB <= size <= MAX_DISK_GB:
        right = min(max(size, MIN_DISK_GB), MAX_DISK_GB)
        text = f"bootDiskSizeGb is between {MIN_DISK_GB} and {MAX_DISK_GB}, not {size}."
        fix = view.write((*path, "bootDiskSizeGb"), str(right))
        yield error(view.value_at(*path, "bootDiskSizeGb"), "disk-size", text, fix)


def _mounts(view: View, mounts: list[Mapping[str, Any]], path: Path) -> Iterator[Problem]:
    field = str(path[-1])
    for number, mount in enumerate(mounts):
        lacking = [name for name in _MOUNTS[field] if not mount.get(name)]
        missing = [name for name in lacking if not view.unread(*path, number, name)]
        if missing:
            text = f"{field} needs {', '.join(missing)}."
            yield error(view.at(*path, number), "mount", text)
        elif field == "nfsMounts" and not lacking and not mount["path"].startswith("/"):
            yield error(view.value_at(*path, number, "path"), "mount", "path must begin with “/”.")
    reached = "pscInterfaceConfig" in view.spec or view.spec.get("network")
    unsure = view.unread(*SPEC, "network") or view.unread(*SPEC, "pscInterfaceConfig")
    if mounts and not reached and not unsure:
        text = f"{field} needs a network or a pscInterfaceConfig to reach the share."
        kind = error if field == "nfsMounts" else warning
        yield kind(view.at(*path), "mount-network", text)
