"""The rows about the project, its billing and its APIs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tui.domain.access import ApiState, Policy, Project
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.apis import api_checks
from tui.domain.setup.assess import assess
from tui.domain.setup.facts import APIS, OPTIONAL_APIS, SetupFacts, changeable
from tui.domain.setup.model import (
    Check,
    CheckState,
    EnableApis,
    SetSetting,
    is_ready,
    safe_fixes,
)
from tui.domain.setup.origins import how_to_set, replacement
from tui.domain.setup.project import project_checks

NUMBER = "123456789012"
FOUND = Project("kelp-train", NUMBER, "ACTIVE", "Kelp Training")
FACTS = SetupFacts(
    "kelp-train",
    "europe-west4",
    "kelp-train-outputs",
    connected=True,
    project=FOUND,
    billing=True,
    apis=dict.fromkeys(APIS, ApiState.ENABLED),
)
GONE = CloudError("You lack the permission resourcemanager.projects.get", "denied", kind=ErrorKind.DENIED)


def off(service: str, **metadata: str) -> CloudError:
    return CloudError(
        f"{service} is not enabled",
        "has not been used",
        kind=ErrorKind.API_DISABLED,
        metadata={"service": f"{service}.googleapis.com", **metadata},
    )


def rows(facts: SetupFacts) -> dict[str, Check]:
    return {row.id: row for row in (*project_checks(facts), *api_checks(facts))}


def test_a_project_that_is_there_and_paid_for() -> None:
    found = rows(FACTS)
    assert found["project"].state is found["billing"].state is CheckState.OK
    assert found["project"].finding == f"kelp-train · number {NUMBER}"
    assert found["project"].fixes == ()


def test_a_project_marked_for_deletion_is_restored_by_command() -> None:
    facts = replace(FACTS, project=replace(FOUND, state="DELETE_REQUESTED"), policy=GONE)
    row = rows(facts)["project"]
    assert row.state is CheckState.FAILED
    assert row.finding == "kelp-train is marked for deletion"
    assert row.command == "gcloud projects undelete kelp-train"
    assert not changeable(facts)
    assert {one.id: one for one in assess(facts)}["policies.organization"].state is CheckState.RUNNING


def test_a_number_works_and_names_the_id() -> None:
    facts = replace(FACTS, project_id=NUMBER, project_origin="~/.config/vertex-tui/config.toml:2")
    row = rows(facts)["project"]
    assert row.state is CheckState.WARNING
    assert row.finding.startswith(f"{NUMBER} is the number of kelp-train")
    assert row.fixes == (SetSetting("project", "kelp-train"),)
    assert row.by_hand
    assert not row.to_fix  # jobs run with the number


def test_a_display_name_is_explained() -> None:
    facts = replace(
        FACTS,
        project_id="kelp training",
        project_origin="flag --project",
        project=GONE,
        similar_projects=(FOUND, Project("kelp-old", "7", "ACTIVE")),
    )
    row = rows(facts)["project"]
    assert row.state is CheckState.FAILED
    assert row.finding.startswith("kelp training is the display name of kelp-train")
    assert row.fixes == ()  # the flag would win over the setting
    assert "start with --project kelp-train" in row.next_step


@pytest.mark.parametrize(
    ("similar", "fixes", "words"),
    [
        ((), (), "gcloud projects list"),
        ((FOUND,), (SetSetting("project", "kelp-train"),), "vertex-tui config set project kelp-train"),
        ((FOUND, Project("kelp-trial", "8", "ACTIVE")), (), "kelp-train or kelp-trial"),
        ((replace(FOUND, state="DELETE_REQUESTED"),), (), "gcloud projects list"),
    ],
)
def test_a_wrong_id_is_led_to_the_right_one(
    similar: tuple[Project, ...], fixes: tuple[SetSetting, ...], words: str
) -> None:
    facts = replace(FACTS, project_id="kelp-trian", project=GONE, similar_projects=similar)
    row = rows(facts)["project"]
    assert row.state is CheckState.FAILED
    assert row.fixes == fixes
    assert words in row.next_step
    assert row.said == "denied"


def test_a_project_that_answers_is_there_whatever_its_description_says() -> None:
    facts = replace(FACTS, project=GONE, permissions=frozenset({"aiplatform.customJobs.create"}))
    row = rows(facts)["project"]
    assert row.state is CheckState.UNKNOWN
    assert row.optional
    assert "roles/browser" in row.next_step
    assert changeable(replace(facts, policy=Policy(())))


@pytest.mark.parametrize(
    ("origin", "fixable", "typed"),
    [
        ("", True, "vertex-tui config set project p"),
        ("the built-in default", True, "vertex-tui config set project p"),
        ("gcloud configuration 'default' (core/project)", True, "vertex-tui config set project p"),
        ("~/.config/vertex-tui/config.toml:12", True, "vertex-tui config set project p"),
        (
            "~/.config/vertex-tui/config.toml:12 (profile lab)",
            False,
            "vertex-tui config set project p --profile lab",
        ),
        ("flag --project", False, "start with --project p"),
        ("GOOGLE_CLOUD_PROJECT", False, "export GOOGLE_CLOUD_PROJECT=p"),
    ],
)
def test_a_setting_is_changed_where_its_value_comes_from(
    origin: str,
    fixable: bool,  # noqa: FBT001
    typed: str,
) -> None:
    assert (replacement("project", "p", origin) is not None) is fixable
    assert how_to_set("project", "p", origin) == typed


@pytest.mark.parametrize(
    ("billing", "state", "optional", "words"),
    [
        (True, CheckState.OK, False, "active"),
        (False, CheckState.FAILED, False, "no open billing account"),
        (None, CheckState.RUNNING, False, "checking"),
        (off("cloudbilling"), CheckState.UNKNOWN, True, "the Cloud Billing API is off"),
        (GONE, CheckState.UNKNOWN, True, "you may not look"),
        (CloudError("no answer within 10 s", kind=ErrorKind.TIMEOUT), CheckState.UNKNOWN, True, "no answer"),
    ],
)
def test_billing(
    billing: bool | CloudError | None,  # noqa: FBT001
    state: CheckState,
    optional: bool,  # noqa: FBT001
    words: str,
) -> None:
    row = rows(replace(FACTS, billing=billing))["billing"]
    assert (row.state, row.optional) == (state, optional)
    assert words in row.finding
    assert "gcloud billing projects link kelp-train" in row.command


def test_billing_is_missed_by_whatever_read_says_so() -> None:
    words = "The project to be billed is associated with an absent billing account."
    error = CloudError("Billing is not active", words, kind=ErrorKind.BILLING, reason="accountDisabled")
    found = {row.id: row for row in assess(replace(FACTS, billing=GONE, bucket=error))}
    assert found["billing"].state is CheckState.FAILED
    assert found["billing"].said == words
    assert found["bucket"].finding == "waits for a billing account"
    assert found["project"].state is CheckState.OK


def test_a_change_that_met_no_billing_does_not_stay_red_once_it_is_there() -> None:
    error = CloudError(
        "Billing is not active", kind=ErrorKind.BILLING, reason="UREQ_PROJECT_BILLING_NOT_OPEN"
    )
    facts = replace(FACTS, billing=GONE, refused=((EnableApis(("compute.googleapis.com",)), error),))
    row = rows(facts)["billing"]
    assert (row.state, row.finding) == (CheckState.FAILED, "the billing account is closed")
    assert not row.to_fix
    assert rows(replace(facts, billing=True))["billing"].state is CheckState.OK
    assert changeable(facts)


def test_nothing_is_offered_that_billing_would_refuse() -> None:
    states = dict.fromkeys(APIS, ApiState.ENABLED) | {"compute.googleapis.com": ApiState.DISABLED}
    facts = replace(FACTS, apis=states, billing=False)
    row = rows(facts)["apis.compute.googleapis.com"]
    assert row.fixes == ()
    assert "billing account first" in row.next_step
    assert rows(replace(facts, billing=True))["apis.compute.googleapis.com"].fixes


def test_a_disabled_resource_manager_is_the_one_red_row() -> None:
    error = off("cloudresourcemanager", activationUrl="https://console.developers.google.com/apis/x")
    facts = replace(
        FACTS,
        project=error,
        permissions=error,
        policy=error,
        locations_policy=error,
        keys_policy=error,
        apis=dict(FACTS.apis or {}) | {"cloudresourcemanager.googleapis.com": ApiState.DISABLED},  # type: ignore[arg-type]
    )
    found = assess(facts)
    red = [row.id for row in found if row.state is CheckState.FAILED]
    assert red == ["apis.cloudresourcemanager.googleapis.com"]
    row = next(row for row in found if row.id == red[0])
    assert row.link == "https://console.developers.google.com/apis/x"
    assert row.fixes == (EnableApis(("cloudresourcemanager.googleapis.com",)),)
    waiting = {row.id for row in found if "waits for the Resource Manager API" in row.finding}
    assert {"project", "policies.organization"} <= waiting
    assert any(name.startswith("permissions.") for name in waiting)


def test_a_disabled_service_usage_is_turned_on_by_hand_and_the_rest_afterwards() -> None:
    error = off("serviceusage", activationUrl="https://elsewhere.example/x")
    facts = replace(FACTS, apis=error, project=off("cloudresourcemanager"))
    found = rows(facts)
    usage = found["apis.serviceusage.googleapis.com"]
    assert usage.state is CheckState.FAILED
    assert usage.fixes == ()
    assert "gcloud services enable serviceusage.googleapis.com --project=kelp-train" in usage.next_step
    assert usage.link.startswith("https://console.cloud.google.com/")  # not the address of somebody else
    assert found["apis.cloudresourcemanager.googleapis.com"].fixes == ()
    assert found["apis.cloudbilling.googleapis.com"].finding == "on: it answers"
    assert found["apis.aiplatform.googleapis.com"].finding == "waits for the Service Usage API"


def test_all_that_is_off_is_turned_on_in_one_call() -> None:
    states = dict.fromkeys(APIS, ApiState.DISABLED) | {"serviceusage.googleapis.com": ApiState.ENABLED}
    fixes = [
        fix for fix in safe_fixes(api_checks(replace(FACTS, apis=states))) if isinstance(fix, EnableApis)
    ]
    assert len(fixes) == 1
    assert set(fixes[0].services) == set(APIS) - {"serviceusage.googleapis.com"}
    assert len(fixes[0].services) <= 20


def test_only_some_jobs_need_what_is_optional() -> None:
    states = dict.fromkeys(APIS, ApiState.ENABLED) | dict.fromkeys(OPTIONAL_APIS, ApiState.DISABLED)
    found = api_checks(replace(FACTS, apis=states))
    assert is_ready(found)
    assert {row.title for row in found if row.state is CheckState.WARNING} == {
        "Artifact Registry",
        "Cloud Billing",
    }


def test_an_api_that_is_on_but_not_yet_let_through_is_under_way() -> None:
    facts = replace(FACTS, bucket=off("storage"), settling=frozenset({"logging.googleapis.com"}))
    found = rows(facts)
    for service in ("storage", "logging"):
        row = found[f"apis.{service}.googleapis.com"]
        assert (row.state, row.finding) == (CheckState.RUNNING, "on; takes effect within minutes")


def test_who_may_not_turn_apis_on_is_told_whom_to_ask() -> None:
    states = dict.fromkeys(APIS, ApiState.ENABLED) | {"logging.googleapis.com": ApiState.DISABLED}
    facts = replace(FACTS, apis=states, permissions=frozenset({"aiplatform.customJobs.create"}))
    row = rows(facts)["apis.logging.googleapis.com"]
    assert row.to_fix
    assert row.fixes == ()
    assert "administrator" in row.next_step
