"""Accelerators of custom training, and which machines take them.

Sources: "Configure compute resources for serverless training" (tables of GPUs and TPUs), the enum
`google.cloud.aiplatform.v1.AcceleratorType`, "Use Dynamic Workload Scheduler" for `FLEX_START`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

GPU_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "NVIDIA_TESLA_K80": "K80",
        "NVIDIA_TESLA_P100": "P100",
        "NVIDIA_TESLA_V100": "V100",
        "NVIDIA_TESLA_P4": "P4",
        "NVIDIA_TESLA_T4": "T4",
        "NVIDIA_TESLA_A100": "A100 40 GB",
        "NVIDIA_A100_80GB": "A100 80 GB",
        "NVIDIA_L4": "L4",
        "NVIDIA_H100_80GB": "H100 80 GB",
        "NVIDIA_H100_MEGA_80GB": "H100 Mega 80 GB",
        "NVIDIA_H200_141GB": "H200 141 GB",
        "NVIDIA_B200": "B200",
        "NVIDIA_GB200": "GB200",
        "NVIDIA_RTX_PRO_6000": "RTX PRO 6000",
    }
)
"""GPUs by the name of their enum value, with a title to show; the K80 is no longer offered."""
TPU_TYPES = ("TPU_V2", "TPU_V3", "TPU_V4_POD", "TPU_V5_LITEPOD")
"""TPU values of the enum; v5e and later are chosen by machine type and topology instead."""
ACCELERATOR_TYPES = (*GPU_TITLES, *TPU_TYPES)
"""Every name of the enum that a spec may use."""

_P4, _P100, _T4, _V100 = "NVIDIA_TESLA_P4", "NVIDIA_TESLA_P100", "NVIDIA_TESLA_T4", "NVIDIA_TESLA_V100"
_Row = dict[str, tuple[int, ...]]
_SMALL: _Row = {_P4: (1, 2, 4), _P100: (1, 2, 4), _T4: (1, 2, 4), _V100: (1, 2, 4, 8)}
_MIDDLE: _Row = {_P4: (1, 2, 4), _P100: (1, 2, 4), _T4: (1, 2, 4), _V100: (2, 4, 8)}
_LARGE: _Row = {_P4: (2, 4), _P100: (2, 4), _T4: (2, 4), _V100: (4, 8)}
_HUGE: _Row = {_P4: (4,), _T4: (4,), _V100: (8,)}
_N1_ROWS: dict[str, _Row] = {
    **dict.fromkeys(
        ("n1-standard-4", "n1-standard-8", "n1-highmem-2", "n1-highmem-4", "n1-highmem-8"), _SMALL
    ),
    **dict.fromkeys(("n1-standard-16", "n1-highmem-16", "n1-highcpu-16"), _MIDDLE),
    **dict.fromkeys(("n1-standard-32", "n1-highmem-32", "n1-highcpu-32"), _LARGE),
    **dict.fromkeys(("n1-standard-64", "n1-highmem-64"), _HUGE),
    "n1-highcpu-64": {**_HUGE, _P100: (4,)},
    **dict.fromkeys(("n1-standard-96", "n1-highmem-96", "n1-highcpu-96"), _HUGE),
}
N1_COUNTS: Mapping[str, Mapping[str, tuple[int, ...]]] = MappingProxyType(_N1_ROWS)
"""Which GPUs, and how many of them, can be attached to an N1 machine; no other family takes any."""

FLEX_START_ACCELERATORS = frozenset(
    {
        "NVIDIA_L4",
        "NVIDIA_TESLA_A100",
        "NVIDIA_A100_80GB",
        "NVIDIA_H100_80GB",
        "NVIDIA_H100_MEGA_80GB",
        "NVIDIA_H200_141GB",
        "NVIDIA_B200",
    }
)
"""What the strategy `FLEX_START` can wait for."""
PEERING_REFUSED = frozenset({"NVIDIA_H100_MEGA_80GB", "NVIDIA_H200_141GB", "NVIDIA_B200"})
"""GPUs whose machines cannot use `network`, only a PSC interface ("Using private IP")."""

_SLICES_V5E = ("2x2", "2x4", "4x4", "4x8", "8x8", "8x16", "16x16")
TPU_TOPOLOGIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ct5lp-hightpu-1t": ("1x1",),
        "ct5lp-hightpu-4t": _SLICES_V5E,
        "ct5lp-hightpu-8t": ("2x4",),
        "ct6e-standard-1t": ("1x1",),
        "ct6e-standard-4t": _SLICES_V5E,
        "ct6e-standard-8t": ("2x4",),
        "tpu7x-standard-4t": (
            "2x2x1",
            "2x2x2",
            "2x2x4",
            "2x4x4",
            "4x4x4",
            "4x4x8",
            "4x8x8",
            "8x8x8",
            "8x8x16",
        ),
    }
)
"""`tpuTopology` of each TPU machine from v5e on; for `tpu7x` only the first and the last are documented."""
TPU_VERSIONS: Mapping[str, str] = MappingProxyType(
    {"ct5lp": "v5e", "ct6e": "v6e", "tpu7x": "v7x", "TPU_V2": "v2", "TPU_V3": "v3"}
)
"""TPU version by the first part of a machine's name, or by the enum name for `cloud-tpu`."""
CLOUD_TPU = "cloud-tpu"
"""The machine type of TPU v2 and v3."""
TPU_SLICE = 8
"""`acceleratorCount` of one `cloud-tpu` machine."""
TPU_POD = 32
"""`acceleratorCount` of a pod, or a multiple of it."""


def chips(topology: str) -> int:
    """Chips in a topology such as `4x8`; 0 for a text that is none."""
    product = 1
    for part in topology.split("x"):
        if not part.isascii() or not part.isdigit():
            return 0
        product *= int(part)
    return product


def tpu_version(machine_type: str, accelerator: str) -> str:
    """`v2` to `v7x` for a TPU machine; empty for anything else."""
    key = accelerator if machine_type == CLOUD_TPU else machine_type.partition("-")[0]
    return TPU_VERSIONS.get(key, "")


def is_pod(machine_type: str, accelerator_count: int, topology: str) -> bool:
    """Whether a TPU machine spec asks for more than one host."""
    if machine_type == CLOUD_TPU:
        return accelerator_count > TPU_SLICE
    if machine_type not in TPU_TOPOLOGIES:
        return False
    per_host = int(machine_type.rpartition("-")[2].removesuffix("t"))
    return chips(topology) > per_host
