"""Users who fix policies at once, through conflicts and lost replies: nobody's binding is lost."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

from benchmarks.campaign.table import Outcomes
from tests.local.clients import Server
from tests.local.grants import GrantTrials
from tests.local.trials import short_folder
from tui.local import launcher


def run(count: int, seed: int) -> bool:
    """Run `count` cases, with the seeds `seed`, `seed + 1`, …; whether all went well."""
    outcomes = Outcomes(f"grants: {count} cases from seed {seed}")
    faults: Counter[str] = Counter()
    begin = time.monotonic()
    with short_folder() as folder:
        server = Server(Path(folder, "data"))
        try:
            asyncio.run(_cases(GrantTrials(server), range(seed, seed + count), outcomes, faults))
        finally:
            launcher.stop(server.data_dir)
    good = outcomes.report()
    print(f"\n  faults that struck, in {time.monotonic() - begin:.0f} s")
    for what, number in sorted(faults.items()):
        print(f"  {what:<40} {number:6d}")
    return good


async def _cases(trial: GrantTrials, seeds: range, outcomes: Outcomes, faults: Counter[str]) -> None:
    for seed in seeds:
        case = await trial.case(seed)
        faults[f"{case.place}: {case.fault}"] += case.hits
        outcomes.add(f"{case.place}, {case.users} users", seed, case.problems)
