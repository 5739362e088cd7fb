"""Every machine that a worker pool can be given, with what it has, costs and needs: the rows of a list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from functools import cache

from tui.domain.access import QuotaLimits
from tui.domain.catalog.accelerators import (
    CLOUD_TPU,
    GPU_TITLES,
    N1_COUNTS,
    TPU_POD,
    TPU_SLICE,
    TPU_TOPOLOGIES,
    chips,
    tpu_version,
)
from tui.domain.catalog.availability import accelerator_regions, machine_regions
from tui.domain.catalog.limits import default_limit
from tui.domain.catalog.machines import MACHINES, Machine
from tui.domain.catalog.prices import Estimate, estimates
from tui.domain.catalog.quotas import PREFIX, Pool, needs, short_name
from tui.domain.catalog.skus import PriceBook

GPU_MEMORY_GB: Mapping[str, int] = {
    "NVIDIA_TESLA_K80": 12,
    "NVIDIA_TESLA_P4": 8,
    "NVIDIA_TESLA_P100": 16,
    "NVIDIA_TESLA_T4": 16,
    "NVIDIA_TESLA_V100": 16,
    "NVIDIA_L4": 24,
    "NVIDIA_TESLA_A100": 40,
    "NVIDIA_A100_80GB": 80,
    "NVIDIA_H100_80GB": 80,
    "NVIDIA_H100_MEGA_80GB": 80,
    "NVIDIA_RTX_PRO_6000": 96,
    "NVIDIA_H200_141GB": 141,
    "NVIDIA_B200": 180,
    "NVIDIA_GB200": 186,
}
"""GB of one GPU (Compute Engine's page "GPU machine types")."""
_DISKS = frozenset({"pd_ssd", "pd_standard", "hyperdisk_balanced"})


@dataclass(frozen=True, slots=True)
class Setting:
    """What the rows depend on.

    Attributes:
        region: where the job is to run; empty if that is not known.
        pools: the worker pools of the spec.
        position: which of them gets the machine.
        preemptible: whether the strategy is SPOT or FLEX_START.
        flex: whether it is FLEX_START, whose prices are not known.
        limits: those of the metrics that were read.
        in_use: what running jobs of the region hold.
        book: prices of the Cloud Billing catalogue, if there are any.
    """

    region: str = ""
    pools: tuple[Pool, ...] = (Pool("", 1),)
    position: int = 0
    preemptible: bool = False
    flex: bool = False
    limits: Mapping[str, QuotaLimits] = field(default_factory=dict)
    in_use: Mapping[str, int] = field(default_factory=dict)
    book: PriceBook | None = None

    @property
    def pool(self) -> Pool:
        """The one that gets the machine."""
        return self.pools[self.position]


@dataclass(frozen=True, slots=True)
class Quota:
    """The limit that decides: the first that is too low, else that of the accelerators or vCPUs."""

    metric: str
    needs: int
    """Of the whole job."""
    used: int
    limit: int
    """-1 stands for none."""
    default: bool
    """Whether it is the documented default, because the project's own was not read."""

    @property
    def suffices(self) -> bool:
        """Whether the job fits."""
        return self.limit < 0 or self.needs + self.used <= self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """One machine.

    Attributes:
        pool: the worker pool with this machine.
        vcpus: None where that is not documented.
        memory_gib: likewise.
        accelerators: such as `1 × L4`; empty if there are none.
        gpu_gb: memory of one GPU; 0 if there are none.
        count: accelerators of one machine; of a TPU slice, its chips.
        here: whether the region has it.
        elsewhere: the other regions that have it.
        quota: None where no quota is known of it.
        on_demand: what the pool costs an hour.
        spot: likewise with the strategy SPOT.
    """

    pool: Pool
    vcpus: int | None
    memory_gib: float | None
    accelerators: str
    gpu_gb: int
    count: int
    here: bool
    elsewhere: frozenset[str]
    quota: Quota | None
    on_demand: Estimate
    spot: Estimate

    @property
    def name(self) -> str:
        """The machine type, with the topology of a TPU slice."""
        return " ".join(part for part in (self.pool.machine_type, self.pool.tpu_topology) if part)

    @property
    def words(self) -> str:
        """All that one may look for."""
        kind = "tpu" if MACHINES[self.pool.machine_type].is_tpu else "gpu" if self.count else "cpu"
        return f"{self.name} {self.accelerators} {self.pool.accelerator_type} {kind}".lower()


class Order(StrEnum):
    """What rows are sorted by."""

    PRICE = "price"
    VCPUS = "vCPUs"
    MEMORY = "memory"
    GPU = "accelerators"


@cache
def machines_to_choose() -> tuple[Pool, ...]:
    """Every machine with every accelerator that it takes, as pools of one replica."""
    return tuple(pool for machine in MACHINES.values() for pool in _variants(machine))


def _variants(machine: Machine) -> Iterator[Pool]:
    if machine.name == CLOUD_TPU:
        for kind in ("TPU_V2", "TPU_V3"):
            yield from (Pool(machine.name, 1, kind, count) for count in (TPU_SLICE, TPU_POD))
    elif machine.is_tpu:
        yield from (Pool(machine.name, 1, tpu_topology=each) for each in TPU_TOPOLOGIES[machine.name])
    elif machine.accelerator:
        yield Pool(machine.name, 1, machine.accelerator, machine.accelerator_count)
    else:
        yield Pool(machine.name, 1)
        for kind, counts in N1_COUNTS.get(machine.name, {}).items():
            yield from (Pool(machine.name, 1, kind, count) for count in counts)


def rows(setting: Setting) -> tuple[Row, ...]:
    """Every machine as it stands to a spec and its region."""
    return tuple(_row(choice, setting) for choice in machines_to_choose())


def _row(choice: Pool, setting: Setting) -> Row:
    machine, old = MACHINES[choice.machine_type], setting.pool
    pool = replace(choice, replicas=max(old.replicas, 1), disk_type=old.disk_type, disk_gb=old.disk_gb)
    regions = machine_regions(machine.name)
    if choice.accelerator_type:
        regions &= accelerator_regions(choice.accelerator_type)
    count = choice.accelerator_count or chips(choice.tpu_topology)
    on_demand, spot = estimates((pool,), setting.region, setting.book)
    return Row(
        pool=pool,
        vcpus=machine.vcpus,
        memory_gib=machine.memory_gib,
        accelerators=_accelerators(choice, count),
        gpu_gb=GPU_MEMORY_GB.get(choice.accelerator_type, 0),
        count=count,
        here=setting.region in regions,
        elsewhere=regions - {setting.region},
        quota=_quota(pool, setting),
        on_demand=on_demand,
        spot=spot,
    )


def _accelerators(choice: Pool, count: int) -> str:
    if MACHINES[choice.machine_type].is_tpu:
        return f"{count} × TPU {tpu_version(choice.machine_type, choice.accelerator_type)}"
    title = GPU_TITLES.get(choice.accelerator_type, choice.accelerator_type)
    return f"{count} × {title}" if title else ""


def _quota(pool: Pool, setting: Setting) -> Quota | None:
    """The limit that decides; of disks, which the machine does not change, nothing is said."""
    pools = [*setting.pools[: setting.position], pool, *setting.pools[setting.position + 1 :]]
    total = needs(pools, preemptible=setting.preemptible)
    own = [metric for metric in own_metrics(pool, preemptible=setting.preemptible) if metric in total]
    found = [_limit(metric, total[metric], setting) for metric in own]
    lacking = next((quota for quota in found if not quota.suffices), None)
    return lacking or (found[0] if found else None)


def own_metrics(pool: Pool, *, preemptible: bool) -> list[str]:
    """The quota metrics of a pool's machines, accelerators first; without disks."""
    metrics = [
        metric for metric in needs((pool,), preemptible=preemptible) if short_name(metric) not in _DISKS
    ]
    return sorted(metrics, key=lambda metric: metric.endswith("cpus"))


def _limit(metric: str, amount: int, setting: Setting) -> Quota:
    told = setting.limits[metric].of(setting.region) if metric in setting.limits else None
    limit = default_limit(metric, setting.region) if told is None else told
    return Quota(metric, amount, max(setting.in_use.get(metric, 0), 0), limit, told is None)


def metrics_of(shown: Iterable[Row], *, preemptible: bool, most: int) -> tuple[str, ...]:
    """The metrics that decide about rows which the region has, in their order, at most so many."""
    found: dict[str, None] = {}
    for row in shown:
        if row.here:
            found.update(dict.fromkeys(own_metrics(row.pool, preemptible=preemptible)))
        if len(found) >= most:
            break
    return tuple(metric for metric in found if metric.startswith(PREFIX))[:most]


# Filtering and sorting

_AMOUNT = re.compile(
    r"(?P<sign><=|>=|<|>|=)?\$?(?P<number>[0-9]{1,6}(?:\.[0-9]{1,3})?)(?P<unit>\$|gb|gib|ram|v?cpus?|gpus?|chips?)?"
)
_HERE = frozenset({"here", "region"})
_FITS = frozenset({"fits", "quota"})
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
    "=": lambda value, limit: value == limit,
}
_Test = Callable[[Row], bool]


