"""Reads one job's log without gaps: newest page first, older ones behind it, then the tail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from datetime import UTC, datetime

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import JobsGateway, LogsGateway
from tui.domain.jobs import Job
from tui.domain.logs import LogEntry, LogPage, job_filter
from tui.domain.polling import PollPace
from tui.services.follower_state import (
    SECOND_NS,
    FollowStatus,
    FollowTiming,
    LogBatch,
    Mark,
    Phase,
)

_REFUSED = {ErrorKind.RATE, ErrorKind.QUOTA}


def utc_now() -> datetime:
    """The time, UTC."""
    return datetime.now(UTC)


class LogFollower:
    """Follows one job's log until the job is over and its last lines have come.

    Three things run side by side: a tail for promptness; lists that look back over the tail's shoulder for
    entries that it missed or that came late, rare while the tail is healthy and every few seconds when it
    is not; and the older pages. Entries are handed on possibly more than once: the receiver drops doubles
    by `LogEntry.key`. Reading never gives up; errors are told by the status.
    """

    def __init__(
        self,
        logs: LogsGateway,
        jobs: JobsGateway,
        job: Job,
        *,
        on_batch: Callable[[LogBatch], object],
        on_status: Callable[[FollowStatus], object],
        max_entries: int = 1_000_000,
        timing: FollowTiming | None = None,
        mark: Mark | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._logs = logs
        self._jobs = jobs
        self._job = job
        self._on_batch = on_batch
        self._on_status = on_status
        self._max_entries = max_entries
        self._timing = timing or FollowTiming()
        self._clock = clock
        self.mark = mark or Mark()
        self._status = FollowStatus(Phase.LOADING, older_pending=not self.mark.backfilled)
        self._pending: list[LogEntry] = []
        self._flush_timer: asyncio.TimerHandle | None = None
        self._read = 0
        self._newest_ns = 0
        self._last_entry = float("-inf")
        self._tail_open = False
        self._gap = True
        self._wake = asyncio.Event()
        self._ended: float | None = None

    def retry_now(self) -> None:
        """Read at once instead of at the next turn."""
        self._wake.set()

    async def run(self) -> None:
        """Follow until the log is complete."""
        self._on_status(self._status)
        self._note_job(self._job, first=True)
        try:
            async with asyncio.TaskGroup() as group:
                token = await self._newest_page()
                older = group.create_task(self._older_pages(token))
                if not self._over:
                    live = [
                        group.create_task(self._tail_again_and_again()),
                        group.create_task(self._watch_job()),
                    ]
                    await self._list_again_and_again()
                    for task in live:
                        task.cancel()
                await older
        finally:
            self._flush()
        self._publish(FollowStatus(Phase.COMPLETE, older_unread=self._status.older_unread))

    # The newest page and what is behind it

    async def _newest_page(self) -> str:
        """Read the newest page, or what came since the mark; the token of the page behind it."""
        pace = self._pace()
        while True:
            try:
                if self.mark.backfilled:
                    await self._list_since_mark()
                    token = ""
                else:
                    page = await self._logs.list_entries(self._filter(), newest_first=True)
                    token = page.next_page_token
                    self._read = len(page.entries)
                    self._take_page(page, backfill=True)
                    self._listed(page.entries)
            except CloudError as error:
                await self._rest_after(error, pace)
            else:
                self._reading()
                return token

    async def _older_pages(self, token: str) -> None:
        pace = self._pace()
        pages = 0
        while token and self._read < self._max_entries:
            if pages >= self._timing.older_burst:
                await asyncio.sleep(self._timing.older_pace)
            try:
                page = await self._logs.list_entries(self._filter(), page_token=token, newest_first=True)
            except CloudError as error:
                pace.failed(error.retry_after)
                await asyncio.sleep(pace.delay(live=True))
                # A token is good for a day; without one the pages are read anew, and doubles dropped.
                token = "" if error.kind is ErrorKind.INVALID else token
                if not token:
                    token = await self._newest_page()
                continue
            pace.succeeded()
            pages += 1
            self._read += len(page.entries)
            self._take_page(page, backfill=True)
            token = page.next_page_token
        self.mark = replace(self.mark, backfilled=not token)
        self._publish(replace(self._status, older_pending=False, older_unread=bool(token)))

    # Lists

    async def _list_again_and_again(self) -> None:
        """Look back again and again, until a list that began after the last line's time is through."""
        pace = self._pace()
        while True:
            last = self._over
            try:
                await self._list_since_mark()
            except CloudError as error:
                self._gap = True
                if self._tail_open and not last:
                    pace.failed(error.retry_after)
                    self._publish(replace(self._status, phase=Phase.LIVE, error=error))
                    await self._rest(pace.delay(live=True))
                else:
                    await self._rest_after(error, pace)
                continue
            pace.succeeded()
            if last:
                return
            self._reading()
            await self._rest(self._list_delay())

    def _list_delay(self) -> float:
        timing = self._timing
        if self._tail_open:
            delay = timing.requery
        else:
            delay = timing.poll if self._now() - self._last_entry < timing.active else timing.idle_poll
        if self._ended is not None:
            delay = min(delay, max(self._ended + timing.grace - self._now(), 0.0))
        return delay

    async def _list_since_mark(self) -> None:
        """List from a little before the mark to now, page by page."""
        token = ""
        newest: list[LogEntry] = []
        filter_ = self._filter(self._since_ns())
        while True:
            page = await self._logs.list_entries(filter_, page_token=token)
            # What an outage kept back is not late.
            self._take_page(page, backfill=self._gap)
            newest = list(page.entries[-1:]) or newest
            token = page.next_page_token
            if not token:
                break
        self._gap = False
        self._listed(newest)

    def _since_ns(self) -> int | None:
        """Where a list begins; an entry dated in the future must not make it begin after the others."""
        if self.mark.listed_ns is None:
            return None
        now_ns = int(self._now() * SECOND_NS)
        return max(min(self.mark.listed_ns, now_ns) - int(self._timing.overlap * SECOND_NS), 0)

    # The tail

    async def _tail_again_and_again(self) -> None:
        """Open the tail anew whenever it ended: at the longest duration of a session, refused, or broken."""
        pace = self._pace()
        while self._logs.can_tail:
            opened = self._now()
            error = None
            try:
                await self._tail_once()
            except CloudError as problem:
                error = problem
            self._tail_closed(error)
            if self._now() - opened > self._timing.requery:
                pace.succeeded()
            else:
                pace.failed(error.retry_after if error else None)
            refused = self._timing.refused if error and error.kind in _REFUSED else 0.0
            await asyncio.sleep(max(pace.delay(live=True), refused))

    async def _tail_once(self) -> None:
        loop = asyncio.get_running_loop()
        async with AsyncExitStack() as stack:
            batches = await stack.enter_async_context(aclosing(self._logs.tail(self._filter())))
            settled = loop.call_later(self._timing.settle, self._tail_opened)
            stack.callback(settled.cancel)
            async for batch in batches:
                self._tail_opened()
                self._take(batch.entries, batch.suppressed)

    def _tail_opened(self) -> None:
        """What came between the last list and the tail's first word is found by a list right now."""
        if not self._tail_open:
            self._tail_open = True
            self._wake.set()

    def _tail_closed(self, error: CloudError | None) -> None:
        if self._tail_open:
            self._tail_open = False
            self._wake.set()
        if self._status.phase is not Phase.TROUBLE:
            self._publish(replace(self._status, phase=Phase.POLLING, error=error))

    # The job

    async def _watch_job(self) -> None:
        """Ask for the job until it is over: only it says that no more lines come."""
        pace = PollPace(self._timing.job, self._timing.job)
        while self._ended is None:
            await asyncio.sleep(pace.delay(live=True))
            try:
                self._note_job(await self._jobs.get_job(self._job.name))
            except CloudError as error:
                pace.failed(error.retry_after)
                if error.kind is ErrorKind.NOT_FOUND:
                    self._note_end(0.0)
            else:
                pace.succeeded()

    def _note_job(self, job: Job, *, first: bool = False) -> None:
        self._job = job
        if job.state.terminal and self._ended is None:
            over_for = self._now() - job.end_time.timestamp() if first and job.end_time else 0.0
            self._note_end(min(max(over_for, 0.0), self._timing.grace))

    def _note_end(self, seconds_ago: float) -> None:
        self._ended = self._now() - seconds_ago
        self._wake.set()

    @property
    def _over(self) -> bool:
        """Whether whatever is listed from now on is the whole log."""
        return self._ended is not None and self._now() >= self._ended + self._timing.grace

    # Batches

    def _take_page(self, page: LogPage, *, backfill: bool) -> None:
        if not backfill:
            self._take(page.entries)
        elif page.entries:
            self._on_batch(LogBatch(page.entries, backfill=True))

    def _take(self, entries: tuple[LogEntry, ...], suppressed: int = 0) -> None:
        """Hand entries on, together with those of the next moment."""
        if suppressed:
            self._on_batch(LogBatch((), suppressed=suppressed))
        if not entries:
            return
        newest = max(entry.timestamp_ns for entry in entries)
        if newest > self._newest_ns:
            self._newest_ns = newest
            self._last_entry = self._now()
        self._pending += entries
        if len(self._pending) >= self._timing.batch_entries:
            self._flush()
        elif self._flush_timer is None:
            self._flush_timer = asyncio.get_running_loop().call_later(self._timing.batch, self._flush)

    def _flush(self) -> None:
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None
        if self._pending:
            batch, self._pending = LogBatch(tuple(self._pending)), []
            self._on_batch(batch)

    def _listed(self, entries: tuple[LogEntry, ...] | list[LogEntry]) -> None:
        if entries:
            newest = max(entry.timestamp_ns for entry in entries)
            self.mark = replace(self.mark, listed_ns=max(newest, self.mark.listed_ns or 0))

    # Status and waiting

    def _reading(self) -> None:
        """A list came through."""
        phase = Phase.LIVE if self._tail_open else Phase.POLLING
        first_tail = self._status.phase is Phase.LOADING and self._logs.can_tail
        if not self._tail_open and (first_tail or self._over):
            phase = Phase.LOADING
        error = self._status.error if self._status.phase is Phase.POLLING and phase is Phase.POLLING else None
        self._publish(replace(self._status, phase=phase, error=error, since=None, next_try=None))

    def _publish(self, status: FollowStatus) -> None:
        if status != self._status:
            self._status = status
            self._on_status(status)

    async def _rest_after(self, error: CloudError, pace: PollPace) -> None:
        """Say what is in the way and when it is tried again, and wait until then."""
        pace.failed(error.retry_after)
        delay = pace.delay(live=True)
        now = self._clock()
        since = self._status.since or now
        next_try = datetime.fromtimestamp(now.timestamp() + delay, UTC)
        self._publish(replace(self._status, phase=Phase.TROUBLE, error=error, since=since, next_try=next_try))
        await self._rest(delay)

    async def _rest(self, seconds: float) -> None:
        """Wait, unless woken."""
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    def _pace(self) -> PollPace:
        return PollPace(self._timing.retry, self._timing.retry)

    def _filter(self, since_ns: int | None = None) -> str:
        return job_filter(self._job.job_id, since_ns=since_ns)

    def _now(self) -> float:
        return self._clock().timestamp()
