"""Reads one job's log without gaps: newest page first, older ones behind it, and what the hub brings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import JobsGateway
from tui.domain.jobs import Job
from tui.domain.logs import LogEntry, found_since, jobs_filter
from tui.domain.polling import PollPace
from tui.services.follow.missing import why_missing
from tui.services.follow.older import OlderPages, Stretch
from tui.services.follow.outlet import Outlet
from tui.services.follow.rounds import Followed, Rounds
from tui.services.follow.state import (
    NO_READS,
    SECOND_NS,
    FollowStatus,
    FollowTiming,
    LogBatch,
    Mark,
    Missing,
    Phase,
    utc_now,
)
from tui.services.follow.tails import REFUSED
from tui.services.logreads import LogReaders, Urgency

LATELY = 3600.0
"""A log that is opened so many seconds after the job's end is looked through for stragglers, too."""
_FLOWING = frozenset({Phase.LIVE, Phase.POLLING})
_Standing = tuple[Phase, CloudError | None, datetime | None, datetime | None]
"""Phase, what is in the way, since when, and the next try."""


class LogFollower:
    """Follows one job's log until the job is over and its last lines have come.

    What is new comes from the project's hub; the newest page and the older ones are read for this job
    alone. Entries are handed on possibly more than once: the receiver drops doubles by `LogEntry.key`.
    Reading never gives up; errors are told by the status, why the job cannot be seen by `job_trouble`.
    """

    def __init__(
        self,
        readers: LogReaders,
        project: str,
        jobs: JobsGateway,
        job: Job,
        *,
        on_batch: Callable[[LogBatch], object],
        on_status: Callable[[FollowStatus], object],
        max_entries: int = 1_000_000,
        timing: FollowTiming | None = None,
        mark: Mark | None = None,
        named: bool = False,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Describe it.

        Args:
            readers: the logs of all projects.
            project: the one of the job.
            jobs: where the job is looked up.
            job: as it was seen last.
            on_batch: takes entries.
            on_status: told how the reading goes.
            max_entries: older pages are read until there are so many.
            timing: how often; the first follower's holds for the whole project.
            mark: how far another follower came.
            named: whether logs are read elsewhere than in the job's project.
            clock: the time, UTC.
        """
        self._readers = readers
        self._project = project
        self._hub = readers.hub(project)
        self._jobs = jobs
        self._job = job
        self.job_trouble: CloudError | None = None
        self._on_status = on_status
        self._timing = timing or FollowTiming()
        self._named = named
        self._outlet = Outlet(on_batch, self._timing, clock)
        self._clock = clock
        self._before = mark or Mark()
        self._file = Followed(job.job_id)
        self._older = OlderPages(
            readers,
            project,
            job.job_id,
            timing=self._timing,
            take=lambda page: self._outlet.page(page.entries),
            changed=self.turned,
            room=max_entries,
            clock=clock,
        )
        self._older.pending = not self._before.backfilled
        self._older.all_wanted = self._before.all_wanted
        self._status = FollowStatus(Phase.LOADING, older_pending=self._older.pending)
        self._trouble: tuple[CloudError, datetime, datetime] | None = None
        """What is in the way of a read for this job alone, since when, and when it is tried again."""
        self._by_receipt = True
        self._rounds: Rounds | None = None
        """The hub's lists, once nothing more is expected of them."""
        self._left = False
        """Whether nothing more is to come, older pages aside."""
        self._complete = False
        self._ended: float | None = None
        self._end = asyncio.Event()
        self._wake = asyncio.Event()

    # What may be asked of it

    def retry_now(self) -> None:
        """Read at once instead of at the next turn."""
        self._wake.set()
        self._older.retry_now()
        self._hub.retry_now()

    def want_older(self) -> None:
        """Somebody looks at the beginning of what was read: read on now."""
        self._older.want()

    def want_all(self) -> None:
        """Somebody needs the whole log, to search or to save it: read all of it now."""
        self._older.want_all()

    def enough(self) -> None:
        """Nobody needs older entries now: what is left comes slowly."""
        self._older.enough()

    def shown(self) -> None:
        """This log is looked at, rather than the others that are followed."""
        self._hub.to_front(self._job.job_id)

    @property
    def mark(self) -> Mark:
        """How far the reading came, for another follower to go on from there."""
        before, older = self._before, self._older
        if not self._file.begun or (before.listed_ns is not None and not older.joined):
            return replace(before, all_wanted=older.all_wanted)
        listed = self._listed_ns
        done = before.backfilled or not (older.pending or older.unread)
        return Mark(listed, None if done else older.oldest_ns, done, older.all_wanted)

    @property
    def unbroken_ns(self) -> int | None:
        """Up to when nothing is missing that the tail left out; None if it left nothing out.

        What is newer was perhaps not to be found yet when it was listed, and the next list has it again.
        """
        if not self._file.holed:
            return None
        return max((self._listed_ns or 0) - int(self._timing.poll_overlap * SECOND_NS), 0)

    @property
    def _listed_ns(self) -> int | None:
        rounds = self._hub.rounds or self._rounds
        return (rounds.mark_of(self._file) if rounds is not None else None) or self._file.mark_ns

    async def run(self) -> None:
        """Follow until everything is read."""
        self._note_job(self._job, first=True)
        self._on_status(self._status)
        try:
            async with asyncio.TaskGroup() as group:
                ticking = group.create_task(self._tick())
                if self._over:
                    self._left = True
                    older = await self._read_back(group)
                else:
                    async with self._hub.following(self._file, self, self._timing) as self._file:
                        older = await self._read_to_the_end(group)
                        self._rounds = self._hub.rounds
                    await self._list_last()  # alone: two lists of a long log would share what may be read
                    self._trouble = None
                self._left = True
                await self._older.calm.wait()
                self._complete = True
                self.turned()
                await self._look_for_stragglers()
                await older
                ticking.cancel()
        finally:
            self._outlet.flush()
        self.turned()

    # Reads for this job alone

    async def _read_back(self, group: asyncio.TaskGroup) -> asyncio.Task[None]:
        """The newest page, and a task that reads what is behind it."""
        before, stretch = self._before, Stretch()
        if before.listed_ns is not None:
            now_ns = int(self._now() * SECOND_NS)
            since = min(before.listed_ns, now_ns) - int(self._timing.overlap * SECOND_NS)
            stretch = Stretch(since_ns=max(since, 0))
        pace = self._pace()
        while True:
            begun = asyncio.get_running_loop().time()
            try:
                page = await self._older.first(stretch)
            except CloudError as error:
                await self._rest_after(error, pace)
            else:
                break
        self._trouble = None
        self._hub.begun(self._file, page.entries, begun)
        self.turned()
        return group.create_task(self._older.run(stretch, page.next_page_token, before))

    async def _read_to_the_end(self, group: asyncio.TaskGroup) -> asyncio.Task[None]:
        """Until the last line's time is over."""
        watching = group.create_task(self._watch_job())
        older = await self._read_back(group)
        await self._end.wait()
        await asyncio.sleep(max((self._ended or 0.0) + self._timing.grace - self._now(), 0.0))
        watching.cancel()
        return older

    async def _look_for_stragglers(self) -> None:
        """The log is complete as far as anybody can know: some service may know better later."""
        end, timing = self._job.end_time, self._timing
        over_for = self._now() - end.timestamp() if end is not None else 0.0
        for later in timing.afterwards if over_for < LATELY else ():
            await asyncio.sleep(max((self._ended or 0.0) + timing.grace + later - self._now(), 0.0))
            await self._list_last()

    async def _list_last(self) -> None:
        """What came since the mark, and what came very late; tried until it is through."""
        pace, token, filter_ = self._pace(), "", self._last_filter()
        rounds, begun = self._rounds, asyncio.get_running_loop().time()
        while True:
            try:
                logs = self._readers.of(self._project, Urgency.LIVE)
                page = await logs.list_entries(filter_, page_token=token)
            except CloudError as error:
                if error.kind is ErrorKind.INVALID:
                    # Refused for the term about the receipt, perhaps, or the token is too old.
                    self._by_receipt, token = self._by_receipt and bool(token), ""
                    filter_ = self._last_filter()
                await self._rest_after(error, pace)
                continue
            pace.succeeded()
            self.took(page.entries, missed=False, shared=False)
            if rounds is not None and page.entries:
                self._file.reached(rounds.newest(page.entries))
            token = page.next_page_token
            if not token:
                if rounds is not None:
                    self._file.reached(rounds.time_at(begun))
                return

    def _last_filter(self) -> str:
        since = self.mark.listed_ns
        terms: tuple[str, ...] = ()
        if since is not None:
            since = min(since, int(self._now() * SECOND_NS)) - int(self._timing.overlap * SECOND_NS)
            late_ns = int(self._timing.last_late * SECOND_NS)
            terms = found_since(max(since, 0), late_ns, by_receipt=self._by_receipt)
        return jobs_filter((self._job.job_id,), *terms)

    async def _rest_after(self, error: CloudError, pace: PollPace) -> None:
        """Say what is in the way and when it is tried again, and wait until then."""
        pace.failed(error.retry_after)
        delay = pace.delay(live=True)
        now = self._clock()
        since = self._trouble[1] if self._trouble else now
        self._trouble = (error, since, datetime.fromtimestamp(now.timestamp() + delay, UTC))
        self.turned()
        try:
            async with asyncio.timeout(delay):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    # The job

    async def _watch_job(self) -> None:
        """Ask for the job until it is over: only it says that no more lines come."""
        pace = PollPace(self._timing.job, self._timing.job)
        while not self._end.is_set():
            await asyncio.sleep(pace.delay(live=True))
            try:
                self._note_job(await self._jobs.get_job(self._job.name))
                self.job_trouble = None
                pace.succeeded()
            except CloudError as error:
                pace.failed(error.retry_after)
                self.job_trouble = None if error.kind is ErrorKind.NOT_FOUND else error
                if self.job_trouble is None:
                    self._note_end(0.0)

    def _note_job(self, job: Job, *, first: bool = False) -> None:
        self._job = job
        if job.state.terminal and self._ended is None:
            over_for = self._now() - job.end_time.timestamp() if first and job.end_time else 0.0
            self._note_end(min(max(over_for, 0.0), self._timing.grace))

    def _note_end(self, seconds_ago: float) -> None:
        self._ended = self._now() - seconds_ago
        self._end.set()

    @property
    def _over(self) -> bool:
        """Whether whatever is listed from now on is the whole log."""
        return self._ended is not None and self._now() >= self._ended + self._timing.grace

    # What the hub brings

    def took(self, entries: Sequence[LogEntry], *, missed: bool, shared: bool) -> None:
        """Hand entries on: at once those that an outage kept back, others with those of the next moment."""
        if missed:
            self._outlet.page(entries, shared=shared)
        else:
            self._outlet.take(entries, shared=shared)

    def left_out(self, count: int) -> None:
        """The tail left entries out: they are found by the next list."""
        self._outlet.left_out(count)

    def turned(self) -> None:
        """Tell how the reading goes, if that is new."""
        status = self._compose()
        if status != self._status:
            self._status = status
            self._on_status(status)

    # Status

    async def _tick(self) -> None:
        """Bring lag and meter up to date now and then."""
        while True:
            await asyncio.sleep(self._timing.tick)
            self.turned()

    def _compose(self) -> FollowStatus:
        phase, error, since, next_try = self._phase()
        older, outlet = self._older, self._outlet
        refused, again = older.refused or (None, None)
        missing: tuple[Missing, ...] = ()
        if not outlet.spoke and (self._file.begun or phase is Phase.TROUBLE):
            trouble = error if phase is Phase.TROUBLE else None
            spoke = outlet.service_spoke
            missing = why_missing(
                self._job, self._clock(), error=trouble, service_spoke=spoke, named=self._named
            )
        reads = phase is not Phase.COMPLETE or older.pending
        return FollowStatus(
            phase,
            error,
            since,
            self._to_come(next_try),
            older_pending=older.pending,
            older_unread=older.unread,
            older_waits=older.waits,
            older_error=refused,
            older_next=self._to_come(again),
            lag=outlet.lag if phase in _FLOWING else None,
            reads=self._readers.turns(self._project).meter if reads else NO_READS,
            missing=missing,
        )

    def _to_come(self, moment: datetime | None) -> datetime | None:
        """The time of a next try; None when it has come and the answer is awaited."""
        return moment if moment is not None and moment > self._clock() else None

    def _phase(self) -> _Standing:
        """How the reading stands, by what is read for this job alone and by what the hub says."""
        rounds = self._hub.rounds
        if self._complete:
            return Phase.COMPLETE, None, None, None
        if self._trouble is not None:
            return Phase.TROUBLE, *self._trouble
        if self._rounds is not None and not self._left:
            return Phase.POLLING, None, None, None
        if rounds is None or not self._file.begun or self._left:
            return Phase.LOADING, None, None, None
        return self._phase_by(rounds)

    def _phase_by(self, rounds: Rounds) -> _Standing:
        file, trouble, heard = self._file, rounds.trouble, self._hub.heard
        live = file.live and (file.whole or heard > rounds.failed_at)
        if trouble is not None and not (live and (trouble.kind in REFUSED or heard > rounds.failed_at)):
            return Phase.TROUBLE, trouble, rounds.since, rounds.next_try
        if live:
            return Phase.LIVE, trouble, None, None
        if self._hub.undecided or (file.live and self._status.phase is Phase.LOADING):
            return Phase.LOADING, None, None, None
        return Phase.POLLING, self._hub.trouble_of(file), None, None

    def _pace(self) -> PollPace:
        return PollPace(self._timing.retry, self._timing.retry)

    def _now(self) -> float:
        return self._clock().timestamp()
