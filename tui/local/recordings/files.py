"""A job's record as files: `job.json`, a CustomJob, and `log.jsonl`, a LogEntry on each line.

Both are in the API's JSON, as `gcloud … --format=json` and the REST API write it. They are read one line at a
time, in the caller's process.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui.domain.regions import is_training_region
from tui.local import names
from tui.local.clock import parse_ns, stamp
from tui.local.filters.logs import SEVERITIES
from tui.local.recordings.json_text import RecordError, Text
from tui.local.recordings.staging import StagedJob, Staging
from tui.local.state.entries import Row, row_of
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message

JOB_FILE = "job.json"
LOG_FILE = "log.jsonl"
MAX_LINE = 16 * 1024 * 1024
"""Bytes of a line; an entry of Cloud Logging has at most 256 KiB."""
MAX_ENTRY = 1024 * 1024
"""Bytes of a serialized entry: a page of a listing must hold at least a few."""
_JOB_NAME = re.compile(r"projects/[^/]+/locations/([a-z0-9-]+)/customJobs/([0-9]{1,20})")
_LOG_NAME = re.compile(r"projects/[^/]+/logs/(.+)", re.DOTALL)
_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z")
_PLAIN = frozenset(
    {
        *("insertId", "jsonPayload", "labels", "logName", "receiveTimestamp"),
        *("resource", "severity", "textPayload", "timestamp"),
    }
)
SERVICE = "service"
"""`task_name` of what the service itself says."""


def find_records(folder: Path) -> list[Path]:
    """The folders at or below `folder` that hold a record, in order.

    Raises:
        RecordError: there are none, or a log is there without its job.
    """
    found = []
    for place, folders, files in os.walk(folder):
        folders.sort()
        if JOB_FILE in files:
            found.append(Path(place))
        elif LOG_FILE in files:
            raise RecordError(f"{Path(place, LOG_FILE)}:1:1: there is no {JOB_FILE} beside it")
    if not found:
        raise RecordError(f"{folder}: no {JOB_FILE} there, nor in a folder below it")
    return found


@dataclass(slots=True)
class Summary:
    """What was read of one record."""

    job_id: str
    region: str
    state: str
    entries: int = 0
    doubles: int = 0
    """Entries that were there more than once."""
    nameless: int = 0
    """Entries that do not name the job, so that its log does not show them."""
    unknown: Counter[str] = field(default_factory=Counter)
    """Fields and values this version does not know, with how often they were left out."""
    said: dict[str, int] = field(default_factory=dict)
    """When the service first said what tells of the job's state, in ns; see `script`."""


def stage_record(folder: Path, staging: Staging, told: dict[str, str]) -> Summary:
    """Read one record into a staged file.

    Args:
        folder: holds `job.json` and, if there was any log, `log.jsonl`.
        staging: where it goes.
        told: beginnings of service messages, and the key under which `Summary.said` has their time.

    Raises:
        RecordError: something in it cannot be read; with file, line and column.
        OSError: a file cannot be opened.
    """
    job, summary = read_job(folder / JOB_FILE)
    staging.add_job(StagedJob(summary.job_id, summary.region, job.SerializeToString()))
    if (folder / LOG_FILE).exists():
        read = 0

        def rows() -> Iterator[Row]:
            nonlocal read
            for entry in read_log(folder / LOG_FILE, summary):
                read += 1
                _note(entry, summary, told)
                yield row_of(entry)

        summary.entries = staging.add_entries(rows())
        summary.doubles = read - summary.entries
    return summary


def _note(entry: Message, summary: Summary, told: dict[str, str]) -> None:
    labels = entry.resource.labels
    if labels.get("job_id") != summary.job_id:
        summary.nameless += 1
    elif labels.get("task_name") == SERVICE:
        text = entry.text_payload or entry.json_payload.fields["message"].string_value
        for beginning, key in told.items():
            if text.startswith(beginning):
                when = entry.timestamp.seconds * 10**9 + entry.timestamp.nanos
                summary.said[key] = min(when, summary.said.get(key, when))


