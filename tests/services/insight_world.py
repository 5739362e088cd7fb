"""Logs of many jobs behind our own Protocol, and an event loop whose hours pass at once."""

from __future__ import annotations

import asyncio
import re
import selectors
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from tui.domain.errors import CloudError
from tui.domain.insight import JobInsight
from tui.domain.jobs import Job, JobState, job_from_json
from tui.domain.logs import LogEntry, LogPage, Severity, TailBatch, rfc3339
from tui.services.insight_casebook import Learnt
from tui.services.insight_reads import InsightTiming
from tui.services.insights import JobInsights
from tui.services.logreads import LogReaders

BEGIN = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
TRACEBACK = (
    "Traceback (most recent call last):",
    '  File "/app/train.py", line 41, in <module>',
    "    main()",
    '  File "/app/train.py", line 30, in main',
    '    loss = batch["labels"]',
    "KeyError: 'labels'",
)
FAILURE = "The replica {} exited with a non-zero status of 1. Termination reason: Error."


class _Instant(selectors.DefaultSelector):
    """Lets no time pass: where the loop would wait, its clock goes on."""

    def __init__(self, pass_time: Callable[[float], None]) -> None:
        super().__init__()
        self._pass_time = pass_time

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None:
            self._pass_time(max(timeout, 1e-6))  # no turn of a loop takes no time at all
        found: list[tuple[selectors.SelectorKey, int]] = super().select(0 if timeout is not None else 20)
        assert found or timeout is not None, "everything waits for ever"
        return found


class InstantLoop(asyncio.SelectorEventLoop):
    """An event loop with a clock of its own."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_Instant(self._go_on))

    def _go_on(self, seconds: float) -> None:
        self._now += seconds

    def time(self) -> float:
        return self._now


def live(story: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """A test whose hours pass at once."""

    def test() -> None:
        with asyncio.Runner(loop_factory=InstantLoop) as runner:
            runner.run(story())

    test.__name__ = story.__name__
    test.__doc__ = story.__doc__
    return test


def now() -> datetime:
    """The time of the story."""
    return BEGIN + timedelta(seconds=asyncio.get_running_loop().time())


def job(number: int, state: JobState = JobState.RUNNING, *, ended: float | None = None, **more: Any) -> Job:
    """A job; `ended` seconds after the story's beginning, before it if negative."""
    raw: dict[str, Any] = {
        "name": f"projects/1/locations/europe-west4/customJobs/{number}",
        "displayName": f"job-{number}",
        "state": state.wire,
        "createTime": (BEGIN - timedelta(hours=2)).isoformat(),
        "startTime": (BEGIN - timedelta(hours=1)).isoformat(),
        **more,
    }
    if ended is not None:
        raw["endTime"] = (BEGIN + timedelta(seconds=ended)).isoformat()
    return job_from_json(raw)


