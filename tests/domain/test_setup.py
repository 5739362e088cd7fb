"""Regions, names, commands and the merging of fixes."""

from __future__ import annotations

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.access import Binding, Identity, Policy
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.regions import TRAINING_REGIONS, is_training_region, similar_regions
from tui.domain.setup.account import compute_account, missing_roles
from tui.domain.setup.assess import assess, summarize
from tui.domain.setup.bucket import default_bucket
from tui.domain.setup.changes import changes, commands
from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import (
    CheckState,
    CreateBucket,
    EnableApis,
    Fix,
    GrantRoles,
    find_check,
    merged,
    part_of,
)
from tui.domain.setup.permissions import PROJECT_PERMISSIONS, caller

NAMES = st.sampled_from(["a.googleapis.com", "b.googleapis.com", "c.googleapis.com"])
FIXES: st.SearchStrategy[Fix] = st.one_of(
    st.builds(EnableApis, st.lists(NAMES, min_size=1, unique=True).map(tuple)),
    st.builds(GrantRoles, st.sampled_from(["user:a", "user:b"]), st.lists(NAMES, min_size=1).map(tuple)),
    st.builds(CreateBucket, st.sampled_from(["x", "y"]), st.just("us-east1")),
)


def test_the_regions_are_the_38_of_gcloud() -> None:
    assert len(TRAINING_REGIONS) == len(set(TRAINING_REGIONS)) == 38
    assert is_training_region("europe-west4")
    assert not is_training_region("asia-south2")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("europe-west4-a", "europe-west4"), ("eurpe-west4", "europe-west4"), ("us-east-1", "us-east1")],
)
def test_a_mistyped_region_is_recognized(typed: str, meant: str) -> None:
    assert meant in similar_regions(typed)


@given(st.text())
def test_the_default_bucket_is_a_valid_name(project: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]{3,63}", default_bucket(project))


def test_the_default_bucket_names_its_project() -> None:
    assert default_bucket("kelp-train") == "kelp-train-outputs"
    assert default_bucket("example.com:kelp") == "example-com-kelp-outputs"


@given(st.lists(FIXES))
def test_merging_loses_and_adds_nothing(fixes: list[Fix]) -> None:
    result = merged(fixes)
    assert all(any(part_of(fix, whole) for whole in result) for fix in fixes)
    wanted = {line for fix in fixes for line in _atoms(fix)}
    assert {line for fix in result for line in _atoms(fix)} == wanted
    assert sum(isinstance(fix, EnableApis) for fix in result) <= 1
    assert merged(result) == result


def _atoms(fix: Fix) -> set[tuple[str, ...]]:
    match fix:
        case EnableApis(services):
            return {("on", service) for service in services}
        case GrantRoles(member, roles):
            return {(member, role) for role in roles}
        case CreateBucket(name, location):
            return {(name, location)}
        case _:
            raise AssertionError(fix)


def test_changes_and_commands_say_exactly_what_is_done() -> None:
    grant = GrantRoles("user:a@b.example", ("roles/x", "roles/y"))
    assert changes(grant) == ("grant to user:a@b.example", "  roles/x", "  roles/y")
    assert commands(grant, "p")[0] == (
        "gcloud projects add-iam-policy-binding p --member=user:a@b.example --role=roles/x --condition=None"
    )
    assert commands(EnableApis(("a", "b")), "p") == ("gcloud services enable a b --project=p",)
    assert commands(CreateBucket("b", "us-east1"), "p") == (
        "gcloud storage buckets create gs://b --location=us-east1 --uniform-bucket-level-access --project=p",
    )


@given(st.text(min_size=1))
def test_a_hostile_name_stays_one_word_of_the_command(name: str) -> None:
    words = shlex.split(commands(CreateBucket(name, "us-east1"), "p")[0])
    assert words[4] == f"gs://{name}"


def test_larger_roles_count_and_conditional_ones_do_not() -> None:
    account = compute_account("7")
    member = (f"serviceAccount:{account}",)
    assert missing_roles(Policy((Binding("roles/editor", member),)), account) == ()
    held = (Binding("roles/storage.admin", member), Binding("roles/aiplatform.user", member, "cond"))
    assert missing_roles(Policy(held), account) == ("roles/logging.logWriter", "roles/aiplatform.user")


@pytest.mark.parametrize(
    ("account", "member"),
    [
        ("ana@lagoon.example", "user:ana@lagoon.example"),
        ("robot@p.iam.gserviceaccount.com", "serviceAccount:robot@p.iam.gserviceaccount.com"),
        ("principal://iam.googleapis.com/x/subject/ana@lagoon.example", ""),
        ("a b@c", ""),
        ("", ""),
    ],
)
def test_only_an_e_mail_becomes_a_member(account: str, member: str) -> None:
    assert caller(SetupFacts(identity=Identity(account, "test"))) == member


def test_one_call_asks_for_all_permissions() -> None:
    assert len(PROJECT_PERMISSIONS) == len(set(PROJECT_PERMISSIONS)) <= 100


def test_before_anything_is_known_every_row_says_what_it_waits_for() -> None:
    facts = SetupFacts("kelp-train", "europe-west4", "b", region_origin="flag --region")
    rows = {row.id: row for row in assess(facts)}
    assert rows["connection"].state is CheckState.RUNNING
    assert rows["region"].finding == "europe-west4 · from flag --region"
    here = ("connection", "region", "quota.spec", "secrets.spec")
    rest = [row for row in rows.values() if row.id not in here]
    assert all("no readable spec is open" in rows[name].finding for name in here[2:])
    assert all(row.state is CheckState.SKIPPED and "waits for the connection" in row.finding for row in rest)
    assert summarize(facts, tuple(rows.values())).badge == "…"


def test_without_a_project_the_project_row_says_how_to_name_one() -> None:
    trouble = CloudError("No project is set", kind=ErrorKind.NOT_FOUND)
    rows = {row.id: row for row in assess(SetupFacts(region="europe-west4", trouble=trouble))}
    assert rows["project"].state is CheckState.FAILED
    assert "--project" in rows["project"].next_step
    assert rows["connection"].finding == "waits for a project"


def test_the_local_server_that_does_not_start_is_named_in_the_first_row() -> None:
    trouble = CloudError("The local server did not start", "port", hint="again", kind=ErrorKind.LOCAL)
    rows = {row.id: row for row in assess(SetupFacts(region="us-east1", local=True, trouble=trouble))}
    assert rows["connection"].finding == trouble.title
    assert rows["connection"].next_step == "again"
    assert rows["bucket"].fixes == ()


def test_a_zone_in_place_of_a_region_is_explained() -> None:
    rows = {row.id: row for row in assess(SetupFacts(region="europe-west4-a"))}
    assert rows["region"].state is CheckState.FAILED
    assert "europe-west4" in rows["region"].next_step


def test_a_check_is_found_by_id_beginning_or_group() -> None:
    rows = assess(SetupFacts("p", "us-east1", "b"))
    assert find_check(rows, "bucket") == "bucket"
    assert find_check(rows, "apis.aiplatform") == "apis.aiplatform.googleapis.com"
    assert find_check(rows, "permissions") == "permissions.submit"
    assert find_check(rows, "nothing") == ""
