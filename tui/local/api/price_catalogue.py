"""`google.cloud.billing.v1.CloudCatalog`: Compute Engine's SKUs, made up from the app's own dated table."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cache

from tui.domain.catalog.machines import MACHINES, Machine
from tui.domain.catalog.prices import price, priced_regions
from tui.domain.catalog.skus import COMPUTE_ENGINE, series_of
from tui.local import names
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code, invalid
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call, Method, Need, Route

SERVICE = "google.cloud.billing.v1.CloudCatalog"
PAGE = 500
"""SKUs of one answer at most; Google gives 5,000."""

_API = "cloudbilling.googleapis.com"
_SERIES = {
    "n1": "N1 Predefined Instance",
    "c2": "Compute optimized",
    "a3plus": "A3Plus Instance",
    "a3ultra": "A3Ultra Instance",
    **{name: f"{name.upper()} Instance" for name in ("e2", "n2", "g2", "a2", "a3")},
}
_GPUS = {
    "NVIDIA_TESLA_T4": "Nvidia Tesla T4",
    "NVIDIA_TESLA_P4": "Nvidia Tesla P4",
    "NVIDIA_TESLA_P100": "Nvidia Tesla P100",
    "NVIDIA_TESLA_V100": "Nvidia Tesla V100",
    "NVIDIA_L4": "Nvidia L4",
    "NVIDIA_TESLA_A100": "Nvidia Tesla A100",
    "NVIDIA_A100_80GB": "Nvidia Tesla A100 80GB",
    "NVIDIA_H100_80GB": "Nvidia H100 80GB",
    "NVIDIA_H100_MEGA_80GB": "Nvidia H100 80GB Plus",
    "NVIDIA_H200_141GB": "Nvidia H200 141GB",
}
_DISKS = {"pd-standard": "Storage PD Capacity", "pd-ssd": "SSD backed PD Capacity"}
_NANOS = 1_000_000_000


class PriceCatalogue:
    """The one method that the app asks."""

    def methods(self) -> list[Method]:
        """The rows of the method table."""
        need = Need(_API, "", lambda _: f"projects/{names.PROJECT_ID}")
        route = Route("GET", "/v1/{parent=services/*}/skus")
        request, response = gtypes.ListSkusRequest, gtypes.ListSkusResponse
        return [Method(SERVICE, "ListSkus", request, response, self._list, (route,), need)]

    async def _list(self, request: Message, _call: Call) -> Message:
        if request.parent != f"services/{COMPUTE_ENGINE}":
            raise ApiError(Code.NOT_FOUND, "Requested entity was not found.")
        if request.currency_code not in {"", "USD"}:
            raise invalid("Only prices in USD are known here.")
        token = request.page_token
        if token and not (token.isascii() and token.isdigit() and len(token) < len(str(_NANOS))):
            raise invalid("Invalid page token.")
        rows, start = _rows(), int(token or 0)
        end = start + min(request.page_size if request.page_size > 0 else PAGE, PAGE)
        more = str(end) if end < len(rows) else ""
        return gtypes.ListSkusResponse(skus=rows[start:end], next_page_token=more)


@cache
def _rows() -> list[Message]:
    return [row for region in sorted(priced_regions()) for row in _region(region)]


def _region(region: str) -> Iterator[Message]:
    for spot in (False, True):
        for series, title in _SERIES.items():
            units = _units(series, region, spot=spot)
            if units is not None:
                words = f"{'Spot Preemptible ' if spot else ''}{title}"
                yield _sku(f"{words} Core running in {region}", region, "CPU", "h", units[0], spot=spot)
                yield _sku(f"{words} Ram running in {region}", region, "RAM", "GiBy.h", units[1], spot=spot)
        for kind, title in _GPUS.items():
            words = f"{title} GPU {'attached to Spot Preemptible VMs ' if spot else ''}running in {region}"
            yield from _known(words, kind, region, "GPU", "h", spot=spot)
        words = f"SSD backed Local Storage{' attached to Spot Preemptible VMs' if spot else ''} in {region}"
        yield from _known(words, "local-ssd", region, "LocalSSD", "GiBy.mo", spot=spot)
    for kind, title in _DISKS.items():
        yield from _known(f"{title} in {region}", kind, region, "SSD", "GiBy.mo", spot=False)


def _known(words: str, name: str, region: str, group: str, unit: str, *, spot: bool) -> Iterator[Message]:
    amount = price(name, region).of(spot=spot)
    if amount:
        yield _sku(words, region, group, unit, amount, spot=spot)


def _units(series: str, region: str, *, spot: bool) -> tuple[Decimal, Decimal] | None:
    """USD for an hour of a vCPU and of a GiB, so that the machines cost what the table says.

    Where all of them have the same GiB for a vCPU, either is given half of the sum.
    """
    found = [row for machine in MACHINES.values() if (row := _row(machine, series, region, spot=spot))]
    if not found:
        return None
    cpus, gib, total = found[0]
    for more_cpus, more_gib, more in found[1:]:
        divisor = cpus * more_gib - more_cpus * gib
        if divisor:
            core = (total * more_gib - more * gib) / divisor
            return core, (total - core * cpus) / gib
    return total / 2 / cpus, total / 2 / gib


def _row(
    machine: Machine, series: str, region: str, *, spot: bool
) -> tuple[Decimal, Decimal, Decimal] | None:
    amount = price(machine.name, region).of(spot=spot)
    if series_of(machine) != series or not amount or machine.vcpus is None or machine.memory_gib is None:
        return None
    return Decimal(machine.vcpus), Decimal(str(machine.memory_gib)), amount


def _sku(words: str, region: str, group: str, unit: str, amount: Decimal, *, spot: bool) -> Message:
    sku = gtypes.Sku(description=words, service_regions=[region], service_provider_name="Google")
    sku.category.resource_family = "Storage" if unit == "GiBy.mo" else "Compute"
    sku.category.resource_group = group
    sku.category.usage_type = "Preemptible" if spot else "OnDemand"
    expression = sku.pricing_info.add().pricing_expression
    expression.usage_unit = unit
    units, nanos = divmod(round(amount * _NANOS), _NANOS)
    rate = expression.tiered_rates.add().unit_price
    rate.currency_code, rate.units, rate.nanos = "USD", units, nanos
    return sku
