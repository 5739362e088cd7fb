"""The curves of a job's metrics, ready to be drawn: which charts, against what, how few points suffice."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise

from tui.domain import text
from tui.domain.metrics.kinds import ORDER, MetricKind, kind
from tui.domain.metrics.model import Point, Series

MOST_CURVES = 8
"""Curves of one chart: more cannot be told apart."""
LARGEST = 1e100
"""Larger values are gaps: their differences could not be drawn."""
_SECOND_NS = 1_000_000_000
_FEW = 2
_ENOUGH = 20
"""So many different epochs make a curve, however many values share them."""


class Axis(Enum):
    """What the values are shown against."""

    STEP = "step"
    EPOCH = "epoch"
    TIME = "time since the job's start"


@dataclass(frozen=True, slots=True)
class Source:
    """One job whose metrics are shown."""

    name: str
    """As it stands in the legend; untrusted."""
    series: tuple[Series, ...]
    start_ns: int
    """From when time is counted."""
    late: bool = False
    """Whether older metrics were not read."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a chart."""

    label: str
    xs: tuple[float, ...]
    """Rising within an attempt; seconds when against time."""
    ys: tuple[float, ...]
    """NaN where the program printed one, or something too large."""
    starts: tuple[int, ...] = ()
    """Where a new attempt begins."""
    own: bool = True
    """Whether it is of the job under the cursor, not of one that it is compared with."""
    late: bool = False
    """Whether it goes back farther than what was read."""

    def nearest(self, x: float) -> int | None:
        """The point nearest to `x`, of the last attempt that comes so far; None without points."""
        best: int | None = None
        for first, last in reversed(self.attempts):
            index = bisect_left(self.xs, x, first, last)
            near = [place for place in (index - 1, index) if first <= place < last]
            found = min(near, key=lambda place: abs(self.xs[place] - x))
            if best is None or abs(self.xs[found] - x) < abs(self.xs[best] - x):
                best = found
        return best

    @property
    def attempts(self) -> list[tuple[int, int]]:
        """First and last index (exclusive) of each attempt."""
        edges = [0, *(start for start in self.starts if 0 < start < len(self.xs)), len(self.xs)]
        return [(first, last) for first, last in pairwise(edges) if first < last]


@dataclass(frozen=True, slots=True)
class Chart:
    """The curves of one kind of metric."""

    kind: MetricKind
    curves: tuple[Curve, ...]
    left_out: int = 0
    """Curves for which there was no room."""


@dataclass(frozen=True, slots=True)
class Charts:
    """All charts of a job, over one axis."""

    axis: Axis
    charts: tuple[Chart, ...]
    begins: tuple[float | None, ...] = ()
    """The least x of each job, in the order given; None for one without values here."""

    @property
    def span(self) -> tuple[float, float] | None:
        """The least and the largest x."""
        ends = [x for chart in self.charts for curve in chart.curves for x in curve.xs]
        return (min(ends), max(ends)) if ends else None


def charts_of(main: Source, others: Sequence[Source] = ()) -> Charts:
    """The charts of a job, with those of other jobs over them where they have the same kinds."""
    kinds = {kind(series.name) for series in main.series}
    axis = _axis([[s for s in one.series if kind(s.name) in kinds] for one in (main, *others)])
    found: dict[MetricKind, list[Curve]] = {one: [] for one in ORDER if one in kinds}
    metrics = {one: {s.name for s in (*main.series, *_all(others)) if kind(s.name) is one} for one in found}
    begins: list[float | None] = []
    for source in (main, *others):
        least: list[float] = []
        replicas = {series.replica for series in source.series}
        for series, xs in _placed(source, axis):
            curves = found.get(kind(series.name))
            if curves is None:
                continue
            # What all curves have in common is not said of each.
            several = not others or len(metrics[kind(series.name)]) > 1
            parts = (
                source.name if others else "",
                series.name if several else "",
                series.replica.removeprefix("workerpool") if len(replicas) > 1 else "",
            )
            label = text.printable(" ".join(part for part in parts if part))
            curve = _curve(label, series.points, xs, series.attempt_starts, own=source is main)
            if curve.xs:
                least.append(min(curve.xs))
                curve = replace(curve, late=source.late)
                curves.append(curve)
        begins.append(min(least, default=None))
    made = [
        Chart(one, tuple(curves[:MOST_CURVES]), max(len(curves) - MOST_CURVES, 0))
        for one, curves in found.items()
        if curves
    ]
    return Charts(axis, tuple(made), tuple(begins))


def _all(sources: Iterable[Source]) -> list[Series]:
    return [series for source in sources for series in source.series]


def _axis(jobs: Iterable[Sequence[Series]]) -> Axis:
    """What all jobs with values can be shown against: steps, or else epochs; there is always time."""
    told = [series for series in jobs if any(one.points for one in series)]
    if told and all(map(_has_steps, told)):
        return Axis.STEP
    return Axis.EPOCH if told and all(map(_has_epochs, told)) else Axis.TIME


def _has_steps(series: Iterable[Series]) -> bool:
    ends = ((*one.points[:50], *one.points[50:][-50:]) for one in series)
    return any(sum(point.step is not None for point in points) >= _FEW for points in ends)


def _has_epochs(series: Iterable[Series]) -> bool:
    """Whether the epochs tell the values of the longest series apart."""
    longest = max(series, key=lambda one: len(one.points))
    apart = len({point.epoch for point in longest.points if point.epoch is not None})
    return apart >= _FEW and (apart >= _ENOUGH or apart * 4 >= len(longest.points))


