"""A log and a job behind our own Protocols, with faults to order; Google's clients are tested elsewhere."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.jobs import Job, JobPage, JobState
from tui.domain.logs import LogEntry, LogPage, TailBatch, rfc3339

NAME = "projects/1/locations/europe-west4/customJobs/77"


def running_job(state: JobState = JobState.RUNNING, *, ended: datetime | None = None) -> Job:
    return Job(
        name=NAME,
        display_name="ana-tiny",
        state=state,
        create_time=datetime(2026, 11, 22, 18, 0, tzinfo=UTC),
        start_time=datetime(2026, 11, 22, 18, 1, tzinfo=UTC),
        end_time=ended,
    )


def entry(
    stamp: int, text: str = "", *, severity: int = 200, replica: str = "workerpool0-0", insert_id: str = ""
) -> LogEntry:
    """An entry `stamp` milliseconds after the start of 2026-11-22 18:00 UTC."""
    base = int(datetime(2026, 11, 22, 18, 0, tzinfo=UTC).timestamp())
    stamp_ns = base * 1_000_000_000 + stamp * 1_000_000
    return LogEntry(
        stamp_ns, insert_id or f"i{stamp:09}", "projects/p/logs/x", severity, text or f"line {stamp}", replica
    )


def failure(kind: ErrorKind, title: str = "No answer") -> CloudError:
    return CloudError(title, "words of the service", kind=kind, retryable=True)


class FakeLogs:
    """`LogsGateway` over a list of entries."""

    def __init__(self, *, page: int = 10, can_tail: bool = True) -> None:
        self.stored: list[LogEntry] = []
        self.page = page
        self.can_tail = can_tail
        self.list_errors: list[CloudError] = []
        self.tail_errors: list[CloudError] = []
        self.filters: list[str] = []
        self.tails: list[asyncio.Queue[TailBatch | CloudError | None]] = []
        self.tails_opened = 0
        self.may_list = asyncio.Event()
        """Lists wait for it."""
        self.may_list.set()
        self.begun = self.listing = self.most_listing = 0
        """Lists so far, at the moment, and the most at once."""

    def write(self, *entries: LogEntry, tail: bool = True) -> None:
        """Store entries and push them to the open tails, or only store them."""
        self.stored += entries
        for queue in self.tails if tail else ():
            queue.put_nowait(TailBatch(entries))

    def end_tails(self, error: CloudError | None = None) -> None:
        """End the open sessions, with an error or as after their longest duration."""
        for queue in self.tails:
            queue.put_nowait(error)

    async def list_entries(
        self, filter_: str, *, page_size: int = 1000, page_token: str = "", newest_first: bool = False
    ) -> LogPage:
        self.begun, self.listing = self.begun + 1, self.listing + 1
        self.most_listing = max(self.most_listing, self.listing)
        try:
            await asyncio.sleep(0)
            await self.may_list.wait()
        finally:
            self.listing -= 1
        self.filters.append(filter_)
        if self.list_errors:
            raise self.list_errors.pop(0)
        size = min(page_size, self.page)
        since = match[1] if (match := re.search(r'timestamp>="([^"]+)"', filter_)) else ""
        found = sorted(
            (item for item in self.stored if rfc3339(item.timestamp_ns) >= since),
            key=lambda item: item.key,
            reverse=newest_first,
        )
        if page_token:
            after = next(item.key for item in found if item.insert_id == page_token)
            found = [item for item in found if (item.key < after if newest_first else item.key > after)]
        token = found[size - 1].insert_id if len(found) > size else ""
        return LogPage(tuple(found[:size]), token)

    async def tail(self, filter_: str) -> AsyncGenerator[TailBatch, None]:
        del filter_
        self.tails_opened += 1
        if self.tail_errors:
            raise self.tail_errors.pop(0)
        queue: asyncio.Queue[TailBatch | CloudError | None] = asyncio.Queue()
        self.tails.append(queue)
        try:
            while (item := await queue.get()) is not None:
                if isinstance(item, CloudError):
                    raise item
                yield item
        finally:
            self.tails.remove(queue)


class FakeJobs:
    """`JobsGateway` with one job."""

    def __init__(self, job: Job) -> None:
        self.job: Job | None = job
        self.asked = 0

    def end(self, state: JobState = JobState.SUCCEEDED) -> None:
        """Let the job be over."""
        assert self.job is not None
        self.job = replace(self.job, state=state, end_time=datetime.now(UTC))

    async def get_job(self, name: str) -> Job:
        self.asked += 1
        if self.job is None or name != self.job.name:
            raise failure(ErrorKind.NOT_FOUND, "No such job")
        return self.job

    async def list_jobs(
        self,
        *,
        page_size: int = 100,
        page_token: str = "",
        filter_: str = "",
        brief: bool = False,  # noqa: ARG002 (the interface)
    ) -> JobPage:
        del page_size, page_token, filter_
        return JobPage((self.job,) if self.job else ())

    async def create_job(self, custom_job: Mapping[str, Any]) -> Job:
        raise AssertionError(custom_job)

    async def cancel_job(self, name: str) -> None:
        raise AssertionError(name)

    async def delete_job(self, name: str) -> None:
        raise AssertionError(name)
