"""Tunable numbers of the server, from the environment for tests and practice."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, fields

VARIABLE = "VERTEX_TUI_LOCAL_SETTINGS"
"""A JSON object of `Settings` fields."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How fast and how much; all times in seconds."""

    queued_seconds: float = 2.0
    """Time a job stays QUEUED."""
    pending_seconds: float = 3.0
    """Time a job stays PENDING at least."""
    error_seconds: float = 2.0
    """Time from a job's end until `error` is set; about a minute on Vertex AI."""
    operation_seconds: float = 0.3
    """Time until a long-running operation is done."""
    propagation_seconds: float = 0.0
    """Time from enabling an API until calls to it are answered; minutes on Google Cloud."""
    grace_seconds: float = 5.0
    """Time from SIGTERM to SIGKILL when a job is cancelled or has run its time."""
    poll_seconds: float = 0.05
    """Pause between two looks at a running job's output."""
    memory_mib: float = 0.0
    """Memory that a replica may hold; 0 for what its machine would have, if this computer has more."""
    tail_seconds: float = 3600.0
    """Longest life of a tail session."""
    tail_sessions: int = 10
    """Tail sessions open at a time in the project."""
    tail_entries_per_minute: int = 60_000
    """Entries that all tail sessions together get; what is over is suppressed and counted. 0 for no limit."""
    log_reads_per_minute: int = 60
    """`entries.list` calls in the project; more are refused, as on Google Cloud. 0 for no limit."""
    job_submissions_per_minute: int = 60
    """Jobs made and deleted in a region; more are refused, as on Google Cloud. 0 for no limit."""
    job_requests_per_minute: int = 600
    """Other calls about the jobs of a region; more are refused, as on Google Cloud. 0 for no limit."""
    log_scan_seconds: float = 2.0
    """A page of log entries ends, with a token, when looking for what matches has taken so long."""

    @classmethod
    def from_environment(cls) -> Settings:
        """Defaults, changed by the JSON object in `VERTEX_TUI_LOCAL_SETTINGS`.

        Raises:
            ValueError: not a JSON object of known fields with numbers.
        """
        given = json.loads(os.environ.get(VARIABLE) or "{}")
        known = {field.name for field in fields(cls)}
        if not isinstance(given, dict) or not set(given) <= known:
            raise ValueError(f"{VARIABLE}: expected an object with some of {sorted(known)}")
        if not all(isinstance(value, int | float) and value >= 0 for value in given.values()):
            raise ValueError(f"{VARIABLE}: every value must be a number, 0 or more")
        return cls(**given)
