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
from tui.services.follow.state import utc_now
from tui.services.insight_casebook import Casebook, Learnt, Offload
from tui.services.insight_ended import FRESH
from tui.services.insight_gathered import Gathered
from tui.services.insight_looks import Looks, rest, steadily
from tui.services.insight_projects import ProjectLogs
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
        secrets: Callable[[], Sequence[str]] = tuple,
        report: Callable[[Exception], object] | None = None,
        learnt: Learnt | None = None,
        read_before: Callable[[Job], bool] = lambda _job: False,
        clock: Callable[[], datetime] = utc_now,
        timing: InsightTiming | None = None,
        offload: Offload | None = None,
    ) -> None:
        """Describe the service.

        Args:
            readers: the logs, with turns that all readers of a project share.
            publish: told of the findings, by resource names; unchanged ones stay the same objects.
            project_of: the id of a job's project; what was read of a job is forgotten when it changes.
            outputs_empty: whether nothing lies where a job's outputs belong; None if that is not known.
            secrets: values that must not be quoted; called in the thread for heavy work.
            report: told of each bug once, while reading goes on; the event loop's handler unless given.
            learnt: told what the logs of jobs that are over say, to be kept.
            read_before: whether that is known of a job already, so that others are read first.
            clock: the time, UTC.
            timing: how often to read.
            offload: does heavy work elsewhere, one piece after the other; a thread unless given.
        """
        self._clock, self._timing = clock, timing or InsightTiming()
        self._worker = _Worker()
        away = offload or self._worker.do
        self._book = Casebook(
            publish,
            away,
            clock,
            self._timing.publish,
            project_of=project_of,
            secrets=secrets,
            report=report,
            learnt=learnt,
            read_before=read_before,
        )
        self._looks = Looks(readers, self._book, self._timing, project_of, outputs_empty)
        self._projects = ProjectLogs(
            readers, self._book, self._looks, self._timing, project_of, feed=self.entries_seen
        )
        self._note_nothing()

    def _note_nothing(self) -> None:
        """Nothing is known from elsewhere yet."""
        self._followed: dict[str, Job] = {}
        self._jobs: Sequence[Job] = ()
        self._in_sight: tuple[str, ...] = ()
        self._fed: deque[tuple[Job, Sequence[LogEntry]]] = deque()
        self._cursor = asyncio.Event()
        self._news = asyncio.Event()
        self._food = asyncio.Event()

    # What is known from elsewhere

    def note_jobs(self, jobs: Sequence[Job]) -> None:
        """Take the newest list of all jobs, or the same one when their projects may be known better."""
        moved = self._book.moved()
        if jobs is self._jobs and not moved:
            return
        self._jobs = jobs
        live: dict[str, Job] = {}
        now = self._clock()
        for job in jobs:
            known = self._book.known(job.name)
            news = known is not None and known.job is not job
            if news:
                self._book.note(job)
            if job.name == self._book.first and (news or moved):
                self._news.set()
            if job.state.live:
                live[job.name] = job
            elif job.name in self._followed or ((news or job.name in moved) and _lately(job, now)):
                self._projects.just_ended(job)
        self._followed = live
        self._book.note_live(live.keys())
        self._projects.follow(live)
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
        self._projects.attend(focused=focused)

    def _show(self, jobs: Sequence[Job] | None = None) -> None:
        """Tell each project which of its jobs in sight are over."""
        if jobs is None:
            wanted = frozenset(self._in_sight)
            jobs = [job for job in self._jobs if job.name in wanted]
        self._projects.show(jobs)

    # The work

    async def run(self) -> None:
        """Read until cancelled; a bug in reading one log is told, and the others are read."""
        fault = self._book.fault
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(steadily(self._book.keep_telling, fault))
                group.create_task(self._follow_cursor(group))
                group.create_task(steadily(self._eat, fault))
                self._projects.begin(group)
        finally:
            self._projects.end()
            self._worker.stop()

    async def _eat(self) -> None:
        """Take in what others have read, or wait for it."""
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
                trouble = error
            except Exception as error:  # noqa: BLE001 (told; other jobs can be looked into)
                trouble = self._book.fault(error)
            else:
                pace.succeeded()
                found.course.succeeded()
                await rest(self._news, self._seconds_until_due(found))
                continue
            self._book.trouble(found, trouble)
            pace.failed(trouble.retry_after)
            await rest(self._news, pace.delay(live=True))

    def _seconds_until_due(self, found: Gathered) -> float | None:
        """Until the job under the cursor is to be looked at again."""
        if found.job.state.live and not found.course.begun:
            return self._timing.publish  # its first page is being read with the other live ones
        due = self._looks.due(found)
        return max((due - self._clock()).total_seconds(), 0.0) if due else None

    async def _serve_once(self, found: Gathered) -> None:
        """Read what is due of the job under the cursor."""
        due = self._looks.due(found)
        if due is not None and due <= self._clock():
            if found.job.error is not None and not found.course.from_record:
                await self._book.diagnose_record(found)
            await self._looks.look(found, Urgency.SHOWN)
        if found.course.begun and not found.course.broken:
            await self._looks.look_at_outputs(found)
            await self._looks.read_history(found)


def _lately(job: Job, now: datetime) -> bool:
    return job.end_time is not None and now - job.end_time < FRESH


class _Worker:
    """The one thread for heavy work, so that nothing is touched by two at once."""

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None

    async def do(self, work: Callable[[], object]) -> object:
        """Have a piece of work done in its turn."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="insights")
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def stop(self) -> None:
        """Drop what is still to be done."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
            self._thread = None
