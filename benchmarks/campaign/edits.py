"""Random edits, SIGKILL at a random moment, a new start on what was left: at most a second is lost."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from benchmarks.campaign.table import Outcomes
from tests.services.typist import Life, live_once

LONGEST = 2.5
"""Seconds that a process types at most before it is killed."""


def run(count: int, seed: int) -> bool:
    """Kill and go on until `count` edits were made, from `seed` on; whether all went well."""
    outcomes = Outcomes(f"edits: {count} edits from seed {seed}")
    lives: list[Life] = []
    with tempfile.TemporaryDirectory() as folder:
        while sum(life.edits for life in lives) < count:
            number = seed + len(lives)
            lives.append(live_once(Path(folder), number, LONGEST))
            outcomes.add("killed while typing", number, lives[-1].problems)
    good = outcomes.report()
    lost = [life.lost for life in lives]
    print(f"\n  {sum(life.edits for life in lives):,} edits, {len(lives)} kills")
    print(f"  edits lost by a kill: median {statistics.median(lost):g}, most {max(lost)}")
    return good
