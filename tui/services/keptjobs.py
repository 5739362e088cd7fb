"""The job list of the last session, shown while the first read of this one runs."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tui.domain.jobs import Job, job_from_json
from tui.domain.places import Place
from tui.services.files import write_atomic
from tui.services.jobwatch import JobsSnapshot
from tui.services.paths import private_dir

MOST = 500
"""Jobs kept, the newest."""
KEPT_FIELDS = ("name", "displayName", "state", "createTime", "startTime", "endTime", "updateTime", "labels")
SAVE_SECONDS = 60.0
"""A list that changes all the time is kept at most so often; the last one is kept at the end."""


class KeptJobs:
    """The list of one set of places, in a private file; specs are not kept, for they may hold secrets."""

    def __init__(self, state_dir: Path, places: Iterable[Place], *, local: bool) -> None:
        marks = "\n".join([str(local), *map(str, places)])
        self._path = state_dir / "jobs" / f"{hashlib.sha256(marks.encode()).hexdigest()[:16]}.json"
        self._saved: tuple[Job, ...] = ()
        self._saved_at = float("-inf")

    def due(self, snapshot: JobsSnapshot) -> bool:
        """Whether the list should be kept now; then call `keep` in a thread."""
        if snapshot.kept or not any(state.whole for state in snapshot.places) or snapshot.jobs is self._saved:
            return False
        if time.monotonic() - self._saved_at < SAVE_SECONDS:
            return False
        self._saved, self._saved_at = snapshot.jobs, time.monotonic()
        return True

    def keep(self, snapshot: JobsSnapshot) -> None:
        """Write the list; a disk that is full costs no more than the list of the next start."""
        read_at = (snapshot.read_at or datetime.now(UTC)).isoformat()
        homes = {parent: [place.project, place.region] for parent, place in snapshot.homes.items()}
        jobs = [_brief(job) for job in snapshot.jobs[:MOST]]
        content = {"read_at": read_at, "homes": homes, "jobs": jobs}
        with suppress(OSError):
            private_dir(self._path.parent)
            write_atomic(self._path, json.dumps(content).encode(), mode=0o600)

    def read(self) -> JobsSnapshot | None:
        """The list that was kept last, marked as such; None if there is none that can be read."""
        try:
            content = json.loads(self._path.read_bytes())
            read_at = datetime.fromisoformat(content["read_at"])
            jobs = tuple(job_from_json(raw) for raw in content["jobs"] if isinstance(raw, Mapping))
            homes = {parent: Place(*place) for parent, place in content["homes"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return JobsSnapshot(jobs, read_at=read_at, kept=True, homes=homes)


def _brief(job: Job) -> dict[str, Any]:
    """The job's record without its spec and without its error, whose text may hold anything."""
    raw = {key: job.raw[key] for key in KEPT_FIELDS if key in job.raw}
    machines = [
        {
            "machineSpec": {
                "machineType": pool.machine_type,
                "acceleratorType": pool.accelerator_type,
                "acceleratorCount": pool.accelerator_count,
            },
            "replicaCount": str(pool.replica_count),
        }
        for pool in job.pools
    ]
    return {**raw, "jobSpec": {"workerPoolSpecs": machines}}
