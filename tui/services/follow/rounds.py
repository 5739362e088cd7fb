"""One list for all jobs that are followed, again and again: what no tail tells, or tells too late."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import LogsGateway
from tui.domain.logclock import TOLERANCE_NS, EntryClock, Volume
from tui.domain.logs import LogEntry, fitting, found_since, jobs_filter, only_late
from tui.domain.polling import PollPace
from tui.services.follow.state import SECOND_NS, FollowTiming
from tui.services.follow.tails import fault

SLACK = 15.0
"""Seconds by which an entry is late that a healthy tail may have kept from us."""


@dataclass(slots=True)
class Followed:
    """How far the reading of one job's log is."""

    job_id: str
    mark_ns: int | None = None
    """Everything up to this time was handed on, late entries aside; None if nothing tells."""
    read_at: float | None = None
    """When the read began (monotonic) that found all there was; tells a mark where entries do not."""
    begun: bool = False
    """Whether its newest page has been read: from then on the common lists include it."""
    live: bool = False
    """Whether a tail session covers it."""
    lives: int = 0
    """How often one began to."""
    whole: bool = False
    """Whether what came before the tail is listed, so that nothing lies between the two."""
    missed: bool = True
    """Whether the next list finds what an outage kept back, which is not late then."""
    thinned: bool = False
    """Whether the tail left entries out since the last list."""
    holed: bool = False
    """Whether the tail left entries out that no list has found yet."""

    @property
    def fed(self) -> bool:
        """Whether all there is comes by itself."""
        return self.begun and self.live and self.whole

    def reached(self, reached_ns: int) -> None:
        """Everything up to that time was handed on; 0 tells nothing."""
        if reached_ns:
            self.mark_ns = max(self.mark_ns or 0, reached_ns)

    def covered(self, *, live: bool) -> None:
        """A tail covers it from now on, or none does any more."""
        if live and not self.live:
            self.lives += 1
        if not live and self.live:
            self.missed = True
        self.whole = self.whole and live
        self.live = live


MOST_LOOKED_THROUGH = 100_000
"""Entries that a list may have to look through for those received since."""
_LOOKED_AT = 50
"""Entries at the end of a page among which its newest is looked for: some may be from the future."""


