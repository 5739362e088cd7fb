"""What the local server takes: a page of jobs, a restart, idling, memory, from create to the first line.

Every time stands beside that of a bare peer in the same run. Run it with `python -m benchmarks.local_server`
(all parts), or name parts: `pages`, `ingest`, `restart`, `idle`, `jobs`.
"""

from __future__ import annotations

import argparse
import functools
import os
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import grpc
import psutil
from google.auth.credentials import AnonymousCredentials
from google.cloud.aiplatform_v1 import JobServiceClient
from google.cloud.aiplatform_v1.services.job_service.transports.grpc import JobServiceGrpcTransport
from google.cloud.aiplatform_v1.types import ListCustomJobsResponse
from google.cloud.logging_v2.types import TailLogEntriesRequest
from google.protobuf.json_format import MessageToJson

from benchmarks.local_flood import flooded
from benchmarks.local_idle import watch, watch_beside_app
from tests.local.clients import PARENT, REGION, Server, script_job
from tests.local.trials import short_folder
from tui.local import launcher, names
from tui.local.clock import SECOND, stamp
from tui.local.private import make_private
from tui.local.settings import Settings
from tui.local.state.database import Database
from tui.local.state.entries import Entries
from tui.local.state.jobs import JobRow, Jobs, Run, State
from tui.local.wire import gtypes

PAGE_TARGET_MS = 25.0
RESTART_TARGET_SECONDS = 1.0
_BATCH = 5000
_LINES = 40
"""Entries of each job that is made up."""


def seed_jobs(data_dir: Path, count: int) -> None:
    """Store so many ended jobs, a minute apart."""
    make_private(data_dir)
    database = Database(data_dir / "state.db")
    jobs = Jobs(database)
    begin = time.time_ns() - count * 60 * SECOND
    with database.transaction():
        for number in range(count):
            jobs.add(_ended_job(number, begin + number * 60 * SECOND))
    database.close()


def _ended_job(number: int, create_ns: int) -> JobRow:
    job_id = str(10**18 + number)
    job = gtypes.CustomJob()
    job.CopyFrom(type(script_job("")).pb(script_job(f"python train.py --seed {number} --epochs 20")))
    job.display_name = f"seeded-{number}"
    job.name = f"projects/{names.PROJECT_NUMBER}/locations/{REGION}/customJobs/{job_id}"
    job.labels["sweep"] = f"s{number % 50}"
    job.state = State.JOB_STATE_SUCCEEDED if number % 7 else State.JOB_STATE_FAILED
    for name, minutes in (("create_time", 0), ("start_time", 3), ("end_time", 40), ("update_time", 40)):
        stamp(getattr(job, name), create_ns + minutes * 60 * SECOND)
    if job.state == State.JOB_STATE_FAILED:
        job.error.code, job.error.message = 3, "The replica workerpool0-0 exited with a non-zero status of 1."
    return JobRow(job_id, REGION, job, Run())


def seed_entries(data_dir: Path, count: int) -> None:
    """Store so many log entries."""
    make_private(data_dir)
    database = Database(data_dir / "state.db")
    entries = Entries(database)
    begin = time.time_ns() - count * SECOND
    for first in range(0, count, _BATCH):
        entries.append([_entry(number, begin) for number in range(first, min(first + _BATCH, count))])
    database.close()


