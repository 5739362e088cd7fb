"""Malformed and hostile requests over both protocols: to each an answer of Google's shape, and no more."""

from __future__ import annotations

from pathlib import Path

from benchmarks.campaign.table import Outcomes
from tests.local import fuzz
from tests.local.clients import Server
from tests.local.trials import processes_of, short_folder
from tui.local import launcher

LOOK_EVERY = 500
"""Cases after which the server is asked whether it is well."""


def run(count: int, seed: int) -> bool:
    """Run `count` cases, with the seeds `seed`, `seed + 1`, …; whether all went well."""
    outcomes = Outcomes(f"fuzz: {count} requests from seed {seed}")
    with short_folder() as folder:
        server = Server(Path(folder, "data"))
        try:
            fuzz.prepare(server)
            for number in range(seed, seed + count):
                case = fuzz.case(server, number)
                outcomes.add(
                    "over gRPC" if number % 4 == 0 else "over HTTP",
                    number,
                    [f"{case.about}: {problem}" for problem in case.problems],
                )
                if (number - seed) % LOOK_EVERY == LOOK_EVERY - 1:
                    outcomes.add("the server goes on", number, _health(server, Path(folder)))
            outcomes.add("the server goes on", seed + count - 1, _health(server, Path(folder)))
        finally:
            launcher.stop(server.data_dir)
    return outcomes.report()


def _health(server: Server, folder: Path) -> list[str]:
    """What is wrong with the server itself: it has ended, does not answer, or wrote beside its folder."""
    problems = [] if server.record.pid in processes_of(server.data_dir) else ["the server has ended"]
    if not fuzz.is_alive(server):
        problems.append("the server does not answer")
    return problems + [f"a file outside: {path}" for path in folder.iterdir() if path != server.data_dir]
