"""Default quota limits of custom training by region.

Source: "Agent Platform quotas and limits", August 2026. New and trial projects often have less.
"""

from __future__ import annotations

from tui.domain.catalog.quotas import short_name

UNLIMITED = -1
"""The limit that is none, as Google's quota APIs write it."""

_MANY_CPUS = """
us-west1 us-west3 us-central1 us-east1 northamerica-northeast1 europe-west1 europe-west2 europe-west3
europe-west4 asia-east1 asia-east2 asia-south1 asia-southeast1 asia-southeast2 asia-northeast1 asia-northeast3
australia-southeast1
"""
_SOME_CPUS = """
us-east5 us-south1 europe-central2 europe-west9 europe-west12 me-west1 me-central1 me-central2 africa-south1
"""
_SOME_N2 = """
us-central1 us-east5 europe-west4 europe-west9 europe-west12 asia-east1 me-central1 me-central2 africa-south1
"""
_SMALL_DISKS = """
us-west2 us-west4 us-east4 us-east5 northamerica-northeast2 southamerica-east1 southamerica-west1 europe-west6
europe-west8 europe-west12 europe-north1 europe-southwest1 asia-south2 asia-northeast2 australia-southeast2
me-central1 me-central2 africa-south1
"""
_CPUS = dict.fromkeys(_MANY_CPUS.split(), 2_200) | dict.fromkeys(_SOME_CPUS.split(), 450)
_OTHER_CPUS = dict.fromkeys(_SOME_N2.split(), 450)
_FEW_CPUS = 20
_P4_REGIONS = """
us-central1 us-west2 northamerica-northeast1 europe-west4 asia-southeast1 australia-southeast1
"""
_ACCELERATORS: dict[str, dict[str, int]] = {
    "nvidia_t4_gpus": {
        "us-central1": 12,
        **dict.fromkeys(("europe-west2", "asia-south1", "asia-northeast1"), 6),
        **dict.fromkeys(("us-west1", "us-east1", "europe-west4"), 2),
        **dict.fromkeys(("asia-southeast1", "asia-northeast3"), 1),
    },
    "nvidia_v100_gpus": dict.fromkeys(("us-west1", "us-central1", "europe-west4", "asia-east1"), 6),
    "nvidia_p4_gpus": {"us-east4": 1, **dict.fromkeys(_P4_REGIONS.split(), 6)},
    "nvidia_a100_gpus": dict.fromkeys(("us-central1", "europe-west4", "asia-southeast1"), 8),
    "nvidia_h200_gpus": dict.fromkeys(("us-east4", "asia-south2"), 8),
}
"""Limits other than 0; every accelerator and region that is not here has 0, the L4 everywhere."""
_DISKS = {"pd_ssd": (75_000, 450), "pd_standard": (180_000, 3_600), "hyperdisk_balanced": (75_000, 450)}
"""GB in most regions, and in those of `_SMALL_DISKS`."""
_SMALL_DISK_REGIONS = frozenset(_SMALL_DISKS.split())
_UNLIMITED_CPUS = frozenset({"a2_cpus", "a3_cpus", "g2_cpus", "g4_cpus", "a4_cpus", "a4x_cpus"})
"""Documented for A2 and A3; taken to hold for the other families whose GPUs have a quota of their own."""


def default_limit(metric: str, region: str) -> int:
    """The limit of a new project in a region; `UNLIMITED` where there is none.

    The page says nothing of preemptible metrics: they are taken to begin as the others do.
    """
    name = short_name(metric).removeprefix("preemptible_")
    if name in _DISKS:
        return _DISKS[name][region in _SMALL_DISK_REGIONS]
    if name in _UNLIMITED_CPUS:
        return UNLIMITED
    if name == "cpus":
        return _CPUS.get(region, _FEW_CPUS)
    if name in {"n2_cpus", "n4_cpus", "c2_cpus"}:
        return _OTHER_CPUS.get(region, _FEW_CPUS)
    return _ACCELERATORS.get(name, {}).get(region, 0)
