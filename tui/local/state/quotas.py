"""Quota: the limits of each region, and what live jobs hold of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tui.domain.catalog.limits import UNLIMITED, default_limit
from tui.domain.catalog.quotas import PREEMPTIBLE_STRATEGIES, Pool, needs
from tui.local.state.database import Database
from tui.local.state.jobs import Jobs
from tui.local.wire.gtypes import Message

EVERYWHERE = ""
"""The region of a limit that holds in every region without one of its own."""


@dataclass(frozen=True, slots=True)
class Shortage:
    """A metric of which a job wants more than is left."""

    metric: str
    region: str
    limit: int
    used: int
    wanted: int


class Quotas:
    """Limits as they are now: the documented defaults, and what was raised or lowered."""

    def __init__(self, database: Database, jobs: Jobs) -> None:
        self._connection = database.connection
        self._database = database
        self._jobs = jobs
        rows = self._connection.execute("SELECT metric, region, value FROM quota_limits")
        self._changed: dict[tuple[str, str], int] = {
            (metric, region): value for metric, region, value in rows
        }

    def limit(self, metric: str, region: str) -> int:
        """The limit in a region, `UNLIMITED` if there is none."""
        for place in (region, EVERYWHERE):
            if (metric, place) in self._changed:
                return self._changed[metric, place]
        return default_limit(metric, region)

    def changed(self) -> dict[tuple[str, str], int]:
        """Limits that were set, by metric and region (`EVERYWHERE` for all)."""
        return dict(self._changed)

    def set_limit(self, metric: str, region: str, value: int | None) -> None:
        """Set a limit for a region, or for `EVERYWHERE` else; None takes it back."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM quota_limits WHERE metric = ? AND region = ?", (metric, region))
            if value is not None:
                connection.execute("INSERT INTO quota_limits VALUES (?, ?, ?)", (metric, region, value))
        self._changed.pop((metric, region), None)
        if value is not None:
            self._changed[metric, region] = value

    def forget(self, metric: str) -> None:
        """Go back to the default of a metric in every region."""
        self._connection.execute("DELETE FROM quota_limits WHERE metric = ?", (metric,))
        self._changed = {key: value for key, value in self._changed.items() if key[0] != metric}

    def usage(self, region: str) -> Counter[str]:
        """What the jobs of a region that have not ended hold, by metric."""
        total: Counter[str] = Counter()
        for job in self._jobs.living(region):
            total.update(needs_of(job.job_spec))
        return total

    def shortages(self, spec: Message, region: str) -> list[Shortage]:
        """The metrics that a new CustomJobSpec would exceed, in the order of the spec."""
        wanted = needs_of(spec)
        limits = {metric: self.limit(metric, region) for metric in wanted}
        if all(limit == UNLIMITED for limit in limits.values()):
            return []
        used = self.usage(region)
        return [
            Shortage(metric, region, limits[metric], used[metric], amount)
            for metric, amount in wanted.items()
            if limits[metric] != UNLIMITED and used[metric] + amount > limits[metric]
        ]


def needs_of(spec: Message) -> dict[str, int]:
    """What a CustomJobSpec holds while its job lives; nothing on a persistent resource."""
    if spec.persistent_resource_id:
        return {}
    preemptible = str(int(spec.scheduling.strategy)) in PREEMPTIBLE_STRATEGIES
    return needs(_pools(spec.worker_pool_specs), preemptible=preemptible)


def _pools(pools: Iterable[Message]) -> Iterable[Pool]:
    for pool in pools:
        machine, disk = pool.machine_spec, pool.disk_spec
        if not pool.ByteSize():
            continue
        accelerators = machine.DESCRIPTOR.fields_by_name["accelerator_type"].enum_type.values_by_number
        known = accelerators.get(machine.accelerator_type) if machine.accelerator_type else None
        yield Pool(
            machine_type=machine.machine_type,
            replicas=pool.replica_count,
            accelerator_type=known.name if known else "",
            accelerator_count=machine.accelerator_count,
            tpu_topology=machine.tpu_topology,
            disk_type=disk.boot_disk_type,
            disk_gb=disk.boot_disk_size_gb,
        )
