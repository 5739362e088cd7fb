"""What all who follow logs of one project share: one tail and one re-query."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import LogsGateway
from tui.domain.logs import LogEntry, TailBatch, fitting
from tui.services.follow.rounds import Followed, Rounds
from tui.services.follow.state import FollowTiming, utc_now
from tui.services.follow.tails import Tails

LOUD = 50.0
"""Entries a second of a job that nobody follows, above which its entries are not asked for along the way."""
LOUD_SECONDS = 10.0
"""Measured over so long."""
TOO_MANY = CloudError(
    "Too many jobs for one live session",
    "The log of this job is read again every few seconds instead.",
    kind=ErrorKind.PRECONDITION,
)
Riding = Callable[[str, Sequence[LogEntry]], object]
"""Takes entries of a job, by its id."""


class Member(Protocol):
    """Who follows one job's log."""

    def took(self, entries: Sequence[LogEntry], *, missed: bool, shared: bool) -> None:
        """Entries came, perhaps again.

        `missed`: it is no wonder if they are old; `shared`: the rider was given them.
        """

    def left_out(self, count: int) -> None:
        """The tail left so many entries out, of all jobs together."""

    def turned(self) -> None:
        """Something about the reading changed."""


@dataclass(slots=True)
class _Seat:
    """One job that is followed, and by whom."""

    file: Followed
    members: list[Member] = field(default_factory=list)


@dataclass(slots=True)
class _Life:
    """What runs while somebody follows."""

    tails: Tails
    rounds: Rounds
    tasks: list[asyncio.Task[None]]


