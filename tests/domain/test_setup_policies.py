"""The rows about what the organization allows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tui.domain.access import Identity, OrganizationPolicy, Project
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.constraints import needs_key, permits
from tui.domain.setup.facts import KEYS_CONSTRAINT, LOCATIONS_CONSTRAINT, SetupFacts
from tui.domain.setup.model import Check, CheckState, CreateBucket, SetSetting, is_ready
from tui.domain.setup.needs import JobNeeds
from tui.domain.setup.policies import policy_checks
from tui.domain.storage import Bucket

NUMBER = "123456789012"
KEY = "projects/keys/locations/europe-west4/keyRings/ring/cryptoKeys/lagoon"
NOTHING = OrganizationPolicy("")
FACTS = SetupFacts(
    "kelp-train",
    "europe-west4",
    "kelp-train-outputs",
    connected=True,
    project=Project("kelp-train", NUMBER, "ACTIVE"),
    identity=Identity("ana@lagoon.example", "application default credentials"),
    locations_policy=NOTHING,
    keys_policy=NOTHING,
)
DENIED = CloudError("You lack the permission orgpolicy.policy.get", "denied", kind=ErrorKind.DENIED)
PERIMETER = CloudError(
    "A VPC Service Controls perimeter refuses this",
    "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: kelp-1_x",
    kind=ErrorKind.DENIED,
    reason="SECURITY_POLICY_VIOLATED",
    metadata={"uid": "kelp-1_x", "service": "storage.googleapis.com"},
)


def places(*allowed: str, denied: tuple[str, ...] = ()) -> OrganizationPolicy:
    return OrganizationPolicy(LOCATIONS_CONSTRAINT, allowed, denied)


def keys(*denied: str) -> OrganizationPolicy:
    return OrganizationPolicy(KEYS_CONSTRAINT, denied=denied)


def rows(facts: SetupFacts) -> dict[str, Check]:
    return {row.id: row for row in policy_checks(facts)}


@pytest.mark.parametrize(
    ("policy", "region", "verdict"),
    [
        (places(), "europe-west4", True),
        (places("in:eu-locations"), "europe-west4", True),
        (places("in:eu-locations"), "europe-west2", False),  # London is not in the Union
        (places("in:europe-locations"), "europe-west2", True),
        (places("in:us-locations"), "europe-west4", False),
        (places("in:europe-west4-locations"), "europe-west4", True),
        (places("in:europe-west3-locations"), "europe-west4", False),
        (places("europe-west4"), "europe-west4", True),
        (places("is:europe-west4", "in:us-locations"), "europe-west4", True),
        (places("europe-west4-a"), "europe-west4", False),
        (places("in:asia-locations"), "asia-south1", True),
        (places("in:nl-locations"), "europe-west4", None),
        (places("in:nl-locations", "in:eu-locations"), "europe-west4", True),
        (places("in:northamerica-locations"), "us-central1", None),
        (places(denied=("in:eu-locations",)), "europe-west4", False),
        (places(denied=("in:us-locations",)), "europe-west4", True),
        (places("in:eu-locations", denied=("in:europe-west4-locations",)), "europe-west4", False),
        (OrganizationPolicy(LOCATIONS_CONSTRAINT, allows_none=True), "europe-west4", False),
    ],
)
def test_places_and_groups_of_places(
    policy: OrganizationPolicy,
    region: str,
    verdict: bool | None,  # noqa: FBT001
) -> None:
    assert permits(policy, region) is verdict


@pytest.mark.parametrize(
    ("policy", "needed"),
    [
        (keys(), False),
        (keys("aiplatform.googleapis.com"), True),
        (keys("is:aiplatform.googleapis.com"), True),
        (keys("storage.googleapis.com"), False),
        (OrganizationPolicy(KEYS_CONSTRAINT, allowed=("storage.googleapis.com",)), True),
        (OrganizationPolicy(KEYS_CONSTRAINT, allows_none=True), True),
    ],
)
def test_services_that_demand_a_key(policy: OrganizationPolicy, needed: bool) -> None:  # noqa: FBT001
    assert needs_key(policy, "aiplatform.googleapis.com") is needed


def test_no_policy_takes_one_row() -> None:
    found = rows(FACTS)
    assert list(found) == ["policies.organization"]
    assert found["policies.organization"].state is CheckState.OK
    assert found["policies.organization"].finding == "none that matter here"


@pytest.mark.parametrize("name", ["locations_policy", "keys_policy"])
def test_what_may_not_be_read_is_one_row_that_blocks_nothing(name: str) -> None:
    row = rows(replace(FACTS, **{name: DENIED}))["policies.organization"]  # type: ignore[arg-type]
    assert row.state is CheckState.UNKNOWN
    assert row.optional
    assert is_ready([row])
    assert "roles/orgpolicy.policyViewer" in row.next_step


def test_an_allowed_region() -> None:
    found = rows(replace(FACTS, locations_policy=places("in:eu-locations")))
    assert list(found) == ["policies.locations"]
    assert found["policies.locations"].state is CheckState.OK
    assert "in:eu-locations" in found["policies.locations"].why


def test_a_region_that_is_not_allowed_names_those_that_are() -> None:
    facts = replace(FACTS, locations_policy=places("in:us-locations"), region_origin="flag --region")
    row = rows(facts)["policies.locations"]
    assert row.to_fix
    assert row.finding == "nothing may be made in europe-west4"
    assert "us-central1, us-east1, us-east4 and 6 more" in row.next_step
    assert "start with --region us-central1" in row.next_step
    assert row.fixes == ()


def test_the_one_allowed_region_can_be_taken() -> None:
    row = rows(replace(FACTS, locations_policy=places("in:us-east5-locations")))["policies.locations"]
    assert row.fixes == (SetSetting("region", "us-east5"),)
    assert row.by_hand


def test_a_group_that_is_not_known_here_is_no_verdict() -> None:
    row = rows(replace(FACTS, locations_policy=places("in:nl-locations")))["policies.locations"]
    assert row.state is CheckState.WARNING
    assert not row.to_fix
    assert "in:nl-locations" in row.next_step


def test_no_place_at_all() -> None:
    policy = OrganizationPolicy(LOCATIONS_CONSTRAINT, allows_none=True)
    row = rows(replace(FACTS, locations_policy=policy))["policies.locations"]
    assert row.state is CheckState.FAILED
    assert "exception" in row.next_step


def test_a_key_that_is_demanded() -> None:
    policy = keys("aiplatform.googleapis.com", "storage.googleapis.com", "bigquery.googleapis.com")
    row = rows(replace(FACTS, keys_policy=policy))["policies.keys"]
    assert row.to_fix
    assert row.finding == "jobs and new buckets need a key of your own"
    assert "vertex-tui config set kms_key projects/P/locations/europe-west4/" in row.next_step
    there = rows(replace(FACTS, keys_policy=policy, bucket=Bucket("b", "EUROPE-WEST4", "region")))
    assert there["policies.keys"].finding == "jobs need a key of your own"
    kept = rows(replace(FACTS, keys_policy=policy, kms_key=KEY))
    assert kept["policies.keys"].state is kept["policies.key"].state is CheckState.OK
    in_spec = JobNeeds("train.yaml", kms_key=KEY)
    found = rows(replace(FACTS, keys_policy=policy, needs=in_spec))
    assert found["policies.keys"].finding == "new buckets need a key of your own"


def test_keys_of_other_services_do_not_matter() -> None:
    assert "policies.keys" not in rows(replace(FACTS, keys_policy=keys("bigquery.googleapis.com")))


def test_who_must_be_able_to_use_the_key() -> None:
    row = rows(replace(FACTS, kms_key=KEY))["policies.key"]
    assert row.state is CheckState.OK
    primary, storage = row.command.splitlines()
    assert f"service-{NUMBER}@gcp-sa-aiplatform.iam.gserviceaccount.com" in primary
    assert f"service-{NUMBER}@gs-project-accounts.iam.gserviceaccount.com" in storage
    assert "lagoon --keyring=ring --location=europe-west4 --project=keys" in storage
    assert "--role=roles/cloudkms.cryptoKeyEncrypterDecrypter" in storage


@pytest.mark.parametrize("place", ["us-east1", "global", "eu"])
def test_a_key_must_lie_where_the_jobs_run(place: str) -> None:
    row = rows(replace(FACTS, kms_key=KEY.replace("europe-west4", place)))["policies.key"]
    assert row.to_fix
    assert row.finding == f"it lies in {place}, jobs run in europe-west4"


def test_a_key_that_the_agents_may_not_use() -> None:
    error = CloudError(
        "The Cloud KMS key may not be used",
        "Permission denied on Cloud KMS key.",
        kind=ErrorKind.DENIED,
        metadata={"kms_key": ""},
    )
    fix = CreateBucket("b", "europe-west4", KEY)
    row = rows(replace(FACTS, kms_key=KEY, refused=((fix, error),)))["policies.key"]
    assert row.state is CheckState.FAILED
    assert row.said == error.message
    assert "cryptoKeyEncrypterDecrypter" in row.command


def test_a_perimeter_is_named_with_the_violations_id() -> None:
    found = rows(replace(FACTS, bucket=PERIMETER, locations_policy=PERIMETER))
    row = found["policies.perimeter"]
    assert row.to_fix
    assert row.finding == "refuses Cloud Storage · kelp-1_x"
    for part in ("kelp-1_x", "kelp-train", "ana@lagoon.example", "storage.googleapis.com"):
        assert part in row.draft
    assert 'vpcServiceControlsUniqueId="kelp-1_x"' in row.command
    assert found["policies.organization"].finding == "waits for the service perimeter"


def test_a_perimeter_met_by_a_change_does_not_stay_in_the_way() -> None:
    fix = CreateBucket("b", "europe-west4")
    row = rows(replace(FACTS, refused=((fix, PERIMETER),)))["policies.perimeter"]
    assert row.state is CheckState.FAILED
    assert not row.to_fix


def test_a_policy_met_by_a_change_is_named_unless_it_has_its_own_row() -> None:
    def refused(constraint: str) -> CloudError:
        return CloudError(
            "An organization policy refuses this",
            "violated",
            hint="ask",
            kind=ErrorKind.PRECONDITION,
            metadata={"constraint": constraint},
        )

    fix = CreateBucket("b", "europe-west4")
    other = "constraints/storage.publicAccessPrevention"
    row = rows(replace(FACTS, refused=((fix, refused(other)),)))["policies.refused"]
    assert row.finding == "storage.publicAccessPrevention refuses this"
    assert "exception" in row.draft
    facts = replace(FACTS, refused=((fix, refused(LOCATIONS_CONSTRAINT)),))
    assert "policies.refused" not in rows(facts)
    assert "policies.refused" in rows(replace(facts, locations_policy=DENIED))
