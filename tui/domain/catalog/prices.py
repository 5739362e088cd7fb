"""What machines cost: Compute Engine's list prices of July 2026, and what that makes on Vertex AI.

Sources: the price lists `catalogs/v9/gcp/vms.csv` of skypilot-org/skypilot-catalog (vCPUs and memory of A2,
A3 and A4, accelerators, all Spot prices) and `pricing.yml` of Cyclenerd/google-cloud-pricing-cost-calculator
of 2026-07-16 (everything else, and on-demand prices of GPUs where the first list has those of another offer).
Both are made from Google's billing catalogue. Spot prices change every month.

Vertex AI's share of 15 % on vCPUs and memory is inferred: n1-standard-4 in us-central1 was read at
$0.21849885 an hour in September and October 2026, 1.15 times Compute Engine's price; an H100 was read at
Compute Engine's price.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files

from tui.domain.catalog.accelerators import CLOUD_TPU, GPU_TITLES, TPU_SLICE, chips, tpu_version
from tui.domain.catalog.machines import MACHINES, Machine
from tui.domain.catalog.quotas import DEFAULT_DISK_GB, Pool, default_disk
from tui.domain.catalog.skus import PriceBook

AS_OF = "July 2026"
"""When the prices were read."""
LABEL = f"estimate, {AS_OF}"
"""What stands beside every amount of this table."""
BELIEVED = 3
"""By how much a price of the catalogue may differ from the table's and still be believed."""
DOUBTED = f"{LABEL}; the catalogue's prices differ more than {BELIEVED} times and are not used"
"""What stands there when the catalogue was not believed."""
SHARE = Decimal("1.15")
"""Vertex AI's price of vCPUs and memory, by Compute Engine's."""
FEE = "Vertex AI's management fee"

_HOURS = Decimal(730)
"""In the month that a disk is billed by."""
_CHIPS = {"v5e": "TPU_V5_LITEPOD", "v6e": "TPU_V6E"}
"""Names, in the list of prices, of one chip of a TPU that has no accelerator type."""
_SSD_GIB = {"a2-ultragpu": 375, "a3-highgpu": 750, "a3-megagpu": 750}
"""Local SSD that comes with each GPU of a machine, by the first two parts of its name."""
_SSD_UNTOLD = ("a3-ultragpu", "a4-highgpu", "a4x-highgpu")
"""Machines that come with local SSD whose size is not among the prices."""
_THOUSAND, _CENT = 1_000, Decimal("0.005")

_Find = Callable[[str], Decimal | None]
"""USD by the name of a machine, an accelerator or a disk type; None if not known."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is paid for, over all replicas."""

    what: str
    """Such as `2 × g2-standard-8` or `2 × L4`."""
    per_hour: Decimal | None
    """USD; None when the price is not known, which never means that it is free."""
    lesser: bool = False
    """Whether it is small beside the rest, as disks are: the sum says something without it."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What worker pools cost while they run."""

    region: str
    spot: bool
    parts: tuple[Part, ...]
    assumptions: tuple[str, ...]
    """What the sum rests on, one sentence each."""
    label: str = LABEL
    """That it is an estimate, where its prices come from and of what date they are."""

    @property
    def per_hour(self) -> Decimal | None:
        """USD an hour of all that is known; None unless machines and accelerators all are."""
        if not any(not part.lesser for part in self.parts):
            return None
        if any(part.per_hour is None and not part.lesser for part in self.parts):
            return None
        return sum((part.per_hour for part in self.parts if part.per_hour is not None), Decimal(0))

    @property
    def unknown(self) -> tuple[str, ...]:
        """What is paid for at a price that is not known, in words."""
        lacking = [part.what for part in self.parts if part.per_hour is None]
        return tuple(dict.fromkeys([*lacking, FEE] if self.spot else lacking))

    @property
    def shown(self) -> str:
        """`≈ $0.77 an hour`, with what has to be added to it; without the date."""
        amount = self.per_hour
        if amount is None:
            return "price not known"
        more = f" + {' + '.join(self.unknown)}" if self.unknown else ""
        return f"{money(amount)} an hour{more}"


@dataclass(frozen=True, slots=True)
class Price:
    """USD for an hour of a machine or an accelerator, or for a GiB and month of a disk; None if not known."""

    on_demand: Decimal | None
    spot: Decimal | None

    def of(self, *, spot: bool) -> Decimal | None:
        """The one of the two."""
        return self.spot if spot else self.on_demand


UNKNOWN = Price(None, None)


def price(name: str, region: str) -> Price:
    """The list price of a machine type, an accelerator type or a disk type in a region.

    The price of a machine with built-in GPUs is that of its vCPUs and memory. `local-ssd` is a disk type.
    """
    return _prices().get((name, region), UNKNOWN)


def priced_regions() -> frozenset[str]:
    """The regions of which any price is known."""
    return frozenset(region for _, region in _prices())


def estimate(pools: Iterable[Pool], region: str, *, spot: bool, book: PriceBook | None = None) -> Estimate:
    """What worker pools cost an hour in a region.

    Args:
        pools: the worker pools, as `quotas.spec_pools` reads them.
        region: a region; of those without a list here nothing is known.
        spot: whether the strategy is SPOT; of FLEX_START, which has prices of its own, nothing is known here.
        book: prices of the Cloud Billing catalogue, used if they tell all machines and accelerators.
    """
    asked = tuple(pool for pool in pools if pool.replicas > 0)
    found = _of_book(asked, region, book, spot=spot) if book is not None else LABEL
    return found if isinstance(found, Estimate) else _of_table(asked, region, found, spot=spot)


