"""The list of machines: complete, filtered by words and amounts, sorted, with the limit that decides."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.access import QuotaLimits
from tui.domain.catalog.accelerators import GPU_TITLES, N1_COUNTS
from tui.domain.catalog.choices import (
    GPU_MEMORY_GB,
    Order,
    Row,
    Setting,
    in_order_of,
    machines_to_choose,
    matching,
    metrics_of,
    rows,
)
from tui.domain.catalog.machines import MACHINES
from tui.domain.catalog.quotas import PREFIX, Pool
from tui.domain.regions import TRAINING_REGIONS
from tui.panes.spec_machine_words import heading, row_content, row_words

HERE = Setting("europe-west4")
L4 = f"{PREFIX}nvidia_l4_gpus"


def names(query: str, *, spot: bool = False) -> set[str]:
    return {row.name for row in matching(rows(HERE), query, spot=spot)}


def one(name: str, accelerators: str = "", setting: Setting = HERE) -> Row:
    return next(row for row in rows(setting) if row.name == name and accelerators in row.accelerators)


def test_every_machine_is_there_with_every_gpu_that_it_takes() -> None:
    listed = machines_to_choose()
    assert {pool.machine_type for pool in listed} == set(MACHINES)
    for machine, kinds in N1_COUNTS.items():
        for kind, counts in kinds.items():
            assert all(Pool(machine, 1, kind, count) in listed for count in counts)
    assert len(set(listed)) == len(listed)
    assert set(GPU_MEMORY_GB) == set(GPU_TITLES)


@pytest.mark.parametrize(
    ("query", "has", "has_not"),
    [
        ("l4", "g2-standard-4", "n2-standard-4"),
        ("h100", "a3-highgpu-8g", "g2-standard-4"),
        (">=80gb", "a2-ultragpu-1g", "a2-highgpu-1g"),
        ("80gb", "a2-ultragpu-1g", "a3-ultragpu-8g"),
        ("<1$", "g2-standard-4", "g2-standard-48"),
        ("$<1", "g2-standard-4", "g2-standard-48"),
        ("$1", "g2-standard-4", "g2-standard-48"),
        ("8cpu", "n2-standard-8", "n2-standard-80"),
        (">=96cpu gpu", "g2-standard-96", "n2-standard-80"),
        ("8gpu", "a3-highgpu-8g", "a3-highgpu-4g"),
        (">=900ram cpu", "m1-ultramem-40", "a3-highgpu-4g"),
        ("tpu here", "ct6e-standard-1t 1x1", "ct5lp-hightpu-1t 1x1"),
        ("fits cpu", "n2-standard-8", "g2-standard-4"),
        ("L4 G2-STANDARD-4", "g2-standard-4", "g2-standard-8"),
    ],
)
def test_words_and_amounts_filter(query: str, has: str, has_not: str) -> None:
    assert has in names(query)
    assert has_not not in names(query)


def test_spot_prices_are_compared_for_spot_jobs() -> None:
    assert names("<1$") < names("<1$", spot=True)


@given(st.text("<>=$gbcpu0189. lhrams", max_size=12))
def test_any_query_is_survived(query: str) -> None:
    assert len(matching(rows(HERE), query, spot=False)) <= len(machines_to_choose())


@pytest.mark.parametrize("order", list(Order))
def test_rows_of_the_region_come_first_and_in_order(order: Order) -> None:
    listed = in_order_of(rows(HERE), order, spot=False)
    assert [row.here for row in listed] == sorted((row.here for row in listed), reverse=True)
    here = [row for row in listed if row.here and row.on_demand.per_hour is not None]
    for first, second in pairwise(here):
        if order is Order.PRICE:
            assert (first.on_demand.per_hour or 0) <= (second.on_demand.per_hour or 0)
        if order is Order.VCPUS and first.vcpus and second.vcpus:
            assert first.vcpus <= second.vcpus
        if order is Order.MEMORY and first.memory_gib and second.memory_gib:
            assert first.memory_gib <= second.memory_gib


def test_the_limit_that_decides_counts_the_whole_job_and_what_runs() -> None:
    default = one("g2-standard-4").quota
    assert default is not None
    assert (default.metric, default.needs, default.limit, default.default) == (L4, 1, 0, True)
    pools = (Pool("n1-standard-4", 3), Pool("g2-standard-8", 2, "NVIDIA_L4", 1))
    limits = {L4: QuotaLimits(L4, {"europe-west4": 5})}
    setting = Setting("europe-west4", pools, 0, limits=limits, in_use={L4: 1})
    told = one("g2-standard-4", setting=setting).quota
    assert told is not None
    assert (told.needs, told.used, told.limit, told.default, told.suffices) == (5, 1, 5, False, False)
    spot = one("g2-standard-4", setting=Setting("europe-west4", preemptible=True)).quota
    assert spot is not None
    assert spot.metric == f"{PREFIX}preemptible_nvidia_l4_gpus"


def test_limits_of_rows_in_the_region_only_and_not_too_many() -> None:
    listed = in_order_of(rows(HERE), Order.PRICE, spot=False)
    assert len(metrics_of(listed, preemptible=False, most=12)) == 12
    assert not metrics_of([row for row in listed if not row.here], preemptible=False, most=12)


@pytest.mark.parametrize("region", ["", *TRAINING_REGIONS[::7]])
@pytest.mark.parametrize("width", [74, 144])
def test_every_row_fits_its_columns(region: str, width: int) -> None:
    setting = Setting(region, (Pool("a3-highgpu-8g", 40, "NVIDIA_H100_80GB", 8),), preemptible=True)
    for row in rows(setting):
        assert row_content(row, setting, width).cell_length <= width
        assert row_words(row, setting)
    assert heading(setting, width).cell_length <= width
