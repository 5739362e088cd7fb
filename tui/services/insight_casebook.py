"""What is known of all jobs that were looked into, kept within bounds and told in good time."""

from __future__ import annotations

import asyncio
import traceback
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

from tui.domain.diagnosis.model import Cause, Diagnosis
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.insight import JobInsight
from tui.domain.jobs import Job
from tui.domain.logs import LogEntry
from tui.services.insight_gathered import Gathered

Made = TypeVar("Made")
Offload = Callable[[Callable[[], object]], Awaitable[object]]
"""Has work done away from the event loop, one piece after the other."""


class Learnt(Protocol):
    """Is told what the log of a job that is over says."""

    def __call__(self, job: Job, diagnosis: Diagnosis, /, *, outputs_known: bool) -> object:
        """`outputs_known` is whether it was looked whether the job wrote anything."""


MOST_JOBS = 500
"""Jobs of which something is kept."""
MOST_CHARTS = 32
"""Jobs out of sight whose metrics are kept."""
FAULT = "A fault in vertex-tui"
_NOTHING_YET = frozenset({Cause.NONE, Cause.UNKNOWN})
"""What is said of a job as well when the telling lines are still to come."""
PIECE = 500
"""Entries that are read in one piece of work."""


class Casebook:
    """The findings by job; all methods are the event loop's."""

    def __init__(
        self,
        publish: Callable[[Mapping[str, JobInsight]], None],
        offload: Offload,
        clock: Callable[[], datetime],
        rest: float,
        *,
        project_of: Callable[[Job], str] = lambda _job: "",
        secrets: Callable[[], Sequence[str]] = tuple,
        report: Callable[[Exception], object] | None = None,
        learnt: Learnt | None = None,
        read_before: Callable[[Job], bool] = lambda _job: False,
    ) -> None:
        """Describe it.

        Args:
            publish: told of the findings, by resource names.
            offload: does heavy work.
            clock: the time, UTC.
            rest: seconds between two tellings.
            project_of: the id of a job's project.
            secrets: values that must not be quoted; asked for where the heavy work is done.
            report: told of each bug once; the loop's own handler unless given.
            learnt: told how jobs ended, again whenever that or their records change.
            read_before: whether the log of a job that is over was read before this session.
        """
        self.clock = clock
        self.in_sight: Collection[str] = frozenset()
        """Names of jobs that are not to be forgotten: those shown."""
        self.first = ""
        """The name of the one under the cursor."""
        self.read_before = read_before
        self._live: Collection[str] = frozenset()
        self._project_of = project_of
        self._secrets = secrets
        self._report = report
        self._learnt = learnt
        self._reported: set[tuple[object, ...]] = set()
        self._publish = publish
        self._offload = offload
        self._rest = rest
        self._kept: OrderedDict[str, Gathered] = OrderedDict()
        self._told: dict[str, JobInsight] = {}
        self._changed: dict[str, None] = {}
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._kept)

    def known(self, name: str) -> Gathered | None:
        """What is known of a job that was looked into."""
        return self._kept.get(name)

    def of(self, job: Job) -> Gathered:
        """What is known of a job from now on."""
        found = self._kept.get(job.name)
        if found is None:
            found = self._kept[job.name] = Gathered(job, self._project_of(job))
            if job.state.terminal:
                found.course.note_end(job, self.clock())
        self._kept.move_to_end(job.name)
        return found

    def note(self, job: Job) -> None:
        """The newest record of a job, if it was looked into."""
        found = self._kept.get(job.name)
        if found is not None and found.job is not job:
            found.job = job
            if job.state.terminal:
                found.course.note_end(job, self.clock())
                self.changed(job.name)

    def note_live(self, names: Collection[str]) -> None:
        """Take the names of the live jobs of the newest list: others may be forgotten."""
        gone = any(name not in names for name in self._live)
        self._live = names
        if gone and len(self) > MOST_JOBS:
            self._wake.set()

    def moved(self) -> set[str]:
        """Forget what was read of jobs whose project turned out to be another; their names."""
        moved = [found for found in self._kept.values() if self._project_of(found.job) != found.project]
        for found in moved:
            del self._kept[found.job.name]
            self.of(found.job)
            self.changed(found.job.name)
        return {found.job.name for found in moved}

    def changed(self, name: str) -> None:
        """Something about a job is to be told."""
        self._changed[name] = None
        self._wake.set()

    def trouble(self, found: Gathered, error: CloudError | None) -> None:
        """A job's log could not be read, or can be again."""
        if found.course.trouble is not error and not found.course.broken:
            found.course.trouble = error
            self.changed(found.job.name)

    def fault(self, error: Exception, found: Gathered | None = None) -> CloudError:
        """Tell of a bug, each place of the code once; `found` is not looked at any more.

        What is given back can be told as the job's trouble.
        """
        trouble = CloudError(FAULT, f"{type(error).__name__} while a log was read.", kind=ErrorKind.LOCAL)
        if found is not None and not found.course.broken:
            self.trouble(found, trouble)
            found.course.broken = True
        last = traceback.extract_tb(error.__traceback__)[-1:]
        place = (type(error), *((each.filename, each.lineno) for each in last))
        if place in self._reported:
            return trouble
        self._reported.add(place)
        if self._report is not None:
            self._report(error)
        else:
            context = {"message": "Reading the logs of jobs", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)
        return trouble

    # Heavy work

    async def take(self, found: Gathered, entries: Sequence[LogEntry]) -> int:
        """Take entries in; how many were new."""
        new = 0
        for start in range(0, len(entries), PIECE):
            part = entries[start : start + PIECE]
            new += await self._about(found, partial(found.take, part)) or 0
        if new:
            self.changed(found.job.name)
        return new

    async def diagnose(self, found: Gathered, *, certain: bool) -> None:
        """Diagnose a job by what is kept of its log; `certain` is whether its last lines are among that."""
        job, now, empty = found.job, self.clock(), found.course.outputs_empty

        def work() -> None:
            found.diagnose(job, now, certain=certain, outputs_empty=empty, secrets=self._secrets())

        await self._about(found, work)
        # Only now, or the diagnosis before would pass for the last one.
        found.course.certain = certain and (found.job.error is None) == (job.error is None)
        found.course.knew_error = job.error is not None
        self.changed(job.name)

    async def diagnose_record(self, found: Gathered) -> None:
        """Diagnose a job by its record alone."""
        job, now = found.job, self.clock()
        found.course.from_record = True
        await self._about(found, lambda: found.diagnose_record(job, now, self._secrets()))
        self.changed(job.name)

    async def ask(self, look: Callable[[], Made]) -> Made:
        """Look something up in what was gathered, in turn with the other work."""
        return await self._away(look)

    async def _about(self, found: Gathered, work: Callable[[], Made]) -> Made | None:
        """Have work done about one job; None if a bug keeps it from being done, now or before."""
        if found.course.broken:
            return None
        try:
            return await self._away(work)
        except Exception as error:  # noqa: BLE001 (told; one odd log must not keep the others from being read)
            self.fault(error, found)
            return None

    async def _away(self, work: Callable[[], Made]) -> Made:
        return await self._offload(work)  # type: ignore[return-value]  # what the work gives

    # Telling

    async def keep_telling(self) -> None:
        """Tell what has changed, at most every so often; never ends."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            names, self._changed = self._changed, {}
            if await self._tell(names) | await self._forget():
                self._publish(dict(self._told))
            await asyncio.sleep(self._rest)

    async def _tell(self, names: Iterable[str]) -> bool:
        new = False
        for name in names:
            found = self._kept.get(name)
            if found is None:
                continue
            job, now = found.job, self.clock()
            try:
                insight = await self._away(partial(found.told, job, now, found.course))
            except Exception as error:  # noqa: BLE001 (as above)
                self.fault(error, found)
                continue
            self._learn(job, found, insight.diagnosis)
            if insight is not found.insight or name not in self._told:
                found.insight = self._told[name] = insight
                new = True
        return new

    def _learn(self, job: Job, found: Gathered, diagnosis: Diagnosis | None) -> None:
        """Hand on what the log of a job that is over says, once no later line is likely to change it."""
        course = found.course
        if self._learnt is None or diagnosis is None or not job.state.terminal or course.looked_at is None:
            return
        if course.certain or diagnosis.cause not in _NOTHING_YET:
            self._learnt(job, diagnosis, outputs_known=course.outputs_empty is not None)

    async def _forget(self) -> bool:
        """Forget lines about which all is said, metrics of jobs out of sight, and at last whole jobs."""
        now = self.clock()
        for found in list(self._kept.values()):
            course = found.course
            if not course.released and not course.looking and found.settled(now):
                course.released = True
                await self._away(found.release)
        idle = [
            found
            for name, found in self._kept.items()
            if name not in self.in_sight and name != self.first and name not in self._live
        ]
        with_points = [found for found in idle if found.has_points]
        for found in with_points[: max(len(with_points) - MOST_CHARTS, 0)]:
            await self._away(found.drop_points)
            course = found.course
            course.history_before, course.history_pages, course.history_done = None, 0, False
            self.changed(found.job.name)
        gone = [found.job.name for found in idle[: max(len(self._kept) - MOST_JOBS, 0)]]
        for name in gone:
            del self._kept[name]
            self._told.pop(name, None)
        return bool(gone)
