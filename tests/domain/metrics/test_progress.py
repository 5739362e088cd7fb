"""How far a job is and how long it will take."""

from __future__ import annotations

import pytest

from tests.domain.metrics.logs import SECOND, entries, entry
from tui.domain.metrics.model import JobProgress
from tui.domain.metrics.series import MetricStore


def progress(text: str, every: float = 1, now: float | None = None) -> JobProgress | None:
    store = MetricStore()
    listed = entries(text, every)
    store.add(listed)
    return store.progress(round(now * SECOND) if now is not None else listed[-1].timestamp_ns)


def bar(done: int, total: int, caption: str = "", remaining: str = "00:30") -> str:
    return f"{caption}{100 * done // total}%|███ | {done}/{total} [00:10<{remaining}, 4.5it/s]"


def test_a_bar_says_how_far_and_how_long() -> None:
    found = progress(bar(45, 100))
    assert found == JobProgress(step=45, total_steps=100, fraction=0.45, eta_seconds=30, as_of_ns=0)


@pytest.mark.parametrize(
    "other",
    [
        "Downloading model.safetensors: 90%|███ | 90/100 [00:10<00:12, 4.5MB/s]",
        "Map: 90%|███ | 90/100 [00:10<00:12, 4.5 examples/s]",
        "Tokenizing: 90%|███ | 90/100 [00:10<00:12, 4.5it/s]",
        "Loading checkpoint shards: 50%|███ | 1/2 [00:10<00:12, 4.5it/s]",
        "Evaluating: 90%|███ | 90/100 [00:10<00:12, 4.5it/s]",
    ],
)
def test_other_bars_are_not_the_main_loop(other: str) -> None:
    assert progress(other) is None
    found = progress(f"{bar(10, 100)}\n{other}")
    assert found
    assert found.fraction == 0.1


def test_an_unnamed_evaluation_bar_is_not_the_main_loop() -> None:
    lines = [bar(n, 375) for n in range(0, 100, 10)]
    lines += [bar(n, 50) for n in range(0, 50, 10)]
    found = progress("\n".join(lines))
    assert found
    assert found.fraction == pytest.approx(90 / 375)
    found = progress("\n".join([*lines, bar(50, 50), bar(110, 375), *(bar(n, 50) for n in (10, 20))]))
    assert found
    assert found.step == 110


def test_an_epochs_bar_holds_the_fraction_of_an_epoch() -> None:
    found = progress("Epoch 3/10\n45/100 ━━━━━━ 3s 10ms/step - loss: 0.5")
    assert found
    assert found.fraction == pytest.approx(0.245)
    assert (found.step, found.total_steps, found.epoch, found.total_epochs) == (245, 1000, 3, 10)


def test_nested_bars() -> None:
    found = progress(f"{bar(2, 10, 'Epochs: ')}\n{bar(45, 100)}")
    assert found
    assert found.fraction == pytest.approx(0.245)
    found = progress(f"Epoch 0/10:{bar(50, 100)}\nEpoch 2/10: {bar(45, 100)}")
    assert found
    assert found.fraction == pytest.approx(0.245)


def test_a_bar_across_epochs_is_the_whole_run() -> None:
    found = progress("\n".join(["Epoch 1/2", bar(10, 100), bar(50, 100), "Epoch 2/2", bar(60, 100)]))
    assert found
    assert found.fraction == 0.6


def test_a_bar_of_each_epoch_says_nothing_of_the_run_without_their_number() -> None:
    found = progress("\n".join(bar(n, 100) for n in (50, 100, 10)))
    assert found
    assert found.fraction is None


def test_steps_and_the_rate_by_time() -> None:
    found = progress("\n".join(f"Step {n}/1000 | loss 1.{n}" for n in range(0, 500, 10)), every=2)
    assert found
    assert (found.step, found.total_steps, found.fraction) == (490, 1000, 0.49)
    assert found.eta_seconds == pytest.approx(102, rel=0.01)


def test_the_rate_is_that_of_the_last_minutes() -> None:
    slow = [entry(n * 100, f"Step {n}/1000 | loss 1.0") for n in range(100)]
    fast = [entry(10_000 + n, f"Step {100 + n}/1000 | loss 1.0") for n in range(400)]
    store = MetricStore()
    store.add(slow + fast)
    found = store.progress(10_400 * SECOND)
    assert found
    assert found.eta_seconds == pytest.approx(501, rel=0.02)


def test_the_trainers_own_totals_help() -> None:
    text = "  Num Epochs = 4\n  Total optimization steps = 400\n{'loss': 1.0, 'epoch': 1.5}"
    found = progress(text)
    assert found
    assert found.fraction == pytest.approx(0.375)


def test_an_estimate_of_a_silent_job_says_nothing() -> None:
    found = progress(bar(45, 100), now=3600)
    assert found
    assert found.eta_seconds is None


def test_the_end_takes_no_longer() -> None:
    found = progress(bar(100, 100, remaining="00:00"))
    assert found
    assert (found.fraction, found.eta_seconds) == (1, 0)


def test_progress_never_goes_back_within_an_attempt() -> None:
    store = MetricStore()
    text = "Epoch 1/3\n" + "\n".join(
        f"{'Epoch ' + str(e) + '/3' if n == 0 else f'{n}/4 ━━━ 1s 1ms/step - loss: 0.5'}"
        for e in (1, 2, 3)
        for n in range(5)
    )
    last = 0.0
    for one in entries(text):
        store.add([one])
        found = store.progress(one.timestamp_ns)
        if found and found.fraction is not None:
            assert last <= found.fraction <= 1
            last = found.fraction
    assert last == 1


def test_a_restart_begins_anew() -> None:
    store = MetricStore()
    store.add(entries("\n".join(bar(n, 100) for n in (10, 40, 60))))
    store.add(entries("\n".join(bar(n, 100) for n in (0, 50, 52)), start=60))
    found = store.progress(62 * SECOND)
    assert found
    assert found.fraction == 0.52
    store.mark_attempt(100 * SECOND)
    assert store.progress(200 * SECOND) is None
    store.add(entries(bar(51, 100), start=110))
    found = store.progress(200 * SECOND)
    assert found
    assert found.step == 51


def test_the_first_replica_that_knows_speaks() -> None:
    store = MetricStore()
    store.add(entries("step 3 loss 1.0", replica="workerpool0-0"))
    store.add(entries(bar(45, 100), replica="workerpool1-0"))
    found = store.progress(0)
    assert found
    assert found.fraction == 0.45


def test_lightnings_openmmlabs_and_unknown_ends() -> None:
    found = progress("Epoch 3: 45%|███ | 45/100 [00:10<00:12, 4.5it/s, v_num=0, train_loss=0.5]")
    assert found
    assert (found.epoch, found.fraction) == (3, None)
    found = progress("Epoch(train) [1][50/500]  lr: 1.0e-02  eta: 0:12:34  loss: 0.5")
    assert found
    assert found.eta_seconds == 754
