"""How logs are followed: how late a line is, how fast an old log is read, how much of the quota that takes.

Everything is measured at local servers of its own, over the gateway that the app uses; the receiver is the
function that is given the entries, so that nothing of the screen is in it. Older pages are read with the
server's limit of 60 reads a minute off, beside Google's own client without its wrapping of each entry, and
`gcloud logging read`; the reads of the steady state are those that reach the gateway, with the limit on,
while five jobs are followed and the job list reads what the logs say of them. The sample with faults is
counted in full by `python -m benchmarks.campaign follow`. Run it with `python -m benchmarks.log_follow`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.local_logs import PRINTER, PROJECT, report, seed
from tests.local.clients import Server
from tests.services.follow.trial import FollowTrial
from tests.services.insight_wire import gateway_of
from tests.support import wait_for
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job, JobState, job_from_json
from tui.domain.logs import LogPage, job_filter
from tui.domain.readrate import UNLIMITED, ReadRate
from tui.local import client_env, launcher
from tui.local.environ import apply
from tui.services.follow.follower import LogFollower
from tui.services.follow.state import LOCAL_TIMING, FollowStatus, LogBatch, Phase
from tui.services.insight_reads import LOCAL_TIMING as INSIGHT_TIMING
from tui.services.insights import JobInsights
from tui.services.logreads import LogReaders

HOME = "local-project"
REGION = "europe-west4"
ENTRIES = 100_000
JOBS = 5


class Counted:
    """The gateway's logs, with a count of the lists."""

    def __init__(self, gateway: Gateway) -> None:
        self._logs = gateway.logs
        self.reads: list[float] = []

    @property
    def can_tail(self) -> bool:
        """As the gateway."""
        return self._logs.can_tail

    async def list_entries(
        self, filter_: str, *, page_size: int = 1000, page_token: str = "", newest_first: bool = False
    ) -> LogPage:
        """As the gateway, and counted."""
        self.reads.append(time.monotonic())
        return await self._logs.list_entries(
            filter_, page_size=page_size, page_token=page_token, newest_first=newest_first
        )

    def tail(self, filter_: str) -> Any:  # noqa: ANN401 (an asynchronous generator)
        """As the gateway."""
        return self._logs.tail(filter_)


class Follow:
    """A follower of the app's kind, and what it said."""

    def __init__(
        self, gateway: Gateway, job: Job, readers: LogReaders, on_batch: Callable[[LogBatch], None]
    ) -> None:
        self.statuses: list[FollowStatus] = []
        self.follower = LogFollower(
            readers,
            HOME,
            gateway.jobs,
            job,
            on_batch=on_batch,
            on_status=self.statuses.append,
            timing=LOCAL_TIMING,
        )
        self._task = asyncio.create_task(self.follower.run())

    async def reaches(self, phase: Phase) -> None:
        """Wait for a phase."""
        await wait_for(lambda: self.statuses and self.statuses[-1].phase is phase, 600, what=phase)

    async def stop(self) -> None:
        """End it."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


@contextmanager
def server(folder: Path, **settings: float) -> Iterator[Server]:
    """A server over a folder, with the APIs on."""
    made = Server.__new__(Server)
    made.data_dir = folder
    made.start(**settings)
    try:
        made.enable("aiplatform", "logging")
        yield made
    finally:
        launcher.stop(folder)


def printer(rate: float, seconds: float) -> dict[str, Any]:
    """A job that prints when it printed."""
    container = {
        "imageUri": "python:3.11",
        "command": ["python3", "-c"],
        "args": [PRINTER, str(rate), str(seconds)],
    }
    pool = {"machineSpec": {"machineType": "n1-standard-4"}, "replicaCount": 1, "containerSpec": container}
    return {"displayName": "printer", "jobSpec": {"workerPoolSpecs": [pool]}}


# A line's way


async def latency(made: Server, rate: float, seconds: float) -> list[float]:
    """Milliseconds from each line's print until it is handed to the receiver."""
    gateway, times = await gateway_of(made), dict[str, float]()

    def took(batch: LogBatch) -> None:
        now = time.time_ns()
        for entry in batch.entries:
            if entry.text.startswith("printed "):
                times.setdefault(entry.text, (now - int(entry.text.split()[1])) / 1e6)

    job = await gateway.jobs.create_job(printer(rate, seconds))
    follow = Follow(gateway, job, LogReaders(lambda _project: gateway.logs), took)
    await follow.reaches(Phase.COMPLETE)
    await follow.stop()
    await gateway.close()
    if len(times) != int(rate * seconds):
        raise SystemExit(f"{len(times)} lines instead of {int(rate * seconds)}")
    return sorted(times.values())[: int(rate * seconds)]


# An old log


def ended_job(job_id: str) -> Job:
    """A job that ended a month ago."""
    job = job_from_json(
        {"name": f"{PROJECT}/locations/{REGION}/customJobs/{job_id}", "state": JobState.SUCCEEDED.wire}
    )
    return replace(job, end_time=datetime.now(UTC) - timedelta(days=30))


