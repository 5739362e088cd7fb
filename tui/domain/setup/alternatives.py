"""What would run now where a quota is too low: other regions, other machines, the other strategy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import inf, log2

from tui.domain.access import QuotaLimits
from tui.domain.catalog.accelerators import GPU_TITLES, N1_COUNTS
from tui.domain.catalog.availability import accelerator_regions, machine_regions
from tui.domain.catalog.choices import GPU_MEMORY_GB
from tui.domain.catalog.limits import default_limit
from tui.domain.catalog.machines import MACHINES, Machine
from tui.domain.catalog.places import nearest
from tui.domain.catalog.prices import Estimate, estimate
from tui.domain.catalog.quotas import Pool, needs
from tui.domain.catalog.skus import PriceBook
from tui.domain.setup.needs import JobNeeds
from tui.domain.setup.offered import regions_with

_MOST = 3
"""Machines that are named at most."""
_NOT_OFFERED = frozenset({"NVIDIA_TESLA_P100", "NVIDIA_TESLA_K80", "NVIDIA_GB200"})
"""No longer offered, or only with a reservation (GB200)."""
_MEMORY = {kind: size for kind, size in GPU_MEMORY_GB.items() if kind not in _NOT_OFFERED}
_ASSUMED = 0.2
"""How much farther a machine is whose limits were not read."""
_LESS = 0.25
"""How much farther a GPU or machine with less memory is: what was tried on more may not fit."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of the quota where a job is to run."""

    region: str
    limits: Mapping[str, QuotaLimits]
    """Of the metrics that were read."""
    in_use: Mapping[str, int]
    prices: PriceBook | None = None
    """Newer prices than those of the table."""

    def left(self, metric: str) -> tuple[float, bool]:
        """How much is free, and whether that is only what a project without limits of its own has."""
        told = self.limits[metric].of(self.region) if metric in self.limits else None
        limit = default_limit(metric, self.region) if told is None else told
        return (inf if limit < 0 else limit - self.in_use.get(metric, 0)), told is None


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another way to run the same job."""

    words: str
    """Such as `n1-standard-8 with 1 × T4`."""
    estimate: Estimate
    assumed: bool
    """Whether it rests on default limits, because the project's own were not read."""


def fitting_regions(wanted: JobNeeds, limits: Mapping[str, QuotaLimits], region: str) -> tuple[str, ...]:
    """Other regions that have all accelerators and whose limits are known to suffice, the nearest first."""
    candidates = regions_with(wanted.pools) - {region}
    return nearest(region, (name for name in candidates if _suffices(wanted.quota, limits, name)))


def _suffices(wanted: Mapping[str, int], limits: Mapping[str, QuotaLimits], region: str) -> bool:
    for metric, amount in wanted.items():
        limit = limits[metric].of(region) if metric in limits else None
        if limit is None or 0 <= limit < amount:
            return False
    return True


def fitting_machines(wanted: JobNeeds, metric: str, place: Place) -> tuple[Alternative, ...]:
    """Machines of about the same power that fit now in the region, the most alike first.

    At most one with each kind of GPU; without GPUs, one of each family. None for TPUs.
    """
    old = next(
        (pool for pool in wanted.pools if metric in needs([pool], preemptible=wanted.preemptible)), None
    )
    if old is None or old.machine_type not in MACHINES or MACHINES[old.machine_type].is_tpu:
        return ()
    best: dict[str, tuple[float, Pool, bool]] = {}
    for pool in _candidates(place.region):
        kind = pool.accelerator_type or MACHINES[pool.machine_type].family
        distance = _distance(old, pool)
        if distance >= best.get(kind, (inf,))[0] or not distance:
            continue
        assumed = _fits(_with(wanted.pools, old, pool), place, preemptible=wanted.preemptible)
        if assumed is not None:
            best[kind] = (distance, pool, assumed)
    chosen = sorted(best.values(), key=lambda row: row[0] + _ASSUMED * row[2])[:_MOST]
    return tuple(
        Alternative(
            _words(pool),
            _price(_with(wanted.pools, old, pool), place, spot=wanted.preemptible),
            assumed,
        )
        for _, pool, assumed in chosen
    )


