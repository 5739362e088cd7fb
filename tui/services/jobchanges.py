"""Changes jobs one after the other, each in its own place, and accounts for every one of them.

Vertex AI takes 60 creations and deletions a minute in each region of a project (FACTS 4.2): a refusal for
that is waited out, so that a long list of records goes in the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job
from tui.domain.text import printable

Change = Callable[[Gateway, Job], Awaitable[None]]
"""What is done to one job."""

_TOO_FAST = frozenset({ErrorKind.RATE, ErrorKind.QUOTA})
_PERHAPS_OVER = frozenset({ErrorKind.NOT_FOUND, ErrorKind.PRECONDITION})
LOOK_SECONDS = 2.0
"""Between two looks at a job that is to end."""
END_SECONDS = 900.0
"""So long the end of a job that was asked to stop is waited for."""
NOT_SENT = "Its project and region are not known, or there is no connection: nothing was sent."


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a refusal for too many requests is waited out, in seconds."""

    first: float = 5.0
    """Doubled at each further refusal, unless the service says how long."""
    longest: float = 60.0
    most: float = 300.0
    """For one job in all; beyond that what is left is not begun."""


@dataclass(frozen=True, slots=True)
class Account:
    """What became of each job."""

    whole: int
    done: int = 0
    gone: int = 0
    """Records that were not there any more."""
    over: int = 0
    """Jobs that had ended before they could be stopped."""
    failures: tuple[str, ...] = ()
    """One line for each that failed."""
    under_way: str = ""
    """Name of the job that has its turn; empty between and after them."""
    resumes: datetime | None = None
    """When the service is asked again, UTC, while it takes no requests."""
    settled: frozenset[str] = field(default=frozenset(), repr=False)
    """Resource names of jobs that have what was wanted."""

    @property
    def begun(self) -> int:
        """Jobs that have had their turn."""
        return self.done + self.gone + self.over + len(self.failures)

    @property
    def left(self) -> int:
        """Jobs that have not had their turn."""
        return self.whole - self.begun - bool(self.under_way)


class JobBatch:
    """One change of several jobs; `run` once."""

    def __init__(
        self,
        jobs: Sequence[Job],
        call: Change,
        gateway_of: Callable[[Job], Gateway | None],
        told: Callable[[Account], object],
        *,
        patience: Patience | None = None,
    ) -> None:
        """Describe the change.

        Args:
            jobs: in the order of their turns.
            call: changes one job; raises CloudError.
            gateway_of: the services of the project and region that a job lives in; None if not known.
            told: told how far it is, on the event loop.
            patience: how long too many requests are waited out.
        """
        self._jobs = jobs
        self._call = call
        self._gateway_of = gateway_of
        self._told = told
        self._patience = patience or Patience()
        self._stop = asyncio.Event()
        self.account = Account(len(jobs))

    def stop(self) -> None:
        """Begin no further job."""
        self._stop.set()

    async def run(self) -> Account:
        """Give each job its turn; whatever ends it, `account` is right afterwards."""
        try:
            for job in self._jobs:
                if self._stop.is_set():
                    break
                self._note(under_way=printable(job.display_name or job.job_id))
                await self._turn(job)
        finally:
            if name := self.account.under_way:
                self._failed(f"{name}: broken off; it may have happened all the same.")
        return self.account

    async def _turn(self, job: Job) -> None:
        gateway, name = self._gateway_of(job), self.account.under_way
        if gateway is None:
            self._failed(f"{name}: {NOT_SENT}")
            return
        try:
            await self._patiently(gateway, job)
        except CloudError as error:
            await self._refused(gateway, job, error)
        else:
            self._note(done=self.account.done + 1, under_way="", settled=self._with(job))

    async def _patiently(self, gateway: Gateway, job: Job) -> None:
        """Wait while the service takes no requests: a request that it refuses for that has done nothing."""
        waited, pause = 0.0, self._patience.first
        while True:
            try:
                await self._call(gateway, job)
            except CloudError as error:
                seconds = min(error.retry_after or pause, self._patience.longest)
                if error.kind not in _TOO_FAST or self._stop.is_set():
                    raise
                if waited + seconds > self._patience.most:
                    self._stop.set()
                    raise
                self._note(resumes=datetime.now(UTC) + timedelta(seconds=seconds))
                await self._rest(seconds)
                self._note(resumes=None)
                waited, pause = waited + seconds, min(2 * pause, self._patience.longest)
            else:
                return

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return

    async def _refused(self, gateway: Gateway, job: Job, error: CloudError) -> None:
        """A job may have ended or gone meanwhile, which only another look at it tells for certain."""
        name = self.account.under_way
        if error.kind in _PERHAPS_OVER:
            try:
                now = await gateway.jobs.get_job(job.name)
            except CloudError as second:
                if error.kind is second.kind is ErrorKind.NOT_FOUND:
                    self._note(gone=self.account.gone + 1, under_way="", settled=self._with(job))
                    return
            else:
                if error.kind is ErrorKind.PRECONDITION and job.state.live and now.state.terminal:
                    self._note(over=self.account.over + 1, under_way="", settled=self._with(job))
                    return
        unclear = " It may have happened all the same." if error.ambiguous else ""
        self._failed(f"{name}: {str(error).rstrip('.')}.{unclear} {error.hint_once or error.hint}".rstrip())

    def _failed(self, line: str) -> None:
        self._note(failures=(*self.account.failures, line), under_way="", resumes=None)

    def _with(self, job: Job) -> frozenset[str]:
        return self.account.settled | {job.name}

    def _note(self, **changed: object) -> None:
        self.account = replace(self.account, **changed)  # type: ignore[arg-type]  # by name
        self._told(self.account)


async def until_over(gateway: Gateway, job: Job, stop: asyncio.Event) -> Job | None:
    """The job once it has ended; None when that takes too long, it is gone, or `stop` is set."""
    end = asyncio.get_running_loop().time() + END_SECONDS
    while not stop.is_set() and asyncio.get_running_loop().time() < end:
        try:
            now = await gateway.jobs.get_job(job.name)
        except CloudError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return None
        else:
            if now.state.terminal:
                return now
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await stop.wait()
        except TimeoutError:
            continue
    return None
