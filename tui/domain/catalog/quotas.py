"""Quota metrics of custom training: names, and what a job needs of them.

Sources: "Agent Platform quotas and limits" (August 2026), and metric names as they occur in Google's own
error messages. Names that no message was seen with follow the pattern of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tui.domain.catalog.accelerators import chips, tpu_version
from tui.domain.catalog.machines import MACHINES

SERVICE = "aiplatform.googleapis.com"
PREFIX = f"{SERVICE}/custom_model_training_"
"""What every metric of custom training begins with; the rest is its short name."""
DEFAULT_DISK_GB = 100
_DIGITS = 18
"""Of the longest number that is read."""
SPOT, FLEX_START = 4, 6
"""Numbers of `google.cloud.aiplatform.v1.Scheduling.Strategy`."""
PREEMPTIBLE_STRATEGIES = frozenset({"SPOT", "FLEX_START", str(SPOT), str(FLEX_START)})
"""Strategies, by name or number, that use the preemptible metrics."""

_VCPU = {
    "e2": "cpus",
    "n1": "cpus",
    **{family: f"{family}_cpus" for family in ("n2", "n4", "c2", "m1", "g2", "g4", "a2", "a3", "a4", "a4x")},
}
_GPU = {
    "NVIDIA_TESLA_K80": "nvidia_k80_gpus",
    "NVIDIA_TESLA_P100": "nvidia_p100_gpus",
    "NVIDIA_TESLA_V100": "nvidia_v100_gpus",
    "NVIDIA_TESLA_P4": "nvidia_p4_gpus",
    "NVIDIA_TESLA_T4": "nvidia_t4_gpus",
    "NVIDIA_TESLA_A100": "nvidia_a100_gpus",
    "NVIDIA_A100_80GB": "nvidia_a100_80gb_gpus",
    "NVIDIA_L4": "nvidia_l4_gpus",
    "NVIDIA_H100_80GB": "nvidia_h100_gpus",
    "NVIDIA_H100_MEGA_80GB": "nvidia_h100_mega_gpus",
    "NVIDIA_H200_141GB": "nvidia_h200_gpus",
    "NVIDIA_B200": "nvidia_b200_gpus",
    "NVIDIA_GB200": "nvidia_gb200_gpus",
    "NVIDIA_RTX_PRO_6000": "nvidia_rtx_pro_6000_gpus",
}
_TPU = {"v2": "tpu_v2", "v3": "tpu_v3", "v5e": "tpu_v5e", "v6e": "tpu_v6e", "v7x": "tpu_v7x"}
_DISK = {"pd-ssd": "pd_ssd", "pd-standard": "pd_standard", "hyperdisk-balanced": "hyperdisk_balanced"}
_PLAIN = tuple(dict.fromkeys((*_VCPU.values(), *_GPU.values(), *_TPU.values(), *_DISK.values())))
_DISK_NAMES = frozenset(_DISK.values())
SHORT_NAMES: tuple[str, ...] = (
    *_PLAIN,
    *(f"preemptible_{name}" for name in _PLAIN if name not in _DISK_NAMES),
)
"""Every metric without its prefix, such as `cpus`, `nvidia_l4_gpus`, `preemptible_nvidia_l4_gpus`."""
METRICS: tuple[str, ...] = tuple(PREFIX + name for name in SHORT_NAMES)


@dataclass(frozen=True, slots=True)
class Pool:
    """What a worker pool asks for; plain data."""

    machine_type: str
    replicas: int
    accelerator_type: str = ""
    accelerator_count: int = 0
    tpu_topology: str = ""
    disk_type: str = ""
    """Empty means the default of the machine type."""
    disk_gb: int = 0
    """0 means `DEFAULT_DISK_GB`."""


def short_name(metric: str) -> str:
    """A metric without its prefix."""
    return metric.removeprefix(PREFIX)


def metric_named(name: str) -> str | None:
    """The metric of a full or short name; None if there is none."""
    full = name if name.startswith(PREFIX) else PREFIX + name
    return full if full in METRICS else None


def default_disk(machine_type: str) -> str:
    """The boot disk's type where a spec names none."""
    hyperdisk = machine_type == "a3-ultragpu-8g" or machine_type.startswith(("a4-", "a4x-"))
    return "hyperdisk-balanced" if hyperdisk else "pd-ssd"


