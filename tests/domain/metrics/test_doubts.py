"""When values that are no numbers speak against a job that goes on, and when they do not."""

from __future__ import annotations

import math

import pytest

from tui.domain.metrics.doubts import doubt
from tui.domain.metrics.model import Point, Series

NAN, INF = math.nan, math.inf


def series(name: str, values: list[float]) -> Series:
    return Series(name, "workerpool0-0", tuple(Point(at, value, 10 * at) for at, value in enumerate(values)))


@pytest.mark.parametrize(
    ("name", "values", "short"),
    [
        ("loss", [2.0, 1.0, NAN, NAN, NAN], "loss is NaN"),
        ("train/loss", [NAN, NAN, NAN], "loss is NaN"),
        ("loss", [2.0, INF, INF, -INF], "loss is inf"),
        ("loss", [2.0, INF, INF, NAN], "loss is NaN"),
        ("eval_loss", [1.0, NAN, NAN, NAN], "eval is NaN"),
        ("grad_norm", [1.0, *[NAN] * 5], "grad is NaN"),
    ],
)
def test_several_in_a_row_at_the_end(name: str, values: list[float], short: str) -> None:
    found = doubt([series("lr", [1e-5] * 9), series(name, values)])
    assert found is not None
    assert found.short == short
    assert len(f"⚠ {found.short}") <= 14, "the width of the list's column"
    assert found.since.step == 10 * next(at for at, one in enumerate(values) if not math.isfinite(one))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("loss", []),
        ("loss", [2.0, NAN]),
        ("loss", [2.0, NAN, NAN]),
        ("loss", [2.0, NAN, NAN, NAN, 1.0]),
        ("loss", [NAN, NAN, NAN, 2.0, NAN, NAN, NAN]),
        ("eval_loss", [NAN, NAN, NAN, NAN]),
        ("best_val_loss", [1.0, INF, INF, INF]),
        ("loss_scale", [INF, INF, INF]),
        ("mape", [INF, INF, INF]),
        ("accuracy", [NAN, NAN, NAN]),
        ("grad_norm", [INF] * 9),
        ("grad_norm", [1.0, NAN, NAN, NAN]),
    ],
)
def test_what_is_no_doubt(name: str, values: list[float]) -> None:
    assert doubt([series(name, values)]) is None


def test_the_loss_comes_first_and_a_new_attempt_starts_clean() -> None:
    both = [series("grad_norm", [NAN] * 6), series("loss", [1.0, NAN, NAN, NAN, NAN, NAN])]
    found = doubt(both)
    assert found is not None
    assert found.name == "loss"
    assert doubt(both, since_ns=4) is None, "two values since it began anew"
    later = doubt([series("loss", [1.0, NAN, NAN, NAN, NAN, NAN])], since_ns=3)
    assert later is not None
    assert later.since.step == 30
