"""Projects, policies, APIs and service accounts over Google's own clients."""

from __future__ import annotations

import getpass
from typing import Any

import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud.resourcemanager_v3 import ProjectsClient
from google.cloud.service_usage_v1 import ServiceUsageClient, State

from tests.local.clients import PARENT, Server, finish, script_job
from tui.local.wire.gtypes import Policy

PROJECT = "projects/local-project"
COMPUTE = "serviceAccount:123456789012-compute@developer.gserviceaccount.com"


def rest_projects(server: Server) -> ProjectsClient:
    """The client over REST."""
    return ProjectsClient(
        transport="rest",
        client_options={"api_endpoint": server.record.http_url},
        credentials=AnonymousCredentials(),
    )


@pytest.mark.parametrize("transport", ["grpc", "rest"])
def test_the_project_is_found_by_id_and_number(shared_server: Server, transport: str) -> None:
    client = shared_server.projects if transport == "grpc" else rest_projects(shared_server)
    by_id = client.get_project(name=PROJECT)
    assert by_id.name == "projects/123456789012"
    assert by_id.project_id == "local-project"
    assert client.get_project(name=by_id.name) == by_id
    assert [project.project_id for project in client.search_projects()] == ["local-project"]
    with pytest.raises(exceptions.Forbidden, match="or it may not exist"):
        client.get_project(name="projects/another-project")


def test_a_fresh_project(local_server: Server) -> None:
    states = {
        service.config.name: service.state
        for service in local_server.services.list_services(request={"parent": PROJECT})
    }
    enabled = {name for name, state in states.items() if state == State.ENABLED}
    assert enabled == {
        "serviceusage.googleapis.com",
        "cloudresourcemanager.googleapis.com",
        "storage.googleapis.com",
        "logging.googleapis.com",
        "monitoring.googleapis.com",
        "compute.googleapis.com",
        "iam.googleapis.com",
    }
    assert {
        "aiplatform.googleapis.com",
        "artifactregistry.googleapis.com",
    } <= states.keys() - enabled
    policy = local_server.projects.get_iam_policy(resource=PROJECT)
    assert [(binding.role, list(binding.members)) for binding in policy.bindings] == [
        ("roles/owner", [f"user:{getpass.getuser()}@localhost"])
    ]
    wanted = ["aiplatform.customJobs.create", "storage.objects.get", "resourcemanager.projects.setIamPolicy"]
    held = local_server.projects.test_iam_permissions(
        resource=PROJECT, permissions=[*wanted, "no.such.thing"]
    )
    assert list(held.permissions) == wanted


def test_services_are_enabled_and_disabled(local_server: Server) -> None:
    services = local_server.services
    name = f"{PROJECT}/services/aiplatform.googleapis.com"
    assert services.get_service(request={"name": name}).state == State.DISABLED
    assert finish(services.enable_service(request={"name": name})).service.state == State.ENABLED
    again = services.enable_service(request={"name": name})
    assert again.done()
    names = [name, f"{PROJECT}/services/artifactregistry.googleapis.com"]
    batch = services.batch_get_services(request={"parent": PROJECT, "names": names}).services
    assert [service.state for service in batch] == [State.ENABLED, State.DISABLED]
    only = services.list_services(request={"parent": PROJECT, "filter": "state:DISABLED", "page_size": 3})
    assert len(list(only.pages)) > 1
    finish(services.disable_service(request={"name": name}))
    with pytest.raises(exceptions.PermissionDenied):
        local_server.jobs.create_custom_job(parent=PARENT, custom_job=script_job("true"))
    with pytest.raises(exceptions.InvalidArgument):
        services.batch_get_services(request={"parent": PROJECT, "names": [name] * 31})
    with pytest.raises(exceptions.PermissionDenied, match="Not found or permission denied for service"):
        services.get_service(request={"name": f"{PROJECT}/services/nonsense.googleapis.com"})


def test_service_usage_over_rest(shared_server: Server) -> None:
    client = ServiceUsageClient(
        transport="rest",
        client_options={"api_endpoint": shared_server.record.http_url},
        credentials=AnonymousCredentials(),
    )
    request = {"name": f"{PROJECT}/services/monitoring.googleapis.com"}
    assert finish(client.enable_service(request=request)).service.state == State.ENABLED
    assert client.get_service(request=request).config.title == "Cloud Monitoring API"


def add(policy: Any, role: str, member: str) -> Any:
    """A copy of a policy with one more binding."""
    changed = Policy()
    changed.CopyFrom(policy)
    changed.bindings.add(role=role, members=[member])
    return changed


def test_a_stale_etag_aborts(local_server: Server) -> None:
    projects = local_server.projects
    read = projects.get_iam_policy(resource=PROJECT)
    written = projects.set_iam_policy(
        {"resource": PROJECT, "policy": add(read, "roles/storage.admin", COMPUTE)}
    )
    assert written.etag != read.etag
    with pytest.raises(exceptions.Aborted, match="There were concurrent policy changes"):
        projects.set_iam_policy({"resource": PROJECT, "policy": add(read, "roles/browser", COMPUTE)})
    with pytest.raises(exceptions.Conflict, match="concurrent policy changes"):
        rest_projects(local_server).set_iam_policy(
            {"resource": PROJECT, "policy": add(read, "roles/browser", COMPUTE)}
        )
    assert projects.get_iam_policy(resource=PROJECT) == written


