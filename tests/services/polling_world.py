"""Regions in which jobs come, run, end and go, and calls fail in every way, over hours that pass at once.

The tests run a few hours of them, `python -m benchmarks.polling_day` a whole day.
"""

from __future__ import annotations

import asyncio
import heapq
import re
from array import array
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from tests.services.insight_world import BEGIN, now
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.joblist.known import SWEEP_EVERY
from tui.domain.jobs import Job, JobError, JobPage, JobState, WorkerPool
from tui.domain.places import Place
from tui.domain.polling import MAX_BACKOFF_SECONDS, PollPace
from tui.services.jobwatch import JobsSnapshot, JobWatch

LIVE_SECONDS, IDLE_SECONDS = 2.0, 30.0
"""The defaults of the settings."""
MINUTE, HOUR = 60.0, 3600.0
MOST_MINUTES = 50 * 60
PAGE = 100
_SINCE = re.compile(r'create_time>="([^"]+)"')
_STATE = re.compile(r'state="(\w+)"')
_MACHINES = tuple(WorkerPool(machine, "NVIDIA_L4", 1, 1) for machine in ("g2-standard-4", "g2-standard-8"))


@dataclass(frozen=True, slots=True)
class Fault:
    """What calls in one region meet from one second of the story to another."""

    begin: float
    end: float
    kind: ErrorKind | None
    """None for answers that are only late."""

    def error(self, chance: Random) -> CloudError:
        """One of its failures."""
        assert self.kind is not None
        wait = chance.uniform(1, 40) if self.kind is ErrorKind.RATE and chance.random() < 0.8 else None
        return CloudError(str(self.kind), kind=self.kind, retryable=True, retry_after=wait)


def seeded(seed: int) -> Random:
    """Chances that come again with the same seed."""
    return Random(seed)  # noqa: S311 (a story, not a secret)


