"""Follows the logs of one project's live jobs: one list for all of them, again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
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


class LiveLogs:
    """One project's live jobs; never ends by itself, and reads nothing while there are none."""

    def __init__(
        self, project: str, readers: LogReaders, book: Casebook, looks: Looks, timing: InsightTiming
    ) -> None:
        self._project = project
        self._readers = readers
        self._book = book
        self._looks = looks
        self._timing = timing
        self._jobs: dict[str, Job] = {}
        self._chatty: dict[str, None] = {}
        self._mark_ns: int | None = None
        self._last_entry = float("-inf")
        self._focused = True
        self._pace = PollPace(timing.retry, timing.retry)
        self._wake = asyncio.Event()

    def note(self, jobs: Mapping[str, Job]) -> None:
        """The live jobs by name; a new one, or one that began to run, is read at once."""
        before, self._jobs = self._jobs, dict(jobs)
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
                self._pace.failed(error.retry_after)
                self._note_trouble(error)
                await asyncio.sleep(self._pace.delay(live=True))
            else:
                self._pace.succeeded()
                self._note_trouble(None)
                await rest(self._wake, self._delay())

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
        else:
            self._mark_ns = None
        if new:
            await self._first_looks(new)

    # New jobs

    async def _first_looks(self, new: Sequence[Gathered]) -> None:
        """One page for all of them; those that have more to say are looked at one by one."""
        if len(new) > 1 and await self._whole_in_one(new):
            return
        for each in sorted(new, key=self._rank):
            if each.job.name not in self._jobs:
                continue  # over meanwhile
            error = await self._looks.try_look(each, Urgency.LIVE)
            if error is not None and error.kind is not ErrorKind.INVALID:
                raise error
            each.course.begun = True
            self._last_entry = self._now()

    def _rank(self, found: Gathered) -> tuple[bool, bool, bool]:
        name, book = found.job.name, self._book
        return name != book.first, name not in book.in_sight, found.job.state is not JobState.RUNNING

    async def _whole_in_one(self, new: Sequence[Gathered]) -> bool:
        logs = self._readers.of(self._project, Urgency.LIVE)
        for filter_ in several(each.job.job_id for each in new):
            page = await newest(logs, filter_)
            if page.next_page_token:
                return False
            await self._take(new, page.entries)
        for each in new:
            each.course.begun = each.course.whole = each.course.history_done = True
            self._book.changed(each.job.name)
        return True

    # The others

    async def _read_on(self, old: Sequence[Gathered]) -> None:
        quiet = [each for each in old if each.job.name not in self._chatty]
        chatty = [each for each in old if each.job.name in self._chatty]
        if self._mark_ns is None:
            self._mark_ns = max((each.newest_ns for each in old), default=0) or None
        since = self._since_ns()
        newest_ns = 0
        for filter_ in several((each.job.job_id for each in quiet), since_ns=since):
            newest_ns = max(newest_ns, await self._list(quiet, filter_))
        for each in chatty:
            newest_ns = max(newest_ns, await self._newest_of(each, since))
        if newest_ns:
            self._mark_ns = max(self._mark_ns or 0, newest_ns)

    async def _list(self, quiet: Sequence[Gathered], filter_: str) -> int:
        """List what came since the mark, as far as a few pages go; the newest time."""
        logs = self._readers.of(self._project, Urgency.LIVE)
        token, newest_ns = "", 0
        counts: dict[str, int] = {}
        for _ in range(self._timing.pages):
            page = await logs.list_entries(filter_, page_token=token)
            await self._take(quiet, page.entries)
            newest_ns = max((entry.timestamp_ns for entry in page.entries), default=newest_ns)
            for entry in page.entries:
                counts[entry.job_id] = counts.get(entry.job_id, 0) + 1
            token = page.next_page_token
            if not token:
                return newest_ns
        # The one that prints most is read by itself from now on, its newest page only.
        loudest = max(counts, key=lambda job_id: counts[job_id], default="")
        for each in quiet:
            if each.job.job_id == loudest or len(quiet) == 1:
                self._chatty[each.job.name] = None
        return newest_ns

    async def _newest_of(self, found: Gathered, since_ns: int | None) -> int:
        """The newest page of a job that prints more than can be read."""
        logs = self._readers.of(self._project, Urgency.LIVE)
        (filter_,) = several([found.job.job_id], since_ns=since_ns)
        page = await newest(logs, filter_)
        await self._take([found], page.entries)
        if page.next_page_token:
            found.course.whole = False
        else:
            self._chatty.pop(found.job.name, None)
        return max((entry.timestamp_ns for entry in page.entries), default=0)

    async def _take(self, files: Sequence[Gathered], entries: Iterable[LogEntry]) -> None:
        """Give each job its entries."""
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

    def _since_ns(self) -> int | None:
        """Where a list begins; an entry dated in the future must not make it begin after the others."""
        if self._mark_ns is None:
            return None
        now_ns = int(self._now() * SECOND_NS)
        return max(min(self._mark_ns, now_ns) - int(self._timing.overlap * SECOND_NS), 0)

    def _now(self) -> float:
        moment: datetime = self._book.clock()
        return moment.astimezone(UTC).timestamp()
