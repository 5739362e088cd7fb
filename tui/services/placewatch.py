"""Keeps the jobs of one project and region right: reads again and again, slower when nothing happens."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import JobsGateway
from tui.domain.joblist.known import KnownJobs, Read
from tui.domain.jobs import Job
from tui.domain.places import Place
from tui.domain.polling import PollPace

PROGRESS_PAGES = 5
"""A first list of many pages is shown after the first one and after each so many."""
FEW_NEW = 20
"""So many new jobs are read one by one; of more, the page is read whole."""


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
        earlier: Sequence[Job] = (),
    ) -> None:
        """Describe the watch.

        Args:
            place: what is read.
            gateway: its jobs.
            pace: how long to wait between reads.
            changed: told whenever `state` or the jobs changed.
            turn: awaited before each call, so that all places together keep to one budget.
            clock: the time, UTC.
            earlier: what was known of the place before.
        """
        self.state = PlaceState(place)
        self.known = KnownJobs(earlier)
        self._under_way: _UnderWay | None = None
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
        read = self._under_way.read if self._under_way else self.known.next_read(self._clock())
        try:
            await self._read(read)
        except CloudError as error:
            if error.kind is ErrorKind.INVALID:
                self._refused()
            self._note_trouble(error)
        except Exception as error:  # noqa: BLE001 (told in the list, and tried again: polling never ends)
            self._under_way = None
            self._note_trouble(_fault(error))
        else:
            self._pace.succeeded()
            self.state = PlaceState(self.state.place, read_at=self._clock(), whole=True)

    def _refused(self) -> None:
        """An outdated page token is no news of the filter: begin the read again."""
        if self._under_way and self._under_way.read.filter and not self._under_way.token:
            self.known.filter_refused(self._under_way.read)
        self._under_way = None

    def _note_trouble(self, error: CloudError) -> None:
        self._pace.failed(error.retry_after)
        since = self.state.trouble_since or self._clock()
        self.state = replace(self.state, trouble=error, trouble_since=since)

    async def _read(self, read: Read) -> None:
        """Read page after page; a failure leaves off where the next poll goes on."""
        state = self._under_way = self._under_way or _UnderWay(read, self._clock())
        while not state.through:
            await self._read_page(state)
            if not read.brief and (state.pages == 1 or state.pages % PROGRESS_PAGES == 0):
                self._changed()
        missing = self.known.done(read, state.seen, state.pages, state.begun)
        self._under_way = None
        await self._look_up([*read.names, *missing])

    async def _read_page(self, state: _UnderWay) -> None:
        read, token = state.read, state.token
        await self._turn()
        page = await self._gateway.list_jobs(page_token=token, filter_=read.filter, brief=read.brief)
        unknown = self.known.take(page.jobs, brief=read.brief)
        if len(unknown) > FEW_NEW:
            await self._turn()
            whole = await self._gateway.list_jobs(page_token=token, filter_=read.filter)
            self.known.take(whole.jobs, brief=False)
            unknown = []
        await self._look_up(unknown)
        state.seen |= {job.name for job in page.jobs}
        state.pages += 1
        state.token = page.next_page_token
        state.through = not state.token

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


@dataclass(slots=True)
class _UnderWay:
    """A read of several pages, as far as it came."""

    read: Read
    begun: datetime
    token: str = ""
    pages: int = 0
    seen: set[str] = field(default_factory=set)
    through: bool = False


def _fault(error: Exception) -> CloudError:
    """A fault of the app's own: the details go to the debug log, where descriptor 2 leads."""
    traceback.print_exception(error)
    return CloudError("The job list could not be read", f"A fault of the app: {type(error).__name__}.")
