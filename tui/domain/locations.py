"""Places and groups of places, as the organization policy `gcp.resourceLocations` names them."""

from __future__ import annotations

from collections.abc import Iterable

from tui.domain.regions import TRAINING_REGIONS

CONSTRAINT = "constraints/gcp.resourceLocations"

_GROUP = "in:"
_PLACES = "-locations"
_EXACT = "is:"

_OUTSIDE_EU = frozenset({"europe-west2", "europe-west6"})
"""European regions that the group of the European Union leaves out: London and Zurich."""

_MULTI_REGIONS = {
    "asia": ("asia", "asia1"),
    "eu": ("eu", "eur4", "eur5", "eur7", "eur8"),
    "europe": ("eu", "eur4", "eur5", "eur7", "eur8"),
    "us": ("us", "nam4"),
}
"""Cloud Storage's multi-regions and dual-regions, by the group that holds them."""

_CONTINENTS = frozenset(region.partition("-")[0] for region in TRAINING_REGIONS)


def location_allowed(location: str, values: Iterable[str]) -> bool | None:
    """Whether a list of values (`europe-west4`, `in:eu-locations`) takes in a region or multi-region.

    None if that depends on a group that is not known here.
    """
    answers = [_takes_in(value, location.lower()) for value in values]
    if True in answers:
        return True
    return None if None in answers else False


def is_location_value(value: str) -> bool:
    """Whether a value names a training region, a multi-region, or a group of them that is known here."""
    group = _group(value)
    if group is not None:
        return _known_group(group)
    name = value.removeprefix(_EXACT)
    return name in TRAINING_REGIONS or any(name in names for names in _MULTI_REGIONS.values())


def _takes_in(value: str, location: str) -> bool | None:
    group = _group(value)
    if group is None:
        return value.removeprefix(_EXACT).lower() == location
    if not _known_group(group):
        return None
    if location == group or location in _MULTI_REGIONS.get(group, ()):
        return True
    if group == "northamerica" and location.startswith("us"):
        return None  # whether that group takes in the United States was told both ways
    if group == "eu":
        return location.startswith("europe-") and location not in _OUTSIDE_EU
    return group in _CONTINENTS and location.startswith(f"{group}-")


def _group(value: str) -> str | None:
    if not value.startswith(_GROUP):
        return None
    return value.removeprefix(_GROUP).removesuffix(_PLACES).lower()


def _known_group(group: str) -> bool:
    return group in _CONTINENTS or group in _MULTI_REGIONS or group in TRAINING_REGIONS
