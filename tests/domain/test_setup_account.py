"""Who a job of the open spec runs as, what that account lacks, and the least that puts it right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.domain.test_setup_permissions import ALL, ANA, DENIED, HEALTHY, NUMBER, ROBOT
from tui.domain.access import ApiState, Binding, Policy, Project, ServiceAccount
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.account import account_checks, compute_account, custom_code_agent, missing_roles
from tui.domain.setup.agents import home_of, primary_agent, repositories
from tui.domain.setup.facts import ACCOUNT_PERMISSIONS, APIS, SetupFacts
from tui.domain.setup.model import (
    Check,
    CheckState,
    Fix,
    GrantOnAccount,
    GrantOnBucket,
    GrantRoles,
    MakeAgents,
    SetServiceAccount,
    safe_fixes,
)
from tui.domain.setup.needs import JobNeeds

COMPUTE = compute_account(NUMBER)
AGENT = custom_code_agent(NUMBER)
PRIMARY = primary_agent(NUMBER)
MEMBER = f"serviceAccount:{ROBOT}"
OBJECTS = GrantOnBucket("kelp-train-outputs", MEMBER, "roles/storage.objectUser")
LOGS = GrantRoles(MEMBER, ("roles/logging.logWriter",))
AGENTS = (
    Binding("roles/aiplatform.serviceAgent", (f"serviceAccount:{PRIMARY}",)),
    Binding("roles/aiplatform.customCodeServiceAgent", (f"serviceAccount:{AGENT}",)),
)
ABSENT = CloudError("Not found", "Unknown service account", kind=ErrorKind.NOT_FOUND)
USABLE = frozenset({"iam.serviceAccounts.actAs"})


def off(service: str) -> CloudError:
    return CloudError("off", kind=ErrorKind.API_DISABLED, metadata={"service": service})


def facts(named: str | None = ROBOT, /, *bindings: Binding, **known: Any) -> SetupFacts:
    """`named` None: no readable spec is open; empty: it names none."""
    images = known.pop("images", ())
    needs = None if named is None else JobNeeds("train.yaml", service_account=named, images=images)
    given: dict[str, Any] = {"needs": needs, "policy": Policy((*AGENTS, *bindings))}
    if named:
        given |= {"account": ServiceAccount(named), "account_permissions": USABLE}
    return replace(HEALTHY, **(given | known))


def rows(named: str | None = ROBOT, /, *bindings: Binding, **known: Any) -> dict[str, Check]:
    return {row.id: row for row in account_checks(facts(named, *bindings, **known))}


def states(found: dict[str, Check]) -> dict[str, CheckState]:
    return {key.removeprefix("account."): row.state for key, row in found.items()}


def test_without_a_spec_one_row_says_so_and_nothing_is_granted() -> None:
    found = rows(None)
    assert found["account.runs-as"].finding == "no readable spec is open: press 2"
    assert found["account.runs-as"].optional
    assert states(found) == {"runs-as": CheckState.SKIPPED, "agents": CheckState.OK}
    assert safe_fixes(found.values()) == ()


def test_a_spec_without_an_account_runs_as_googles_agent_whatever_the_tutorials_say() -> None:
    found = rows("")
    assert list(found) == ["account.runs-as", "account.agents", "account.tutorial"]
    row = found["account.runs-as"]
    assert (row.state, row.finding) == (CheckState.OK, "Google's Custom Code Service Agent")
    assert AGENT in row.why
    assert "cloud-platform" in row.why
    assert safe_fixes(found.values()) == ()


def test_the_tutorials_grant_comes_only_with_the_line_in_the_spec() -> None:
    row = rows("")["account.tutorial"]
    roles = ("roles/storage.objectUser", "roles/logging.logWriter", "roles/aiplatform.user")
    assert row.fixes == (GrantRoles(f"serviceAccount:{COMPUTE}", roles), SetServiceAccount(COMPUTE))
    assert row.by_hand
    assert row.optional
    assert not row.to_fix
    assert "changes nothing" in row.why


def test_after_the_tutorials_own_commands_only_the_line_lacks() -> None:
    member = (f"serviceAccount:{COMPUTE}",)
    granted = [Binding(role, member) for role in ("roles/storage.admin", "roles/aiplatform.user")]
    row = rows("", *granted, Binding("roles/logging.logWriter", member))["account.tutorial"]
    assert row.finding == "has its roles, but this spec does not name it"
    assert row.fixes == (SetServiceAccount(COMPUTE),)
    named = rows(COMPUTE, *granted)
    assert named["account.logs"].fixes == (GrantRoles(*member, ("roles/logging.logWriter",)),)
    assert named["account.storage"].state is CheckState.OK
    assert "account.tutorial" not in {*named, *rows(ROBOT)}


def test_the_compute_account_is_waited_for_until_its_api_is_on() -> None:
    apis = {**dict.fromkeys(APIS, ApiState.ENABLED), "compute.googleapis.com": ApiState.DISABLED}
    found = rows(COMPUTE, apis=apis, account=ABSENT, account_permissions=ABSENT)
    for slug in ("runs-as", "use", "storage", "logs"):
        assert found[f"account.{slug}"].finding == "waits for the Compute Engine API"
    member = f"serviceAccount:{COMPUTE}"
    assert safe_fixes(found.values()) == (
        GrantRoles(member, ("roles/logging.logWriter",)),
        GrantOnBucket("kelp-train-outputs", member, "roles/storage.objectUser"),
    )


def test_an_account_with_its_roles_is_right() -> None:
    member = (MEMBER,)
    bucket = Policy((Binding("roles/storage.objectAdmin", member),))
    found = rows(ROBOT, Binding("roles/logging.logWriter", member), bucket_policy=bucket)
    assert list(found) == [f"account.{slug}" for slug in ("runs-as", "use", "storage", "logs", "agents")]
    assert set(states(found).values()) == {CheckState.OK}
    assert found["account.runs-as"].finding == ROBOT


def test_the_least_is_granted_on_the_bucket_alone_and_for_logs_on_the_project() -> None:
    found = rows()
    assert found["account.storage"].fixes == (OBJECTS,)
    assert found["account.logs"].fixes == (LOGS,)
    assert safe_fixes(found.values()) == (LOGS, OBJECTS)


@pytest.mark.parametrize(
    ("on_project", "on_bucket", "state"),
    [
        (["roles/storage.objectUser"], [], CheckState.OK),
        (["roles/storage.objectViewer"], [(MEMBER, "roles/storage.objectCreator")], CheckState.WARNING),
        (["roles/storage.objectViewer"], [(MEMBER, "roles/storage.legacyBucketWriter")], CheckState.OK),
        (["roles/editor"], [("projectEditor:kelp-train", "roles/storage.legacyBucketOwner")], CheckState.OK),
        (["roles/editor"], [], CheckState.WARNING),
        ([], [("projectEditor:kelp-train", "roles/storage.legacyBucketOwner")], CheckState.WARNING),
        (["roles/storage.bucketViewer"], [], CheckState.WARNING),
        (["projects/kelp-train/roles/trainer"], [], CheckState.UNKNOWN),
        ([], [(MEMBER, "projects/kelp-train/roles/trainer")], CheckState.UNKNOWN),
    ],
)
def test_rights_add_up_from_both_policies(
    on_project: list[str], on_bucket: list[tuple[str, str]], state: CheckState
) -> None:
    bucket = Policy(tuple(Binding(role, (member,)) for member, role in on_bucket))
    found = rows(ROBOT, *(Binding(role, (MEMBER,)) for role in on_project), bucket_policy=bucket)
    assert found["account.storage"].state is state


def test_a_role_under_a_condition_does_not_count() -> None:
    bucket = Policy((Binding("roles/storage.objectUser", (MEMBER,), "request.time < timestamp('2030')"),))
    row = rows(bucket_policy=bucket)["account.storage"]
    assert row.state is CheckState.WARNING
    assert "only under a condition: roles/storage.objectUser" in row.next_step


def test_where_the_buckets_policy_is_hidden_the_projects_role_is_a_matter_of_choice() -> None:
    row = rows(bucket_policy=DENIED)["account.storage"]
    assert row.state is CheckState.WARNING
    assert row.fixes == (GrantRoles(MEMBER, ("roles/storage.objectUser",)),)
    assert row.by_hand
    assert rows(ROBOT, Binding("roles/editor", (MEMBER,)), bucket_policy=DENIED)["account.storage"].state is (
        CheckState.OK
    )


def test_a_bucket_that_is_still_to_be_made_gets_its_grant_after_that() -> None:
    row = rows(bucket_policy=ABSENT)["account.storage"]
    assert (row.state, row.finding) == (CheckState.SKIPPED, "waits for the bucket")
    assert safe_fixes([row]) == (OBJECTS,)


def test_an_unreadable_policy_is_unknown_and_one_behind_a_disabled_api_is_planned_for() -> None:
    found = rows(policy=DENIED)
    assert found["account.storage"].state is CheckState.UNKNOWN
    assert found["account.logs"].state is CheckState.UNKNOWN
    assert found["account.agents"].state is CheckState.UNKNOWN
    assert safe_fixes(found.values()) == ()
    found = rows(policy=off("cloudresourcemanager.googleapis.com"))
    assert found["account.logs"].finding == "waits for the Resource Manager API"
    assert safe_fixes(found.values()) == (MakeAgents(), LOGS, OBJECTS)


@pytest.mark.parametrize(
    ("known", "state", "words"),
    [
        ({"account": ABSENT}, CheckState.FAILED, f"{ROBOT} does not exist"),
        ({"account": ServiceAccount(ROBOT, disabled=True)}, CheckState.FAILED, f"{ROBOT} is disabled"),
        ({"account": DENIED}, CheckState.UNKNOWN, "You lack the permission"),
        ({"account": off("iam.googleapis.com")}, CheckState.SKIPPED, "waits for the IAM API"),
        ({"account": None}, CheckState.RUNNING, "checking …"),
    ],
)
def test_whether_the_account_is_there(known: dict[str, Any], state: CheckState, words: str) -> None:
    row = rows(**known)["account.runs-as"]
    assert (row.state, row.finding) == (state, words)


def test_an_absent_account_is_named_once_and_given_nothing() -> None:
    found = rows(account=ABSENT, account_permissions=ABSENT)
    assert "service-accounts create robot --project=kelp-train" in found["account.runs-as"].command
    assert found["account.use"].finding == "waits for the account"
    assert found["account.storage"].finding == "waits for the account"
    assert safe_fixes(found.values()) == ()


def test_the_right_to_use_it_is_given_on_this_account_alone_and_by_hand() -> None:
    row = rows(account_permissions=frozenset())["account.use"]
    assert row.state is CheckState.FAILED
    assert row.fixes == (GrantOnAccount(ROBOT, ANA, "roles/iam.serviceAccountUser"),)
    assert row.by_hand
    powerless = ALL - {"iam.serviceAccounts.setIamPolicy"}
    row = rows(account_permissions=frozenset(), permissions=powerless)["account.use"]
    assert row.fixes == ()
    assert "w copies one request" in row.next_step
    assert f"add-iam-policy-binding {ROBOT}" in row.command


def test_grants_that_the_caller_may_not_make_are_not_offered() -> None:
    row = rows(permissions=ALL - {"resourcemanager.projects.setIamPolicy"})["account.logs"]
    assert (row.state, row.fixes) == (CheckState.WARNING, ())
    assert "--role=roles/logging.logWriter" in row.command


@pytest.mark.parametrize(
    ("bindings", "finding", "fixes"),
    [
        (AGENTS, "Google's agents are there", ()),
        (AGENTS[:1], "the agent for your code is not made yet; the first job may fail once", (MakeAgents(),)),
        ((), "they are not made yet; the first job may fail once", (MakeAgents(),)),
    ],
)
def test_the_agents_are_made_before_the_first_job_needs_them(
    bindings: tuple[Binding, ...], finding: str, fixes: tuple[Fix, ...]
) -> None:
    row = rows(None, policy=Policy(bindings))["account.agents"]
    assert (row.finding, row.fixes, row.optional, row.by_hand) == (finding, fixes, True, False)


def test_agents_wait_for_the_vertex_api_and_are_planned() -> None:
    apis = {**dict.fromkeys(APIS, ApiState.ENABLED), "aiplatform.googleapis.com": ApiState.DISABLED}
    row = rows(None, policy=Policy(()), apis=apis)["account.agents"]
    assert (row.state, row.fixes) == (CheckState.SKIPPED, (MakeAgents(),))


def test_an_account_of_another_project_takes_two_steps_more() -> None:
    other = "robot@reef-lab.iam.gserviceaccount.com"
    row = rows(other)["account.project"]
    grant = GrantOnAccount(other, f"serviceAccount:{PRIMARY}", "roles/iam.serviceAccountTokenCreator")
    assert (row.state, row.fixes, row.optional) == (CheckState.WARNING, (grant,), True)
    assert "disableCrossProjectServiceAccountUsage" in row.why
    assert rows(other, granted=(grant,))["account.project"].state is CheckState.OK
    assert "account.project" not in rows(ROBOT)
    assert "account.project" in rows(compute_account("99"))


def test_images_of_another_project_must_be_opened_to_both_agents() -> None:
    image = "europe-west4-docker.pkg.dev/reef-lab/mine/train:1"
    row = rows("", images=(image, "us-docker.pkg.dev/vertex-ai/training/tf-cpu.2-17:latest"))[
        "account.images"
    ]
    assert (row.state, row.fixes) == (CheckState.WARNING, ())
    assert [line.split("--member=")[1].split()[0] for line in row.command.splitlines()] == [
        f"serviceAccount:{PRIMARY}",
        f"serviceAccount:{AGENT}",
    ]
    assert "repositories add-iam-policy-binding mine --location=europe-west4" in row.command
    assert "account.images" not in rows("", images=("europe-docker.pkg.dev/kelp-train/mine/train:1",))


def test_an_agent_cannot_be_named() -> None:
    found = rows(AGENT)
    assert found["account.runs-as"].state is CheckState.WARNING
    assert "Leave serviceAccount out" in found["account.runs-as"].next_step
    assert "account.use" not in found


def test_larger_roles_count_for_smaller_ones() -> None:
    member = (f"serviceAccount:{COMPUTE}",)
    assert missing_roles(Policy((Binding("roles/editor", member),)), COMPUTE) == ()
    held = (Binding("roles/storage.admin", member), Binding("roles/aiplatform.user", member, "cond"))
    assert missing_roles(Policy(held), COMPUTE) == ("roles/logging.logWriter", "roles/aiplatform.user")


@pytest.mark.parametrize(
    ("account", "home"),
    [
        (ROBOT, "kelp-train"),
        ("robot@kelp.lagoon.example.iam.gserviceaccount.com", "lagoon.example:kelp"),
        (COMPUTE, NUMBER),
        ("kelp-train@appspot.gserviceaccount.com", "kelp-train"),
        (AGENT, ""),
        ("service-123@compute-system.iam.gserviceaccount.com", ""),
        ("123@cloudservices.gserviceaccount.com", ""),
        ("ana@lagoon.example", ""),
        ("", ""),
    ],
)
def test_an_account_tells_its_project(account: str, home: str) -> None:
    assert home_of(account) == home


def test_repositories_of_every_form_are_found_once() -> None:
    images = (
        "us-docker.pkg.dev/lagoon.example/kelp/mine/a:1",
        "us-docker.pkg.dev/lagoon.example/kelp/mine/b@sha256:00",
        "docker.io/library/python:3.11",
        "us-docker.pkg.dev/broken",
    )
    assert [(item.project, item.location, item.name) for item in repositories(images)] == [
        ("lagoon.example:kelp", "us", "mine")
    ]


def test_rows_wait_for_the_connection_first() -> None:
    found = account_checks(SetupFacts("kelp-train", "europe-west4", "b"))
    assert all("waits for the connection" in row.finding for row in found)


def test_the_number_of_an_example_in_the_account_is_found_out() -> None:
    left = "123456789012-compute@developer.gserviceaccount.com"
    denied = CloudError("Permission denied", "or it may not exist", kind=ErrorKind.DENIED)
    facts = SetupFacts(
        "kelp-train",
        "europe-west4",
        connected=True,
        project=Project("kelp-train", "42", "ACTIVE"),
        policy=Policy(()),
        needs=JobNeeds("job.yaml", service_account=left),
        account=denied,
        account_permissions=denied,
    )
    rows = {row.id: row for row in account_checks(facts)}
    assert rows.keys() == {"account.runs-as", "account.agents"}
    assert rows["account.runs-as"].state is CheckState.FAILED
    own = SetServiceAccount("42-compute@developer.gserviceaccount.com")
    assert rows["account.runs-as"].fixes == (own,)


@pytest.mark.parametrize(
    "of_bucket", [Policy((Binding("roles/storage.legacyBucketOwner", ("projectOwner:other",)),)), None]
)
def test_roles_on_the_project_do_not_open_the_bucket_of_another(of_bucket: Policy | None) -> None:
    account = "trainer@kelp-train.iam.gserviceaccount.com"
    denied = CloudError("Permission denied", "no access", kind=ErrorKind.DENIED)
    facts = SetupFacts(
        "kelp-train",
        "europe-west4",
        "of-others",
        bucket_origin="the open spec (job.yaml)",
        connected=True,
        project=Project("kelp-train", "42", "ACTIVE"),
        policy=Policy((Binding("roles/storage.objectUser", (f"serviceAccount:{account}",)),)),
        needs=JobNeeds("job.yaml", service_account=account),
        account=ServiceAccount(account),
        account_permissions=frozenset(ACCOUNT_PERMISSIONS),
        bucket_policy=of_bucket or denied,
    )
    row = {item.id: item for item in account_checks(facts)}["account.storage"]
    assert row.state is (CheckState.WARNING if of_bucket else CheckState.UNKNOWN)
