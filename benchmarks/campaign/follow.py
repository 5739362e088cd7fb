"""A log followed while entries come late, twice and out of order, reads fail, and the server is killed."""

from __future__ import annotations

import asyncio
from pathlib import Path

from benchmarks.campaign.table import Outcomes
from tests.local.clients import Server
from tests.local.trials import short_folder
from tests.services.follow.trial import FollowTrial
from tui.local import launcher

LINES = 250_000
"""Of one case at the most."""
RATE = 2_500.0
"""Lines a second: more than tails carry in a minute, so that some are suppressed too."""


def run(count: int, seed: int) -> bool:
    """Follow `count` lines in all, in cases with the seeds `seed`, `seed + 1`, …; whether none was lost."""
    outcomes = Outcomes(f"follow: {count:,} lines from seed {seed}")
    again = 0
    while count > 0:
        lines = min(count, LINES)
        with short_folder() as folder:
            server = Server(Path(folder, "data"))
            try:
                server.enable("aiplatform", "logging")
                case = asyncio.run(FollowTrial(server).case(seed, lines, lines / RATE))
            finally:
                launcher.stop(server.data_dir)
        outcomes.add(f"{lines:,} lines, {case.restarts} restarts", seed, case.problems)
        again += case.again
        count, seed = count - lines, seed + 1
    good = outcomes.report()
    print(f"\n  entries that were handed on again, to be dropped by their keys: {again:,}")
    return good
