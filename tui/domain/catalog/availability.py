"""Which region has which accelerator.

Source: "Locations" (accelerators, entries marked as not for training left out), August 2026. For machines
without accelerators no list by region is published: they are taken to be in every training region.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tui.domain.catalog.accelerators import tpu_version
from tui.domain.catalog.machines import MACHINES
from tui.domain.regions import TRAINING_REGIONS

_ROWS = {
    "NVIDIA_TESLA_T4": (
        "us-central1 us-east1 us-east4 us-west1 us-west2 us-west4 northamerica-northeast1 southamerica-east1 "
        "europe-central2 europe-west1 europe-west2 europe-west3 europe-west4 asia-east1 asia-east2 "
        "asia-northeast1 asia-northeast3 asia-south1 asia-southeast1 asia-southeast2 australia-southeast1"
    ),
    "NVIDIA_L4": (
        "us-central1 us-east1 us-east4 us-west1 northamerica-northeast2 europe-west2 europe-west4 "
        "me-central2 asia-northeast3 asia-south1 asia-southeast1"
    ),
    "NVIDIA_TESLA_V100": "us-central1 us-east1 us-west1 europe-west4 asia-east1",
    "NVIDIA_TESLA_P4": (
        "us-central1 us-east4 us-west2 northamerica-northeast1 europe-west4 asia-southeast1 "
        "australia-southeast1"
    ),
    "NVIDIA_TESLA_P100": "us-central1 us-east1 us-west1 europe-west1 europe-west4 asia-east1",
    "NVIDIA_TESLA_A100": (
        "us-central1 us-east1 us-west3 us-west4 europe-west4 me-west1 asia-northeast3 asia-southeast1"
    ),
    "NVIDIA_A100_80GB": "us-central1 us-east4 us-east5 europe-west4 asia-southeast1",
    "NVIDIA_H100_80GB": (
        "us-central1 us-east4 us-east5 us-west1 us-west4 northamerica-northeast2 europe-west3 europe-west4 "
        "asia-northeast1 asia-northeast3 asia-south1 asia-southeast1"
    ),
    "NVIDIA_H100_MEGA_80GB": (
        "us-central1 us-east4 us-east5 us-west1 us-west4 europe-north1 europe-west1 europe-west3 "
        "europe-west4 asia-east1 asia-northeast1 asia-southeast1 australia-southeast1"
    ),
    "NVIDIA_H200_141GB": (
        "us-central1 us-east4 us-east5 us-south1 us-west1 europe-west1 europe-west4 asia-south1 asia-south2"
    ),
    "NVIDIA_B200": (
        "us-central1 us-east1 us-east4 us-south1 us-west2 us-west3 europe-west4 asia-northeast1 "
        "asia-southeast1"
    ),
    "NVIDIA_GB200": "us-central1 us-east4",
    "NVIDIA_RTX_PRO_6000": "us-central1 us-east1 us-east4 europe-west4 asia-south2 asia-southeast1",
}
_TPU_ROWS = {
    "v2": "us-central1 europe-west4 asia-east1",
    "v3": "us-central1 europe-west4",
    "v5e": "us-central1 us-east1 us-west1 us-west4",
    "v6e": ("us-central1 us-east1 us-east5 us-south1 europe-west4 asia-northeast1 southamerica-west1"),
    "v7x": "us-central1",
}

ACCELERATOR_REGIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {name: frozenset(row.split()) for name, row in _ROWS.items()}
)
"""Regions of each GPU, by the name of its enum value; support for the P100 ended on 2026-09-15."""
TPU_REGIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {version: frozenset(row.split()) for version, row in _TPU_ROWS.items()}
)
"""Regions of each TPU version."""


def accelerator_regions(accelerator: str) -> frozenset[str]:
    """Regions in which custom training has an accelerator; empty for one that it does not offer."""
    tpu = tpu_version("cloud-tpu", accelerator)
    return TPU_REGIONS[tpu] if tpu else ACCELERATOR_REGIONS.get(accelerator, frozenset())


def machine_regions(machine_type: str) -> frozenset[str]:
    """Regions in which custom training has a machine type; empty for one that it does not offer."""
    machine = MACHINES.get(machine_type)
    if machine is None:
        return frozenset()
    if machine.accelerator:
        return accelerator_regions(machine.accelerator)
    if machine_type == "cloud-tpu":
        return TPU_REGIONS["v2"] | TPU_REGIONS["v3"]
    if machine.is_tpu:
        return TPU_REGIONS[tpu_version(machine_type, "")]
    return frozenset(TRAINING_REGIONS)
