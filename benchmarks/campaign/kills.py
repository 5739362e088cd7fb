"""Writers of every kind, SIGKILL at a random moment, a new start, and a look at what was acknowledged."""

from __future__ import annotations

import statistics
from pathlib import Path

from benchmarks.campaign.table import Outcomes
from tests.local.trials import SERVER, KillTrial, short_folder

ROUNDS = 10
"""Kills that one data directory goes through, before everything in it is compared once more."""


def run(count: int, seed: int) -> bool:
    """Run `count` rounds, with the seeds `seed`, `seed + 1`, …; whether all went well."""
    outcomes = Outcomes(f"kills: {count} rounds from seed {seed}, by what was killed")
    restarts: list[float] = []
    writes: dict[str, list[int]] = {}
    for first in range(seed, seed + count, ROUNDS):
        seeds = range(first, min(first + ROUNDS, seed + count))
        with short_folder() as folder:
            trial = KillTrial(Path(folder))
            try:
                restarts += _rounds(trial, seeds, outcomes)
            finally:
                trial.close()
        for place, counter in enumerate(
            (trial.ledger.acknowledged, trial.ledger.doubtful, trial.ledger.came_true)
        ):
            for kind, number in counter.items():
                writes.setdefault(kind, [0, 0, 0])[place] += number
    good = outcomes.report()
    print("\n  writes       acknowledged  unanswered  of these done")
    for kind, (acknowledged, doubtful, came_true) in sorted(writes.items()):
        print(f"  {kind:<12} {acknowledged:12d} {doubtful:11d} {came_true:14d}")
    if restarts:
        print(f"\n  restart: median {statistics.median(restarts):.2f} s, longest {max(restarts):.2f} s")
    return good


def _rounds(trial: KillTrial, seeds: range, outcomes: Outcomes) -> list[float]:
    restarts = []
    for seed in seeds:
        result = trial.round(seed)
        outcomes.add(" + ".join(result.strike), seed, result.problems)
        if SERVER in result.strike:
            restarts.append(result.restart_seconds)
    outcomes.add("all of a folder's writes", seeds[0], trial.last_look())
    return restarts
