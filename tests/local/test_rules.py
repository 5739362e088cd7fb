"""Rules without a server: roles, times, page tokens, a job's environment."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.logs import rfc3339
from tui.local.access import KNOWN, ROLES, Access
from tui.local.api import tokens
from tui.local.clock import parse_ns
from tui.local.jobs.environment import merge
from tui.local.jobs.variables import expand
from tui.local.wire.errors import ApiError
from tui.local.wire.gtypes import Policy


@pytest.mark.parametrize(
    ("role", "permission", "held"),
    [
        ("roles/aiplatform.user", "aiplatform.customJobs.create", True),
        ("roles/aiplatform.user", "logging.logEntries.list", False),
        ("roles/aiplatform.user", "iam.serviceAccounts.actAs", False),
        ("roles/aiplatform.viewer", "aiplatform.customJobs.cancel", False),
        ("roles/editor", "resourcemanager.projects.setIamPolicy", False),
        ("roles/editor", "storage.objects.get", False),
        ("roles/editor", "storage.buckets.get", False),
        ("roles/viewer", "serviceusage.services.use", False),
        ("roles/viewer", "logging.logEntries.list", True),
        ("roles/owner", "resourcemanager.projects.setIamPolicy", True),
        ("roles/storage.objectCreator", "storage.objects.delete", False),
        ("roles/storage.objectUser", "storage.objects.delete", True),
        ("roles/storage.objectViewer", "storage.objects.list", True),
        ("roles/storage.admin", "storage.buckets.create", True),
        ("roles/aiplatform.customCodeServiceAgent", "storage.objects.create", True),
        ("roles/serviceusage.serviceUsageAdmin", "serviceusage.services.enable", True),
        ("roles/no.such.role", "storage.objects.get", False),
    ],
)
def test_roles_hold_what_googles_hold(role: str, permission: str, held: bool) -> None:  # noqa: FBT001
    policy = Policy()
    policy.bindings.add(role=role, members=["user:ana@lagoon.example"])
    assert permission in KNOWN
    assert Access(lambda: policy).allows("user:ana@lagoon.example", permission) is held
    assert not Access(lambda: policy).allows("user:ben@lagoon.example", permission)


def test_a_policy_of_one_account_counts_for_that_account() -> None:
    ana, robot = "user:ana@lagoon.example", "robot@local-project.iam.gserviceaccount.com"
    policy = Policy()
    policy.bindings.add(role="roles/iam.serviceAccountUser", members=[ana])
    access = Access(Policy, {robot: policy}.get)
    assert access.allows_on_account(ana, "iam.serviceAccounts.actAs", robot)
    assert not access.allows_on_account(ana, "iam.serviceAccounts.actAs", f"other-{robot}")
    assert not access.allows(ana, "iam.serviceAccounts.actAs")


def test_a_conditional_binding_gives_nothing() -> None:
    policy = Policy()
    binding = policy.bindings.add(role="roles/owner", members=["user:ana@lagoon.example"])
    binding.condition.expression = "false"
    assert not Access(lambda: policy).allows("user:ana@lagoon.example", "storage.objects.get")
    assert all(role.startswith("roles/") for role in ROLES)


@given(st.integers(0, 4_000_000_000_000_000_000))
def test_times_are_read_to_the_nanosecond(time_ns: int) -> None:
    assert parse_ns(rfc3339(time_ns)) == time_ns


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-13-01", "2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z"]
)
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_ns(text)


@given(st.text(max_size=40))
def test_any_page_token_is_read_or_refused(text: str) -> None:
    try:
        assert tokens.read(text, "request", shape=(str,)) is None
    except ApiError as error:
        assert error.code.name == "INVALID_ARGUMENT"  # noqa: PT017


def test_a_page_token_belongs_to_its_request() -> None:
    token = tokens.make([1, "a"], "filter")
    assert tokens.read(token, "filter", shape=(int, str)) == [1, "a"]
    with pytest.raises(ApiError):
        tokens.read(token, "another filter", shape=(int, str))


@pytest.mark.parametrize(
    "content", ["5", "null", "[" * 3000, '{"a": 1, "b": 2}', '"ab"', '["a"]', "1" * 5000]
)
def test_page_tokens_that_hold_something_else_are_refused(content: str) -> None:
    token = base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")
    with pytest.raises(ApiError) as caught:
        tokens.read(token, "request", shape=(str,))
    assert caught.value.code.name == "INVALID_ARGUMENT"


@pytest.mark.parametrize("position", [[], ["1", "a"], [1, 2], [1], [True, "a"], [2**63, "a"], [1, "\ud800"]])
def test_page_tokens_with_a_position_of_another_shape_are_refused(position: list[Any]) -> None:
    with pytest.raises(ApiError):
        tokens.read(tokens.make(position, "filter"), "filter", shape=(int, str))


def test_variables_are_expanded_as_documented() -> None:
    known = {"A": "1"}
    assert expand("$(A) $$(A) $(B) $$ $(A", known) == "1 $(A) $(B) $$ $(A"


def test_a_spec_cannot_turn_a_job_s_folders_away() -> None:
    ours = {"HOME": "/ours", "PATH": "/our/bin", "LANG": "C"}
    merged = merge(ours, {"HOME": "/root", "PATH": "/their/bin", "LANG": "de", "X": "y"})
    assert merged == {"HOME": "/ours", "PATH": "/our/bin:/their/bin", "LANG": "de", "X": "y"}
