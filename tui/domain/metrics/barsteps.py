"""Steps for values that are printed without one, beside a progress bar that tells them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from tui.domain.metrics.model import Point, Reading
from tui.domain.metrics.progress import Course, LoopKey
from tui.domain.metrics.resolve import Resolved
from tui.domain.metrics.track import Key, Place, Sample, Track

_MOST_BARS = 8
"""Bars of one replica that are looked at."""
_MAIN = re.compile(r"train|epoch|step|iter|fit", re.IGNORECASE)
Points = tuple[Point, ...]


class BarSteps:
    """The bars of one replica, and the values that take their steps from the training's."""

    def __init__(self) -> None:
        self._tracks: dict[LoopKey, Track] = {}
        self._resolved: dict[LoopKey, Resolved] = {}
        self._filled: dict[str, _Filled] = {}

    def __len__(self) -> int:
        return len(self._tracks)

    def note(self, key: Key, found: Reading, place: Place | None, limit: int) -> None:
        """Take in where a bar is; other lines say nothing here."""
        if found.bar is None or found.step is None:
            return
        bar = LoopKey(found.bar, found.total_steps, found.per_epoch)
        track = self._tracks.get(bar)
        if track is None:
            if len(self._tracks) >= _MOST_BARS:
                return
            track = self._tracks[bar] = Track()
            self._resolved[bar] = Resolved(track)
        track.add(Sample(key, Point(key[0], float(found.step), found.step, found.epoch), place), limit)

    def settle(self, limit: int) -> Iterator[int]:
        """The versions of what is known of the bars."""
        return (track.settle(limit) for track in self._tracks.values())

    def placed(self, series: Mapping[str, Points], course: Course, limit: int) -> Mapping[str, Points]:
        """The series with the steps that the bar of the training told last before each value.

        They stay as they are where the program prints steps of its own, or where the bar is told so seldom
        that values could not be told apart by it.
        """
        longest = max(series.values(), key=len, default=())
        own = sum(point.step is not None for point in longest)
        if not self._tracks or 2 * own >= len(longest):
            return series
        bar = self._main(course, limit)
        made = {
            name: self._filled.setdefault(name, _Filled()).update(points, bar)
            for name, points in series.items()
        }
        found = max(made.values(), key=len)
        apart = len({point.step for point in found if point.step is not None})
        return made if 2 * apart >= len(found) else series

    def _main(self, course: Course, limit: int) -> Points:
        """The states of the bar that looks like the training's and went on for longest."""
        best: Points = ()
        rank: tuple[bool, int, int] | None = None
        for key, resolved in self._resolved.items():
            points = resolved.update(course, limit)
            named = key.per_epoch or bool(_MAIN.search(key.bar or ""))
            mine = (named, points[-1].time_ns - points[0].time_ns, key.total or 0)
            if rank is None or mine > rank:
                best, rank = points, mine
        return best


class _Filled:
    """One series with the steps of a bar, kept up to date at the cost of what changed."""

    def __init__(self) -> None:
        self._bare: Points = ()
        self._bar: Points = ()
        self._made: Points = ()

    def update(self, bare: Points, bar: Points) -> Points:
        """The series as of now."""
        if bare is self._bare and bar is self._bar:
            return self._made
        kept = _alike(self._bare, bare)
        alike = _alike(self._bar, bar)
        changed = min((each[alike].time_ns for each in (self._bar, bar) if alike < len(each)), default=None)
        if changed is not None:
            kept = min(kept, bisect_left(bare, changed, key=_time))
        self._made = tuple(chain(self._made[:kept], _with_steps(bare[kept:], bar)))
        self._bare, self._bar = bare, bar
        return self._made


def _with_steps(bare: Sequence[Point], bar: Points) -> Iterator[Point]:
    at = bisect_left(bar, bare[0].time_ns, key=_time) if bare else 0
    for point in bare:
        while at < len(bar) and bar[at].time_ns <= point.time_ns:
            at += 1
        if point.step is None and at:
            yield Point(point.time_ns, point.value, bar[at - 1].step, point.epoch)
        else:
            yield point


def _alike(old: Points, new: Points) -> int:
    """How many of the first points are the same ones."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((at for at, (one, other) in pairs if one is not other), min(len(old), len(new)))


def _time(point: Point) -> int:
    return point.time_ns
