"""Hours of polling through faults end in a list that is right, without a key press.

A few hours of `tests.services.polling_world`; `python -m benchmarks.polling_day` runs a day and weighs it.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.services.insight_world import InstantLoop, live
from tests.services.polling_world import (
    HOUR,
    IDLE_SECONDS,
    LIVE_SECONDS,
    MINUTE,
    Fault,
    Region,
    Watched,
    five_regions,
    live_through,
    seeded,
)
from tui.domain.errors import ErrorKind
from tui.domain.jobs import JobState
from tui.domain.places import Place
from tui.services.jobwatch import READS_A_MINUTE

PLACE = Place("kelp-train", "europe-west4")


def quiet(jobs: int) -> Region:
    """A region in which nothing happens."""
    return Region(PLACE, seeded(1), [], jobs=jobs, an_hour=1e-9)


@pytest.mark.parametrize("seed", [1, 2])
def test_hours_of_faults_end_in_a_live_list(seed: int) -> None:
    async def story() -> None:
        chance = seeded(seed)
        regions = five_regions(chance, 3, jobs=120, an_hour=6)
        watched = Watched(regions, chance)
        await live_through(watched, 3, chance)
        assert all(region.failures for region in regions)
        most = max(sum(region.calls[minute] for region in regions) for minute in range(180))
        assert most <= READS_A_MINUTE * 4 / 3

    with asyncio.Runner(loop_factory=InstantLoop) as runner:
        runner.run(story())


@pytest.mark.parametrize("jobs", [0, 50, 1_000])
def test_nothing_to_see_takes_two_calls_a_minute(jobs: int) -> None:
    async def story() -> None:
        region = quiet(jobs)
        watched = Watched([region], seeded(1))
        running = asyncio.create_task(watched.watch.run())
        await asyncio.sleep(5 * HOUR)
        running.cancel()
        await asyncio.wait([running])
        calls = sum(region.calls[minute] for minute in range(60, 300))
        assert 200 < calls <= 2 * 240
        watched.check(patience=60)

    with asyncio.Runner(loop_factory=InstantLoop) as runner:
        runner.run(story())


@live
async def test_an_outage_is_asked_about_seldom_and_its_end_is_seen() -> None:
    region = Region(PLACE, seeded(1), [], jobs=20, an_hour=30)
    begin = asyncio.get_running_loop().time()
    region.faults.append(Fault(begin + HOUR, begin + 7 * HOUR, ErrorKind.UNREACHABLE))
    watched = Watched([region], seeded(1))
    running = asyncio.create_task(watched.watch.run())
    await asyncio.sleep(6 * HOUR)
    first = int((begin + 2 * HOUR) // MINUTE)
    assert sum(region.calls[minute] for minute in range(first, first + 180)) <= 3 * 60 * 1.1
    assert watched.latest.trouble is not None
    assert watched.latest.jobs
    await asyncio.sleep(HOUR + 3 * MINUTE)
    watched.check(patience=60)
    assert watched.latest.trouble is None
    running.cancel()
    await asyncio.wait([running])


@live
async def test_a_change_is_in_the_list_within_three_seconds() -> None:
    region = Region(PLACE, seeded(3), [], jobs=20, an_hour=20)
    watched = Watched([region], seeded(3))
    running = asyncio.create_task(watched.watch.run())
    late: list[float] = []
    states: dict[str, JobState] = {}
    loop = asyncio.get_running_loop()
    for _ in range(round(2 * HOUR / 0.1)):
        await asyncio.sleep(0.1)
        for job in watched.latest.jobs:
            known = states.get(job.name)
            if known is not None and known is not job.state and known.live:
                late.append(loop.time() - region.changed[job.name])
            states[job.name] = job.state
    running.cancel()
    await asyncio.wait([running])
    assert len(late) > 50
    assert max(late) <= LIVE_SECONDS + 1
    assert max(late) < IDLE_SECONDS
