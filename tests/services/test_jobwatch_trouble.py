"""Polling goes on through whatever happens, and no list is thrown away for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from tests.support import wait_for
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.jobs import Job, JobPage, JobState
from tui.domain.places import Place
from tui.domain.polling import PollPace
from tui.services.jobwatch import JobsSnapshot, JobWatch

HERE, THERE = Place("kelp-train", "here1"), Place("kelp-train", "there1")
PARENT = "projects/1/locations"


def a_job(region: str, number: int) -> Job:
    name = f"{PARENT}/{region}/customJobs/{number}"
    return Job(name, f"job {number}", JobState.SUCCEEDED, raw={"jobSpec": {}})


Answer = Callable[[str, str], JobPage]


class Jobs:
    """Answers by a function of filter and page token."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.calls: list[tuple[str, str]] = []

    async def list_jobs(
        self, *, page_size: int = 100, page_token: str = "", filter_: str = "", brief: bool = False
    ) -> JobPage:
        del page_size, brief
        self.calls.append((filter_, page_token))
        return self.answer(filter_, page_token)

    async def get_job(self, name: str) -> Job:
        raise CloudError(f"{name} is gone", kind=ErrorKind.NOT_FOUND)

    async def create_job(self, custom_job: Mapping[str, Any]) -> Job:
        raise AssertionError(custom_job)

    async def cancel_job(self, name: str) -> None:
        raise AssertionError(name)

    async def delete_job(self, name: str) -> None:
        raise AssertionError(name)


async def watched(
    gateways: Mapping[Place, Jobs], until: Callable[[JobsSnapshot], bool], earlier: JobsSnapshot | None = None
) -> list[JobsSnapshot]:
    """All lists up to the first that meets the condition."""
    seen: list[JobsSnapshot] = []
    watch = JobWatch(gateways, lambda: PollPace(0.001, 0.001), seen.append, earlier=earlier)
    task = asyncio.create_task(watch.run())
    await wait_for(lambda: any(map(until, seen)), what="the list")
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return seen


async def test_a_fault_in_one_place_does_not_end_the_polling_of_any() -> None:
    turns = iter(range(1_000))

    def faulty(_filter: str, _token: str) -> JobPage:
        if next(turns) < 3:
            raise ValueError("not foreseen")
        return JobPage((a_job("here1", 1),))

    healthy = Jobs(lambda _filter, _token: JobPage((a_job("there1", 2),)))
    seen = await watched({HERE: Jobs(faulty), THERE: healthy}, lambda found: found.whole)
    assert any(found.failing and found.failing[0].place == HERE for found in seen)
    assert len(seen[-1].jobs) == 2


async def test_a_page_that_fails_is_read_again_and_not_those_before_it() -> None:
    fails = iter([True, True, False])

    def answer(_filter: str, token: str) -> JobPage:
        if token and next(fails, False):
            raise CloudError("Too many", kind=ErrorKind.RATE)
        return JobPage((a_job("here1", 2),)) if token else JobPage((a_job("here1", 1),), "second")

    jobs = Jobs(answer)
    seen = await watched({HERE: jobs}, lambda found: found.whole)
    assert len(next(found for found in seen if found.whole).jobs) == 2
    assert jobs.calls[:4] == [("", ""), ("", "second"), ("", "second"), ("", "second")]


async def test_an_outdated_page_token_begins_the_read_anew_and_leaves_the_filter_alone() -> None:
    expired = iter([True])

    def answer(_filter: str, token: str) -> JobPage:
        if token and next(expired, False):
            raise CloudError("Bad token", kind=ErrorKind.INVALID)
        return JobPage((a_job("here1", 2),)) if token else JobPage((a_job("here1", 1),), "second")

    jobs = Jobs(answer)
    seen = await watched({HERE: jobs}, lambda found: found.whole)
    assert seen[-1].whole
    assert [token for _, token in jobs.calls[:4]] == ["", "second", "", "second"]


async def test_the_list_of_before_stays_until_its_place_answers() -> None:
    before = JobsSnapshot(
        (a_job("here1", 1), a_job("there1", 2)),
        homes={f"{PARENT}/here1": HERE, f"{PARENT}/there1": THERE},
        kept=True,
    )

    def down(_filter: str, _token: str) -> JobPage:
        raise CloudError("Region down", kind=ErrorKind.UNREACHABLE)

    here = Jobs(lambda _filter, _token: JobPage((a_job("here1", 1), a_job("here1", 3))))
    seen = await watched({HERE: here, THERE: Jobs(down)}, lambda found: len(found.jobs) == 3, before)
    assert seen[0].kept
    assert len(seen[0].jobs) == 2
    assert not seen[-1].kept
    assert not seen[-1].whole
    assert {job.display_name for job in seen[-1].jobs} == {"job 1", "job 2", "job 3"}


async def test_a_project_named_twice_shows_each_job_once() -> None:
    same = {Place("kelp-train", "here1"): Jobs(lambda _filter, _token: JobPage((a_job("here1", 1),)))}
    same[Place("1", "here1")] = Jobs(lambda _filter, _token: JobPage((a_job("here1", 1),)))
    seen = await watched(same, lambda found: found.whole)
    assert len(seen[-1].jobs) == 1
