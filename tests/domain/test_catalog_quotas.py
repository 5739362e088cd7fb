"""What a job needs of the quota metrics, and where their limits begin."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.catalog.limits import UNLIMITED, default_limit
from tui.domain.catalog.quotas import (
    METRICS,
    PREFIX,
    SHORT_NAMES,
    Pool,
    metric_named,
    needs,
    needs_of_spec,
    quota_id,
    short_name,
)
from tui.domain.regions import TRAINING_REGIONS


def short(needed: dict[str, int]) -> dict[str, int]:
    """Needs by short names."""
    return {short_name(metric): amount for metric, amount in needed.items()}


@pytest.mark.parametrize(
    ("pool", "preemptible", "expected"),
    [
        (Pool("n1-standard-4", 1), False, {"cpus": 4, "pd_ssd": 100}),
        (Pool("e2-standard-8", 3, disk_gb=200), False, {"cpus": 24, "pd_ssd": 600}),
        (
            Pool("n1-standard-8", 2, "NVIDIA_TESLA_T4", 2),
            False,
            {"cpus": 16, "nvidia_t4_gpus": 4, "pd_ssd": 200},
        ),
        (
            Pool("g2-standard-24", 1, "NVIDIA_L4", 2),
            True,
            {"preemptible_g2_cpus": 24, "preemptible_nvidia_l4_gpus": 2, "pd_ssd": 100},
        ),
        (Pool("g2-standard-4", 1), False, {"g2_cpus": 4, "nvidia_l4_gpus": 1, "pd_ssd": 100}),
        (
            Pool("a3-ultragpu-8g", 1, "NVIDIA_H200_141GB", 8),
            False,
            {"a3_cpus": 224, "nvidia_h200_gpus": 8, "hyperdisk_balanced": 100},
        ),
        (Pool("n2-standard-4", 1, disk_type="pd-standard"), False, {"n2_cpus": 4, "pd_standard": 100}),
        (Pool("cloud-tpu", 1, "TPU_V2", 8), False, {"tpu_v2": 8, "pd_ssd": 100}),
        (Pool("ct5lp-hightpu-4t", 1, tpu_topology="4x4"), False, {"tpu_v5e": 16, "pd_ssd": 100}),
        (Pool("no-such-machine", 1), False, {"pd_ssd": 100}),
        (Pool("n1-standard-4", 0), False, {}),
    ],
)
def test_needs(pool: Pool, preemptible: bool, expected: dict[str, int]) -> None:  # noqa: FBT001
    assert short(needs([pool], preemptible=preemptible)) == expected


def test_pools_add_up() -> None:
    pools = [Pool("n1-standard-4", 1), Pool("e2-standard-4", 2), Pool("n2-standard-4", 1)]
    assert short(needs(pools, preemptible=False)) == {"cpus": 12, "n2_cpus": 4, "pd_ssd": 400}


@pytest.mark.parametrize("strategy", ["SPOT", "FLEX_START", 4])
def test_a_spec_in_either_key_style(strategy: str | int) -> None:
    camel = {
        "workerPoolSpecs": [
            {
                "machineSpec": {"machineType": "n1-standard-4"},
                "replicaCount": "2",
                "diskSpec": {"bootDiskSizeGb": 150},
            },
            {},
        ],
        "scheduling": {"strategy": strategy},
    }
    snake = {
        "worker_pool_specs": [
            {
                "machine_spec": {"machine_type": "n1-standard-4"},
                "replica_count": 2,
                "disk_spec": {"boot_disk_size_gb": 150},
            }
        ],
        "scheduling": {"strategy": strategy},
    }
    assert short(needs_of_spec(camel)) == {"preemptible_cpus": 8, "pd_ssd": 300}
    assert needs_of_spec(snake) == needs_of_spec(camel)
    assert needs_of_spec({**camel, "persistentResourceId": "mine"}) == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["workerPoolSpecs", "machineSpec", "replicaCount", "diskSpec", "scheduling", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["workerPoolSpecs", "scheduling"]), JSON))
def test_any_content_is_counted(spec: dict[str, Any]) -> None:
    assert all(amount > 0 for amount in needs_of_spec(spec).values())


def test_names() -> None:
    assert (
        metric_named("nvidia_l4_gpus") == f"{PREFIX}nvidia_l4_gpus" == metric_named(f"{PREFIX}nvidia_l4_gpus")
    )
    assert metric_named("nonsense") is None
    assert len({quota_id(metric) for metric in METRICS}) == len(METRICS)
    assert quota_id(f"{PREFIX}nvidia_l4_gpus") == "CustomModelTrainingL4GPUsPerProjectPerRegion"
    assert "preemptible_pd_ssd" not in SHORT_NAMES


@pytest.mark.parametrize(
    ("name", "region", "limit"),
    [
        ("cpus", "europe-west4", 2200),
        ("cpus", "us-east5", 450),
        ("cpus", "europe-west6", 20),
        ("n2_cpus", "us-central1", 450),
        ("n2_cpus", "us-west1", 20),
        ("m1_cpus", "us-central1", 0),
        ("a2_cpus", "us-central1", UNLIMITED),
        ("nvidia_t4_gpus", "us-central1", 12),
        ("nvidia_t4_gpus", "europe-west3", 0),
        ("nvidia_a100_gpus", "europe-west4", 8),
        ("nvidia_h200_gpus", "us-east4", 8),
        ("pd_ssd", "us-west2", 450),
        ("pd_ssd", "us-west1", 75000),
        ("pd_standard", "us-west2", 3600),
        ("preemptible_nvidia_l4_gpus", "us-central1", 0),
    ],
)
def test_default_limits(name: str, region: str, limit: int) -> None:
    assert default_limit(PREFIX + name, region) == limit


def test_the_l4_is_0_everywhere_until_it_is_raised() -> None:
    assert {default_limit(f"{PREFIX}nvidia_l4_gpus", region) for region in TRAINING_REGIONS} == {0}
    assert sum(default_limit(f"{PREFIX}pd_ssd", region) == 450 for region in TRAINING_REGIONS) == 17
