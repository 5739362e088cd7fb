"""The regions in which custom training runs."""

from __future__ import annotations

from difflib import get_close_matches

TRAINING_REGIONS: tuple[str, ...] = (
    "africa-south1",
    "asia-east1",
    "asia-east2",
    "asia-northeast1",
    "asia-northeast2",
    "asia-northeast3",
    "asia-south1",
    "asia-southeast1",
    "asia-southeast2",
    "australia-southeast1",
    "australia-southeast2",
    "europe-central2",
    "europe-north1",
    "europe-southwest1",
    "europe-west1",
    "europe-west2",
    "europe-west3",
    "europe-west4",
    "europe-west6",
    "europe-west8",
    "europe-west9",
    "europe-west12",
    "me-central1",
    "me-central2",
    "me-west1",
    "northamerica-northeast1",
    "northamerica-northeast2",
    "southamerica-east1",
    "southamerica-west1",
    "us-central1",
    "us-east1",
    "us-east4",
    "us-east5",
    "us-south1",
    "us-west1",
    "us-west2",
    "us-west3",
    "us-west4",
)
"""What `gcloud ai custom-jobs --region` accepts; the documented custom training regions are the same 38."""


def is_training_region(region: str) -> bool:
    """Whether custom jobs can run there."""
    return region in TRAINING_REGIONS


def similar_regions(region: str) -> tuple[str, ...]:
    """Up to three training regions that look like a mistyped one, or like a zone's region."""
    zone_region, _, zone = region.rpartition("-")
    if len(zone) == 1 and zone_region in TRAINING_REGIONS:
        return (zone_region,)
    return tuple(get_close_matches(region, TRAINING_REGIONS, n=3, cutoff=0.7))
