"""Where Cloud Storage keeps buckets.

Source: Cloud Storage's page on bucket locations (docs.cloud.google.com/storage/docs/locations), its regions,
predefined dual-regions and multi-regions. Regions come with time: a name of their form that is not listed
here may be one.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

from tui.domain.regions import TRAINING_REGIONS

MULTI_REGIONS = ("eu", "us", "asia")
DUAL_REGIONS = ("nam4", "eur4", "eur5", "eur7", "eur8", "asia1")
REGIONS = (
    *TRAINING_REGIONS,
    "asia-south2",
    "asia-southeast3",
    "europe-north2",
    "europe-west10",
    "northamerica-south1",
)
"""Also those in which no custom training runs."""
LOCATIONS = (*REGIONS, *MULTI_REGIONS, *DUAL_REGIONS)

_REGION = re.compile(r"[a-z]+-[a-z]+[0-9]{1,2}")


def is_location(name: str) -> bool:
    """Whether buckets are known to be kept there; capitals do not matter."""
    return name.lower() in LOCATIONS


def location_fault(name: str) -> str:
    """Why a bucket cannot be kept there; empty if it can, or if it may be a newer region."""
    place = name.lower()
    if not place:
        return "a location is needed"
    if is_location(place) or _REGION.fullmatch(place):
        return ""
    near = get_close_matches(place.removesuffix(f"-{place[-1]}"), LOCATIONS, n=3, cutoff=0.7)
    meant = f": {' or '.join(near)}?" if near else f": a region, or {', '.join(MULTI_REGIONS)}"
    return f"Cloud Storage has no location of this name{meant}"