def other_strategy(wanted: JobNeeds, place: Place) -> Alternative | None:
    """The same machines with SPOT, or without it if they have it now; None if that does not fit either."""
    spot = not wanted.preemptible
    assumed = _fits(wanted.pools, place, preemptible=spot)
    if assumed is None:
        return None
    words = "scheduling.strategy: SPOT" if spot else "no scheduling.strategy"
    return Alternative(words, _price(wanted.pools, place, spot=spot), assumed)


def _price(pools: Sequence[Pool], place: Place, *, spot: bool) -> Estimate:
    return estimate(pools, place.region, spot=spot, book=place.prices)


def _fits(pools: Sequence[Pool], place: Place, *, preemptible: bool) -> bool | None:
    """Whether default limits had to be assumed; None when it does not fit."""
    assumed = False
    for metric, amount in needs(pools, preemptible=preemptible).items():
        left, only_default = place.left(metric)
        if amount > left:
            return None
        assumed |= only_default
    return assumed


@cache
def _candidates(region: str) -> tuple[Pool, ...]:
    """Every machine of the region that has GPUs to be had, or none at all, as a pool of one replica."""
    return tuple(_pools(region))


def _pools(region: str) -> Iterator[Pool]:
    for machine in MACHINES.values():
        if machine.is_tpu or region not in machine_regions(machine.name):
            continue
        if not machine.accelerator:
            yield Pool(machine.name, 1)
        elif machine.accelerator in _MEMORY:
            yield Pool(machine.name, 1, machine.accelerator, machine.accelerator_count)
        for kind, counts in N1_COUNTS.get(machine.name, {}).items():
            if kind in _MEMORY and region in accelerator_regions(kind):
                yield from (Pool(machine.name, 1, kind, count) for count in counts)


def _with(pools: Sequence[Pool], old: Pool, new: Pool) -> tuple[Pool, ...]:
    """The pools with another machine wherever they have that of `old`; disks follow the new machine."""
    same = (old.machine_type, old.accelerator_type, old.accelerator_count)
    return tuple(
        replace(new, replicas=pool.replicas, disk_gb=pool.disk_gb)
        if (pool.machine_type, pool.accelerator_type, pool.accelerator_count) == same
        else pool
        for pool in pools
    )


def _distance(old: Pool, new: Pool) -> float:
    """How unlike two machines are: 0 for the same, infinite when only one of them has GPUs."""
    before, after = MACHINES[old.machine_type], MACHINES[new.machine_type]
    kind = old.accelerator_type or before.accelerator
    if bool(kind) != bool(new.accelerator_type):
        return inf
    gap = _gap(before.vcpus, after.vcpus) / 4 + _gap(before.memory_gib, after.memory_gib) / 4
    if not kind:
        return gap * 4 + (0.1 if before.family != after.family else 0)
    count = old.accelerator_count or before.accelerator_count or 1
    return gap + _gpu_gap(kind, count, new) + (_builtin(before) != _builtin(after)) * 0.1


def _gpu_gap(kind: str, count: int, new: Pool) -> float:
    each, new_each = _MEMORY.get(kind, 16), _MEMORY[new.accelerator_type]
    gap = _gap(each, new_each) + 2 * _gap(count, new.accelerator_count)
    return gap + (0 if kind == new.accelerator_type else _LESS) + (_LESS if new_each < each else 0)


def _gap(before: float | None, after: float | None) -> float:
    """How many doublings lie between two amounts, a little more when it becomes less."""
    ratio = log2(max(after or 1, 1) / max(before or 1, 1))
    return ratio if ratio >= 0 else -ratio * 1.2


def _builtin(machine: Machine) -> bool:
    return bool(machine.accelerator)


def _words(pool: Pool) -> str:
    if not pool.accelerator_type:
        return pool.machine_type
    return f"{pool.machine_type} with {pool.accelerator_count} × {GPU_TITLES[pool.accelerator_type]}"
