"""Runs that go on although nothing is learned any more: a loss that stays NaN or infinite."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from tui.domain.metrics.kinds import MetricKind, kind, words
from tui.domain.metrics.model import Point, Series

_LEAST = {MetricKind.LOSS: 3, MetricKind.EVAL_LOSS: 3, MetricKind.GRAD_NORM: 5}
"""So many values in a row are no accident; a gradient scaler's first steps overflow, too."""
_SHORT = {MetricKind.LOSS: "loss", MetricKind.EVAL_LOSS: "eval", MetricKind.GRAD_NORM: "grad"}
_KEPT_BESTS = frozenset({"best", "min", "minimum", "lowest"})
"""What such names say begins with infinity before there is a first value."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is odd about the values that were printed last."""

    kind: MetricKind
    name: str
    """The metric as printed; untrusted."""
    replica: str
    infinite: bool
    """Whether the last value is an infinity, not NaN."""
    since: Point
    """The first of the values in a row that are no numbers."""

    @property
    def short(self) -> str:
        """`loss is NaN`, in 11 cells."""
        return f"{_SHORT[self.kind]} is {'inf' if self.infinite else 'NaN'}"


def doubt(series: Iterable[Series], since_ns: int = 0) -> Doubt | None:
    """The gravest doubt about a run whose last attempt began at a time, nanoseconds since the epoch, UTC.

    One or two values that are no numbers are none, nor is a run of them no longer than one that passed.
    The Hugging Face Trainer leaves NaN out of the loss that it prints: there the gradient norm tells.
    """
    found = [each for one in series if (each := _of(one, since_ns)) is not None]
    return min(found, key=lambda each: list(_LEAST).index(each.kind), default=None)


def _of(series: Series, since_ns: int) -> Doubt | None:
    which = kind(series.name)
    points = series.points
    if which not in _LEAST or not points or math.isfinite(points[-1].value):
        return None
    if which is not MetricKind.GRAD_NORM and "loss" not in series.name.lower():
        return None  # a percentage of nothing is infinite as well
    if _KEPT_BESTS & set(words(series.name)):
        return None
    runs = [(odd, list(part)) for odd, part in groupby(points, lambda point: not math.isfinite(point.value))]
    if which is MetricKind.EVAL_LOSS and len(runs) == 1:
        return None  # printed beside each step before there is a first evaluation
    earlier = max((len(run) for odd, run in runs[:-1] if odd), default=0)
    last = [point for point in runs[-1][1] if point.time_ns >= since_ns]
    if len(last) < max(_LEAST[which], earlier + 1):
        return None
    return _judged(series, which, last)


def _judged(series: Series, which: MetricKind, last: Sequence[Point]) -> Doubt | None:
    infinite = math.isinf(last[-1].value)
    if which is MetricKind.GRAD_NORM and infinite:
        return None  # the scaler of mixed precision skips such steps
    return Doubt(which, series.name, series.replica, infinite, last[0])
