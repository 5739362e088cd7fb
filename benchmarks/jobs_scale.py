"""How 10,000 jobs are to work with: what a key in the filter takes, what they weigh, what polling them costs.

A local server is filled with made-up jobs, of which some are in each live state and some of those are old.
On a pseudo-terminal each key in the filter is timed from the press to the frame whose title names it,
which is the frame with the rows. In a process of its own the app is weighed with one job and with all, by the
memory that would be free without it; there, too, the event loop is watched while polls go on, the list is
put in order by each column, and the server counts the calls. Run it with `python -m benchmarks.jobs_scale`.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

import psutil

from benchmarks.first_frame import Program, environment
from benchmarks.jobs_list import JOBS_KEY, REGION, script, seeded, until
from tui.app import VertexApp
from tui.cloud.session import open_gateway
from tui.domain.joblist.columns import COLUMNS
from tui.domain.setup.facts import APIS
from tui.domain.target import LocalEndpoint, Target
from tui.local import launcher
from tui.local.admin.client import AdminClient
from tui.panes.jobs import JobsPane
from tui.panes.messages import PaneId
from tui.services.config import load
from tui.services.options import AppOptions
from tui.services.paths import find_paths

FILTERS = ("gemma", "state:failed", "lora label:team=a", "age<2d", "-gemma ran>1h")
MIB = 2**20
SETTLE_SECONDS = 5.0
"""After the list is whole, until the app is weighed."""
AWAKE_SECONDS = 60.0
"""Before an idle list is watched."""
WATCH_SECONDS = 30.0
"""How long the event loop is watched."""
TICK = 0.002


# Keys in the filter, on a pseudo-terminal


def keystrokes(environ: dict[str, str], jobs: int) -> list[float]:
    """Seconds from each key of each filter to its frame."""
    program = Program([sys.executable, "-m", "tui", "--local"], {**environ, "VERTEX_TUI_REGION": REGION})
    times: list[float] = []
    try:
        program.settle(60, lambda screen: "1 Setup" in screen)
        os.write(program.terminal, JOBS_KEY)
        program.settle(90, lambda screen: f"Jobs {jobs} " in screen and "last known" not in screen)
        os.write(program.terminal, b"/")
        quiet(program)
        for words in FILTERS:
            times += [
                press(program, words[count - 1], f"of {jobs} · {words[:count].rstrip()}")
                for count in range(1, len(words) + 1)
            ]
            os.write(program.terminal, b"\x15")  # ctrl+u empties the field
            quiet(program)
    finally:
        program.end()
    return times


def press(program: Program, key: str, title: str) -> float:
    """Seconds from a key to the frame in which the title says so."""
    before = len(program.chunks)
    pressed = time.perf_counter() - program.started
    os.write(program.terminal, key.encode())
    quiet(program)
    written = program.chunks[before:]
    done = [when for when, data in written if title.encode() in data] or [
        written[0][0] if written else pressed
    ]
    return done[0] - pressed


def quiet(program: Program, seconds: float = 0.25) -> None:
    """Read until nothing has been written for a while, or for a few seconds if that never is."""
    end = time.perf_counter() + 3
    while program.read(seconds) and time.perf_counter() < end:
        pass


# Nothing to see


def idle(environ: dict[str, str], seconds: float) -> None:
    """Watch the list with one job that has ended: bytes written, CPU, and calls of all kinds."""
    record = launcher.ensure(find_paths(environ).local_dir)
    asyncio.run(run_one_job(record))
    program = Program([sys.executable, "-m", "tui", "--local"], {**environ, "VERTEX_TUI_REGION": REGION})
    try:
        program.settle(60, lambda screen: "1 Setup" in screen)
        os.write(program.terminal, JOBS_KEY)
        program.settle(60, lambda screen: "Jobs 1 " in screen and "✓ succeeded" in screen)
        end = time.perf_counter() + AWAKE_SECONDS  # its log is looked into, and the mark of a new end goes
        while (left := end - time.perf_counter()) > 0:
            program.read(left)
        admin, process, chunks = AdminClient(record), psutil.Process(program.pid), len(program.chunks)
        count_anew(admin, "*")
        before, end = sum(process.cpu_times()[:2]), time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            program.read(left)
        frames = [len(data) for _, data in program.chunks[chunks:]]
        cpu = 100 * (sum(process.cpu_times()[:2]) - before) / seconds
        calls = calls_of(admin) * 60 / seconds
    finally:
        program.end()
    print(f"idle for {seconds:g} s: {len(frames)} writes, of ages and of the minute of the last read,")
    print(f"  {sum(frames)} bytes; {calls:.1f} calls a minute of any kind; {cpu:.2f} % of one core")


async def run_one_job(record: launcher.Record) -> None:
    """A job that has ended."""
    target = Target(record.project, REGION, local=LocalEndpoint(record.grpc_address, record.http_url))
    gateway = await open_gateway(target)
    try:
        await gateway.setup.enable_apis(list(APIS))
        job = await gateway.jobs.create_job(script(0))
        while not job.state.terminal:
            await asyncio.sleep(1)
            job = await gateway.jobs.get_job(job.name)
    finally:
        await gateway.close()


# The app in a process of its own


def weight() -> float:
    """MiB that would be free without this process."""
    gc.collect()
    return float(psutil.Process().memory_full_info().uss) / MIB


class Lag:
    """How late the event loop comes to what is due."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def watch(self, seconds: float) -> None:
        """Watch it for so long."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            due = time.perf_counter() + TICK
            await asyncio.sleep(TICK)
            self.seconds.append(time.perf_counter() - due)


async def inside(environ: dict[str, str], seconds: float, *, busy: bool) -> dict[str, Any]:
    """Weigh the app with what the server has, and, if `busy`, watch polls and order the list."""
    paths = find_paths(environ)
    found = load(paths, environ, {"region": REGION}, local=True)
    app = VertexApp(AppOptions(found.settings, found.origins, local=True, spec=None, paths=paths))
    record = launcher.ensure(paths.local_dir)
    told: dict[str, Any] = {}
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await app.show_pane(PaneId.JOBS)
        assert isinstance(pane, JobsPane)
        began = time.perf_counter()
        await until(lambda: app.jobs.whole and app.jobs.places)
        told["whole"] = time.perf_counter() - began
        await asyncio.sleep(SETTLE_SECONDS)
        told["weight"] = weight()
        if busy:
            told |= await polls(app, record, seconds)
            told["sorts"] = {}
            for column in COLUMNS:
                told["sorts"][column.key] = [await sort(pane, pilot, column.key) for _ in range(5)]
    return told


async def polls(app: VertexApp, record: launcher.Record, seconds: float) -> dict[str, Any]:
    """What polling costs while nothing changes, and a whole read that the user asks for."""
    admin = AdminClient(record)
    await asyncio.to_thread(count_anew, admin)
    process, lag = psutil.Process(), Lag()
    before = sum(process.cpu_times()[:2])
    await lag.watch(seconds)
    cpu = (sum(process.cpu_times()[:2]) - before) / seconds
    calls = await asyncio.to_thread(calls_of, admin)
    assert app._watch is not None  # noqa: SLF001 (the key `r` calls it, through a message)
    known = app._watch._watches[0].known  # noqa: SLF001
    whole, begun = Lag(), time.perf_counter()
    app._watch.refresh()  # noqa: SLF001
    watching = asyncio.create_task(whole.watch(600))
    await until(lambda: not known._wants_sweep, 600)  # noqa: SLF001
    watching.cancel()
    sweep = time.perf_counter() - begun
    per_minute = calls * 60 / seconds
    return {
        "cpu": cpu,
        "calls": per_minute,
        "lag": lag.seconds,
        "sweep": sweep,
        "sweep lag": whole.seconds,
    }


async def sort(pane: JobsPane, pilot: Any, key: str) -> float:  # noqa: ANN401 (a pilot of any app)
    """Seconds to put the list in order by a column and to draw it."""
    pane._sort = ("age", True)  # noqa: SLF001
    pane.show_list()
    await pilot.pause()
    begin = time.perf_counter()
    pane._order_by(key)  # noqa: SLF001 (what a click on the heading calls)
    await pilot.pause()
    return time.perf_counter() - begin


def count_anew(admin: AdminClient, pattern: str = "*JobService/*") -> None:
    """Count calls from 0: a fault that waits for no time counts what it meets."""
    admin.call("DELETE", "faults")
    rule = {"kind": "call", "pattern": pattern, "effect": "delay", "options": {"seconds": 0}}
    admin.call("POST", "faults", rule)


def calls_of(admin: AdminClient) -> int:
    """Calls since then."""
    return sum(rule["hits"] for rule in admin.call("GET", "faults")["faults"])


def in_process(environ: dict[str, str], *, busy: bool) -> dict[str, Any]:
    """What `inside` tells, of a process that does nothing else."""
    command = [sys.executable, "-m", "benchmarks.jobs_scale", "--inside", "busy" if busy else "weigh"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def spread(name: str, seconds: Sequence[float]) -> None:
    """One row in milliseconds."""
    ordered = sorted(1000 * each for each in seconds)
    late = ordered[len(ordered) * 95 // 100]
    figures = "".join(f"{each:9.1f}" for each in (ordered[0], statistics.median(ordered), late, ordered[-1]))
    print(f"{name:<22}{figures}   ms (min, median, 95 %, max of {len(ordered)})")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=10_000, help="0 for the idle list alone")
    parser.add_argument("--inside", choices=("weigh", "busy"), help="be the process that is measured")
    parser.add_argument("--idle", type=float, default=180.0, help="seconds to watch an idle list; 0 for none")
    choice = parser.parse_args()
    if choice.inside:
        measuring = inside(dict(os.environ), WATCH_SECONDS, busy=choice.inside == "busy")
        print(json.dumps(asyncio.run(measuring)))
        return
    if choice.idle:
        with tempfile.TemporaryDirectory(prefix="vt") as home:
            try:
                idle(environment(home), choice.idle)
            finally:
                launcher.stop(find_paths(environment(home)).local_dir)
    if not choice.jobs:
        return
    with tempfile.TemporaryDirectory(prefix="vt") as empty, tempfile.TemporaryDirectory(prefix="vt") as full:
        homes = [environment(empty), environment(full)]
        try:
            for environ, jobs in zip(homes, (1, choice.jobs), strict=True):
                seeded(environ, jobs)
            weights = [in_process(environ, busy=False)["weight"] for environ in homes]
            more = weights[1] - weights[0]
            print(
                f"memory: {weights[0]:.0f} MiB with one job, {weights[1]:.0f} MiB with all: +{more:.0f} MiB"
            )
            told = in_process(homes[1], busy=True)
            print(f"first list whole after {told['whole']:.1f} s, all read again in {told['sweep']:.1f} s")
            print(f"polls: {told['calls']:.0f} calls a minute, {100 * told['cpu']:.1f} % of one core")
            spread("loop late, polls", told["lag"])
            spread("loop late, all read", told["sweep lag"])
            for key, times in told["sorts"].items():
                spread(f"order by {key}", times)
            spread("a key in the filter", keystrokes(homes[1], choice.jobs))
        finally:
            for environ in homes:
                launcher.stop(find_paths(environ).local_dir)


if __name__ == "__main__":
    main()
