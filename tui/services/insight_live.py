"""Follows the logs of one project's live jobs: one list for all of them, again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.jobs import Job, JobState
from tui.domain.logs import LogEntry
from tui.domain.polling import PollPace
from tui.services.insight_casebook import Casebook
from tui.services.insight_gathered import SECOND_NS, Gathered
from tui.services.insight_looks import Looks, rest
from tui.services.insight_reads import InsightTiming, newest, several
from tui.services.logreads import LogReaders, Urgency

Feed = Callable[[Job, Sequence[LogEntry]], object]
"""Takes entries of a job that came by themselves."""


def _no_feed(_job: Job, _entries: Sequence[LogEntry]) -> None:
    """Nobody wants them."""


class ServiceTime:
    """What time it is at least for the programs whose logs are read: the own clock may differ from theirs."""

    def __init__(self) -> None:
        self._ahead_ns: int | None = None
        self._only_later = False

    def saw(self, times: Sequence[int], now: datetime) -> int:
        """Entries of these times, in nanoseconds, are there by now; the newest to be believed, or 0.

        One from the future is believed only where all are, so that it is this clock that is behind.
        """
        now_ns = _ns(now)
        past = max((each for each in times if each <= now_ns), default=None)
        if past is not None:
            self._ahead_ns = max(
                past - now_ns, self._ahead_ns if self._ahead_ns is not None else past - now_ns
            )
            return past
        self._only_later = self._only_later or bool(times)
        return now_ns if times and self._ahead_ns is None else 0

    def at(self, moment: datetime | None) -> int | None:
        """The time there, in nanoseconds, when it was `moment` here, or earlier; None if nothing tells."""
        if moment is None or (self._ahead_ns is None and not self._only_later):
            return None
        return _ns(moment) + (self._ahead_ns or 0)


class LiveLogs:
    """One project's live jobs; never ends by itself, and reads nothing while there are none.

    Most of them are read by one list from a mark on, up to which everything was read of each. One that
    prints more than can be read is read by itself, its newest page only. What comes by a tail that is open
    for somebody who follows logs is not read at all.
    """

    def __init__(
        self,
        project: str,
        readers: LogReaders,
        book: Casebook,
        looks: Looks,
        timing: InsightTiming,
        *,
        feed: Feed = _no_feed,
    ) -> None:
        self._project = project
        self._feed = feed
        self._hub = readers.hub(project)
        self._listed: dict[str, float] = {}
        """When the last list began (loop time) that found all of a job there was, by name."""
        self._by_id: dict[str, Job] = {}
        self._readers = readers
        self._book = book
        self._looks = looks
        self._timing = timing
        self._jobs: dict[str, Job] = {}
        self._time = ServiceTime()
        self._mark_ns: int | None = None
        self._marked: set[str] = set()
        """Names of those that the mark holds for."""
        self._chatty: dict[str, int] = {}
        """Names of those that are read by themselves, with a mark of their own."""
        self._last_entry = float("-inf")
        self._focused = True
        self._pace = PollPace(timing.retry, timing.retry)
        self._wake = asyncio.Event()

    def note(self, jobs: Mapping[str, Job]) -> None:
        """The live jobs by name; a new one, or one that began to run, is read at once."""
        before, self._jobs = self._jobs, dict(jobs)
        self._marked &= jobs.keys()
        for name in self._chatty.keys() - jobs.keys():
            del self._chatty[name]
        for name in self._listed.keys() - jobs.keys():
            del self._listed[name]
        self._by_id = {job.job_id: job for job in jobs.values()}
        self._hub.ride(self._by_id, self._ride)
        if any(name not in before or before[name].state is not job.state for name, job in jobs.items()):
            self._wake.set()

    def attend(self, *, focused: bool) -> None:
        """Read less often while nobody looks, and at once when somebody does again."""
        if focused and not self._focused:
            self._wake.set()
        self._focused = focused

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            if not self._jobs:
                await self._wake.wait()
            self._wake.clear()
            try:
                await self._read()
            except CloudError as error:
                trouble = error
            except Exception as error:  # noqa: BLE001 (told; reading goes on)
                trouble = self._book.fault(error)
            else:
                self._pace.succeeded()
                self._note_trouble(None)
                await rest(self._wake, self._delay())
                continue
            self._pace.failed(trouble.retry_after)
            self._note_trouble(trouble)
            await asyncio.sleep(self._pace.delay(live=True))

    def _delay(self) -> float:
        timing = self._timing
        if not self._focused:
            return timing.unfocused
        runs = any(job.state is JobState.RUNNING for job in self._jobs.values())
        says = self._now() - self._last_entry < timing.active
        return timing.poll if runs and says else timing.idle_poll

    def _note_trouble(self, error: CloudError | None) -> None:
        for job in self._jobs.values():
            self._book.trouble(self._book.of(job), error)

    async def _read(self) -> None:
        """First looks at new jobs, and what came since for the others."""
        files = [self._book.of(job) for job in self._jobs.values()]
        new = [each for each in files if not each.course.begun]
        old = [each for each in files if each.course.begun]
        if old:
            await self._read_on(old)
        if new:
            await self._first_looks(new)

    # New jobs

    async def _first_looks(self, new: Sequence[Gathered]) -> None:
        """One page for all of them; those that have more to say are looked at one by one."""
        for each in new:
            self._marked.discard(each.job.name)
            self._chatty.pop(each.job.name, None)
        if len(new) > 1 and await self._whole_in_one(new):
            return
        for each in sorted(new, key=self._rank):
            if each.job.name not in self._jobs:
                continue  # over meanwhile
            error = await self._looks.try_look(each, Urgency.LIVE)
            if error is not None and error.kind not in (ErrorKind.INVALID, ErrorKind.LOCAL):
                raise error
            self._time.saw([each.newest_ns] if each.newest_ns else [], self._book.clock())
            each.course.begun = True
            each.course.read_at = each.course.read_at or self._book.clock()
            self._last_entry = self._now()

    def _rank(self, found: Gathered) -> tuple[bool, bool, bool]:
        name, book = found.job.name, self._book
        return name != book.first, name not in book.in_sight, found.job.state is not JobState.RUNNING

    async def _whole_in_one(self, new: Sequence[Gathered]) -> bool:
        logs = self._readers.of(self._project, Urgency.LIVE)
        begun = self._book.clock()
        for filter_ in several(each.job.job_id for each in new):
            page = await newest(logs, filter_)
            if page.next_page_token:
                return False
            await self._take(new, page.entries)
        for each in new:
            each.course.begun = each.course.whole = each.course.history_done = True
            each.course.read_at = begun
            self._book.changed(each.job.name)
        return True

    # The others

    async def _read_on(self, old: Sequence[Gathered]) -> None:
        old = [each for each in old if not self._comes_by_itself(each)]
        begun = asyncio.get_running_loop().time()
        quiet = [each for each in old if each.job.name not in self._chatty]
        chatty = [each for each in old if each.job.name in self._chatty]
        if quiet:
            await self._read_quiet(quiet)
        for each in chatty:
            await self._read_chatty(each)
        self._listed.update((each.job.name, begun) for each in old)

    def _ride(self, job_id: str, entries: Sequence[LogEntry]) -> None:
        """Entries of a job came by the tail of those who follow logs."""
        if (job := self._by_id.get(job_id)) is not None:
            self._last_entry = self._now()
            self._feed(job, entries)

    def _comes_by_itself(self, found: Gathered) -> bool:
        """Whether a tail tells of all that came since the last list."""
        since, listed = self._hub.fed_since(found.job.job_id), self._listed.get(found.job.name)
        if since is None or listed is None or listed < since or found.course.behind:
            return False
        found.course.read_at = self._book.clock()
        self._marked.discard(found.job.name)
        return True

    async def _read_quiet(self, quiet: Sequence[Gathered]) -> None:
        """List what came since the mark; what a list does not reach is left to the next one."""
        marks = [self._mark_of(each) for each in quiet if each.job.name not in self._marked]
        if len(marks) < len(quiet):
            marks.append(self._mark_ns)
        known = [mark for mark in marks if mark is not None]
        first = min(known) if len(known) == len(marks) else None
        since = self._since_ns(first, behind=_any_behind(quiet))
        reached: list[int] = []
        newest_ns = max(known, default=0)
        for filter_ in several((each.job.job_id for each in quiet), since_ns=since):
            found_ns, cut_ns = await self._list(quiet, filter_)
            newest_ns = max(newest_ns, found_ns)
            if cut_ns is not None:
                reached.append(max(cut_ns, first or 0))
        self._mark_ns = min(reached, default=newest_ns) or None
        self._set_behind(quiet, behind=bool(reached))
        for each in quiet:
            if each.job.name in self._chatty:
                self._chatty[each.job.name] = self._mark_ns or 0
            else:
                self._marked.add(each.job.name)

    async def _list(self, quiet: Sequence[Gathered], filter_: str) -> tuple[int, int | None]:
        """List what came since the mark: the newest time, and how far a few pages went if there is more."""
        logs = self._readers.of(self._project, Urgency.LIVE)
        token, newest_ns, last_ns = "", 0, 0
        counts: dict[str, int] = {}
        for _ in range(self._timing.pages):
            page = await logs.list_entries(filter_, page_token=token)
            if page.next_page_token:
                self._set_behind(quiet, behind=True)
            newest_ns = max(newest_ns, await self._take(quiet, page.entries))
            last_ns = max((entry.timestamp_ns for entry in page.entries), default=last_ns)
            for entry in page.entries:
                counts[entry.job_id] = counts.get(entry.job_id, 0) + 1
            token = page.next_page_token
            if not token:
                return newest_ns, None
        # The one that prints most is read by itself from now on, its newest page only.
        loudest = max(counts, key=lambda job_id: counts[job_id], default="")
        for each in quiet:
            if each.job.job_id == loudest or len(quiet) == 1:
                self._chatty[each.job.name] = 0
        return newest_ns, last_ns

    async def _read_chatty(self, found: Gathered) -> None:
        """The newest page of a job that prints more than can be read; what is before it is left out."""
        logs = self._readers.of(self._project, Urgency.LIVE)
        name, course, begun = found.job.name, found.course, self._book.clock()
        since = self._since_ns(self._chatty[name] or None, behind=course.behind)
        (filter_,) = several([found.job.job_id], since_ns=since)
        page = await newest(logs, filter_)
        newest_ns = await self._take([found], page.entries)
        self._chatty[name] = max(self._chatty[name], newest_ns)
        if page.next_page_token:
            course.whole = False
        else:
            course.read_at = begun
            del self._chatty[name]
        self._set_behind([found], behind=False)

    def _set_behind(self, files: Iterable[Gathered], *, behind: bool) -> None:
        for each in files:
            if each.course.behind is not behind:
                each.course.behind = behind
                self._book.changed(each.job.name)

    async def _take(self, files: Sequence[Gathered], entries: Sequence[LogEntry]) -> int:
        """Give each job its entries; the newest time of them that can be believed."""
        newest_ns = self._time.saw([entry.timestamp_ns for entry in entries], self._book.clock())
        if len(files) == 1:
            sorted_out = {files[0].job.job_id: list(entries)}
        else:
            sorted_out = {}
            for entry in entries:
                sorted_out.setdefault(entry.job_id, []).append(entry)
        for each in files:
            mine = sorted_out.get(each.job.job_id)
            if mine and await self._book.take(each, mine):
                self._last_entry = self._now()
        return newest_ns

    def _mark_of(self, found: Gathered) -> int | None:
        """Up to when a job was read that has been read by itself so far; None if nothing tells."""
        now_ns = _ns(self._book.clock())
        known = (self._time.at(found.course.read_at), min(found.newest_ns, now_ns) or None)
        return max((each for each in known if each is not None), default=None)

    def _since_ns(self, mark_ns: int | None, *, behind: bool) -> int | None:
        """Where a list begins: before the mark, for entries come late, unless there is more to read."""
        if mark_ns is None or behind:
            return mark_ns
        return max(mark_ns - int(self._timing.overlap * SECOND_NS), 0)

    def _now(self) -> float:
        moment: datetime = self._book.clock()
        return moment.astimezone(UTC).timestamp()


def _any_behind(files: Iterable[Gathered]) -> bool:
    return any(each.course.behind for each in files)


def _ns(moment: datetime) -> int:
    return int(moment.timestamp() * SECOND_NS)
