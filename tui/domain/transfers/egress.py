"""What bytes that leave a bucket may cost on the way.

The rates are Google's list prices as remembered (internet egress 0.12 $/GiB in the first TiB, more in
Australia, 0.02 $/GiB between regions of one continent); no source at hand confirms them, so every amount is
said to be an unverified estimate.
"""

from __future__ import annotations

from tui.domain.text import size

GIB = 1024**3

INTERNET = 0.12
"""US dollars a GiB to the internet from most places, unverified."""

INTERNET_FROM = {"australia": 0.19, "asia": 0.12, "southamerica": 0.12}
"""The same by the beginning of the location, unverified."""

SAME_CONTINENT = 0.02
"""US dollars a GiB between two regions of one continent, unverified."""

OTHER_CONTINENT = 0.08
"""US dollars a GiB between continents inside Google's network, unverified."""

_MULTI = {"us": "us", "eu": "europe", "asia": "asia"}


def rate(location: str, box_region: str = "") -> float:
    """US dollars a GiB from a bucket's location to a box in `box_region` (empty: outside Google Cloud)."""
    place, box = location.lower(), box_region.lower()
    continent = _MULTI.get(place, place.partition("-")[0])
    if not box:
        return INTERNET_FROM.get(continent, INTERNET)
    if place == box or (place in _MULTI and continent == box.partition("-")[0]):
        return 0.0
    return SAME_CONTINENT if continent == box.partition("-")[0] else OTHER_CONTINENT


def egress_words(count: int, location: str, *, box_region: str = "", local: bool = False) -> str:
    """One line about what the way of `count` bytes costs."""
    if local:
        return "Network: nothing is billed (local)."
    a_gib = rate(location, box_region)
    if not a_gib:
        return f"Network: nothing is billed from {location.lower()} to this box in {box_region}."
    amount = a_gib * count / GIB
    shown = f"about ${amount:.2f}" if amount >= 0.005 else "less than $0.01"  # noqa: PLR2004 (half a cent)
    where = f"to {box_region}" if box_region else "to outside Google Cloud"
    start = f"from {location.lower()} " if location else ""
    return f"Network: {shown} for {size(count)} {start}{where} (estimate, ${a_gib:.2f} a GiB, unverified)."
