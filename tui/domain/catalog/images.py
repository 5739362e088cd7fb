"""Prebuilt training images and the ends of their support.

Source: "Prebuilt containers for serverless training" and "Framework support policy", August 2026. Past its
end of availability an image may be refused or gone; whether it really is, the documentation leaves open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

MULTI_REGIONS = ("us", "europe", "asia")
"""Where every image is kept; the host is `{multi-region}-docker.pkg.dev`."""
REPOSITORY = "vertex-ai/training"
_PREBUILT = re.compile(
    r"(?:(?:us|europe|asia)-docker\.pkg\.dev/vertex-ai|(?:(?:us|eu|asia)\.)?gcr\.io/cloud-aiplatform)/training/"
    r"(?P<name>[a-z0-9.-]+)(?P<tag>:[\w.-]+)?"
)


@dataclass(frozen=True, slots=True)
class Image:
    """One prebuilt training image."""

    name: str
    """Such as `pytorch-gpu.2-4.py310`."""
    support_end: date
    """End of patches and support."""
    availability_end: date

    def uri(self, region: str) -> str:
        """The image's address for jobs in a region; the tag `latest` is the only one allowed."""
        return f"{multi_region(region)}-docker.pkg.dev/{REPOSITORY}/{self.name}:latest"


_Dates = tuple[date, date]
_TF_217 = (date(2025, 7, 11), date(2026, 7, 11))
_TF_216 = (date(2025, 6, 28), date(2026, 6, 28))
_TORCH_24 = (date(2025, 7, 24), date(2026, 7, 24))
_TORCH_23 = (date(2025, 4, 24), date(2026, 4, 24))
_RAY_247 = (date(2026, 7, 28), date(2027, 7, 28))
_RAY_242 = (date(2026, 3, 1), date(2027, 3, 1))
_DATES: dict[str, _Dates] = {
    "tf-cpu.2-17.py310": _TF_217,
    "tf-gpu.2-17.py310": _TF_217,
    "tf-cpu.2-16.py310": _TF_216,
    "tf-gpu.2-16.py310": _TF_216,
    "tf-tpu.2-15.cp310": (date(2024, 10, 23), date(2025, 10, 23)),
    "pytorch-gpu.2-4.py310": _TORCH_24,
    "pytorch-xla.2-4.py310": _TORCH_24,
    "pytorch-gpu.2-3.py310": _TORCH_23,
    "pytorch-xla.2-3.py310": _TORCH_23,
    "pytorch-xla.2-2.py310": (date(2025, 1, 30), date(2026, 10, 23)),
    "sklearn-cpu.1-6": _TF_217,
    "sklearn-gpu.1-6": _TF_217,
    "xgboost-cpu.2-1": _TF_217,
    "xgboost-gpu.2-1": _TF_217,
    "ray-cpu.2-47.py311": _RAY_247,
    "ray-gpu.2-47.py311": _RAY_247,
    "ray-cpu.2-42.py310": _RAY_242,
    "ray-gpu.2-42.py310": _RAY_242,
    "ray-cpu.2-42.py311": _RAY_242,
    "ray-gpu.2-42.py311": _RAY_242,
}
IMAGES: Mapping[str, Image] = MappingProxyType({name: Image(name, *dates) for name, dates in _DATES.items()})
"""The newest prebuilt images of each framework, by name; CPU builds of PyTorch are called `pytorch-xla`."""


def multi_region(region: str) -> str:
    """The multi-region nearest to a region; for Asia and Australia that is our own suggestion."""
    if region.startswith(("europe-", "me-", "africa-")):
        return "europe"
    return "asia" if region.startswith(("asia-", "australia-")) else "us"


def prebuilt(uri: str) -> tuple[str, str] | None:
    """Name and tag (empty if there is none) of a prebuilt training image; None for any other image."""
    found = _PREBUILT.fullmatch(uri)
    return (found["name"], (found["tag"] or "").removeprefix(":")) if found else None
