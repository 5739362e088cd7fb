"""The checks run side by side, name their cause, and the fixes do exactly what they say."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.services.setup_world import ACCOUNT, NUMBER, RESOURCES, USAGE, World, ready_world
from tests.support import wait_for
from tui.domain.access import ApiState, Binding, ServiceAccount
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.polling import PollPace
from tui.domain.setup.agents import custom_code_agent, primary_agent
from tui.domain.setup.assess import assess, summarize
from tui.domain.setup.facts import APIS, SetupFacts
from tui.domain.setup.model import (
    Check,
    CheckState,
    CreateBucket,
    EnableApis,
    GrantOnAccount,
    GrantOnBucket,
    GrantRoles,
    Group,
    MakeAgents,
    Revoke,
    SetSetting,
    is_ready,
    safe_fixes,
)
from tui.domain.setup.needs import JobNeeds
from tui.domain.setup.request import admin_request
from tui.domain.storage import Bucket
from tui.services.checks import SetupChecks

FACTS = SetupFacts("kelp-train", "europe-west4", "kelp-train-outputs", connected=True)
READS = (
    "get_project",
    "api_states",
    "test_permissions",
    "get_policy",
    "billing_enabled",
    "effective_policy",
    "get_bucket",
    "test_bucket_permissions",
    "get_bucket_policy",
)
ALL_ROLES = ("roles/storage.objectUser", "roles/logging.logWriter", "roles/aiplatform.user")
COMPUTE = ACCOUNT.removeprefix("serviceAccount:")
METRIC = "aiplatform.googleapis.com/custom_model_training_cpus"
NEEDS = JobNeeds("train.yaml", service_account=COMPUTE, quota={METRIC: 4})
OPEN = replace(FACTS, needs=NEEDS)
AGENTS = [
    Binding("roles/aiplatform.serviceAgent", (f"serviceAccount:{primary_agent(NUMBER)}",)),
    Binding("roles/aiplatform.customCodeServiceAgent", (f"serviceAccount:{custom_code_agent(NUMBER)}",)),
]
LOGS = GrantRoles(ACCOUNT, ("roles/logging.logWriter",))
OBJECTS = GrantOnBucket("kelp-train-outputs", ACCOUNT, "roles/storage.objectUser")


def checks_of(world: World, *, facts: SetupFacts = FACTS, **more: object) -> SetupChecks:
    options = {"settle_delays": (0.0,) * 4, "account_delays": (0.0,) * 3, **more}
    return SetupChecks(world.gateway, facts, lambda _: None, **options)  # type: ignore[arg-type]


def with_account(world: World) -> World:
    """The account that `NEEDS` names is there, and may be used."""
    world.accounts[COMPUTE] = ServiceAccount(COMPUTE)
    world.usable_accounts.add(COMPUTE)
    return world


async def rows_of(world: World, *, facts: SetupFacts = FACTS, **more: object) -> dict[str, Check]:
    checks = checks_of(world, facts=facts, **more)
    await checks.check()
    return {row.id: row for row in assess(checks.facts)}


async def test_a_healthy_project_with_an_open_spec_is_ready_in_sixteen_calls_at_most() -> None:
    world = with_account(ready_world())
    world.bindings += AGENTS
    checks = checks_of(world, facts=OPEN)
    await checks.check()
    rows = {row.id: row for row in assess(checks.facts)}
    assert is_ready(rows.values())
    assert {"get_account", "test_account_permissions", "quota_limits"} <= set(world.calls)
    assert len(world.calls) == len(set(world.calls)) + 1 <= 16  # two organization policies are read
    ours = (Group.PERMISSIONS, Group.ACCOUNT)
    assert {row.state for row in rows.values() if row.group in ours} == {CheckState.OK}


async def test_from_a_bare_project_to_ready_with_one_list_of_changes() -> None:
    world = with_account(World(on={USAGE, RESOURCES}))
    checks = checks_of(world, facts=OPEN)
    await checks.check()
    rows = {row.id: row for row in assess(checks.facts)}
    assert rows["apis.aiplatform.googleapis.com"].state is CheckState.FAILED
    assert rows["account.logs"].finding == "waits for the Compute Engine API"
    assert rows["bucket"].finding == "waits for the Cloud Storage API"
    assert rows["permissions.outputs"].state is CheckState.OK
    fixes = safe_fixes(rows.values())
    assert fixes == (
        EnableApis(tuple(name for name in APIS if name not in world.on)),
        MakeAgents(),
        LOGS,
        CreateBucket("kelp-train-outputs", "europe-west4"),
        OBJECTS,
    )
    outcome = await checks.apply(fixes)
    assert outcome.done == fixes
    assert not outcome.refused
    assert is_ready(assess(checks.facts))
    assert summarize(checks.facts, assess(checks.facts)).badge == "✓"


async def test_service_usage_off_is_the_cause_of_the_rest() -> None:
    world = ready_world()
    world.on.discard(USAGE)
    rows = await rows_of(world)
    usage = rows[f"apis.{USAGE}"]
    assert usage.state is CheckState.FAILED
    assert usage.fixes == ()
    assert "gcloud services enable" in usage.next_step
    assert rows["apis.aiplatform.googleapis.com"].finding == "waits for the Service Usage API"
    assert rows[f"apis.{RESOURCES}"].state is CheckState.OK
    assert rows["permissions.submit"].state is CheckState.OK


async def test_resource_manager_off_is_the_cause_of_what_needs_it() -> None:
    world = ready_world()
    world.on.discard(RESOURCES)
    rows = await rows_of(world, facts=OPEN)
    assert rows[f"apis.{RESOURCES}"].fixes == (EnableApis((RESOURCES,)),)
    waiting = {row.id for row in rows.values() if row.finding.endswith("waits for the Resource Manager API")}
    assert {"project", "permissions.submit", "account.logs", "account.agents"} <= waiting
    assert rows["bucket"].state is CheckState.OK


@pytest.mark.parametrize(
    "error",
    [
        CloudError("No Google credentials found", hint="gcloud …", kind=ErrorKind.NO_CREDENTIALS),
        CloudError("Your Google login has expired", hint="gcloud …", kind=ErrorKind.EXPIRED_CREDENTIALS),
        CloudError("Google Cloud cannot be reached", hint="Check", kind=ErrorKind.UNREACHABLE),
    ],
    ids=lambda error: error.kind.name,
)
async def test_trouble_of_the_connection_is_said_once(error: CloudError) -> None:
    world = ready_world()
    world.faults = dict.fromkeys(READS, error)
    rows = await rows_of(world)
    assert rows["connection"].state is CheckState.FAILED
    assert rows["connection"].next_step
    assert [row.id for row in rows.values() if row.state is CheckState.FAILED] == ["connection"]
    assert safe_fixes(rows.values()) == ()
    assert not is_ready(rows.values())


async def test_an_unknown_project_is_said_once() -> None:
    world = ready_world()
    denied = CloudError("You lack the permission", "(or it may not exist)", kind=ErrorKind.DENIED)
    for name in ("get_project", "api_states", "test_permissions", "get_policy"):
        world.faults[name] = denied
    rows = await rows_of(world, facts=OPEN)
    assert rows["project"].state is CheckState.FAILED
    assert "does not exist, or you may not see it" in rows["project"].finding
    assert rows["permissions.submit"].finding == "waits for the project"
    assert rows["account.logs"].fixes == ()


async def test_credentials_without_quota_project_are_told_from_a_disabled_api() -> None:
    world = ready_world()
    world.faults["get_project"] = CloudError(
        "not enabled",
        kind=ErrorKind.API_DISABLED,
        metadata={"service": RESOURCES, "consumer": "projects/764086051850"},
    )
    rows = await rows_of(world)
    assert rows["connection"].finding == "credentials without a quota project"
    assert "set-quota-project kelp-train" in rows["connection"].next_step


async def test_one_service_that_hangs_does_not_hide_the_others() -> None:
    world = ready_world()
    world.hangs = {"get_policy"}
    rows = await rows_of(with_account(world), facts=OPEN, probe_seconds=0.5)
    assert rows["account.logs"].state is CheckState.UNKNOWN
    assert "no answer" in rows["account.logs"].finding
    assert rows["bucket"].state is CheckState.OK
    assert rows["permissions.submit"].state is CheckState.OK


async def test_a_denied_read_is_unknown_and_no_failure() -> None:
    world = ready_world()
    world.faults["get_policy"] = CloudError("You lack the permission", kind=ErrorKind.DENIED)
    world.faults["api_states"] = world.faults["get_policy"]
    rows = await rows_of(with_account(world), facts=OPEN)
    assert rows["account.logs"].state is CheckState.UNKNOWN
    assert rows["apis.aiplatform.googleapis.com"].state is CheckState.UNKNOWN
    assert not any(row.to_fix for row in rows.values())


async def test_an_api_that_is_on_but_refuses_is_awaited_before_the_next_change() -> None:
    world = World(on={USAGE}, lag={RESOURCES: 2, "logging.googleapis.com": 1})
    seen: list[frozenset[str]] = []
    facts = replace(FACTS)
    checks = SetupChecks(
        world.gateway,
        facts,
        lambda new: seen.append(new.settling),
        settle_delays=(0.0,) * 4,
        account_delays=(),
    )
    await checks.check()
    outcome = await checks.apply([EnableApis(tuple(APIS)), GrantRoles(ACCOUNT, ALL_ROLES)])
    assert not outcome.refused
    assert frozenset({RESOURCES, "logging.googleapis.com"}) in seen
    assert checks.facts.settling == frozenset()


async def test_while_a_change_takes_effect_the_row_says_so_and_is_checked_again() -> None:
    world = ready_world()
    world.lag[RESOURCES] = 3
    published: list[SetupFacts] = []
    pace = PollPace(0.01, 0.01, jitter=lambda: 0.0)
    checks = SetupChecks(world.gateway, FACTS, published.append, pace=pace)
    await checks.run()
    states = [
        row.state
        for facts in published
        for row in assess(facts)
        if row.id == f"apis.{RESOURCES}" and facts.apis
    ]
    assert CheckState.RUNNING in states
    assert states[-1] is CheckState.OK


async def test_checks_go_on_by_themselves_until_there_are_credentials() -> None:
    world = ready_world()
    world.faults["identity"] = CloudError("none", kind=ErrorKind.NO_CREDENTIALS)
    checks = checks_of(world, pace=PollPace(0.01, 0.01, jitter=lambda: 0.0))
    running = asyncio.create_task(checks.run())
    await wait_for(lambda: world.calls.count("identity") > 2)
    assert not running.done()
    world.faults.clear()
    await asyncio.wait_for(running, 5)
    assert is_ready(assess(checks.facts))


async def test_a_refused_change_is_shown_in_its_row_and_the_others_are_made() -> None:
    world = with_account(World(on=set(APIS)))
    world.faults["grant_roles"] = CloudError(
        "You lack setIamPolicy", "words", hint="ask", kind=ErrorKind.DENIED
    )
    checks = checks_of(world, facts=OPEN)
    await checks.check()
    outcome = await checks.apply(safe_fixes(assess(checks.facts)))
    rows = {row.id: row for row in assess(checks.facts)}
    assert [type(fix) for fix, _ in outcome.refused] == [GrantRoles]
    assert rows["account.logs"].finding == "not fixed: You lack setIamPolicy"
    assert rows["account.logs"].said == "words"
    assert rows["account.storage"].state is CheckState.OK
    assert rows["bucket"].state is CheckState.OK
    assert "--role=roles/logging.logWriter" in admin_request(checks.facts, rows.values())
    await checks.apply([])
    assert {row.id: row for row in assess(checks.facts)}["account.logs"].finding.startswith("lacks")


async def test_the_right_to_use_an_account_is_given_when_asked_for_and_can_be_taken_back() -> None:
    world = with_account(ready_world())
    world.usable_accounts.clear()
    checks = checks_of(world, facts=OPEN)
    await checks.check()
    row = next(row for row in assess(checks.facts) if row.id == "account.use")
    grant = GrantOnAccount(COMPUTE, "user:ana@lagoon.example", "roles/iam.serviceAccountUser")
    assert row.fixes == (grant,)
    assert grant not in safe_fixes(assess(checks.facts))
    assert (await checks.apply(row.fixes)).done == (grant,)
    assert checks.facts.granted == (grant,)
    assert {row.id: row for row in assess(checks.facts)}["account.use"].state is CheckState.OK
    await checks.apply([Revoke(grant)])
    assert {row.id: row for row in assess(checks.facts)}["account.use"].state is CheckState.FAILED


async def test_an_account_that_is_just_being_made_is_waited_for() -> None:
    world = World(on=set(APIS))
    absent = CloudError("Refused", "Service account X does not exist.", kind=ErrorKind.INVALID)
    world.faults["grant_roles"] = absent
    checks = checks_of(world, account_delays=(0.0, 0.0))
    outcome = await checks.apply([GrantRoles(ACCOUNT, ALL_ROLES)])
    assert outcome.refused[0][1] is absent
    assert world.calls.count("grant_roles") == 3


async def test_a_bucket_that_appeared_meanwhile_is_taken_and_a_foreign_one_is_not() -> None:
    world = ready_world()
    conflict = CloudError("It exists already", kind=ErrorKind.CONFLICT)
    world.faults["create_bucket"] = conflict
    checks = checks_of(world)
    mine = CreateBucket("kelp-train-outputs", "europe-west4")
    assert (await checks.apply([mine])).done == (mine,)
    world.buckets.clear()
    assert (await checks.apply([mine])).refused == ((mine, conflict),)


@pytest.mark.parametrize(
    ("bucket", "words"),
    [
        (Bucket("b", "EU", "multi-region"), "eu is a multi-region, jobs run in europe-west4"),
        (Bucket("b", "US-CENTRAL1", "region"), "in us-central1, jobs run in europe-west4"),
    ],
)
async def test_a_bucket_elsewhere_is_a_warning_with_another_as_a_choice(bucket: Bucket, words: str) -> None:
    world = ready_world()
    world.buckets["kelp-train-outputs"] = bucket
    row = (await rows_of(world))["bucket"]
    assert (row.state, row.finding) == (CheckState.WARNING, words)
    assert row.fixes == (SetSetting("bucket", "kelp-train-outputs-europe-west4"),)
    assert row.by_hand


async def test_a_foreign_bucket_is_said_to_be_so() -> None:
    world = ready_world()
    denied = CloudError("Permission denied", "no access", kind=ErrorKind.DENIED)
    world.faults |= dict.fromkeys(("get_bucket", "test_bucket_permissions", "get_bucket_policy"), denied)
    row = (await rows_of(world))["bucket"]
    assert row.state is CheckState.FAILED
    assert "somebody else's" in row.finding
    assert row.by_hand


async def test_a_missing_permission_names_its_smallest_role() -> None:
    world = ready_world()
    world.held -= {"aiplatform.customJobs.create", "resourcemanager.projects.setIamPolicy"}
    row = (await rows_of(world))["permissions.submit"]
    assert row.finding == "no: roles/aiplatform.user gives it"
    assert row.fixes == ()
    assert "--member=user:ana@lagoon.example --role=roles/aiplatform.user" in row.command
    world.held |= {"resourcemanager.projects.setIamPolicy"}
    rows = await rows_of(world)
    assert rows["permissions.submit"].fixes == (
        GrantRoles("user:ana@lagoon.example", ("roles/aiplatform.user",)),
    )
    assert safe_fixes(rows.values()) == (MakeAgents(),)


async def test_a_role_under_a_condition_does_not_count() -> None:
    world = ready_world()
    world.bindings[0] = Binding(
        "roles/storage.objectUser", (ACCOUNT,), "request.time < timestamp('2030-01-01')"
    )
    row = (await rows_of(with_account(world), facts=OPEN))["account.storage"]
    assert row.fixes == (OBJECTS,)
    assert "only under a condition" in row.next_step


async def test_a_name_that_is_not_told_hides_nothing_else() -> None:
    world = ready_world()
    world.faults["identity"] = CloudError("Google cannot be reached", kind=ErrorKind.UNREACHABLE)
    rows = await rows_of(world)
    assert rows["project"].state is CheckState.OK
    assert rows["connection"].state is not CheckState.FAILED
    assert all(row.state is not CheckState.FAILED for row in rows.values())


async def test_what_was_read_before_a_fix_does_not_come_back_over_it() -> None:
    gate = asyncio.Event()

    class Slow(World):
        async def api_states(self, services: Sequence[str]) -> dict[str, ApiState]:
            states = await super().api_states(services)
            if self.calls.count("api_states") == 1:
                await gate.wait()
            return states

    world = Slow(on=set(APIS) - {"logging.googleapis.com"})
    checks = checks_of(world)
    old = asyncio.create_task(checks.check())
    await wait_for(lambda: "api_states" in world.calls)
    await checks.apply([EnableApis(("logging.googleapis.com",))])
    gate.set()
    await old
    rows = {row.id: row for row in assess(checks.facts)}
    assert rows["apis.logging.googleapis.com"].state is CheckState.OK
