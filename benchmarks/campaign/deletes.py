"""Deletes that are killed, cut off, stopped and run out of disk, and their undo."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from benchmarks.campaign.table import Outcomes
from tests.local.clients import Server
from tests.local.delete_trials import DeleteTrial
from tests.local.trials import short_folder
from tui.local import launcher


def run(count: int, seed: int) -> bool:
    """Run `count` cases, with the seeds `seed`, `seed + 1`, …; whether all went well."""
    outcomes = Outcomes(f"deletes: {count} cases from seed {seed}")
    states: Counter[str] = Counter()
    with short_folder() as folder:
        server = Server(Path(folder, "data"))
        try:
            asyncio.run(_cases(DeleteTrial(server), range(seed, seed + count), outcomes, states))
        finally:
            launcher.stop(server.data_dir)
    good = outcomes.report()
    print("\n  how the journal said that they stood")
    for state, number in sorted(states.items()):
        print(f"  {state:<40} {number:6d}")
    return good


async def _cases(trial: DeleteTrial, seeds: range, outcomes: Outcomes, states: Counter[str]) -> None:
    async with trial:
        for seed in seeds:
            case = await trial.case(seed)
            partly = "none gone" if not case.gone else "some or all gone"
            states[f"{case.state or 'nothing written'}, {partly}"] += 1
            versions = (
                "versions too" if case.with_earlier else ("versioned" if case.versioning else "soft delete")
            )
            outcomes.add(f"{case.kind}, {versions}", seed, case.problems)
