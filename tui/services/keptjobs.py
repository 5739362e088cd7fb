"""The job list of the last session, shown while the first read of this one runs."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
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
HELD = "heldResource"
"""Whether the job runs on a persistent resource, for its cost; the resource's name is not kept."""
SAVE_SECONDS = 60.0
"""A list that changes all the time is kept at most so often; the last one is kept at the end."""


class KeptJobs:
    """The list of one set of places, in a private file; specs are not kept, for they may hold secrets."""

    def __init__(self, state_dir: Path, places: Iterable[Place], *, local: bool) -> None:
        self._places = tuple(places)
        marks = "\n".join([str(local), *map(str, self._places)])
        self._path = state_dir / "jobs" / f"{hashlib.sha256(marks.encode()).hexdigest()[:16]}.json"
        self._saved: tuple[Job, ...] = ()
        self._saved_at = float("-inf")

    def due(self, snapshot: JobsSnapshot) -> bool:
        """Whether the list should be kept now; then call `keep` in a thread."""
        if not self._is_ours(snapshot) or snapshot.jobs is self._saved:
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

    def keep_last(self, snapshot: JobsSnapshot) -> None:
        """Write the list at the end of a session, if there is one; waits for the disk."""
        if self._is_ours(snapshot):
            self.keep(snapshot)

    def _is_ours(self, snapshot: JobsSnapshot) -> bool:
        """Whether this is a list that was read, and of these places: it may be of earlier ones yet."""
        read = any(state.whole for state in snapshot.places) and not snapshot.kept
        return read and tuple(state.place for state in snapshot.places) == self._places

    def read(self) -> JobsSnapshot | None:
        """The list that was kept last, marked as such; None if there is none that can be read."""
        try:
            content = json.loads(self._path.read_bytes())
            read_at = datetime.fromisoformat(content["read_at"])
            jobs = tuple(_whole(raw) for raw in content["jobs"] if isinstance(raw, Mapping))
            homes = {parent: Place(*place) for parent, place in content["homes"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return JobsSnapshot(jobs, read_at=read_at, kept=True, homes=homes)


def _whole(raw: Mapping[str, Any]) -> Job:
    """A job that `_brief` wrote."""
    return replace(job_from_json({key: raw[key] for key in raw if key != HELD}), held=raw.get(HELD) is True)


def _brief(job: Job) -> dict[str, Any]:
    """The job's record without its error, whose text may hold anything, and of its spec only the machines."""
    times = {
        "createTime": job.create_time,
        "startTime": job.start_time,
        "endTime": job.end_time,
        "updateTime": job.update_time,
    }
    machines = [
        {
            "machineSpec": {
                "machineType": pool.machine_type,
                "acceleratorType": pool.accelerator_type,
                "acceleratorCount": pool.accelerator_count,
                "tpuTopology": pool.tpu_topology,
            },
            "diskSpec": {"bootDiskType": pool.disk_type, "bootDiskSizeGb": pool.disk_gb},
            "replicaCount": str(pool.replica_count),
        }
        for pool in job.pools
    ]
    spec = {"workerPoolSpecs": machines, "scheduling": {"strategy": job.strategy}}
    return {
        "name": job.name,
        "displayName": job.display_name,
        "state": job.state.wire,
        "labels": dict(job.labels),
        **({HELD: True} if job.held else {}),
        **{key: when.isoformat() for key, when in times.items() if when is not None},
        "jobSpec": spec,
    }
