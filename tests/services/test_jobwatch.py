"""The job list is kept right through faults."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.jobs import Job, JobError, JobPage, JobState
from tui.domain.places import Place
from tui.domain.polling import PollPace
from tui.services.jobwatch import JobsSnapshot, JobWatch

BOUND_SECONDS = 5.0
PLACE = Place("kelp-train", "r")


def _job(number: int, state: JobState = JobState.SUCCEEDED) -> Job:
    return Job(
        name=f"projects/1/locations/r/customJobs/{number}",
        display_name=f"job {number}",
        state=state,
        raw={"jobSpec": {}},
    )


class FakeJobs:
    """Answers with what the test put there; a list of pages or an error a turn."""

    def __init__(self, turns: list[list[JobPage] | CloudError]) -> None:
        self.turns = turns
        self.calls = 0
        self._pages: list[JobPage] = []

    async def list_jobs(
        self,
        *,
        page_size: int = 100,
        page_token: str = "",
        filter_: str = "",
        brief: bool = False,  # noqa: ARG002 (the interface)
    ) -> JobPage:
        del page_size, filter_
        self.calls += 1
        if not page_token:
            turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
            if isinstance(turn, CloudError):
                raise turn
            self._pages = list(turn)
        return self._pages.pop(0)

    async def get_job(self, name: str) -> Job:
        return _job(int(name.rpartition("/")[2]))

    async def create_job(self, custom_job: Mapping[str, Any]) -> Job:
        raise AssertionError(custom_job)

    async def cancel_job(self, name: str) -> None:
        raise AssertionError(name)

    async def delete_job(self, name: str) -> None:
        raise AssertionError(name)


async def _watch_until(gateway: FakeJobs, wanted: int) -> list[JobsSnapshot]:
    seen: list[JobsSnapshot] = []
    enough = asyncio.Event()

    def publish(snapshot: JobsSnapshot) -> None:
        seen.append(snapshot)
        if len(seen) >= wanted:
            enough.set()

    watch = JobWatch({PLACE: gateway}, lambda: PollPace(0.001, 0.001), publish)
    task = asyncio.create_task(watch.run())
    async with asyncio.timeout(BOUND_SECONDS):
        await enough.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return seen


async def test_all_pages_become_one_list() -> None:
    pages = [JobPage((_job(1),), "more"), JobPage((), "more"), JobPage((_job(2, JobState.RUNNING),))]
    first, snapshot = (await _watch_until(FakeJobs([pages]), 2))[:2]
    assert (len(first.jobs), first.whole) == (1, False)
    assert (len(snapshot.jobs), snapshot.whole) == (2, True)
    assert [job.display_name for job in snapshot.live] == ["job 2"]


async def test_trouble_keeps_the_last_list_and_ends_by_itself() -> None:
    error = CloudError("No answer", kind=ErrorKind.UNREACHABLE, retryable=True)
    gateway = FakeJobs([[JobPage((_job(1),))], error, error, [JobPage((_job(1), _job(2)))]])
    _, good, first, second, again = (await _watch_until(gateway, 5))[:5]
    assert good.trouble is None
    assert first.jobs == good.jobs
    assert first.read_at == good.read_at
    assert first.trouble is error
    assert first.next_try is not None
    assert second.trouble_since == first.trouble_since
    assert again.trouble is None
    assert len(again.jobs) == 2


async def test_a_refresh_does_not_wait_for_the_next_turn() -> None:
    gateway = FakeJobs([[JobPage(())]])
    seen = asyncio.Event()
    watch = JobWatch({PLACE: gateway}, lambda: PollPace(3600, 3600), lambda _snapshot: seen.set())
    task = asyncio.create_task(watch.run())
    async with asyncio.timeout(BOUND_SECONDS):
        await seen.wait()
        seen.clear()
        watch.refresh()
        await seen.wait()
    task.cancel()
    assert gateway.calls == 2


def test_a_failed_job_is_unsettled_until_its_reason_is_there() -> None:
    now = datetime.now(UTC)
    failed = replace(_job(1, JobState.FAILED), end_time=now)
    assert JobsSnapshot((failed,)).unsettled(now)
    assert not JobsSnapshot((replace(failed, error=JobError(3, "exit 3")),)).unsettled(now)
    assert not JobsSnapshot((failed,)).unsettled(now + timedelta(hours=1))