def needs(pools: Iterable[Pool], *, preemptible: bool) -> dict[str, int]:
    """What a job holds of each metric while it lives, in vCPUs, accelerators and GB.

    Args:
        pools: its worker pools; machine types that are not in the catalogue count for nothing but their disk.
        preemptible: whether the strategy is SPOT or FLEX_START.
    """
    total: Counter[str] = Counter()
    before = "preemptible_" if preemptible else ""
    for pool in pools:
        replicas = max(pool.replicas, 0)
        disk = _DISK.get(pool.disk_type or default_disk(pool.machine_type), "pd_ssd")
        for name, amount in _of_machine(pool):
            total[f"{PREFIX}{before}{name}"] += amount * replicas
        total[PREFIX + disk] += (pool.disk_gb or DEFAULT_DISK_GB) * replicas
    return {metric: amount for metric, amount in total.items() if amount > 0}


def _of_machine(pool: Pool) -> list[tuple[str, int]]:
    machine = MACHINES.get(pool.machine_type)
    if machine is None:
        return []
    if machine.is_tpu:
        version = _TPU.get(tpu_version(pool.machine_type, pool.accelerator_type))
        return [(version, pool.accelerator_count or chips(pool.tpu_topology))] if version else []
    held = [(_VCPU[machine.family], machine.vcpus or 0)]
    gpu = _GPU.get(pool.accelerator_type or machine.accelerator)
    if gpu:
        held.append((gpu, pool.accelerator_count or machine.accelerator_count))
    return held


def needs_of_spec(spec: Mapping[str, Any]) -> dict[str, int]:
    """`needs` of a CustomJobSpec as YAML or JSON give it, with camelCase or snake_case keys.

    A job on a persistent resource needs nothing: the resource holds the quota. Values of a wrong type count
    as if they were not there.
    """
    if _get(spec, "persistentResourceId"):
        return {}
    return needs(spec_pools(spec), preemptible=preemptible(spec))


def preemptible(spec: Mapping[str, Any]) -> bool:
    """Whether a CustomJobSpec's strategy is one that uses the preemptible metrics."""
    scheduling = _get(spec, "scheduling")
    strategy = _get(scheduling, "strategy") if isinstance(scheduling, Mapping) else ""
    return str(strategy) in PREEMPTIBLE_STRATEGIES


def spec_pools(spec: Mapping[str, Any]) -> tuple[Pool, ...]:
    """The worker pools of a CustomJobSpec that are not empty."""
    given = _get(spec, "workerPoolSpecs")
    given = [given] if isinstance(given, Mapping) else given
    if not isinstance(given, list):
        return ()
    return tuple(_pool(pool) for pool in given if isinstance(pool, Mapping) and pool)


def _pool(pool: Mapping[str, Any]) -> Pool:
    machine, disk = _get(pool, "machineSpec"), _get(pool, "diskSpec")
    machine = machine if isinstance(machine, Mapping) else {}
    disk = disk if isinstance(disk, Mapping) else {}
    return Pool(
        machine_type=str(_get(machine, "machineType") or ""),
        replicas=_number(_get(pool, "replicaCount")),
        accelerator_type=str(_get(machine, "acceleratorType") or ""),
        accelerator_count=_number(_get(machine, "acceleratorCount")),
        tpu_topology=str(_get(machine, "tpuTopology") or ""),
        disk_type=str(_get(disk, "bootDiskType") or ""),
        disk_gb=_number(_get(disk, "bootDiskSizeGb")),
    )


def _get(content: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401  # whatever the file says
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return content.get(name, content.get(snake))


def _number(value: object) -> int:
    if isinstance(value, bool):
        return 0
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS:
        return int(value)
    return value if isinstance(value, int) else 0


def quota_id(metric: str) -> str:
    """The id that the Cloud Quotas API uses, such as `CustomModelTrainingL4GPUsPerProjectPerRegion`."""
    return f"CustomModelTraining{_camel(short_name(metric))}PerProjectPerRegion"


def _camel(name: str) -> str:
    parts = [part for part in name.split("_") if part != "nvidia"]
    fixed = {"cpus": "CPUs", "gpus": "GPUs", "pd": "PD", "ssd": "SSD", "tpu": "TPU"}
    return "".join(
        fixed.get(part) or (part.upper() if part[-1:].isdigit() or part[0].isdigit() else part.capitalize())
        for part in parts
    )