def read_job(path: Path) -> tuple[Message, Summary]:
    """The CustomJob of a record, under the local project's name.

    Raises:
        RecordError: it is not one, or lacks what a listing needs.
        OSError: the file cannot be read.
    """
    text = Text(str(path), path.read_bytes())
    job = gtypes.CustomJob()
    unknown: Counter[str] = Counter()
    text.fill(text.read(), job, unknown)
    found = _JOB_NAME.fullmatch(job.name)
    if not found:
        raise text.wrong(["name"], "not projects/PROJECT/locations/REGION/customJobs/NUMBER")
    region, job_id = found.groups()
    if not is_training_region(region):
        raise text.wrong(["name"], f"{region} is not a region with custom jobs")
    if not job.HasField("create_time"):
        raise text.wrong(["createTime"], "missing")
    if not job.state:
        raise text.wrong(["state"], "missing, or unknown to this version")
    job.name = f"projects/{names.PROJECT_NUMBER}/locations/{region}/customJobs/{job_id}"
    return job, Summary(job_id, region, str(gtypes.JobState(job.state).name), unknown=unknown)


def read_log(path: Path, summary: Summary) -> Iterator[Message]:
    """The entries of a log in the order of the file, under the local project's names.

    Raises:
        RecordError: a line is not an entry.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE):
            number += 1
            text = Text(str(path), line.rstrip(b"\r\n"), number)
            if len(line) == MAX_LINE and not line.endswith(b"\n"):
                raise text.error(f"a line of more than {MAX_LINE} bytes")
            if text.text.strip():
                yield _complete(_entry(text, summary.unknown), text, f"i{number:011d}-{summary.job_id}")


def _entry(text: Text, unknown: Counter[str]) -> Message:
    content = text.read()
    entry = plain_entry(content)
    if entry is None:
        entry = gtypes.LogEntry()
        text.fill(content, entry, unknown)
    return entry


def _complete(entry: Message, text: Text, insert_id: str) -> Message:
    """The entry with the local project's names, and with what has to be there."""
    found = _LOG_NAME.fullmatch(entry.log_name)
    if not found:
        raise text.wrong(["logName"], "not projects/PROJECT/logs/LOG")
    entry.log_name = f"projects/{names.PROJECT_ID}/logs/{found[1]}"
    if "project_id" in entry.resource.labels:
        entry.resource.labels["project_id"] = names.PROJECT_ID
    if not entry.HasField("timestamp"):
        if not entry.HasField("receive_timestamp"):
            raise text.wrong(["timestamp"], "missing")
        entry.timestamp.CopyFrom(entry.receive_timestamp)
    entry.insert_id = entry.insert_id or insert_id
    if entry.ByteSize() > MAX_ENTRY:
        raise text.error(f"an entry of {entry.ByteSize()} bytes; at most {MAX_ENTRY} can be listed")
    return entry


def plain_entry(content: dict[str, Any]) -> Message | None:
    """The entry if it is of the kind that jobs write, ten times as fast as the general way; else None."""
    texts = {"log_name": content.get("logName", ""), "insert_id": content.get("insertId", "")}
    if "textPayload" in content:
        texts["text_payload"] = content["textPayload"]
    if not content.keys() <= _PLAIN or not _all_text(texts):
        return None
    if "textPayload" in content and "jsonPayload" in content:
        return None
    severity = content.get("severity", "DEFAULT")
    if not isinstance(severity, str) or severity not in SEVERITIES:
        return None
    try:
        entry = gtypes.LogEntry(**texts, severity=SEVERITIES[severity])
        whole = _fill_times(entry, content) and _fill_maps(entry, content)
    except (ValueError, TypeError, OverflowError):
        return None
    return entry if whole else None


def _fill_times(entry: Message, content: dict[str, Any]) -> bool:
    for name, target in (("timestamp", entry.timestamp), ("receiveTimestamp", entry.receive_timestamp)):
        if name in content:
            if not isinstance(content[name], str) or not _UTC.fullmatch(content[name]):
                return False
            stamp(target, parse_ns(content[name]))
    return True


def _fill_maps(entry: Message, content: dict[str, Any]) -> bool:
    labels = content.get("labels", {})
    resource = content.get("resource", {})
    payload = content.get("jsonPayload")
    if not _all_text(labels) or not isinstance(resource, dict) or not resource.keys() <= {"type", "labels"}:
        return False
    of_resource, kind = resource.get("labels", {}), resource.get("type", "")
    if not _all_text(of_resource) or not isinstance(kind, str) or not isinstance(payload, dict | None):
        return False
    entry.labels.update(labels)
    if "resource" in content:
        entry.resource.type = kind
        entry.resource.labels.update(of_resource)
    if payload is not None:
        entry.json_payload.update(payload)
        entry.json_payload.SetInParent()
    return True


def _all_text(values: Any) -> bool:  # noqa: ANN401
    return isinstance(values, dict) and all(isinstance(value, str) for value in values.values())
