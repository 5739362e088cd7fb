"""Keeps for each place which ends were looked at and which jobs are watched, for all sessions on this box."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from tui.domain.joblist.homes import parent_of
from tui.domain.joblist.unseen import (
    MOST_STRETCHES,
    Ends,
    News,
    Noticed,
    Sight,
    Stretch,
    ended_at,
    first_ends,
    in_turn,
    is_unseen,
    with_seen,
    with_told,
    with_watch,
)
from tui.domain.jobs import Job
from tui.services.file_lock import locked
from tui.services.files import write_atomic
from tui.services.jobwatch import JobsSnapshot
from tui.services.paths import private_dir

FOLDER = "ends"
"""Below the state folder."""
KEEP_EVERY = timedelta(minutes=10)
"""While jobs run, the time of the last look is kept at most so often; it is always kept at the end."""
CLOSED = "vertex-tui was closed"

Change = Callable[[Ends], Ends]


class EndsStore:
    """One private file for each place; every change is made to what other sessions have written meanwhile."""

    def __init__(self, state_dir: Path, *, local: bool) -> None:
        self._folder = state_dir / FOLDER
        self._local = local

    def read(self, parent: str) -> Ends | None:
        """What is kept of the jobs below `projects/NUMBER/locations/REGION`; None if nothing can be read."""
        try:
            return _read(json.loads(self._file(parent).read_bytes()))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def change(self, parent: str, change: Change, first: Ends) -> Ends:
        """Change what is kept, or `first` if that is nothing yet; what is kept then.

        Raises:
            OSError: it cannot be written.
        """
        private_dir(self._folder)
        path = self._file(parent)
        with locked(path):
            before = self.read(parent)
            after = change(before or first)
            if after != before:
                write_atomic(path, json.dumps(_written(after)).encode(), mode=0o600)
        return after

    def _file(self, parent: str) -> Path:
        mark = f"{self._local}\n{parent}"
        return self._folder / f"{hashlib.sha256(mark.encode()).hexdigest()[:16]}.json"


@dataclass(frozen=True, slots=True)
class Ended:
    """A watched job that ended in sight of this session."""

    job: Job
    first: bool
    """Whether no other session has told it yet."""


class EndWatch:
    """Follows the list: which jobs end, and which ends nobody has looked at."""

    def __init__(
        self,
        store: EndsStore,
        me: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        offload: Callable[..., Awaitable[Any]] = asyncio.to_thread,
    ) -> None:
        """`me` is what the label `submitted-by` of this user's jobs says."""
        self._store = store
        self._me = me
        self._clock = clock
        self._offload = offload
        self._lock = asyncio.Lock()
        self._ends: dict[str, Ends] = {}
        self._jobs: tuple[Job, ...] = ()
        self._live: set[str] = set()
        self._started: set[str] = set()
        self._sight = Sight()
        self._read_at: dict[str, datetime] = {}
        self.noticed = Noticed()
        """What panes are given."""

    # What happens

    def started(self, name: str) -> None:
        """A job was started here: it is watched from now on, also before the list has it."""
        self._started.add(name)
        self._live.add(name)
        self._publish([])

    async def take(self, snapshot: JobsSnapshot) -> tuple[Ended, ...]:
        """Take a list; the watched jobs that have ended since the one before."""
        async with self._lock:
            return await self._take(snapshot)

    async def _take(self, snapshot: JobsSnapshot) -> tuple[Ended, ...]:
        if snapshot.kept:
            return ()
        stretches = self._look(snapshot)
        parents = _ready(snapshot)
        fresh = [parent for parent in parents if parent not in self._ends]
        for parent in parents & {parent_of_name(name) for name in self._started}:
            await self._watch_started(parent, snapshot)
        if snapshot.jobs is self._jobs and not fresh and not stretches:
            return ()
        self._jobs = snapshot.jobs
        for parent in fresh:
            stretches += await self._open(parent, snapshot)
        ended = await self._find_ended(snapshot)
        if self._live:
            await self._keep_look()
        self._publish(stretches, fresh)
        return ended

    async def see(self, *names: str) -> None:
        """The ends of jobs were looked at."""
        await self._apply(names, with_seen)

    async def watch(self, name: str, *, on: bool) -> None:
        """Watch a job, or do not any more."""
        if not on:
            self._started.discard(name)
        await self._apply([name], lambda ends, jobs: with_watch(ends, jobs[0].job_id, on=on))

    def wave_away(self) -> None:
        """What ended meanwhile was told."""
        self.noticed = replace(self.noticed, news=None)

    def close(self) -> None:
        """Keep when the list was looked at last; waits for the disk."""
        for parent, read_at in self._read_at.items():
            if parent in self._ends:
                with suppress(OSError):
                    self._store.change(parent, _looked(read_at), self._ends[parent])

    # How

    async def _apply(self, names: Collection[str], change: Callable[[Ends, Sequence[Job]], Ends]) -> None:
        """Change what is kept of jobs of the list, all of a place at once."""
        async with self._lock:
            places: dict[str, list[Job]] = {}
            for job in self._jobs:
                if job.name in names and (parent := parent_of(job)) in self._ends:
                    places.setdefault(parent, []).append(job)
            for parent, jobs in places.items():
                await self._change(parent, partial(_of_jobs, change, jobs))
            if places:
                self._publish([])

    async def _change(self, parent: str, change: Change) -> None:
        """Change what is kept; on a disk that does not take it, it holds for this session."""
        first, looked = self._ends.get(parent, Ends()), _looked(self._read_at.get(parent))
        try:
            both = partial(_both, change, looked)
            self._ends[parent] = await self._offload(self._store.change, parent, both, first)
        except OSError:
            self._ends[parent] = change(first)

    async def _open(self, parent: str, snapshot: JobsSnapshot) -> list[Stretch]:
        """Read what is kept of a place; since when nobody looked, if something ended meanwhile."""
        jobs = [job for job in snapshot.jobs if parent_of(job) == parent]
        known = await self._offload(self._store.read, parent)
        if known is None:
            await self._change(parent, lambda ends: ends if ends != Ends() else self._first(jobs))
            return []
        self._ends[parent] = known
        if known.looked_at is None or not any(is_unseen(job, known, self._me) for job in jobs):
            return []
        return [Stretch(known.looked_at, self._read_at.get(parent, self._clock()), CLOSED)]

    def _first(self, jobs: Iterable[Job]) -> Ends:
        return first_ends(jobs, but=frozenset(self._started))

    async def _watch_started(self, parent: str, snapshot: JobsSnapshot) -> None:
        """Keep that jobs started here are watched, once the list has them."""
        listed = {job.name for job in snapshot.jobs}
        names = {name for name in self._started & listed if parent_of_name(name) == parent}
        if not names:
            return
        if parent not in self._ends:
            await self._open(parent, snapshot)
        self._started -= names
        ids = sorted(name.rpartition("/")[2] for name in names)

        def watched(ends: Ends) -> Ends:
            for job_id in ids:
                ends = with_watch(ends, job_id, on=True)
            return ends

        await self._change(parent, watched)

    async def _find_ended(self, snapshot: JobsSnapshot) -> tuple[Ended, ...]:
        """Watched jobs that were live in the list before, whichever session watched them."""
        listed = {job.name for job in snapshot.jobs}
        ended = [
            job
            for job in snapshot.jobs
            if job.name in self._live and job.state.terminal and parent_of(job) in self._ends
        ]
        waiting = self._live - {job.name for job in ended}
        live = {job.name for job in snapshot.jobs if job.state.live}
        self._live = live | (self._started - listed) | {name for name in waiting if name in listed}
        found = []
        for job in ended:
            won = await self._claim(job)
            if job.job_id in self._ends[parent_of(job)].told:
                found.append(Ended(job, first=won))
        return tuple(found)

    async def _claim(self, job: Job) -> bool:
        """Note that the end of a watched job is told; whether this session is the one to tell it first."""
        won: list[bool] = []

        def tell(ends: Ends) -> Ends:
            won[:] = [job.job_id in ends.watched and job.job_id not in ends.told]
            return with_told(ends, job.job_id) if won[0] else ends

        await self._change(parent_of(job), tell)
        return won[0]

    def _look(self, snapshot: JobsSnapshot) -> list[Stretch]:
        """Note when each place was read; stretches without that which have just ended."""
        found = [
            self._sight.note(str(state.place), state.read_at, state.trouble) for state in snapshot.places
        ]
        read = {state.place: state.read_at for state in snapshot.places}
        for parent, place in snapshot.homes.items():
            if (read_at := read.get(place)) is not None:
                self._read_at[parent] = read_at
        return [stretch for stretch in found if stretch is not None]

    async def _keep_look(self) -> None:
        """Keep now and then, while something happens, when the list was read last."""
        now = self._clock()
        for parent, ends in tuple(self._ends.items()):
            if now - (ends.looked_at or now - KEEP_EVERY) >= KEEP_EVERY:
                await self._change(parent, lambda ends: ends)

    def _publish(self, stretches: list[Stretch], fresh: Iterable[str] = ()) -> None:
        unseen = in_turn(
            job
            for job in self._jobs
            if job.state.terminal
            and (ends := self._ends.get(parent_of(job))) is not None
            and is_unseen(job, ends, self._me)
        )
        watched = {
            f"{parent}/customJobs/{one}" for parent, ends in self._ends.items() for one in ends.watched
        }
        self.noticed = Noticed(
            frozenset(watched | self._started),
            tuple(job.name for job in unseen),
            self._news(unseen, stretches, frozenset(fresh)),
        )

    def _news(self, unseen: tuple[Job, ...], stretches: list[Stretch], fresh: frozenset[str]) -> News | None:
        """What ended before this session, or while nothing could be read."""
        before = self.noticed.news
        since = min((stretch.start for stretch in stretches), default=None)
        names = [
            job.name
            for job in unseen
            if parent_of(job) in fresh or (since is not None and (ended_at(job) or since) >= since)
        ]
        told = [*(before.stretches if before else ()), *stretches][-MOST_STRETCHES:]
        if not names and not (stretches and self._live):
            return before
        return News(tuple(dict.fromkeys([*(before.names if before else ()), *names])), tuple(told))


