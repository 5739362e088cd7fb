"""The known jobs of one place, and how little has to be read to keep them right: a plain state machine.

The first read takes every job whole. After it only what can have changed is read, briefly: new jobs, and
those that are not settled yet, by a list that reaches back to them or one by one, whichever is less.
Every now and then all are read, for records that others deleted. Source of the filter and of the mask:
`ListCustomJobsRequest` (FACTS 4.1).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from tui.domain.course.timeline import awaits_error
from tui.domain.jobs import Job

PAGE = 100
"""Jobs on a page; gcloud asks for so many, and the most allowed is not documented."""
SWEEP_EVERY = timedelta(minutes=2)
"""Between two reads of everything, for each page that takes: half a call a minute."""
MANY_PAGES_REST = 4 / 3
"""How much longer the other reads rest then, so that all together stay at two calls a minute when idle."""
FEW = 20
"""Records that are missing from a read of several pages are looked for one by one, so many at a time."""
_EARLIEST = datetime.min.replace(tzinfo=UTC)


class Extent(Enum):
    """How much a read covers."""

    WHOLE = "whole"
    """Every job with its spec."""
    ALL = "all"
    """Every job, briefly."""
    RECENT = "recent"
    """Jobs created since a time, briefly, and some others by name."""


@dataclass(frozen=True, slots=True)
class Read:
    """One read of the list, of as many pages as it takes."""

    extent: Extent
    since: datetime | None = None
    """For RECENT: the oldest creation time covered."""
    names: tuple[str, ...] = ()
    """For RECENT: unsettled jobs from before that, to be read one by one."""

    @property
    def brief(self) -> bool:
        """Whether specs are left out."""
        return self.extent is not Extent.WHOLE

    @property
    def filter(self) -> str:
        """The filter of the list request."""
        if self.since is None:
            return ""
        moment = self.since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return f'create_time>="{moment}"'


class KnownJobs:
    """What is known of the jobs of one project and region."""

    def __init__(self, earlier: Iterable[Job] = ()) -> None:
        """Begin with jobs that an earlier connection or session knew, until all have been read."""
        self._jobs: dict[str, Job] = {job.name: job for job in earlier}
        self._swept: datetime | None = None
        self._pages = 1
        self._wants_sweep = False
        self._filter_works = True
        self._suspects: frozenset[str] = frozenset()
        self.version = 1 if self._jobs else 0
        """Goes up whenever a job came, went or changed."""

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All known jobs, in no order."""
        return tuple(self._jobs.values())

    @property
    def whole(self) -> bool:
        """Whether every job has been read once."""
        return self._swept is not None

    def unsettled(self, now: datetime) -> list[Job]:
        """Jobs that are live, or whose reason of failure is still to come."""
        return [job for job in self._jobs.values() if job.state.live or awaits_error(job, now)]

    @property
    def rest_factor(self) -> float:
        """By how much an idle place rests longer than its interval."""
        return MANY_PAGES_REST if self._pages > 1 else 1.0

    def sweep(self) -> None:
        """Let the next read cover everything, as when the user asks for it."""
        self._wants_sweep = True

    def filter_refused(self) -> None:
        """The service does not know the filter: read everything each time from now on."""
        self._filter_works = False

    def next_read(self, now: datetime) -> Read:
        """What to read at `now`."""
        if self._swept is None:
            return Read(Extent.WHOLE)
        due = now - self._swept >= SWEEP_EVERY * self._pages
        if due or self._wants_sweep or not self._filter_works or not self._jobs:
            return Read(Extent.ALL)
        return self._recent(now)

    def _recent(self, now: datetime) -> Read:
        """The list that reaches back far enough, or less far with the older ones read by name."""
        created = sorted(job.create_time or _EARLIEST for job in self._jobs.values())
        waiting = sorted(self.unsettled(now), key=lambda job: job.create_time or _EARLIEST, reverse=True)
        best: tuple[int, datetime, int] | None = None
        for covered in range(len(waiting) + 1):
            since = (waiting[covered - 1].create_time if covered else created[-1]) or _EARLIEST
            newer = len(created) - bisect_left(created, since)
            calls = newer // PAGE + 1 + len(waiting) - covered
            if best is None or calls < best[0]:
                best = (calls, since, covered)
        if best is None or best[1] == _EARLIEST:
            return Read(Extent.ALL)
        return Read(Extent.RECENT, best[1], tuple(job.name for job in waiting[best[2] :]))

    def take(self, jobs: Iterable[Job], *, brief: bool) -> list[str]:
        """Take in what a page says; the names of jobs that have to be read whole, for they are new."""
        unknown: list[str] = []
        for job in jobs:
            known = self._jobs.get(job.name)
            if not brief:
                self.put(job)
            elif known is None:
                unknown.append(job.name)
            else:
                self.put(merged(known, job))
        return unknown

    def put(self, job: Job) -> None:
        """Know a job as it is now."""
        known = self._jobs.get(job.name)
        if known != job or not self.whole:  # what an earlier session kept has no spec, and equals the job
            self._jobs[job.name] = job
            self.version += 1

    def drop(self, name: str) -> None:
        """Forget a job whose record is gone."""
        if self._jobs.pop(name, None) is not None:
            self.version += 1

    def done(self, read: Read, seen: set[str], pages: int, begun: datetime) -> list[str]:
        """A read is through: the names of jobs to be looked for one by one, for it should have found them.

        Records that go while pages are read shift the following ones, so that one can be skipped: what is
        missing from a read of one page is gone, and so is what two reads of several pages miss.

        Args:
            read: the read.
            seen: names of all jobs on its pages.
            pages: how many pages it took.
            begun: when it began, so that what came to be known since is not missed.
        """
        first = not self.whole
        if read.extent is not Extent.RECENT:
            self._swept, self._pages, self._wants_sweep = begun, max(pages, 1), False
        missing = {
            name
            for name, job in self._jobs.items()
            if name not in seen and _covered(job, read) and (job.create_time or _EARLIEST) < begun
        }
        gone = missing if first or pages == 1 else missing & self._suspects
        for name in gone:
            self.drop(name)
        left = missing - gone
        if len(left) <= FEW:
            self._suspects = frozenset()
            return sorted(left)
        self._suspects, self._wants_sweep = frozenset(left), True
        return []


def _covered(job: Job, read: Read) -> bool:
    return read.since is None or (job.create_time is not None and job.create_time >= read.since)


def merged(known: Job, brief: Job) -> Job:
    """A job known whole, with what a brief record says of it now."""
    fresh = replace(
        known,
        display_name=brief.display_name,
        state=brief.state,
        create_time=brief.create_time,
        start_time=brief.start_time,
        end_time=brief.end_time,
        update_time=brief.update_time,
        error=brief.error,
        labels=brief.labels,
    )
    return known if fresh == known else replace(fresh, raw=_over(brief.raw, known.raw))


def _over(fresh: Mapping[str, Any], old: Mapping[str, Any]) -> Mapping[str, Any]:
    """The newer fields before the older ones; never a chain of more than two."""
    base = old.maps[-1] if isinstance(old, ChainMap) else old
    return ChainMap(dict(fresh), base)  # type: ignore[arg-type]  # only read from
