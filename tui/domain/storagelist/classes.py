"""What storage classes and locations mean for somebody who trains: minimum days, fees, distance to the jobs.

Sources: the Cloud Storage pages on storage classes and bucket locations; the page on Cloud Storage FUSE in
custom training, which asks for a bucket of one region, the job's.
"""

from __future__ import annotations

from typing import NamedTuple

from tui.domain.storage import Bucket


class ClassMeaning(NamedTuple):
    """One storage class."""

    name: str
    days: int
    """Days that are billed at least, however soon an object is deleted or replaced."""
    about: str


CLASSES = (
    ClassMeaning("STANDARD", 0, "no minimum time, no fee for reading: right for what jobs read and write"),
    ClassMeaning("NEARLINE", 30, "cheaper to keep, billed for at least 30 days, a fee for each GiB read"),
    ClassMeaning("COLDLINE", 90, "cheap to keep, billed for at least 90 days, a higher fee to read"),
    ClassMeaning("ARCHIVE", 365, "cheapest to keep, billed for at least 365 days, the highest fee to read"),
)
_ABOUT = {each.name: each for each in CLASSES}

_WIDE = {
    "US": ("us-", "northamerica-"),
    "EU": ("europe-",),
    "ASIA": ("asia-",),
    "NAM4": ("us-central1", "us-east1"),
    "EUR4": ("europe-north1", "europe-west4"),
    "EUR5": ("europe-west1", "europe-west2"),
    "EUR7": ("europe-west2", "europe-west3"),
    "EUR8": ("europe-west3", "europe-west6"),
    "ASIA1": ("asia-northeast1", "asia-northeast2"),
}
"""What multi-regions, and the older dual-regions, begin with or consist of."""


def class_about(name: str) -> str:
    """What a storage class means; empty for one that is not known."""
    found = _ABOUT.get(name.upper())
    return found.about if found else ""


def class_days(name: str) -> int:
    """Days that are billed at least."""
    found = _ABOUT.get(name.upper())
    return found.days if found else 0


class Match(NamedTuple):
    """How a bucket's location suits jobs of a region."""

    short: str
    about: str
    good: bool


def region_match(location: str, location_type: str, region: str) -> Match:
    """What a location means for jobs that run in `region`."""
    place, kind = location.lower(), location_type or _kind_of(location)
    if not place or not region:
        return Match("", "", good=False)
    if place == region.lower():
        return Match("same region", f"same region as your jobs ({region})", good=True)
    if kind in ("multi-region", "dual-region"):
        near = any(region.lower().startswith(part) for part in _WIDE.get(location.upper(), ()))
        far = "" if near or location.upper() not in _WIDE else " and is away from your jobs: egress is billed"
        return Match(
            kind, f"{kind}: training reads it{far}; /gcs asks for a single region, {region}", good=False
        )
    return Match("other region", f"another region than {region}: slower, and egress is billed", good=False)


def _kind_of(location: str) -> str:
    return "multi-region" if location.upper() in _WIDE else "region"


def bucket_match(bucket: Bucket, region: str) -> Match:
    """How a bucket suits jobs of a region."""
    return region_match(bucket.location, bucket.location_type, region)
