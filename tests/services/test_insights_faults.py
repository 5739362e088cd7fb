"""One job whose log cannot be read or understood does not keep the others from theirs."""

from __future__ import annotations

import asyncio

import pytest

from tests.services.insight_world import BEGIN, FAILURE, TRACEBACK, FakeLogs, World, fails, job, live, steps
from tui.domain.diagnosis.model import Cause
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.insight import JobInsight
from tui.domain.jobs import JobState
from tui.domain.logs import LogEntry
from tui.services.insight_casebook import FAULT, MOST_JOBS
from tui.services.insight_gathered import Gathered

FAILED = JobState.FAILED
TOKEN = "hf_" + "aB3x" * 9


def cause(world: World, number: int) -> Cause | None:
    found = world.insight(number)
    return found.diagnosis.cause if found and found.diagnosis else None


@live
async def test_a_job_whose_log_is_refused_is_tried_again_after_the_others() -> None:
    for kind in (ErrorKind.INTERNAL, ErrorKind.INVALID, ErrorKind.TIMEOUT):
        async with World() as world:
            for number in (1, 2, 3):
                fails(world.logs, number, at=-3600)
            world.logs.refused = {1: CloudError("Not today", kind=kind)}
            jobs = [job(number, FAILED, ended=-3600) for number in (1, 2, 3)]
            world.insights.note_jobs(jobs)
            world.insights.look_into(jobs, None)
            await world.until(lambda: cause(world, 2) and cause(world, 3), 60)
            await asyncio.sleep(3600)
            assert 20 < len(world.logs.of(1)) < 50
            assert (len(world.logs.of(2)), len(world.logs.of(3))) == (1, 1)
            world.logs.refused.clear()
            await world.until(lambda: cause(world, 1) is Cause.TRACEBACK, 130)


@live
async def test_jobs_that_ended_just_now_do_not_wait_for_one_that_is_refused() -> None:
    async with World() as world:
        jobs = [job(number) for number in (1, 2, 3)]
        world.insights.note_jobs(jobs)
        await asyncio.sleep(5)
        for number in (1, 2, 3):
            fails(world.logs, number, at=4)
        world.logs.refused = {1: CloudError("Not today", kind=ErrorKind.INTERNAL)}
        world.insights.note_jobs([job(number, FAILED, ended=4) for number in (1, 2, 3)])
        await world.until(lambda: cause(world, 2) and cause(world, 3), 20)
        await asyncio.sleep(3600)
        assert 20 < len(world.logs.of(1)) < 50
        # The cursor does not wait for the next try.
        world.logs.refused.clear()
        failed = job(1, FAILED, ended=4)
        world.insights.look_into([failed], failed)
        await world.until(lambda: cause(world, 1) is Cause.TRACEBACK, 2)


@live
async def test_a_bug_about_one_job_is_told_once_and_the_others_are_read() -> None:
    async with World() as world:
        for number in (1, 2, 3, 4):
            fails(world.logs, number, at=-3600)
        world.logs.print(5, *steps(0, 3), at=-30)
        world.logs.print(6, *steps(0, 3), at=-30)
        world.logs.refused = {1: KeyError("nobody thought of this"), 5: KeyError("nor of this")}
        jobs = [job(number, FAILED, ended=-3600) for number in (1, 2, 3, 4)]
        world.insights.note_jobs([*jobs, job(5), job(6)])
        world.insights.look_into(jobs, jobs[0])
        await world.until(lambda: all(cause(world, number) for number in (2, 3, 4)), 60)
        await asyncio.sleep(600)
        first = world.insight(1)
        assert first is not None
        assert first.trouble is not None
        assert first.trouble.title == FAULT
        assert 1 <= len(world.faults) <= 2  # for ended and live jobs the code is another one
        assert all(isinstance(each, KeyError) for each in world.faults)
        world.logs.refused.clear()
        await world.until(lambda: cause(world, 1), 130)
        await world.until(lambda: (found := world.insight(6)) and found.series, 130)
        world.faults.clear()


