"""Series gathered from logs: any order, repeats, restarts, bounds, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.metrics.logs import SECOND, entries, entry
from tui.domain.logs import LogEntry
from tui.domain.metrics.export import as_csv, as_json
from tui.domain.metrics.model import Point, Series
from tui.domain.metrics.series import MOST_POINTS, MOST_SERIES, MetricStore
from tui.domain.metrics.track import Sample, Track

KERAS = """\
Epoch 1/2
1/2 [===>......] - ETA: 1s - loss: 4.0
2/2 [==========] - 1s 2ms/step - loss: 3.0 - val_loss: 3.5
Epoch 2/2
1/2 [===>......] - ETA: 1s - loss: 2.0
2/2 [==========] - 1s 2ms/step - loss: 1.0 - val_loss: 1.5"""


def filled(*batches: list[LogEntry]) -> MetricStore:
    store = MetricStore()
    for batch in batches:
        store.add(batch)
    return store


def series(store: MetricStore) -> dict[str, Series]:
    return {one.name: one for one in store.series()}


def test_points_have_the_step_and_epoch_that_the_log_says() -> None:
    found = series(
        filled(entries("{'loss': 2.0, 'epoch': 0.5}\nstep 7: loss 1.5\n{'eval_loss': 1.8, 'epoch': 1.0}"))
    )
    assert [(p.value, p.step, p.epoch, p.time_ns) for p in found["loss"].points] == [
        (2.0, None, 0.5, 0),
        (1.5, 7, None, SECOND),
    ]
    assert [one.name for one in filled(entries("step 1 lr: 0.1 loss: 2.0 val_loss: 1.0")).series()] == [
        "loss",
        "val_loss",
        "lr",
    ]


def test_steps_within_epochs_become_steps_of_the_run() -> None:
    found = series(filled(entries(KERAS)))
    assert [(p.step, p.epoch) for p in found["loss"].points] == [(1, 1), (2, 1), (3, 2), (4, 2)]
    assert found["loss"].attempt_starts == ()


def test_a_line_takes_the_epoch_announced_before_it() -> None:
    found = series(filled(entries("Epoch 3/10\nstep 100 loss 1.5")))
    assert [(p.step, p.epoch) for p in found["loss"].points] == [(100, 3)]


def test_a_bar_that_begins_anew_at_its_end_counts_on() -> None:
    lines = [f"{n}0%|█ | {n}/10 [00:01<00:01, 1it/s, loss={e}.{n}]" for e in (2, 1) for n in (1, 5, 10)]
    found = series(filled(entries("\n".join(lines))))
    assert [p.step for p in found["loss"].points] == [1, 5, 10, 11, 15, 20]
    assert found["loss"].attempt_starts == ()


def test_an_evaluation_with_the_same_names_is_no_restart() -> None:
    text = KERAS + "\n1/1 [====] - 1s 2ms/step - loss: 9.0"
    found = series(filled(entries(text)))
    assert found["loss"].points[-1].step is None
    assert found["loss"].attempt_starts == ()


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_order_and_repeats_make_no_difference(rng: random.Random) -> None:
    listed = entries(KERAS) + entries(
        "step 1 loss 3.0\nstep 2 loss 2.0\nstep 3 loss nan", start=100, replica="w1-0"
    )
    listed += entries("epoch  train_loss  time\n0  0.5  00:12\n1  0.4  00:12", start=200, replica="w2-0")
    wanted = filled(listed)
    mixed = listed + rng.choices(listed, k=10)
    rng.shuffle(mixed)
    found = MetricStore()
    while mixed:
        size = rng.randint(1, 5)
        found.add(mixed[:size])
        del mixed[:size]
        if rng.random() < 0.3:
            found.series()
            found.progress(0)
    assert repr(found.series()) == repr(wanted.series())
    assert found.progress(10**12) == wanted.progress(10**12)


def test_the_version_changes_only_with_something_new() -> None:
    listed = entries("step 1 loss 2.0\nstep 2 loss 1.0")
    store = filled(listed)
    first = store.version
    store.add(listed)
    store.add(entries("nothing of note", start=9))
    assert store.version == first
    store.add(entries("step 3 loss 0.5", start=10))
    second = store.version
    assert second != first
    store.mark_attempt(5 * SECOND)
    assert store.version != second


def test_tables_are_put_together() -> None:
    text = "epoch  train_loss  valid_loss  time\n0  0.5  0.7  00:12\n1  0.4  0.6  00:12"
    found = series(filled(entries(text)))
    assert [(p.epoch, p.value) for p in found["valid_loss"].points] == [(0, 0.7), (1, 0.6)]


def test_one_entry_may_hold_many_states() -> None:
    bar = "\r".join(f" {n}%|█ | {n}/100 [00:01<00:01, 1it/s, loss={100 - n}]" for n in (1, 2, 3))
    found = series(filled([entry(1, bar)]))
    assert [(p.step, p.value) for p in found["loss"].points] == [(1, 99), (2, 98), (3, 97)]


def test_structured_entries_are_read() -> None:
    one = LogEntry(
        1, "a", "log", 200, "logged", "workerpool0-0", {"message": "logged", "step": 4, "loss": 0.5}
    )
    found = series(filled([one]))
    assert [(p.step, p.value) for p in found["loss"].points] == [(4, 0.5)]


def test_the_service_and_summaries_are_no_curves() -> None:
    store = filled(
        entries("step 1 loss 2.0", replica="service"), entries("{'train_runtime': 9.0, 'train_loss': 1.0}")
    )
    assert store.series() == ()
    assert store.summaries == {"workerpool0-0": {"train_runtime": 9.0, "train_loss": 1.0}}


@pytest.mark.parametrize(
    ("steps", "starts"),
    [
        ([1, 2, 3, 1, 2, 3], (3,)),
        ([10, 20, 30, 20, 30, 40], (3,)),
        ([10, 20, 30, 10, 20, 10, 20], (3, 5)),
        ([10, 20, 30, 30, 40], ()),
        ([98, 99, 100, 87], ()),
        ([98, 99, 100, 87, 101], ()),
    ],
)
def test_a_step_that_falls_back_and_goes_on_is_a_restart(steps: list[int], starts: tuple[int, ...]) -> None:
    found = series(filled(entries("\n".join(f"step {step} loss 1.{step}" for step in steps))))
    assert found["loss"].attempt_starts == starts


def test_a_restart_is_seen_in_every_series() -> None:
    text = "step 1 loss 3.0\nstep 2 eval_loss: 2.0\nstep 3 loss 1.0"
    found = series(filled(entries(f"{text}\n{text}")))
    assert found["loss"].attempt_starts == (2,)
    assert found["eval_loss"].attempt_starts == (1,)


def test_epochs_count_their_steps_anew() -> None:
    text = "\n".join(f"Epoch {e} step {s} loss 1.0" for e in (1, 2) for s in (0, 100, 200))
    assert series(filled(entries(text)))["loss"].attempt_starts == ()


def test_a_known_attempt_splits_the_points() -> None:
    store = filled(entries("step 1 loss 3.0\nstep 2 loss 2.0\nstep 3 loss 1.0"))
    store.mark_attempt(round(0.5 * SECOND))
    store.mark_attempt(99 * SECOND)
    assert series(store)["loss"].attempt_starts == (1,)


def test_long_series_keep_their_spikes_and_what_is_no_number() -> None:
    track = Track()
    for n in range(5 * MOST_POINTS):
        value = math.nan if n == 70_001 else 1e6 if n == 33_333 else math.sin(n / 1000)
        track.add(Sample((n * 10_000_000, f"{n:09d}", 0), Point(n * 10_000_000, value, n)), MOST_POINTS)
    track.settle(MOST_POINTS)
    values = [sample.point.value for sample in track.samples]
    assert 2000 < len(values) <= MOST_POINTS
    assert 1e6 in values
    assert any(map(math.isnan, values))
    assert track.samples[0].point.step == 0
    assert track.samples[-1].point.step == 5 * MOST_POINTS - 1
    before = track.version
    track.add(Sample((10_000_000, f"{1:09d}", 0), Point(10_000_000, math.sin(1 / 1000), 1)), MOST_POINTS)
    assert track.settle(MOST_POINTS) == before


def test_too_many_series_and_replicas_are_counted() -> None:
    store = filled(entries("\n".join(f"step {n} loss_{n}: 0.5" for n in range(MOST_SERIES + 10))))
    assert len(store.series()) == MOST_SERIES
    assert store.left_out == 10
    for n in range(100):
        store.add(entries("step 1 loss 1.0", replica=f"workerpool1-{n:03d}"))
    assert store.replicas_left_out == 37


def test_json_says_null_where_the_log_says_nothing() -> None:
    store = filled(entries("{'loss': nan, 'epoch': 0.5}\nstep 2 loss 1.5\n{'loss': -inf, 'epoch': 1}"))
    made: list[dict[str, Any]] = json.loads(json.dumps(as_json(store.series()), allow_nan=False))
    assert made == [
        {
            "name": "loss",
            "replica": "workerpool0-0",
            "points": [
                {
                    "step": None,
                    "epoch": 0.5,
                    "time": "1970-01-01T00:00:00.000000000Z",
                    "value": None,
                    "special": "nan",
                },
                {"step": 2, "epoch": None, "time": "1970-01-01T00:00:01.000000000Z", "value": 1.5},
                {
                    "step": None,
                    "epoch": 1.0,
                    "time": "1970-01-01T00:00:02.000000000Z",
                    "value": None,
                    "special": "-inf",
                },
            ],
        }
    ]


def test_csv_is_a_table() -> None:
    store = filled(entries("step 2 loss 1.5\n{'loss': nan, 'epoch': 0.5}"))
    rows = list(csv.DictReader(io.StringIO(as_csv(store.series()))))
    assert [(row["step"], row["epoch"], row["value"]) for row in rows] == [
        ("2", "", "1.5"),
        ("", "0.5", "nan"),
    ]


@given(st.lists(st.tuples(st.integers(0, 50), st.text(max_size=60)), max_size=20))
def test_any_log_is_harmless(lines: list[tuple[int, str]]) -> None:
    store = filled([entry(second, text) for second, text in lines])
    as_json(store.series())
    store.progress(0)