class Rounds:
    """Lists what is new of all jobs; never ends by itself, whatever the trouble."""

    def __init__(
        self,
        logs: Callable[[bool], LogsGateway],
        timing: FollowTiming,
        jobs: Callable[[], Sequence[Followed]],
        *,
        hand: Callable[[Sequence[str], Sequence[LogEntry], bool], None],
        changed: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        """Describe it.

        Args:
            logs: the logs by the connection that stands, urgently or not; may raise CloudError.
            timing: how often.
            jobs: those that are followed.
            hand: takes entries of jobs by their ids, and whether it is no wonder if they are old.
            changed: told when the trouble or what is known of a job changed.
            clock: the time, UTC.
        """
        self.trouble: CloudError | None = None
        self.since: datetime | None = None
        """When the trouble began, UTC."""
        self.next_try: datetime | None = None
        self.failed_at = float("-inf")
        """When it began, by the loop's time."""
        self.entries = EntryClock()
        self.volume = Volume()
        self._logs = logs
        self._timing = timing
        self._jobs = jobs
        self._hand = hand
        self._changed = changed
        self._clock = clock
        self._pace = PollPace(timing.retry, timing.retry)
        self._wake = asyncio.Event()
        self._checked = float("-inf")
        """When everything was last looked back upon."""
        self._deep = float("-inf")
        self._polled: float | None = None
        self._active = float("-inf")
        self._by_receipt = True

    def wake(self) -> None:
        """Look at once whether something is to be listed."""
        self._wake.set()

    def noted(self, entries: Sequence[LogEntry]) -> None:
        """Entries came by the tail."""
        self.volume.add(self.newest(entries), len(entries))

    def newest(self, entries: Sequence[LogEntry]) -> int:
        """The newest time among entries in about their order, as far as it is believed."""
        before, wall_ns = self.entries.newest_ns, self._wall_ns()
        believed = [each for each in entries[-_LOOKED_AT:] if each.timestamp_ns <= wall_ns + TOLERANCE_NS]
        last = max(believed or entries[-1:], key=lambda each: each.timestamp_ns)
        at_ns = int(self._now() * SECOND_NS)
        found = self.entries.saw(last.timestamp_ns, wall_ns=wall_ns, at_ns=at_ns)
        if self.entries.newest_ns > before:
            self._active = self._now()
        return found

    async def run(self) -> None:
        """List until cancelled."""
        while True:
            self._wake.clear()
            try:
                waits = await self._turn()
            except CloudError as error:
                trouble = error
            except Exception as error:  # noqa: BLE001 (told, and tried again: reading never ends)
                trouble = fault(error)
            else:
                await self._rest(waits)
                continue
            await self._rest_after(trouble)

    async def _turn(self) -> float | None:
        """List what is due; the seconds until something else is."""
        jobs = [each for each in self._jobs() if each.begun]
        if not jobs:
            return None
        behind = [each for each in jobs if not each.fed]
        due = self._checked + self._timing.requery if len(behind) < len(jobs) else float("inf")
        if behind:
            # What the tail goes on with is looked for at once, what there is no tail for now and then.
            if self._polled is None:
                self._polled = self._now()  # the first pages have only just been read
            at_once = any(each.live and not each.thinned for each in behind) or self.trouble is not None
            due = min(due, float("-inf") if at_once else self._polled + self._interval())
        now = self._now()
        if now < due:
            return due - now
        if now >= self._checked + self._timing.requery and len(behind) < len(jobs):
            await self._check([each for each in jobs if each.fed])
        else:
            await self._list_all(behind or jobs, whole=len(behind) in (0, len(jobs)))
        return 0.0

    def _interval(self) -> float:
        active = self._now() - self._active < self._timing.active
        return self._timing.poll if active else self._timing.idle_poll

    # Lists

    async def _list_all(self, jobs: Sequence[Followed], *, whole: bool) -> None:
        """Everything from the oldest mark on; `whole` is whether these are all jobs."""
        begun, timing = self._now(), self._timing
        live = [(each, each.lives) for each in jobs if each.live]
        # Without a tail, or a whole one, there is a list every few seconds: only some look back far.
        deep = any(each.missed and not each.thinned for each in jobs) or begun >= self._deep + timing.requery
        overlap = timing.overlap if deep else timing.poll_overlap
        late = timing.late if deep else timing.overlap
        for each in jobs:
            each.thinned = False
        for some in self._chunks(jobs):
            terms = self._terms(self._since(some, overlap), late)
            await self._read(some, terms, missed=any(each.missed for each in some))
        self._polled = self._now()
        if deep:
            self._deep = self._polled
        if whole:
            self._checked = self._polled
        for each in jobs:
            each.missed = False
            each.holed = each.thinned
            each.reached(self.time_at(begun))
        for each, lives in live:
            each.whole = each.live and each.lives == lives and not each.thinned
        self._went_well()

    async def _check(self, jobs: Sequence[Followed]) -> None:
        """Look back over the tail's shoulder: all again if that is little, else what came late."""
        timing, begun, newest_ns = self._timing, self._now(), self.entries.newest_ns
        for some in self._chunks(jobs):
            since = self._since(some, timing.overlap)
            if since is None or self.volume.since(since) <= timing.requery_entries or not self._by_receipt:
                terms = self._terms(since, timing.late)
            else:
                terms = only_late(since, _ns(self._late(since, timing.late)), _ns(SLACK))
            await self._read(some, terms, missed=False)
        self._checked = self._now()
        for each in jobs:
            if each.fed:
                # What a tail that stands has not told yet, it will.
                each.reached(max(newest_ns, self.time_at(begun)))
        self._went_well()

    def _chunks(self, jobs: Sequence[Followed]) -> Iterator[Sequence[Followed]]:
        while jobs:
            count = fitting([each.job_id for each in jobs])
            yield jobs[:count]
            jobs = jobs[count:]

    def _since(self, jobs: Iterable[Followed], overlap: float) -> int | None:
        """Where a list begins: a little before the oldest mark; None for the very beginning."""
        marks = [self.mark_of(each) for each in jobs]
        known = [mark for mark in marks if mark is not None]
        if len(known) < len(marks):
            return None
        # An entry dated in the future must not make it begin after the others.
        return max(min(*known, self._wall_ns()) - _ns(overlap), 0)

    def mark_of(self, job: Followed) -> int | None:
        """Up to when everything of a job was handed on."""
        reached = self.time_at(job.read_at) if job.read_at is not None else 0
        return max(job.mark_ns or 0, reached) or None

    def time_at(self, moment: float) -> int:
        """The service's time at a moment of the loop's, or earlier; 0 if no entry has told."""
        return self.entries.reached(int(moment * SECOND_NS))

    def _terms(self, since: int | None, late: float) -> tuple[str, ...]:
        if since is None:
            return ()
        return found_since(since, _ns(self._late(since, late)), by_receipt=self._by_receipt)

    def _late(self, since: int, late: float) -> float:
        """How far before its beginning a list looks: the service goes through all that lies there."""
        while late > SLACK and self.volume.since(since - _ns(late)) > MOST_LOOKED_THROUGH:
            late /= 2
        return max(late, 2 * SLACK)

    async def _read(self, jobs: Sequence[Followed], terms: Sequence[str], *, missed: bool) -> None:
        """Page by page, oldest first: what a page ends with has been reached even if the next one fails."""
        ids = [each.job_id for each in jobs]
        filter_, token = jobs_filter(ids, *terms), ""
        while True:
            logs = self._logs(not all(each.fed for each in jobs))
            try:
                page = await logs.list_entries(filter_, page_token=token)
            except CloudError as error:
                if token and error.kind is not ErrorKind.INVALID:
                    await self._rest_after(error)
                    continue  # with this page: a list begun anew might never come to its end
                if not token and error.kind is ErrorKind.INVALID and terms:
                    self._by_receipt = False  # refused for that term, perhaps; the next try is without
                raise
            self._went_well()
            if page.entries:
                self._hand(ids, page.entries, missed)
                reached = self.newest(page.entries)
                for each in jobs:
                    each.reached(reached)
            token = page.next_page_token
            if not token:
                return

    # Trouble and waiting

    def _went_well(self) -> None:
        self._pace.succeeded()
        self.trouble = self.since = self.next_try = None
        self._changed()

    async def _rest_after(self, trouble: CloudError) -> None:
        """Say what is in the way and when it is tried again, and wait until then."""
        self._pace.failed(trouble.retry_after)
        delay = self._pace.delay(live=True)
        now = self._clock()
        for each in self._jobs():
            each.missed = each.missed or not each.fed
        if self.trouble is None:
            self.failed_at = self._now()
        self.trouble, self.since = trouble, self.since or now
        self.next_try = datetime.fromtimestamp(now.timestamp() + delay, UTC)
        self._changed()
        await self._rest(delay)

    async def _rest(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _wall_ns(self) -> int:
        return int(self._clock().timestamp() * SECOND_NS)


def _ns(seconds: float) -> int:
    return int(seconds * SECOND_NS)
