"""Logs of several jobs behind our own Protocol, with tail sessions and faults, in hours that pass at once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

from tests.fake_logs import FakeJobs, running_job
from tests.services.insight_world import BEGIN, live, now
from tui.cloud.log_entries import nanoseconds
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.jobs import Job
from tui.domain.logs import EntryKey, LogEntry, LogPage, TailBatch
from tui.services.follow.follower import LogFollower
from tui.services.follow.state import FollowStatus, FollowTiming, LogBatch, Mark, Phase
from tui.services.logreads import LogReaders

__all__ = ["Follows", "Service", "World", "job", "live", "now", "settled"]
SECOND_NS = 1_000_000_000
PROJECT = "kelp-train"
_LAST = 2**63


def job(number: int, **more: Any) -> Job:
    return replace(running_job(), name=f"projects/1/locations/europe-west4/customJobs/{number}", **more)


def time_ns(at: float) -> int:
    """Nanoseconds since the epoch at a second of the story."""
    return int(BEGIN.timestamp()) * SECOND_NS + int(at * 1000) * 1_000_000


@dataclass(slots=True)
class _Session:
    filter: str
    queue: asyncio.Queue[TailBatch | CloudError | None]
    opened: float
    closed: float | None = None


class Service:
    """`LogsGateway`: what is printed is stored at once, pushed to tails, and listed by the filter's terms."""

    def __init__(self, *, can_tail: bool = True, sessions: int = 10, longest: float = 3600.0) -> None:
        self.can_tail = can_tail
        self.room = sessions
        """Tail sessions that may be open at a time."""
        self.longest = longest
        self.stored: list[tuple[LogEntry, int]] = []
        """With the time of receipt."""
        self.reads: list[tuple[float, str]] = []
        """When, and with what filter."""
        self.errors: list[CloudError] = []
        self.sessions: list[_Session] = []
        self.tries: list[float] = []
        self._count = 0

    def print(
        self, number: int, text: str = "", *, at: float | None = None, tail: bool = True, replica: str = ""
    ) -> LogEntry:
        """A line of a job, written at a second of the story and received now; perhaps not told by tails."""
        self._count += 1
        moment = asyncio.get_running_loop().time()
        entry = LogEntry(
            time_ns(moment if at is None else at) + self._count,
            f"i{self._count:09}",
            "projects/p/logs/x",
            200,
            text or f"line {self._count}",
            replica or "workerpool0-0",
            job_id=str(number),
        )
        self.stored.append((entry, time_ns(moment)))
        for session in self.open if tail else ():
            if f'"{number}"' in session.filter:
                session.queue.put_nowait(TailBatch((entry,)))
        return entry

    @property
    def open(self) -> list[_Session]:
        return [each for each in self.sessions if each.closed is None]

    def keys(self, number: int) -> set[EntryKey]:
        return {entry.key for entry, _ in self.stored if entry.job_id == str(number)}

    def break_tails(self, error: CloudError | None = None) -> None:
        for session in self.open:
            session.queue.put_nowait(error)

    def reads_between(self, begin: float, end: float) -> int:
        return sum(1 for at, _ in self.reads if begin <= at < end)

    async def list_entries(
        self, filter_: str, *, page_size: int = 1000, page_token: str = "", newest_first: bool = False
    ) -> LogPage:
        self.reads.append((asyncio.get_running_loop().time(), filter_))
        await asyncio.sleep(0.05)
        if self.errors:
            raise self.errors.pop(0)
        fits = _reads(filter_)
        found = sorted(
            (entry for entry, received in self.stored if fits(entry, received)),
            key=lambda entry: entry.key,
            reverse=newest_first,
        )
        if page_token:
            after = next(entry.key for entry, _ in self.stored if entry.insert_id == page_token)
            found = [each for each in found if (each.key < after if newest_first else each.key > after)]
        token = found[page_size - 1].insert_id if len(found) > page_size else ""
        return LogPage(tuple(found[:page_size]), token)

    async def tail(self, filter_: str) -> AsyncGenerator[TailBatch, None]:
        loop = asyncio.get_running_loop()
        self.tries.append(loop.time())
        await asyncio.sleep(0.05)
        if len(self.open) >= self.room:
            raise CloudError("There are too many tail sessions open", kind=ErrorKind.RATE)
        session = _Session(filter_, asyncio.Queue(), loop.time())
        self.sessions.append(session)
        timer = loop.call_later(self.longest, session.queue.put_nowait, None)
        try:
            while (item := await session.queue.get()) is not None:
                if isinstance(item, CloudError):
                    raise item
                yield item
        finally:
            timer.cancel()
            session.closed = loop.time()


