"""The row about the region, and which regions are near."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.test_prices import POOLS
from tui.domain.access import OrganizationPolicy
from tui.domain.catalog.places import PLACES, nearest
from tui.domain.catalog.quotas import Pool
from tui.domain.regions import TRAINING_REGIONS
from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import CheckState, SetSetting
from tui.domain.setup.needs import JobNeeds
from tui.domain.setup.offered import lacking, regions_with
from tui.domain.setup.region import other_regions, region_check
from tui.domain.storage import Bucket

L4 = Pool("g2-standard-8", 1, "NVIDIA_L4", 1)
MEGA = Pool("a3-megagpu-8g", 1, "NVIDIA_H100_MEGA_80GB", 8)


def facts(region: str, *pools: Pool, origin: str = "", bucket: Bucket | None = None) -> SetupFacts:
    wanted = JobNeeds("train.yaml", pools=pools) if pools else None
    return SetupFacts("kelp-train", region, region_origin=origin, needs=wanted, bucket=bucket, connected=True)


def test_every_region_has_a_place() -> None:
    assert set(PLACES) == set(TRAINING_REGIONS)


@pytest.mark.parametrize(
    ("region", "first"),
    [
        ("europe-west3", "europe-west6"),
        ("us-west3", "us-west4"),
        ("us-east5", "us-east4"),
        ("asia-northeast2", "asia-northeast1"),
    ],
)
def test_the_nearest_region_comes_first(region: str, first: str) -> None:
    assert nearest(region, set(TRAINING_REGIONS) - {region})[0] == first


def test_the_continent_counts_for_more_than_the_distance() -> None:
    assert nearest("europe-southwest1", ["africa-south1", "europe-north1", "me-west1"])[0] == "europe-north1"


def test_a_region_that_has_all_is_right() -> None:
    assert region_check(facts("us-central1", L4)).finding == "us-central1 has L4 GPUs"
    assert region_check(facts("us-central1")).finding == "us-central1"
    row = region_check(facts("us-east5", Pool("n1-standard-4", 1), origin="flag --region"))
    assert (row.state, row.finding) == (CheckState.OK, "us-east5 · from flag --region")
    assert not row.fixes


def test_a_region_without_the_accelerators_names_the_nearest_that_has_them() -> None:
    row = region_check(facts("europe-west3", L4, origin="the built-in default"))
    assert row.state is CheckState.FAILED
    assert row.finding == "europe-west3 has no L4 GPUs · from the built-in default"
    assert row.next_step.startswith("The spec can run in europe-west4, europe-west2, ")
    assert row.fixes == (SetSetting("region", "europe-west4"),)
    assert row.by_hand
    assert row.command == "gcloud config set ai/region europe-west4"


def test_all_accelerators_have_to_be_there() -> None:
    assert regions_with((L4, MEGA)) == {
        "us-central1",
        "us-east4",
        "us-west1",
        "europe-west4",
        "asia-southeast1",
    }
    assert lacking((L4, MEGA, L4), "us-west2") == ("L4 GPUs", "H100 Mega 80 GB GPUs")
    row = region_check(facts("us-east1", L4, MEGA))
    assert row.finding == "us-east1 has no H100 Mega 80 GB GPUs"


def test_nothing_can_be_proposed_where_no_region_has_all() -> None:
    row = region_check(facts("us-central1", Pool("tpu7x-standard-4t", 1), Pool("g2-standard-4", 1), MEGA))
    assert row.state is CheckState.OK
    row = region_check(facts("us-east1", Pool("tpu7x-standard-4t", 1), Pool("cloud-tpu", 1, "TPU_V3", 8)))
    assert row.fixes == (SetSetting("region", "us-central1"),)
    tpu, gpu = Pool("ct5lp-hightpu-4t", 1), Pool("n1-standard-4", 1, "NVIDIA_TESLA_P4", 1)
    assert regions_with((tpu, gpu)) == {"us-central1"}
    both = region_check(facts("us-east1", Pool("a4x-highgpu-4g", 1), Pool("ct6e-standard-4t", 1), gpu, MEGA))
    assert both.fixes
    none = region_check(facts("us-east1", Pool("a4-highgpu-8g", 1), Pool("ct5lp-hightpu-4t", 1), MEGA, tpu))
    assert none.fixes == (SetSetting("region", "us-central1"),)


def test_the_bucket_s_region_is_preferred_if_it_qualifies() -> None:
    near = region_check(facts("europe-west3", L4, bucket=Bucket("b", "EUROPE-WEST2", "region")))
    assert near.fixes == (SetSetting("region", "europe-west2"),)
    assert near.next_step.endswith("The bucket lies in europe-west2, so that is best.")
    far = region_check(facts("europe-west3", L4, bucket=Bucket("b", "EUROPE-WEST3", "region")))
    assert far.fixes == (SetSetting("region", "europe-west4"),)
    assert far.next_step.endswith("The bucket lies in europe-west3.")


@pytest.mark.parametrize(
    ("origin", "step"),
    [
        ("flag --region", "start with --region europe-west4."),
        ("CLOUDSDK_AI_REGION", "export CLOUDSDK_AI_REGION=europe-west4."),
        ("~/c.toml:3 (profile lab)", "vertex-tui config set region europe-west4 --profile lab."),
    ],
)
def test_what_stands_above_the_file_is_not_overridden_by_it(origin: str, step: str) -> None:
    row = region_check(facts("europe-west3", L4, origin=origin))
    assert not row.fixes
    assert step in row.next_step


@pytest.mark.parametrize("origin", ["", "~/c.toml:3", "gcloud configuration 'default' (ai/region)"])
def test_the_file_can_say_another_region(origin: str) -> None:
    row = region_check(facts("europe-west3", L4, origin=origin))
    assert row.fixes == (SetSetting("region", "europe-west4"),)


def test_a_region_that_the_organization_forbids_is_not_proposed() -> None:
    policy = OrganizationPolicy("constraints/gcp.resourceLocations", allowed=("in:us-locations",))
    row = region_check(replace(facts("europe-west3", L4), locations_policy=policy))
    assert row.fixes == (SetSetting("region", "us-east4"),)
    nowhere = replace(policy, allows_none=True)
    row = region_check(replace(facts("europe-west3", L4), locations_policy=nowhere))
    assert not row.fixes
    assert row.next_step.startswith("No region that you may use has all")


def test_a_mistyped_region_is_put_right() -> None:
    row = region_check(facts("us-central1-a", L4, bucket=Bucket("b", "EUROPE-WEST4", "region")))
    assert row.finding == "us-central1-a is not a region for training"
    assert "Perhaps you mean us-central1." in row.next_step
    assert row.fixes == (SetSetting("region", "us-central1"),)
    assert not region_check(replace(facts("xx"), local=True)).link


@given(st.lists(POOLS, max_size=4), st.one_of(st.sampled_from(TRAINING_REGIONS), st.text(max_size=20)))
def test_what_is_proposed_is_right(pools: list[Pool], region: str) -> None:
    before = facts(region, *pools)
    row = region_check(before)
    assert row.finding
    for other in other_regions(before):
        assert region_check(facts(other, *pools)).state is CheckState.OK
    if row.state is CheckState.FAILED and other_regions(before):
        assert row.fixes
        assert row.next_step