def _placed(source: Source, axis: Axis) -> list[tuple[Series, list[float | None]]]:
    """Each series with the x of its points; one that does not say it takes the last one told before."""
    if axis is Axis.TIME:
        start = source.start_ns
        return [
            (one, [(point.time_ns - start) / _SECOND_NS for point in one.points]) for one in source.series
        ]
    own = _step if axis is Axis.STEP else _epoch
    told: dict[str, list[tuple[int, float]]] = {}
    for one in source.series:
        places = [(point.time_ns, at) for point in one.points if (at := own(point)) is not None]
        told.setdefault(one.replica, []).extend(places)
    for times in told.values():
        times.sort()
    return [
        (one, [_last(point, own(point), told[one.replica]) for point in one.points]) for one in source.series
    ]


def _step(point: Point) -> float | None:
    return float(point.step) if point.step is not None and abs(point.step) < LARGEST else None


def _epoch(point: Point) -> float | None:
    return point.epoch if point.epoch is not None and abs(point.epoch) < LARGEST else None


def _last(point: Point, own: float | None, told: Sequence[tuple[int, float]]) -> float | None:
    if own is not None:
        return own
    index = bisect_right(told, point.time_ns, key=lambda pair: pair[0])
    return told[index - 1][1] if index else None


def _curve(
    label: str, points: Sequence[Point], xs: Sequence[float | None], starts: Sequence[int], *, own: bool
) -> Curve:
    """The points that have a place; within an attempt x never falls, so that it can be searched."""
    kept_x: list[float] = []
    kept_y: list[float] = []
    kept_starts: list[int] = []
    marks = set(starts)
    begins = True
    for index, (point, x) in enumerate(zip(points, xs, strict=True)):
        begins = begins or index in marks
        if x is None:
            continue
        if begins and kept_x:
            kept_starts.append(len(kept_x))
        elif kept_x and x < kept_x[-1]:
            continue  # an old step that is told again
        begins = False
        kept_x.append(x)
        kept_y.append(point.value if abs(point.value) < LARGEST else math.nan)
    return Curve(label, tuple(kept_x), tuple(kept_y), tuple(kept_starts), own)


Piece = tuple[list[float], list[float]]
"""The x and the y of points that are joined by a line."""


def pieces(curve: Curve, low: float, high: float, columns: int, *, log: bool = False) -> list[Piece]:
    """The curve between two x as joined points, at most some for each column: the outermost values stay.

    It is broken at attempts, at NaN, and on a log scale (y is the logarithm then) at what is not positive.
    """
    found: list[Piece] = []
    width = (high - low) / max(columns, 1)
    for first, last in curve.attempts:
        # One point more on either side, so that lines go on to the edge.
        begin = max(bisect_left(curve.xs, low, first, last) - 1, first)
        end = min(bisect_right(curve.xs, high, first, last) + 1, last)
        xs: list[float] = []
        ys: list[float] = []
        for index in range(begin, end):
            y = curve.ys[index]
            if math.isfinite(y) and (not log or y > 0):
                xs.append(curve.xs[index])
                ys.append(math.log10(y) if log else y)
            elif xs:
                found.append(_thinned(xs, ys, width, columns))
                xs, ys = [], []
        if xs:
            found.append(_thinned(xs, ys, width, columns))
    return found


def _thinned(xs: list[float], ys: list[float], width: float, columns: int) -> Piece:
    """First, least, largest and last value of each column."""
    if len(xs) <= 4 * columns or width <= 0:
        return xs, ys
    kept: list[int] = []
    begin = 0
    while begin < len(xs):
        end = max(bisect_left(xs, xs[begin] + width, begin), begin + 1)
        inside = range(begin, end)
        kept += sorted({begin, end - 1, min(inside, key=ys.__getitem__), max(inside, key=ys.__getitem__)})
        begin = end
    return [xs[index] for index in kept], [ys[index] for index in kept]


def value_words(value: float) -> str:
    """A value as people read it: `1.92`, `0.00012`, `12,300`, `NaN`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value and not 1e-4 <= abs(value) < 1e7:  # noqa: PLR2004 (beyond, zeros would be counted)
        return f"{value:.2e}".replace("e-0", "e-").replace("e+0", "e")
    if abs(value) >= 1_000:  # noqa: PLR2004 (digits after the point say nothing there)
        return f"{value:,.0f}"
    return f"{value:.4g}"


_ROUNDING = 1e-9
"""Values that differ by no more than this part of themselves are the same."""
BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int) -> str:
    """The course of values in so many cells at most; `×` where there was no number."""
    if not values or width < 1:
        return ""
    cells = min(width, len(values))
    groups = [values[len(values) * at // cells : len(values) * (at + 1) // cells] for at in range(cells)]
    means: list[float] = []
    for group in groups:
        known = [value for value in group if abs(value) < LARGEST]
        means.append(sum(known) / len(known) if known else math.nan)
    finite = [mean for mean in means if math.isfinite(mean)]
    if not finite:
        return "×" * cells
    low, high = min(finite), max(finite)
    return "".join("×" if math.isnan(mean) else _block(mean, low, high) for mean in means)


def _block(value: float, low: float, high: float) -> str:
    if high - low <= _ROUNDING * max(abs(low), abs(high)):
        return BLOCKS[len(BLOCKS) // 2 - 1]
    return BLOCKS[round((value - low) / (high - low) * (len(BLOCKS) - 1))]
