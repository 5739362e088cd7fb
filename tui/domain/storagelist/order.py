"""Which entries of a place are shown and in which order, cheap to make anew while the place is being read."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

from tui.domain.storagelist.entries import Entries, Key, Kind, Mode

AT_ONCE = 10_000
"""Entries that are sorted in one go: longer than that would hold up every other thread."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants to see of a place."""

    words: str = ""
    """Only names that hold this, in any case."""
    column: str = "name"
    descending: bool = False

    @property
    def plain(self) -> bool:
        """Whether that is everything in the order in which it is read."""
        return not self.words and self.column == "name" and not self.descending


class Rows(Sequence[str]):
    """Keys of the entries shown, each made when it is asked for; what is read later is not among them."""

    def __init__(
        self,
        entries: Entries,
        wish: Wish,
        buckets: Sequence[int],
        prefixes: Sequence[int],
        objects: Sequence[int],
    ) -> None:
        self.entries = entries
        self.wish = wish
        self._parts: tuple[tuple[Sequence[int], Callable[[int], str]], ...] = (
            (buckets, entries.bucket_key),
            (prefixes, entries.prefix_key),
            (objects, entries.object_key),
        )
        self.of = entries.count
        """Entries that had been read when these were put in order."""
        self._length = len(buckets) + len(prefixes) + len(objects)

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(self._length))]
        number = index + self._length if index < 0 else index
        for numbers, key_of in self._parts:
            if 0 <= number < len(numbers):
                return key_of(numbers[number])
            number -= len(numbers)
        raise IndexError(index)

    def __iter__(self) -> Iterator[str]:
        for numbers, key_of in self._parts:
            yield from map(key_of, numbers)

    def __contains__(self, key: object) -> bool:
        try:
            self.index(key)
        except ValueError:
            return False
        return True

    def index(self, value: object, start: int = 0, stop: int | None = None) -> int:  # noqa: ARG002 (the ABC's)
        """Where the row of that key is; ValueError if there is none."""
        key = Key.parse(str(value))
        number = self.entries.find(key)
        if number is None:
            raise ValueError(value)
        before = 0
        for part, (numbers, _key_of) in enumerate(self._parts):
            if part == _PART[key.kind]:
                return before + numbers.index(number)
            before += len(numbers)
        raise ValueError(value)


_PART = {Kind.BUCKET: 0, Kind.PREFIX: 1, Kind.OBJECT: 2, Kind.PAST: 2}


def arrange(entries: Entries, wish: Wish, counted: Mapping[str, int] | None = None) -> Rows:
    """The rows of what has been read so far: prefixes first, then objects, each in the order wished for.

    `counted` gives the bytes below a prefix or bucket by its key, as far as somebody counted them. It may be
    called in a thread while the place is being read on.
    """
    buckets, prefixes = range(len(entries.buckets)), range(len(entries.prefixes))
    objects = range(len(entries.names))
    if wish.plain and entries.mode is not Mode.VERSIONS:
        return Rows(entries, wish, buckets, prefixes, objects)
    sizes = counted or {}
    words = wish.words.casefold()
    buckets_found = _holding(buckets, words, lambda number: entries.buckets[number].name)
    prefixes_found = _holding(prefixes, words, entries.prefixes.__getitem__)
    return Rows(
        entries,
        wish,
        _ordered(buckets_found, _bucket_order(entries, wish, sizes)),
        _ordered(prefixes_found, _prefix_order(entries, wish, sizes)),
        _objects(entries, wish, _holding(objects, words, entries.names.__getitem__)),
    )


Order = tuple[Callable[[int], Any] | None, bool]
"""By what to sort, None for the order of the service; and whether the last comes first."""


def _bucket_order(entries: Entries, wish: Wish, sizes: Mapping[str, int]) -> Order:
    def value(number: int) -> Any:  # noqa: ANN401 (what a column holds)
        bucket = entries.buckets[number]
        moment = bucket.deleted_at if wish.column == "deleted" else bucket.created
        return {
            "location": bucket.location,
            "jobs": bucket.location,
            "class": bucket.storage_class,
            "undo": bucket.soft_delete_seconds,
            "size": sizes.get(entries.bucket_key(number), -1),
            "gone": bucket.gone_at.timestamp() if bucket.gone_at else 0.0,
        }.get(wish.column, moment.timestamp() if moment else 0.0)

    return None if wish.column == "name" else value, wish.descending


def _prefix_order(entries: Entries, wish: Wish, sizes: Mapping[str, int]) -> Order:
    if wish.column == "size" and sizes:
        return lambda number: sizes.get(entries.prefix_key(number), -1), wish.descending
    return None, wish.descending and wish.column == "name"


def _objects(entries: Entries, wish: Wish, numbers: Sequence[int]) -> Sequence[int]:
    columns: Mapping[str, Callable[[int], Any]] = {
        "size": entries.sizes.__getitem__,
        "updated": entries.updated.__getitem__,
        "generation": entries.generations.__getitem__,
        "type": entries.type_of,
        "class": entries.class_of,
        "state": entries.past_at,
        "deleted": entries.past_at,
        "gone": entries.gone_at,
    }
    if wish.column == "name" and entries.mode is Mode.VERSIONS:
        return _newest_first(entries, numbers, descending=wish.descending)
    return _ordered(numbers, (columns.get(wish.column), wish.descending))


def _newest_first(entries: Entries, numbers: Sequence[int], *, descending: bool) -> Sequence[int]:
    """By name, and of each name the live generation above those before it, the newest of them first."""
    newest = _ordered(numbers, (lambda n: (not entries.is_past(n), entries.generations[n]), True))
    return _ordered(newest, (entries.names.__getitem__, descending))


def _holding(numbers: Sequence[int], words: str, name_of: Callable[[int], str]) -> Sequence[int]:
    if not words:
        return numbers
    return array("L", (number for number in numbers if words in name_of(number).casefold()))


def _ordered(numbers: Sequence[int], order: Order) -> Sequence[int]:
    """Sorted in parts that are then merged, so that other threads get their turn in between."""
    value, descending = order
    if value is None:
        return numbers[::-1] if descending else numbers
    parts = [
        sorted(numbers[start : start + AT_ONCE], key=value, reverse=descending)
        for start in range(0, len(numbers), AT_ONCE)
    ]
    if len(parts) < 2:  # noqa: PLR2004 (nothing to merge)
        return parts[0] if parts else ()
    return array("L", heapq.merge(*parts, key=value, reverse=descending))