async def backfill(made: Server) -> tuple[float, float]:
    """Seconds until the first page and until all entries of a job that is over have been handed on."""
    gateway = await gateway_of(made)
    readers = LogReaders(lambda _project: gateway.logs)
    readers.rate_of = lambda: ReadRate(most=UNLIMITED)  # as the app does at a server without a limit
    await gateway.logs.list_entries('resource.type="none"')  # the channel
    seen: set[object] = set()
    begin = time.perf_counter()
    first = 0.0

    def took(batch: LogBatch) -> None:
        nonlocal first
        first = first or time.perf_counter() - begin
        seen.update(entry.key for entry in batch.entries)

    follow = Follow(gateway, ended_job("1"), readers, took)
    follow.follower.want_all()
    await wait_for(lambda: len(seen) >= ENTRIES, 600, what="all entries")
    taken = time.perf_counter() - begin
    await follow.stop()
    await gateway.close()
    return first, taken


def plainly(made: Server) -> float:
    """Seconds that Google's client takes for the same pages, without making an object of each entry."""
    request = {"resource_names": [PROJECT], "filter": job_filter("1"), "page_size": 1000}
    begin = time.perf_counter()
    found = sum(
        len(type(page).pb(page).entries) for page in made.logs.list_log_entries(request=request).pages
    )
    if found != ENTRIES:
        raise SystemExit(f"{found} entries instead of {ENTRIES}")
    return time.perf_counter() - begin


def by_gcloud(made: Server, folder: Path) -> float:
    """Seconds that `gcloud logging read` takes for the same entries."""
    environ = os.environ | {"HOME": str(folder), "CLOUDSDK_CONFIG": str(folder / "gcloud")}
    environ = apply(client_env.changes(made.record, REGION, environ), environ)
    filter_ = f'{job_filter("1")} AND timestamp>="2020-01-01T00:00:00Z"'
    words = ["gcloud", "logging", "read", filter_, "--order=asc", "--format=value(jsonPayload.message)"]
    begin = time.perf_counter()
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - begin
    if done.returncode or done.stdout.count("\n") < ENTRIES:
        raise SystemExit(f"gcloud: {done.stdout.count(chr(10))} lines; {done.stderr[-500:]}")
    return taken


# The quota


async def steady(made: Server, seconds: float) -> tuple[float, int]:
    """Reads a minute, and the most in any minute, while five jobs are followed and their insights told."""
    gateway = await gateway_of(made)
    counted = Counted(gateway)
    readers = LogReaders(lambda _project: counted)
    jobs = [await gateway.jobs.create_job(printer(20.0, seconds + 120)) for _ in range(JOBS)]
    insights = JobInsights(readers, lambda _told: None, project_of=lambda _job: HOME, timing=INSIGHT_TIMING)
    telling = asyncio.create_task(insights.run())
    follows = [Follow(gateway, job, readers, lambda _batch: None) for job in jobs]
    for follow in follows:
        await follow.reaches(Phase.LIVE)
    insights.note_jobs((await gateway.jobs.list_jobs()).jobs)
    await asyncio.sleep(20)
    begin = time.monotonic()
    await asyncio.sleep(seconds)
    reads = [at for at in counted.reads if at >= begin]
    most = max((sum(1 for each in reads if at <= each < at + 60) for at in reads), default=0)
    for follow in follows:
        await follow.stop()
    telling.cancel()
    with suppress(asyncio.CancelledError):
        await telling
    await gateway.close()
    return len(reads) / seconds * 60, most


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=float, default=200.0, help="lines a second that the job prints")
    parser.add_argument("--seconds", type=float, default=20.0, help="for how long it prints")
    parser.add_argument("--steady", type=float, default=180.0, help="seconds for which reads are counted")
    parser.add_argument("--no-gcloud", action="store_true", help="leave gcloud out, which takes minutes")
    choice = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vt-") as name:
        folder = Path(name)
        with server(folder / "l") as made:
            times = asyncio.run(latency(made, choice.rate, choice.seconds))
            middle, late = statistics.median(times), times[int(len(times) * 0.99)]
            what = f"ms from print to the receiver at {choice.rate:g} lines/s (p50, p99, max)"
            report(what, f"{middle:7.0f} {late:6.0f} {times[-1]:6.0f}")
            outcome = asyncio.run(FollowTrial(made, LOCAL_TIMING).case(1, lines=20_000, seconds=20.0))
            what = f"lines lost, doubled of {outcome.lines:,} with faults and {outcome.restarts} restarts"
            report(what, f"{outcome.lost:7d} {outcome.doubled:6d}")
        seed(folder / "s", ENTRIES, ["1"])
        with server(folder / "s") as made:
            first, taken = asyncio.run(backfill(made))
            plain = plainly(made)
            report("ms until the first page of a log that is over", f"{1000 * first:7.0f}")
            report(f"s for all {ENTRIES:,} of it", f"{taken:7.2f}")
            report("  by Google's client without wrapping", f"{plain:7.2f} ({taken / plain:.1f} times)")
            if not choice.no_gcloud and shutil.which("gcloud"):
                peer = by_gcloud(made, folder)
                report("  by gcloud logging read", f"{peer:7.1f} (1/{peer / taken:.0f})")
        with server(folder / "q", log_reads_per_minute=60) as made:
            rate, most = asyncio.run(steady(made, choice.steady))
            what = f"reads a minute while {JOBS} jobs are followed (mean, most)"
            report(what, f"{rate:7.1f} {most:6d}")


if __name__ == "__main__":
    main()
