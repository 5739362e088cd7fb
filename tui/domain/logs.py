"""Log entries of custom jobs, after `google.logging.v2.LogEntry`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple


class Severity(IntEnum):
    """`google.logging.type.LogSeverity`."""

    DEFAULT = 0
    DEBUG = 100
    INFO = 200
    NOTICE = 300
    WARNING = 400
    ERROR = 500
    CRITICAL = 600
    ALERT = 700
    EMERGENCY = 800


class EntryKey(NamedTuple):
    """What makes an entry unique; sorts in the order that Cloud Logging lists."""

    timestamp_ns: int
    insert_id: str
    log_name: str


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry; the text is untrusted and may hold anything, escape sequences included."""

    timestamp_ns: int
    """Nanoseconds since the epoch, UTC."""
    insert_id: str
    log_name: str
    severity: int
    """A `Severity` value, or another number from a newer API."""
    text: str
    """`textPayload`, or `jsonPayload.message`, or without a message the payload as compact JSON."""
    replica: str = ""
    """`resource.labels.task_name`: `service`, `workerpool0-0`, …"""
    payload: Mapping[str, Any] | None = field(default=None, compare=False)
    """The whole `jsonPayload`, if there is one with more than a message."""
    job_id: str = field(default="", compare=False)
    """`resource.labels.job_id`: tells the jobs apart where one list is of several."""

    @property
    def key(self) -> EntryKey:
        """Identity and order of the entry."""
        return EntryKey(self.timestamp_ns, self.insert_id, self.log_name)


@dataclass(frozen=True, slots=True)
class LogPage:
    """One page of `ListLogEntries`; an empty page may still carry a token."""

    entries: tuple[LogEntry, ...]
    next_page_token: str = ""


@dataclass(frozen=True, slots=True)
class TailBatch:
    """One response of `TailLogEntries`: sorted in itself, but not against other batches."""

    entries: tuple[LogEntry, ...]
    suppressed: int = 0
    """Entries the service left out since the last response."""


def job_filter(job_id: str, *, since_ns: int | None = None) -> str:
    """The Cloud Logging filter for one job's entries, from `since_ns` on (inclusive)."""
    parts = ['resource.type="ml_job"', f'resource.labels.job_id="{job_id}"']
    if since_ns is not None:
        parts.append(f'timestamp>="{rfc3339(since_ns)}"')
    return " AND ".join(parts)


RESOURCE = (
    r"(projects/([a-z0-9][a-z0-9.:-]*|\{project\})|(folders|organizations)/[0-9]+|billingAccounts/[A-Z0-9-]+)"
    r"(/locations/[a-z0-9-]+/buckets/[A-Za-z0-9_.-]+/views/[A-Za-z0-9_.-]+)?"
)
"""A regular expression for the name of a resource whose logs can be read (`ListLogEntriesRequest`)."""


MOST_FILTER = 19_000
"""Characters of a filter; the service takes 20,000 (FACTS 3.6)."""


def fitting(job_ids: Sequence[str], room: int = MOST_FILTER) -> int:
    """How many of the jobs, from the first on, one filter can name."""
    length = 0
    for count, job_id in enumerate(job_ids):
        length += len(_quoted(job_id)) + 4
        if count and length > room:
            return count
    return len(job_ids)


def jobs_filter(job_ids: Sequence[str], *more: str) -> str:
    """The filter for the entries of several jobs for which all of `more` holds."""
    if len(job_ids) == 1:
        return " AND ".join((job_filter(job_ids[0]), *more))
    named = " OR ".join(map(_quoted, job_ids))
    return " AND ".join(('resource.type="ml_job"', f"resource.labels.job_id=({named})", *more))


def found_since(since_ns: int, late_ns: int, *, by_receipt: bool = True) -> tuple[str, ...]:
    """Terms for what is from `since_ns` on, or was received from then on though up to `late_ns` older."""
    since = rfc3339(since_ns)
    if not by_receipt:
        return (f'timestamp>="{since}"',)
    floor = rfc3339(max(since_ns - late_ns, 0))
    return (f'(timestamp>="{since}" OR receiveTimestamp>="{since}")', f'timestamp>="{floor}"')


def only_late(since_ns: int, late_ns: int, slack_ns: int) -> tuple[str, ...]:
    """Terms for what was received from `since_ns` on though written clearly before, by up to `late_ns`."""
    before, floor = rfc3339(max(since_ns - slack_ns, 0)), rfc3339(max(since_ns - late_ns, 0))
    return (f'receiveTimestamp>="{rfc3339(since_ns)}"', f'timestamp>="{floor}"', f'timestamp<"{before}"')


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def rfc3339(timestamp_ns: int) -> str:
    """Format nanoseconds since the epoch with all nine digits, in UTC."""
    seconds, fraction = divmod(timestamp_ns, 1_000_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{fraction:09d}Z"
