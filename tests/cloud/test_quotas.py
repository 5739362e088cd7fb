"""Limits of quota metrics: from Service Usage, from Cloud Quotas where that is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cloud.conftest import MakeTarget
from tests.local.clients import Server
from tui.cloud.quotas import UNLIMITED, combined, from_usage
from tui.cloud.session import open_gateway
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.regions import TRAINING_REGIONS
from tui.domain.target import Transport
from tui.local.admin.client import AdminClient

PREFIX = "aiplatform.googleapis.com/custom_model_training_"
T4, L4, CPUS, A2 = (f"{PREFIX}{name}" for name in ("nvidia_t4_gpus", "nvidia_l4_gpus", "cpus", "a2_cpus"))


def usage(*buckets: dict[str, Any], unit: str = "1/{project}/{region}") -> dict[str, Any]:
    """A ConsumerQuotaMetric of one limit."""
    return {"metric": L4, "consumerQuotaLimits": [{"unit": unit, "quotaBuckets": list(buckets)}]}


def bucket(limit: int | None, region: str = "") -> dict[str, Any]:
    """A quota bucket as Service Usage writes it."""
    content: dict[str, Any] = {} if limit is None else {"effectiveLimit": str(limit)}
    return content | ({"dimensions": {"region": region}} if region else {})


def test_a_limit_of_its_own_and_of_the_others() -> None:
    limits = from_usage(L4, usage(bucket(0), bucket(8, "us-central1"), bucket(UNLIMITED, "us-east4")))
    assert limits.by_region == {"us-central1": 8, "us-east4": UNLIMITED}
    assert [limits.of(name) for name in ("us-central1", "us-east4", "europe-west4")] == [8, UNLIMITED, 0]


def test_what_was_not_told_is_not_taken_for_what_holds_elsewhere() -> None:
    limits = from_usage(L4, usage(bucket(4), bucket(None, "us-central1"), bucket(8, "us-east4")))
    assert limits.of("us-central1") is None
    assert limits.of("us-east4") == 8
    assert limits.of("europe-west4") == 4
    assert from_usage(L4, usage(bucket(None))).of("europe-west4") is None


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"consumerQuotaLimits": None},
        {"consumerQuotaLimits": [5, {"quotaBuckets": "x"}, {"quotaBuckets": [None]}]},
        usage({"effectiveLimit": "many", "dimensions": []}),
        usage({"effectiveLimit": "3", "dimensions": {"region": "us-east4", "zone": "b"}}),
    ],
)
def test_answers_of_an_odd_shape_tell_nothing(content: dict[str, Any]) -> None:
    limits = from_usage(L4, content)
    assert (limits.by_region, limits.elsewhere) == ({}, None)


def test_a_limit_for_the_whole_project_does_not_hide_that_of_a_region() -> None:
    content = usage(bucket(100), unit="1/{project}")
    content["consumerQuotaLimits"] += usage(bucket(2, "us-east4"))["consumerQuotaLimits"]
    assert from_usage(L4, content).by_region == {"us-east4": 2}
    assert from_usage(L4, usage(bucket(100), unit="1/{project}")).elsewhere == 100


LIMITS = st.one_of(st.none(), st.integers(UNLIMITED, 9))
TOLD = st.lists(
    st.tuples(st.sampled_from([{}, *({"region": name} for name in TRAINING_REGIONS[:4])]), LIMITS)
)


@given(TOLD)
def test_the_smallest_limit_that_was_told_counts(told: list[tuple[dict[str, str], int | None]]) -> None:
    limits = combined(L4, told)
    own = {
        region: [n for where, n in told if where.get("region", "") == region] for region in TRAINING_REGIONS
    }
    others = [number for where, number in told if not where and number is not None]

    def least(numbers: list[int]) -> int | None:
        finite = [number for number in numbers if number != UNLIMITED]
        return min(finite) if finite else (UNLIMITED if numbers else None)

    for region, numbers in own.items():
        known = [number for number in numbers if number is not None]
        expected = least(known) if numbers else least(others)
        assert limits.of(region) == expected


async def test_limits_over_the_wire(gateway: Gateway, local_server: Server) -> None:
    local_server.enable("aiplatform")
    AdminClient(local_server.record).call(
        "PUT", "quotas", {"metric": "nvidia_l4_gpus", "region": "europe-west4", "value": 3}
    )
    unknown = f"{PREFIX}no_such_gpus"
    limits = await gateway.setup.quota_limits([T4, L4, A2, unknown, "x/y?z"])
    assert limits.keys() == {T4, L4, A2}
    assert limits[T4].of("us-central1") == 12
    assert (limits[L4].of("europe-west4"), limits[L4].of("us-central1")) == (3, 0)
    assert limits[A2].of("us-central1") == UNLIMITED
    assert await gateway.setup.quota_limits([]) == {}


async def test_where_service_usage_refuses_cloud_quotas_tells(gateway: Gateway, local_server: Server) -> None:
    """The metrics that a job needs are told alike by both."""
    wanted = [T4, L4, CPUS]
    before = await gateway.setup.quota_limits(wanted)
    options = {"code": "PERMISSION_DENIED", "message": "Permission denied to list quota."}
    rule = {"kind": "call", "pattern": "v1beta1.GetMetric", "effect": "error", "options": options}
    AdminClient(local_server.record).call("POST", "faults", rule)
    with pytest.raises(CloudError) as caught:  # Cloud Quotas is off: the first refusal says more
        await gateway.setup.quota_limits(wanted)
    assert (caught.value.kind, caught.value.message) == (ErrorKind.DENIED, options["message"])
    await asyncio.to_thread(local_server.enable, "cloudquotas")
    after = await gateway.setup.quota_limits([*wanted, f"{PREFIX}no_such_gpus"])
    assert after.keys() == before.keys()
    for metric in wanted:
        for region in TRAINING_REGIONS:
            assert after[metric].of(region) == before[metric].of(region), (metric, region)


async def test_any_other_failure_is_told(target: MakeTarget, local_server: Server) -> None:
    rule = {"kind": "call", "pattern": "v1beta1.GetMetric", "effect": "error", "options": {"code": 429}}
    AdminClient(local_server.record).call("POST", "faults", rule)
    gateway = await open_gateway(target(Transport.GRPC))
    try:
        with pytest.raises(CloudError) as caught:
            await gateway.setup.quota_limits([T4])
        assert caught.value.kind is ErrorKind.RATE
    finally:
        await gateway.close()
