"""The rows about quota: states, what would fit instead, and the request for more."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.test_prices import POOLS
from tests.examples import examples
from tui.domain.access import Identity, LoginKind, Project, QuotaLimits
from tui.domain.catalog.limits import UNLIMITED, default_limit
from tui.domain.catalog.quotas import METRICS, PREFIX, Pool, metric_named, needs, short_name
from tui.domain.catalog.skus import PriceBook
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.regions import TRAINING_REGIONS
from tui.domain.setup.alternatives import Place, fitting_machines
from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import Check, CheckState
from tui.domain.setup.needs import JobNeeds
from tui.domain.setup.quota import quota_checks
from tui.domain.setup.quota_request import rounded
from tui.domain.setup.quota_rows import quota_title
from tui.domain.text import cell_width

L4 = Pool("g2-standard-8", 1, "NVIDIA_L4", 1)
T4 = Pool("n1-standard-8", 1, "NVIDIA_TESLA_T4", 4)
WORSE = [CheckState.OK, CheckState.WARNING, CheckState.FAILED]


def default_limits(metrics: Mapping[str, int]) -> dict[str, QuotaLimits]:
    return {
        metric: QuotaLimits(metric, {name: default_limit(metric, name) for name in TRAINING_REGIONS})
        for metric in metrics
    }


def facts(*pools: Pool, region: str = "us-central1", spot: bool = False, **known: Any) -> SetupFacts:
    wanted = needs(pools, preemptible=spot)
    given: dict[str, Any] = {
        "project": Project("kelp-train", "123456789012", "ACTIVE"),
        "needs": JobNeeds("train.yaml", pools=pools, preemptible=spot, quota=wanted),
        "quotas": default_limits(wanted),
        "connected": True,
    }
    return SetupFacts("kelp-train", region, **(given | known))


def rows(found: SetupFacts) -> dict[str, Check]:
    return {row.id: row for row in quota_checks(found)}


def limits(**amounts: int) -> dict[str, QuotaLimits]:
    return {PREFIX + name: QuotaLimits(PREFIX + name, {}, amount) for name, amount in amounts.items()}


def test_accelerators_come_first_and_disks_last() -> None:
    found = rows(facts(L4))
    assert list(found) == ["quota.nvidia_l4_gpus", "quota.g2_cpus", "quota.pd_ssd"]
    assert [row.state for row in found.values()] == [CheckState.FAILED, CheckState.OK, CheckState.OK]
    assert [row.title for row in found.values()] == ["L4 GPUs", "vCPUs (G2)", "disk SSD GB"]
    assert [row.finding for row in found.values()] == [
        "needs 1, the limit here is 0",
        "needs 8, no limit here",
        "needs 100 of 75,000",
    ]


def test_every_metric_has_a_short_title_of_its_own() -> None:
    titles = [quota_title(metric) for metric in METRICS]
    assert len(set(titles)) == len(titles)
    assert max(map(cell_width, titles)) <= 22
    assert quota_title(PREFIX + "preemptible_nvidia_l4_gpus") == "Spot L4 GPUs"


def test_what_running_jobs_hold_makes_a_warning() -> None:
    metric = PREFIX + "nvidia_t4_gpus"
    row = rows(facts(T4, quota_in_use={metric: 10}))["quota.nvidia_t4_gpus"]
    assert row.state is CheckState.WARNING
    assert row.finding == "needs 4; 10 of 12 in use by your running jobs"
    assert row.next_step.startswith("Vertex AI refuses this job, or lets it wait, until a running one ends.")
    assert not row.to_fix
    fits = rows(facts(T4, quota_in_use={metric: 8}))["quota.nvidia_t4_gpus"]
    assert (fits.state, fits.finding) == (CheckState.OK, "needs 4; 8 of 12 in use by your running jobs")


def test_other_regions_and_machines_are_named_with_prices() -> None:
    step = rows(facts(T4, region="us-west1"))["quota.nvidia_t4_gpus"].next_step
    assert "The whole spec fits in us-central1, " in step
    assert "n1-standard-8 with 4 × V100 (≈ $10.38 an hour)" in step
    assert "n1-standard-8 with 2 × T4 (≈ $1.16 an hour)" in step
    assert "this fits if your other limits are the defaults" in step
    assert step.endswith("estimate, July 2026.")
    l4 = rows(facts(L4))["quota.nvidia_l4_gpus"].next_step
    assert "No other region has enough for the whole spec." in l4
    assert "n1-standard-8 with 1 × T4 (≈ $0.81 an hour)" in l4


def test_other_machines_are_named_at_the_prices_that_were_read() -> None:
    units = {
        (f"{family} {part}", "us-west4", False): Decimal(amount)
        for family in ("e2", "n1", "n2")
        for part, amount in (("core", "0.04"), ("ram", "0.005"))
    }
    book = PriceBook(
        datetime(2026, 11, 20, tzinfo=UTC), {**units, ("pd-ssd", "us-west4", False): Decimal("0.2")}
    )
    read = limits(cpus=20, pd_ssd=450)
    step = rows(facts(Pool("n1-standard-32", 1), region="us-west4", quotas=read, prices=book))["quota.cpus"]
    assert "estimate, Cloud Billing catalogue of 2026-11-20" in step.next_step
    before = rows(facts(Pool("n1-standard-32", 1), region="us-west4", quotas=read))["quota.cpus"]
    assert "estimate, July 2026" in before.next_step


def test_what_rests_on_limits_that_were_read_is_certain() -> None:
    read = limits(cpus=20, pd_ssd=450)
    found = facts(Pool("n1-standard-32", 1), region="us-west4", quotas=read)
    assert "e2-highmem-16 (≈ $" in rows(found)["quota.cpus"].next_step
    place = Place("us-west4", limits(cpus=20, pd_ssd=450), {})
    assert found.needs is not None
    certain = [one for one in fitting_machines(found.needs, PREFIX + "cpus", place) if not one.assumed]
    assert {one.words.split("-")[0] for one in certain} == {"e2", "n1"}


def test_spot_is_proposed_where_its_default_would_do() -> None:
    found = facts(T4, quotas=limits(cpus=UNLIMITED, nvidia_t4_gpus=0, pd_ssd=UNLIMITED))
    step = rows(found)["quota.nvidia_t4_gpus"].next_step
    assert "Or with scheduling.strategy: SPOT this fits if your other limits are the defaults" in step
    other = facts(T4, spot=True, quotas=limits(preemptible_cpus=8, preemptible_nvidia_t4_gpus=0, pd_ssd=500))
    step = rows(other)["quota.preemptible_nvidia_t4_gpus"].next_step
    assert "Or with no scheduling.strategy this fits if your other limits are the defaults" in step


def test_the_largest_disk_that_fits_is_named() -> None:
    found = facts(Pool("e2-standard-4", 2, disk_gb=500), region="us-east4")
    row = rows(found)["quota.pd_ssd"]
    assert row.finding == "needs 1,000, the limit here is 450"
    assert row.next_step.endswith("Boot disks of 225 GB each fit now.")


def test_the_request_says_all_that_google_asks_for() -> None:
    me = Identity("ana@lagoon.example", "adc", kind=LoginKind.USER)
    row = rows(facts(L4, identity=me))["quota.nvidia_l4_gpus"]
    for text in (
        "kelp-train (number 123456789012)",
        "us-central1",
        PREFIX + "nvidia_l4_gpus",
        "CustomModelTrainingL4GPUsPerProjectPerRegion",
        "Limit now: 0",
        "Wanted:    1",
        "Custom training on 1 × g2-standard-8 with 1 × L4.",
        row.command,
    ):
        assert text in row.draft
    assert shlex.split(row.command) == [
        *("gcloud", "beta", "quotas", "preferences", "create"),
        "--service=aiplatform.googleapis.com",
        "--project=kelp-train",
        "--quota-id=CustomModelTrainingL4GPUsPerProjectPerRegion",
        "--preferred-value=1",
        "--dimensions=region=us-central1",
        "--justification=Custom training on 1 x g2-standard-8 with 1 x L4",
        "--email=ana@lagoon.example",
    ]
    assert row.link.endswith("/iam-admin/quotas?project=kelp-train")


def test_on_this_box_the_limit_is_just_set() -> None:
    row = rows(facts(L4, local=True))["quota.nvidia_l4_gpus"]
    command = "vertex-tui local quota set nvidia_l4_gpus 1 --region us-central1"
    assert row.next_step.startswith(f"Run: {command}.")
    assert command in row.draft
    assert not row.link


@pytest.mark.parametrize(
    ("name", "amount", "wanted"),
    [
        ("nvidia_l4_gpus", 3, 4),
        ("nvidia_l4_gpus", 9, 16),
        ("tpu_v2", 8, 8),
        ("cpus", 64, 70),
        ("pd_ssd", 960, 1000),
    ],
)
def test_what_is_asked_for_is_rounded(name: str, amount: int, wanted: int) -> None:
    assert rounded(PREFIX + name, amount) == wanted


@given(st.sampled_from(METRICS), st.integers(1, 10**18))
def test_what_is_asked_for_is_enough_and_not_much_more(metric: str, amount: int) -> None:
    assert amount <= rounded(metric, amount) <= max(2 * amount, amount + 10)


def test_without_a_spec_one_row_says_so() -> None:
    (row,) = quota_checks(SetupFacts())
    assert (row.state, row.optional, row.finding) == (
        CheckState.SKIPPED,
        True,
        "no readable spec is open: press 2",
    )


def test_a_persistent_resource_holds_the_quota() -> None:
    (row,) = quota_checks(facts(L4, needs=JobNeeds("train.yaml", pools=(L4,))))
    assert (row.state, row.finding) == (CheckState.OK, "the persistent resource holds it")
    assert quota_checks(facts(needs=JobNeeds("train.yaml"))) == ()


@pytest.mark.parametrize(
    ("known", "state", "finding"),
    [
        ({"quotas": None}, CheckState.RUNNING, "checking …"),
        ({"quotas": None, "connected": False}, CheckState.SKIPPED, "waits for the connection"),
        ({"quotas": {}}, CheckState.UNKNOWN, "needs 1; the limit here was not told"),
        (
            {"quotas": CloudError("Permission denied", "no", kind=ErrorKind.DENIED)},
            CheckState.UNKNOWN,
            "Permission denied",
        ),
        ({"region": "europe-west3"}, CheckState.SKIPPED, "waits for a region with L4 GPUs"),
        ({"region": "mars", "quotas": None}, CheckState.SKIPPED, "waits for a region for training"),
    ],
)
def test_a_limit_that_is_not_known(known: dict[str, Any], state: CheckState, finding: str) -> None:
    row = rows(facts(L4, **known))["quota.nvidia_l4_gpus"]
    assert (row.state, row.finding) == (state, finding)
    assert not row.draft


def test_the_disk_of_a_region_without_the_gpu_is_still_looked_at() -> None:
    assert rows(facts(L4, region="europe-west3"))["quota.pd_ssd"].state is CheckState.OK


LIMITS = st.dictionaries(
    st.sampled_from(METRICS),
    st.builds(
        lambda regions, elsewhere: QuotaLimits("", regions, elsewhere),
        st.dictionaries(st.sampled_from(TRAINING_REGIONS), st.integers(-1, 1000), max_size=3),
        st.none() | st.integers(-1, 10**6),
    ),
    max_size=8,
)


@examples(200)
@given(
    st.lists(POOLS, max_size=3),
    st.sampled_from(TRAINING_REGIONS),
    st.booleans(),
    LIMITS,
    st.dictionaries(st.sampled_from(METRICS), st.integers(0, 2000), max_size=4),
)
def test_any_spec_and_any_limits_make_rows(
    pools: list[Pool],
    region: str,
    spot: bool,  # noqa: FBT001
    told: dict[str, QuotaLimits],
    used: dict[str, int],
) -> None:
    wanted = needs(pools, preemptible=spot)
    found = rows(
        facts(*pools, region=region, spot=spot, quotas=default_limits(wanted) | told, quota_in_use=used)
    )
    if wanted:
        assert {row.removeprefix("quota.") for row in found} == set(map(short_name, wanted))
    for row in found.values():
        assert row.finding
        assert bool(row.draft) == (row.state in (CheckState.FAILED, CheckState.WARNING)), row
        assert bool(row.next_step) == (row.state is not CheckState.OK) or row.state is CheckState.SKIPPED


@given(st.integers(1, 20), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_more_quota_never_makes_it_worse(replicas: int, limit: int, more: int, used: int) -> None:
    def state(amount: int) -> int:
        told = limits(nvidia_l4_gpus=amount, g2_cpus=UNLIMITED, pd_ssd=UNLIMITED)
        held = {PREFIX + "nvidia_l4_gpus": used}
        pool = Pool("g2-standard-8", replicas, "NVIDIA_L4", 1)
        return WORSE.index(rows(facts(pool, quotas=told, quota_in_use=held))["quota.nvidia_l4_gpus"].state)

    assert state(limit + more) <= state(limit)
    assert state(UNLIMITED) == 0


@given(st.sampled_from(TRAINING_REGIONS), st.booleans(), st.integers(1, 4))
def test_the_machines_proposed_fit_the_limits(region: str, spot: bool, replicas: int) -> None:  # noqa: FBT001
    pool = Pool("n1-standard-16", replicas, "NVIDIA_TESLA_T4", 2)
    wanted = needs([pool], preemptible=spot)
    asked = JobNeeds("train.yaml", pools=(pool,), preemptible=spot, quota=wanted)
    place = Place(region, default_limits(wanted), {})
    for one in fitting_machines(asked, metric_named("preemptible_cpus" if spot else "cpus") or "", place):
        machine, _, rest = one.words.partition(" with ")
        count, _, title = rest.partition(" × ")
        kind = {"T4": "NVIDIA_TESLA_T4", "V100": "NVIDIA_TESLA_V100", "P4": "NVIDIA_TESLA_P4"}.get(title, "")
        again = needs([Pool(machine, replicas, kind, int(count))], preemptible=spot)
        assert all(place.left(metric)[0] >= amount for metric, amount in again.items())
