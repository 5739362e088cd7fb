"""What the rules look at: the job, the places of its values, where and when it is to run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tui.domain.catalog.skus import PriceBook
from tui.domain.spec.placeholders import planted_in_name
from tui.domain.spec.problems import START, Edit, Fix, Place
from tui.domain.spec.scalars import replace_value
from tui.domain.spec.walk import Path, Walker

SPEC: Path = ("jobSpec",)
POOLS: Path = (*SPEC, "workerPoolSpecs")
_ALONE = re.compile(r"[\w]+:[ \t]*(?:#.*)?")
"""A key without a value, at the end of a line."""
_STEP = 2
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

    def is_plain(self, *path: str | int) -> bool:
        """Whether the value there is written without quotes."""
        node = self._walker.scalars.get(path)
        return node is not None and node.plain

    def is_open(self, *path: str | int) -> bool:
        """Whether the text there is surely a placeholder, which is reported as such and by no rule."""
        node = self._walker.scalars.get(path)
        found = planted_in_name(node.text) if node is not None else None
        return found is not None and found.certain

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

    def add(self, path: Path, entries: Mapping[str, Any], title: str = "") -> Fix | None:
        """The fix that adds entries such as `replicaCount` and 1 before the first of a mapping."""
        node = self._walker.mappings.get(path)
        if node is None or not node.entries or node.entries[0].key.place < node.place:
            return None
        place = node.entries[0].key.place
        line = self._lines[place.line - 1] if place.line <= len(self._lines) else ""
        before = line[: place.column - 1]
        shown = ", ".join(f"{name}: {value}" for name, value in entries.items())
        if node.flow:
            quote = '"' if line[len(before) :].startswith('"') else ""
            new = "".join(f"{_in_flow(name, value, quote)}, " for name, value in entries.items())
        elif not before.strip(" -"):
            indent = " " * len(before)
            new = "".join(f"{_in_block(name, value, indent)}\n{indent}" for name, value in entries.items())
        else:
            return None
        return Fix(title or f"Add {shown}", (Edit(place, place, new),))

    def add_below(self, path: Path, entry: str, title: str) -> Fix | None:
        """The fix that adds an entry below a key that has no value, which stands at the end of its line."""
        place = self.written[path]
        line = self._lines[place.line - 1] if place.line <= len(self._lines) else ""
        if not _ALONE.fullmatch(line, place.column - 1):
            return None
        end = Place(place.line, len(line) + 1)
        return Fix(title, (Edit(end, end, f"\n{' ' * (place.column - 1 + _STEP)}{entry}"),))


def _in_flow(name: str, value: object, quote: str) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(_in_flow(key, item, quote) for key, item in value.items())
        return f"{quote}{name}{quote}: {{{inner}}}"
    shown = f"{quote}{value}{quote}" if isinstance(value, str) else str(value)
    return f"{quote}{name}{quote}: {shown}"


def _in_block(name: str, value: object, indent: str) -> str:
    if isinstance(value, Mapping):
        more = indent + " " * _STEP
        return f"{name}:" + "".join(f"\n{more}{_in_block(key, item, more)}" for key, item in value.items())
    return f"{name}: {value}"


def count_of(value: object) -> int:
    """An int64 of the API's JSON, which may be a text; 0 if it is missing."""
    return int(value) if isinstance(value, int | str) and str(value).lstrip("-").isdigit() else 0
