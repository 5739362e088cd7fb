"""One look at one job's log: its newest page, what the service said, and the replica that failed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from tui.domain.errors import CloudError
from tui.domain.jobs import Job, JobState
from tui.domain.logs import LogPage, job_filter
from tui.services.insight_casebook import Casebook
from tui.services.insight_gathered import SECOND_NS, Gathered
from tui.services.insight_reads import InsightTiming, around, metrics_of, newest, service_of
from tui.services.logreads import LogReaders, Urgency

FAULT_REST = 30.0
"""Seconds until what broke of a bug is tried again."""
ENOUGH_LINES = 50
"""So many lines of the replica that failed are enough to say why."""
Pause = Callable[[], Awaitable[None]]
"""Waits until another read may be made."""


async def at_once() -> None:
    """No pause: the reader's turn is all there is to wait for."""


class Looks:
    """Reads the logs of single jobs."""

    def __init__(
        self,
        readers: LogReaders,
        book: Casebook,
        timing: InsightTiming,
        project_of: Callable[[Job], str],
        outputs_empty: Callable[[Job], Awaitable[bool | None]] | None,
    ) -> None:
        self._readers = readers
        self._book = book
        self._timing = timing
        self._project_of = project_of
        self._outputs_empty = outputs_empty

    def due(self, found: Gathered) -> datetime | None:
        """When the log of a job that is over is to be read (again); None if never."""
        course = found.course
        if not found.job.state.terminal or course.certain or course.broken:
            return None
        if course.looked_at is None:
            return course.seen_ended or self._book.clock()
        return course.looked_at + timedelta(seconds=self._timing.recheck)

    async def look(self, found: Gathered, urgency: Urgency, pause: Pause = at_once) -> None:
        """Read a job's newest lines and, if it is over, say how it went.

        Raises:
            CloudError: the log could not be read.
        """
        found.course.looking += 1
        try:
            await self._look(found, urgency, pause)
        finally:
            found.course.looking -= 1
        self._book.trouble(found, None)
        self._book.changed(found.job.name)

    async def _look(self, found: Gathered, urgency: Urgency, pause: Pause) -> None:
        job, begun = found.job, self._book.clock()
        await self._read(found, job, urgency, pause)
        course = found.course
        course.begun, course.behind, course.read_at = True, False, begun
        if job.state.terminal:
            over = course.over_since(job)
            course.looked_at = begun
            certain = over is None or (begun - over).total_seconds() >= self._timing.grace
            await self._book.diagnose(found, certain=certain)

    async def _read(self, found: Gathered, job: Job, urgency: Urgency, pause: Pause) -> None:
        project = self._project_of(job)

        async def page(filter_: str) -> LogPage:
            await pause()
            return await newest(self._readers.of(project, urgency), filter_)

        found.course.released = False
        await self._book.ask(found.begin_again)
        first = await page(job_filter(job.job_id))
        await self._book.take(found, first.entries)
        found.course.whole = not first.next_page_token
        if found.course.whole:
            found.course.history_done = True
            return
        if not found.course.history_pages:
            found.course.history_before = min((entry.timestamp_ns for entry in first.entries), default=None)
        await self._book.take(found, (await page(service_of(job.job_id))).entries)
        if job.state is JobState.FAILED and (wanted := await self._book.ask(lambda: _unseen(found, job))):
            replica, until_ns = wanted
            await self._book.take(found, (await page(around(job.job_id, replica, until_ns))).entries)

    async def look_at_outputs(self, found: Gathered) -> None:
        """See whether a job that succeeded wrote anything where its outputs belong."""
        job, course = found.job, found.course
        wanted = job.state is JobState.SUCCEEDED and job.output_uri and not course.outputs_looked
        if self._outputs_empty is None or not wanted:
            return
        course.outputs_looked = True
        course.outputs_empty = await self._outputs_empty(job)
        self._book.changed(job.name)
        if not course.outputs_empty or course.looked_at is None:
            return
        if course.released:
            course.certain, course.looked_at = False, None  # the lines are wanted once more
        else:
            await self._book.diagnose(found, certain=course.certain)

    async def read_history(self, found: Gathered) -> None:
        """Read older metrics, page by page.

        Raises:
            CloudError: a page could not be read; what came before is kept.
        """
        job, course, token = found.job, found.course, ""
        logs = self._readers.of(self._project_of(job), Urgency.LIVE)
        filter_ = metrics_of(job.job_id, course.history_before)
        while not course.history_done and course.history_pages < self._timing.history_pages:
            page = await newest(logs, filter_, token)
            course.history_pages += 1
            if page.entries:
                await self._book.take(found, page.entries)
                course.history_before = page.entries[-1].timestamp_ns
            token = page.next_page_token
            course.history_done = not token
            course.history_cut = bool(token) and course.history_pages >= self._timing.history_pages
            self._book.changed(job.name)

    async def try_look(self, found: Gathered, urgency: Urgency, pause: Pause = at_once) -> CloudError | None:
        """Like `look`, the trouble noted and given back; that of a bug, too, which is told."""
        try:
            await self.look(found, urgency, pause)
        except CloudError as error:
            trouble = error
        except Exception as error:  # noqa: BLE001 (told; the logs of the other jobs can be read)
            trouble = self._book.fault(error)
        else:
            found.course.succeeded()
            return None
        self._book.trouble(found, trouble)
        found.course.failed(self._book.clock(), self._timing.retry)
        return trouble


def _unseen(found: Gathered, job: Job) -> tuple[str, int] | None:
    """The first replica that the service says has failed, and when, if its lines were not read."""
    from tui.domain.diagnosis.exits import exits_in  # noqa: PLC0415 (rules, after the first frame)
    from tui.domain.diagnosis.reading import ATTEMPT  # noqa: PLC0415 (same)

    said = found.service_messages
    begins = [number for number, entry in enumerate(said) if entry.text.startswith(ATTEMPT)]
    for entry in said[begins[-1] if begins else 0 :]:
        for end in exits_in(entry.text):
            few = found.lines_of(end.replica) < ENOUGH_LINES
            return (end.replica, entry.timestamp_ns + SECOND_NS) if few else None
    end_ns = int(job.end_time.timestamp()) * SECOND_NS if job.end_time else None
    if job.error is None or end_ns is None:
        return None
    for end in exits_in(job.error.message):
        few = found.lines_of(end.replica) < ENOUGH_LINES
        return (end.replica, end_ns + SECOND_NS) if few else None
    return None


async def steadily(step: Callable[[], Awaitable[object]], fault: Callable[[Exception], object]) -> None:
    """Do a step again and again; one that breaks of a bug is told, and the next one comes after a rest."""
    while True:
        try:
            await step()
        except Exception as error:  # noqa: BLE001 (told; reading goes on for the rest of the session)
            fault(error)
            await asyncio.sleep(FAULT_REST)


async def rest(wake: asyncio.Event, seconds: float | None) -> None:
    """Wait until woken, at most so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        return
