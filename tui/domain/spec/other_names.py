"""What values of enums are called elsewhere: on Compute Engine, in Kubernetes, in conversation."""

from __future__ import annotations

import re

from tui.domain.catalog.accelerators import GPU_TITLES

_VENDOR = re.compile(r"(?:NVIDIA|TESLA)+")
_SHORT = {
    "A100": "NVIDIA_TESLA_A100",
    "H100": "NVIDIA_H100_80GB",
    "H100MEGA": "NVIDIA_H100_MEGA_80GB",
    "H200": "NVIDIA_H200_141GB",
    "RTX6000": "NVIDIA_RTX_PRO_6000",
}
_STRATEGIES = {
    "PREEMPTIBLE": "SPOT",
    "DWS": "FLEX_START",
    "FLEX": "FLEX_START",
    "REGULAR": "STANDARD",
    "DEFAULT": "STANDARD",
}


def _plain(text: str) -> str:
    return _VENDOR.sub("", re.sub(r"[^A-Z0-9]", "", text[:60].upper()))


_GPUS = (
    _SHORT
    | {_plain(title): name for name, title in GPU_TITLES.items()}
    | {_plain(name): name for name in GPU_TITLES if _plain(name) not in _SHORT}
)


def other_name(kind: str, value: str) -> str:
    """The name in the enum `kind` that `value` means: `L4` is `NVIDIA_L4`; empty if unknown."""
    table = {"AcceleratorType": _GPUS, "Scheduling.Strategy": _STRATEGIES}.get(kind, {})
    return table.get(_plain(value), "")
