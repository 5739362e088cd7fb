"""What the caller may do, as actions; and the one text that asks an administrator for the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.access import ApiState, Identity, LoginKind, Policy, Project, ServiceAccount
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.assess import assess
from tui.domain.setup.facts import APIS, SetupFacts
from tui.domain.setup.model import Check, CheckState, EnableApis, GrantOnAccount, GrantOnBucket, GrantRoles
from tui.domain.setup.needs import JobNeeds
from tui.domain.setup.permissions import (
    ACTIONS,
    BUCKET_PERMISSIONS,
    PROJECT_PERMISSIONS,
    caller,
    permission_checks,
)
from tui.domain.setup.request import admin_request
from tui.domain.setup.roles import MINIMUM_ROLES, ROLE_OF, smallest_roles
from tui.domain.storage import Bucket

NUMBER = "123456789012"
ALL = frozenset(PROJECT_PERMISSIONS)
ANA = "user:ana@lagoon.example"
ROBOT = "robot@kelp-train.iam.gserviceaccount.com"
HEALTHY = SetupFacts(
    "kelp-train",
    "europe-west4",
    "kelp-train-outputs",
    connected=True,
    identity=Identity("ana@lagoon.example", "adc", kind=LoginKind.USER),
    project=Project("kelp-train", NUMBER, "ACTIVE"),
    apis=dict.fromkeys(APIS, ApiState.ENABLED),
    permissions=ALL,
    policy=Policy(()),
    billing=True,
    bucket=Bucket("kelp-train-outputs", "EUROPE-WEST4", "region"),
    bucket_permissions=frozenset(BUCKET_PERMISSIONS),
    bucket_policy=Policy(()),
)
DENIED = CloudError("You lack the permission", kind=ErrorKind.DENIED)


def rows(**known: Any) -> dict[str, Check]:
    return {row.id: row for row in permission_checks(replace(HEALTHY, **known))}


def request(**known: Any) -> str:
    facts = replace(HEALTHY, **known)
    return admin_request(facts, assess(facts))


def test_every_action_is_allowed_to_whoever_holds_all() -> None:
    assert {row.state for row in rows().values()} == {CheckState.OK}
    assert not request()


def test_every_permission_has_a_smallest_role_and_fits_one_call() -> None:
    assert set(ROLE_OF) >= set(PROJECT_PERMISSIONS) | set(BUCKET_PERMISSIONS)
    assert len(PROJECT_PERMISSIONS) == len(set(PROJECT_PERMISSIONS)) <= 100


@given(st.sets(st.sampled_from(sorted(ROLE_OF))))
def test_the_smallest_roles_are_few_and_none_lies_within_another(permissions: set[str]) -> None:
    roles = smallest_roles(sorted(permissions))
    assert len(set(roles)) == len(roles) <= len(permissions)
    assert not {"roles/aiplatform.user", "roles/aiplatform.viewer"} <= set(roles)
    assert bool(roles) == bool(permissions)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.slug)
def test_what_lacks_is_said_with_its_smallest_role_and_can_be_granted(action: Any) -> None:
    identity = Identity("ana@lagoon.example", "adc", "kelp-train", kind=LoginKind.USER)
    images = ("europe-docker.pkg.dev/kelp-train/mine/train:1",)
    lost = frozenset(action.permissions)
    known: dict[str, Any] = {
        "identity": identity,
        "needs": JobNeeds("job.yaml", images=images),
        "permissions": ALL - lost | {"resourcemanager.projects.setIamPolicy"},
        "bucket_permissions": frozenset(BUCKET_PERMISSIONS) - lost,
    }
    row = rows(**known)[f"permissions.{action.slug}"]
    if action.slug == "grant":
        assert row.state is CheckState.OK
        return
    assert row.state is (CheckState.WARNING if action.optional else CheckState.FAILED)
    assert row.finding.startswith("no: ")
    roles = smallest_roles(action.permissions)
    on_bucket = GrantOnBucket("kelp-train-outputs", ANA, roles[0])
    assert row.fixes == ((on_bucket,) if action.in_bucket else (GrantRoles(ANA, roles),))
    assert row.by_hand
    assert all(f"--role={role}" in row.command for role in roles)


def test_only_what_lacks_is_asked_for() -> None:
    held = ALL - {"storage.buckets.list", "resourcemanager.projects.setIamPolicy"}
    row = rows(permissions=held)["permissions.buckets"]
    assert row.finding == "in part: roles/storage.bucketViewer gives it"
    assert row.fixes == ()
    assert "y copies the command" in row.next_step


def test_a_quota_project_matters_only_to_a_users_own_login_that_names_it() -> None:
    def shown(identity: Identity) -> bool:
        return "permissions.quota-project" in rows(identity=identity)

    assert shown(Identity("a@b.c", "adc", "kelp-train", kind=LoginKind.USER))
    assert not shown(Identity("a@b.c", "adc", "other", kind=LoginKind.USER))
    assert not shown(Identity("a@b.c", "adc", kind=LoginKind.USER))
    assert not shown(Identity("a@b.iam.gserviceaccount.com", "key", "kelp-train", kind=LoginKind.KEY))


@pytest.mark.parametrize(
    "image",
    ["us-docker.pkg.dev/deeplearning-platform-release/gcr.io/pytorch-gpu", "docker.io/library/python:3.11"],
)
def test_open_images_need_no_right_to_pull(image: str) -> None:
    assert "permissions.images" not in rows(needs=JobNeeds("job.yaml", images=(image,)))


def test_unreadable_is_unknown_and_the_bucket_may_give_what_the_project_does_not() -> None:
    assert {row.state for row in rows(permissions=DENIED, bucket_permissions=DENIED).values()} == {
        CheckState.UNKNOWN
    }
    found = rows(permissions=ALL - {"storage.objects.get"}, bucket_permissions=frozenset(BUCKET_PERMISSIONS))
    assert found["permissions.outputs"].state is CheckState.OK
    found = rows(permissions=ALL - {"storage.objects.get"}, bucket_permissions=DENIED)
    assert found["permissions.outputs"].state is CheckState.UNKNOWN
    assert found["permissions.delete"].state is CheckState.OK
    absent = CloudError("Not found", kind=ErrorKind.NOT_FOUND)
    found = rows(permissions=ALL - {"storage.objects.get"}, bucket_permissions=absent)
    assert found["permissions.outputs"].finding == "waits for the bucket"


def test_a_workforce_identity_is_its_principal_and_never_a_user() -> None:
    subject = "principal://iam.googleapis.com/locations/global/workforcePools/p/subject/ana@lagoon.example"
    identity = Identity("", "file", kind=LoginKind.WORKFORCE, principal=subject)
    facts = replace(HEALTHY, identity=identity)
    assert caller(facts) == subject
    row = rows(identity=identity, permissions=ALL - {"logging.logEntries.list"})["permissions.logs"]
    assert row.fixes == (GrantRoles(subject, ("roles/logging.viewer",)),)
    assert subject in request(identity=identity, permissions=frozenset())


def test_one_request_names_who_where_what_for_and_every_grant() -> None:
    needs = JobNeeds("train.yaml", service_account=ROBOT)
    text = request(
        permissions=frozenset(),
        bucket_permissions=frozenset(),
        apis={**dict.fromkeys(APIS, ApiState.ENABLED), "logging.googleapis.com": ApiState.DISABLED},
        billing=False,
        needs=needs,
        account=ServiceAccount(ROBOT),
        account_permissions=frozenset(),
    )
    lines = text.splitlines()
    assert lines[0] == f"Request for the Google Cloud project kelp-train (number {NUMBER})"
    assert f"Who asks:  {ANA}" in lines
    assert f"job spec train.yaml, running as {ROBOT}" in text
    for words in (
        "gcloud billing projects link kelp-train",
        "gcloud services enable logging.googleapis.com --project=kelp-train",
        f"--member={ANA} --role=roles/aiplatform.user --condition=None",
        f"--member={ANA} --role=roles/logging.viewer --condition=None",
        f"add-iam-policy-binding {ROBOT} --member={ANA} --role=roles/iam.serviceAccountUser",
        f"--member=serviceAccount:{ROBOT} --role=roles/logging.logWriter",
        "gcloud beta services identity create",
    ):
        assert words in text
    assert "roles/aiplatform.viewer" not in text
    assert "projectIamAdmin" not in text
    assert "serviceUsageAdmin" not in text
    numbers = [line.partition(".")[0] for line in lines if line[:1].isdigit()]
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
    assert text == request(
        permissions=frozenset(),
        bucket_permissions=frozenset(),
        apis={**dict.fromkeys(APIS, ApiState.ENABLED), "logging.googleapis.com": ApiState.DISABLED},
        billing=False,
        needs=needs,
        account=ServiceAccount(ROBOT),
        account_permissions=frozenset(),
    )


def test_what_the_user_can_do_himself_or_has_accepted_is_not_asked_for() -> None:
    lost = {"aiplatform.customJobs.create"}
    assert not request(permissions=ALL - lost)
    powerless = ALL - lost - {"resourcemanager.projects.setIamPolicy"}
    assert "roles/aiplatform.user" in request(permissions=powerless)
    finding = rows(permissions=powerless)["permissions.submit"].finding
    assert not request(permissions=powerless, accepted={"permissions.submit": finding})


def test_rights_that_jobs_do_not_need_are_asked_for_only_besides() -> None:
    few = ALL - {"storage.buckets.list", "resourcemanager.projects.setIamPolicy"}
    assert not request(permissions=few)
    text = request(permissions=few - {"logging.logEntries.list"})
    assert "roles/storage.bucketViewer" in text
    assert "to list buckets" in text
    assert "storage.admin" not in request(permissions=frozenset())


def test_what_was_refused_is_asked_for() -> None:
    off = {**dict.fromkeys(APIS, ApiState.ENABLED), "logging.googleapis.com": ApiState.DISABLED}
    assert not request(apis=off)
    refused = ((EnableApis(("logging.googleapis.com",)), DENIED),)
    assert "gcloud services enable logging.googleapis.com" in request(apis=off, refused=refused)
    use = GrantOnAccount(ROBOT, ANA, "roles/iam.serviceAccountUser")
    known: dict[str, Any] = {
        "needs": JobNeeds("train.yaml", service_account=ROBOT),
        "account": ServiceAccount(ROBOT),
        "account_permissions": frozenset[str](),
    }
    assert "serviceAccountUser" not in request(**known)
    assert "serviceAccountUser" in request(**known, refused=((use, DENIED),))


def test_whoever_sees_nothing_of_the_project_asks_for_the_minimum() -> None:
    text = request(project=DENIED, permissions=DENIED, policy=DENIED, apis=DENIED)
    assert all(f"--role={role} " in text for role in MINIMUM_ROLES)


def test_without_a_login_nothing_is_asked_for() -> None:
    assert not request(identity=CloudError("none", kind=ErrorKind.NO_CREDENTIALS), permissions=frozenset())


def test_texts_of_rows_follow_and_no_word_of_a_service_is_passed_on() -> None:
    checks = [
        replace(row, said="hf_secret", draft="More quota, please.\n" if row.id == "permissions.logs" else "")
        for row in rows(permissions=frozenset()).values()
    ]
    facts = replace(HEALTHY, permissions=frozenset[str]())
    text = admin_request(facts, checks)
    assert text.endswith("Thank you.\n\nMore quota, please.\n")
    assert "hf_secret" not in text
    only = [replace(row, state=CheckState.FAILED, draft="More quota.") for row in rows().values()][:1]
    assert "More quota." in admin_request(HEALTHY, [replace(row, optional=True) for row in only])
