"""The rows about the bucket."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.access import Binding, OrganizationPolicy, Policy, Project
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.bucket import bucket_checks, default_bucket
from tui.domain.setup.bucket_names import bucket_in, name_fault
from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import Check, CheckState, CreateBucket, GrantOnBucket, SetSetting, is_ready
from tui.domain.setup.needs import JobNeeds
from tui.domain.setup.permissions import BUCKET_PERMISSIONS
from tui.domain.storage import Bucket

NAME = "kelp-train-outputs"
NUMBER = "123456789012"
KEY = "projects/keys/locations/europe-west4/keyRings/r/cryptoKeys/k"
BUCKET = Bucket(NAME, "EUROPE-WEST4", "region", soft_delete_seconds=604_800)
OWN = Policy(
    (
        Binding("roles/storage.legacyBucketOwner", ("projectOwner:kelp-train", "projectEditor:kelp-train")),
        Binding("roles/storage.legacyBucketReader", ("projectViewer:kelp-train",)),
    )
)
FACTS = SetupFacts(
    "kelp-train",
    "europe-west4",
    NAME,
    connected=True,
    project=Project("kelp-train", NUMBER, "ACTIVE"),
    bucket=BUCKET,
    bucket_permissions=frozenset(BUCKET_PERMISSIONS),
    bucket_policy=OWN,
)
ABSENT = CloudError("Not found", "The specified bucket does not exist.", kind=ErrorKind.NOT_FOUND)
DENIED = CloudError("Permission denied", "no storage.buckets.get access", kind=ErrorKind.DENIED)


def rows(facts: SetupFacts) -> dict[str, Check]:
    return {row.id: row for row in bucket_checks(facts)}


def test_a_bucket_as_it_should_be() -> None:
    found = rows(FACTS)
    assert found["bucket"].state is CheckState.OK
    assert found["bucket"].finding == "in europe-west4, deletes can be undone for 7 days"
    assert list(found) == ["bucket", "bucket.job"]
    assert found["bucket.job"].state is CheckState.OK


@pytest.mark.parametrize(
    ("bucket", "finding"),
    [
        (replace(BUCKET, soft_delete_seconds=0), "in europe-west4, deletes cannot be undone"),
        (replace(BUCKET, soft_delete_seconds=0, versioning=True), "in europe-west4, keeps old versions"),
        (replace(BUCKET, kms_key=KEY), "in europe-west4, deletes can be undone for 7 days, your key"),
    ],
)
def test_what_is_said_of_undoing_and_keys(bucket: Bucket, finding: str) -> None:
    assert rows(replace(FACTS, bucket=bucket))["bucket"].finding == finding


def test_an_absent_bucket_is_made_in_the_region_with_the_key_that_is_set() -> None:
    row = rows(replace(FACTS, bucket=ABSENT, bucket_permissions=ABSENT, bucket_policy=ABSENT))["bucket"]
    assert row.to_fix
    assert row.fixes == (CreateBucket(NAME, "europe-west4"),)
    keyed = rows(replace(FACTS, bucket=ABSENT, kms_key=KEY))["bucket"]
    assert keyed.fixes == (CreateBucket(NAME, "europe-west4", KEY),)
    assert f"--default-encryption-key={KEY}" in keyed.command


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kms_key": KEY.replace("europe-west4", "us-east1")}, "its key lies elsewhere"),
        ({"locations_policy": OrganizationPolicy("c", ("in:us-locations",))}, "its region is not allowed"),
        (
            {"keys_policy": OrganizationPolicy("c", denied=("storage.googleapis.com",))},
            "it needs a key of your own",
        ),
    ],
)
def test_a_bucket_that_would_be_refused_is_not_offered(change: dict[str, object], words: str) -> None:
    row = rows(replace(FACTS, bucket=ABSENT, **change))["bucket"]  # type: ignore[arg-type]
    assert row.to_fix
    assert row.fixes == ()
    assert words in row.next_step


def test_a_bucket_elsewhere_can_be_replaced_but_does_not_stop_jobs() -> None:
    row = rows(replace(FACTS, bucket=replace(BUCKET, location="US-EAST1")))["bucket"]
    assert row.state is CheckState.WARNING
    assert row.finding == "in us-east1, jobs run in europe-west4"
    assert row.fixes == (SetSetting("bucket", "kelp-train-outputs-europe-west4"),)
    assert row.by_hand
    assert not row.to_fix
    assert "vertex-tui --region us-east1" in row.next_step


def test_a_multi_region_and_a_spec_that_names_the_bucket() -> None:
    wide = Bucket(NAME, "EU", "multi-region")
    row = rows(replace(FACTS, bucket=wide, bucket_origin="the open spec (train.yaml)"))["bucket"]
    assert row.finding == "eu is a multi-region, jobs run in europe-west4"
    assert row.fixes == ()
    assert "Name a bucket in europe-west4 in the spec." in row.next_step


def test_somebody_elses_bucket() -> None:
    facts = replace(FACTS, bucket=DENIED, bucket_permissions=DENIED, bucket_policy=DENIED)
    found = rows(replace(facts, bucket_origin="VERTEX_TUI_BUCKET"))
    assert list(found) == ["bucket"]
    assert found["bucket"].state is CheckState.FAILED
    assert "somebody else's" in found["bucket"].finding
    assert "export VERTEX_TUI_BUCKET=" in found["bucket"].next_step
    assert found["bucket"].fixes == ()
    assert rows(facts)["bucket"].fixes == (SetSetting("bucket", "kelp-train-outputs-europe-west4"),)


def test_a_bucket_that_may_be_used_but_not_looked_at() -> None:
    found = rows(replace(FACTS, bucket=DENIED, bucket_policy=DENIED))
    assert found["bucket"].state is CheckState.UNKNOWN
    assert "roles/storage.bucketViewer" in found["bucket"].next_step
    assert is_ready(found.values())


def test_what_you_may_not_do_there() -> None:
    held = frozenset({"storage.objects.get", "storage.objects.list"})
    row = rows(replace(FACTS, bucket_permissions=held))["bucket.you"]
    assert row.finding.startswith("you may not write, delete")
    assert "storage." not in row.finding
    assert row.optional


def test_a_bucket_of_another_project_lets_the_agent_in_by_a_grant() -> None:
    policy = Policy((Binding("roles/storage.legacyBucketOwner", ("projectEditor:other",)),))
    agent = f"serviceAccount:service-{NUMBER}@gcp-sa-aiplatform-cc.iam.gserviceaccount.com"
    row = rows(replace(FACTS, bucket_policy=policy))["bucket.job"]
    assert row.state is CheckState.FAILED
    assert row.fixes == (GrantOnBucket(NAME, agent, "roles/storage.objectUser"),)
    granted = Policy((*policy.bindings, Binding("roles/storage.admin", (agent,))))
    assert rows(replace(FACTS, bucket_policy=granted))["bucket.job"].state is CheckState.OK
    own = JobNeeds("train.yaml", service_account="me@other.iam.gserviceaccount.com")
    assert "bucket.job" not in rows(replace(FACTS, bucket_policy=policy, needs=own))


def test_a_number_names_the_same_project() -> None:
    assert rows(replace(FACTS, project_id=NUMBER))["bucket.job"].state is CheckState.OK


def test_requester_pays() -> None:
    words = "Bucket is a requester pays bucket but no user project provided."
    row = rows(replace(FACTS, bucket=CloudError("Refused", words, kind=ErrorKind.INVALID)))["bucket"]
    assert (row.state, row.finding) == (CheckState.FAILED, "a requester-pays bucket")


@pytest.mark.parametrize(
    "name",
    ["ab", "a" * 64, "Kelp", "kelp outputs", "-kelp", "kelp-", "10.0.0.1", "goog-x", "my-google-x", "a..b"],
)
def test_a_name_that_cannot_be(name: str) -> None:
    assert name_fault(name)
    row = rows(replace(FACTS, bucket_name=name, bucket=ABSENT))["bucket"]
    assert row.state is CheckState.FAILED
    assert row.finding.startswith("not a valid name: ")
    assert not any(isinstance(fix, CreateBucket) for fix in row.fixes)
    found = rows(replace(FACTS, bucket_name=name, bucket=replace(BUCKET, name=name)))["bucket"]
    assert found.state is CheckState.OK  # what exists is right


@pytest.mark.parametrize("name", ["abc", "a" * 63, "kelp_train.outputs", "1-2-3", "my.domain.example"])
def test_a_name_that_can_be(name: str) -> None:
    assert name_fault(name) == ""


@given(st.text())
def test_proposed_names_are_valid(project: str) -> None:
    assert name_fault(default_bucket(project)) == ""
    assert name_fault(bucket_in(project, project)) == ""


@given(*[st.text(alphabet="go0le1-.:", max_size=40)] * 2)
def test_no_proposed_name_is_googles(project: str, region: str) -> None:
    assert name_fault(default_bucket(project)) == ""
    assert name_fault(bucket_in(project, region)) == ""


def test_a_domain_scoped_project() -> None:
    assert default_bucket("example.com:kelp") == "example-com-kelp-outputs"
    assert default_bucket("google.com:kelp") == "g-com-kelp-outputs"
