"""Places: where jobs run, one project in one region."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

PLACE_PATTERN = r"(?:[a-z0-9][a-z0-9.:-]*/)?[a-z]+(?:-[a-z]+)+[0-9]+"
"""What a place looks like in the settings: `REGION` or `PROJECT/REGION`."""
_PLACE = re.compile(PLACE_PATTERN)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One project in one region."""

    project: str
    """Project id."""
    region: str
    """Vertex AI region, e.g. `europe-west4`."""

    def __str__(self) -> str:
        return f"{self.project}/{self.region}"


def read_place(text: str, project: str) -> Place:
    """The place that `REGION` or `PROJECT/REGION` means; `project` is the one meant by a bare region.

    Raises:
        ValueError: it is neither.
    """
    found = _PLACE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is neither REGION nor PROJECT/REGION")
    own, _, region = text.strip().rpartition("/")
    return Place(own or project, region)


def read_places(first: Place, setting: str) -> tuple[Place, ...]:
    """The place of the session, then those of the setting `jobs.places`.

    Raises:
        ValueError: one of them is no place.
    """
    return places(first, filter(None, "".join(setting.split()).split(",")))


def places(first: Place, others: Iterable[str]) -> tuple[Place, ...]:
    """The place of the session, then the other ones listed, each once."""
    return tuple(dict.fromkeys([first, *(read_place(text, first.project) for text in others)]))
