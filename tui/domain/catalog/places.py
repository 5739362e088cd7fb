"""Where the regions of custom training lie, to tell which are near.

Source: "Geography and regions" (Google Cloud), which names a city for each region; latitudes and longitudes
of those cities, in degrees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import cos, hypot, radians
from types import MappingProxyType

PLACES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "africa-south1": (-26.2, 28.0),
        "asia-east1": (24.1, 120.5),
        "asia-east2": (22.3, 114.2),
        "asia-northeast1": (35.7, 139.7),
        "asia-northeast2": (34.7, 135.5),
        "asia-northeast3": (37.6, 127.0),
        "asia-south1": (19.1, 72.9),
        "asia-southeast1": (1.4, 103.8),
        "asia-southeast2": (-6.2, 106.8),
        "australia-southeast1": (-33.9, 151.2),
        "australia-southeast2": (-37.8, 145.0),
        "europe-central2": (52.2, 21.0),
        "europe-north1": (60.6, 27.2),
        "europe-southwest1": (40.4, -3.7),
        "europe-west1": (50.4, 3.8),
        "europe-west2": (51.5, -0.1),
        "europe-west3": (50.1, 8.7),
        "europe-west4": (53.4, 6.8),
        "europe-west6": (47.4, 8.5),
        "europe-west8": (45.5, 9.2),
        "europe-west9": (48.9, 2.4),
        "europe-west12": (45.1, 7.7),
        "me-central1": (25.3, 51.5),
        "me-central2": (26.4, 50.1),
        "me-west1": (32.1, 34.8),
        "northamerica-northeast1": (45.5, -73.6),
        "northamerica-northeast2": (43.7, -79.4),
        "southamerica-east1": (-23.5, -46.8),
        "southamerica-west1": (-33.4, -70.7),
        "us-central1": (41.3, -95.9),
        "us-east1": (33.2, -80.0),
        "us-east4": (39.0, -77.5),
        "us-east5": (40.0, -83.0),
        "us-south1": (32.8, -96.8),
        "us-west1": (45.6, -121.2),
        "us-west2": (34.1, -118.2),
        "us-west3": (40.8, -111.9),
        "us-west4": (36.2, -115.1),
    }
)
"""Latitude and longitude by region."""
_SAME = {"us": "northamerica"}
_TURN = 360.0


def nearest(region: str, among: Iterable[str]) -> tuple[str, ...]:
    """Regions by their distance from one: those of its continent first; by name if it is not known."""
    return tuple(
        sorted(among, key=lambda other: (_continent(other) != _continent(region), _far(region, other)))
    )


def _continent(region: str) -> str:
    first = region.partition("-")[0]
    return _SAME.get(first, first)


def _far(region: str, other: str) -> tuple[float, str]:
    """Roughly, in degrees: good enough to put regions in order."""
    if region not in PLACES or other not in PLACES:
        return (_TURN, other)
    (north, east), (other_north, other_east) = PLACES[region], PLACES[other]
    across = abs(east - other_east)
    across = min(across, _TURN - across) * cos(radians((north + other_north) / 2))
    return (hypot(north - other_north, across), other)
