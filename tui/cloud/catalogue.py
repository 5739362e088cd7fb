"""What things cost: the Cloud Billing catalogue, over REST."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from tui.cloud.billing import HOST
from tui.cloud.connection import Connection
from tui.cloud.plain_rest import PlainRest
from tui.domain.catalog.skus import COMPUTE_ENGINE, Sku, is_priced
from tui.domain.errors import CloudError, ErrorKind

PAGE = 5000
"""SKUs asked for at a time, the most that the service gives."""
MOST_PAGES = 20
"""Compute Engine filled six to ten in 2026."""
WITHIN = 60.0
"""Seconds for all pages."""

_FIELDS = (
    "nextPageToken,skus(description,category,serviceRegions,"
    "pricingInfo(pricingExpression(usageUnit,tieredRates)))"
)
"""Only what is read here: the whole rows are several times as long."""
_NANOS = Decimal(10) ** 9


class Catalogue:
    """The public list prices; no role on a billing account is needed, only the enabled API."""

    def __init__(self, connection: Connection) -> None:
        self._rest = PlainRest(connection, HOST)

    async def price_skus(self) -> tuple[Sku, ...]:
        """The rows of Compute Engine that this app knows the meaning of.

        Raises:
            CloudError: not all pages could be read in time.
        """
        found: list[Sku] = []
        try:
            async with asyncio.timeout(WITHIN):
                token = await self._page("", found)
                for _ in range(MOST_PAGES - 1):
                    if not token:
                        break
                    token = await self._page(token, found)
        except TimeoutError as error:
            raise _unread(f"It took more than {WITHIN:.0f} seconds.", ErrorKind.TIMEOUT) from error
        if token:
            raise _unread(f"It has more than {MOST_PAGES} pages.", ErrorKind.INTERNAL)
        return tuple(found)

    async def _page(self, token: str, found: list[Sku]) -> str:
        """Add what a page tells; the token of the next one."""
        query = {"pageSize": str(PAGE), "currencyCode": "USD", "pageToken": token, "fields": _FIELDS}
        answer = await self._rest.get(f"v1/services/{COMPUTE_ENGINE}/skus", query)
        found += await asyncio.to_thread(lambda: [sku for sku in _skus(answer) if is_priced(sku)])
        return str(answer.get("nextPageToken") or "")

    def close(self) -> None:
        """Close idle connections."""
        self._rest.close()


def _unread(words: str, kind: ErrorKind) -> CloudError:
    return CloudError("The price catalogue was not read", words, kind=kind, retryable=True)


def _skus(answer: Mapping[str, Any]) -> Iterator[Sku]:
    """The rows that have the form of one; a form newer than this program is passed over."""
    for row in answer.get("skus") or ():
        try:
            yield _sku(row)
        except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError):
            continue


def _sku(row: Mapping[str, Any]) -> Sku:
    category, expression = row["category"], row["pricingInfo"][-1]["pricingExpression"]
    rates = expression["tieredRates"]
    last = max(rates, key=lambda rate: float(rate.get("startUsageAmount", 0)))
    return Sku(
        description=str(row["description"]),
        regions=tuple(str(region) for region in row["serviceRegions"]),
        usage_type=str(category.get("usageType", "")),
        resource_family=str(category.get("resourceFamily", "")),
        resource_group=str(category.get("resourceGroup", "")),
        unit=str(expression["usageUnit"]),
        price=_usd(last["unitPrice"]),
    )


def _usd(money: Mapping[str, Any]) -> Decimal:
    """An amount of `google.type.Money`.

    Raises:
        ValueError: it is none, or no USD.
    """
    if money.get("currencyCode", "USD") != "USD":
        raise ValueError(money.get("currencyCode"))
    try:
        return Decimal(money.get("units", 0)) + Decimal(money.get("nanos", 0)) / _NANOS
    except InvalidOperation as error:
        raise ValueError("no amount") from error