class Region:
    """`JobsGateway` of one place: its jobs live by themselves, and two calls at once are a mistake."""

    def __init__(
        self, place: Place, chance: Random, faults: list[Fault], *, jobs: int, an_hour: float
    ) -> None:
        """Begin with so many ended jobs; so many new ones come in an hour, and as many go in the long run."""
        self.place = place
        self.faults = faults
        self.jobs: dict[str, Job] = {}
        self.changed: dict[str, float] = {}
        """When each job changed last, in seconds of the story."""
        self.gone: dict[str, float] = {}
        """When records were deleted, those of the last hour."""
        self.calls = array("I", [0]) * MOST_MINUTES
        """By minute of the story."""
        self.failures = 0
        self._chance = chance
        self._most = jobs
        self._an_hour = an_hour
        self._numbers = count(1)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._busy = False
        for number in range(jobs):
            self._add_ended(-HOUR * 24 * 30 * (jobs - number) / jobs - HOUR)
        self._later(chance.expovariate(an_hour / HOUR), self._arrive)

    # The interface

    async def list_jobs(
        self, *, page_size: int = PAGE, page_token: str = "", filter_: str = "", brief: bool = False
    ) -> JobPage:
        async with self._call():
            found = self._found(filter_)
            start = int(page_token or 0)
            page = found[start : start + page_size]
            token = str(start + page_size) if len(found) > start + page_size else ""
            return JobPage(tuple(_brief(job) for job in page) if brief else tuple(page), token)

    async def get_job(self, name: str) -> Job:
        async with self._call():
            if name not in self.jobs:
                raise CloudError("No such job", kind=ErrorKind.NOT_FOUND)
            return self.jobs[name]

    async def create_job(self, custom_job: Mapping[str, Any]) -> Job:
        raise AssertionError(custom_job)

    async def cancel_job(self, name: str) -> None:
        raise AssertionError(name)

    async def delete_job(self, name: str) -> None:
        raise AssertionError(name)

    def _found(self, filter_: str) -> list[Job]:
        """Newest first; filters are those that the list makes."""
        newest = sorted(self.jobs.values(), key=lambda job: job.create_time or BEGIN, reverse=True)
        since, states = _SINCE.search(filter_), set(_STATE.findall(filter_))
        if since is None:
            assert not filter_, filter_
            return newest
        oldest = datetime.fromisoformat(since[1])
        return [job for job in newest if (job.create_time or BEGIN) >= oldest or job.state.wire in states]

    @asynccontextmanager
    async def _call(self) -> AsyncIterator[None]:
        """One call: never two at once, for a place has one poller, and polls never overlap."""
        assert not self._busy, f"two calls at once in {self.place}"
        self._busy = True
        try:
            self.calls[int(_seconds() // MINUTE)] += 1
            fault = self.fault_at(_seconds())
            late = fault is not None and fault.kind in {None, ErrorKind.TIMEOUT}
            await asyncio.sleep(self._chance.uniform(2, 15) if late else self._chance.uniform(0.02, 0.3))
            if fault is not None and fault.kind is not None:
                self.failures += 1
                raise fault.error(self._chance)
            self.live_on()
            yield
        finally:
            self._busy = False

    # Its life

    def fault_at(self, seconds: float) -> Fault | None:
        """What calls meet at that moment."""
        return next((fault for fault in self.faults if fault.begin <= seconds < fault.end), None)

    def healthy_since(self, seconds: float) -> float:
        """When the last fault ended, in seconds of the story; infinity while there is one."""
        if self.fault_at(seconds) is not None:
            return float("inf")
        return max((fault.end for fault in self.faults if fault.end <= seconds), default=0.0)

    def live_on(self) -> None:
        """Let everything happen that is due."""
        while self._events and self._events[0][0] <= _seconds():
            when, _, event = heapq.heappop(self._events)
            self._moment = when
            event()

    def _later(self, when: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._order), event))

    def _arrive(self) -> None:
        """A job is submitted; another one will be, and an old record may go."""
        when, chance = self._moment, self._chance
        name = self._add(when, JobState.QUEUED)
        pending = when + chance.uniform(1, 20)
        running = pending + chance.uniform(5, 200)
        ended = running + chance.expovariate(1 / (8 * MINUTE))
        outcome = chance.choice([JobState.SUCCEEDED, JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED])
        self._later(pending, lambda: self._change(name, state=JobState.PENDING))
        self._later(running, lambda: self._change(name, state=JobState.RUNNING, start_time=_moment(running)))
        self._later(ended, lambda: self._change(name, state=outcome, end_time=_moment(ended)))
        if outcome is JobState.FAILED:
            error = JobError(3, "The replica workerpool0-0 exited with a non-zero status of 1.")
            self._later(ended + chance.uniform(30, 100), lambda: self._change(name, error=error))
        while len(self.jobs) > self._most:
            self._remove(next(iter(self.jobs)) if chance.random() < 0.8 else chance.choice(list(self.jobs)))
        self._later(when + chance.expovariate(self._an_hour / HOUR), self._arrive)

    def _add(self, when: float, state: JobState) -> str:
        number = next(self._numbers)
        name = f"projects/1/locations/{self.place.region}/customJobs/{number}"
        self.jobs[name] = Job(
            name,
            f"job-{number}",
            state,
            create_time=_moment(when),
            labels={"team": "a", "submitted-by": "ana"},
            pools=(_MACHINES[number % 2],),
            raw={"name": name, "jobSpec": {"scheduling": {"timeout": "7200s"}}},
        )
        self.changed[name] = when
        return name

    def _add_ended(self, when: float) -> None:
        """A job of before the story, which is as heavy as those that lived in it."""
        name = self._add(when, JobState.QUEUED)
        course: tuple[dict[str, Any], ...] = (
            {"state": JobState.PENDING},
            {"state": JobState.RUNNING, "start_time": _moment(when + 2 * MINUTE)},
            {"state": JobState.SUCCEEDED, "end_time": _moment(when + 3 * MINUTE)},
        )
        for minutes, what in enumerate(course):
            self._moment = when + minutes * MINUTE
            self._change(name, **what)

    def _change(self, name: str, **what: Any) -> None:
        if name in self.jobs:
            self.jobs[name] = replace(self.jobs[name], update_time=_moment(self._moment), **what)
            self.changed[name] = self._moment

    def _remove(self, name: str) -> None:
        del self.jobs[name], self.changed[name]
        self.gone = {each: when for each, when in self.gone.items() if when > self._moment - HOUR}
        self.gone[name] = self._moment


def _seconds() -> float:
    return asyncio.get_running_loop().time()


