"""TPU machines: topologies, accelerator fields, and that their pool stands alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tui.domain.catalog.accelerators import CLOUD_TPU, TPU_POD, TPU_SLICE, TPU_TOPOLOGIES
from tui.domain.catalog.availability import accelerator_regions
from tui.domain.catalog.machines import MACHINES
from tui.domain.spec.problems import Problem, error, warning
from tui.domain.spec.rules.base import POOLS, Pools, View, count_of
from tui.domain.spec.walk import Path


def tpu_problems(view: View, machine: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """What is wrong with a MachineSpec of a TPU machine."""
    name = machine["machineType"]
    if name == CLOUD_TPU:
        yield from _cloud_tpu(view, machine, path)
        return
    for field in ("acceleratorType", "acceleratorCount"):
        if machine.get(field) not in {None, 0, "ACCELERATOR_TYPE_UNSPECIFIED"}:
            text = f"{name} takes a tpuTopology, and no {field}."
            yield error(view.at(*path, field), "tpu-accelerator", text)
    topologies = TPU_TOPOLOGIES[name]
    topology = machine.get("tpuTopology", "")
    where = (*path, "tpuTopology")
    if topology not in topologies and not view.unread(*where):
        only = topologies[0] if len(topologies) == 1 else ""
        what = f"not {topology[:20]}" if topology else "which is missing"
        text = f"tpuTopology of {name} is one of {', '.join(topologies)}, {what}."
        fix = None
        if only:
            text = f"tpuTopology of {name} is {only}, {what}."
            fix = view.write(where, only) if where in view.written else view.add(path, {"tpuTopology": only})
        yield error(view.value_at(*where), "tpu-topology", text, fix)


def _cloud_tpu(view: View, machine: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    name, count = machine.get("acceleratorType", ""), machine.get("acceleratorCount", 0)
    if machine.get("tpuTopology"):
        text = f"{CLOUD_TPU} takes an acceleratorCount, and no tpuTopology."
        yield warning(view.at(*path, "tpuTopology"), "tpu-topology", text)
    place = view.value_at(*path, "acceleratorType")
    if name not in {"TPU_V2", "TPU_V3"}:
        if not view.unread(*path, "acceleratorType"):
            text = f"{CLOUD_TPU} needs the acceleratorType TPU_V2 or TPU_V3."
            yield error(place, "tpu-accelerator", text)
    elif view.region and view.region not in accelerator_regions(name):
        regions = ", ".join(sorted(accelerator_regions(name)))
        text = f"{name} is not in {view.region}, but in {regions}."
        yield error(place, "accelerator-region", text)
    where = (*path, "acceleratorCount")
    if count != TPU_SLICE and (count < TPU_POD or count % TPU_POD) and not view.unread(*where):
        text = f"acceleratorCount of {CLOUD_TPU} is {TPU_SLICE}, {TPU_POD} or a multiple of {TPU_POD}."
        yield error(view.value_at(*where), "accelerator-count", text)


def lone_pool_problems(view: View, pools: Pools) -> Iterator[Problem]:
    """A TPU pool is the only one, and has one replica."""
    for number, pool in pools:
        known = MACHINES.get(pool.get("machineSpec", {}).get("machineType", ""))
        if known is None or not known.is_tpu:
            continue
        if len(pools) > 1:
            yield error(view.at(*POOLS, number), "tpu-pool", "A TPU job has one pool.")
        if count_of(pool.get("replicaCount")) > 1:
            place = view.value_at(*POOLS, number, "replicaCount")
            yield error(
                place,
                "tpu-pool",
                "A TPU pool has one replica.",
                view.write((*POOLS, number, "replicaCount"), "1"),
            )
