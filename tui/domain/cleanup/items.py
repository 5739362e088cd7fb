"""Objects as they were counted, in little room: plans hold hundreds of thousands of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from tui.domain.storage import ObjectInfo

UNKNOWN_TIME = 0.0
"""Stands for an update time that the service did not tell."""


class PlanItem(NamedTuple):
    """One generation of one object as it was counted."""

    name: str
    generation: int
    size: int


class PlanItems:
    """Names, generations, sizes and update times side by side; about 70 bytes an object.

    A tuple of three for each would take three times that, and the same again for the collector of garbage.
    """

    __slots__ = ("_bytes", "_ends", "_generations", "_names", "_sizes", "_updated")

    def __init__(self) -> None:
        self._names = bytearray()
        self._ends = array("Q")
        self._generations = array("q")
        self._sizes = array("q")
        self._updated = array("d")
        self._bytes = 0

    @classmethod
    def of(cls, objects: Iterable[ObjectInfo]) -> PlanItems:
        """All of `objects`, in their order."""
        found = cls()
        for item in objects:
            found.add(item)
        return found

    def add(self, item: ObjectInfo) -> None:
        """Take one more."""
        moment = item.updated.timestamp() if item.updated is not None else UNKNOWN_TIME
        self.put(item.name, item.generation, item.size, moment)

    def put(self, name: str, generation: int, size: int, updated: float = UNKNOWN_TIME) -> None:
        """Take one more; `updated` in seconds since the epoch."""
        self._names += name.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._names))
        self._generations.append(generation)
        self._sizes.append(size)
        self._updated.append(updated)
        self._bytes += size

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[PlanItem]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> PlanItem:
        return PlanItem(self.name(number), self._generations[number], self._sizes[number])

    @property
    def bytes(self) -> int:
        """Their sizes as stored, added up."""
        return self._bytes

    def name(self, number: int) -> str:
        """The name of one."""
        start = self._ends[number - 1] if number else 0
        return self._names[start : self._ends[number]].decode("utf-8", "surrogatepass")

    def size(self, number: int) -> int:
        """The bytes of one."""
        return self._sizes[number]

    def updated(self, number: int) -> float:
        """When one was updated, in seconds since the epoch; UNKNOWN_TIME if that is not known."""
        return self._updated[number]

    def moment(self, number: int) -> datetime | None:
        """When one was updated, UTC."""
        seconds = self._updated[number]
        return datetime.fromtimestamp(seconds, UTC) if seconds != UNKNOWN_TIME else None

    def names(self) -> Iterator[str]:
        """All names in their order."""
        return (self.name(number) for number in range(len(self)))

    def pick(self, numbers: Iterable[int]) -> PlanItems:
        """Some of them, in the order of `numbers`."""
        found = PlanItems()
        for number in numbers:
            found.put(
                self.name(number), self._generations[number], self._sizes[number], self._updated[number]
            )
        return found

    def chunks(self, length: int) -> Iterator[tuple[PlanItem, ...]]:
        """All of them, `length` at a time."""
        for start in range(0, len(self), length):
            yield tuple(self[number] for number in range(start, min(start + length, len(self))))
