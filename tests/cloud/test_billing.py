"""Billing, the search for projects, and organization policies: the gateway on the local server."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.clients import Server
from tui.cloud.organization import _policy
from tui.cloud.project_search import likeness, queries
from tui.domain.access import OrganizationPolicy, Project
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.local.admin.client import AdminClient
from tui.local.api.project_query import project_filter

LOCATIONS = "constraints/gcp.resourceLocations"
KEYS = "constraints/gcp.restrictNonCmekServices"
POOL = {
    "machineSpec": {"machineType": "n1-standard-4"},
    "replicaCount": "1",
    "containerSpec": {"imageUri": "python:3.11", "command": ["true"]},
}
SPEC = {"displayName": "x", "jobSpec": {"workerPoolSpecs": [POOL]}}


async def failure(call: Any) -> CloudError:
    with pytest.raises(CloudError) as caught:
        await call
    return caught.value


async def test_billing(gateway: Gateway, local_server: Server) -> None:
    admin = AdminClient(local_server.record)
    error = await failure(gateway.setup.billing_enabled())
    assert (error.kind, error.title) == (ErrorKind.API_DISABLED, "Cloud Billing API is not enabled")
    local_server.enable("cloudbilling")
    assert await gateway.setup.billing_enabled()
    admin.set_project(me="logging.viewAccessor")
    error = await failure(gateway.setup.billing_enabled())
    assert (error.kind, error.metadata["permission"]) == (ErrorKind.DENIED, "resourcemanager.projects.get")
    admin.set_project(billing="off", me="owner")
    assert not await gateway.setup.billing_enabled()
    error = await failure(gateway.setup.enable_apis(["aiplatform.googleapis.com"]))
    assert (error.kind, error.reason) == (ErrorKind.BILLING, "UREQ_PROJECT_BILLING_NOT_FOUND")
    assert "aiplatform.googleapis.com" in error.message
    admin.set_project(billing="on")
    await gateway.setup.enable_apis(["aiplatform.googleapis.com"])
    admin.set_project(billing="off")
    error = await failure(gateway.jobs.create_job(SPEC))
    assert (error.kind, error.reason) == (ErrorKind.BILLING, "BILLING_DISABLED")
    error = await failure(gateway.storage.create_bucket("kelp-new", "europe-west4"))
    assert error.kind is ErrorKind.BILLING
    admin.reset_project()
    assert (await gateway.jobs.create_job(SPEC)).display_name == "x"


async def test_a_project_marked_for_deletion(gateway: Gateway, local_server: Server) -> None:
    AdminClient(local_server.record).set_project(state="delete-requested")
    assert (await gateway.setup.get_project()).state == "DELETE_REQUESTED"
    for call in (
        gateway.jobs.list_jobs(),
        gateway.logs.list_entries("x"),
        gateway.storage.list_buckets(),
        gateway.setup.api_states(["aiplatform.googleapis.com"]),
    ):
        error = await failure(call)
        assert (error.kind, error.reason) == (ErrorKind.NOT_FOUND, "CONSUMER_INVALID")


async def test_projects_like_a_text(gateway: Gateway) -> None:
    for text in ("local-project", "local", "LOCAL", "lokal-project", "Local project", "123456789012"):
        (found,) = await gateway.setup.find_projects(text)
        assert found == Project("local-project", "123456789012", "ACTIVE", "Local project")
    for text in (
        "",
        "  ",
        "kelp-train",
        "project local",
        "999999999999",
        '"; drop',
        "\x00",
        "\ud800",
        "é" * 300,
    ):
        assert await gateway.setup.find_projects(text) == ()


async def test_a_project_that_may_not_be_seen(grpc_gateway: Gateway, local_server: Server) -> None:
    AdminClient(local_server.record).set_project(me="none")
    for text in ("local-project", "123456789012"):
        assert await grpc_gateway.setup.find_projects(text) == ()


@given(st.text(max_size=40))
def test_every_query_can_be_read(text: str) -> None:
    for query in queries(text):
        project_filter(query)({"id": "local-project", "name": "Local project", "state": "ACTIVE"})


def test_likeness() -> None:
    project = Project("kelp-train-eu", "42", "ACTIVE", "Kelp forest")
    assert likeness(project, "kelp-train") == likeness(project, "KELP F") == likeness(project, "42") == 1
    assert 0.7 < likeness(project, "kelp-tarin-eu") < 1
    assert likeness(project, "lagoon") < 0.5
    assert likeness(Project("a", "1", "ACTIVE"), "kelp") < 0.5


async def test_organization_policies(gateway: Gateway, local_server: Server) -> None:
    admin = AdminClient(local_server.record)
    local_server.enable("aiplatform")
    assert await gateway.setup.effective_policy(LOCATIONS) == OrganizationPolicy(LOCATIONS)
    assert await gateway.setup.effective_policy(KEYS) == OrganizationPolicy(KEYS)
    admin.set_project(locations="us-central1,in:asia-locations", require_key="on")
    assert await gateway.setup.effective_policy(LOCATIONS) == OrganizationPolicy(
        LOCATIONS, allowed=("us-central1", "in:asia-locations")
    )
    denied = ("aiplatform.googleapis.com", "storage.googleapis.com")
    assert await gateway.setup.effective_policy(KEYS) == OrganizationPolicy(KEYS, denied=denied)
    for call in (
        gateway.storage.create_bucket("kelp-new", "europe-west4"),
        gateway.jobs.create_job(SPEC),
    ):
        error = await failure(call)
        assert error.kind is ErrorKind.PRECONDITION
        assert error.title == "Your organization does not allow this location"
        assert error.metadata["constraint"] == LOCATIONS
    admin.set_project(locations="any")
    assert KEYS in (await failure(gateway.jobs.create_job(SPEC))).message
    admin.set_project(me="aiplatform.user")
    error = await failure(gateway.setup.effective_policy(LOCATIONS))
    assert (error.kind, error.metadata["permission"]) == (ErrorKind.DENIED, "orgpolicy.policy.get")
    admin.set_project(me="orgpolicy.policyViewer")
    assert await gateway.setup.effective_policy(LOCATIONS) == OrganizationPolicy(LOCATIONS)


@pytest.mark.parametrize(
    ("reply", "policy"),
    [
        ({}, OrganizationPolicy(LOCATIONS)),
        ({"listPolicy": {}}, OrganizationPolicy(LOCATIONS)),
        ({"listPolicy": {"allValues": "ALLOW"}}, OrganizationPolicy(LOCATIONS)),
        ({"listPolicy": {"allValues": "DENY"}}, OrganizationPolicy(LOCATIONS, allows_none=True)),
        ({"booleanPolicy": {}}, OrganizationPolicy(LOCATIONS)),
        ({"booleanPolicy": {"enforced": True}}, OrganizationPolicy(LOCATIONS, allows_none=True)),
        (
            {"listPolicy": {"allowedValues": ["is:us", "in:eu-locations"], "deniedValues": ["us-east1"]}},
            OrganizationPolicy(LOCATIONS, ("us", "in:eu-locations"), ("us-east1",)),
        ),
    ],
)
def test_forms_of_a_policy(reply: dict[str, Any], policy: OrganizationPolicy) -> None:
    assert _policy(LOCATIONS, reply) == policy


@pytest.mark.parametrize(
    "reply", [{"listPolicy": []}, {"booleanPolicy": 1}, {"listPolicy": {"allowedValues": 1}}]
)
def test_policies_that_are_none(reply: dict[str, Any]) -> None:
    with pytest.raises(CloudError):
        _policy(LOCATIONS, reply)
