"""No line is lost between two lists of live jobs unless that is told."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.services.insight_world import BEGIN, World, job, live, steps
from tui.domain.insight import JobInsight
from tui.services.insight_live import ServiceTime
from tui.services.insight_reads import InsightTiming

SECOND_NS = 1_000_000_000
QUIET = range(2, 7)


def second() -> float:
    """The second of the story."""
    return asyncio.get_running_loop().time()


def lines_of(world: World, number: int) -> tuple[int, bool]:
    """How many lines of a job were looked at, and whether those are said to be all."""
    found = world.insight(number)
    assert found is not None
    return found.lines, found.complete


@live
async def test_what_a_list_of_quiet_jobs_does_not_reach_is_read_by_the_next_ones() -> None:
    async with World(timing=InsightTiming(pages=1)) as world:
        for number in (1, *QUIET):
            world.logs.print(number, "begin", at=-2)
        world.insights.note_jobs([job(number) for number in (1, *QUIET)])
        await world.until(lambda: len(world.told) == 6)
        for _ in range(40):  # one prints more than can be read, so that it is read by itself
            world.logs.print(1, *(f"noise {line}" for line in range(300)), at=second())
            await asyncio.sleep(1)
        await asyncio.sleep(1)
        assert lines_of(world, 2) == (1, True)
        seen: list[JobInsight] = []
        for number in QUIET:  # more than a page of them all, while the loud one prints on
            world.logs.print(number, *(f"line {line}" for line in range(240)), at=second() - 1)
        world.logs.print(1, *(f"noise {line}" for line in range(900)), at=second() - 0.5)
        while any(lines_of(world, number) != (241, True) for number in QUIET):
            assert second() < 200, [lines_of(world, number) for number in QUIET]
            await asyncio.sleep(0.1)
            seen += [found for number in QUIET if (found := world.insight(number))]
        assert any(not each.complete for each in seen)
        assert all(each.lines == 241 for each in seen if each.complete and each.lines > 1)
        assert not lines_of(world, 1)[1]


@live
async def test_a_job_that_is_loud_for_a_while_is_complete_only_if_all_was_read() -> None:
    async with World(timing=InsightTiming(pages=1)) as world:
        for number in (1, 2):
            world.logs.print(number, "begin", at=-2)
        world.insights.note_jobs([job(1), job(2)])
        await world.until(lambda: len(world.told) == 2)
        for _ in range(2):
            world.logs.print(1, *(f"noise {line}" for line in range(700)), at=second() - 1)
        world.logs.print(2, *steps(0, 100), at=second() - 1)
        await asyncio.sleep(90)
        assert lines_of(world, 1) == (1401, True)
        assert lines_of(world, 2) == (101, True)
        world.logs.print(1, *(f"more {line}" for line in range(3000)), at=second() - 4)
        world.logs.print(2, *steps(100, 200), at=second() - 1)
        await asyncio.sleep(90)
        assert not lines_of(world, 1)[1]
        assert lines_of(world, 2) == (201, True)


@live
async def test_first_looks_that_take_minutes_lose_nothing_of_the_first_jobs() -> None:
    async with World() as world:
        for number in range(1, 61):  # each has more than a page, the oldest one nothing new for an hour
            world.logs.print(number, *steps(0, 1100), at=-3600 if number == 1 else -30)
        world.insights.note_jobs([job(number) for number in range(1, 61)])
        for count in range(240):
            world.logs.print(count % 60 + 1, *steps(2100 + count, 2101 + count), at=second())
            await asyncio.sleep(1)
        await asyncio.sleep(60)
        for number in range(1, 61):
            found = world.insight(number)
            assert found is not None
            points = [point for point in found.series[0].points if point.value < 0]
            assert len(points) == 4, number
        assert len(world.logs.reads) < 200


def test_the_time_of_the_programs_is_told_by_their_entries_whatever_this_clock_says() -> None:
    time = ServiceTime()
    now_ns = int(BEGIN.timestamp()) * SECOND_NS
    assert time.at(BEGIN) is None
    assert time.saw([], BEGIN) == 0
    # One that is ahead cannot be told from a clock here that is behind: neither may lose anything.
    assert time.saw([now_ns + 3600 * SECOND_NS], BEGIN) == now_ns
    assert time.at(BEGIN) == now_ns
    assert time.saw([now_ns - 9 * SECOND_NS, now_ns + 3600 * SECOND_NS], BEGIN) == now_ns - 9 * SECOND_NS
    assert time.at(BEGIN) == now_ns - 9 * SECOND_NS
    later = BEGIN + timedelta(seconds=60)
    assert time.saw([now_ns + 58 * SECOND_NS], later) == now_ns + 58 * SECOND_NS
    assert time.at(BEGIN) == now_ns - 2 * SECOND_NS
    assert time.saw([now_ns + 3600 * SECOND_NS], later) == 0
