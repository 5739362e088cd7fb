"""Keeps the jobs of one project and region right: reads again and again, slower when nothing happens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import JobsGateway
from tui.domain.joblist.known import KnownJobs, Read
from tui.domain.jobs import Job
from tui.domain.places import Place
from tui.domain.polling import PollPace

PROGRESS_PAGES = 5
"""A first list of many pages is shown after the first one and after each so many."""
FEW = 20
"""So many jobs are read one by one; of more, the pages are read whole."""


def utc_now() -> datetime:
    """The time, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class PlaceState:
    """How reading one place goes."""

    place: Place
    read_at: datetime | None = None
    """When its list was last read whole or brought up to date, UTC."""
    whole: bool = False
    """Whether every page has been read once."""
    trouble: CloudError | None = None
    """Why the last try failed; None when it did not."""
    trouble_since: datetime | None = None
    next_try: datetime | None = None
    """When it is read again, while there is trouble."""


class PlaceWatch:
    """One place's poller; never ends by itself."""

    def __init__(
        self,
        place: Place,
        gateway: JobsGateway,
        pace: PollPace,
        changed: Callable[[], None],
        *,
        turn: Callable[[], Awaitable[None]],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Describe the watch.

        Args:
            place: what is read.
            gateway: its jobs.
            pace: how long to wait between reads.
            changed: told whenever `state` or the jobs changed.
            turn: awaited before each call, so that all places together keep to one budget.
            clock: the time, UTC.
        """
        self.state = PlaceState(place)
        self.known = KnownJobs()
        self._gateway = gateway
        self._pace = pace
        self._changed = changed
        self._turn = turn
        self._clock = clock
        self._wake = asyncio.Event()

    def refresh(self) -> None:
        """Read everything now instead of at the next turn; a read under way is not doubled."""
        self.known.sweep()
        self._wake.set()

    def wake(self) -> None:
        """Look now for what is new."""
        self._wake.set()

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            self._wake.clear()
            await self._poll_once()
            delay = self._delay()
            self._changed()
            await self._rest(delay)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    def _delay(self) -> float:
        live = bool(self.known.unsettled(self._clock()))
        delay = self._pace.delay(live=live) * (1.0 if live else self.known.rest_factor)
        if self.state.trouble is not None:
            self.state = replace(self.state, next_try=self._clock() + timedelta(seconds=delay))
        return delay

    async def _poll_once(self) -> None:
        read = self.known.next_read(self._clock())
        try:
            await self._read(read)
        except CloudError as error:
            if read.filter and error.kind is ErrorKind.INVALID:
                self.known.filter_refused()
            self._pace.failed(error.retry_after)
            since = self.state.trouble_since or self._clock()
            self.state = replace(self.state, trouble=error, trouble_since=since)
        else:
            self._pace.succeeded()
            self.state = PlaceState(self.state.place, read_at=self._clock(), whole=True)

    async def _read(self, read: Read) -> None:
        begun, token, pages = self._clock(), "", 0
        seen: set[str] = set()
        while True:
            await self._turn()
            page = await self._gateway.list_jobs(page_token=token, filter_=read.filter, brief=read.brief)
            pages += 1
            seen |= {job.name for job in page.jobs}
            unknown = self.known.take(page.jobs)
            if len(unknown) > FEW:
                await self._turn()
                whole = await self._gateway.list_jobs(page_token=token, filter_=read.filter)
                unknown = self.known.take(whole.jobs)
            await self._look_up(unknown)
            token = page.next_page_token
            if not token:
                break
            if not read.brief and (pages == 1 or pages % PROGRESS_PAGES == 0):
                self._changed()
        missing = self.known.done(read, seen, pages, begun)
        if pages == 1:
            for name in missing:
                self.known.drop(name)
        else:
            # Records that go while pages are read shift the following ones, so that one can be skipped.
            await self._look_up(missing[:FEW])

    async def _look_up(self, names: list[str]) -> None:
        for name in names:
            if (job := await self._one(name)) is not None:
                self.known.put(job)
            else:
                self.known.drop(name)

    async def _one(self, name: str) -> Job | None:
        await self._turn()
        try:
            return await self._gateway.get_job(name)
        except CloudError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return None
            raise
