"""Deep Learning Containers: Google's images that are not made for Vertex AI alone, and how old they are.

Google's framework support policy gives a version patches for a year after its release, and keeps its images
for a year more: the dates of the prebuilt images (`images`) are the dates of PyTorch's releases, one and two
years on. The dates of these containers are reckoned in the same way from PyTorch's releases.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

_URI = re.compile(
    r"(?:(?:us|europe|asia)-docker\.pkg\.dev/deeplearning-platform-release/gcr\.io|gcr\.io/deeplearning-platform-release)/"
    r"(?P<framework>pytorch|tf2?|base|r|sklearn|xgboost)-(?P<kind>[a-z0-9]+)(?:\.(?P<version>[0-9]+-[0-9]+))?"
    r"(?:\.py[0-9]+)?(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?"
)
PYTORCH_RELEASES: Mapping[str, date] = MappingProxyType(
    {
        "1.13": date(2022, 10, 28),
        "2.0": date(2023, 3, 15),
        "2.1": date(2023, 10, 4),
        "2.2": date(2024, 1, 30),
        "2.3": date(2024, 4, 24),
        "2.4": date(2024, 7, 24),
        "2.6": date(2025, 1, 29),
        "2.7": date(2025, 4, 23),
    }
)
"""Days on which versions of PyTorch came out."""
_TITLES = {"pytorch": "PyTorch", "tf": "TensorFlow", "tf2": "TensorFlow"}


@dataclass(frozen=True, slots=True)
class Container:
    """A Deep Learning Containers image."""

    framework: str
    version: str
    """Such as `2.0`; empty if the name has none."""
    support_end: date | None
    """End of patches; None where it is not known."""
    availability_end: date | None


def deep_learning(uri: str) -> Container | None:
    """What a Deep Learning Containers image holds; None for any other image."""
    found = _URI.fullmatch(uri)
    if not found:
        return None
    version = (found["version"] or "").replace("-", ".")
    released = PYTORCH_RELEASES.get(version) if found["framework"] == "pytorch" else None
    ends = (_years_on(released, 1), _years_on(released, 2)) if released else (None, None)
    return Container(_TITLES.get(found["framework"], found["framework"]), version, *ends)


def _years_on(day: date, years: int) -> date:
    return day.replace(year=day.year + years)
