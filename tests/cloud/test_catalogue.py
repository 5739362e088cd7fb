"""The Cloud Billing catalogue over the wire: the local server words the table's prices as Google does."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.local.clients import Server
from tui.cloud import catalogue
from tui.cloud.catalogue import _skus
from tui.domain.catalog.machines import MACHINES
from tui.domain.catalog.prices import LABEL, estimate, price, priced_regions
from tui.domain.catalog.quotas import Pool
from tui.domain.catalog.skus import make_book
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.services.pricebook import PriceBooks


async def test_what_is_read_gives_the_prices_of_the_table(
    grpc_gateway: Gateway, local_server: Server, tmp_path: Path
) -> None:
    books = PriceBooks(tmp_path)
    assert await books.refreshed(grpc_gateway.setup) is None, "the API is off"
    with pytest.raises(CloudError) as caught:
        await grpc_gateway.setup.price_skus()
    assert caught.value.kind is ErrorKind.API_DISABLED
    local_server.enable("cloudbilling")
    book = await books.refreshed(grpc_gateway.setup)
    assert book is not None
    told = 0
    for name in ("n1-highmem-8", "e2-standard-4", "c2-standard-16", "a2-ultragpu-2g", "NVIDIA_L4", "pd-ssd"):
        for region in priced_regions():
            listed, found = price(name, region).on_demand, book.price(name, region, spot=False)
            if listed is not None:
                assert found is not None, (name, region)
                assert abs(found - listed) <= listed / 1000, (name, region)
                told += 1
    assert told > 50
    pool = Pool("g2-standard-8", 1, "NVIDIA_L4", 1)
    live = estimate([pool], "us-central1", spot=True, book=book)
    assert live.label == f"estimate, Cloud Billing catalogue of {book.read_at:%Y-%m-%d}"
    assert live.shown == estimate([pool], "us-central1", spot=True).shown
    odd = Pool("ct5lp-hightpu-4t", 1, tpu_topology="2x2")
    assert estimate([odd], "us-west1", spot=False, book=book).label == LABEL
    assert {key[0].partition(" ")[0] for key in book.units} >= {
        machine.family for machine in MACHINES.values() if price(machine.name, "us-central1").on_demand
    } - {"a4"}


async def test_pages_without_an_end_are_given_up(
    grpc_gateway: Gateway, local_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    local_server.enable("cloudbilling")
    monkeypatch.setattr(catalogue, "MOST_PAGES", 1)
    with pytest.raises(CloudError, match="price catalogue was not read"):
        await grpc_gateway.setup.price_skus()
    monkeypatch.setattr(catalogue, "MOST_PAGES", 20)
    monkeypatch.setattr(catalogue, "WITHIN", 0.0)
    with pytest.raises(CloudError) as caught:
        await grpc_gateway.setup.price_skus()
    assert caught.value.kind is ErrorKind.TIMEOUT


def row(**changed: Any) -> dict[str, Any]:
    expression = {
        "usageUnit": "GiBy.mo",
        "tieredRates": [
            {"startUsageAmount": 30, "unitPrice": {"currencyCode": "USD", "units": "0", "nanos": 40000000}},
            {"unitPrice": {"currencyCode": "USD"}},
        ],
    }
    return {
        "description": "Storage PD Capacity",
        "category": {"resourceFamily": "Storage", "resourceGroup": "PDStandard", "usageType": "OnDemand"},
        "serviceRegions": ["us-central1"],
        "pricingInfo": [{"pricingExpression": expression}],
        **changed,
    }


def test_the_price_is_that_above_what_is_free() -> None:
    book = make_book(_skus({"skus": [row()]}), datetime.now(UTC))
    assert book.price("pd-standard", "us-central1", spot=False) == Decimal("0.04")


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        {},
        row(category=None),
        row(serviceRegions=None),
        row(pricingInfo=[]),
        row(pricingInfo=[{"pricingExpression": {"usageUnit": "h", "tieredRates": []}}]),
        row(
            pricingInfo=[
                {"pricingExpression": {"usageUnit": "h", "tieredRates": [{"unitPrice": {"units": "x"}}]}}
            ]
        ),
        row(
            pricingInfo=[
                {
                    "pricingExpression": {
                        "usageUnit": "h",
                        "tieredRates": [{"unitPrice": {"currencyCode": "EUR"}}],
                    }
                }
            ]
        ),
    ],
)
def test_a_row_of_another_form_is_passed_over(broken: Any) -> None:
    assert [sku.description for sku in _skus({"skus": [broken, row()]})] == ["Storage PD Capacity"]
