"""The high-level Vertex AI SDK, over gRPC and over REST."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from google.api_core.exceptions import GoogleAPICallError
from google.cloud import aiplatform, storage
from google.cloud.aiplatform import jobs
from google.cloud.aiplatform_v1 import JobState

PATIENCE = 20.0

# Only how long the library sleeps between two looks at a job: five seconds by default.
setattr(jobs, "_JOB_WAIT_TIME", 0.1)  # noqa: B010

TRAINING = """
import argparse, os
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int)
print("trained", parser.parse_args().epochs, "epochs for", os.environ["WHO"])
"""


def pools(script: str) -> list[dict[str, Any]]:
    """One small machine that runs a script."""
    return [
        {
            "machine_spec": {"machine_type": "n1-standard-4"},
            "replica_count": 1,
            "container_spec": {"image_uri": "python:3.11", "command": ["bash", "-c"], "args": [script]},
        }
    ]


def until(condition: Callable[[], Any]) -> Any:
    """Wait until `condition` gives something true, and return that."""
    give_up = time.monotonic() + PATIENCE
    while not (found := condition()):
        if time.monotonic() > give_up:
            raise TimeoutError
        time.sleep(0.05)
    return found


def course(transport: str) -> dict[str, Any]:
    """A job that succeeds, one that fails, one that is cancelled; found again, listed and deleted."""
    aiplatform.init(api_transport=transport)
    good = aiplatform.CustomJob(f"good-{transport}", pools("echo hello"), labels={"team": "kelp"})
    good.run(timeout=600, restart_job_on_worker_restart=False)
    bad = aiplatform.CustomJob(f"bad-{transport}", pools("echo no >&2; exit 3"))
    with contextlib.suppress(RuntimeError):
        bad.run()
    long = aiplatform.CustomJob(f"long-{transport}", pools("sleep 600"))
    long.submit()
    long.cancel()
    until(lambda: long.state == JobState.JOB_STATE_CANCELLED)
    again = aiplatform.CustomJob.get(good.resource_name)
    moments = (again.create_time, again.start_time, again.end_time)
    times = [moment for moment in moments if moment]
    facts = {
        "states": [job.state.name for job in (again, bad, long)],
        "failure": until(lambda: bad.error).message,
        "times": len(times) == len(moments) and sorted(times) == times,
        "labels": dict(again.labels),
        "location": again.location,
    }
    listed = aiplatform.CustomJob.list(filter=f'display_name="good-{transport}"')
    labelled = aiplatform.CustomJob.list(filter="labels.team=kelp")
    deleted = good.resource_name
    good.delete()
    try:
        aiplatform.CustomJob.get(deleted)
    except GoogleAPICallError as error:
        gone = error.code
    return facts | {
        "listed": [job.display_name for job in listed],
        "labelled": [job.display_name for job in labelled],
        "gone": gone,
    }


def from_script() -> dict[str, Any]:
    """A plain Python file, packed and sent by the SDK."""
    Path("task.py").write_text(TRAINING, encoding="utf-8")
    job = aiplatform.CustomJob.from_local_script(
        display_name="from a file",
        script_path="task.py",
        container_uri="us-docker.pkg.dev/vertex-ai/training/pytorch-gpu.2-4.py310:latest",
        args=["--epochs", "3"],
        environment_variables={"WHO": "ana"},
        replica_count=1,
        machine_type="n1-standard-4",
    )
    job.run()
    return {"state": job.state.name, "name": job.resource_name}


def main() -> None:
    """Print what was found."""
    storage.Client().create_bucket("sdk-staging", location="europe-west4")
    aiplatform.init(staging_bucket="gs://sdk-staging")
    found: dict[str, Any] = {transport: course(transport) for transport in ("grpc", "rest")}
    if "script" in sys.argv:
        found["script"] = from_script()
    print(json.dumps(found))  # noqa: T201


main()
