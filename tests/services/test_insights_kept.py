"""What is kept of jobs, what comes from elsewhere, and the outputs of the one under the cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.services.insight_world import World, fails, job, live, steps
from tui.domain.diagnosis.model import Cause
from tui.domain.jobs import Job, JobState
from tui.services.insight_reads import InsightTiming
from tui.services.logreads import Urgency

FAILED, SUCCEEDED = JobState.FAILED, JobState.SUCCEEDED


@live
async def test_outputs_are_looked_for_once_for_the_job_under_the_cursor() -> None:
    asked: list[str] = []

    async def empty(asked_of: Job) -> bool | None:
        asked.append(asked_of.job_id)
        return True

    async with World(outputs_empty=empty) as world:
        spec = {"baseOutputDirectory": {"outputUriPrefix": "gs://kelp/run-1"}}
        jobs = [job(number, SUCCEEDED, ended=-3600, jobSpec=spec) for number in (1, 2)]
        jobs.append(job(3, SUCCEEDED, ended=-3600))
        for each in (1, 2, 3):
            world.logs.print(each, "done", at=-3610)
        world.insights.note_jobs(jobs)
        world.insights.look_into(jobs, jobs[0])
        await world.until(
            lambda: (found := world.insight(1)) and found.diagnosis and not found.diagnosis.healthy
        )
        found = world.insight(1)
        assert found is not None
        assert found.diagnosis is not None
        assert found.diagnosis.cause is Cause.NO_OUTPUTS
        await world.until(lambda: world.insight(2) and world.insight(3))
        assert asked == ["1"]
        # One whose lines are forgotten is read once more.
        world.insights.look_into(jobs, jobs[1])
        await world.until(
            lambda: (found := world.insight(2)) and found.diagnosis and not found.diagnosis.healthy
        )
        world.insights.look_into(jobs, jobs[2])
        await asyncio.sleep(5)
        assert asked == ["1", "2"]


@live
async def test_what_others_have_read_is_taken_in() -> None:
    async with World() as world:
        ended = job(1, SUCCEEDED, ended=-3600)
        world.logs.print(1, *steps(0, 20), at=-3700)
        world.insights.entries_seen(ended, world.logs.stored[:12])
        world.insights.entries_seen(ended, world.logs.stored[6:])
        await world.until(lambda: (found := world.insight(1)) and found.lines == 20, 3)
        assert not world.logs.reads
        world.insights.entries_seen(ended, world.logs.stored * 3000)
        await asyncio.sleep(1)
        found = world.insight(1)
        assert found is not None
        assert found.lines == 20


@live
async def test_jobs_that_were_wanted_longest_ago_are_forgotten_and_their_points_before() -> None:
    async with World(timing=InsightTiming(background_reads=60_000)) as world:
        jobs = [job(number, FAILED, ended=-3600) for number in range(1, 702)]
        for each in range(1, 702):
            fails(world.logs, each, at=-3600)
        world.insights.note_jobs(jobs)
        for start in range(0, 700, 35):
            world.insights.look_into(jobs[start : start + 35], None)
            await asyncio.sleep(90)
        world.insights.look_into((), jobs[700])
        await asyncio.sleep(10)
        assert len(world.told) == 500
        assert sum(1 for each in world.told.values() if each.series) <= 35
        assert all(each.diagnosis for each in world.told.values())
        # Back there the charts are read again.
        assert not world.told[jobs[400].name].series
        world.insights.look_into((), jobs[400])
        await world.until(lambda: world.told[jobs[400].name].series, 5)


@live
async def test_clocks_that_differ_do_not_keep_a_job_from_being_done() -> None:
    async with World() as world:
        fails(world.logs, 1, at=7200)
        ahead = job(1, FAILED, ended=7200)
        world.insights.note_jobs([ahead])
        world.insights.look_into([ahead], ahead)
        await asyncio.sleep(300)
        found = world.insight(1)
        assert found is not None
        assert found.complete
        assert len(world.logs.reads) <= 4


@live
async def test_two_looks_at_one_job_do_not_take_each_others_lines_away() -> None:
    async with World() as world:
        fails(world.logs, 1, at=-3600)
        ended = job(1, FAILED, ended=-3600)
        world.insights.note_jobs([ended])
        found = world.insights._book.of(ended)
        looks = world.insights._looks
        # One began long before and comes to its end when the other one's lines are forgotten.
        slow = asyncio.Event()
        first = asyncio.create_task(looks.look(found, Urgency.BACKGROUND, pause=_until(slow)))
        await asyncio.sleep(1)
        await looks.look(found, Urgency.SHOWN)
        await world.until(lambda: world.insight(1))
        await asyncio.sleep(5)
        slow.set()
        await first
        await asyncio.sleep(5)
        told = world.insight(1)
        assert told is not None
        assert told.diagnosis is not None
        assert told.diagnosis.cause is Cause.TRACEBACK
        assert found.course.released


def _until(event: asyncio.Event) -> Callable[[], Awaitable[None]]:
    async def pause() -> None:
        await event.wait()

    return pause
