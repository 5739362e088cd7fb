"""Rules without a server: roles, times, job filters, what a new job must be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.logs import rfc3339
from tui.local.access import KNOWN, ROLES, Access
from tui.local.api import tokens
from tui.local.api.job_rules import MACHINES, check_custom_job
from tui.local.clock import parse_ns
from tui.local.filters.grammar import FilterError
from tui.local.filters.jobs import job_filter
from tui.local.jobs.environment import expand, merge
from tui.local.wire.errors import ApiError
from tui.local.wire.gtypes import CustomJob, Policy, from_json


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
def test_any_job_filter_is_read_or_refused(text: str) -> None:
    try:
        job_filter(text)(CustomJob())
    except FilterError:
        return


@given(st.text(max_size=40))
def test_any_page_token_is_read_or_refused(text: str) -> None:
    try:
        assert tokens.read(text, "request") is None
    except ApiError as error:
        assert error.code.name == "INVALID_ARGUMENT"  # noqa: PT017


def test_a_page_token_belongs_to_its_request() -> None:
    token = tokens.make([1, "a"], "filter")
    assert tokens.read(token, "filter") == [1, "a"]
    with pytest.raises(ApiError):
        tokens.read(token, "another filter")


def job(**changes: Any) -> Any:
    """A good job in the API's JSON, with fields of its first pool changed."""
    pool = {
        "machineSpec": {"machineType": "n1-standard-4"},
        "replicaCount": 1,
        "containerSpec": {"imageUri": "python:3.11", "command": ["true"]},
    }
    made = CustomJob()
    from_json({"displayName": "x", "jobSpec": {"workerPoolSpecs": [pool | changes]}}, made)
    return made


def test_good_jobs_pass() -> None:
    check_custom_job(job())
    gpu = {"machineType": "g2-standard-4", "acceleratorType": "NVIDIA_L4", "acceleratorCount": 1}
    check_custom_job(job(machineSpec=gpu))
    t4 = {"machineType": "n1-standard-8", "acceleratorType": "NVIDIA_TESLA_T4", "acceleratorCount": 2}
    check_custom_job(job(machineSpec=t4))
    skipped = job()
    skipped.job_spec.worker_pool_specs.add()
    skipped.job_spec.worker_pool_specs.add().CopyFrom(skipped.job_spec.worker_pool_specs[0])
    check_custom_job(skipped)
    assert len(MACHINES) > 100


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"replicaCount": 0}, "replica_count"),
        ({"machineSpec": {}}, "machine_spec.machine_type"),
        ({"containerSpec": None}, "worker_pool_specs[0]"),
        ({"containerSpec": {"command": ["true"]}}, "container_spec.image_uri"),
        ({"machineSpec": {"machineType": "g2-standard-4"}}, "machine_spec"),
        (
            {
                "machineSpec": {
                    "machineType": "e2-standard-4",
                    "acceleratorType": "NVIDIA_L4",
                    "acceleratorCount": 1,
                }
            },
            "machine_spec",
        ),
        ({"machineSpec": {"machineType": "n1-standard-4", "acceleratorCount": 1}}, "machine_spec"),
        (
            {"containerSpec": {"imageUri": "x", "env": [{"name": "1A", "value": ""}]}},
            "container_spec.env[0].name",
        ),
        ({"containerSpec": {"imageUri": "x", "env": [{"name": "A"}, {"name": "A"}]}}, "container_spec.env"),
        (
            {"containerSpec": {"imageUri": "x", "env": [{"name": f"A{n}"} for n in range(101)]}},
            "container_spec.env",
        ),
    ],
)
def test_bad_pools_are_refused_by_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ApiError) as caught:
        check_custom_job(job(**changes))
    assert caught.value.message.startswith("List of found errors:\t1.Field: custom_job.job_spec.")
    found = [violation.field for violation in caught.value.details[0].field_violations]
    assert [name for name in found if name.endswith(field)]


def test_variables_are_expanded_as_documented() -> None:
    known = {"A": "1"}
    assert expand("$(A) $$(A) $(B) $$ $(A", known) == "1 $(A) $(B) $$ $(A"


def test_a_spec_cannot_turn_a_job_s_folders_away() -> None:
    ours = {"HOME": "/ours", "PATH": "/our/bin", "LANG": "C"}
    merged = merge(ours, {"HOME": "/root", "PATH": "/their/bin", "LANG": "de", "X": "y"})
    assert merged == {"HOME": "/ours", "PATH": "/our/bin:/their/bin", "LANG": "de", "X": "y"}
