"""The log of the local server: entries in, entries out, and the time from a job's print to a tailing client.

Everything is measured over Google's own client at a server of its own in a temporary folder, with the limit
of 60 reads a minute off; only the ingestion is measured within this process, by the reader that the server
has for what a job prints. Run it with `python -m benchmarks.local_logs`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from google.cloud.aiplatform_v1 import CustomJob, JobServiceClient
from google.cloud.aiplatform_v1.services.job_service.transports.grpc import JobServiceGrpcTransport
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport
from google.cloud.logging_v2.types import TailLogEntriesRequest
from google.cloud.service_usage_v1 import ServiceUsageClient
from google.cloud.service_usage_v1.services.service_usage.transports import ServiceUsageGrpcTransport

from tui.local import launcher
from tui.local.jobs.output import OutputReader
from tui.local.settings import VARIABLE
from tui.local.state.database import Database
from tui.local.state.entries import Entries, Row, rows_like
from tui.local.wire import gtypes

PROJECT = "projects/local-project"
PARENT = f"{PROJECT}/locations/europe-west4"
PAGE = 1000
SETTINGS = {"queued_seconds": 0, "pending_seconds": 0, "log_reads_per_minute": 0}
PRINTER = """
import sys, time
rate, seconds = float(sys.argv[1]), float(sys.argv[2])
begin = time.time()
for number in range(int(rate * seconds)):
    time.sleep(max(begin + number / rate - time.time(), 0))
    print("printed", time.time_ns(), flush=True)
"""


class Clients:
    """Google's clients at a server."""

    def __init__(self, record: launcher.Record) -> None:
        options = [("grpc.enable_http_proxy", 0)]
        self.channel = grpc.insecure_channel(record.grpc_address, options=options)
        self.logs = LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=self.channel))
        self.jobs = JobServiceClient(transport=JobServiceGrpcTransport(channel=self.channel))
        services = ServiceUsageClient(transport=ServiceUsageGrpcTransport(channel=self.channel))
        ids = ["logging.googleapis.com", "aiplatform.googleapis.com"]
        services.batch_enable_services(request={"parent": PROJECT, "service_ids": ids}).result(timeout=60)


@contextmanager
def server(data_dir: Path) -> Iterator[tuple[Clients, float]]:
    """A server over a data directory, and the seconds until it answered."""
    os.environ[VARIABLE] = json.dumps(SETTINGS)
    begin = time.perf_counter()
    try:
        record = launcher.ensure(data_dir)
        taken = time.perf_counter() - begin
        clients = Clients(record)
        yield clients, taken
        clients.channel.close()
    finally:
        launcher.stop(data_dir)


def ingestion(folder: Path, count: int) -> tuple[float, float]:
    """Entries from a replica's output file into the table, in a second and in a second of CPU."""
    path = folder / "output.jsonl"
    now = time.time_ns()
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            text = f"step {number} loss {number / 7:.4f} accuracy {number / 9:.4f} lr 0.001"
            file.write(json.dumps([now + number, 1, text]) + "\n")
    database = Database(folder / "ingested.db")
    entries = Entries(database)
    reader = OutputReader(entries, "123", "workerpool0-0", path, key="workerpool0-0")
    begin, worked = time.perf_counter(), time.process_time()
    while reader.read():
        pass
    taken, worked = time.perf_counter() - begin, time.process_time() - worked
    database.close()
    return count / taken, count / worked


