"""Takes every job through its states, from QUEUED to its end, also across restarts of the server."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from pathlib import Path

from tui.local.faults.book import FaultBook
from tui.local.jobs.course import Course
from tui.local.jobs.progress import Workshop
from tui.local.limits import is_full
from tui.local.recordings.replays import Replays
from tui.local.settings import Settings
from tui.local.state.entries import Entries
from tui.local.state.jobs import JobRow, Jobs
from tui.local.state.project import ProjectState

_FULL_SECONDS = 1.0
"""Pause before a job is looked after again when there was no space to write down how far it is."""
_log = logging.getLogger(__name__)


class Engine:
    """One task a job that is not settled yet."""

    def __init__(
        self,
        jobs: Jobs,
        entries: Entries,
        project: ProjectState,
        settings: Settings,
        folder: Path,
        *,
        faults: FaultBook,
    ) -> None:
        self._jobs = jobs
        self._workshop = Workshop(jobs, entries, project, settings, folder, faults)
        self.replays: Replays | None = None
        """Looks after the jobs that are shown and not run."""
        self._courses: dict[str, Course] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._sweeping: asyncio.Task[None] | None = None

    def open(self, http_url: str, proxy_url: str = "") -> None:
        """Begin work: jobs find the storage at `http_url`, the rest of Google by the proxy, if there is one.

        What an earlier server left is taken up.
        """
        self._workshop.proxy_url = proxy_url
        self._workshop.http_url = http_url
        rows = self._jobs.unsettled()
        left = self._workshop.left(frozenset(row.job_id for row in rows if row.live))
        self._sweeping = asyncio.create_task(self._workshop.sweep(left), name="sweep")
        for row in rows:
            self.start(row)

    def start(self, row: JobRow) -> None:
        """Take a job from where it is to its end."""
        course = Course(self._workshop, row)
        self._courses[row.job_id] = course
        task = asyncio.create_task(self._carry(course), name=f"job {row.job_id}")
        self._tasks[row.job_id] = task
        task.add_done_callback(lambda task: self._ended(row.job_id, task))

    async def _carry(self, course: Course) -> None:
        """Take a job to its end; while the disk is full, again and again from what is stored of it."""
        while True:
            try:
                await self._run(course)
            except (OSError, sqlite3.OperationalError) as error:
                if not is_full(error):
                    raise
                _log.warning("job %s waits for space on the disk", course.row.job_id)
            else:
                return
            course.let_go()
            await asyncio.sleep(_FULL_SECONDS)
            stored = self._jobs.find(course.row.job_id, course.row.region)
            if stored is None:
                return
            course = self._courses[stored.job_id] = Course(self._workshop, stored)

    @staticmethod
    async def _run(course: Course) -> None:
        try:
            await course.run()
        except Exception as error:
            if is_full(error):
                raise
            _log.exception("job %s broke down", course.row.job_id)
            await course.break_down()

    def _ended(self, job_id: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(job_id, None)
        self._courses.pop(job_id, None)
        error = None if task.cancelled() else task.exception()
        if error:
            _log.error("job %s is given up", job_id, exc_info=error)

    def row(self, job_id: str) -> JobRow | None:
        """The job if the engine is at work on it."""
        course = self._courses.get(job_id)
        return course.row if course else None

    def cancel(self, job_id: str) -> None:
        """Ask a live job to end."""
        course = self._courses.get(job_id)
        if course:
            try:
                course.cancel()
            except sqlite3.Error:  # refused, then: it must not look as if it were being cancelled
                stored = self._jobs.find(job_id, course.row.region)
                if stored:
                    course.row.job.CopyFrom(stored.job)
                    course.row.run = stored.run
                raise
        elif self.replays:
            self.replays.cancel(job_id)

    async def forget(self, job_id: str) -> None:
        """Stop work on an ended job and remove its folder."""
        self._courses.pop(job_id, None)
        task = self._tasks.pop(job_id, None)
        if task:
            task.cancel()
        if self.replays:
            await self.replays.forget(job_id)
        await asyncio.to_thread(self._workshop.remove, job_id)

    async def close(self) -> None:
        """Stop following; the jobs themselves run on under their runners."""
        tasks = [*self._tasks.values(), *([self._sweeping] if self._sweeping else [])]
        for task in tasks:
            task.cancel()
        courses = list(self._courses.values())
        await asyncio.gather(*tasks, return_exceptions=True)
        for course in courses:
            course.let_go()