def _moment(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def _brief(job: Job) -> Job:
    return replace(job, pools=(), raw={"name": job.name})


def five_regions(chance: Random, hours: float, *, jobs: int, an_hour: float) -> list[Region]:
    """Regions of a day: outages, storms, a login that expires, one whose permission is lost, late answers.

    All faults are over half an hour before the end.
    """
    names = ("europe-west4", "us-central1", "us-east1", "asia-east1", "me-west1")
    last = hours * HOUR - HOUR / 2
    regions = []
    login = _window(chance, last, 0.25, ErrorKind.EXPIRED_CREDENTIALS)
    for number, name in enumerate(names):
        faults = [
            login,
            _window(chance, last, 0.15, ErrorKind.UNREACHABLE),
            _window(chance, last, 0.03, ErrorKind.TIMEOUT),
            _window(chance, last, 0.05, None),
            *(_window(chance, last, 0.01, ErrorKind.RATE) for _ in range(4)),
            *(_window(chance, last, 0.001, ErrorKind.INTERNAL) for _ in range(4)),
        ]
        if number == len(names) - 1:
            faults.insert(0, Fault(0.3 * last, 0.8 * last, ErrorKind.DENIED))
        regions.append(
            Region(Place("kelp-train", name), chance, faults, jobs=jobs, an_hour=an_hour if number else 0.2)
        )
    return regions


def _window(chance: Random, last: float, share: float, kind: ErrorKind | None) -> Fault:
    begin = chance.uniform(0.02, 1 - share) * last
    return Fault(begin, begin + share * last * chance.uniform(0.5, 1), kind)


class Watched:
    """The app's poller over regions, and what it has published."""

    def __init__(self, regions: list[Region], chance: Random) -> None:
        self.regions = regions
        self.latest = JobsSnapshot()
        self.published = 0
        self.watch = JobWatch(
            {region.place: region for region in regions},
            lambda: PollPace(LIVE_SECONDS, IDLE_SECONDS, jitter=chance.random),
            self._publish,
            clock=now,
        )

    def _publish(self, snapshot: JobsSnapshot) -> None:
        self.latest = snapshot
        self.published += 1

    def check(self, *, patience: float) -> None:
        """What the list says of each region is what there is, or that it cannot be read.

        Args:
            patience: seconds that a change may take until it is in the list of a region that answers.
        """
        at = _seconds()
        states = {state.place: state for state in self.latest.places}
        shown: dict[str, dict[str, Job]] = {}
        for job in self.latest.jobs:
            shown.setdefault(job.region, {})[job.name] = job
        for region in self.regions:
            state, since = states[region.place], region.healthy_since(at)
            if since == float("inf"):
                fault = region.fault_at(at)
                assert fault is not None
                if fault.kind is not None and at - fault.begin > MAX_BACKOFF_SECONDS + patience:
                    assert state.trouble is not None, f"{region.place} fails in silence"
                    assert state.next_try is not None
                continue
            if at - since < MAX_BACKOFF_SECONDS + patience:
                continue
            assert state.trouble is None, f"{region.place} is well since {at - since:.0f} s: {state.trouble}"
            assert state.read_at is not None
            assert (now() - state.read_at).total_seconds() < patience, f"{region.place} is not fresh"
            region.live_on()
            self._compare(region, shown.get(region.place.region, {}), at - patience)
            pages = len(region.jobs) // PAGE + 1
            swept = at - 2 * SWEEP_EVERY.total_seconds() * pages - patience
            if since < swept:
                left = {name for name in shown.get(region.place.region, {}) if name not in region.jobs}
                assert all(region.gone.get(name, swept - 1) >= swept for name in left), "a record long gone"

    def _compare(self, region: Region, shown: Mapping[str, Job], settled: float) -> None:
        for name, job in region.jobs.items():
            if region.changed[name] < settled:
                found = shown.get(name)
                assert found is not None, f"{name} is missing"
                assert (found.state, found.error) == (job.state, job.error), name
                assert found.pools, f"{name} has no spec"


async def live_through(
    watched: Watched,
    hours: float,
    chance: Random,
    each_hour: Callable[[int], None] = lambda _hour: None,
    *,
    patience: float = 60.0,
) -> None:
    """Let so many hours pass; the terminal loses and gets the focus now and then, and no key is pressed."""
    running = asyncio.create_task(watched.watch.run())
    try:
        for hour in range(round(hours)):
            for _ in range(12):
                await asyncio.sleep(5 * MINUTE * chance.uniform(0.9, 1.1))
                assert not running.done(), running.exception()
                watched.check(patience=patience)
                watched.watch.attend(focused=chance.random() < 0.7)
            each_hour(hour + 1)
        watched.watch.attend(focused=True)
        await asyncio.sleep(30 * MINUTE)
        watched.check(patience=patience)
        assert watched.latest.trouble is None
        assert watched.latest.whole
    finally:
        running.cancel()
        await asyncio.wait([running])
