"""What the logs say of jobs is found out within the quota, the job under the cursor first."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

from tests.services.insight_world import (
    BEGIN,
    FAILURE,
    TRACEBACK,
    FakeLogs,
    World,
    fails,
    job,
    live,
    now,
    steps,
)
from tui.domain.diagnosis.model import Cause
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.insight import Older
from tui.domain.jobs import JobState
from tui.domain.readrate import BURST, MOST
from tui.services.insight_reads import MOST_FILTER, InsightTiming, several

FAILED, SUCCEEDED = JobState.FAILED, JobState.SUCCEEDED


@live
async def test_a_live_job_is_followed_by_itself() -> None:
    async with World() as world:
        world.logs.print(
            1,
            "Waiting for job to be provisioned.",
            "Vertex AI is setting up this job.",
            at=-90,
            replica="service",
        )
        world.logs.print(1, "Job is preparing.", "Job is running.", at=-60, replica="service")
        world.logs.print(1, *steps(0, 3), "wandb: at https://wandb.ai/lagoon/kelp/runs/k3lp", at=-30)
        world.insights.note_jobs([job(1)])
        await world.until(lambda: world.insight(1))
        first = world.insight(1)
        assert first is not None
        assert [len(series.points) for series in first.series] == [3]
        assert first.wandb == ("https://wandb.ai/lagoon/kelp/runs/k3lp",)
        assert first.pending_ns == int((BEGIN.timestamp() - 90) * 1000 + 1) * 1_000_000
        assert [attempt.number for attempt in first.attempts] == [1]
        assert (first.lines, first.complete, first.diagnosis) == (8, True, None)
        world.logs.print(1, "copying to gs://kelp/outputs/run-1.", *steps(3, 5), at=2)
        await world.until(lambda: (found := world.insight(1)) and found.series[0].points[4:], 15)
        second = world.insight(1)
        assert second is not None
        assert second.paths == ("gs://kelp/outputs/run-1",)
        assert second.lines == 11
        # An unchanged job stays the same object, and nothing is told.
        told = len(world.tellings)
        await asyncio.sleep(40)
        assert world.insight(1) is second
        assert len(world.tellings) == told


@live
async def test_one_list_reads_all_live_jobs_slower_when_nothing_comes_or_nobody_looks() -> None:
    async with World() as world:
        jobs = [job(number) for number in range(1, 31)]
        for each in range(1, 31):
            world.logs.print(each, *steps(0, 2), at=-5)
        world.insights.note_jobs(jobs)
        await asyncio.sleep(61)
        busy = len(world.logs.reads)
        assert 6 <= busy <= 8
        assert all(len(filter_) < 2000 for _, filter_ in world.logs.reads)
        await asyncio.sleep(300)
        assert len(world.logs.reads) - busy <= 14  # nothing came: every 30 s
        world.logs.print(7, *steps(2, 4), at=361)
        await world.until(lambda: (found := world.insight(7)) and len(found.series[0].points) == 4, 31)
        found = world.insight(8)
        assert found is not None
        assert len(found.series[0].points) == 2
        before = len(world.logs.reads)
        world.insights.attend(focused=False)
        await asyncio.sleep(600)
        assert len(world.logs.reads) - before <= 12
        before = len(world.logs.reads)
        world.insights.attend(focused=True)
        await world.until(lambda: len(world.logs.reads) > before, 1)


@live
async def test_a_late_entry_is_found_and_one_from_the_future_stops_nothing() -> None:
    async with World() as world:
        world.logs.print(1, *steps(0, 1), at=-5)
        world.insights.note_jobs([job(1)])
        await world.until(lambda: world.insight(1))
        world.logs.print(1, "from tomorrow", at=86_400)
        await asyncio.sleep(20)
        world.logs.print(1, *steps(5, 6), at=now().timestamp() - BEGIN.timestamp() - 30)
        await world.until(lambda: (found := world.insight(1)) and len(found.series[0].points) == 2, 60)
        found = world.insight(1)
        assert found is not None
        assert found.lines == 3


@live
async def test_a_job_that_prints_more_than_can_be_read_does_not_hide_the_others() -> None:
    async with World() as world:
        jobs = [job(1), job(2)]
        world.logs.print(1, "begin", at=-2)
        world.logs.print(2, "begin", at=-2)
        world.insights.note_jobs(jobs)
        await world.until(lambda: world.insight(2))
        for second in range(1, 90):
            world.logs.print(1, *(f"noise {line}" for line in range(200)), at=second)
        for second in range(5, 90, 10):
            world.logs.print(2, *steps(second, second + 1), at=second)
            world.logs.print(1, *steps(second, second + 1), at=second + 0.9)
        await asyncio.sleep(120)
        noisy, other = world.insight(1), world.insight(2)
        assert noisy is not None
        assert other is not None
        assert len(other.series[0].points) == 9
        assert noisy.series[0].points
        assert (noisy.complete, other.complete) == (False, True)
        assert len(world.logs.reads) < 60


@live
async def test_the_job_under_the_cursor_goes_first_and_the_quota_is_kept() -> None:
    async with World() as world:
        jobs = [job(number, FAILED, ended=-3600) for number in range(1, 201)]
        for each in range(1, 201):
            fails(world.logs, each, at=-3600)
        world.insights.note_jobs(jobs)
        world.insights.look_into(jobs, jobs[120])
        await world.until(lambda: world.insight(121), 2)
        found = world.insight(121)
        assert found is not None
        assert found.diagnosis is not None
        assert found.diagnosis.cause is Cause.TRACEBACK
        assert found.diagnosis.exception == "KeyError: 'labels'"
        keys = {entry.key for entry in world.logs.stored}
        assert found.diagnosis.evidence
        assert all(each.key in keys for each in found.diagnosis.evidence)
        await asyncio.sleep(1200)
        minutes = Counter(int(when // 60) for when, _ in world.logs.reads)
        assert max(minutes.values()) <= 12 + BURST
        assert len(world.logs.reads) == 200  # each log is one page, and none is read twice
        assert len(world.told) == 200
        # In passing, the quota that Google gives is never used up.
        assert max(minutes.values()) < MOST


@live
async def test_nothing_is_read_for_a_cursor_that_moves_on() -> None:
    async with World(timing=InsightTiming(background_reads=0.001)) as world:
        jobs = [job(number, FAILED, ended=-3600) for number in range(1, 30)]
        for number in range(1, 30):
            fails(world.logs, number, at=-3600)
        world.insights.note_jobs(jobs)
        await asyncio.sleep(1)
        world.logs.reads.clear()
        for each in jobs[:-1]:
            world.insights.look_into([], each)
            await asyncio.sleep(0.1)
        assert not world.logs.reads
        world.logs.hangs = 'job_id="29"'
        world.insights.look_into([], jobs[28])
        await world.until(lambda: world.logs.reads, 1)
        world.insights.look_into([], jobs[3])
        await world.until(lambda: world.insight(4), 2)
        assert len(world.logs.of(29)) == 1
        assert world.insight(29) is None


@live
async def test_the_record_alone_tells_at_once_what_it_can() -> None:
    text = "Resources are insufficient in region: europe-west4. Try a different region."
    jobs = [job(number, FAILED, ended=-3600, error={"code": 8, "message": text}) for number in range(1, 40)]
    async with World(timing=InsightTiming(background_reads=0.001)) as world:
        world.insights.note_jobs(jobs)
        world.insights.look_into(jobs, None)
        await world.until(lambda: len(world.told) == 39, 2)
        assert {each.diagnosis.cause for each in world.told.values() if each.diagnosis} == {Cause.STOCKOUT}
        assert len(world.logs.reads) <= 1


@live
async def test_a_job_that_ended_just_now_is_read_until_its_last_lines_are_certain() -> None:
    async with World() as world:
        world.logs.print(1, "Job is preparing.", "Job is running.", at=-60, replica="service")
        world.logs.print(1, *steps(0, 3), at=-30)
        world.insights.note_jobs([job(1)])
        await world.until(lambda: world.insight(1))
        await asyncio.sleep(20)
        world.insights.note_jobs([job(1, FAILED, ended=19)])
        await world.until(lambda: (found := world.insight(1)) and found.diagnosis is not None, 3)
        # Its last lines come late, and then its error.
        world.logs.print(1, *TRACEBACK, at=18)
        world.logs.print(1, FAILURE.format("workerpool0-0"), at=19, replica="service")
        await world.until(
            lambda: (
                (found := world.insight(1)) and found.diagnosis and found.diagnosis.cause is Cause.TRACEBACK
            ),
            70,
        )
        await asyncio.sleep(60)
        reads = len(world.logs.reads)
        error = {"code": 3, "message": FAILURE.format("workerpool0-0")}
        world.insights.note_jobs([job(1, FAILED, ended=19, error=error)])
        await world.until(lambda: len(world.logs.reads) > reads, 3)
        await asyncio.sleep(1000)
        last = world.insight(1)
        assert last is not None
        assert last.diagnosis is not None
        assert last.diagnosis.exit_code == 1
        assert last.complete
        assert len(world.logs.reads) == reads + 1


@live
async def test_the_replica_that_failed_is_looked_for_behind_the_newest_page() -> None:
    async with World() as world:
        world.logs.print(1, "Job is running.", at=-3700, replica="service")
        world.logs.print(1, *TRACEBACK, at=-3650, replica="workerpool1-2")
        world.logs.print(1, FAILURE.format("workerpool1-2"), at=-3649, replica="service")
        for second in range(40):
            world.logs.print(1, *(f"still here {line}" for line in range(50)), at=-3640 + second)
        failed = job(1, FAILED, ended=-3500)
        world.insights.note_jobs([failed])
        world.insights.look_into([failed], failed)
        await world.until(lambda: (found := world.insight(1)) and found.diagnosis, 3)
        found = world.insight(1)
        assert found is not None
        assert found.diagnosis is not None
        assert (found.diagnosis.cause, found.diagnosis.replica) == (Cause.TRACEBACK, "workerpool1-2")
        assert any(
            'task_name="workerpool1-2" OR severity>=ERROR' in filter_ for _, filter_ in world.logs.reads
        )


@live
async def test_older_metrics_are_read_page_by_page_for_the_job_under_the_cursor_only() -> None:
    async with World() as world:
        for number in (1, 2):
            for second in range(60):
                world.logs.print(number, *steps(second * 100, second * 100 + 100), at=-9000 + second)
                world.logs.print(number, *(f"noise {line}" for line in range(100)), at=-9000 + second + 0.5)
        jobs = [job(1, SUCCEEDED, ended=-8000), job(2, SUCCEEDED, ended=-8000)]
        world.insights.note_jobs(jobs)
        world.insights.look_into(jobs, jobs[0])
        await world.until(lambda: (found := world.insight(1)) and len(found.series[0].points) == 6000, 60)
        await asyncio.sleep(30)
        found, other = world.insight(1), world.insight(2)
        assert found is not None
        assert other is not None
        assert len(other.series[0].points) == 500
        assert (found.older, other.older) == (Older.READ, Older.UNREAD)
        assert not found.complete
        # Coming back reads nothing again.
        reads = len(world.logs.reads)
        world.insights.look_into(jobs, None)
        await asyncio.sleep(1)
        world.insights.look_into(jobs, jobs[0])
        await asyncio.sleep(5)
        assert len(world.logs.reads) == reads
        # The other one's history stops when the cursor leaves, and goes on from there.
        world.insights.look_into(jobs, jobs[1])
        await world.until(lambda: len(world.logs.reads) >= reads + 2, 3)
        world.insights.look_into(jobs, None)
        await asyncio.sleep(60)
        assert len(world.logs.reads) <= reads + 3
        world.insights.look_into(jobs, jobs[1])
        await world.until(lambda: (found := world.insight(2)) and len(found.series[0].points) == 6000, 60)


@live
async def test_trouble_is_told_and_reading_goes_on() -> None:
    async with World() as world:
        refused = CloudError("Not allowed", "logging.logEntries.list", kind=ErrorKind.DENIED)
        world.logs.errors = [refused] * 6
        ended = job(2, FAILED, ended=-3600)
        fails(world.logs, 2, at=-3600)
        world.logs.print(1, *steps(0, 3), at=-30)
        world.insights.note_jobs([job(1), ended])
        world.insights.look_into([ended], ended)
        await world.until(
            lambda: len(world.told) == 2 and all(each.trouble is refused for each in world.told.values()), 10
        )
        await world.until(lambda: all(each.trouble is None for each in world.told.values()), 400)
        first, second = world.insight(1), world.insight(2)
        assert first is not None
        assert second is not None
        assert first.series
        await world.until(lambda: (found := world.insight(2)) and found.diagnosis, 100)


@live
async def test_a_storm_of_refusals_slows_all_reading_of_that_project_only() -> None:
    reef = FakeLogs()
    async with World(projects={"reef-lab": reef}) as world:
        other = replace(job(2), labels={"project": "reef-lab"})
        reef.print(2, *steps(0, 3), at=-30)
        world.logs.errors = [CloudError("Too many", kind=ErrorKind.RATE, retry_after=30.0)] * 1000
        jobs = [job(number) for number in range(10, 20)]
        world.insights.note_jobs([*jobs, other])
        await asyncio.sleep(600)
        assert world.insight(2) is not None
        assert len(world.logs.reads) <= 25
        assert len(reef.reads) >= 15
        world.logs.errors.clear()
        world.logs.print(12, *steps(0, 3), at=500)
        await world.until(lambda: (found := world.insight(12)) and found.series, 200)


def test_filters_for_many_jobs_stay_short_and_name_each_once() -> None:
    ids = [str(10**18 + number) for number in range(5000)]
    filters = list(several(ids, since_ns=1))
    assert all(len(each) < MOST_FILTER for each in filters)
    assert [part for each in filters for part in ids if f'"{part}"' in each] == ids
    (hostile,) = several(['1" OR "2'])
    assert '"1\\" OR \\"2"' in hostile
