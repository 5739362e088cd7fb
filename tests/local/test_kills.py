"""Whatever is killed at whatever moment: what was acknowledged is there, once, and nothing is left over.

A few rounds of `tests.local.trials`; `python -m benchmarks.campaign kills` runs hundreds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.lost_replies import LostReplies
from tests.local.trials import REPLICA, RUNNER, SERVER, KillTrial, short_folder


@pytest.fixture(scope="module")
def trial() -> Iterator[KillTrial]:
    with short_folder() as folder:
        trial = KillTrial(Path(folder))
        try:
            yield trial
        finally:
            trial.close()


@pytest.mark.parametrize(
    ("seed", "strike"),
    [
        (1, (SERVER,)),
        (2, (SERVER, SERVER)),
        (3, (RUNNER,)),
        (4, (REPLICA,)),
        (5, (SERVER, RUNNER, REPLICA)),
    ],
)
def test_acknowledged_writes_survive(trial: KillTrial, seed: int, strike: tuple[str, ...]) -> None:
    assert trial.round(seed, strike).problems == []


def test_everything_is_there_at_last(trial: KillTrial) -> None:
    assert sum(trial.ledger.acknowledged.values()) > 0
    assert trial.last_look() == []


async def test_lost_replies_double_nothing(trial: KillTrial) -> None:
    cases = [await LostReplies(trial.server).case(seed) for seed in range(1, 9)]
    assert [(case.seed, case.problems) for case in cases if case.problems] == []
