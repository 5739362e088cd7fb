"""Downloads and uploads that are killed, cut off or run into a full disk: no wrong file, nothing outside."""

from __future__ import annotations

from pathlib import Path

from benchmarks.campaign.table import Outcomes
from tests.local.clients import Server
from tests.local.trials import short_folder
from tests.services.transfers.trials import may_mount, play
from tui.local import launcher

FULL_SHARE = 4
"""One case in so many is played where the disk can be filled."""

ROUND = 40
"""Cases of one process."""


def run(count: int, seed: int) -> bool:
    """Run `count` cases, with the seeds `seed`, `seed + 1`, …; whether all went well."""
    outcomes = Outcomes(f"transfers: {count} cases from seed {seed}, by what was interrupted and how")
    can_fill = may_mount()
    if not can_fill:
        print("  no small file system may be mounted here: nothing is played on a full disk")
    with short_folder() as folder:
        server = Server(Path(folder, "data"))
        try:
            for first in range(seed, seed + count, ROUND):
                cases = min(ROUND, seed + count - first)
                full = can_fill and ((first - seed) // ROUND) % FULL_SHARE == FULL_SHARE - 1
                for case in play(server.record, seed=first, count=cases, full=full):
                    outcomes.add(case.group, case.seed, case.problems)
        finally:
            launcher.stop(server.data_dir)
    return outcomes.report()
