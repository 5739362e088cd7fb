"""What the rules look at: the job, the places of its values, where and when it is to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tui.domain.catalog.skus import PriceBook
from tui.domain.secrets import placeholder
from tui.domain.spec.problems import START, Edit, Fix, Place
from tui.domain.spec.scalars import replace_value
from tui.domain.spec.walk import Path, Walker

SPEC: Path = ("jobSpec",)
POOLS: Path = (*SPEC, "workerPoolSpecs")
Pools = list[tuple[int, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known beside the file; every part may be missing, and its rules are silent then."""

    region: str = ""
    today: date | None = None
    limit_usd: Decimal | float | None = None
    """What one job may cost at most."""
    prices: PriceBook | None = None
    """Newer prices than those of the table."""


NOWHERE = Situation()


class View:
    """A job with its places.

    Attributes:
        job: a CustomJob in JSON form, without what was wrong in itself.
        spec: the CustomJobSpec within.
        situation: what is known beside the file.
    """

    def __init__(self, job: Mapping[str, Any], walker: Walker, text: str, situation: Situation) -> None:
        self.job = job
        self.spec: Mapping[str, Any] = job.get("jobSpec", {})
        self.situation = situation
        self._walker = walker
        self._lines = text.split("\n")

    @property
    def region(self) -> str:
        """Where the job is to run, or empty."""
        return self.situation.region

    @property
    def written(self) -> Mapping[Path, Place]:
        """Places of everything in the file, also of what has no value."""
        return self._walker.places

    def at(self, *path: str | int) -> Place:
        """Where the value of that path stands, or the nearest thing around it."""
        places = self._walker.places
        while path and path not in places:
            path = path[:-1]
        return places.get(path, START)

    def value_at(self, *path: str | int) -> Place:
        """Where the value itself begins, for one that stands by itself; else as `at`."""
        node = self._walker.scalars.get(path)
        return node.place if node is not None else self.at(*path)

    def unread(self, *path: str | int) -> bool:
        """Whether a value was written there, or around there, that is wrong in itself."""
        wrong = self._walker.unread
        return any(path[: length + 1] in wrong for length in range(len(path)))

    def is_open(self, *path: str | int) -> bool:
        """Whether the text there is a placeholder, which is reported as such and by no rule."""
        node = self._walker.scalars.get(path)
        return node is not None and bool(placeholder(node.text, whole=True))

    def pools(self) -> Pools:
        """The worker pools that are used, with their positions: the first, and all that are not empty."""
        pools = self.spec.get("workerPoolSpecs", [])
        written = {key[2] for key in self._walker.places if key[:2] == POOLS and len(key) > 3}  # noqa: PLR2004
        return [
            (number, pool) for number, pool in enumerate(pools) if not number or pool or number in written
        ]

    def write(self, path: Path, text: str) -> Fix | None:
        """The fix that puts another value in the place of one on a line."""
        node = self._walker.scalars.get(path)
        return replace_value(node, f"Write {text}", text) if node is not None else None

    def add(self, path: Path, *entries: str) -> Fix | None:
        """The fix that adds entries such as `replicaCount: 1` before the first of a mapping."""
        node = self._walker.mappings.get(path)
        if node is None or not node.entries or node.entries[0].key.place < node.place:
            return None
        place = node.entries[0].key.place
        line = self._lines[place.line - 1] if place.line <= len(self._lines) else ""
        before = line[: place.column - 1]
        if before.rstrip().endswith(("{", ",")):
            new = "".join(f"{entry}, " for entry in entries)
        elif not before.strip(" -"):
            new = "".join(f"{entry}\n{' ' * len(before)}" for entry in entries)
        else:
            return None
        return Fix(f"Add {', '.join(entries)}", (Edit(place, place, new),))


def count_of(value: object) -> int:
    """An int64 of the API's JSON, which may be a text; 0 if it is missing."""
    return int(value) if isinstance(value, int | str) and str(value).lstrip("-").isdigit() else 0
