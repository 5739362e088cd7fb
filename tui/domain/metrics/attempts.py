"""Where a run began anew: points at which the step falls back and goes on from there."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

from tui.domain.metrics.model import Point

Fall = tuple[int, int]
"""Times in nanoseconds of the point before a fall and of the one that fell."""


def falls(points: Sequence[Point]) -> list[Fall]:
    """The falls of the step that a restart explains; a single old step (a best result told again) is none."""
    found: list[Fall] = []
    steps = [(point.step, point) for point in points if point.step is not None]
    for (step, before), (fallen, here), (later, _) in zip(steps, steps[1:], steps[2:], strict=False):
        goes_on = fallen < later <= step
        if fallen < step and goes_on and not _next_epoch(before, here):
            found.append((before.time_ns, here.time_ns))
    # Without steps the epoch tells the same.
    bare = [point for point in points if point.step is None and point.epoch is not None]
    for before, here in pairwise(bare):
        if (here.epoch or 0) < (before.epoch or 0):
            found.append((before.time_ns, here.time_ns))
    return found


def _next_epoch(before: Point, here: Point) -> bool:
    return before.epoch is not None and here.epoch is not None and here.epoch > before.epoch


def boundaries(found: Iterable[Fall], marked: Iterable[int]) -> list[int]:
    """The fewest times of new attempts that explain all falls, with those that are known, in order."""
    times = sorted(set(marked))
    for before, here in sorted(set(found), key=lambda fall: (fall[1], fall[0])):
        index = bisect_left(times, before + 1)
        if index >= len(times) or times[index] > here:
            times.insert(bisect_left(times, here), here)
    return times


def starts(points: Sequence[Point], times: Iterable[int]) -> tuple[int, ...]:
    """The indexes of the points with which the attempts begin, without the first attempt's."""
    indexes = {bisect_left(points, time, key=lambda point: point.time_ns) for time in times}
    return tuple(sorted(indexes - {0, len(points)}))
