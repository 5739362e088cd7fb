"""Machine types of custom training.

Types: "Configure compute resources for serverless training". vCPUs and memory: Compute Engine's pages on its
machine families, and its price list of July 2026.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine type."""

    name: str
    family: str
    """`e2`, `n1`, `n2`, `n4`, `c2`, `m1`, `g2`, `g4`, `a2`, `a3`, `a4`, `a4x` or `tpu`."""
    vcpus: int | None
    """None where the documentation of custom training does not say, as for TPU hosts."""
    memory_gib: float | None
    accelerator: str = ""
    """`AcceleratorType` of the built-in GPUs; empty if there are none."""
    accelerator_count: int = 0

    @property
    def is_tpu(self) -> bool:
        """Whether the machine is a TPU host."""
        return self.family == "tpu"


_Shape = tuple[float, tuple[int, ...]]
"""GiB for each vCPU, and the vCPU counts on offer."""
_N1_SIZES = (4, 8, 16, 32, 64, 96)
_N2_SIZES = (4, 8, 16, 32, 48, 64, 80)
_GENERAL: dict[str, _Shape] = {
    "e2-standard": (4, (4, 8, 16, 32)),
    "e2-highmem": (8, (2, 4, 8, 16)),
    "e2-highcpu": (1, (16, 32)),
    "n1-standard": (3.75, _N1_SIZES),
    "n1-highmem": (6.5, (2, *_N1_SIZES)),
    "n1-highcpu": (0.9, (16, 32, 64, 96)),
    "n2-standard": (4, _N2_SIZES),
    "n2-highmem": (8, (2, *_N2_SIZES)),
    "n2-highcpu": (1, (16, 32, 48, 64, 80)),
    "n4-standard": (4, (2, *_N2_SIZES)),
    "n4-highmem": (8, (2, *_N2_SIZES)),
    "n4-highcpu": (2, (2, *_N2_SIZES)),
    "c2-standard": (4, (4, 8, 16, 30, 60)),
}
_MEMORY: dict[str, tuple[int, float]] = {
    "m1-ultramem-40": (40, 961),
    "m1-ultramem-80": (80, 1922),
    "m1-ultramem-160": (160, 3844),
    "m1-megamem-96": (96, 1433.6),
}
"""vCPUs and GiB of the memory-optimized types."""
_GPU: dict[str, tuple[int, float, str, int]] = {
    "g2-standard-4": (4, 16, "NVIDIA_L4", 1),
    "g2-standard-8": (8, 32, "NVIDIA_L4", 1),
    "g2-standard-12": (12, 48, "NVIDIA_L4", 1),
    "g2-standard-16": (16, 64, "NVIDIA_L4", 1),
    "g2-standard-24": (24, 96, "NVIDIA_L4", 2),
    "g2-standard-32": (32, 128, "NVIDIA_L4", 1),
    "g2-standard-48": (48, 192, "NVIDIA_L4", 4),
    "g2-standard-96": (96, 384, "NVIDIA_L4", 8),
    "g4-standard-48": (48, 180, "NVIDIA_RTX_PRO_6000", 1),
    "g4-standard-96": (96, 360, "NVIDIA_RTX_PRO_6000", 2),
    "g4-standard-192": (192, 720, "NVIDIA_RTX_PRO_6000", 4),
    "g4-standard-384": (384, 1440, "NVIDIA_RTX_PRO_6000", 8),
    "a2-highgpu-1g": (12, 85, "NVIDIA_TESLA_A100", 1),
    "a2-highgpu-2g": (24, 170, "NVIDIA_TESLA_A100", 2),
    "a2-highgpu-4g": (48, 340, "NVIDIA_TESLA_A100", 4),
    "a2-highgpu-8g": (96, 680, "NVIDIA_TESLA_A100", 8),
    "a2-megagpu-16g": (96, 1360, "NVIDIA_TESLA_A100", 16),
    "a2-ultragpu-1g": (12, 170, "NVIDIA_A100_80GB", 1),
    "a2-ultragpu-2g": (24, 340, "NVIDIA_A100_80GB", 2),
    "a2-ultragpu-4g": (48, 680, "NVIDIA_A100_80GB", 4),
    "a2-ultragpu-8g": (96, 1360, "NVIDIA_A100_80GB", 8),
    "a3-highgpu-1g": (26, 234, "NVIDIA_H100_80GB", 1),
    "a3-highgpu-2g": (52, 468, "NVIDIA_H100_80GB", 2),
    "a3-highgpu-4g": (104, 936, "NVIDIA_H100_80GB", 4),
    "a3-highgpu-8g": (208, 1872, "NVIDIA_H100_80GB", 8),
    "a3-megagpu-8g": (208, 1872, "NVIDIA_H100_MEGA_80GB", 8),
    "a3-ultragpu-8g": (224, 2952, "NVIDIA_H200_141GB", 8),
    "a4-highgpu-8g": (224, 3968, "NVIDIA_B200", 8),
    "a4x-highgpu-4g": (140, 884, "NVIDIA_GB200", 4),
}
"""vCPUs, GiB, and the pair of accelerator and count that a spec has to name."""
_TPU = (
    "cloud-tpu",
    "ct5lp-hightpu-1t",
    "ct5lp-hightpu-4t",
    "ct5lp-hightpu-8t",
    "ct6e-standard-1t",
    "ct6e-standard-4t",
    "ct6e-standard-8t",
    "tpu7x-standard-4t",
)


def _machines() -> Iterator[Machine]:
    for prefix, (gib, sizes) in _GENERAL.items():
        for size in sizes:
            yield Machine(f"{prefix}-{size}", prefix.partition("-")[0], size, round(gib * size, 2))
    for name, (vcpus, memory) in _MEMORY.items():
        yield Machine(name, "m1", vcpus, memory)
    for name, (vcpus, memory, accelerator, count) in _GPU.items():
        yield Machine(name, name.partition("-")[0], vcpus, memory, accelerator, count)
    for name in _TPU:
        yield Machine(name, "tpu", None, None)


MACHINES: Mapping[str, Machine] = MappingProxyType({machine.name: machine for machine in _machines()})
"""Every machine type that custom training takes, by name."""


def similar_machines(name: str) -> tuple[str, ...]:
    """Up to three machine types that look like a mistyped one."""
    return tuple(get_close_matches(name.strip().lower(), MACHINES, n=3, cutoff=0.75))
