"""Many jobs changed one after the other: where, how fast, and what is told of each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from tests.support import wait_for
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job, JobState
from tui.services import jobchanges
from tui.services.jobchanges import Account, JobBatch, Patience, until_over

QUICK = Patience(first=0.001, longest=0.002, most=0.05)
GONE = CloudError("There is no such job", "not found", kind=ErrorKind.NOT_FOUND)
FAST = CloudError("Too many requests", "quota of the minute", kind=ErrorKind.RATE, retryable=True)
ENDED = CloudError("Not possible now", "has ended", kind=ErrorKind.PRECONDITION)


class There:
    """Jobs of one place: what is asked of each, and what becomes of that."""

    def __init__(self) -> None:
        self.answers: dict[str, list[CloudError | None]] = {}
        """Errors of the calls for a job, one after the other."""
        self.records: dict[str, Job] = {}
        self.calls: list[str] = []
        self.jobs = self

    async def change(self, job: Job) -> None:
        self.calls.append(job.job_id)
        await asyncio.sleep(0)
        answers = self.answers.get(job.job_id, [])
        if answers and (error := answers.pop(0)) is not None:
            raise error

    async def get_job(self, name: str) -> Job:
        await asyncio.sleep(0)
        if name not in self.records:
            raise GONE
        return self.records[name]


def jobs(count: int, state: JobState = JobState.RUNNING) -> list[Job]:
    return [
        Job(f"projects/1/locations/r/customJobs/{number}", f"job-{number}", state) for number in range(count)
    ]


def batch(
    there: There, chosen: list[Job], told: Callable[[Account], object] = lambda _account: None
) -> JobBatch:
    async def call(gateway: Gateway, job: Job) -> None:
        await cast("There", gateway).change(job)

    return JobBatch(chosen, call, lambda _job: cast("Gateway", there), told, patience=QUICK)


def counts(account: Account) -> tuple[int, int, int, int, int]:
    return account.done, account.gone, account.over, len(account.failures), account.left


async def test_each_job_has_its_turn_and_its_line() -> None:
    there, chosen = There(), jobs(4)
    there.answers = {"1": [CloudError("Denied", "no right", hint="Ask")], "2": [GONE]}
    shown: list[str] = []
    work = batch(there, chosen, lambda account: shown.append(account.under_way))
    account = await work.run()
    assert counts(account) == (2, 1, 0, 1, 0)
    assert account.failures == ("job-1: Denied: no right. Ask",)
    assert account.settled == {chosen[0].name, chosen[2].name, chosen[3].name}
    assert there.calls == ["0", "1", "2", "3"]
    assert [name for name in shown if name] == ["job-0", "job-1", "job-2", "job-3"]


async def test_a_job_that_is_not_found_and_yet_there_was_looked_for_in_the_wrong_way() -> None:
    there, chosen = There(), jobs(1)
    there.answers = {"0": [GONE]}
    there.records = {chosen[0].name: chosen[0]}
    assert counts(await batch(there, chosen).run()) == (0, 0, 0, 1, 0)


async def test_a_job_that_ended_meanwhile_cannot_be_stopped_and_that_is_no_failure() -> None:
    there, chosen = There(), jobs(2)
    there.answers = {"0": [ENDED], "1": [ENDED]}
    there.records = {chosen[0].name: replace(chosen[0], state=JobState.SUCCEEDED), chosen[1].name: chosen[1]}
    assert counts(await batch(there, chosen).run()) == (0, 0, 1, 1, 0)


async def test_without_a_place_nothing_is_sent_and_nothing_is_done() -> None:
    async def call(_gateway: Gateway, _job: Job) -> None:
        raise AssertionError

    account = await JobBatch(jobs(2), call, lambda _job: None, lambda _account: None).run()
    assert counts(account) == (0, 0, 0, 2, 0)
    assert "nothing was sent" in account.failures[0]


async def test_too_many_requests_are_waited_out_and_nothing_is_lost() -> None:
    there, chosen = There(), jobs(3)
    there.answers = {"1": [FAST, FAST, FAST], "2": [CloudError("Your quota", kind=ErrorKind.QUOTA)]}
    waits: list[object] = []
    account = await batch(there, chosen, lambda account: waits.append(account.resumes)).run()
    assert counts(account) == (3, 0, 0, 0, 0)
    assert there.calls == ["0", "1", "1", "1", "1", "2", "2"]
    assert len([when for when in waits if when is not None]) == 4


async def test_the_wait_is_bounded_and_the_rest_is_not_begun() -> None:
    there, chosen = There(), jobs(5)
    there.answers = {"1": [FAST] * 10_000}
    account = await batch(there, chosen).run()
    assert counts(account) == (1, 0, 0, 1, 3)
    assert "Too many requests" in account.failures[0]


async def test_stopped_in_a_wait_the_rest_is_not_begun() -> None:
    there, chosen = There(), jobs(3)
    slow = CloudError("Too many requests", kind=ErrorKind.RATE, retry_after=3600.0)
    there.answers = {"0": [slow] * 3}
    work = batch(there, chosen)
    work._patience = Patience(most=10_000, longest=10_000)
    running = asyncio.create_task(work.run())
    await wait_for(lambda: work.account.resumes is not None)
    work.stop()
    assert counts(await running) == (0, 0, 0, 1, 2)


@pytest.mark.parametrize("broken", [asyncio.CancelledError, ZeroDivisionError])
async def test_whatever_breaks_it_off_the_account_is_right(broken: type[BaseException]) -> None:
    there, chosen = There(), jobs(3)

    async def call(_gateway: Gateway, job: Job) -> None:
        if job is chosen[1]:
            raise broken

    work = JobBatch(chosen, call, lambda _job: cast("Gateway", there), lambda _account: None)
    with pytest.raises(broken):
        await work.run()
    assert counts(work.account) == (1, 0, 0, 1, 1)
    assert "it may have happened" in work.account.failures[0]


async def test_the_end_of_a_job_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobchanges, "LOOK_SECONDS", 0.001)
    there, (job,) = There(), jobs(1)
    gateway = cast("Gateway", there)
    assert await until_over(gateway, job, asyncio.Event()) is None, "it is gone"
    there.records[job.name] = job
    waiting = asyncio.create_task(until_over(gateway, job, asyncio.Event()))
    await asyncio.sleep(0)
    over = there.records[job.name] = replace(job, state=JobState.CANCELLED)
    assert await waiting is over
    there.records[job.name] = job
    stop = asyncio.Event()
    waiting = asyncio.create_task(until_over(gateway, job, stop))
    stop.set()
    assert await waiting is None
    monkeypatch.setattr(jobchanges, "END_SECONDS", 0.0)
    assert await until_over(gateway, job, asyncio.Event()) is None
