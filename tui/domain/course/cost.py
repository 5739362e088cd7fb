"""What a job has cost so far: an estimate from list prices and the time that its machines ran."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from tui.domain.catalog.prices import LABEL, estimates, money
from tui.domain.catalog.quotas import Pool, spec_pools
from tui.domain.catalog.skus import PriceBook
from tui.domain.course.attempts import Attempt
from tui.domain.jobs import Job, JobState, WorkerPool

_HOUR = 3600
_SECOND_NS = 1_000_000_000
_LEAST = Decimal("0.005")
_WAITING = frozenset({JobState.QUEUED, JobState.PENDING})
_STOPPED = frozenset({"preempted", "internal error"})
"""Reasons of `Attempt` after which the machines are gone."""
_SKIPPED = WorkerPool()
_MOST_PRICED = 2_000
"""Kinds of jobs whose prices are remembered."""


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
    seconds = ran_seconds(job, now, attempts)
    rate = None if job.held else _rate(job, book)
    if rate is None:
        return SoFar(None, None, seconds, held=job.held)
    if rate.per_hour is None:
        return SoFar(None, None, seconds, rate.label)
    amount = rate.per_hour * Decimal(str(round(seconds, 3))) / _HOUR
    return SoFar(amount, rate.per_hour, seconds, rate.label)


def dollars_so_far(
    job: Job, now: datetime, *, book: PriceBook | None = None, attempts: Sequence[Attempt] = ()
) -> float | None:
    """The amount of `cost_so_far` in a tenth of the time, to compare thousands of jobs by."""
    rate = None if job.held else _rate(job, book)
    return (
        None if rate is None or rate.hourly is None else rate.hourly * ran_seconds(job, now, attempts) / _HOUR
    )


def ran_seconds(job: Job, now: datetime, attempts: Sequence[Attempt] = ()) -> float:
    """Seconds that the job's machines ran, without the pauses between attempts and since the last one."""
    whole = job.duration(now)
    if whole is None:
        return 0.0
    seconds = whole.total_seconds()
    return max(seconds - _paused_seconds(job, now, attempts), 0.0) if attempts else seconds


def _paused_seconds(job: Job, now: datetime, attempts: Sequence[Attempt]) -> float:
    paused = 0
    since: int | None = None
    for attempt in attempts:
        if since is not None and attempt.running_ns is not None:
            paused += max(attempt.running_ns - since, 0)
            since = None
        since = attempt.end_ns if since is None else since
    if since is not None and (until := _pause_end(job, now, attempts[-1])) is not None:
        paused += max(until - since, 0)
    return paused / _SECOND_NS


def _pause_end(job: Job, now: datetime, last: Attempt) -> int | None:
    """Until when the pause lasts after which no attempt is known to have run; None if there may be none.

    A job that its record calls running may run again although its log does not say so yet, and a replica
    that was restarted is no pause at all.
    """
    if job.state in _WAITING or (job.state.terminal and (last.running_ns is None or last.reason in _STOPPED)):
        return int((job.end_time or now).timestamp() * _SECOND_NS)
    return last.start_ns if last.running_ns is None else None


def _pools_of(job: Job) -> tuple[Pool, ...]:
    if job.pools:
        return tuple(_pool(pool) for pool in job.pools if pool != _SKIPPED)
    spec: Any = job.raw.get("jobSpec")
    return spec_pools(spec) if isinstance(spec, Mapping) else ()


@lru_cache(maxsize=2_000)
def _pool(pool: WorkerPool) -> Pool:
    return Pool(
        pool.machine_type,
        pool.replica_count,
        pool.accelerator_type,
        pool.accelerator_count,
        pool.tpu_topology,
        pool.disk_type,
        pool.disk_gb,
    )


@dataclass(frozen=True, slots=True)
class _Rate:
    """What a kind of jobs costs while it runs."""

    per_hour: Decimal | None
    hourly: float | None
    """The same."""
    label: str


@dataclass(slots=True)
class _Priced:
    """Rates by one list of prices."""

    book: PriceBook | None = None
    known: dict[tuple[tuple[WorkerPool, ...], str, str], _Rate | None] = field(default_factory=dict)


_last = _Priced()


def _rate(job: Job, book: PriceBook | None) -> _Rate | None:
    """Few kinds of machines make up many jobs; None where nothing is known of the machines."""
    global _last  # noqa: PLW0603 (a cache: the prices are others once a day)
    if not job.pools:
        return _new_rate(job, book)
    if _last.book is not book or len(_last.known) > _MOST_PRICED:
        _last = _Priced(book)
    known, key = _last.known, (job.pools, job.strategy, job.region)
    if key not in known:
        known[key] = _new_rate(job, book)
    return known[key]


def _new_rate(job: Job, book: PriceBook | None) -> _Rate | None:
    pools = _pools_of(job)
    if not pools:
        return None
    on_demand, spot = estimates(pools, job.region) if book is None else estimates(pools, job.region, book)
    chosen = {"SPOT": spot, "FLEX_START": None}.get(job.strategy, on_demand)
    per_hour = chosen.per_hour if chosen is not None else None
    label = on_demand.label if chosen is None else chosen.label
    return _Rate(per_hour, None if per_hour is None else float(per_hour), label)
