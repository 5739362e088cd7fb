"""What machines cost, and what is not known."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.catalog.accelerators import ACCELERATOR_TYPES, TPU_TOPOLOGIES
from tui.domain.catalog.machines import MACHINES
from tui.domain.catalog.prices import AS_OF, FEE, estimate, money, price, priced_regions
from tui.domain.catalog.quotas import Pool
from tui.domain.regions import TRAINING_REGIONS

POOLS = st.builds(
    Pool,
    st.one_of(st.sampled_from(sorted(MACHINES)), st.text(max_size=12)),
    st.integers(-2, 10**18),
    st.one_of(st.just(""), st.sampled_from(ACCELERATOR_TYPES), st.text(max_size=12)),
    st.integers(-2, 10**18),
    st.one_of(st.sampled_from(["", "2x2", "4x8", "x", "0x1"]), st.text(max_size=6)),
    st.one_of(st.sampled_from(["", "pd-ssd", "pd-standard", "local-ssd"]), st.text(max_size=12)),
    st.integers(-2, 10**18),
)


def test_the_read_price_of_vertex_ai_comes_out() -> None:
    found = estimate([Pool("n1-standard-4", 1)], "us-central1", spot=False)
    assert found.parts[0].per_hour == Decimal("0.21849885")
    assert found.per_hour is not None
    assert money(found.per_hour) == "≈ $0.24"
    assert found.unknown == ()
    assert any(AS_OF in sentence for sentence in found.assumptions)


@pytest.mark.parametrize(
    ("pool", "region", "spot", "shown"),
    [
        (Pool("g2-standard-8", 1, "NVIDIA_L4", 1), "us-central1", False, "≈ $0.92 an hour"),
        (Pool("g2-standard-8", 1), "us-central1", False, "≈ $0.92 an hour"),
        (Pool("g2-standard-8", 2), "us-central1", False, "≈ $1.84 an hour"),
        (Pool("g2-standard-8", 1), "europe-west4", True, f"≈ $0.50 an hour + {FEE}"),
        (Pool("n1-standard-8", 1, "NVIDIA_TESLA_T4", 2), "us-central1", False, "≈ $1.16 an hour"),
        (Pool("cloud-tpu", 1, "TPU_V2", 8), "us-central1", False, "≈ $4.52 an hour"),
        (Pool("cloud-tpu", 1, "TPU_V2", 32), "us-central1", False, "price not known"),
        (Pool("ct5lp-hightpu-4t", 1, tpu_topology="4x4"), "us-west1", False, "≈ $19.22 an hour"),
        (Pool("a3-highgpu-8g", 20), "us-central1", False, "≈ $1,799 an hour"),
        (Pool("a4-highgpu-8g", 1), "us-central1", False, "price not known"),
        (Pool("n4-standard-4", 1), "us-central1", False, "price not known"),
        (Pool("n1-standard-4", 1), "africa-south1", False, "price not known"),
        (Pool("no-such-machine", 1), "us-central1", False, "price not known"),
        (
            Pool("a3-ultragpu-8g", 1),
            "us-central1",
            False,
            "≈ $88.60 an hour + its local SSD + 100 GB of hyperdisk-balanced",
        ),
    ],
)
def test_what_is_shown(pool: Pool, region: str, spot: bool, shown: str) -> None:  # noqa: FBT001
    assert estimate([pool], region, spot=spot).shown == shown


def test_an_empty_price_is_unknown_and_not_free() -> None:
    b200 = price("NVIDIA_B200", "us-central1")
    assert b200.on_demand is None
    assert b200.spot is not None
    found = estimate([Pool("a4-highgpu-8g", 1)], "us-central1", spot=False)
    assert found.per_hour is None
    assert "8 × B200" in found.unknown


def test_nothing_asked_for_has_no_price() -> None:
    assert estimate([], "us-central1", spot=False).per_hour is None
    assert estimate([Pool("n1-standard-4", 0)], "us-central1", spot=False).per_hour is None


def test_the_names_are_those_of_the_catalogue() -> None:
    assert len(priced_regions()) == 14
    assert priced_regions() <= set(TRAINING_REGIONS)
    families = {machine.family for machine in MACHINES.values() if not machine.is_tpu}
    for family in families - {"n4", "m1", "g4", "a4x"}:
        names = [machine.name for machine in MACHINES.values() if machine.family == family]
        assert all(price(name, "us-central1").spot is not None for name in names)


def test_spot_costs_less_than_on_demand() -> None:
    names = [*MACHINES, *ACCELERATOR_TYPES, "TPU_V6E", "local-ssd"]
    prices = [price(name, region) for name in names for region in TRAINING_REGIONS]
    both = [one for one in prices if one.on_demand is not None and one.spot is not None]
    assert len(both) > 1000
    assert all(one.spot < one.on_demand for one in both if one.spot and one.on_demand)


@given(st.lists(POOLS, max_size=4), st.sampled_from([*TRAINING_REGIONS, ""]), st.booleans())
def test_any_pools_have_an_estimate_of_its_parts(pools: list[Pool], region: str, spot: bool) -> None:  # noqa: FBT001
    found = estimate(pools, region, spot=spot)
    assert found.shown
    assert (FEE in found.unknown) == spot
    assert found.per_hour is None or found.per_hour >= 0
    if region not in priced_regions():
        assert found.per_hour is None


@given(st.sampled_from(sorted(MACHINES)), st.sampled_from(sorted(priced_regions())), st.integers(1, 50))
def test_replicas_multiply(machine: str, region: str, replicas: int) -> None:
    topology = TPU_TOPOLOGIES.get(machine, ("",))[0]
    one = estimate([Pool(machine, 1, tpu_topology=topology)], region, spot=False).per_hour
    many = estimate([Pool(machine, replicas, tpu_topology=topology)], region, spot=False).per_hour
    assert (one is None) == (many is None)
    if one is not None and many is not None:
        assert abs(many - one * replicas) < Decimal("1e-9")


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Decimal("0.7749"), "≈ $0.77"),
        (0, "≈ $0.00"),
        (0.001, "< $0.01"),
        (4.5, "≈ $4.50"),
        (12345.6, "≈ $12,346"),
    ],
)
def test_money(amount: Decimal | float, text: str) -> None:
    assert money(amount) == text