def estimates(pools: Iterable[Pool], region: str, book: PriceBook | None = None) -> tuple[Estimate, Estimate]:
    """What worker pools cost an hour on demand and with Spot, both by the same list of prices."""
    asked = tuple(pools)
    on_demand, with_spot = (estimate(asked, region, spot=spot, book=book) for spot in (False, True))
    if on_demand.label == with_spot.label:
        return on_demand, with_spot
    label = DOUBTED if DOUBTED in {on_demand.label, with_spot.label} else LABEL
    asked = tuple(pool for pool in asked if pool.replicas > 0)
    return _of_table(asked, region, label, spot=False), _of_table(asked, region, label, spot=True)


def _of_table(pools: tuple[Pool, ...], region: str, label: str, *, spot: bool) -> Estimate:
    def find(name: str) -> Decimal | None:
        return price(name, region).of(spot=spot)

    parts = tuple(part for pool in pools for part in _parts(pool, find, find, spot=spot))
    return Estimate(region, spot, parts, _assumptions(pools, f"of {AS_OF}", spot=spot), label)


def _of_book(pools: tuple[Pool, ...], region: str, book: PriceBook, *, spot: bool) -> Estimate | str:
    """The estimate, or the label of the table's when the book does not tell all that matters."""
    doubted: list[str] = []

    def find(name: str) -> Decimal | None:
        told, known = book.price(name, region, spot=spot), price(name, region).of(spot=spot)
        if told is not None and known and not known / BELIEVED <= told <= known * BELIEVED:
            doubted.append(name)
            return None
        return told

    def find_lesser(name: str) -> Decimal | None:
        told = find(name)
        return price(name, region).of(spot=spot) if told is None else told

    parts = tuple(part for pool in pools for part in _parts(pool, find, find_lesser, spot=spot))
    if not parts or any(part.per_hour is None and not part.lesser for part in parts):
        return DOUBTED if doubted else LABEL
    source = f"in the Cloud Billing catalogue of {book.read_at:%Y-%m-%d}"
    more = f"Disks that it does not name are taken from the list of {AS_OF}."
    return Estimate(region, spot, parts, (*_assumptions(pools, source, spot=spot), more), book.label)


def money(amount: Decimal | float) -> str:
    """`≈ $0.77`: an estimated amount of USD."""
    if 0 < amount < _CENT:
        return "< $0.01"
    return f"≈ ${amount:,.0f}" if amount >= _THOUSAND else f"≈ ${amount:,.2f}"


@cache
def _prices() -> dict[tuple[str, str], Price]:
    text = files("tui.domain.catalog").joinpath("prices.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {(row["name"], row["region"]): Price(_usd(row["on_demand"]), _usd(row["spot"])) for row in rows}


def _usd(cell: str) -> Decimal | None:
    return Decimal(cell) if cell else None


def _parts(pool: Pool, find: _Find, find_lesser: _Find, *, spot: bool) -> Iterator[Part]:
    machine = MACHINES.get(pool.machine_type)
    if machine is None:
        yield Part(f"{pool.replicas} × {pool.machine_type or 'a machine'}", None)
    elif machine.is_tpu:
        yield _tpu(pool, find)
    else:
        share = Decimal(1) if spot else SHARE
        yield Part(f"{pool.replicas} × {machine.name}", _times(find(machine.name), pool.replicas * share))
        yield from _gpus(pool, machine, find, find_lesser)
    disk = pool.disk_type or default_disk(pool.machine_type)
    size = pool.disk_gb if pool.disk_gb > 0 else DEFAULT_DISK_GB
    amount = _times(find_lesser(disk), size * pool.replicas / _HOURS)
    yield Part(f"{size * pool.replicas:,} GB of {disk}", amount, lesser=True)


def _gpus(pool: Pool, machine: Machine, find: _Find, find_lesser: _Find) -> Iterator[Part]:
    kind = pool.accelerator_type or machine.accelerator
    count = (pool.accelerator_count or machine.accelerator_count) * pool.replicas
    if not kind or count <= 0:
        return
    yield Part(f"{count} × {GPU_TITLES.get(kind, kind)}", _times(find(kind), count))
    family = machine.name.rpartition("-")[0]
    if family in _SSD_GIB:
        gib = _SSD_GIB[family] * count
        amount = _times(find_lesser("local-ssd"), gib / _HOURS)
        yield Part(f"{gib:,} GB of local SSD", amount, lesser=True)
    elif family in _SSD_UNTOLD:
        yield Part("its local SSD", None, lesser=True)


def _tpu(pool: Pool, find: _Find) -> Part:
    version = tpu_version(pool.machine_type, pool.accelerator_type)
    if pool.machine_type == CLOUD_TPU:
        name, count = pool.accelerator_type, pool.accelerator_count
        known = 0 < count <= TPU_SLICE  # pods have prices of their own
    else:
        name, count = _CHIPS.get(version, ""), chips(pool.tpu_topology)
        known = count > 0
    each = find(name) if known else None
    return Part(f"{count * pool.replicas} × TPU {version}".strip(), _times(each, count * pool.replicas))


def _times(each: Decimal | None, count: Decimal | int) -> Decimal | None:
    return None if each is None else each * count


def _assumptions(pools: tuple[Pool, ...], source: str, *, spot: bool) -> tuple[str, ...]:
    found = [f"Compute Engine's list prices {source}, in USD; discounts, network and taxes are not in it."]
    if spot:
        found.append(f"Spot is billed at Compute Engine's Spot prices, which change monthly; {FEE} is extra.")
    else:
        found.append("Vertex AI is taken to add 15 % to vCPUs and memory, and nothing to accelerators.")
    found.append("Disks are taken to cost what they cost on Compute Engine.")
    if any(MACHINES[pool.machine_type].is_tpu for pool in pools if pool.machine_type in MACHINES):
        found.append("The price of a TPU includes its host.")
    return tuple(found)
