"""Names of metrics: their chart, and whether less is better."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.metrics.kinds import ORDER, MetricKind, kind, lower_is_better


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("loss", MetricKind.LOSS),
        ("train/loss", MetricKind.LOSS),
        ("lm loss", MetricKind.LOSS),
        ("closs", MetricKind.LOSS),
        ("eval_loss", MetricKind.EVAL_LOSS),
        ("valid_0's l2", MetricKind.EVAL_LOSS),
        ("validation_0-rmse", MetricKind.EVAL_LOSS),
        ("test Average loss", MetricKind.EVAL_LOSS),
        ("learning_rate", MetricKind.LEARNING_RATE),
        ("lr", MetricKind.LEARNING_RATE),
        ("grad_norm", MetricKind.GRAD_NORM),
        ("gnorm", MetricKind.GRAD_NORM),
        ("eval_accuracy", MetricKind.ACCURACY),
        ("Acc@1", MetricKind.ACCURACY),
        ("rougeL", MetricKind.ACCURACY),
        ("tok/s", MetricKind.THROUGHPUT),
        ("tokens per second", MetricKind.THROUGHPUT),
        ("train_samples_per_second", MetricKind.THROUGHPUT),
        ("memory/max_mem", MetricKind.MEMORY),
        ("max_grad_norm", MetricKind.OTHER),
        ("loss_scale", MetricKind.OTHER),
        ("entropy", MetricKind.OTHER),
        ("", MetricKind.OTHER),
    ],
)
def test_names_have_kinds(name: str, expected: MetricKind) -> None:
    assert kind(name) is expected


def test_what_is_better() -> None:
    assert lower_is_better("eval_loss") is True
    assert lower_is_better("perplexity") is True
    assert lower_is_better("accuracy") is False
    assert lower_is_better("tok/s") is False
    assert lower_is_better("lr") is None


def test_charts_begin_with_losses_and_have_headings() -> None:
    assert ORDER[:2] == (MetricKind.LOSS, MetricKind.EVAL_LOSS)
    assert len({one.heading for one in ORDER}) == len(MetricKind)


@given(st.text())
def test_any_name_is_harmless(name: str) -> None:
    assert kind(name) in ORDER
    lower_is_better(name)
