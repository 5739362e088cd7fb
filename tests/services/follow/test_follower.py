"""A log is read without gaps, through faults, to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.fake_logs import FakeJobs, FakeLogs, entry, failure, running_job
from tests.support import wait_for
from tui.domain.errors import ErrorKind
from tui.domain.jobs import JobState
from tui.domain.logs import TailBatch
from tui.domain.logstore.model import LogLine
from tui.domain.logstore.store import LogStore
from tui.domain.readrate import UNLIMITED, ReadRate
from tui.services.follow.follower import LogFollower
from tui.services.follow.state import FollowStatus, FollowTiming, LogBatch, Mark, Phase
from tui.services.follow.tails import NO_TAIL
from tui.services.logreads import LogReaders

FAST = FollowTiming(
    batch=0.01,
    gather=0.01,
    tick=0.02,
    requery=0.05,
    settle=0.02,
    poll=0.02,
    idle_poll=0.03,
    refused=0.05,
    job=0.02,
    grace=0.1,
    afterwards=(),
    older_pace=0.0,
    retry=0.01,
)
RARE = replace(FAST, requery=3600.0)
"""The tail is the only way but for the list at its opening."""


class Reading:
    """A follower under test and what it said."""

    def __init__(self, logs: FakeLogs, jobs: FakeJobs, timing: FollowTiming, **more: int | Mark) -> None:
        self.logs = logs
        self.buffer = LogStore(100_000)
        self.batches: list[LogBatch] = []
        self.statuses: list[FollowStatus] = []
        assert jobs.job is not None
        readers = LogReaders(lambda _project: logs)
        readers.rate_of = lambda: ReadRate(most=UNLIMITED)
        self.follower = LogFollower(
            readers,
            "kelp-train",
            jobs,
            jobs.job,
            on_batch=self._batch,
            on_status=self.statuses.append,
            timing=timing,
            **more,  # type: ignore[arg-type]
        )

    def _batch(self, batch: LogBatch) -> None:
        self.batches.append(batch)
        self.buffer.add(batch.entries, backfill=batch.backfill)

    @property
    def lines(self) -> list[LogLine]:
        return [self.buffer.line(index) for index in range(len(self.buffer))]

    @property
    def phases(self) -> list[Phase]:
        return [status.phase for status in self.statuses]

    @property
    def complete(self) -> bool:
        """Whether everything stored has been read."""
        return [line.place.key for line in self.lines] == sorted(item.key for item in self.logs.stored)

    async def reads_all(self) -> None:
        await wait_for(lambda: self.complete, what="reading everything")

    async def is_in(self, phase: Phase) -> None:
        await wait_for(lambda: self.phases[-1:] == [phase], what=f"the phase {phase}")


@asynccontextmanager
async def reading(
    logs: FakeLogs, jobs: FakeJobs | None = None, timing: FollowTiming = FAST, **more: int | Mark
) -> AsyncIterator[Reading]:
    it = Reading(logs, jobs or FakeJobs(running_job()), timing, **more)
    task = asyncio.create_task(it.follower.run())
    try:
        yield it
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert not logs.tails


async def test_the_newest_page_comes_first_then_what_is_behind_it() -> None:
    logs = FakeLogs(page=10)
    logs.write(*(entry(n) for n in range(95)))
    async with reading(logs) as it:
        await it.reads_all()
        first = [item.insert_id for item in it.batches[0].entries]
        assert first == [entry(n).insert_id for n in range(94, 84, -1)]
        assert it.batches[0].backfill
        await wait_for(lambda: not it.statuses[-1].older_pending)
        assert it.follower.mark.backfilled


async def test_new_lines_come_by_the_tail() -> None:
    logs = FakeLogs()
    async with reading(logs, timing=RARE) as it:
        await it.is_in(Phase.LIVE)
        listed = len(logs.filters)
        for n in range(50):
            logs.write(entry(n))
        await it.reads_all()
        assert len(logs.filters) == listed
        assert len(it.batches) < 50


async def test_what_came_between_the_list_and_the_tail_is_found() -> None:
    logs = FakeLogs()
    logs.write(entry(1))
    async with reading(logs, timing=replace(RARE, settle=0.5)) as it:
        await wait_for(lambda: logs.tails and it.complete)
        logs.write(entry(2), tail=False)
        await it.reads_all()
        await it.is_in(Phase.LIVE)


async def test_late_lines_that_the_tail_does_not_tell_are_found_by_looking_back() -> None:
    logs = FakeLogs()
    logs.write(entry(100_000))
    async with reading(logs) as it:
        await it.is_in(Phase.LIVE)
        logs.write(entry(100_500))
        await it.reads_all()
        logs.write(entry(90_000), entry(100_400), tail=False)
        await it.reads_all()
        assert it.buffer.late == 1


async def test_suppressed_lines_are_told_and_found() -> None:
    logs = FakeLogs()
    async with reading(logs) as it:
        await it.is_in(Phase.LIVE)
        logs.write(entry(1), tail=False)
        logs.tails[0].put_nowait(TailBatch((), suppressed=1))
        await it.reads_all()
        assert sum(batch.suppressed for batch in it.batches) == 1


async def test_it_is_known_up_to_when_nothing_is_missing_and_the_last_list_is_alone() -> None:
    """Two lists of a long log at once would both take twice as long."""
    logs = FakeLogs()
    jobs = FakeJobs(running_job())
    async with reading(logs, jobs, RARE) as it:
        await it.is_in(Phase.LIVE)
        assert it.follower.unbroken_ns is None
        logs.may_list.clear()
        logs.write(entry(1), tail=False)
        logs.tails[0].put_nowait(TailBatch((entry(2),), suppressed=1))
        await wait_for(lambda: logs.listing)
        before, unbroken, logs.most_listing = logs.begun, it.follower.unbroken_ns, 0
        assert unbroken is not None
        assert unbroken < entry(1).timestamp_ns
        jobs.end()
        await wait_for(lambda: logs.begun > before, what="the last list")
        logs.stored.append(entry(2))
        logs.may_list.set()
        await it.is_in(Phase.COMPLETE)
        assert it.complete
        assert logs.most_listing == 1


@pytest.mark.parametrize("kind", [None, ErrorKind.UNREACHABLE, ErrorKind.INTERNAL])
async def test_a_tail_that_ends_is_opened_again_and_nothing_is_missed(kind: ErrorKind | None) -> None:
    logs = FakeLogs()
    async with reading(logs, timing=RARE) as it:
        await it.is_in(Phase.LIVE)
        logs.end_tails(failure(kind) if kind else None)
        logs.write(entry(1), tail=False)
        await wait_for(lambda: logs.tails_opened > 1)
        await it.reads_all()
        await it.is_in(Phase.LIVE)
        assert Phase.POLLING in it.phases


async def test_a_refused_tail_is_made_up_for_by_polling() -> None:
    logs = FakeLogs()
    logs.tail_errors = [failure(ErrorKind.RATE, "Too many tail sessions")] * 3
    async with reading(logs, timing=replace(FAST, refused=0.2)) as it:
        await wait_for(lambda: any(each.phase is Phase.POLLING and each.error for each in it.statuses))
        for n in range(30):
            logs.write(entry(n))
        await it.reads_all()
        await it.is_in(Phase.LIVE)
        assert logs.tails_opened == 4


async def test_without_a_tail_the_log_is_polled() -> None:
    logs = FakeLogs(can_tail=False)
    async with reading(logs) as it:
        await it.is_in(Phase.POLLING)
        for n in range(30):
            logs.write(entry(n))
        await it.reads_all()
        assert not logs.tails_opened
        assert Phase.LIVE not in it.phases


async def test_trouble_is_told_and_reading_goes_on_after_it() -> None:
    logs = FakeLogs(can_tail=False)
    async with reading(logs) as it:
        await it.is_in(Phase.POLLING)
        logs.list_errors = [failure(ErrorKind.RATE), failure(ErrorKind.UNREACHABLE)]
        logs.write(entry(1))
        await it.reads_all()
        await it.is_in(Phase.POLLING)
        troubles = [status for status in it.statuses if status.phase is Phase.TROUBLE]
        assert len({status.next_try for status in troubles if status.next_try}) == 2
        assert len({status.since for status in troubles}) == 1
        assert all(status.since and status.error for status in troubles)
        assert it.statuses[-1].error == NO_TAIL  # why it is polled


async def test_trouble_with_looking_back_is_told_while_the_tail_goes_on() -> None:
    logs = FakeLogs()
    async with reading(logs) as it:
        await it.is_in(Phase.LIVE)
        logs.list_errors = [failure(ErrorKind.RATE)]
        await wait_for(lambda: any(status.error and status.phase is Phase.LIVE for status in it.statuses))
        await wait_for(lambda: it.statuses[-1].error is None)
        assert Phase.TROUBLE not in it.phases


async def test_the_first_page_and_the_older_ones_are_tried_again() -> None:
    logs = FakeLogs(page=5)
    logs.write(*(entry(n) for n in range(40)))
    logs.list_errors = [failure(ErrorKind.DENIED), failure(ErrorKind.UNREACHABLE)]
    async with reading(logs, timing=replace(RARE, settle=60.0)) as it:
        await wait_for(lambda: it.batches)
        logs.list_errors = [failure(ErrorKind.RATE), failure(ErrorKind.INVALID), failure(ErrorKind.RATE)]
        await it.reads_all()


async def test_reading_ends_some_time_after_the_job_with_its_last_lines() -> None:
    logs = FakeLogs()
    jobs = FakeJobs(running_job())
    async with reading(logs, jobs, replace(RARE, grace=0.5)) as it:
        await it.is_in(Phase.LIVE)
        jobs.end()
        await wait_for(lambda: jobs.asked)
        logs.write(entry(1))
        logs.write(entry(2, "Job completed successfully.", replica="service"), tail=False)
        await it.is_in(Phase.COMPLETE)
        assert it.complete


async def test_a_job_that_ended_long_ago_is_read_without_a_tail() -> None:
    logs = FakeLogs()
    logs.write(*(entry(n) for n in range(25)))
    ended = datetime.now(UTC) - timedelta(days=3)
    async with reading(logs, FakeJobs(running_job(JobState.FAILED, ended=ended))) as it:
        await it.is_in(Phase.COMPLETE)
        assert it.complete
        assert not logs.tails_opened
        assert len(logs.filters) == 3


async def test_a_deleted_job_ends_the_reading_too() -> None:
    logs = FakeLogs()
    jobs = FakeJobs(running_job())
    async with reading(logs, jobs) as it:
        await it.is_in(Phase.LIVE)
        jobs.job = None
        await it.is_in(Phase.COMPLETE)


async def test_another_follower_goes_on_where_one_stopped() -> None:
    logs = FakeLogs(page=10)
    logs.write(*(entry(n * 1000) for n in range(500)))
    mark = Mark(listed_ns=entry(499_000).timestamp_ns, backfilled=True)
    logs.write(entry(500_000), entry(470_500))
    async with reading(logs, timing=RARE, mark=mark) as it:
        await wait_for(lambda: {line.text for line in it.lines} >= {"line 500000", "line 470500"})
        assert it.buffer.entries < 60
        assert not it.statuses[-1].older_pending


async def test_a_line_dated_in_the_future_hides_no_other() -> None:
    logs = FakeLogs(can_tail=False)
    ahead = int((datetime.now(UTC) + timedelta(hours=20)).timestamp())
    logs.write(replace(entry(0), timestamp_ns=ahead * 1_000_000_000))
    async with reading(logs) as it:
        await it.reads_all()
        now_ns = int(datetime.now(UTC).timestamp()) * 1_000_000_000
        logs.write(replace(entry(1), timestamp_ns=now_ns))
        await it.reads_all()


async def test_what_has_no_room_is_left_unread_and_that_is_said() -> None:
    logs = FakeLogs(page=10)
    logs.write(*(entry(n * 60_000) for n in range(100)))
    async with reading(logs, max_entries=30) as it:
        await wait_for(lambda: it.statuses and it.statuses[-1].older_unread)
        assert it.buffer.entries == 30


async def test_a_retry_can_be_asked_for() -> None:
    logs = FakeLogs(can_tail=False)
    logs.list_errors = [failure(ErrorKind.DENIED)]
    logs.write(entry(1))
    async with reading(logs, timing=replace(FAST, retry=3600.0)) as it:
        await it.is_in(Phase.TROUBLE)
        it.follower.retry_now()
        await it.reads_all()
