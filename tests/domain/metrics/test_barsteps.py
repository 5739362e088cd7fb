"""Values printed without a step, beside a bar that tells it: as the Hugging Face Trainer does."""

from __future__ import annotations

import random

from tests.domain.metrics.logs import entries, entry
from tui.domain.logs import LogEntry
from tui.domain.metrics.series import MetricStore


def bar(step: int, total: int = 100, caption: str = "") -> str:
    return f"{caption}{100 * step // total:3d}%|██   | {step}/{total} [00:{step % 60:02d}<00:50,  1.0it/s]"


def trainer(steps: range, *, every: int = 10, total: int = 100) -> str:
    """Bar states at each step, and a record without a step now and then."""
    lines = []
    for step in steps:
        lines.append(bar(step, total))
        if step and step % every == 0:
            lines.append(f"{{'loss': {3 - step / 50}, 'learning_rate': 1e-05, 'epoch': {step / 50}}}")
    return "\n".join(lines)


def steps(store: MetricStore, name: str = "loss") -> list[int | None]:
    return [point.step for one in store.series() if one.name == name for point in one.points]


def filled(listed: list[LogEntry]) -> MetricStore:
    store = MetricStore()
    store.add(listed)
    return store


def test_a_value_has_the_step_of_the_bar_before_it() -> None:
    store = filled(entries(trainer(range(31))))
    assert steps(store) == [10, 20, 30]
    assert steps(store, "learning_rate") == [10, 20, 30]
    exact = store.series(estimates=False)
    assert {point.step for one in exact for point in one.points} == {None}
    assert steps(store) == [10, 20, 30]


def test_a_value_before_any_bar_has_none_and_another_replica_s_bar_says_nothing() -> None:
    listed = entries("{'loss': 3.0, 'epoch': 0.1}") + entries(trainer(range(31)), start=5)
    assert steps(filled(listed)) == [None, 10, 20, 30]
    apart = entries("{'loss': 3.0, 'epoch': 0.1}\n{'loss': 2.0, 'epoch': 0.2}", start=50)
    assert steps(filled(apart + entries(bar(7), replica="workerpool1-0"))) == [None, None]


def test_the_bar_of_an_evaluation_or_of_a_download_is_not_the_training_s() -> None:
    text = []
    for step in range(1, 41):
        text.append(bar(step))
        if step % 10 == 0:
            text += [bar(done, 8) for done in range(1, 9)]
            text.append(bar(step // 10, 4, "Downloading shards: "))
            text.append(f"{{'eval_loss': 1.{step}, 'epoch': {step / 50}}}")
            text.append(f"{{'loss': 1.{step}, 'epoch': {step / 50}}}")
    store = filled(entries("\n".join(text)))
    assert steps(store) == steps(store, "eval_loss") == [10, 20, 30, 40]


def test_own_steps_and_rare_bars_leave_all_as_it_is() -> None:
    own = "\n".join(f"{bar(step)}\n{{'loss': 1.5, 'step': {step * 8}}}" for step in range(1, 5))
    assert steps(filled(entries(own))) == [8, 16, 24, 32]
    rare = [bar(1), *(f"{{'loss': 1.5, 'epoch': {number / 10}}}" for number in range(9))]
    assert set(steps(filled(entries("\n".join(rare))))) == {None}


def test_a_record_behind_the_bar_on_one_line_has_its_step() -> None:
    text = "\n".join(f"{bar(step)}{{'loss': 1.5, 'epoch': {step / 50}}}" for step in (10, 20, 30))
    store = filled(entries(text))
    assert steps(store) == [10, 20, 30]
    progress = store.progress(0)
    assert progress is not None
    assert (progress.step, progress.total_steps, progress.fraction) == (30, 100, 0.3)


def test_a_restart_is_another_attempt() -> None:
    listed = entries(trainer(range(61))) + entries(trainer(range(30, 81)), start=1_000)
    store = filled(listed)
    assert steps(store) == [10, 20, 30, 40, 50, 60, 30, 40, 50, 60, 70, 80]
    assert next(one.attempt_starts for one in store.series() if one.name == "loss") == (6,)


def test_it_is_the_same_in_whatever_order_and_pieces_the_log_comes() -> None:
    listed = entries(trainer(range(81))) + entries(trainer(range(40, 90)), start=500)
    wanted = filled(listed).series()
    rng = random.Random(7)  # noqa: S311 (a test's)
    for _ in range(5):
        mixed = listed + rng.choices(listed, k=20)
        rng.shuffle(mixed)
        store = MetricStore()
        while mixed:
            size = rng.randint(1, 25)
            store.add(mixed[:size])
            del mixed[:size]
            store.series()
        assert store.series() == wanted


def test_what_is_known_is_not_worked_out_again() -> None:
    store = filled(entries(trainer(range(5_001), total=9_000)))
    before = next(one for one in store.series() if one.name == "loss").points
    store.add([entry(9_000, bar(5_001, 9_000)), entry(9_001, "{'loss': 0.5, 'epoch': 2.0}")])
    after = next(one for one in store.series() if one.name == "loss").points
    assert len(after) == len(before) + 1
    assert all(one is other for one, other in zip(before, after, strict=False))
    assert after[-1].step == 5_001
