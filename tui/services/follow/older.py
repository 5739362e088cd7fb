"""The older pages of one job's log: a first burst, then slowly, and at once when somebody wants them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.logs import LogPage, job_filter, rfc3339
from tui.domain.polling import PollPace
from tui.services.follow.state import FollowTiming, Mark, utc_now
from tui.services.logreads import LogReaders, Urgency


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a log that is read newest first."""

    until_ns: int | None = None
    """Entries up to this time; None for the newest."""
    since_ns: int | None = None
    """Entries from this time on; None from the first one on."""

    def filter(self, job_id: str) -> str:
        """The filter for one job's entries in it."""
        until = f' AND timestamp<="{rfc3339(self.until_ns)}"' if self.until_ns is not None else ""
        return job_filter(job_id, since_ns=self.since_ns) + until


class OlderPages:
    """Reads one job's log back to its beginning."""

    def __init__(
        self,
        readers: LogReaders,
        project: str,
        job_id: str,
        *,
        timing: FollowTiming,
        take: Callable[[LogPage], None],
        changed: Callable[[], None],
        room: int,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Describe it.

        Args:
            readers: the logs.
            project: whose logs.
            job_id: the job.
            timing: how many at once, and how slowly after those.
            take: given each page.
            changed: told when `pending`, `waits`, `unread` or `refused` changed.
            room: entries for which there is room.
            clock: the time, UTC.
        """
        self.pending = True
        """Whether there is more to read."""
        self.all_wanted = False
        """Whether all of it is wanted."""
        self.unread = False
        """Whether there is no room for what is left."""
        self.waits = False
        """Whether what is left is read only slowly."""
        self.refused: tuple[CloudError, datetime] | None = None
        """Why a page could not be read, and when it is tried again, UTC."""
        self.gap: Stretch | None = None
        """What lies between what another follower read before and what is there now, while it is read."""
        self.joined = False
        """Whether that is read."""
        self.oldest_ns: int | None = None
        """How far back it was read without a gap."""
        self.calm = asyncio.Event()
        """The first burst is over, or everything is read."""
        self._readers = readers
        self._project = project
        self._job_id = job_id
        self._timing = timing
        self._take = take
        self._changed = changed
        self._room = room
        self._clock = clock
        self._read = 0
        self._wanted = timing.older_burst
        self._wake = asyncio.Event()
        self._again = asyncio.Event()

    def retry_now(self) -> None:
        """Try at once what was refused."""
        self._again.set()

    def want(self) -> None:
        """Some more pages are wanted now."""
        self._wanted = max(self._wanted, self._timing.older_step)
        self._wake.set()

    def want_all(self) -> None:
        """Everything is wanted now."""
        self.all_wanted = True
        self._wake.set()

    def enough(self) -> None:
        """Nothing is wanted any more: what is left is read slowly."""
        self.all_wanted = False
        self._wanted = 0

    @property
    def _urgency(self) -> Urgency:
        if not self.calm.is_set() or self.gap is not None:
            return Urgency.LIVE
        return Urgency.SHOWN if self.all_wanted or self._wanted > 0 else Urgency.BACKGROUND

    async def first(self, stretch: Stretch) -> LogPage:
        """Read the newest page of a stretch.

        Raises:
            CloudError: it could not be read.
        """
        logs = self._readers.of(self._project, Urgency.SHOWN)
        page = await logs.list_entries(stretch.filter(self._job_id), newest_first=True)
        self._note(page)
        return page

    async def run(self, stretch: Stretch, token: str, before: Mark) -> None:
        """Read what is behind the first page, and what another follower left to be read."""
        resumes = before.listed_ns is not None
        self.gap = stretch if resumes else None
        if not await self._read_stretch(stretch, token):
            return
        self.gap, self.joined = None, True
        if resumes and not before.backfilled:
            self.oldest_ns = before.oldest_ns
            if not await self._read_stretch(Stretch(until_ns=before.oldest_ns), None):
                return
        self._over(unread=False)

    async def _read_stretch(self, stretch: Stretch, token: str | None) -> bool:
        """Read its pages from a token on, or from the first one; False if there is no room for all."""
        pace = PollPace(self._timing.retry, self._timing.retry)
        while token != "":
            if self._read >= self._room:
                self._over(unread=True)
                return False
            await self._turn()
            try:
                page = await self._readers.of(self._project, self._urgency).list_entries(
                    stretch.filter(self._job_id), page_token=token or "", newest_first=True
                )
            except CloudError as error:
                pace.failed(error.retry_after)
                await self._rest_after(error, pace.delay(live=True))
                if error.kind is ErrorKind.INVALID and token:
                    # A token is good for a day; without one it is gone on by time, and doubles dropped.
                    stretch, token = replace(stretch, until_ns=self.oldest_ns), None
                continue
            pace.succeeded()
            if self.refused is not None:
                self.refused = None
                self._changed()
            self._wanted = max(self._wanted - 1, 0)
            self._note(page)
            token = page.next_page_token
        return True

    async def _rest_after(self, error: CloudError, seconds: float) -> None:
        """Say why a page could not be read, and wait until it is tried again."""
        self.refused = error, datetime.fromtimestamp(self._clock().timestamp() + seconds, UTC)
        self._again.clear()
        self._changed()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._again.wait()

    async def _turn(self) -> None:
        """Wait until another page is to be read."""
        if self.all_wanted or self._wanted > 0 or self.gap is not None:
            self._tell(waits=False)
            return
        self.calm.set()
        self._tell(waits=True)
        while not (self.all_wanted or self._wanted > 0):
            try:
                async with asyncio.timeout(self._timing.older_pace):
                    await self._wake.wait()
            except TimeoutError:
                if self._readers.turns(self._project).spare:
                    return
            self._wake.clear()
        self._tell(waits=False)

    def _note(self, page: LogPage) -> None:
        self._read += len(page.entries)
        if page.entries:
            self.oldest_ns = page.entries[-1].timestamp_ns
            self._take(page)

    def _over(self, *, unread: bool) -> None:
        self.pending, self.unread, self.waits, self.refused = False, unread, False, None
        self.calm.set()
        self._changed()

    def _tell(self, *, waits: bool) -> None:
        if waits is not self.waits:
            self.waits = waits
            self._changed()
