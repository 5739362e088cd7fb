"""The readers of each project's logs, begun when a job of it is first met."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

from tui.domain.jobs import Job
from tui.services.insight_casebook import Casebook
from tui.services.insight_ended import EndedLogs
from tui.services.insight_live import Feed, LiveLogs
from tui.services.insight_looks import Looks
from tui.services.insight_reads import InsightTiming
from tui.services.logreads import LogReaders


class ProjectLogs:
    """For each project one reader of its live jobs, and one of those that are over."""

    def __init__(
        self,
        readers: LogReaders,
        book: Casebook,
        looks: Looks,
        timing: InsightTiming,
        project_of: Callable[[Job], str],
        *,
        feed: Feed,
    ) -> None:
        self._readers = readers
        self._feed = feed
        self._book = book
        self._looks = looks
        self._timing = timing
        self._project_of = project_of
        self._focused = True
        self._live: dict[str, LiveLogs] = {}
        self._ended: dict[str, EndedLogs] = {}
        self._group: asyncio.TaskGroup | None = None

    def begin(self, group: asyncio.TaskGroup) -> None:
        """Read from now on, also for projects that come later."""
        self._group = group
        for reader in self._all:
            group.create_task(reader.run())

    def end(self) -> None:
        """Begin no more readers."""
        self._group = None

    def follow(self, live: Mapping[str, Job]) -> None:
        """Take the live jobs by name."""
        by_project: dict[str, dict[str, Job]] = {project: {} for project in self._live}
        for name, job in live.items():
            by_project.setdefault(self._project_of(job), {})[name] = job
        for project, mine in by_project.items():
            self._live_of(project).note(mine)

    def just_ended(self, job: Job) -> None:
        """A job that was followed is over, or has its error now."""
        self._ended_in(self._project_of(job)).just_ended(job)

    def show(self, jobs: Iterable[Job]) -> None:
        """Tell each project which of the jobs in sight are over."""
        by_project: dict[str, list[Job]] = {project: [] for project in self._ended}
        for job in jobs:
            if job.state.terminal:
                by_project.setdefault(self._project_of(job), []).append(job)
        for project, mine in by_project.items():
            self._ended_in(project).show(mine)

    def attend(self, *, focused: bool) -> None:
        """Read less while nobody looks."""
        self._focused = focused
        for reader in self._all:
            reader.attend(focused=focused)

    @property
    def _all(self) -> list[LiveLogs | EndedLogs]:
        return [*self._live.values(), *self._ended.values()]

    def _live_of(self, project: str) -> LiveLogs:
        found = self._live.get(project)
        if found is None:
            found = LiveLogs(project, self._readers, self._book, self._looks, self._timing, feed=self._feed)
            self._live[project] = found
            self._set_out(found)
        return found

    def _ended_in(self, project: str) -> EndedLogs:
        found = self._ended.get(project)
        if found is None:
            found = self._ended[project] = EndedLogs(self._book, self._looks, self._timing)
            self._set_out(found)
        return found

    def _set_out(self, reader: LiveLogs | EndedLogs) -> None:
        reader.attend(focused=self._focused)
        if self._group is not None:
            self._group.create_task(reader.run())