def breaks(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """Let the work about job 1 break."""
    whole = getattr(Gathered, method)

    def broken(self: Gathered, *args: object, **more: object) -> object:
        if self.job.job_id == "1":
            raise ZeroDivisionError
        return whole(self, *args, **more)

    monkeypatch.setattr(Gathered, method, broken)


@pytest.mark.parametrize("method", ["take", "diagnose", "told", "begin_again"])
def test_a_log_that_breaks_the_work_is_not_looked_at_again(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch, method)

    @live
    async def story() -> None:
        async with World() as world:
            for number in (1, 2):
                fails(world.logs, number, at=-3600)
                world.logs.print(10 * number, *steps(0, 3), at=-30)
            jobs = [job(number, FAILED, ended=-3600) for number in (1, 2)]
            world.insights.note_jobs([*jobs, job(10), job(20)])
            world.insights.look_into(jobs, jobs[0])
            await world.until(lambda: cause(world, 2) and world.insight(20), 60)
            await asyncio.sleep(300)
            assert len(world.faults) == 1
            assert len(world.logs.of(1)) <= 6
            world.faults.clear()

    story()


@live
async def test_what_was_read_while_the_project_was_wrong_is_read_again() -> None:
    reef = FakeLogs()
    fails(reef, 1, at=-3600)
    fails(reef, 2, at=-10)
    async with World(projects={"reef-lab": reef}) as world:
        world.logs.print(3, *steps(0, 3), at=-30)
        jobs = [job(1, FAILED, ended=-3600), job(2), job(3)]
        world.insights.note_jobs(jobs)
        world.insights.look_into(jobs[:1], jobs[0])
        await world.until(lambda: (found := world.insight(1)) and found.complete, 5)
        assert cause(world, 1) in (Cause.UNKNOWN, None)
        third = world.insight(3)
        world.homes = {"1": "reef-lab", "2": "reef-lab"}
        world.insights.note_jobs(jobs)  # the same list: only the places are known better
        await world.until(lambda: cause(world, 1) is Cause.TRACEBACK, 5)
        await world.until(lambda: (found := world.insight(2)) and found.lines, 15)
        assert world.insight(3) is third
        reads = len(world.logs.of(2)) + len(world.logs.of(1))
        world.insights.look_into((), None)
        await asyncio.sleep(300)
        assert len(world.logs.of(2)) + len(world.logs.of(1)) == reads


@live
async def test_jobs_that_vanish_while_they_live_are_forgotten() -> None:
    async with World() as world:
        jobs = [job(number) for number in range(1, 701)]
        for number in range(1, 701):
            world.logs.print(number, *steps(0, 1), at=-5)
        world.insights.note_jobs(jobs)
        await world.until(lambda: len(world.told) == 700, 60)
        world.insights.note_jobs(jobs[:10])
        await world.until(lambda: len(world.told) == MOST_JOBS, 5)
        assert all(each.name in world.told for each in jobs[:10])


@live
async def test_a_token_that_a_program_printed_is_not_told() -> None:
    async with World(secrets=("kelp-forest-42",)) as world:
        world.logs.print(1, *TRACEBACK[:-1], f"KeyError: '{TOKEN}' of kelp-forest-42", at=-3620)
        world.logs.print(1, FAILURE.format("workerpool0-0"), at=-3600, replica="service")
        text = FAILURE.format("workerpool0-0") + f"\n\nkelp-forest-42 {TOKEN}"
        failed = job(1, FAILED, ended=-3600, error={"code": 3, "message": text})
        world.insights.note_jobs([failed])
        world.insights.look_into([failed], failed)
        await world.until(lambda: (found := world.insight(1)) and found.complete, 5)
        found = world.insight(1)
        assert isinstance(found, JobInsight)
        assert cause(world, 1) is Cause.TRACEBACK
        assert TOKEN not in repr(found.diagnosis)
        assert "kelp-forest-42" not in repr(found.diagnosis)


def entry(number: int, text: str, replica: str = "workerpool0-0") -> LogEntry:
    return LogEntry(number, f"i{number}", "log", 500, text, replica)


def test_lines_that_come_again_are_counted_and_kept_once() -> None:
    gathered = Gathered(job(1, FAILED, ended=0))
    lines = [entry(number, text) for number, text in enumerate((*steps(0, 9), *TRACEBACK))]
    gathered.take(lines)
    gathered.drop_points()
    gathered.take(lines)  # as when the history is read again
    assert gathered.lines_of("workerpool0-0") == len(lines)
    told = gathered.told(gathered.job, BEGIN, gathered.course)
    assert (told.lines, len(told.series[0].points)) == (len(lines), 9)
    gathered.release()
    gathered.take(lines)  # by somebody else who reads the log
    gathered.take(lines[:3])
    again = gathered.told(gathered.job, BEGIN, gathered.course)
    assert (again.lines, len(again.series[0].points)) == (len(lines), 9)
    assert not gathered.lines_of("workerpool0-0")
    gathered.begin_again()
    gathered.take(lines)
    gathered.take(lines)
    assert gathered.lines_of("workerpool0-0") == len(lines)
    gathered.release()
    gathered.take([*lines, entry(99, "new")])
    last = gathered.told(gathered.job, BEGIN, gathered.course)
    assert last.lines == len(lines) + 1
