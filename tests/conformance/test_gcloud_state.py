"""gcloud and the state of a project: billing, organization policies, deletion."""

from __future__ import annotations

import pytest

from tests.conformance.conftest import Project, needs_gcloud
from tui.local.admin.client import AdminClient

pytestmark = needs_gcloud


@pytest.fixture
def admin(project: Project) -> AdminClient:
    """The project's owner, before gcloud looks at it."""
    project.server.enable("cloudbilling", "aiplatform")
    client = AdminClient(project.server.record)
    client.reset_project()
    return client


def test_billing(project: Project, admin: AdminClient) -> None:
    describe = ("billing", "projects", "describe", "local-project")
    assert project.json(*describe)["billingEnabled"] is True
    admin.set_project(billing="off")
    assert not project.json(*describe).get("billingEnabled")
    done = project.run("gcloud", "services", "enable", "artifactregistry.googleapis.com", ok=False)
    assert done.returncode != 0
    assert "Billing must be enabled for activation of service(s)" in done.stderr


def test_policies(project: Project, admin: AdminClient) -> None:
    describe = ("resource-manager", "org-policies", "describe", "gcp.resourceLocations", "--effective")
    where = "--project=local-project"
    assert project.json(*describe, where)["listPolicy"] == {"allValues": "ALLOW"}
    admin.set_project(locations="in:eu-locations")
    assert project.json(*describe, where)["listPolicy"] == {"allowedValues": ["in:eu-locations"]}
    command = ("gcloud", "storage", "buckets", "create", "gs://kelp-a", "--location=us-central1")
    refused = project.run(*command, ok=False)
    assert "'us-central1' violates constraint 'constraints/gcp.resourceLocations'" in refused.stderr


def test_deletion(project: Project, admin: AdminClient) -> None:
    admin.set_project(state="delete-requested")
    assert project.json("projects", "describe", "local-project")["lifecycleState"] == "DELETE_REQUESTED"
    refused = project.run("gcloud", "services", "list", ok=False)
    assert "has been deleted" in refused.stderr
    admin.reset_project()
    assert project.json("projects", "describe", "local-project")["lifecycleState"] == "ACTIVE"
