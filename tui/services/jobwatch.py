"""Keeps the job list right: one poller for the whole app."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tui.domain.errors import CloudError
from tui.domain.gateway import JobsGateway
from tui.domain.joblist import awaits_error
from tui.domain.jobs import Job, JobState
from tui.domain.polling import PollPace


@dataclass(frozen=True, slots=True)
class JobsSnapshot:
    """The last list read, when, and what has been in the way since."""

    jobs: tuple[Job, ...] = ()
    """Newest first."""
    read_at: datetime | None = None
    """When the list was last read whole, UTC; None before the first time."""
    trouble: CloudError | None = None
    """Why the last try failed; None when it did not."""
    trouble_since: datetime | None = None
    next_try: datetime | None = None
    """When the list will be read again, while there is trouble."""

    @property
    def live(self) -> tuple[Job, ...]:
        """Jobs that still wait, run or end."""
        return tuple(job for job in self.jobs if job.state.live)

    @property
    def live_words(self) -> str:
        """`2 running`, `2 active` while some of them still wait, or nothing."""
        live = self.live
        running = all(job.state is JobState.RUNNING for job in live)
        return f"{len(live)} {'running' if running else 'active'}" if live else ""

    def unsettled(self, now: datetime) -> bool:
        """Whether a job is live, or has failed and its reason is still to come."""
        return any(job.state.live or awaits_error(job, now) for job in self.jobs)


class JobWatch:
    """Reads all pages of the job list again and again, slower when nothing happens, never stopping."""

    def __init__(self, gateway: JobsGateway, pace: PollPace, publish: Callable[[JobsSnapshot], None]) -> None:
        self._gateway = gateway
        self._pace = pace
        self._publish = publish
        self._wake = asyncio.Event()
        self._snapshot = JobsSnapshot()

    def refresh(self) -> None:
        """Read now instead of at the next turn; a read under way is not doubled."""
        self._wake.set()

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            self._wake.clear()
            await self._poll_once()
            delay = self._pace.delay(live=self._snapshot.unsettled(datetime.now(UTC)))
            if self._snapshot.trouble is not None:
                self._announce_retry(delay)
            try:
                async with asyncio.timeout(delay):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _poll_once(self) -> None:
        try:
            jobs = await self._read_all()
        except CloudError as error:
            self._pace.failed(error.retry_after)
            since = self._snapshot.trouble_since or datetime.now(UTC)
            self._snapshot = replace(self._snapshot, trouble=error, trouble_since=since)
        else:
            self._pace.succeeded()
            self._snapshot = JobsSnapshot(jobs=jobs, read_at=datetime.now(UTC))
            self._publish(self._snapshot)

    async def _read_all(self) -> tuple[Job, ...]:
        jobs: list[Job] = []
        token = ""
        while True:
            page = await self._gateway.list_jobs(page_token=token)
            jobs += page.jobs
            token = page.next_page_token
            if not token:
                break
        earliest = datetime.min.replace(tzinfo=UTC)
        return tuple(sorted(jobs, key=lambda job: job.create_time or earliest, reverse=True))

    def _announce_retry(self, delay: float) -> None:
        next_try = datetime.fromtimestamp(datetime.now(UTC).timestamp() + delay, UTC)
        self._snapshot = replace(self._snapshot, next_try=next_try)
        self._publish(self._snapshot)
