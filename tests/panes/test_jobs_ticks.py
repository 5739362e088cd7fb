"""The ticks of charts: labels that are never cut and can be told apart, and round values on both scales."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.panes.jobs_curves import Axis
from tui.panes.jobs_ticks import LABEL, below, decade, label, log_ticks, ticks


def labels(low: float, high: float, most: int = 4, axis: Axis | None = None) -> list[str]:
    return [words for _, words in ticks(low, high, most, axis=axis)]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0, 1_000_000, ["0", "0.5M", "1.0M"]),
        (0, 4_000_000, ["0", "1M", "2M", "3M", "4M"]),
        (900_000, 1_300_000, ["0.9M", "1.0M", "1.1M", "1.2M", "1.3M"]),
        (0, 400_000, ["0", "100,000", "200,000", "300,000", "400,000"]),
        (-2e9, 2e9, ["-2e9", "-1e9", "0", "1e9", "2e9"]),
        (0, 4e-5, ["0", "1e-5", "2e-5", "3e-5", "4e-5"]),
        (0.99e-5, 1.25e-5, ["1e-5", "1.1e-5", "1.2e-5"]),
    ],
)
def test_large_and_small_values_are_short_and_of_one_form(low: float, high: float, words: list[str]) -> None:
    most = 3 if len(words) == 3 else 4
    assert labels(low, high, most) == words


@settings(max_examples=50)
@given(st.floats(-1e15, 1e15), st.floats(1e-9, 1e15), st.integers(2, 8))
def test_no_label_is_wider_than_its_place(low: float, span: float, most: int) -> None:
    for value, words in ticks(low, low + span, most):
        assert len(words) <= LABEL
        shown = float(words.replace(",", "").replace("M", "e6"))
        assert math.isclose(shown, value, rel_tol=0.51) or abs(value - shown) <= span


def test_a_step_of_a_million_is_whole_below_the_plot() -> None:
    assert labels(999_980, 1_000_020, 4, Axis.STEP)[:2] == ["999,980", "999,990"]
    assert "1.0M" in labels(0, 1_000_000, 6, Axis.STEP)
    assert label(1_000_010.0, 10.0, 1_000_020.0, 11) == "1,000,010"
    assert label(1_000_010.0, 10.0, 1_000_020.0) == "1.00001M", "beside the plot there is less room"


@pytest.mark.parametrize("columns", [16, 40, 69, 120])
def test_the_first_label_says_what_is_counted_and_the_last_one_stays_within(columns: int) -> None:
    found = below(ticks(0, 1_000_000, columns // 12, axis=Axis.STEP), Axis.STEP, 0, 1_000_000, columns)
    assert found[0][1].startswith("step 0")
    value, words = found[-1]
    column = math.floor(value / 1_000_000 * columns)
    assert column - len(words) // 2 + len(words.rstrip()) <= columns + 1
    assert below([(0.5, "0.5")], Axis.EPOCH, 0, 1, 40)[0][1].strip() == "epoch 0.5"


def test_logarithms_have_decades_and_2_and_5_between_few() -> None:
    def logs(low: float, high: float, rows: int = 20) -> list[str]:
        return [words for _, words in log_ticks(low, high, rows)]

    assert logs(-1, 1) == ["0.1", "0.2", "0.5", "1", "2", "5", "10"]
    assert logs(-0.1, 2.1) == ["1", "10", "100"]
    assert logs(-5.1, -2.9) == ["1e-5", "1e-4", "0.001"]
    assert logs(3, 9.1) == ["1,000", "10,000", "100,000", "1M", "10M", "100M", "1e9"]
    assert logs(-0.04, 1.9, 5) == ["1", "10"], "2 and 5 would share a row with others"
    assert logs(-12, 0, 6) == ["1e-10", "1e-5", "1"]
    assert logs(math.log10(2.1), math.log10(4.4)) == ["2.5", "3.0", "3.5", "4.0"]
    assert max(map(len, (decade(exponent, 5) for exponent in range(-320, 300)))) <= LABEL


@settings(max_examples=50)
@given(st.floats(-300, 300), st.floats(1e-6, 300), st.integers(2, 40))
def test_logarithmic_ticks_fit_into_the_rows(low: float, span: float, rows: int) -> None:
    found = log_ticks(low, low + span, rows)
    assert len(found) <= max(rows + 1, 4)
    assert [at for at, _ in found] == sorted(at for at, _ in found)
    assert all(len(words) <= LABEL for _, words in found)
    assert all(low <= at <= low + span + 1e-9 for at, _ in found if span > 2)
