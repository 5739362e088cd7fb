"""Prices by the wording of the Cloud Billing catalogue, and when they are not believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.catalog.choices import Setting, rows
from tui.domain.catalog.machines import MACHINES
from tui.domain.catalog.prices import DOUBTED, LABEL, estimate, estimates
from tui.domain.catalog.quotas import Pool
from tui.domain.catalog.skus import PriceBook, Sku, is_priced, make_book
from tui.domain.spec.cost import cost_of

DAY = datetime(2026, 11, 23, 4, tzinfo=UTC)
REGION = "us-central1"
OURS = "estimate, Cloud Billing catalogue of 2026-11-23"
L4_POOL = Pool("g2-standard-8", 1, "NVIDIA_L4", 1)


def sku(words: str, amount: str, unit: str = "h", usage: str = "", *regions: str) -> Sku:
    usage = usage or ("Preemptible" if "reemptible" in words else "OnDemand")
    return Sku(words, regions or (REGION, "us-east1"), usage, "Compute", "X", unit, Decimal(amount))


ROWS = (
    sku("G2 Instance Core running in Americas", "0.025"),
    sku("G2 Instance Ram running in Americas", "0.003", "GiBy.h"),
    sku("Nvidia L4 GPU running in Americas", "0.56"),
    sku("Spot Preemptible G2 Instance Core running in Americas", "0.010"),
    sku("Spot Preemptible G2 Instance Ram running in Americas", "0.001", "GiBy.h"),
    sku("Nvidia L4 GPU attached to Spot Preemptible VMs running in Americas", "0.22"),
    sku("SSD backed PD Capacity", "0.17", "GiBy.mo"),
    sku("Storage PD Capacity", "0.04", "GiBy.mo"),
)
BOOK = make_book(ROWS, DAY)


def test_a_machine_is_the_sum_of_its_parts() -> None:
    assert BOOK.price("g2-standard-8", REGION, spot=False) == Decimal("0.025") * 8 + Decimal("0.003") * 32
    assert BOOK.price("g2-standard-8", REGION, spot=True) == Decimal("0.010") * 8 + Decimal("0.001") * 32
    assert BOOK.price("g2-standard-8", "europe-west4", spot=False) is None
    assert BOOK.price("n1-standard-8", REGION, spot=False) is None
    assert BOOK.price("ct6e-standard-1t", REGION, spot=False) is None
    assert BOOK.price("pd-ssd", "us-east1", spot=True) == Decimal("0.17")


@pytest.mark.parametrize(
    ("words", "unit", "name", "spot"),
    [
        ("N1 Predefined Instance Core running in Americas", "h", "n1 core", False),
        ("N1 Predefined Instance Ram running in Zurich", "GiBy.h", "n1 ram", False),
        ("Preemptible N1 Predefined Instance Core running in Americas", "h", "n1 core", True),
        ("Spot Preemptible E2 Instance Core running in Paris", "h", "e2 core", True),
        ("Compute optimized Core running in Americas", "h", "c2 core", False),
        ("Compute optimized Instance Ram running in Seoul", "GiBy.h", "c2 ram", False),
        ("A3Plus Instance Core running in Americas", "h", "a3plus core", False),
        ("Nvidia Tesla T4 GPU running in Netherlands", "h", "NVIDIA_TESLA_T4", False),
        ("Nvidia Tesla A100 80GB GPU running in Netherlands", "h", "NVIDIA_A100_80GB", False),
        ("Nvidia Tesla A100 GPU running in Netherlands", "h", "NVIDIA_TESLA_A100", False),
        ("Nvidia H100 80GB Mega GPU running in Frankfurt", "h", "NVIDIA_H100_MEGA_80GB", False),
        ("H200 141GB GPU running in Belgium", "h", "NVIDIA_H200_141GB", False),
        ("Nvidia L4 GPU attached to Spot Preemptible VMs running in Virginia", "h", "NVIDIA_L4", True),
        ("SSD backed Local Storage", "GiBy.mo", "local-ssd", False),
        ("SSD backed Local Storage attached to Spot Preemptible VMs in Paris", "GiBy.mo", "local-ssd", True),
    ],
)
def test_the_wordings_that_are_known(words: str, unit: str, name: str, spot: bool) -> None:  # noqa: FBT001
    found = make_book([sku(words, "1.5", unit)], DAY)
    assert found.units[(name, REGION, spot)] == Decimal("1.5")
    assert {key[0] for key in found.units} == {name}


@pytest.mark.parametrize(
    "row",
    [
        sku("Commitment v1: N1 Cpu in Americas for 1 Year", "1", usage="Commit1Yr"),
        sku("Commitment v1: Nvidia L4 GPU running in Americas for 1 Year", "1"),
        sku("N1 Predefined Instance Core running in Americas for 1 Year", "1"),
        sku("E2 Custom Instance Core running in Americas", "1"),
        sku("Custom Instance Core running in Americas", "1"),
        sku("N2D AMD Instance Core running in Americas", "1"),
        sku("N1 Sole Tenancy Instance Core running in Americas", "1"),
        sku("Custom Extended Instance Ram running in Americas", "1", "GiBy.h"),
        sku("Nvidia H100 80GB GPU attached to DWS Defined Duration VMs running in Americas", "1"),
        sku("Reserved Nvidia H100 80GB GPU in Americas in Calendar Mode", "1"),
        sku("Nvidia H100 80GB GPU running in Americas in Calendar Mode", "1"),
        sku("Nvidia Vera GPU running in Americas", "1"),
        sku("Regional SSD backed PD Capacity", "1", "GiBy.mo"),
        sku("G2 Instance Core running in Americas", "1", "GiBy.h"),
        sku("G2 Instance Core running in Americas", "1", "h", "Preemptible"),
        sku("Spot Preemptible G2 Instance Core running in Americas", "1", "h", "OnDemand"),
        sku("G2 Instance Core running in Americas", "0"),
        sku("G2 Instance Core running in Americas", "-1"),
        sku("G2 Instance Core running in Americas", "NaN"),
        sku(f"G2 Instance Core running in {'A' * 300}", "1"),
    ],
    ids=lambda row: row.description[:40],
)
def test_what_is_another_offer_or_not_understood_is_left_out(row: Sku) -> None:
    assert not is_priced(row)
    assert make_book([row], DAY).units == {}


def test_two_prices_of_one_thing_are_none() -> None:
    other = sku("Nvidia L4 GPU running in Iowa", "0.28", "h", "", REGION)
    book = make_book([*ROWS, other], DAY)
    assert book.price("NVIDIA_L4", REGION, spot=False) is None
    assert book.price("NVIDIA_L4", "us-east1", spot=False) == Decimal("0.56")
    assert make_book([*ROWS, *ROWS], DAY) == BOOK


def test_an_estimate_says_where_its_prices_come_from() -> None:
    found = estimate([L4_POOL], REGION, spot=False, book=BOOK)
    cpus = (Decimal("0.025") * 8 + Decimal("0.003") * 32) * Decimal("1.15")
    assert [part.per_hour for part in found.parts[:2]] == [cpus, Decimal("0.56")]
    assert found.label == OURS
    assert "catalogue of 2026-11-23" in " ".join(found.assumptions)
    assert estimate([L4_POOL], REGION, spot=False).label == LABEL
    cost = cost_of({"jobSpec": {"workerPoolSpecs": [pool_json("g2-standard-8")]}}, REGION, BOOK)
    assert cost.per_hour_words.endswith(f"({OURS})")
    setting = Setting(REGION, book=BOOK)
    labels = {row.name: row.on_demand.label for row in rows(setting)}
    assert (labels["g2-standard-4"], labels["n1-standard-4"]) == (OURS, LABEL)


def pool_json(machine: str) -> dict[str, object]:
    return {"machineSpec": {"machineType": machine}, "replicaCount": "1"}


@pytest.mark.parametrize("lacking", range(6))
def test_the_table_takes_over_where_any_part_is_missing(lacking: int) -> None:
    book = make_book([row for number, row in enumerate(ROWS) if number != lacking], DAY)
    spot = lacking >= 3
    assert estimate([L4_POOL], REGION, spot=spot, book=book) == estimate([L4_POOL], REGION, spot=spot)
    assert estimate([L4_POOL], REGION, spot=not spot, book=book).label == OURS
    assert {found.label for found in estimates([L4_POOL], REGION, book)} == {LABEL}
    mixed = [L4_POOL, Pool("n1-standard-4", 1)]
    assert estimate(mixed, REGION, spot=False, book=BOOK) == estimate(mixed, REGION, spot=False)


@pytest.mark.parametrize(("factor", "believed"), [("0.4", True), ("2.5", True), ("0.2", False), ("4", False)])
def test_a_price_far_from_the_table_is_not_believed(factor: str, believed: bool) -> None:  # noqa: FBT001
    gpu = replace(ROWS[2], price=ROWS[2].price * Decimal(factor))
    book = make_book([*ROWS[:2], gpu, *ROWS[3:]], DAY)
    found = estimate([L4_POOL], REGION, spot=False, book=book)
    assert found.label == (OURS if believed else DOUBTED)
    on_demand, spot = estimates([L4_POOL], REGION, book)
    assert on_demand.label == spot.label == (OURS if believed else DOUBTED)
    assert believed or found.per_hour == estimate([L4_POOL], REGION, spot=False).per_hour


def test_disks_that_the_catalogue_does_not_name_cost_what_the_table_says() -> None:
    found = estimate([L4_POOL], REGION, spot=False, book=make_book(ROWS[:6], DAY))
    assert found.label == OURS
    assert found.parts[-1] == estimate([L4_POOL], REGION, spot=False).parts[-1]


WORDS = st.one_of(st.text(max_size=40), st.sampled_from([row.description for row in ROWS]))
ANY_SKU = st.builds(
    Sku,
    WORDS,
    st.tuples(st.sampled_from([REGION, "", "mars"])),
    st.sampled_from(["OnDemand", "Preemptible", ""]),
    st.just(""),
    st.just(""),
    st.sampled_from(["h", "GiBy.h", "GiBy.mo", ""]),
    st.decimals(),
)


@given(st.lists(ANY_SKU, max_size=8), st.sampled_from(sorted(MACHINES)), st.booleans())
def test_no_catalogue_makes_an_estimate_fail(skus: list[Sku], machine: str, spot: bool) -> None:  # noqa: FBT001
    found = estimate([Pool(machine, 1)], REGION, spot=spot, book=make_book(skus, DAY))
    table = estimate([Pool(machine, 1)], REGION, spot=spot)
    assert found.per_hour is None or found.per_hour > 0
    assert found.label == OURS or found.parts == table.parts
    assert isinstance(make_book(skus, DAY), PriceBook)
