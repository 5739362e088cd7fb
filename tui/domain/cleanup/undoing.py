"""What of a delete can come back, and how: planned before anything is restored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Self

from tui.domain.storage import Bucket, ObjectInfo


class How(StrEnum):
    """By which of the bucket's safety nets."""

    SOFT_DELETE = "soft delete"
    VERSION = "an earlier version"


class Step(NamedTuple):
    """One generation that comes back."""

    generation: int
    size: int
    how: How
    token: str
    """`restoreToken`, which hierarchical buckets ask for."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The generations of one name that come back, in this order; the last one is live in the end.

    Only where versioning is on are there several: each is deleted again before the next, and so becomes the
    earlier version that it was.
    """

    bucket: str
    name: str
    steps: tuple[Step, ...]
    retire: int = 0
    """An earlier one that an interrupted undo left live: it is deleted first, and so kept as a version."""
    over: int = 0
    """The live one whose place it takes, as was wished; versioning keeps that as an earlier version."""

    @property
    def bytes(self) -> int:
        """What they take."""
        return sum(step.size for step in self.steps)


class Lost(NamedTuple):
    """One generation that does not come back, and why."""

    bucket: str
    name: str
    generation: int
    why: str


GONE_FOR_GOOD = "gone for good"
NEWER_LIVE = "a newer object of that name is there, and is left alone"
ONE_VERSION = "the bucket keeps one version of a name, and a later one comes back"


@dataclass(slots=True)
class UndoPlan:
    """What an undo brings back.

    Attributes:
        buckets: soft-deleted buckets that come back first.
        pending: generations in them, which can be looked up only then, and their bytes.
        chains: what comes back, by name.
        present: generations that are there after all.
        lost: what cannot come back.
        folders: folders of hierarchical buckets that are made again, before what was in them, by bucket.
    """

    buckets: list[Bucket] = field(default_factory=list)
    pending: int = 0
    pending_bytes: int = 0
    chains: list[Chain] = field(default_factory=list)
    present: int = 0
    lost: list[Lost] = field(default_factory=list)
    folders: dict[str, list[str]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Generations that come back for certain."""
        return sum(len(chain.steps) for chain in self.chains)

    @property
    def bytes(self) -> int:
        """What they take."""
        return sum(chain.bytes for chain in self.chains)

    @property
    def over(self) -> int:
        """Live objects whose places are taken."""
        return sum(bool(chain.over) for chain in self.chains)

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to bring back."""
        return not (self.chains or self.buckets or self.folders)

    def __iadd__(self, other: UndoPlan) -> Self:
        self.buckets += other.buckets
        self.pending += other.pending
        self.pending_bytes += other.pending_bytes
        self.chains += other.chains
        self.present += other.present
        self.lost += other.lost
        self.folders |= other.folders
        return self


class Shelf:
    """What a bucket still has of wanted generations, taken from its listings."""

    def __init__(
        self,
        bucket: str,
        wanted: Mapping[tuple[str, int], int],
        *,
        versioning: bool,
        halfway: frozenset[str] = frozenset(),
        over_live: bool = False,
    ) -> None:
        """`wanted` holds bytes by name and generation; `halfway` names that an undo was at before.

        `over_live` lets an earlier version take the place of a live object that versioning keeps.
        """
        self._bucket = bucket
        self._wanted = wanted
        self._versioning = versioning
        self._names = {name for name, _ in wanted}
        self._halfway = halfway
        self._over_live = over_live and versioning
        self._live: dict[str, ObjectInfo] = {}
        self._found: dict[str, list[Step]] = {}

    def take(self, objects: Iterable[ObjectInfo]) -> None:
        """Look at one page of live, noncurrent or soft-deleted generations."""
        for item in objects:
            if item.name not in self._names:
                continue
            if item.past is None:
                self._live[item.name] = item
            elif (item.name, item.generation) in self._wanted:
                how = How.SOFT_DELETE if item.past.deleted_at is not None else How.VERSION
                step = Step(item.generation, item.size, how, item.past.restore_token)
                self._found.setdefault(item.name, []).append(step)

    def plan(self) -> UndoPlan:
        """What comes back of the wanted ones."""
        by_name: dict[str, list[int]] = {}
        for name, generation in self._wanted:
            by_name.setdefault(name, []).append(generation)
        plan = UndoPlan()
        for name, generations in by_name.items():
            self._plan_name(plan, name, generations)
        return plan

    def _plan_name(self, plan: UndoPlan, name: str, generations: list[int]) -> None:
        live = self._live.get(name)
        steps = sorted(set(self._found.get(name, ())))
        present = [each for each in generations if live is not None and each == live.generation]
        plan.present += len(present)
        missing = sorted(set(generations) - {step.generation for step in steps} - set(present))
        retired = self._left_live(live, missing, steps) if live is not None else 0
        plan.lost += [Lost(self._bucket, name, each, GONE_FOR_GOOD) for each in missing if each != retired]
        if live is not None and self._over_live and steps and steps[-1].how is How.VERSION:
            plan.chains.append(Chain(self._bucket, name, (steps[-1],), over=live.generation))
        elif live is not None and not retired:
            plan.lost += self._lost(name, steps, NEWER_LIVE)
        elif steps:
            several = steps if self._versioning else steps[-1:]
            plan.lost += self._lost(name, steps[: -len(several)], ONE_VERSION)
            retire = live.generation if live is not None else 0
            plan.chains.append(Chain(self._bucket, name, _chain(several), retire))

    def _left_live(self, live: ObjectInfo, missing: list[int], steps: list[Step]) -> int:
        """Which wanted earlier generation the live object is a copy of, made by an undo that was interrupted.

        0 if it is none, and so newer.
        """
        if not (self._versioning and live.name in self._halfway and steps):
            return 0
        older = [each for each in missing if each < steps[-1].generation]
        return next((each for each in older if self._wanted[live.name, each] == live.size), 0)

    def _lost(self, name: str, steps: Iterable[Step], why: str) -> Iterator[Lost]:
        return (Lost(self._bucket, name, step.generation, why) for step in steps)


def _chain(steps: list[Step]) -> tuple[Step, ...]:
    """Of earlier versions that are kept only the last one is needed: the others are where they belong."""
    return (*(step for step in steps[:-1] if step.how is How.SOFT_DELETE), steps[-1])
