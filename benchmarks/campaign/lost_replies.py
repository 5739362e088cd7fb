"""The app's own gateway while replies get lost, come late or are 503s: one job a submission, ever."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from benchmarks.campaign.table import Outcomes
from tests.local.clients import Server
from tests.local.lost_replies import LostReplies
from tests.local.trials import short_folder
from tui.local import launcher


def run(count: int, seed: int) -> bool:
    """Run `count` cases, with the seeds `seed`, `seed + 1`, …; whether all went well."""
    outcomes = Outcomes(f"lost replies: {count} cases from seed {seed}")
    told: Counter[str] = Counter()
    with short_folder() as folder:
        server = Server(Path(folder, "data"))
        try:
            server.enable("aiplatform", "logging")
            asyncio.run(_cases(LostReplies(server), range(seed, seed + count), outcomes, told))
        finally:
            launcher.stop(server.data_dir)
    good = outcomes.report()
    print("\n  what the app was told")
    for what, number in sorted(told.items()):
        print(f"  {what:<40} {number:6d}")
    return good


async def _cases(trial: LostReplies, seeds: range, outcomes: Outcomes, told: Counter[str]) -> None:
    for seed in seeds:
        case = await trial.case(seed)
        told[f"{case.action}: {case.outcome}"] += 1
        outcomes.add(
            f"{case.action} over {case.transport}, {case.by.partition(' (')[0]}", seed, case.problems
        )
