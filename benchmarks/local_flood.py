"""What other calls to the local server take while replicas print as fast as they can."""

from __future__ import annotations

import functools
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from google.cloud.aiplatform_v1 import JobServiceClient

from tests.local.clients import PARENT, Server, script_job
from tui.local.state.jobs import State

Lister = Callable[[JobServiceClient], Callable[[], object]]
TARGET_MS = 50.0
_FLOOD = "yes 'step 17 loss 0.1234 accuracy 0.9876'"


def flooded(server: Server, replicas: int, lister: Lister) -> Iterator[tuple[str, Callable[[], object]]]:
    """Calls to measure while so many replicas of a job print without end; says how much was stored.

    Args:
        server: a fresh one, with jobs to list.
        replicas: how many print.
        lister: makes the call that gets a page of jobs.
    """
    print(f"page latency under ingest, {replicas} printing (target: {TARGET_MS:g} ms when it is one)")
    server.enable("aiplatform", "logging", "compute")
    job = script_job(_FLOOD)
    if replicas > 1:
        job.job_spec.worker_pool_specs.append(script_job(_FLOOD).job_spec.worker_pool_specs[0])
        job.job_spec.worker_pool_specs[1].replica_count = replicas - 1
    name = str(server.jobs.create_custom_job(parent=PARENT, custom_job=job).name)
    server.reached(name, State.JOB_STATE_RUNNING)
    before, begin = _stored(server.data_dir), time.monotonic()
    yield "a page over gRPC", lister(server.jobs)
    yield "one job over gRPC", functools.partial(server.jobs.get_custom_job, name=name)
    rate = (_stored(server.data_dir) - before) / (time.monotonic() - begin)
    print(f"  meanwhile {rate:,.0f} entries/s were stored")
    server.jobs.cancel_custom_job(name=name)


def _stored(data_dir: Path) -> int:
    connection = sqlite3.connect(data_dir / "state.db")
    try:
        return int(connection.execute("SELECT coalesce(max(seq), 0) FROM entries").fetchone()[0])
    finally:
        connection.close()