class LogHub:
    """One project's logs, for all who follow some; nothing runs while nobody does."""

    def __init__(
        self, logs: Callable[[bool], LogsGateway], *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        """Describe it; `logs` gives those of the connection that stands, to be read urgently or not."""
        self._logs = logs
        self._clock = clock
        self._seats: dict[str, _Seat] = {}
        """By job id, the one shown last first."""
        self._life: _Life | None = None
        self._riders: tuple[str, ...] = ()
        self._rider: Riding | None = None
        self._loud: set[str] = set()
        self._heard = float("-inf")
        self._troubled = False
        self._counts: Counter[str] = Counter()
        self._counted_since = 0.0
        self._fed_since: dict[str, float] = {}

    # Who follows

    @asynccontextmanager
    async def following(
        self, file: Followed, member: Member, timing: FollowTiming
    ) -> AsyncIterator[Followed]:
        """Follow a job until the end of the block; `timing` is that of the first one in.

        What is given back is shared with others that follow the same job.
        """
        seat = self._seats.get(file.job_id) or _Seat(file)
        seat.members.append(member)
        others = {job_id: each for job_id, each in self._seats.items() if each is not seat}
        self._seats = {file.job_id: seat, **others}
        if self._life is None:
            self._begin(timing)
        self._reseat()
        if self._life is not None and file.job_id in self._life.tails.covered:
            seat.file.covered(live=True)  # the session has had it along for the rider, and stays as it is
        try:
            yield seat.file
        finally:
            await self._leave(seat, member)

    async def _leave(self, seat: _Seat, member: Member) -> None:
        seat.members.remove(member)
        if not seat.members:
            del self._seats[seat.file.job_id]
            seat.file.covered(live=False)
        self._reseat()
        if not self._seats and self._life is not None:
            life, self._life = self._life, None
            self._fed_since.clear()
            for task in life.tasks:
                task.cancel()
            await asyncio.wait(life.tasks)

    def to_front(self, job_id: str) -> None:
        """This job is looked at: if there are too many for one tail, it is among those covered."""
        if job_id in self._seats and next(iter(self._seats)) != job_id:
            self._seats = {job_id: self._seats[job_id], **self._seats}
            self._reseat()

    def begun(self, file: Followed, newest: Sequence[LogEntry], at: float) -> None:
        """The newest page of a job has been read, from `at` on (loop time): newest entry first."""
        if file.begun:
            return
        file.begun, file.read_at = True, at
        if newest:
            life = self._life
            file.mark_ns = life.rounds.newest(newest[::-1]) if life else newest[0].timestamp_ns
        if self._life is not None:
            self._life.rounds.wake()

    def retry_now(self) -> None:
        """Try at once what failed."""
        if self._life is not None:
            self._life.rounds.wake()
            self._life.tails.retry_now()

    def _begin(self, timing: FollowTiming) -> None:
        tails = Tails(lambda: self._logs(True), timing, take=self._take, changed=self._covered)  # noqa: FBT003
        rounds = Rounds(
            self._logs,
            timing,
            lambda: [seat.file for seat in self._seats.values()],
            hand=self._hand,
            changed=self._listed,
            clock=self._clock,
        )
        self._life = _Life(tails, rounds, [asyncio.create_task(each.run()) for each in (tails, rounds)])

    # Who rides along

    def ride(self, job_ids: Iterable[str], take: Riding) -> None:
        """Take entries of these jobs as they come, too, while a tail is open for others."""
        riders = tuple(job_ids)
        self._rider = take
        if riders != self._riders:
            self._riders = riders
            self._loud &= set(riders)
            self._reseat()

    def fed_since(self, job_id: str) -> float | None:
        """Since when (loop time) all entries of a job come to the rider by themselves; None if not."""
        return self._fed_since.get(job_id)

    def _reseat(self) -> None:
        """Say which jobs are wanted now."""
        if self._life is not None and self._seats:
            along = [each for each in self._riders if each not in self._seats and each not in self._loud]
            self._life.tails.want([*self._seats, *along])

    # What is told

    def trouble_of(self, file: Followed) -> CloudError | None:
        """What is in the way of a job's tail, if there is none."""
        if self._life is None or file.live:
            return None
        if self._life.tails.error is None and file.job_id in list(self._seats)[fitting(list(self._seats)) :]:
            return TOO_MANY
        return self._life.tails.error

    @property
    def undecided(self) -> bool:
        """Whether it is not known yet if there is a tail."""
        return self._life is not None and self._life.tails.undecided

    @property
    def rounds(self) -> Rounds | None:
        """The lists, while somebody follows."""
        return self._life.rounds if self._life is not None else None

    @property
    def heard(self) -> float:
        """When the tail said something last (loop time)."""
        return self._heard

    def _turned(self) -> None:
        for seat in self._seats.values():
            for member in seat.members:
                member.turned()

    # What comes

    def _covered(self) -> None:
        """The tail covers other jobs than before, or there is trouble with it."""
        life = self._life
        if life is None:
            return
        covered = life.tails.covered
        for seat in self._seats.values():
            seat.file.covered(live=seat.file.job_id in covered)
        now = asyncio.get_running_loop().time()
        self._fed_since = {each: self._fed_since.get(each, now) for each in covered if each not in self._loud}
        life.rounds.wake()
        self._turned()

    def _listed(self) -> None:
        """The lists went well, or did not."""
        life = self._life
        if life is None:
            return
        if self._troubled and life.rounds.trouble is None:
            life.tails.retry_now()  # what stood in the way of both is over
        self._troubled = life.rounds.trouble is not None
        now = asyncio.get_running_loop().time()
        for job_id, seat in self._seats.items():
            if seat.file.fed:
                self._fed_since.setdefault(job_id, now)
        self._turned()

    def _take(self, ids: Collection[str], batch: TailBatch) -> None:
        """What the tail says."""
        life = self._life
        if life is None:
            return
        self._heard = asyncio.get_running_loop().time()
        if batch.entries:
            life.rounds.noted(batch.entries)
            self._route(ids, batch.entries, missed=False)
        if batch.suppressed:
            self._thin(ids, batch.suppressed)

    def _hand(self, ids: Sequence[str], entries: Sequence[LogEntry], missed: bool) -> None:  # noqa: FBT001
        self._route(ids, entries, missed=missed)

    def _route(self, ids: Collection[str], entries: Sequence[LogEntry], *, missed: bool) -> None:
        """Give each job its entries."""
        if len(ids) == 1:
            sorted_out: dict[str, Sequence[LogEntry]] = dict.fromkeys(ids, entries)
        else:
            lists: dict[str, list[LogEntry]] = {}
            for entry in entries:
                lists.setdefault(entry.job_id, []).append(entry)
            sorted_out = dict(lists)
        for job_id, mine in sorted_out.items():
            shared = self._rider is not None and job_id in self._riders
            if shared and self._rider is not None:
                self._rider(job_id, mine)
            seat = self._seats.get(job_id)
            if seat is None:
                self._count(job_id, len(mine))
                continue
            for member in seat.members:
                member.took(mine, missed=missed, shared=shared)

    def _thin(self, ids: Collection[str], count: int) -> None:
        """Entries were left out: look for them, and ask for less."""
        for job_id in ids:
            self._fed_since.pop(job_id, None)
            if (seat := self._seats.get(job_id)) is not None:
                seat.file.whole = False
                seat.file.missed = seat.file.thinned = seat.file.holed = True
                for member in seat.members:
                    member.left_out(count)
        self._loud |= {each for each in ids if each not in self._seats}
        self._reseat()
        if self._life is not None:
            self._life.rounds.wake()

    def _count(self, job_id: str, count: int) -> None:
        """A job that nobody follows must not take the room of one that somebody does."""
        now = asyncio.get_running_loop().time()
        if now - self._counted_since > LOUD_SECONDS:
            self._counted_since = now
            self._counts.clear()
        self._counts[job_id] += count
        if self._counts[job_id] > LOUD * LOUD_SECONDS and job_id not in self._loud:
            self._loud.add(job_id)
            self._fed_since.pop(job_id, None)
            self._reseat()