def test_conditions_need_version_3(local_server: Server) -> None:
    projects = local_server.projects
    policy = projects.get_iam_policy({"resource": PROJECT, "options": {"requested_policy_version": 3}})
    changed = add(policy, "roles/storage.admin", COMPUTE)
    changed.bindings[-1].condition.expression = 'request.time < timestamp("2030-01-01T00:00:00Z")'
    changed.bindings[-1].condition.title = "until 2030"
    with pytest.raises(exceptions.InvalidArgument):
        projects.set_iam_policy({"resource": PROJECT, "policy": changed})
    changed.version = 3
    written = projects.set_iam_policy({"resource": PROJECT, "policy": changed})
    assert written.version == 3
    old: Any = projects.get_iam_policy(resource=PROJECT)
    assert old.version == 1
    assert old.bindings[-1].role.startswith("roles/storage.admin_withcond_")
    assert not old.bindings[-1].HasField("condition")
    new = projects.get_iam_policy({"resource": PROJECT, "options": {"requested_policy_version": 3}})
    assert new == written


@pytest.mark.parametrize("transport", ["grpc", "rest"])
def test_only_what_the_mask_names_is_changed(local_server: Server, transport: str) -> None:
    """Without a mask these are the bindings (`google.iam.v1.SetIamPolicyRequest.update_mask`)."""
    projects = local_server.projects if transport == "grpc" else rest_projects(local_server)
    policy = projects.get_iam_policy(resource=PROJECT)
    policy.audit_configs.add(service="allServices").audit_log_configs.add(log_type=3)
    paths = ["bindings", "etag", "audit_configs"]
    with_audit = {"resource": PROJECT, "policy": policy, "update_mask": {"paths": paths}}
    written = projects.set_iam_policy(with_audit)
    assert written.audit_configs == policy.audit_configs
    changed = add(written, "roles/storage.admin", COMPUTE)
    del changed.audit_configs[:]
    last = projects.set_iam_policy({"resource": PROJECT, "policy": changed})
    assert (last.bindings, last.audit_configs) == (changed.bindings, policy.audit_configs)
    changed.etag = last.etag
    del changed.bindings[:]
    changed.audit_configs.add(service="storage.googleapis.com")
    only = {"resource": PROJECT, "policy": changed, "update_mask": {"paths": ["audit_configs"]}}
    audited = projects.set_iam_policy(only)
    assert audited.bindings == last.bindings
    changed.etag = audited.etag
    with pytest.raises(exceptions.BadRequest, match="mask"):
        projects.set_iam_policy({**only, "update_mask": {"paths": ["rules"]}})


def test_odd_members_are_refused(local_server: Server) -> None:
    policy = local_server.projects.get_iam_policy(resource=PROJECT)
    missing = "serviceAccount:ghost@local-project.iam.gserviceaccount.com"
    with pytest.raises(exceptions.InvalidArgument, match="does not exist"):
        local_server.projects.set_iam_policy(
            {"resource": PROJECT, "policy": add(policy, "roles/browser", missing)}
        )
    with pytest.raises(exceptions.InvalidArgument, match="unknown type"):
        local_server.projects.set_iam_policy(
            {"resource": PROJECT, "policy": add(policy, "roles/browser", "ana@lagoon.example")}
        )


def test_rights_follow_the_policy(local_server: Server) -> None:
    """The owner who gives the right to submit away cannot submit any more."""
    local_server.enable("aiplatform")
    policy = local_server.projects.get_iam_policy(resource=PROJECT)
    del policy.bindings[:]
    policy.bindings.add(
        role="roles/resourcemanager.projectIamAdmin", members=[f"user:{getpass.getuser()}@localhost"]
    )
    local_server.projects.set_iam_policy({"resource": PROJECT, "policy": policy})
    with pytest.raises(exceptions.PermissionDenied) as caught:
        local_server.jobs.create_custom_job(parent=PARENT, custom_job=script_job("true"))
    assert caught.value.message == (
        "Permission 'aiplatform.customJobs.create' denied on resource "
        f"'//aiplatform.googleapis.com/{PARENT}' (or it may not exist)."
    )
    assert caught.value.reason == "IAM_PERMISSION_DENIED"


def test_service_accounts(shared_server: Server) -> None:
    (account,) = shared_server.iam.list_service_accounts(name=PROJECT)
    assert account.email == COMPUTE.removeprefix("serviceAccount:")
    assert account.display_name == "Compute Engine default service account"
    assert shared_server.iam.get_service_account(name=account.name) == account
    held = shared_server.iam.test_iam_permissions(
        {"resource": account.name, "permissions": ["iam.serviceAccounts.actAs"]}
    )
    assert list(held.permissions) == ["iam.serviceAccounts.actAs"]
    with pytest.raises(exceptions.NotFound):
        shared_server.iam.get_service_account(name=f"{PROJECT}/serviceAccounts/ghost@example.com")
