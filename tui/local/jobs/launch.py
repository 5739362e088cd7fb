"""What each replica of a job is to run, with what around it."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui.domain.catalog.machines import MACHINES
from tui.local.clock import SECOND, real_seconds
from tui.local.jobs.environment import Surroundings, merge
from tui.local.jobs.google import Door
from tui.local.jobs.replica import ROOT
from tui.local.jobs.variables import (
    expand,
    pool_sizes,
    spec_environment,
    task_job,
    tf_config,
    vertex_environment,
)
from tui.local.settings import Settings
from tui.local.wire.gtypes import Message

MIB = 1024 * 1024
DEFAULT_TIMEOUT = 7 * 24 * 3600
"""Seconds a job may run when its spec does not say (`Scheduling.timeout`)."""
_MOUNT = re.compile(r"(?<![\w./-])/gcs/[\w.-]*")


@dataclass(frozen=True, slots=True)
class Place:
    """One replica's place in its job."""

    pool: int
    index: int

    @property
    def name(self) -> str:
        """Vertex AI's name for it."""
        return f"workerpool{self.pool}-{self.index}"


def places(job: Message) -> list[Place]:
    """Every replica's place; the primary's comes first."""
    return [Place(pool, index) for pool, size in enumerate(pool_sizes(job)) for index in range(size)]


def timeout_seconds(job: Message) -> float:
    """How long the job may run, in seconds of the server's time."""
    timeout = job.job_spec.scheduling.timeout
    return float(timeout.seconds + timeout.nanos / SECOND) or DEFAULT_TIMEOUT


def image(job: Message, pool: int = 0) -> str:
    """The image that a pool names, and that is not used here."""
    spec = job.job_spec.worker_pool_specs[pool]
    return str(spec.container_spec.image_uri or spec.python_package_spec.executor_image_uri)


def gcs_paths(job: Message) -> list[str]:
    """The first parts of the paths below `/gcs` that the spec names, which exist on Vertex AI only."""
    found = (match for text in _texts(job) for match in _MOUNT.findall(text))
    return list(dict.fromkeys(found))


def _texts(job: Message) -> Iterator[str]:
    for pool in job.job_spec.worker_pool_specs:
        for task in (pool.container_spec, pool.python_package_spec):
            yield from task.args
            yield from (variable.value for variable in task.env)
        yield from pool.container_spec.command


def runnable(job: Message, place: Place) -> bool:
    """Whether the spec itself says what to run, and not only an image's entry point."""
    pool = job.job_spec.worker_pool_specs[place.pool]
    return pool.WhichOneof("task") == "python_package_spec" or bool(pool.container_spec.command)


def replica_limit(machine_type: str, setting_mib: float) -> int:
    """Bytes that a replica may hold; 0 for no limit.

    What the owner set, else what its machine has, unless this computer has no more than that itself.
    """
    if setting_mib:
        return int(setting_mib * MIB)
    known = MACHINES.get(machine_type)
    machine = int((known.memory_gib or 0) * 1024 * MIB) if known else 0
    here = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return machine if machine < here else 0


@dataclass(frozen=True, slots=True)
class Launch:
    """Makes the runners' specs of one job."""

    job: Message
    job_id: str
    settings: Settings
    http_url: str
    """Where jobs find the storage."""
    token: str
    """Stands for the job's service account."""
    left_seconds: float
    """How long the job may still run, in seconds of the server's time."""
    door: Callable[[], Door | None] = lambda: None
    """The way to Google's own names, if there is one. Blocking."""

    def spec(self, place: Place, folder: Path) -> dict[str, Any]:
        """What a replica's runner needs; makes the replica's folders. Blocking."""
        pool = self.job.job_spec.worker_pool_specs[place.pool]
        task = getattr(pool, pool.WhichOneof("task"))
        surroundings = Surroundings(folder, sys.executable)
        around = surroundings.make(http_url=self.http_url, token=self.token)
        door = self.door()
        if door:
            around |= door.environment(folder, self.token, os.environ)
        service = vertex_environment(self.job, self.job_id, place.pool, place.index)
        theirs = spec_environment(task.env, service)
        known = {**service, **theirs}
        return {
            "argv": self._command(place, known),
            "env": merge(around | service, theirs),
            "cwd": str(surroundings.work),
            "timeout_seconds": real_seconds(self.left_seconds),
            "grace_seconds": self.settings.grace_seconds,
            "memory_bytes": replica_limit(pool.machine_spec.machine_type, self.settings.memory_mib),
        }

    def _command(self, place: Place, known: dict[str, str]) -> list[str]:
        pool = self.job.job_spec.worker_pool_specs[place.pool]
        if pool.WhichOneof("task") == "container_spec":
            given = (*pool.container_spec.command, *pool.container_spec.args)
            return [expand(word, known) for word in given]
        config = tf_config(self.job, self.job_id, place.pool, place.index)
        job = task_job(self.job, place.pool)
        job["job_args"] = [expand(word, known) for word in job["job_args"]]
        role = {key: config["task"][key] for key in ("type", "index")}
        task = json.dumps({"cluster": config["cluster"], "task": role, "job": job})
        code = (
            f"import sys; sys.path.append({str(ROOT)!r})\n"
            f"from tui.local.shims.run_module import main; main({task!r})"
        )
        return [sys.executable, "-I", "-S", "-c", code]
