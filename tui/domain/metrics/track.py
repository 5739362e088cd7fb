"""The points of one metric of one replica: in order, without repeats, thinned so that extremes survive."""

from __future__ import annotations

from bisect import bisect_left
from itertools import groupby
from math import isnan
from operator import itemgetter
from typing import NamedTuple

from tui.domain.metrics.model import Point

Key = tuple[int, str, int]
"""Time in nanoseconds, the entry's id, the line's number within the entry: sorts as the log does."""


class Place(NamedTuple):
    """A step that needs others to be understood: counted within an epoch, or by a bar that may begin anew."""

    step: int
    total: int
    """0 if the line does not say."""
    within_epoch: bool


class Sample(NamedTuple):
    """One value as read."""

    key: Key
    point: Point
    place: Place | None = None


_KEY = itemgetter(0)
_GREATEST_SHIFT = 62
_SMALL = 2
_PENDING = 2000
"""Samples out of order that are gathered before they are merged."""


class Track:
    """A bounded, ordered collection of samples; the same whatever the order they came in."""

    __slots__ = ("_changed", "_pending", "_shift", "samples", "version")

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.version = 0
        """Rises when `samples` changed."""
        self._pending: list[Sample] = []
        self._shift = 0
        self._changed = 0

    def add(self, sample: Sample, limit: int) -> None:
        """Take a sample in; `settle` says whether that changed anything."""
        self._pending.append(sample)
        if len(self._pending) >= _PENDING:
            self.settle(limit)

    def settle(self, limit: int) -> int:
        """Merge what was added and keep at most about `limit` samples; the version afterwards."""
        if self._pending:
            self._merge()
        if len(self.samples) > limit:
            self._thin(limit)
        return self.version

    def take_changed(self) -> int:
        """The first index from which `samples` may differ since this was asked last."""
        first, self._changed = self._changed, len(self.samples)
        return first

    def _merge(self) -> None:
        pending, self._pending = sorted(self._pending, key=_KEY), []
        start = self._index(pending[0].key[0] >> self._shift << self._shift)
        end = self._index(((pending[-1].key[0] >> self._shift) + 1) << self._shift)
        old = self.samples[start:end]
        new = _unique(sorted((*old, *pending), key=_KEY))
        if self._shift:
            new = _thinned(new, self._shift)
        if [*map(_KEY, new)] != [*map(_KEY, old)]:
            self.samples[start:end] = new
            self._change(start)

    def _thin(self, limit: int) -> None:
        """Widen the stretches until three quarters of the limit suffice: not every sample shall thin anew."""
        span = self.samples[-1].key[0] - self.samples[0].key[0]
        self._shift = max(self._shift, (span // limit).bit_length() - 1, 0)
        while self._shift < _GREATEST_SHIFT:
            self._shift += 1
            thinned = _thinned(self.samples, self._shift)
            if len(thinned) <= limit * 3 // 4:
                break
        self.samples = thinned
        self._change(0)

    def _change(self, index: int) -> None:
        self.version += 1
        self._changed = min(self._changed, index)

    def _index(self, time_ns: int) -> int:
        """How many samples are older."""
        samples = self.samples
        if not samples or samples[-1].key[0] < time_ns:
            return len(samples)
        return bisect_left(samples, time_ns, key=_time)


def _time(sample: Sample) -> int:
    return sample.key[0]


def _unique(samples: list[Sample]) -> list[Sample]:
    """Sorted samples without repeats; the one that came first stays."""
    return [
        sample for number, sample in enumerate(samples) if not number or samples[number - 1].key != sample.key
    ]


def _thinned(samples: list[Sample], shift: int) -> list[Sample]:
    """Of each 2^shift ns the first, the last, the least, the greatest and the first that is no number."""
    kept: list[Sample] = []
    for _, group in groupby(samples, lambda sample: sample.key[0] >> shift):
        bucket = list(group)
        if len(bucket) <= _SMALL:
            kept.extend(bucket)
            continue
        good = [sample for sample in bucket if not isnan(sample.point.value)]
        chosen = {id(bucket[0]): bucket[0], id(bucket[-1]): bucket[-1]}
        if good:
            for pick in (min, max):
                sample = pick(good, key=_value)
                chosen[id(sample)] = sample
        if len(good) < len(bucket):
            odd = next(sample for sample in bucket if isnan(sample.point.value))
            chosen[id(odd)] = odd
        kept.extend(sorted(chosen.values(), key=_KEY))
    return kept


def _value(sample: Sample) -> float:
    return sample.point.value
