"""How often a job began: restarts and Spot preemptions, as the service tells them (FACTS 1.9, 3.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tui.domain.logs import LogEntry

SERVICE = "service"
"""`task_name` of the control plane's messages."""

_BEGINS = re.compile(r"waiting for training program to start|job is preparing", re.IGNORECASE)
_RUNS = re.compile(r"job is running", re.IGNORECASE)
_AGAIN = re.compile(
    r"\brestart(?:ed|ing)?\b|\bpreempt(?:ed|ion)\b|\bretry(?:ing)?\b|resources are insufficient"
    r"|internal error occurred for the current attempt",
    re.IGNORECASE,
)
_IN_PLACE = re.compile(
    r"\breplica \S{1,80} (?:(?:is|was) restarted|was preempted and is restarted:)", re.IGNORECASE
)
"""A worker that goes on at once on its machine (FACTS 1.9): nothing is prepared anew."""
_REASONS = (
    (re.compile(r"preempt|resources are insufficient", re.IGNORECASE), "preempted"),
    (re.compile(r"internal error", re.IGNORECASE), "internal error"),
    (re.compile(r"restart|retry", re.IGNORECASE), "restarted"),
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of the service to run the job; all times in nanoseconds since the epoch, UTC."""

    number: int
    """From 1."""
    start_ns: int
    """When the service began to prepare it."""
    running_ns: int | None = None
    """When the program ran; None if it never did."""
    end_ns: int | None = None
    """When the next attempt became known; None for the last one."""
    reason: str = ""
    """Why it ended, if a message says so: `preempted`, `restarted`, `internal error`."""


def attempts(entries: Iterable[LogEntry]) -> tuple[Attempt, ...]:
    """The attempts told by a job's log, in order of time; none where no service message tells of one."""
    service = sorted((entry for entry in entries if entry.replica == SERVICE), key=lambda entry: entry.key)
    found: list[Attempt] = []
    for entry in service:
        current = found[-1] if found else None
        if current is not None and current.running_ns is not None and _AGAIN.search(entry.text):
            if current.end_ns is None:
                found[-1] = replace(current, end_ns=entry.timestamp_ns, reason=_reason(entry.text))
            if _IN_PLACE.search(entry.text):
                found.append(Attempt(len(found) + 1, entry.timestamp_ns, entry.timestamp_ns))
        elif _RUNS.search(entry.text) and current is not None and current.running_ns is None:
            found[-1] = replace(current, running_ns=entry.timestamp_ns)
        elif _BEGINS.search(entry.text) and (current is None or current.running_ns is not None):
            if current is not None and current.end_ns is None:
                found[-1] = replace(current, end_ns=entry.timestamp_ns)
            found.append(Attempt(len(found) + 1, entry.timestamp_ns))
    return tuple(found)


def _reason(text: str) -> str:
    return next((reason for pattern, reason in _REASONS if pattern.search(text)), "")
