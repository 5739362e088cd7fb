"""Jobs and logs for these tests, in few words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tui.domain.diagnosis.model import Case, Cause, Confidence
from tui.domain.jobs import Job, job_from_json
from tui.domain.logs import LogEntry, Severity

BEGIN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
LINK = (
    "\n\nTo find out more about why your job exited please check the logs: https://console.cloud.google.com/"
    "logs/viewer?project=123&resource=ml_job%2Fjob_id%2F77&advancedFilter=resource.type%3D%22ml_job%22"
)
SURE, LIKELY, UNSURE = Confidence.SURE, Confidence.LIKELY, Confidence.UNSURE
_UNITS = {"s": 1, "m": 60, "h": 3600}


def log(text: str) -> tuple[LogEntry, ...]:
    """Entries from lines: `0> text` of workerpool0-0, `1-2> text`, `s> text` of the service.

    `|` goes on with the entry before; `+30m` lets time pass.
    """
    entries: list[LogEntry] = []
    now = int((BEGIN + timedelta(minutes=5)).timestamp()) * 10**9
    for line in text.strip("\n").split("\n"):
        if line.startswith("+"):
            now += int(line[1:-1]) * _UNITS[line[-1]] * 10**9
            continue
        if line.startswith("|"):
            last = entries.pop()
            entries.append(_entry(last.timestamp_ns, last.replica, f"{last.text}\n{line[1:]}"))
            continue
        who, _, said = line.partition("> ")
        now += 10**6
        name = "service" if who == "s" else f"workerpool{who if '-' in who else who + '-0'}"
        entries.append(_entry(now, name, said))
    return tuple(entries)


def _entry(time_ns: int, replica: str, text: str) -> LogEntry:
    severity = Severity.INFO if replica == "service" and "exited" not in text else Severity.ERROR
    return LogEntry(time_ns, f"i{time_ns}", f"projects/p/logs/{replica}", severity, text, replica)


def replica_error(
    code: int, *, replica: str = "0-0", reason: str = "Error", detail: str = ""
) -> tuple[int, str]:
    """`CustomJob.error` of a replica that ended."""
    head = f"The replica workerpool{replica} exited with a non-zero status of {code}. "
    head += f"Termination reason: {reason}. "
    return 3, f"{head}\n{detail}{LINK}" if detail else f"{head}{LINK}"


def job(
    error: tuple[int, str] | None = None,
    state: str = "FAILED",
    *,
    scheduling: dict[str, Any] | None = None,
    started: bool = True,
    ran: timedelta = timedelta(minutes=50),
    args: tuple[str, ...] = ("python -m trainer.train && gsutil cp -r outputs gs://b/",),
    **spec: Any,
) -> Job:
    """A job of one pool."""
    pool = {
        "machineSpec": {
            "machineType": "g2-standard-4",
            "acceleratorType": "NVIDIA_L4",
            "acceleratorCount": 1,
        },
        "replicaCount": 1,
        "containerSpec": {
            "imageUri": "us-docker.pkg.dev/p/r/train:v3",
            "command": ["bash", "-c"],
            "args": list(args),
            "env": [{"name": "HF_TOKEN", "value": "x"}, {"name": "WANDB_API_KEY", "value": "y"}],
        },
    }
    raw: dict[str, Any] = {
        "name": "projects/123/locations/europe-west4/customJobs/77",
        "displayName": "kelp",
        "state": f"JOB_STATE_{state}",
        "createTime": BEGIN.isoformat(),
        "jobSpec": {"workerPoolSpecs": [pool], "scheduling": scheduling or {}, **spec},
    }
    if started:
        raw["startTime"] = (BEGIN + timedelta(minutes=4)).isoformat()
    if state not in ("RUNNING", "QUEUED", "PENDING"):
        raw["endTime"] = (BEGIN + timedelta(minutes=4) + ran).isoformat()
    if error:
        raw["error"] = {"code": error[0], "message": error[1]}
    return job_from_json(raw)


@dataclass(frozen=True)
class Told:
    """A case and what its card has to say."""

    name: str
    cause: Cause
    case: Case
    confidence: Confidence = SURE
    replica: str | None = None
    code: int | None = None
    frame: tuple[str, int] | None = None
    exception: str | None = None
    summary: tuple[str, ...] = ()
    """Words that the summary holds."""
    quotes: str = ""
    """Words that the first quoted line holds."""
    check_id: str | None = None
    also: tuple[Cause, ...] = field(default=())


def told(
    name: str,
    cause: Cause,
    entries: str = "",
    error: tuple[int, str] | None = None,
    *,
    of: Job | None = None,
    outputs_empty: bool | None = None,
    **expected: Any,
) -> Told:
    """A case in short."""
    case = Case(of or job(error), log(entries) if entries else (), complete=True, outputs_empty=outputs_empty)
    return Told(name, cause, case, **expected)
