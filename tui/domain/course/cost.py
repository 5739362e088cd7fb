"""What a job has cost so far: an estimate from list prices and the time that its machines ran."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any

from tui.domain.catalog.prices import LABEL, estimates, money
from tui.domain.catalog.quotas import Pool, spec_pools
from tui.domain.catalog.skus import PriceBook
from tui.domain.course.attempts import Attempt
from tui.domain.jobs import Job

_HOUR = 3600
_SECOND_NS = 1_000_000_000
_LEAST = Decimal("0.005")


@dataclass(frozen=True, slots=True)
class SoFar:
    """What a job has cost up to a moment."""

    amount: Decimal | None
    """USD; None when a price is not known, which never means that it is free."""
    per_hour: Decimal | None
    """USD an hour while it runs."""
    seconds: float
    """Time counted: its machines ran, as far as known."""
    label: str = LABEL
    """That it is an estimate, and of what date its prices are."""
    held: bool = False
    """Whether it runs on a persistent resource, which is billed on its own."""

    @property
    def words(self) -> str:
        """`≈ $0.14`, `–` before it ran, `?` when the price is not known."""
        if self.held or not self.seconds:
            return "–"
        if self.amount is None:
            return "?"
        return money(self.amount) if self.amount >= _LEAST else "< $0.01"


def cost_so_far(
    job: Job, now: datetime, *, book: PriceBook | None = None, attempts: Sequence[Attempt] = ()
) -> SoFar:
    """What `job` has cost at `now`: its running time at the hourly price of its machines.

    Queued and preempted time is free (FACTS 1.6). Attempts before the last one count with the time that
    they ran; the record itself only knows the first start.
    """
    pools, strategy, held = _shape(job)
    seconds = ran_seconds(job, now, attempts)
    if held or not pools:
        return SoFar(None, None, seconds, held=held)
    on_demand, spot = _estimates(pools, job.region, book)
    chosen = {"SPOT": spot, "FLEX_START": None}.get(strategy, on_demand)
    if chosen is None or chosen.per_hour is None:
        return SoFar(None, None, seconds, on_demand.label)
    amount = chosen.per_hour * Decimal(str(round(seconds, 3))) / _HOUR
    return SoFar(amount, chosen.per_hour, seconds, chosen.label)


def ran_seconds(job: Job, now: datetime, attempts: Sequence[Attempt] = ()) -> float:
    """Seconds that the job's machines ran, without the pauses between attempts."""
    whole = job.duration(now)
    if whole is None:
        return 0.0
    pauses = 0.0
    for before, after in pairwise(attempts):
        if before.end_ns is not None and after.running_ns is not None:
            pauses += max(after.running_ns - before.end_ns, 0) / _SECOND_NS
    return max(whole.total_seconds() - pauses, 0.0)


def _shape(job: Job) -> tuple[tuple[Pool, ...], str, bool]:
    spec: Any = job.raw.get("jobSpec")
    if not isinstance(spec, Mapping):
        return tuple(_pool(job)), "", False
    scheduling = spec.get("scheduling")
    strategy = str(scheduling.get("strategy", "")) if isinstance(scheduling, Mapping) else ""
    return spec_pools(spec), strategy, bool(spec.get("persistentResourceId"))


def _pool(job: Job) -> list[Pool]:
    """The pools of a job of which only the summary is known, as in a list kept from an earlier session."""
    return [
        Pool(pool.machine_type, pool.replica_count, pool.accelerator_type, pool.accelerator_count)
        for pool in job.pools
        if pool.machine_type
    ]


@lru_cache(maxsize=2_000)
def _cached(pools: tuple[Pool, ...], region: str) -> tuple[Any, Any]:
    return estimates(pools, region)


def _estimates(pools: tuple[Pool, ...], region: str, book: PriceBook | None) -> tuple[Any, Any]:
    """Few kinds of machines make up many jobs."""
    return _cached(pools, region) if book is None else estimates(pools, region, book)
