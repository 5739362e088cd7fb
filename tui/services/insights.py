"""Finds out what the logs say of jobs, for the list and the detail: progress, metrics, why they failed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from tui.domain.errors import CloudError
from tui.domain.insight import JobInsight
from tui.domain.jobs import Job
from tui.domain.logs import LogEntry
from tui.domain.polling import PollPace
from tui.services.follower import utc_now
from tui.services.insight_casebook import Casebook, Offload
from tui.services.insight_ended import FRESH, EndedLogs
from tui.services.insight_gathered import Gathered
from tui.services.insight_live import LiveLogs
from tui.services.insight_looks import Looks, rest
from tui.services.insight_reads import InsightTiming
from tui.services.logreads import LogReaders, Urgency

MOST_FED = 50_000
"""Entries from elsewhere that wait to be taken in; what comes on top is left out."""


class JobInsights:
    """Reads the logs of live jobs, of the one under the cursor and of those in sight, within the quota.

    Everything is called on the event loop; `run` does the work and never ends. An error of reading is told
    as `JobInsight.trouble`, and reading goes on after a pause.
    """

    def __init__(
        self,
        readers: LogReaders,
        publish: Callable[[Mapping[str, JobInsight]], None],
        *,
        project_of: Callable[[Job], str],
        outputs_empty: Callable[[Job], Awaitable[bool | None]] | None = None,
        clock: Callable[[], datetime] = utc_now,
        timing: InsightTiming | None = None,
        offload: Offload | None = None,
    ) -> None:
        """Describe the service.

        Args:
            readers: the logs, with turns that all readers of a project share.
            publish: told of the findings, by resource names; unchanged ones stay the same objects.
            project_of: the id of a job's project.
            outputs_empty: whether nothing lies where a job's outputs belong; None if that is not known.
            clock: the time, UTC.
            timing: how often to read.
            offload: does heavy work elsewhere, one piece after the other; a thread unless given.
        """
        self._readers = readers
        self._timing = timing or InsightTiming()
        self._project_of = project_of
        self._offload = offload
        self._worker: ThreadPoolExecutor | None = None
        self._book = Casebook(publish, self._away, clock, self._timing.publish)
        self._looks = Looks(
            readers, self._book, self._timing, project_of=project_of, outputs_empty=outputs_empty
        )
        self._clock = clock
        self._focused = True
        self._live: dict[str, LiveLogs] = {}
        self._ended: dict[str, EndedLogs] = {}
        self._followed: dict[str, Job] = {}
        self._jobs: Sequence[Job] = ()
        self._in_sight: tuple[str, ...] = ()
        self._fed: deque[tuple[Job, Sequence[LogEntry]]] = deque()
        self._group: asyncio.TaskGroup | None = None
        self._cursor = asyncio.Event()
        self._news = asyncio.Event()
        self._food = asyncio.Event()

    # What is known from elsewhere

    def note_jobs(self, jobs: Sequence[Job]) -> None:
        """Take the newest list of all jobs."""
        if jobs is self._jobs:
            return
        self._jobs = jobs
        live: dict[str, Job] = {}
        now = self._clock()
        for job in jobs:
            known = self._book.known(job.name)
            news = known is not None and known.job is not job
            if news:
                self._book.note(job)
                if job.name == self._book.first:
                    self._news.set()
            if job.state.live:
                live[job.name] = job
            elif job.state.terminal and (job.name in self._followed or (news and _lately(job, now))):
                self._ended_in(self._project_of(job)).just_ended(job)
        self._followed = live
        by_project: dict[str, dict[str, Job]] = {project: {} for project in self._live}
        for name, job in live.items():
            by_project.setdefault(self._project_of(job), {})[name] = job
        for project, mine in by_project.items():
            self._live_of(project).note(mine)
        self._show()

    def look_into(self, jobs: Sequence[Job], first: Job | None) -> None:
        """Take the jobs in sight, and the one under the cursor."""
        self._in_sight = tuple(job.name for job in jobs)
        self._book.in_sight = frozenset(self._in_sight)
        name = first.name if first is not None else ""
        if name != self._book.first:
            self._book.first = name
            self._cursor.set()
        if first is not None:
            self._book.of(first)
        self._show(jobs)

    def entries_seen(self, job: Job, entries: Sequence[LogEntry]) -> None:
        """Take entries of a job that somebody else has read."""
        if sum(len(each) for _, each in self._fed) + len(entries) <= MOST_FED:
            self._fed.append((job, entries))
            self._food.set()

    def attend(self, *, focused: bool) -> None:
        """Read less while nobody looks."""
        self._focused = focused
        for live in self._live.values():
            live.attend(focused=focused)
        for ended in self._ended.values():
            ended.attend(focused=focused)

    def _show(self, jobs: Sequence[Job] | None = None) -> None:
        """Tell each project which of its jobs in sight are over."""
        if jobs is None:
            wanted = frozenset(self._in_sight)
            jobs = [job for job in self._jobs if job.name in wanted]
        by_project: dict[str, list[Job]] = {project: [] for project in self._ended}
        for job in jobs:
            if job.state.terminal:
                by_project.setdefault(self._project_of(job), []).append(job)
        for project, mine in by_project.items():
            self._ended_in(project).show(mine)

    # The readers of each project

    def _live_of(self, project: str) -> LiveLogs:
        found = self._live.get(project)
        if found is None:
            found = LiveLogs(project, self._readers, self._book, self._looks, self._timing)
            found.attend(focused=self._focused)
            self._live[project] = found
            if self._group is not None:
                self._group.create_task(found.run())
        return found

    def _ended_in(self, project: str) -> EndedLogs:
        found = self._ended.get(project)
        if found is None:
            found = self._ended[project] = EndedLogs(self._book, self._looks, self._timing)
            found.attend(focused=self._focused)
            if self._group is not None:
                self._group.create_task(found.run())
        return found

    # The work

    async def run(self) -> None:
        """Read until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                group.create_task(self._book.keep_telling())
                group.create_task(self._follow_cursor(group))
                group.create_task(self._eat())
                for live in self._live.values():
                    group.create_task(live.run())
                for ended in self._ended.values():
                    group.create_task(ended.run())
        finally:
            self._group = None
            if self._worker is not None:
                self._worker.shutdown(wait=False, cancel_futures=True)
                self._worker = None

    async def _away(self, work: Callable[[], object]) -> object:
        """Do heavy work in the one thread for it, so that nothing is touched by two at once."""
        if self._offload is not None:
            return await self._offload(work)
        if self._worker is None:
            self._worker = ThreadPoolExecutor(1, thread_name_prefix="insights")
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)

    async def _eat(self) -> None:
        """Take in what others have read."""
        while True:
            await self._food.wait()
            self._food.clear()
            while self._fed:
                job, entries = self._fed.popleft()
                await self._book.take(self._book.of(job), entries)

    async def _follow_cursor(self, group: asyncio.TaskGroup) -> None:
        """Look into the job under the cursor once it rests there; begin anew when it moves on."""
        serving: asyncio.Task[None] | None = None
        while True:
            await self._cursor.wait()
            self._cursor.clear()
            if serving is not None:
                serving.cancel()
            serving = group.create_task(self._serve(self._book.first))

    async def _serve(self, name: str) -> None:
        """Keep what is known of one job up to date for as long as the cursor stays."""
        await asyncio.sleep(self._timing.rest)
        pace = PollPace(self._timing.retry, self._timing.retry)
        while (found := self._book.known(name)) is not None:
            self._news.clear()
            try:
                await self._serve_once(found)
            except CloudError as error:
                self._book.trouble(found, error)
                pace.failed(error.retry_after)
                await rest(self._news, pace.delay(live=True))
                continue
            pace.succeeded()
            due = self._looks.due(found)
            seconds = max((due - self._clock()).total_seconds(), 0.0) if due else None
            if found.job.state.live and not found.course.begun:
                seconds = self._timing.publish  # its first page is being read with the other live ones
            await rest(self._news, seconds)

    async def _serve_once(self, found: Gathered) -> None:
        """Read what is due of the job under the cursor."""
        due = self._looks.due(found)
        if due is not None and due <= self._clock():
            if found.job.error is not None and not found.course.from_record:
                await self._book.diagnose_record(found)
            await self._looks.look(found, Urgency.SHOWN)
        if found.course.begun:
            await self._looks.look_at_outputs(found)
            await self._looks.read_history(found)


def _lately(job: Job, now: datetime) -> bool:
    return job.end_time is not None and now - job.end_time < FRESH
