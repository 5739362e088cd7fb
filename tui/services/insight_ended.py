"""Looks into one project's jobs that are over: those that have only just ended, then those in sight."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from tui.domain.errors import ErrorKind
from tui.domain.jobs import Job, JobState
from tui.domain.polling import Budget, PollPace
from tui.services.insight_casebook import Casebook
from tui.services.insight_gathered import Gathered
from tui.services.insight_looks import Looks, Pause, at_once, rest, steadily
from tui.services.insight_reads import InsightTiming
from tui.services.logreads import Urgency

FRESH = timedelta(minutes=2)
"""A job that ended so lately still has lines and its error to come."""
KEPT = timedelta(days=30)
"""How long Cloud Logging keeps entries unless it is told otherwise (FACTS 3.5)."""
_OF_ALL = frozenset(
    {
        ErrorKind.NO_CREDENTIALS,
        ErrorKind.EXPIRED_CREDENTIALS,
        ErrorKind.DENIED,
        ErrorKind.API_DISABLED,
        ErrorKind.BILLING,
        ErrorKind.QUOTA,
        ErrorKind.RATE,
        ErrorKind.UNREACHABLE,
        ErrorKind.TIMEOUT,
    }
)
"""Troubles that the other jobs of a project are likely to have as well."""
_ORDER = {JobState.FAILED: 0, JobState.PARTIALLY_SUCCEEDED: 1, JobState.SUCCEEDED: 2, JobState.EXPIRED: 3}


class EndedLogs:
    """One project's jobs that are over; never ends by itself."""

    def __init__(self, book: Casebook, looks: Looks, timing: InsightTiming) -> None:
        self._book = book
        self._looks = looks
        self._budget = Budget(timing.background_reads)
        self._pace = PollPace(timing.retry, timing.retry)
        self._hot: dict[str, None] = {}
        self._in_sight: tuple[Job, ...] = ()
        self._focused = True
        self._ended = asyncio.Event()
        self._shown = asyncio.Event()

    def just_ended(self, job: Job) -> None:
        """A job that was followed is over, or has its error now: say why even if nobody looks."""
        self._book.of(job)
        self._hot[job.name] = None
        self._ended.set()

    def show(self, jobs: Sequence[Job]) -> None:
        """The jobs in sight that are over."""
        self._in_sight = tuple(jobs)
        self._shown.set()
        self._ended.set()  # one that the cursor has left is this one's again

    def attend(self, *, focused: bool) -> None:
        """Jobs in sight can wait while nobody looks."""
        self._focused = focused
        self._shown.set()

    async def run(self) -> None:
        """Look until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(steadily(self._look_at_ended, self._book.fault))
            group.create_task(steadily(self._look_at_shown, self._book.fault))

    async def _look_at_ended(self) -> None:
        """One of those that have only just ended, or wait for one."""
        self._ended.clear()
        found, seconds = self._next(self._of_hot())
        if found is None:
            await rest(self._ended, seconds)
            return
        urgency = Urgency.LIVE if found.course.looked_at is None else Urgency.BACKGROUND
        await self._look(found, urgency, at_once)

    async def _look_at_shown(self) -> None:
        """One that only happens to be in sight: a few reads a minute, and none while nobody looks."""
        self._shown.clear()
        await self._look_at_records()
        found, seconds = self._next(self._of_sight())
        if found is None:
            await rest(self._shown, seconds)
            return
        thrift = _Thrift(self._budget)
        await thrift.pay()
        found, _ = self._next(self._of_sight())  # the list may have moved on meanwhile
        if found is not None:
            await self._look(found, Urgency.BACKGROUND, thrift.pause)

    async def _look(self, found: Gathered, urgency: Urgency, pause: Pause) -> None:
        """Look at a job; after a trouble of them all wait, after one of its own go on with the others."""
        error = await self._looks.try_look(found, urgency, pause)
        if error is None:
            self._pace.succeeded()
        elif error.kind in _OF_ALL:
            self._pace.failed(error.retry_after)
            await asyncio.sleep(self._pace.delay(live=True))

    async def _look_at_records(self) -> None:
        """The record of a failed job often says it all, and costs no read."""
        for job in self._in_sight:
            if job.error is None:
                continue
            found = self._book.of(job)
            if not found.course.from_record and found.course.looked_at is None:
                await self._book.diagnose_record(found)

    def _next(self, jobs: Sequence[Gathered]) -> tuple[Gathered | None, float | None]:
        """The next job to be read, or the seconds until one may be due; those that failed come last."""
        now = self._book.clock()
        soonest: float | None = None
        best: Gathered | None = None
        for found in jobs:
            due = self._looks.due(found)
            if due is None or found.job.name == self._book.first:
                continue
            wait = (max(due, found.course.next_try or due) - now).total_seconds()
            if found.course.looking:
                wait = max(wait, 1.0)  # another reader is at it
            if wait > 0:
                soonest = min(wait, soonest) if soonest is not None else wait
            elif best is None or found.course.failures < best.course.failures:
                best = found
        return best, None if best is not None else soonest

    def _of_hot(self) -> list[Gathered]:
        found = [each for name in self._hot if (each := self._book.known(name)) is not None]
        done = [each for each in found if each.settled(self._book.clock())]
        for each in done:
            del self._hot[each.job.name]
        return [each for each in found if each.job.name in self._hot]

    def _of_sight(self) -> list[Gathered]:
        if not self._focused:
            return []
        oldest = self._book.clock() - KEPT
        read = [job for job in self._in_sight if job.end_time is None or job.end_time > oldest]
        read.sort(key=lambda job: (self._book.read_before(job), _ORDER.get(job.state, 9)))
        return [self._book.of(job) for job in read]


class _Thrift:
    """Pays for the reads of one look, the first one before it is known at what."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._paid = False

    async def pay(self) -> None:
        """Wait until a read may be made."""
        await asyncio.sleep(self._budget.take(asyncio.get_running_loop().time()))
        self._paid = True

    async def pause(self) -> None:
        """Pay, unless that was done before."""
        if not self._paid:
            await self.pay()
        self._paid = False