def _of_jobs(change: Callable[[Ends, Sequence[Job]], Ends], jobs: Sequence[Job], ends: Ends) -> Ends:
    return change(ends, jobs)


def _both(change: Change, then: Change, ends: Ends) -> Ends:
    return then(change(ends))


def parent_of_name(name: str) -> str:
    """The resource that a job of that name belongs to."""
    return name.rpartition("/customJobs/")[0]


def _ready(snapshot: JobsSnapshot) -> set[str]:
    """The places, as parents of jobs, whose whole list has been read."""
    whole = {state.place for state in snapshot.places if state.whole}
    return {parent for parent, place in snapshot.homes.items() if place in whole}


def _looked(read_at: datetime | None) -> Change:
    """Note when the list was read last, unless another session has noted a later time."""

    def change(ends: Ends) -> Ends:
        if read_at is None or (ends.looked_at is not None and ends.looked_at >= read_at):
            return ends
        return replace(ends, looked_at=read_at)

    return change


def _written(ends: Ends) -> Mapping[str, Any]:
    return {
        "since": ends.since.isoformat(),
        "seen": {job_id: when.isoformat() for job_id, when in ends.seen.items()},
        "watched": list(ends.watched),
        "told": list(ends.told),
        "looked_at": ends.looked_at.isoformat() if ends.looked_at else "",
    }


def _read(raw: Mapping[str, Any]) -> Ends:
    """What `_written` wrote.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it is something else.
    """
    return Ends(
        since=_time(raw["since"]),
        seen={str(job_id): _time(when) for job_id, when in raw["seen"].items()},
        watched=tuple(map(str, raw["watched"])),
        told=tuple(map(str, raw["told"])),
        looked_at=_time(raw["looked_at"]) if raw["looked_at"] else None,
    )


def _time(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=UTC)
