"""How long a start takes until 1,000 jobs are on the screen, and how soon a change of state is.

The start is measured as a whole process on a pseudo-terminal: the key for Jobs is pressed with the first
frame, and the list counts once it is whole and newly read. In turn with it come what it is measured against:
a bare Textual app, Google's own client listing the same jobs (`list_client.py`), and `gcloud ai custom-jobs
list` with the same columns, all on the same local server. Run it with `python -m benchmarks.jobs_list`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.first_frame import BARE, Program, environment, first_frame, report
from tui.app import VertexApp
from tui.cloud.session import open_gateway
from tui.domain.jobs import Job, JobState
from tui.domain.setup.facts import APIS
from tui.domain.target import LocalEndpoint, Target
from tui.local import client_env, launcher
from tui.local.environ import apply
from tui.panes.jobs import JobsPane
from tui.panes.messages import JobsChanged, OpenJobs
from tui.services.config import load
from tui.services.options import AppOptions
from tui.services.paths import find_paths

REGION = "us-central1"
JOBS_KEY = b"3"
FIRST_OUTPUT = "1 Setup"
KEPT = "last known list"
COLUMNS = (
    "table(state,displayName,jobSpec.workerPoolSpecs[0].machineSpec.machineType:label=MACHINE,"
    "createTime,startTime,endTime,labels.submitted-by:label=BY)"
)
WATCH_SECONDS = 0.02
"""Between two looks at the screen."""


# From a cold start to the list


def time_to_list(environ: dict[str, str], jobs: int) -> tuple[float | None, float]:
    """Seconds until the list of the last session is on the screen, if there is one, and until all is new."""
    program = Program([sys.executable, "-m", "tui", "--local"], {**environ, "VERTEX_TUI_REGION": REGION})
    whole = re.compile(rf"Jobs {jobs}\b(?!\+)")

    def ready(screen: str) -> bool:
        return bool(whole.search(screen)) and KEPT not in screen

    try:
        while FIRST_OUTPUT.encode() not in b"".join(data for _, data in program.chunks):
            program.read(30)
        os.write(program.terminal, JOBS_KEY)
        program.settle(90, ready)
        screens = program.screens()
        kept = next((when for when, screen in screens if KEPT in screen and whole_or_part(screen)), None)
        return kept, next(when for when, screen in screens if ready(screen))
    finally:
        program.end()


def whole_or_part(screen: str) -> bool:
    """Whether any list of jobs is there."""
    return "Jobs " in screen


def run_time(command: Sequence[str], environ: dict[str, str], jobs: int) -> float:
    """Seconds that a command takes which prints a line for each job."""
    begin = time.perf_counter()
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - begin
    assert done.stdout.count("\n") > jobs, done.stdout[-500:]
    return seconds


def seeded(environ: dict[str, str], jobs: int) -> launcher.Record:
    """A running server with so many made-up jobs."""
    vertex = [sys.executable, "-m", "tui", "local"]
    subprocess.run([*vertex, "up"], env=environ, check=True, capture_output=True)
    counts = ["--jobs", str(jobs), "--entries", str(10 * jobs), "--objects", "10", "--regions", REGION]
    subprocess.run([*vertex, "seed", *counts], env=environ, check=True, capture_output=True)
    return launcher.ensure(find_paths(environ).local_dir)


def cold_starts(environ: dict[str, str], jobs: int, runs: int, *, gcloud: bool) -> None:
    """Measure the start against its parts, and against gcloud."""
    record = seeded(environ, jobs)
    client = [sys.executable, "-m", "benchmarks.list_client", record.grpc_address, record.project, REGION]
    others = apply(client_env.changes(record, REGION, environ), environ)
    listing = ["gcloud", "ai", "custom-jobs", "list", f"--region={REGION}", f"--format={COLUMNS}"]
    times: dict[str, list[float]] = {}

    def note(name: str, seconds: float | None) -> None:
        if seconds is not None:
            times.setdefault(name, []).append(seconds)

    for number in range(runs + 1):
        kept, whole = time_to_list(environ, jobs)
        figures = {
            "bare": first_frame(*BARE, environ),
            "client": run_time(client, environ, jobs),
            "gcloud": run_time(listing, others, jobs) if gcloud and shutil.which("gcloud") else None,
            "kept list": kept,
            "whole list": whole,
        }
        if number:  # the first one compiles, and has no list of an earlier session
            for name, seconds in figures.items():
                note(name, seconds)
        else:
            print(f"the first start, without a kept list: {1000 * whole:.0f} ms")
    for name, values in times.items():
        report(name, values)
    middle = {name: statistics.median(values) for name, values in times.items()}
    print(f"whole list to bare + client: {middle['whole list'] / (middle['bare'] + middle['client']):.2f}")
    if "gcloud" in middle:
        print(f"whole list to gcloud: {middle['whole list'] / middle['gcloud']:.2f}")


# From a change of state to the screen


def script(seconds: float) -> dict[str, Any]:
    """A job that runs so long."""
    container = {"imageUri": "python:3.11", "command": ["sleep", str(seconds)]}
    pool = {
        "machineSpec": {"machineType": "n1-standard-4"},
        "replicaCount": 1,
        "containerSpec": container,
    }
    return {"displayName": f"sleeps-{time.monotonic_ns()}", "jobSpec": {"workerPoolSpecs": [pool]}}


class Screen:
    """What the rows say, and how late: from the time of the change in the record until it is drawn."""

    def __init__(self) -> None:
        self.late: dict[tuple[str, JobState], float] = {}

    async def watch(self, pane: JobsPane) -> None:
        """Read the lines that were drawn last, again and again."""
        while True:
            drawn = pane.table._drawn  # noqa: SLF001 (what is on the screen, not what will be)
            for row, key in enumerate(pane.table.keys_in_sight, start=1):
                job = pane.job_named(key)
                if job is not None and row in drawn and f" {job.state.word} " in drawn[row].text:
                    self._note(job)
            await asyncio.sleep(WATCH_SECONDS)

    def _note(self, job: Job) -> None:
        if job.update_time is not None and (job.name, job.state) not in self.late:
            self.late[job.name, job.state] = (datetime.now(UTC) - job.update_time).total_seconds()

    def ended(self, name: str) -> bool:
        """Whether the end of a job is on the screen."""
        return any(job == name and state.terminal for job, state in self.late)


async def until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (of any part of the app)
            await asyncio.sleep(WATCH_SECONDS)


async def state_changes(environ: dict[str, str], jobs: int) -> list[float]:
    """Run jobs one after the other under the eyes of the app; seconds from each state to its row."""
    paths = find_paths(environ)
    found = load(paths, environ, {"region": REGION}, local=True)
    app = VertexApp(AppOptions(found.settings, found.origins, local=True, spec=None, paths=paths))
    record = launcher.ensure(paths.local_dir)
    target = Target(record.project, REGION, local=LocalEndpoint(record.grpc_address, record.http_url))
    gateway = await open_gateway(target)
    screen = Screen()
    made: set[str] = set()
    try:
        await gateway.setup.enable_apis(list(APIS))
        async with app.run_test(size=(120, 40)):
            await until(lambda: app.jobs.whole and app.jobs.places)
            app.post_message(OpenJobs(""))
            await until(lambda: isinstance(app.current_pane, JobsPane))
            pane = app.current_pane
            assert isinstance(pane, JobsPane)
            looking = asyncio.create_task(screen.watch(pane))
            for number in range(jobs):
                # Another length each time, so that changes fall anywhere between two polls.
                job = await gateway.jobs.create_job(script(3 + number % 5 * 0.7))
                made.add(job.name)
                app.post_message(JobsChanged())  # as after a start in the app
                await until(partial(screen.ended, job.name))
            looking.cancel()
    finally:
        await gateway.close()
    return [seconds for (name, _), seconds in screen.late.items() if name in made]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=7, help="counted starts of each, after one that is not")
    parser.add_argument("--jobs", type=int, default=1_000, help="in the list")
    parser.add_argument("--changes", type=int, default=10, help="jobs run for the second part; 0 for none")
    parser.add_argument("--no-gcloud", action="store_true", help="leave gcloud out")
    choice = parser.parse_args()
    for name in ("GRPC_VERBOSITY", "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"):
        os.environ.setdefault(name, "NONE" if name == "GRPC_VERBOSITY" else "true")
    with tempfile.TemporaryDirectory(prefix="vt") as home:
        environ = environment(home)
        try:
            if choice.runs:
                cold_starts(environ, choice.jobs, choice.runs, gcloud=not choice.no_gcloud)
            if choice.changes:
                report("change", asyncio.run(state_changes(environ, choice.changes)))
        finally:
            launcher.stop(Path(find_paths(environ).local_dir))


if __name__ == "__main__":
    main()
