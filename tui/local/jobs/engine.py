"""Takes every job through its states, from QUEUED to its end, also across restarts of the server."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from tui.local.jobs.course import Course, Workshop
from tui.local.settings import Settings
from tui.local.state.entries import Entries
from tui.local.state.jobs import JobRow, Jobs
from tui.local.state.project import ProjectState

_log = logging.getLogger(__name__)


class Engine:
    """One task a job that is not settled yet."""

    def __init__(
        self, jobs: Jobs, entries: Entries, project: ProjectState, settings: Settings, folder: Path
    ) -> None:
        self._jobs = jobs
        self._workshop = Workshop(jobs, entries, project, settings, folder)
        self._courses: dict[str, Course] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def open(self, http_url: str) -> None:
        """Begin work: jobs find the storage at `http_url`; take up what an earlier server left."""
        self._workshop.http_url = http_url
        rows = self._jobs.unsettled()
        self._workshop.sweep(frozenset(row.job_id for row in rows if row.live))
        for row in rows:
            self.start(row)

    def start(self, row: JobRow) -> None:
        """Take a job from where it is to its end."""
        course = Course(self._workshop, row)
        self._courses[row.job_id] = course
        task = asyncio.create_task(course.run(), name=f"job {row.job_id}")
        self._tasks[row.job_id] = task
        task.add_done_callback(lambda task: self._ended(course, task))

    def _ended(self, course: Course, task: asyncio.Task[None]) -> None:
        self._tasks.pop(course.row.job_id, None)
        self._courses.pop(course.row.job_id, None)
        error = None if task.cancelled() else task.exception()
        if error:
            _log.error("job %s broke down", course.row.job_id, exc_info=error)
            course.break_down()

    def row(self, job_id: str) -> JobRow | None:
        """The job if the engine is at work on it."""
        course = self._courses.get(job_id)
        return course.row if course else None

    def cancel(self, job_id: str) -> None:
        """Ask a live job to end."""
        course = self._courses.get(job_id)
        if course:
            course.cancel()

    async def forget(self, job_id: str) -> None:
        """Stop work on an ended job and remove its folder."""
        self._courses.pop(job_id, None)
        task = self._tasks.pop(job_id, None)
        if task:
            task.cancel()
        await asyncio.to_thread(self._workshop.remove, job_id)

    async def close(self) -> None:
        """Stop following; the jobs themselves run on under their runners."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