def matching(found: Sequence[Row], query: str, *, spot: bool) -> tuple[Row, ...]:
    """The rows that every word of a query fits.

    Words: part of a name (`l4`, `h100`, `g2`), `cpu`, `gpu`, `tpu`, `here` (in the region), `fits` (quota),
    and amounts: `<1$` an hour, `>=80gb` of one GPU, `>=64ram` GiB of the machine, `8cpu`, `>=4gpu`.
    """
    tests = [_test(word, spot=spot) for word in query.lower().replace("$<", "<$").split()]
    return tuple(row for row in found if all(test(row) for test in tests))


def _test(word: str, *, spot: bool) -> _Test:
    if word in _HERE:
        return lambda row: row.here
    if word in _FITS:
        return lambda row: row.here and (row.quota is None or row.quota.suffices)
    match = _AMOUNT.fullmatch(word)
    if match is None or not (match["unit"] or match["sign"] or "$" in word):
        return lambda row: word in row.words
    unit = "$" if "$" in word else (match["unit"] or "gb")
    compare, limit = _COMPARE[match["sign"] or ("<=" if unit == "$" else "=")], float(match["number"])
    value_of = _VALUES[unit[:3].strip("s")] if unit != "$" else (_spot_price if spot else _price)
    plain = unit in {"gb", "gib"} and not match["sign"]

    def test(row: Row) -> bool:
        value = value_of(row)
        return (value is not None and compare(value, limit)) or (plain and word in row.words.replace(" ", ""))

    return test


