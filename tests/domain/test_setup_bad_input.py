"""Every error that Google is known to answer with, as its own finding with its own next step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.cloud.test_errors import over_rest
from tests.domain.setup_faults import login, network, organization, resources, services
from tests.domain.setup_faults.case import ENABLE, HEALTHY, Case
from tui.cloud.errors import to_cloud_error
from tui.domain.errors import ErrorKind
from tui.domain.setup.assess import assess
from tui.domain.setup.model import CheckState, is_ready

CASES = (*services.CASES, *resources.CASES, *organization.CASES, *login.CASES, *network.CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_fault_has_its_row_its_finding_and_its_next_step(case: Case) -> None:
    row = case.shown()
    assert row.state is case.state, row.finding
    assert case.finding in row.finding
    assert case.step in f"{row.next_step} {row.command} {row.link}"
    assert row.next_step or row.fixes or row.command


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_fault_makes_one_red_row(case: Case) -> None:
    """What only waits for the fault is not red itself."""
    rows = assess(case.facts())
    red = [row.id for row in rows if row.state is CheckState.FAILED and row.id != case.row]
    also_off = ["apis.aiplatform.googleapis.com"] if case.change == ENABLE else []
    also_named = ["policies.refused"] if "organization" in case.name and case.change else []
    assert set(red) <= {*also_off, *also_named}
    assert not is_ready(rows)


@pytest.mark.parametrize("case", [case for case in CASES if case.reads], ids=lambda case: case.name)
def test_the_services_own_words_are_kept(case: Case) -> None:
    row, error = case.shown(), to_cloud_error(case.error)
    assert error.message
    if row.state is CheckState.FAILED and row.finding != "does not exist yet":
        assert row.said


def test_no_two_faults_look_the_same() -> None:
    seen: dict[tuple[str, str, str], str] = {}
    same = {"a consumer that is not valid", "billing was disabled", "an expired token"}  # as another one
    for case in CASES:
        if case.name in same:
            continue
        row = case.shown()
        key = (row.id, row.finding, row.next_step)
        assert key not in seen, f"{case.name} looks like {seen[key]}"
        seen[key] = case.name


def test_a_conflicting_policy_says_so_in_the_row_that_asked() -> None:
    error = to_cloud_error(
        over_rest(409, "There were concurrent policy changes. Please retry.", name="ABORTED"), sent=True
    )
    assert error.kind is ErrorKind.CONFLICT
    lacking = replace(HEALTHY, permissions=frozenset({"resourcemanager.projects.setIamPolicy"}))
    row = next(row for row in assess(lacking) if row.id.startswith("permissions.") and row.fixes)
    again = assess(replace(lacking, refused=((row.fixes[0], error),)))
    found = next(item for item in again if item.id == row.id)
    assert found.finding == "not fixed: Changed meanwhile by someone else"
    assert found.next_step
    assert found.said == error.message