def _entry(number: int, begin: int) -> gtypes.Message:
    job_id = str(10**18 + number // _LINES)
    entry = gtypes.LogEntry(
        log_name=f"projects/{names.PROJECT_ID}/logs/workerpool0-0", insert_id=f"s{number:09d}"
    )
    entry.resource.type = "ml_job"
    entry.resource.labels.update({"job_id": job_id, "task_name": "workerpool0-0"})
    stamp(entry.timestamp, begin + number * SECOND)
    entry.json_payload.update({"message": f"step {number} loss {1 / (number + 1):.6f}"})
    return entry


@contextmanager
def folder_with(prepare: Callable[[Path], None] = lambda _: None) -> Iterator[Path]:
    """A data directory that `prepare` has filled; its server is ended at last."""
    with short_folder() as folder:
        data_dir = Path(folder, "data")
        prepare(data_dir)
        try:
            yield data_dir
        finally:
            launcher.stop(data_dir)


def milliseconds(call: Callable[[], object]) -> float:
    """How long a call takes."""
    begin = time.perf_counter()
    call()
    return (time.perf_counter() - begin) * 1000


def report(name: str, values: Sequence[float], unit: str, peer: Sequence[float] = ()) -> None:
    """One row: minimum, median, maximum, and the ratio of the medians to a peer's."""
    middle = statistics.median(values)
    row = f"{name:<44} {min(values):8.2f} {middle:8.2f} {max(values):8.2f} {unit} ({len(values)} times)"
    if peer:
        other = statistics.median(peer)
        row += f"  {middle / other:5.2f} x the peer's {other:.2f}"
    print(row)


# --- pages


def pages(runs: int, count: int) -> None:
    """A page of 100 of many jobs, over both protocols."""
    with folder_with(lambda data_dir: seed_jobs(data_dir, count)) as data_dir:
        server = Server(data_dir)
        server.enable("aiplatform", "logging")
        over_grpc, over_rest = _lister(server.jobs), _lister(server.rest_jobs)
        page = over_grpc()
        with _peer(data_dir, ListCustomJobsResponse.pb(page)) as (grpc_peer, rest_peer):
            calls = {
                "gRPC": over_grpc,
                "gRPC peer": _lister(grpc_peer),
                "REST": over_rest,
                "REST peer": _lister(rest_peer),
                "SQLite": lambda: _read_page(data_dir),
                "gRPC, filtered to one of 7": _lister(server.jobs, 'state="JOB_STATE_FAILED"'),
            }
            times = {name: _timed(call, runs) for name, call in calls.items()}
        print(f"a page of {len(page.custom_jobs)} jobs out of {count:,} (target: {PAGE_TARGET_MS:g} ms)")
        report("  over gRPC", times["gRPC"], "ms", times["gRPC peer"])
        report("  over REST", times["REST"], "ms", times["REST peer"])
        report("  over gRPC, every seventh job by a filter", times["gRPC, filtered to one of 7"], "ms")
        report("  the rows alone, read by SQLite", times["SQLite"], "ms")
        memory = psutil.Process(server.record.pid).memory_info().rss / 2**20
        print(f"  memory of the server: {memory:.0f} MiB")


def _lister(client: JobServiceClient, filter_: str = "") -> Callable[[], ListCustomJobsResponse]:
    request = {"parent": PARENT, "page_size": 100, "filter": filter_}
    return lambda: client.list_custom_jobs(request=request)._response  # noqa: SLF001 (the page, not the pager)


def _timed(call: Callable[[], object], runs: int) -> list[float]:
    call()
    return [milliseconds(call) for _ in range(runs)]


def _read_page(data_dir: Path) -> None:
    connection = sqlite3.connect(data_dir / "state.db")
    query = "SELECT data FROM jobs WHERE region = ? ORDER BY create_ns DESC, id DESC LIMIT 100"
    connection.execute(query, (REGION,)).fetchall()
    connection.close()


@contextmanager
def _peer(data_dir: Path, page: gtypes.Message) -> Iterator[tuple[JobServiceClient, JobServiceClient]]:
    """Clients of a bare server that answers with the same page."""
    (data_dir / "page.pb").write_bytes(page.SerializeToString())
    (data_dir / "page.json").write_text(MessageToJson(page))
    socket = str(data_dir / "peer.sock")
    files = [socket, str(data_dir / "page.pb"), str(data_dir / "page.json")]
    command = [sys.executable, "-m", "benchmarks.local_peer", *files]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = int(process.stdout.readline()) if process.stdout else 0
            channel = grpc.insecure_channel(f"unix:{socket}", options=[("grpc.enable_http_proxy", 0)])
            over_grpc = JobServiceClient(transport=JobServiceGrpcTransport(channel=channel))
            over_rest = JobServiceClient(
                transport="rest",
                client_options={"api_endpoint": f"http://127.0.0.1:{port}"},
                credentials=AnonymousCredentials(),
            )
            yield over_grpc, over_rest
            channel.close()
        finally:
            process.terminate()


def under_ingest(runs: int, count: int) -> None:
    """A page of jobs, and one job, while replicas print as fast as they can."""
    for replicas in (1, 8):
        with folder_with(functools.partial(seed_jobs, count=count)) as data_dir:
            for name, call in flooded(Server(data_dir), replicas, _lister):
                report(f"  {name}", _timed(call, runs), "ms")


# --- restart


def restart(runs: int, counts: Sequence[int]) -> None:
    """From the start of the process to a server that answers, by how many log entries are stored."""
    print(f"a restart after SIGKILL (target: {RESTART_TARGET_SECONDS:g} s with 100,000 entries)")
    empty: list[float] = []
    for count in (0, *counts):
        with folder_with(functools.partial(seed_entries, count=count)) as data_dir:
            seconds = [_restart(data_dir) for _ in range(runs + 1)][1:]
            size = sum(path.stat().st_size for path in data_dir.glob("state.db*")) / 2**20
        report(f"  {count:,} entries ({size:.0f} MiB)", seconds, "s", empty)
        empty = empty or seconds


def _restart(data_dir: Path) -> float:
    record = launcher.status(data_dir)
    if record:
        psutil.Process(record.pid).kill()
        while launcher.status(data_dir):
            time.sleep(0.01)
    begin = time.perf_counter()
    server = Server(data_dir)
    server.enable("logging")
    seconds = time.perf_counter() - begin
    server.channel.close()
    return seconds


# --- idle


def idle(seconds: float, count: int) -> None:
    """CPU and wake-ups of the server while nothing happens."""
    print(f"idle for {seconds:g} s (target: about 0)")
    with folder_with() as data_dir:
        watch("nothing stored, no client", Server(data_dir), seconds)
    with folder_with(lambda data_dir: seed_jobs(data_dir, count)) as data_dir:
        server = Server(data_dir)
        watch(f"{count:,} jobs stored, no client", server, seconds)
    with short_folder() as home:
        watch_beside_app(home, seconds)


# --- running jobs


def jobs(runs: int, replicas: int, seconds: float) -> None:
    """From the create call to the first line at a tailing client, and what running replicas cost."""
    with folder_with() as data_dir:
        server = Server(data_dir)
        launcher.stop(data_dir)
        server.start(poll_seconds=Settings().poll_seconds)
        server.enable("aiplatform", "logging", "compute")
        latencies = [_first_line(server) for _ in range(runs + 1)][1:]
        bare = [milliseconds(_bare_start) for _ in range(runs)]
        print("jobs, without the pretended waiting for machines")
        report("  from create to the first line at a tail", latencies, "ms", bare)
        for count in (1, replicas):
            name = _start_sleeping(server, count)
            watch(f"a job of {count} silent replicas", server, seconds)
            server.jobs.cancel_custom_job(name=name)
            server.ended(name)


def _bare_start() -> None:
    """What a job needs at least: a virtual environment and a shell in it."""
    with short_folder() as folder:
        venv.EnvBuilder(symlinks=True, with_pip=False).create(folder)
        subprocess.run(["/bin/sh", "-c", "echo the first line"], check=True, capture_output=True, cwd=folder)


def _first_line(server: Server) -> float:
    """Milliseconds; the tail has no buffer window, so that only the way of the line counts."""
    first: list[float] = []
    open_ended = threading.Event()

    def requests() -> Iterator[TailLogEntriesRequest]:
        yield TailLogEntriesRequest(
            resource_names=["projects/local-project"],
            filter='resource.labels.task_name="workerpool0-0"',
            buffer_window=timedelta(0),
        )
        open_ended.wait(60)

    def follow() -> None:
        for response in server.logs.tail_log_entries(requests=requests()):
            if response.entries:
                first.append(time.perf_counter())
                return

    follower = threading.Thread(target=follow)
    follower.start()
    time.sleep(0.3)
    begin = time.perf_counter()
    name = server.jobs.create_custom_job(parent=PARENT, custom_job=script_job("echo the first line")).name
    follower.join(60)
    open_ended.set()
    server.ended(name)
    return (first[0] - begin) * 1000


def _start_sleeping(server: Server, replicas: int) -> str:
    job = script_job("sleep 600")
    if replicas > 1:
        job.job_spec.worker_pool_specs.append(script_job("sleep 600").job_spec.worker_pool_specs[0])
        job.job_spec.worker_pool_specs[1].replica_count = replicas - 1
    name = str(server.jobs.create_custom_job(parent=PARENT, custom_job=job).name)
    server.reached(name, State.JOB_STATE_RUNNING)
    return name


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = ("pages", "ingest", "restart", "idle", "jobs")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(parts)}; all if none")
    parser.add_argument(
        "--runs", type=int, default=51, help="counted calls or starts of each (starts: a tenth)"
    )
    parser.add_argument("--seconds", type=float, default=30.0, help="to watch each idle server")
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--entries", type=int, nargs="*", default=[100_000, 1_000_000])
    choice = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    few = max(choice.runs // 10, 1)
    work: dict[str, Callable[[], None]] = {
        "pages": lambda: pages(choice.runs, choice.jobs),
        "ingest": lambda: under_ingest(choice.runs, choice.jobs),
        "restart": lambda: restart(few, choice.entries),
        "idle": lambda: idle(choice.seconds, choice.jobs),
        "jobs": lambda: jobs(few, 64, choice.seconds / 3),
    }
    for name in choice.parts or parts:
        work[name]()


if __name__ == "__main__":
    main()
