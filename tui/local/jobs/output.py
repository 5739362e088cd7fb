"""From what a replica printed, or the service says, to log entries."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from tui.local import names
from tui.local.clock import now_ns, stamp, virtual_ns
from tui.local.filters.logs import SEVERITIES
from tui.local.jobs.runner import STDERR
from tui.local.state.entries import Entries
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message

CHUNK = 128 * 1024
"""Bytes of output read in one go, so that a flood cannot hold the event loop for long."""
_TRACEBACK = "Traceback (most recent call last)"
_DETAIL = 2048
"""Characters of a traceback in an error message; Kubernetes cuts termination messages there."""


def service_entry(entries: Entries, job_id: str, text: str, severity: str = "INFO") -> Message:
    """An entry of the control plane, task name `service`."""
    log_name = f"projects/{names.PROJECT_ID}/logs/ml.googleapis.com%2F{job_id}"
    entry = _entry(entries, job_id, "service", log_name, now_ns())
    entry.severity = SEVERITIES[severity]
    entry.text_payload = text
    return entry


def replica_entry(
    entries: Entries, job_id: str, replica: str, *, time_ns: int, stream: int, text: str
) -> Message:
    """An entry for one line of a replica; a line that is a JSON object becomes the payload."""
    entry = _entry(entries, job_id, replica, f"projects/{names.PROJECT_ID}/logs/{replica}", time_ns)
    level = "ERROR" if stream == STDERR else "INFO"
    payload = _structured(text)
    if payload is not None:
        named = str(payload.pop("severity", level)).upper()
        level = named if named in SEVERITIES else level
        entry.json_payload.update(payload)
    else:
        entry.json_payload.update({"message": text, "levelname": level, "attrs": {"tag": replica}})
    entry.severity = SEVERITIES[level]
    return entry


def _entry(entries: Entries, job_id: str, task: str, log_name: str, time_ns: int) -> Message:
    entry = gtypes.LogEntry(log_name=log_name, insert_id=entries.insert_id())
    entry.resource.type = "ml_job"
    entry.resource.labels["job_id"] = job_id
    entry.resource.labels["project_id"] = names.PROJECT_ID
    entry.resource.labels["task_name"] = task
    entry.labels["ml.googleapis.com/job_id"] = job_id
    stamp(entry.timestamp, time_ns)
    stamp(entry.receive_timestamp, now_ns())
    return entry


def _structured(text: str) -> dict[str, Any] | None:
    if not text.startswith("{") or not text.endswith("}"):
        return None
    try:
        content = json.loads(text, parse_constant=str)
        gtypes.Struct().update(content)
    except (ValueError, TypeError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


class OutputReader:
    """Follows one replica's `output.jsonl`; entries and position are stored together."""

    def __init__(self, entries: Entries, job_id: str, replica: str, path: Path, *, key: str) -> None:
        """`key` tells a replica's starts apart."""
        self._entries = entries
        self._job_id = job_id
        self._replica = replica
        self._path = path
        self._key = key
        self._offset = entries.offset(job_id, key)
        self._errors = ""
        if self._offset:
            self._recall()

    def _recall(self) -> None:
        """What an earlier server read last may hold the traceback that the end of the job is told with."""
        with contextlib.suppress(FileNotFoundError), self._path.open("rb") as file:
            begin = max(self._offset - CHUNK, 0)
            file.seek(begin)
            lines = file.read(self._offset - begin).splitlines()
            for line in lines[1 if begin else 0 :]:
                _, stream, text = json.loads(line)
                self._note(stream, text)

    def _note(self, stream: int, text: str) -> None:
        if stream == STDERR:
            self._errors = (self._errors + text + "\n")[-2 * _DETAIL :]

    def read(self) -> bool:
        """Store what is new, about `CHUNK` bytes at most; whether there was anything."""
        try:
            if self._path.stat().st_size == self._offset:
                return False
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read(CHUNK)
                while b"\n" not in data and (more := file.read(CHUNK)):
                    data += more
        except FileNotFoundError:
            return False
        end = data.rfind(b"\n") + 1
        if not end:
            return False
        self._offset += end
        batch = [self._read_line(line) for line in data[:end].splitlines()]
        self._entries.append(batch, position=(self._job_id, self._key, self._offset))
        return True

    def _read_line(self, line: bytes) -> Message:
        time_ns, stream, text = json.loads(line)
        self._note(stream, text)
        return replica_entry(
            self._entries,
            self._job_id,
            self._replica,
            time_ns=virtual_ns(time_ns),
            stream=stream,
            text=text,
        )

    def traceback(self) -> str:
        """The last Python traceback on stderr, if there was one."""
        start = self._errors.rfind(_TRACEBACK)
        return self._errors[start : start + _DETAIL].rstrip("\n") if start >= 0 else ""
