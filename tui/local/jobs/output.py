"""From what a replica printed, or the service says, to log entries."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import Any

from tui.local import names
from tui.local.clock import now_ns, stamp, virtual_ns
from tui.local.filters.logs import SEVERITIES
from tui.local.jobs.runner import STDERR
from tui.local.state.entries import Entries
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message

CHUNK = 64 * 1024
"""Bytes of output read from the file in one go."""
_STEP = 1000
"""Lines stored in one go, if the caller does not say."""
_RECALLED = 128 * 1024
"""Bytes before a reader's beginning among which the traceback of a job's end is looked for."""
_TRACEBACK = "Traceback (most recent call last)"
_DETAIL = 2048
"""Characters of a traceback in an error message; Kubernetes cuts termination messages there."""
_TOKEN = re.compile(r"((?:/|%2F)_as(?:/|%2F))[\w.~-]+", re.IGNORECASE)
"""The token in the storage's address (`guard.PREFIX`), which clients print in their errors."""


def service_entry(entries: Entries, job_id: str, text: str, severity: str = "INFO") -> Message:
    """An entry of the control plane, task name `service`."""
    log_name = f"projects/{names.PROJECT_ID}/logs/ml.googleapis.com%2F{job_id}"
    entry = _entry(entries, job_id, "service", log_name, now_ns())
    entry.severity = SEVERITIES[severity]
    entry.text_payload = text
    return entry


def hide_token(text: str) -> str:
    """`text` without the job's token where it holds the storage's address."""
    return _TOKEN.sub(r"\1…", text) if "_as" in text else text


def _entry(entries: Entries, job_id: str, task: str, log_name: str, time_ns: int) -> Message:
    entry = _blank(job_id, task, log_name)
    entry.insert_id = entries.insert_id()
    stamp(entry.timestamp, time_ns)
    stamp(entry.receive_timestamp, now_ns())
    return entry


def _blank(job_id: str, task: str, log_name: str) -> Message:
    """What all entries of a task have in common."""
    entry = gtypes.LogEntry(log_name=log_name)
    entry.resource.type = "ml_job"
    entry.resource.labels["job_id"] = job_id
    entry.resource.labels["project_id"] = names.PROJECT_ID
    entry.resource.labels["task_name"] = task
    entry.labels["ml.googleapis.com/job_id"] = job_id
    return entry


class ReplicaEntries:
    """Makes the entries of one replica; copies of a pattern, since a replica may print very much."""

    def __init__(self, entries: Entries, job_id: str, replica: str) -> None:
        self._entries = entries
        self._blank = _blank(job_id, replica, f"projects/{names.PROJECT_ID}/logs/{replica}")
        self._plain = {level: self._pattern(level, replica) for level in ("INFO", "ERROR")}

    def _pattern(self, level: str, replica: str) -> Message:
        entry = gtypes.LogEntry()
        entry.CopyFrom(self._blank)
        entry.severity = SEVERITIES[level]
        entry.json_payload.update({"message": "", "levelname": level, "attrs": {"tag": replica}})
        return entry

    def make(self, *, time_ns: int, stream: int, text: str, received_ns: int) -> Message:
        """An entry for one line; a line that is a JSON object becomes the payload."""
        level = "ERROR" if stream == STDERR else "INFO"
        entry = gtypes.LogEntry()
        found = _structured(text)
        if found is None:
            entry.CopyFrom(self._plain[level])
            entry.json_payload.fields["message"].string_value = text
        else:
            severity, payload = found
            entry.CopyFrom(self._blank)
            entry.severity = SEVERITIES[severity if severity in SEVERITIES else level]
            entry.json_payload.CopyFrom(payload)
        entry.insert_id = self._entries.insert_id()
        stamp(entry.timestamp, time_ns)
        stamp(entry.receive_timestamp, received_ns)
        return entry


def _structured(text: str) -> tuple[str, Message] | None:
    """The severity that a JSON object names, and the rest of it; None if the text is no JSON object."""
    if not text.startswith("{") or not text.endswith("}"):
        return None
    payload = gtypes.Struct()
    try:
        content: dict[str, Any] = json.loads(text, parse_constant=str)
        severity = str(content.pop("severity", "")).upper()
        payload.update(content)
    except (ValueError, TypeError, RecursionError):
        return None
    return severity, payload


class OutputReader:
    """Follows one replica's `output.jsonl`; entries and position are stored together."""

    def __init__(self, entries: Entries, job_id: str, replica: str, path: Path, *, key: str) -> None:
        """`key` tells a replica's starts apart."""
        self._entries = entries
        self._made = ReplicaEntries(entries, job_id, replica)
        self._job_id = job_id
        self._path = path
        self._key = key
        self._offset = entries.offset(job_id, key)
        self._ahead: list[bytes] = []
        self._errors = ""
        if self._offset:
            self._recall()

    def _recall(self) -> None:
        """What an earlier server read last may hold the traceback that the end of the job is told with."""
        with contextlib.suppress(FileNotFoundError), self._path.open("rb") as file:
            begin = max(self._offset - _RECALLED, 0)
            file.seek(begin)
            lines = file.read(self._offset - begin).splitlines()
            for line in lines[1 if begin else 0 :]:
                self._parse(line)

    def _parse(self, line: bytes) -> tuple[int, int, str]:
        """Time, stream and text of a line; tells nobody the job's token."""
        time_ns, stream, text = json.loads(line)
        text = hide_token(text)
        if stream == STDERR:
            self._errors = (self._errors + text + "\n")[-2 * _DETAIL :]
        return time_ns, stream, text

    def waiting(self) -> bool:
        """Whether there may be something to read."""
        if self._ahead:
            return True
        try:
            return self._path.stat().st_size != self._offset
        except FileNotFoundError:
            return False

    def read(self, most: int = _STEP) -> int:
        """Store what is new, `most` lines at most; how many there were."""
        if not self._ahead:
            self._ahead = self._fetch()
        lines = self._ahead[:most]
        if not lines:
            return 0
        received_ns = now_ns()
        batch = [self._read_line(line, received_ns) for line in lines]
        offset = self._offset + sum(map(len, lines)) + len(lines)
        self._entries.append(batch, position=(self._job_id, self._key, offset))
        self._offset = offset
        del self._ahead[:most]
        return len(lines)

    def _fetch(self) -> list[bytes]:
        """The next whole lines of the file."""
        with contextlib.suppress(FileNotFoundError), self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read(CHUNK)
            while b"\n" not in data and (more := file.read(CHUNK)):
                data += more
            return data.split(b"\n")[:-1]
        return []

    def _read_line(self, line: bytes, received_ns: int) -> Message:
        time_ns, stream, text = self._parse(line)
        return self._made.make(time_ns=virtual_ns(time_ns), stream=stream, text=text, received_ns=received_ns)

    def traceback(self) -> str:
        """The last Python traceback on stderr, if there was one."""
        start = self._errors.rfind(_TRACEBACK)
        return self._errors[start : start + _DETAIL].rstrip("\n") if start >= 0 else ""