def rows(count: int, jobs: Sequence[str], entries: Entries) -> Iterator[Row]:
    """Seeds: entries of several jobs in turn, a millisecond apart."""
    lines = [_lines(count // len(jobs), entries, number, len(jobs)) for number in range(len(jobs))]
    made = [rows_like(_template(job), each) for job, each in zip(jobs, lines, strict=True)]
    for together in zip(*made, strict=True):
        yield from together


def _template(job_id: str) -> Any:  # noqa: ANN401 (a protobuf message)
    entry = gtypes.LogEntry(log_name=f"{PROJECT}/logs/workerpool0-0", severity=200)
    entry.resource.type = "ml_job"
    entry.resource.labels.update(
        {"job_id": job_id, "task_name": "workerpool0-0", "project_id": "local-project"}
    )
    entry.labels["ml.googleapis.com/job_id"] = job_id
    return entry


def _lines(count: int, entries: Entries, offset: int, step: int) -> Iterator[tuple[int, str, Any]]:
    payload = gtypes.LogEntry()
    payload.json_payload.update({"message": "", "levelname": "INFO", "attrs": {"tag": "workerpool0-0"}})
    message = payload.json_payload.fields["message"]
    begin = time.time_ns() - count * step * 1_000_000
    for number in range(count):
        message.string_value = f"step {number} loss {number / 7:.4f} accuracy {number / 9:.4f}"
        yield begin + (number * step + offset) * 1_000_000, entries.insert_id(), payload


def seed(data_dir: Path, count: int, jobs: Sequence[str]) -> float:
    """Entries a second into the table of a server that does not run."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(data_dir / "state.db")
    entries = Entries(database)
    begin = time.perf_counter()
    asyncio.run(entries.append_many(rows(count, jobs, entries)))
    taken = time.perf_counter() - begin
    entries.close()
    database.close()
    return count / taken


def listing(clients: Clients, filter_: str, wanted: int) -> float:
    """Entries a second over all pages."""
    request = {"resource_names": [PROJECT], "filter": filter_, "page_size": PAGE, "order_by": "timestamp asc"}
    begin = time.perf_counter()
    found = 0
    for page in clients.logs.list_log_entries(request=request).pages:
        found += len(page.entries)
        if found >= wanted:
            break
    taken = time.perf_counter() - begin
    if found < wanted:
        raise SystemExit(f"{found} entries instead of {wanted}: {filter_}")
    return found / taken


def tailing(clients: Clients, rate: float, seconds: float) -> list[float]:
    """Milliseconds from each line's print to the client that tails."""
    spec = {
        "machine_spec": {"machine_type": "n1-standard-4"},
        "replica_count": 1,
        "container_spec": {
            "image_uri": "python:3.11",
            "command": ["python3", "-c"],
            "args": [PRINTER, str(rate), str(seconds)],
        },
    }
    latencies: list[float] = []
    done = threading.Event()

    def requests() -> Iterator[TailLogEntriesRequest]:
        filter_ = 'jsonPayload.message:"printed"'
        yield TailLogEntriesRequest(resource_names=[PROJECT], filter=filter_, buffer_window={"seconds": 0})
        done.wait()

    def read() -> None:
        for response in clients.logs.tail_log_entries(requests=requests()):
            now = time.time_ns()
            for entry in response.entries:
                printed = int(entry.json_payload["message"].split()[1])
                latencies.append((now - printed) / 1e6)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    time.sleep(1)
    job = CustomJob({"display_name": "printer", "job_spec": {"worker_pool_specs": [spec]}})
    clients.jobs.create_custom_job(parent=PARENT, custom_job=job)
    until = time.monotonic() + seconds + 60
    while len(latencies) < int(rate * seconds) and time.monotonic() < until:
        time.sleep(0.1)
    done.set()
    reader.join(timeout=10)
    if len(latencies) != int(rate * seconds):
        raise SystemExit(f"{len(latencies)} lines instead of {int(rate * seconds)}")
    return latencies


def report(what: str, figure: str) -> None:
    """One line, at once."""
    print(f"{what:<58} {figure}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=1_000_000, help="entries of all jobs together")
    parser.add_argument("--rate", type=float, default=200.0, help="lines a second that the tailed job prints")
    parser.add_argument("--seconds", type=float, default=15.0, help="for how long it prints")
    choice = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vt-") as name:
        folder = Path(name)
        rate, by_cpu = ingestion(folder, 100_000)
        report("entries/s from a job's output into the log", f"{rate:10,.0f}")
        report("  in a second of CPU", f"{by_cpu:10,.0f}")
        seed(folder / "s", 100_000, ["1"])
        with server(folder / "s") as (clients, _):
            report("entries/s listed of 100,000", f"{listing(clients, '', 100_000):10,.0f}")
            filter_ = 'resource.type="ml_job" AND resource.labels.job_id="1"'
            report("  with the app's filter", f"{listing(clients, filter_, 100_000):10,.0f}")
        with server(folder / "s") as (_, taken):
            report("seconds to start again with these", f"{taken:10.2f}")
        jobs = [str(number) for number in range(1, 11)]
        report("entries/s seeded", f"{seed(folder / 'l', choice.entries, jobs):10,.0f}")
        with server(folder / "l") as (clients, taken):
            report(f"seconds to start with {choice.entries:,} entries", f"{taken:10.2f}")
            filter_ = 'resource.type="ml_job" AND resource.labels.job_id="7"'
            count = choice.entries // len(jobs)
            what = f"entries/s listed of a job's {count:,} among {choice.entries:,}"
            report(what, f"{listing(clients, filter_, count):10,.0f}")
            times = sorted(tailing(clients, choice.rate, choice.seconds))
            middle, late = statistics.median(times), times[int(len(times) * 0.99)]
            what = f"ms from print to tail at {choice.rate:g} lines/s (p50, p99, max)"
            report(what, f"{middle:10.0f} {late:6.0f} {times[-1]:6.0f}")


if __name__ == "__main__":
    main()
