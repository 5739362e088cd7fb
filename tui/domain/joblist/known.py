"""The known jobs of one place, and how little has to be read to keep them right: a plain state machine.

The first read takes every job whole. After it only what can have changed is read, briefly: new jobs, and
those that are not settled yet, by a list that reaches back to them, one by one, or by their states, whichever
is less. Every now and then all are read, for records that others deleted. Source of the filters and of the
mask: `ListCustomJobsRequest` (FACTS 4.1).
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
from tui.domain.jobs import Job, JobState

PAGE = 100
"""Jobs on a page; gcloud asks for so many, and the most allowed is not documented."""
SWEEP_EVERY = timedelta(minutes=2)
"""Between two reads of everything, for each page that takes: half a call a minute."""
MANY_PAGES_REST = 4 / 3
"""How much longer the other reads rest then, so that all together stay at two calls a minute when idle."""
FEW = 20
"""Records that are missing from a read are looked for one by one, so many at a time."""
FEW_CALLS = 4
"""A read that would take more asks for live jobs by their states instead."""
AWAITED_AT_ONCE = 3
"""Ended jobs whose error is still to come that a read by states looks up, in turn."""
_EARLIEST = datetime.min.replace(tzinfo=UTC)


class Extent(Enum):
    """How much a read covers."""

    WHOLE = "whole"
    """Every job with its spec."""
    ALL = "all"
    """Every job, briefly."""
    RECENT = "recent"
    """Jobs created since a time, briefly, and some others by name."""
    LIVE = "live"
    """The same, and all that are in a live state."""


@dataclass(frozen=True, slots=True)
class Read:
    """One read of the list, of as many pages as it takes."""

    extent: Extent
    since: datetime | None = None
    """For RECENT and LIVE: the oldest creation time covered."""
    names: tuple[str, ...] = ()
    """For both: unsettled jobs from before that, to be read one by one."""

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
        since = f'create_time>="{moment}"'
        return since if self.extent is Extent.RECENT else " OR ".join([since, *_LIVE_STATES])


_LIVE_STATES = tuple(f'state="{state.wire}"' for state in JobState if state.live)


class KnownJobs:
    """What is known of the jobs of one project and region."""

    def __init__(self, earlier: Iterable[Job] = ()) -> None:
        """Begin with jobs that an earlier connection or session knew, until all have been read."""
        self._jobs: dict[str, Job] = {job.name: job for job in earlier}
        self._open = {name: job for name, job in self._jobs.items() if _unsettled(job)}
        self._ordered: tuple[int, list[Job]] = (-1, [])
        self._swept: datetime | None = None
        self._pages = 1
        self._wants_sweep = False
        self._refused: set[Extent] = set()
        self._turn = 0
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
        return [job for job in self._open.values() if job.state.live or awaits_error(job, now)]

    @property
    def rest_factor(self) -> float:
        """By how much an idle place rests longer than its interval."""
        return MANY_PAGES_REST if self._pages > 1 else 1.0

    def sweep(self) -> None:
        """Let the next read cover everything, as when the user asks for it."""
        self._wants_sweep = True

    def filter_refused(self, read: Read) -> None:
        """The service does not know the filter of this read: do without its kind from now on."""
        self._refused.add(read.extent)

    def next_read(self, now: datetime) -> Read:
        """What to read at `now`."""
        if self._swept is None:
            return Read(Extent.WHOLE)
        due = now - self._swept >= SWEEP_EVERY * self._pages
        if due or self._wants_sweep or not self._jobs or Extent.RECENT in self._refused:
            return Read(Extent.ALL)
        return self._recent(now)

    def _recent(self, now: datetime) -> Read:
        """The list that reaches back far enough, or less far with the older ones read by name."""
        ordered = self._by_time()
        waiting = sorted(self.unsettled(now), key=_created, reverse=True)
        best: tuple[int, datetime, int] | None = None
        for covered in range(len(waiting) + 1):
            since = _created(waiting[covered - 1] if covered else ordered[-1])
            newer = len(ordered) - bisect_left(ordered, since, key=_created)
            calls = newer // PAGE + 1 + len(waiting) - covered
            if best is None or calls < best[0]:
                best = (calls, since, covered)
        newest = _created(ordered[-1])
        if (
            best is not None
            and best[0] > FEW_CALLS
            and newest != _EARLIEST
            and Extent.LIVE not in self._refused
        ):
            return self._live(waiting, newest)
        if best is None or best[1] == _EARLIEST:
            return Read(Extent.ALL)
        return Read(Extent.RECENT, best[1], tuple(job.name for job in waiting[best[2] :]))

    def _live(self, waiting: list[Job], newest: datetime) -> Read:
        """New jobs and live ones, and in turn a few of those that await their error."""
        awaited = [job.name for job in waiting if not job.state.live]
        start = self._turn % len(awaited) if awaited else 0
        self._turn = start + AWAITED_AT_ONCE
        return Read(Extent.LIVE, newest, tuple((awaited[start:] + awaited[:start])[:AWAITED_AT_ONCE]))

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
            if _unsettled(job):
                self._open[job.name] = job
            else:
                self._open.pop(job.name, None)

    def drop(self, name: str) -> None:
        """Forget a job whose record is gone."""
        if self._jobs.pop(name, None) is not None:
            self._open.pop(name, None)
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
        if read.since is None:
            self._swept, self._pages, self._wants_sweep = begun, max(pages, 1), False
        unseen = [job for job in self._covered(read) if job.name not in seen]
        missing = {job.name for job in unseen if _created(job) < begun}
        gone = missing if first or pages == 1 else missing & self._suspects
        for name in gone:
            self.drop(name)
        left = missing - gone
        ended = self._ended(read, seen | missing)
        if len(left) <= FEW:
            self._suspects = frozenset()
            return [*sorted(left), *ended]
        self._suspects, self._wants_sweep = frozenset(left), True
        return ended

    def _ended(self, read: Read, dealt_with: set[str]) -> list[str]:
        """Live jobs that a read by states did not find: they have left these states, or are gone."""
        if read.extent is not Extent.LIVE:
            return []
        return [name for name, job in self._open.items() if job.state.live and name not in dealt_with][:FEW]

    def _covered(self, read: Read) -> list[Job]:
        """The known jobs that are on a read's pages by their time."""
        ordered = self._by_time()
        return ordered if read.since is None else ordered[bisect_left(ordered, read.since, key=_created) :]

    def _by_time(self) -> list[Job]:
        """All jobs by their creation, put in order anew only if something has changed."""
        if self._ordered[0] != self.version:
            self._ordered = (self.version, sorted(self._jobs.values(), key=_created))
        return self._ordered[1]


def _created(job: Job) -> datetime:
    return job.create_time or _EARLIEST


def _unsettled(job: Job) -> bool:
    """Whether more is to come, now or for a while after its end."""
    return job.state.live or (job.state is JobState.FAILED and job.error is None)


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
    return ChainMap(fresh, base)  # type: ignore[arg-type]  # only read from; copies would weigh more