class FakeLogs:
    """`LogsGateway` over entries of several jobs."""

    can_tail = False

    def __init__(self) -> None:
        self.stored: list[LogEntry] = []
        self.reads: list[tuple[float, str]] = []
        """When, and with what filter."""
        self.errors: list[CloudError] = []
        self.refused: dict[int, Exception] = {}
        """What reads that name a job raise."""
        self.hangs = ""
        """Reads whose filter holds these words never end."""

    def print(self, number: int, *texts: str, at: float, replica: str = "workerpool0-0") -> None:
        """Lines of a job, a millisecond after each other."""
        start = int((BEGIN.timestamp() + at) * 1000) * 1_000_000
        for count, text in enumerate(texts):
            severity = Severity.INFO if replica != "service" else Severity.ERROR
            stamp = start + count * 1_000_000
            name = f"i{len(self.stored):09}"
            self.stored.append(
                LogEntry(stamp, name, "projects/p/logs/x", severity, text, replica, job_id=str(number))
            )

    async def list_entries(
        self, filter_: str, *, page_size: int = 1000, page_token: str = "", newest_first: bool = False
    ) -> LogPage:
        self.reads.append((asyncio.get_running_loop().time(), filter_))
        await asyncio.sleep(0.05)
        if self.hangs and self.hangs in filter_:
            await asyncio.Event().wait()
        if self.errors:
            raise self.errors.pop(0)
        if refusal := next((each for number, each in self.refused.items() if f'"{number}"' in filter_), None):
            raise refusal
        found = sorted(self._matching(filter_), key=lambda entry: entry.key, reverse=newest_first)
        start = int(page_token or 0)
        token = str(start + page_size) if len(found) > start + page_size else ""
        return LogPage(tuple(found[start : start + page_size]), token)

    def _matching(self, filter_: str) -> list[LogEntry]:
        ids = set(re.findall(r'"(\d+)"', filter_.partition("job_id=")[2].partition(" AND ")[0]))
        since = match[1] if (match := re.search(r'timestamp>="([^"]+)"', filter_)) else ""
        until = match[1] if (match := re.search(r'timestamp<="([^"]+)"', filter_)) else "9"
        service = "(resource.labels.task_name=" not in filter_ and 'task_name="service"' in filter_
        return [
            entry
            for entry in self.stored
            if entry.job_id in ids
            and since <= rfc3339(entry.timestamp_ns) <= until
            and (not service or entry.replica == "service")
            and ("it/s" not in filter_ or "loss" in entry.text)
        ]

    def tail(self, filter_: str) -> AsyncGenerator[TailBatch, None]:
        raise AssertionError(filter_)

    def of(self, number: int) -> list[str]:
        """Filters of the reads about one job alone."""
        return [filter_ for _, filter_ in self.reads if f'job_id="{number}"' in filter_]


def steps(begin: int, end: int) -> list[str]:
    return [f"{{'loss': {2 - step / 1000}, 'epoch': {step / 1000}}}" for step in range(begin, end)]


def fails(logs: FakeLogs, number: int, *, at: float) -> None:
    """The log of a job that ends with a traceback."""
    logs.print(number, "Job is preparing.", "Job is running.", at=at - 60, replica="service")
    logs.print(number, *steps(0, 5), *TRACEBACK, at=at - 20)
    logs.print(number, FAILURE.format("workerpool0-0"), "Job failed.", at=at, replica="service")


class World:
    """A service over the logs of one project."""

    def __init__(
        self,
        *,
        outputs_empty: Callable[[Job], Awaitable[bool | None]] | None = None,
        timing: InsightTiming | None = None,
        projects: Mapping[str, FakeLogs] | None = None,
        secrets: tuple[str, ...] = (),
        learnt: Learnt | None = None,
        read_before: Callable[[Job], bool] = lambda _job: False,
    ) -> None:
        self.logs = FakeLogs()
        self.faults: list[Exception] = []
        """Bugs that were told."""
        self.homes: dict[str, str] = {}
        """Projects by job ids, where they are others than usual."""
        self.told: Mapping[str, JobInsight] = {}
        self.tellings: list[float] = []
        self.readers = LogReaders(lambda project: (projects or {}).get(project, self.logs))
        self.insights = JobInsights(
            self.readers,
            self._tell,
            project_of=lambda each: self.homes.get(each.job_id, each.labels.get("project", "kelp-train")),
            outputs_empty=outputs_empty,
            secrets=lambda: secrets,
            report=self.faults.append,
            learnt=learnt,
            read_before=read_before,
            clock=now,
            timing=timing,
            offload=_here,
        )
        self._running: asyncio.Task[None] | None = None

    def _tell(self, told: Mapping[str, JobInsight]) -> None:
        self.told = told
        self.tellings.append(asyncio.get_running_loop().time())

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self.insights.run())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_error: object) -> None:
        assert self._running is not None
        assert not self._running.done(), self._running.exception()
        faults, self.faults = self.faults, []
        assert not faults, faults
        self._running.cancel()
        await asyncio.wait([self._running])

    def insight(self, number: int) -> JobInsight | None:
        return self.told.get(job(number).name)

    async def until(self, condition: Callable[[], object], seconds: float = 600) -> None:
        """Let time pass until a condition holds; at most so many seconds of the story."""
        end = asyncio.get_running_loop().time() + seconds
        while not condition():
            assert asyncio.get_running_loop().time() < end, "it did not come about"
            await asyncio.sleep(0.1)


async def _here(work: Callable[[], object]) -> object:
    await asyncio.sleep(0)
    return work()