def _reads(filter_: str) -> Callable[[LogEntry, int], bool]:
    """The terms that our own filters are made of."""
    ids = set(re.findall(r'"(\d+)"', filter_.partition("job_id=")[2].partition(" AND ")[0]))
    either = re.search(r'\(timestamp>="([^"]+)" OR receiveTimestamp>="[^"]+"\)', filter_)
    new = nanoseconds(either[1]) if either else 0
    rest = filter_.replace(either[0], "") if either else filter_

    def term(name: str, default: int) -> int:
        match = re.search(rf'(?:^| ){name}"([^"]+)"', rest)
        return nanoseconds(match[1]) if match else default

    since, received_since = term("timestamp>=", 0), term("receiveTimestamp>=", 0)
    until = min(term("timestamp<=", _LAST), term("timestamp<", _LAST) - 1)

    def fits(entry: LogEntry, received: int) -> bool:
        time = entry.timestamp_ns
        return (
            since <= time <= until
            and received >= received_since
            and (time >= new or received >= new)
            and entry.job_id in ids
        )

    return fits


class Follows:
    """A follower and what it said."""

    def __init__(self, world: World, each: Job, *, mark: Mark | None = None, room: int = 1_000_000) -> None:
        self.jobs = FakeJobs(each)
        self.batches: list[LogBatch] = []
        self.statuses: list[FollowStatus] = []
        self.at: dict[EntryKey, float] = {}
        """When each entry came first."""
        self.follower = LogFollower(
            world.readers,
            PROJECT,
            self.jobs,
            each,
            on_batch=self._batch,
            on_status=self.statuses.append,
            max_entries=room,
            timing=world.timing,
            mark=mark,
            clock=now,
        )

    def _batch(self, batch: LogBatch) -> None:
        self.batches.append(batch)
        for entry in batch.entries:
            self.at.setdefault(entry.key, asyncio.get_running_loop().time())

    @property
    def phase(self) -> Phase:
        return self.statuses[-1].phase if self.statuses else Phase.LOADING

    @property
    def keys(self) -> set[EntryKey]:
        return set(self.at)


class World:
    """Followers of one project's jobs."""

    def __init__(self, service: Service, timing: FollowTiming | None = None) -> None:
        self.service = service
        self.timing = timing or FollowTiming()
        self.readers = LogReaders(lambda _project: service)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._stack.aclose()
        assert not self.service.open

    async def follow(self, number: int, *, each: Job | None = None, **more: Any) -> Follows:
        """Follow a job from now on."""
        return await self._stack.enter_async_context(self.following(number, each=each, **more))

    @asynccontextmanager
    async def following(
        self, number: int, *, each: Job | None = None, **more: Any
    ) -> AsyncGenerator[Follows, None]:
        """Follow a job for as long as the block lasts."""
        follows = Follows(self, each or job(number), **more)
        task = asyncio.create_task(follows.follower.run())
        try:
            yield follows
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def prints(self, numbers: Sequence[int], rate: float) -> asyncio.Task[None]:
        """Each of the jobs prints so many lines a second until the task is cancelled."""

        async def work() -> None:
            while True:
                for number in numbers:
                    self.service.print(number)
                await asyncio.sleep(1 / rate)

        return asyncio.create_task(work())


async def settled(condition: Callable[[], object], seconds: float = 600.0) -> None:
    """Let time pass until a condition holds; at most so many seconds of the story."""
    end = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < end, "it did not come about"
        await asyncio.sleep(0.1)


def at_utc(seconds: float) -> datetime:
    """A moment of the story."""
    return datetime.fromtimestamp(BEGIN.timestamp() + seconds, UTC)
