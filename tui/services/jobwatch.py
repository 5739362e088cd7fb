"""Keeps the job list right: one poller for the whole app, over all its projects and regions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property

from tui.domain.course.timeline import awaits_error
from tui.domain.errors import CloudError
from tui.domain.gateway import JobsGateway
from tui.domain.joblist.homes import parent_of
from tui.domain.jobs import Job, JobState
from tui.domain.places import Place
from tui.domain.polling import Budget, PollPace
from tui.services.placewatch import PlaceState, PlaceWatch, utc_now

READS_A_MINUTE = 360
"""Calls of all places together; Google allows 600 a minute for each project and region (FACTS 4.2)."""
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class JobsSnapshot:
    """The last list read, when, and what has been in the way since."""

    jobs: tuple[Job, ...] = field(default=(), repr=False)
    """Newest first, of all places."""
    read_at: datetime | None = None
    """When the list was last right, UTC: the oldest of its places' reads; None before the first time."""
    trouble: CloudError | None = None
    """Why the last try failed somewhere; None when none did."""
    trouble_since: datetime | None = None
    next_try: datetime | None = None
    """When the list will be read again, while there is trouble."""
    places: tuple[PlaceState, ...] = ()
    """How reading each place goes."""
    kept: bool = False
    """Whether nothing was read yet and this is the list of an earlier session; `read_at` is its time."""
    homes: Mapping[str, Place] = field(default_factory=dict)
    """The place of each parent of jobs, `projects/NUMBER/locations/REGION`."""

    def home(self, job: Job) -> Place | None:
        """Where a job lives, with the project's id: its record only knows the number; None if not known."""
        return self.homes.get(parent_of(job))

    @property
    def fresh_at(self) -> datetime | None:
        """`read_at` once every place has been read since the connection stands; None before."""
        read = not self.kept and all(state.read_at is not None for state in self.places)
        return self.read_at if read else None

    @property
    def good_at(self) -> datetime | None:
        """When those places were last right, UTC, that could be read last time; None when there are none."""
        times = [state.read_at for state in self.places if state.trouble is None and state.read_at]
        return None if self.kept else min(times, default=None)

    @cached_property
    def live(self) -> tuple[Job, ...]:
        """Jobs that still wait, run or end."""
        return tuple(job for job in self.jobs if job.state.live)

    @property
    def live_words(self) -> str:
        """`2 running`, `2 active` while some of them still wait, or nothing."""
        live = self.live
        running = all(job.state is JobState.RUNNING for job in live)
        return f"{len(live)} {'running' if running else 'active'}" if live else ""

    @property
    def whole(self) -> bool:
        """Whether every page of every place has been read once."""
        return all(state.whole for state in self.places) and not self.kept

    @property
    def failing(self) -> tuple[PlaceState, ...]:
        """Places that could not be read last time."""
        return tuple(state for state in self.places if state.trouble is not None)

    def unsettled(self, now: datetime) -> bool:
        """Whether a job is live, or has failed and its reason is still to come."""
        return any(job.state.live or awaits_error(job, now) for job in self.jobs)


class JobWatch:
    """Polls every place side by side and publishes one list."""

    def __init__(
        self,
        gateways: Mapping[Place, JobsGateway],
        pace: Callable[[], PollPace],
        publish: Callable[[JobsSnapshot], None],
        *,
        clock: Callable[[], datetime] = utc_now,
        earlier: JobsSnapshot | None = None,
    ) -> None:
        """Describe the watch.

        Args:
            gateways: the jobs of each place, in the order of the settings.
            pace: makes the state machine of one place's waiting.
            publish: told of each new list, on the event loop.
            clock: the time, UTC.
            earlier: the list of the connection or session before, shown until there is a newer one.
        """
        self._publish = publish
        self._earlier = earlier or JobsSnapshot()
        self._clock = clock
        self._budget = Budget(READS_A_MINUTE)
        self._paces = [pace() for _ in gateways]
        self._watches = [
            PlaceWatch(
                place,
                gateway,
                own,
                self._changed,
                turn=self._turn,
                clock=clock,
                earlier=[job for job in self._earlier.jobs if self._earlier.home(job) == place],
            )
            for (place, gateway), own in zip(gateways.items(), self._paces, strict=True)
        ]
        self._versions: tuple[int, ...] = ()
        self._jobs: tuple[Job, ...] = ()
        self._homes: dict[str, Place] = {}

    def refresh(self) -> None:
        """Read everything now instead of at the next turn; a read under way is not doubled."""
        for watch in self._watches:
            watch.refresh()

    def attend(self, *, focused: bool) -> None:
        """Slow down while nobody looks, and read at once when somebody does again."""
        for pace, watch in zip(self._paces, self._watches, strict=True):
            if pace.attend(focused=focused) and focused:
                watch.wake()

    async def run(self) -> None:
        """Poll until cancelled."""
        self._changed()
        async with asyncio.TaskGroup() as group:
            for watch in self._watches:
                group.create_task(watch.run())

    async def _turn(self) -> None:
        await asyncio.sleep(self._budget.take(asyncio.get_running_loop().time()))

    def _changed(self) -> None:
        versions = tuple(watch.known.version for watch in self._watches)
        if versions != self._versions:
            self._versions = versions
            # One place can be written in two ways, by a project's id and by its number.
            known = {job.name: job for watch in self._watches for job in watch.known.jobs}
            self._jobs = newest_first(known.values())
            self._homes = {
                parent_of(job): watch.state.place for watch in self._watches for job in watch.known.jobs[:1]
            }
        states = tuple(watch.state for watch in self._watches)
        if not self._jobs and not any(state.read_at or state.trouble for state in states):
            return
        found = replace(snapshot_of(self._jobs, states), homes=self._homes)
        if not any(watch.known.whole for watch in self._watches) and self._earlier.jobs:
            found = replace(found, kept=True, read_at=self._earlier.read_at)
        self._publish(found)


def newest_first(jobs: Iterable[Job]) -> tuple[Job, ...]:
    """The jobs by their creation, the newest first."""
    return tuple(sorted(jobs, key=lambda job: job.create_time or _EARLIEST, reverse=True))


def snapshot_of(jobs: tuple[Job, ...], states: tuple[PlaceState, ...]) -> JobsSnapshot:
    """One list of several places' ones, with the worst that is the matter."""
    failing = [state for state in states if state.trouble is not None]
    read = [state.read_at for state in states if state.read_at is not None]
    worst = failing[0] if failing else None
    tries = [state.next_try for state in failing if state.next_try is not None]
    return JobsSnapshot(
        jobs=jobs,
        read_at=min(read, default=None),
        trouble=worst.trouble if worst else None,
        trouble_since=worst.trouble_since if worst else None,
        next_try=min(tries, default=None),
        places=states,
    )
