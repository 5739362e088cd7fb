"""Records of jobs that ran elsewhere, as the tests write them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ID = "7654321098765432100"
REGION = "us-central1"
NAME = f"projects/kelp-train/locations/{REGION}/customJobs/{ID}"
LOCAL_NAME = f"projects/123456789012/locations/{REGION}/customJobs/{ID}"
ERROR = "The replica workerpool0-0 exited with a non-zero status of 1. Termination reason: Error."

JOB: dict[str, Any] = {
    "name": NAME,
    "displayName": "ana-gemma-lora-0722",
    "jobSpec": {
        "workerPoolSpecs": [
            {
                "machineSpec": {
                    "machineType": "g2-standard-4",
                    "acceleratorType": "NVIDIA_L4",
                    "acceleratorCount": 1,
                },
                "replicaCount": "1",
                "diskSpec": {"bootDiskType": "pd-ssd", "bootDiskSizeGb": 100},
                "containerSpec": {"imageUri": "kelp/trainer:3", "command": ["python", "-m", "train"]},
            }
        ],
        "scheduling": {"timeout": "7200s"},
        "serviceAccount": "trainer@kelp-train.iam.gserviceaccount.com",
        "baseOutputDirectory": {"outputUriPrefix": "gs://kelp-train-out/0722/"},
    },
    "state": "JOB_STATE_FAILED",
    "createTime": "2026-03-01T10:00:00.123456Z",
    "startTime": "2026-03-01T10:04:00Z",
    "endTime": "2026-03-01T10:24:00Z",
    "updateTime": "2026-03-01T10:25:01.500Z",
    "error": {"code": 3, "message": ERROR},
    "labels": {"owner": "ana"},
}


def job(**changes: Any) -> dict[str, Any]:
    """A job in the API's JSON; None takes a field out."""
    merged = copy.deepcopy(JOB) | changes
    return {name: value for name, value in merged.items() if value is not None}


def entry(
    text: str, when: str, insert_id: str = "", task: str = "workerpool0-0", **more: Any
) -> dict[str, Any]:
    """A log entry in the API's JSON."""
    log = "ml.googleapis.com%2F" + ID if task == "service" else task
    found: dict[str, Any] = {
        "insertId": insert_id,
        "resource": {
            "type": "ml_job",
            "labels": {"job_id": ID, "project_id": "kelp-train", "task_name": task},
        },
        "timestamp": when,
        "severity": "INFO",
        "labels": {"ml.googleapis.com/job_id": ID},
        "logName": f"projects/kelp-train/logs/{log}",
        "receiveTimestamp": "2026-03-01T10:05:01.123456789Z",
    }
    if task == "service":
        found["textPayload"] = text
    else:
        found["jsonPayload"] = {"message": text, "levelname": "INFO", "attrs": {"tag": task}}
    return found | more


def log() -> list[dict[str, Any]]:
    """The log of the job, not in order, with one entry twice."""
    lines = [
        entry("Job is running.", "2026-03-01T10:04:00.5Z", "b", "service"),
        entry("Waiting for job to be provisioned.", "2026-03-01T10:00:01Z", "a", "service"),
        entry("Vertex AI is setting up this job.", "2026-03-01T10:01:00Z", "a2", "service"),
        entry("step 2", "2026-03-01T10:06:00.000000002Z", "d"),
        entry("step 1", "2026-03-01T10:06:00.000000001Z", "e", severity="ERROR"),
        entry("step 3", "2026-03-01T10:23:59Z", "f"),
        entry(ERROR, "2026-03-01T10:24:01Z", "g", "service", severity="ERROR"),
    ]
    return [*lines, lines[3]]


def write(folder: Path, content: dict[str, Any] | str, lines: Iterable[dict[str, Any] | str] | None) -> Path:
    """A record in a folder; None for a job without any log."""
    folder.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content, indent=2)
    (folder / "job.json").write_text(text, encoding="utf-8")
    if lines is not None:
        texts = [each if isinstance(each, str) else json.dumps(each) for each in lines]
        (folder / "log.jsonl").write_bytes("".join(f"{each}\n" for each in texts).encode())
    return folder
