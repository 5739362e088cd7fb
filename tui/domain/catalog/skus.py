"""Prices out of the Cloud Billing catalogue: what a SKU of Compute Engine is the price of, by its wording.

Google words SKUs for people ("N1 Predefined Instance Core running in Americas"); the wording is no contract.
So only the exact forms known here are taken, two different prices of one thing count as none, and who uses
a price holds it against the dated table first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from tui.domain.catalog.machines import MACHINES, Machine

COMPUTE_ENGINE = "6F81-5844-456A"
"""The catalogue's name of Compute Engine."""

Key = tuple[str, str, bool]
"""What is priced (`n1 core`, `n1 ram`, an accelerator or a disk type), its region, and whether as Spot."""

_LONGEST = 200
_MOST = 1_000_000
_HOURS = Decimal(730)
_OTHER_OFFERS = re.compile(
    r"\b(commitment|committed|custom|sole tenancy|extended|dws|calendar|reserved|defined duration"
    r"|capacity optimized|regional|confidential|premium|years?)\b",
    re.IGNORECASE,
)
_CPU = re.compile(
    r"(?P<spot>(?:spot )?preemptible )?"
    r"(?P<series>n1 predefined|e2|n2|n4|compute optimized|g2|a2|a3|a3plus|a3ultra)(?: instance)?"
    r" (?P<part>core|ram) running in .+",
    re.IGNORECASE,
)
_GPU = re.compile(
    r"(?:nvidia )?(?:tesla )?(?P<title>[a-z0-9 ]+?) gpu"
    r" (?P<spot>attached to (?:spot )?preemptible vms )?running in .+",
    re.IGNORECASE,
)
_DISK = re.compile(
    r"(?P<title>(?:storage|balanced|ssd backed) pd capacity|ssd backed local storage)"
    r"(?P<spot> attached to (?:spot )?preemptible vms?)?(?: (?:running )?in .+)?",
    re.IGNORECASE,
)
_SERIES = {"n1 predefined": "n1", "compute optimized": "c2"}
_GPUS = {
    "t4": "NVIDIA_TESLA_T4",
    "p4": "NVIDIA_TESLA_P4",
    "p100": "NVIDIA_TESLA_P100",
    "v100": "NVIDIA_TESLA_V100",
    "l4": "NVIDIA_L4",
    "a100": "NVIDIA_TESLA_A100",
    "a100 80gb": "NVIDIA_A100_80GB",
    "h100 80gb": "NVIDIA_H100_80GB",
    "h100 80gb plus": "NVIDIA_H100_MEGA_80GB",
    "h100 80gb mega": "NVIDIA_H100_MEGA_80GB",
    "h200 141gb": "NVIDIA_H200_141GB",
}
_DISKS = {
    "storage pd capacity": "pd-standard",
    "balanced pd capacity": "pd-balanced",
    "ssd backed pd capacity": "pd-ssd",
    "ssd backed local storage": "local-ssd",
}
_OWN_SERIES = {"a3-megagpu": "a3plus", "a3-ultragpu": "a3ultra"}
"""Machines whose vCPUs are not priced as their family's, by the first two parts of their name."""


@dataclass(frozen=True, slots=True)
class Sku:
    """One row of the catalogue.

    Attributes:
        description: Google's wording.
        regions: `serviceRegions`.
        usage_type: `OnDemand`, `Preemptible`, `Commit1Yr`, ….
        resource_family: such as `Compute` or `Storage`.
        resource_group: such as `CPU`, `RAM` or `GPU`.
        unit: `h`, `GiBy.h` or `GiBy.mo`.
        price: USD for one unit, at the highest tier of usage.
    """

    description: str
    regions: tuple[str, ...]
    usage_type: str
    resource_family: str
    resource_group: str
    unit: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Prices that were read from the catalogue."""

    read_at: datetime
    """When; with its time zone."""
    units: Mapping[Key, Decimal] = field(default_factory=dict)
    """USD for an hour of a vCPU, a GiB of memory or a GPU, or for a GiB and month of a disk."""

    @property
    def label(self) -> str:
        """What stands beside every amount."""
        return f"estimate, Cloud Billing catalogue of {self.read_at:%Y-%m-%d}"

    def price(self, name: str, region: str, *, spot: bool) -> Decimal | None:
        """USD for an hour of a machine (vCPUs and memory), of an accelerator, or a GiB and month of a disk.

        None unless every part of it was found.
        """
        machine = MACHINES.get(name)
        if machine is None:
            return self.units.get((name, region, spot))
        series = series_of(machine)
        core = self.units.get((f"{series} core", region, spot))
        ram = self.units.get((f"{series} ram", region, spot))
        if core is None or ram is None or machine.vcpus is None or machine.memory_gib is None:
            return None
        return core * machine.vcpus + ram * Decimal(str(machine.memory_gib))


def make_book(skus: Iterable[Sku], read_at: datetime) -> PriceBook:
    """All prices that the rows tell for sure."""
    units: dict[Key, Decimal] = {}
    doubtful: set[Key] = set()
    for key, amount in (pair for sku in skus for pair in _prices(sku)):
        if units.setdefault(key, amount) != amount:
            doubtful.add(key)
    return PriceBook(read_at, {key: amount for key, amount in units.items() if key not in doubtful})


def is_priced(sku: Sku) -> bool:
    """Whether the row is the price of something that this app knows."""
    return next(_prices(sku), None) is not None


def is_amount(price: Decimal) -> bool:
    """Whether it can be a price: nothing that is paid for is free, or costs a million for a unit."""
    return price.is_finite() and 0 < price < _MOST


def _prices(sku: Sku) -> Iterator[tuple[Key, Decimal]]:
    found = _meaning(sku) if is_amount(sku.price) else None
    if found is None:
        return
    name, spots, amount = found
    for region in sku.regions:
        for spot in spots:
            yield (name, region, spot), amount


def _meaning(sku: Sku) -> tuple[str, tuple[bool, ...], Decimal] | None:
    """What is priced, whether on demand, as Spot or both, and USD for the unit of `PriceBook.units`."""
    words = sku.description.strip()
    if len(words) > _LONGEST or _OTHER_OFFERS.search(words):
        return None
    if (match := _CPU.fullmatch(words)) is not None:
        series, part = match["series"].lower(), match["part"].lower()
        unit, name = ("h" if part == "core" else "GiBy.h"), f"{_SERIES.get(series, series)} {part}"
    elif (match := _GPU.fullmatch(words)) is not None:
        unit, name = "h", _GPUS.get(match["title"].lower(), "")
    else:
        return _disk(sku, words)
    spot = match["spot"] is not None
    if not name or sku.unit != unit or sku.usage_type != ("Preemptible" if spot else "OnDemand"):
        return None
    return name, (spot,), sku.price


def _disk(sku: Sku, words: str) -> tuple[str, tuple[bool, ...], Decimal] | None:
    """Local SSD has a Spot price, which the catalogue may list as on demand; other disks have one price."""
    match = _DISK.fullmatch(words)
    if match is None or sku.usage_type not in {"OnDemand", "Preemptible"}:
        return None
    name, spot = _DISKS[match["title"].lower()], match["spot"] is not None
    month = {"GiBy.mo": sku.price, "GiBy.h": sku.price * _HOURS}.get(sku.unit)
    if month is None or (spot and name != "local-ssd"):
        return None
    return name, ((spot,) if name == "local-ssd" else (False, True)), month


def series_of(machine: Machine) -> str:
    """What the vCPUs and the memory of a machine are priced as."""
    return _OWN_SERIES.get(machine.name.rpartition("-")[0], machine.family)
