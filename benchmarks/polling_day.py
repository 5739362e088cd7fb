"""A day of polling five regions through faults, in virtual time: is the list right, is memory flat?

Hours of outage, a login that expires, permission lost in one of the regions, storms of 429 with and without a
time to wait, late answers; jobs come, run, fail, get their error late and go meanwhile (`tests/services/
polling_world.py`). Every five minutes the list is compared with what there is; two calls at once in a place,
a place that fails in silence, or a list that is not fresh end the run. Memory is counted each hour: what the
process has of its own, and what Python has allocated since the beginning: the list and this world, which
grow until each job was replaced once. Run it with `python -m benchmarks.polling_day`.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import time
import tracemalloc

import psutil

from tests.services.insight_world import InstantLoop
from tests.services.polling_world import Watched, five_regions, live_through, seeded

KIB = 1024


async def day(seed: int, hours: float, jobs: int, an_hour: float, *, weigh: bool) -> None:
    """Live through it and print what was found."""
    chance = seeded(seed)
    regions = five_regions(chance, hours, jobs=jobs, an_hour=an_hour)
    watched = Watched(regions, chance)
    allocated: list[float] = []
    process: list[float] = []

    def each_hour(_hour: int) -> None:
        if weigh:
            gc.collect()
            allocated.append(tracemalloc.get_traced_memory()[0] / KIB)
            process.append(psutil.Process().memory_full_info().uss / KIB)

    begin = time.perf_counter()
    await live_through(watched, hours, chance, each_hour)
    minutes = range(round(hours * 60))
    calls = [sum(region.calls[minute] for region in regions) for minute in minutes]
    print(
        f"seed {seed}: {hours:g} h in {time.perf_counter() - begin:.0f} s; {sum(calls):,} calls, "
        f"{sum(region.failures for region in regions):,} of them failed; {watched.published:,} lists"
    )
    figures = f"{min(calls)}, {statistics.median(calls):g}, {max(calls)}"
    print(f"calls a minute, all places: {figures} (min, median, max)")
    if len(allocated) > 1:
        flatness("memory of the process", process)
        flatness("allocated, second half", allocated[len(allocated) // 2 :])
    live = len(watched.latest.live)
    print(f"at the end: {len(watched.latest.jobs):,} jobs, {live} live, no trouble, without a key press")


def flatness(name: str, weights: list[float]) -> None:
    """How memory went after the first of these hours."""
    first, rest = weights[0], weights[1:]
    print(
        f"{name}: {first:,.0f} KiB after its first hour, then {min(rest):,.0f} to {max(rest):,.0f} KiB "
        f"({100 * (max(rest) / first - 1):+.1f} %), at the end {100 * (rest[-1] / first - 1):+.1f} %"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=1, help="so many days")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--jobs", type=int, default=120, help="in each region")
    parser.add_argument("--an-hour", type=float, default=20, help="new jobs in each region but one")
    parser.add_argument("--no-memory", action="store_true", help="do not weigh; three times as fast")
    choice = parser.parse_args()
    for seed in range(choice.first, choice.first + choice.seeds):
        if not choice.no_memory:
            tracemalloc.start(1)
        with asyncio.Runner(loop_factory=InstantLoop) as runner:
            runner.run(day(seed, choice.hours, choice.jobs, choice.an_hour, weigh=not choice.no_memory))
        tracemalloc.stop()


if __name__ == "__main__":
    main()
