"""The curves of metrics: axes, gaps, attempts, and that few points stand for many without losing a peak."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.metrics.kinds import MetricKind
from tui.domain.metrics.model import Point, Series
from tui.panes.jobs_curves import Axis, Source, charts_of, pieces, sparkline, value_words

SECOND = 1_000_000_000


def series(
    name: str, values: list[float], steps: list[int | None] | None = None, starts: tuple[int, ...] = ()
) -> Series:
    told: list[int | None] = steps if steps is not None else [10 * index for index in range(len(values))]
    points = tuple(
        Point(index * SECOND, value, step)
        for index, (value, step) in enumerate(zip(values, told, strict=True))
    )
    return Series(name, "workerpool0-0", points, starts)


def source(*found: Series, name: str = "ana") -> Source:
    return Source(name, found, 0)


def test_charts_come_in_the_order_of_kinds_and_share_the_axis_of_steps() -> None:
    loss = series("loss", [3.0, 2.0, 1.0, 0.5])
    ends = series("eval_loss", [2.5, 1.5], [None, None])
    made = charts_of(source(series("lr", [1e-4, 5e-5]), ends, loss))
    assert made.axis is Axis.STEP
    kinds = [chart.kind for chart in made.charts]
    assert kinds == [MetricKind.LOSS, MetricKind.EVAL_LOSS, MetricKind.LEARNING_RATE]
    assert made.charts[1].curves[0].xs == (0.0, 10.0), "a value without a step has the one told before it"
    assert made.span == (0.0, 30.0)


def test_without_steps_values_stand_against_time() -> None:
    made = charts_of(source(series("loss", [3.0, 2.0], [None, None])))
    assert made.axis is Axis.TIME
    assert made.charts[0].curves[0].xs == (0.0, 1.0)


def epochs(name: str, told: list[float | None]) -> Series:
    points = (Point(at * SECOND, 2.0 - at / 10, None, epoch) for at, epoch in enumerate(told))
    return Series(name, "workerpool0-0", tuple(points))


def test_without_steps_the_epoch_is_the_axis_if_it_tells_values_apart() -> None:
    made = charts_of(source(epochs("loss", [0.5, 1.0, 1.5]), series("lr", [1.0, 2.0], [None, None])))
    assert made.axis is Axis.EPOCH
    assert made.charts[0].curves[0].xs == (0.5, 1.0, 1.5)
    assert made.charts[1].curves[0].xs == (0.5, 1.0), "the epoch told last"
    many = epochs("loss", [number // 100 + 1 for number in range(300)])
    assert charts_of(source(many)).axis is Axis.TIME, "a hundred values an epoch would stand over each other"
    coarse = epochs("loss", [round(number / 3_000, 2) for number in range(3_000)])
    assert charts_of(source(coarse)).axis is Axis.EPOCH


def test_jobs_are_compared_by_what_all_of_them_say() -> None:
    steps, bare = source(series("loss", [3.0, 2.0])), source(epochs("loss", [0.5, 1.0]), name="bob")
    both = Series("loss", "", tuple(Point(at * SECOND, 1.0, 5 * at, at / 2) for at in range(4)))
    assert charts_of(source(both), [bare]).axis is Axis.EPOCH
    made = charts_of(steps, [bare])
    assert made.axis is Axis.TIME
    assert [curve.label for curve in made.charts[0].curves] == ["ana", "bob"], "nobody is left out"
    assert made.begins == (0.0, 0.0)
    assert charts_of(steps, [source(name="bob")]).axis is Axis.STEP, "a job without values has no say"
    assert charts_of(steps, [source(epochs("accuracy", [0.5, 1.0]))]).axis is Axis.STEP


def test_jobs_are_compared_by_name_where_they_have_the_same_kind() -> None:
    other = source(series("loss", [4.0, 3.0]), series("accuracy", [0.1, 0.2]), name="bob")
    made = charts_of(source(series("loss", [3.0, 2.0])), [other])
    assert [chart.kind for chart in made.charts] == [MetricKind.LOSS]
    assert [curve.label for curve in made.charts[0].curves] == ["ana", "bob"]
    assert [curve.own for curve in made.charts[0].curves] == [True, False]
    odd = charts_of(source(series("loss", [1.0, 2.0]), name="a\x1b[31m\u202e"), [other])
    assert "\x1b" not in odd.charts[0].curves[0].label


def test_nan_attempts_and_logarithms_break_the_line() -> None:
    values = [3.0, math.nan, 2.0, 1.0, 1.5, 0.0, 1.2]
    steps: list[int | None] = [0, 10, 20, 30, 20, 30, 40]
    (chart,) = charts_of(source(series("loss", values, steps, (4,)))).charts
    curve = chart.curves[0]
    assert curve.attempts == [(0, 4), (4, 7)]
    drawn = pieces(curve, 0, 40, 80)
    assert drawn == [([0.0], [3.0]), ([20.0, 30.0], [2.0, 1.0]), ([20.0, 30.0, 40.0], [1.5, 0.0, 1.2])]
    logs = pieces(curve, 0, 40, 80, log=True)
    assert [xs for xs, _ in logs] == [[0.0], [20.0, 30.0], [20.0], [40.0]]
    assert curve.nearest(21) == 4, "of two attempts the later one"
    assert curve.nearest(-5) == 0


def test_what_is_thinned_out_keeps_its_peaks() -> None:
    values = [1.0] * 20_000
    values[7_777] = 99.0
    values[12_345] = -99.0
    (chart,) = charts_of(source(series("loss", values))).charts
    drawn = pieces(chart.curves[0], 0, 200_000, 160)
    assert sum(len(xs) for xs, _ in drawn) <= 4 * 162
    ys = [y for _, part in drawn for y in part]
    assert max(ys) == 99.0
    assert min(ys) == -99.0


@given(
    st.lists(st.tuples(st.floats(), st.one_of(st.none(), st.integers(-5, 10**12))), max_size=40),
    st.sets(st.integers(0, 40)),
    st.floats(-1e6, 1e6),
    st.booleans(),
)
def test_no_series_is_too_odd(
    told: list[tuple[float, int | None]],
    starts: set[int],
    x: float,
    log: bool,  # noqa: FBT001 (hypothesis')
) -> None:
    odd = series("loss", [value for value, _ in told], [step for _, step in told], tuple(sorted(starts)))
    for chart in charts_of(source(odd), [source(odd)]).charts:
        for curve in chart.curves:
            for first, last in curve.attempts:
                assert list(curve.xs[first:last]) == sorted(curve.xs[first:last])
            for xs, ys in pieces(curve, x, x + 100, 30, log=log):
                assert xs
                assert all(map(math.isfinite, [*xs, *ys]))
            assert curve.nearest(x) is not None
    sparkline([value for value, _ in told], 10)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.92, "1.92"),
        (0.00002, "2.00e-5"),
        (12_345.6, "12,346"),
        (1.5e9, "1.50e9"),
        (0.0, "0"),
        (math.nan, "NaN"),
        (-math.inf, "-∞"),
    ],
)
def test_values_as_people_read_them(value: float, words: str) -> None:
    assert value_words(value) == words


def test_sparklines() -> None:
    assert sparkline([1, 2, 3, 4, 5, 6, 7, 8], 8) == "▁▂▃▄▅▆▇█"
    assert sparkline([2.0, 2.0], 8) == "▄▄"
    assert set(sparkline([1e-4] * 1_000, 30)) == {"▄"}, "means of the same value differ by rounding"
    assert sparkline([1.0, math.nan, 2.0], 3) == "▁×█"
    assert sparkline([], 5) == ""
    assert len(sparkline(list(range(1_000)), 20)) == 20
    assert sparkline([0.0, 5e-324], 2) == "▁█"