def _price(row: Row) -> float | None:
    amount = row.on_demand.per_hour
    return None if amount is None else float(amount)


def _spot_price(row: Row) -> float | None:
    amount = row.spot.per_hour
    return None if amount is None else float(amount)


_VALUES: Mapping[str, Callable[[Row], float | None]] = {
    "gb": lambda row: row.gpu_gb or None,
    "gib": lambda row: row.gpu_gb or None,
    "ram": lambda row: row.memory_gib,
    "cpu": lambda row: row.vcpus,
    "vcp": lambda row: row.vcpus,
    "gpu": lambda row: row.count,
    "chi": lambda row: row.count,
}


def in_order_of(found: Iterable[Row], order: Order, *, spot: bool) -> tuple[Row, ...]:
    """Rows of the region first, then the smallest and the cheapest first; what is not known comes last."""
    far = Decimal("Infinity")

    def price(row: Row) -> Decimal:
        amount = (row.spot if spot else row.on_demand).per_hour
        return far if amount is None else amount

    def key(row: Row) -> tuple[object, ...]:
        first: tuple[object, ...] = ()
        if order is Order.VCPUS:
            first = (row.vcpus is None, row.vcpus or 0)
        elif order is Order.MEMORY:
            first = (row.memory_gib is None, row.memory_gib or 0)
        elif order is Order.GPU:
            first = (not row.count, -row.gpu_gb, -row.count)
        return (not row.here, *first, price(row), row.vcpus or 0, row.name)

    return tuple(sorted(found, key=key))
