"""Custom jobs over Google's own clients: names and regions, pages, masks, accounts, agents, operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.aiplatform_v1 import JobServiceClient, JobState
from google.longrunning import operations_pb2 as operations

from tests.local.clients import PARENT, REGION, Server, finish, job_id, script_job, until
from tests.local.conftest import fresh_server
from tui.local import launcher
from tui.local.admin.client import AdminClient
from tui.local.clock import SECOND, stamp
from tui.local.state.database import Database
from tui.local.state.jobs import JobRow, Jobs, Run
from tui.local.wire.gtypes import FieldMask

EMAIL = "trainer@local-project.iam.gserviceaccount.com"
BY_NUMBER = "projects/123456789012/locations"


@pytest.mark.parametrize("project", ["local-project", "123456789012"])
def test_a_job_is_found_by_both_names_of_the_project(shared_server: Server, project: str) -> None:
    parent = f"projects/{project}/locations/us-east1"
    made = shared_server.jobs.create_custom_job(parent=parent, custom_job=script_job("true"))
    assert made.name == f"{BY_NUMBER}/us-east1/customJobs/{job_id(made)}"
    found = shared_server.jobs.get_custom_job(name=f"{parent}/customJobs/{job_id(made)}")
    assert found.name == made.name
    assert made.name in {job.name for job in shared_server.jobs.list_custom_jobs(parent=parent)}
    elsewhere = f"projects/{project}/locations/us-east4"
    with pytest.raises(exceptions.NotFound):
        shared_server.jobs.get_custom_job(name=f"{elsewhere}/customJobs/{job_id(made)}")
    assert made.name not in {job.name for job in shared_server.jobs.list_custom_jobs(parent=elsewhere)}
    ended = shared_server.ended(made.name)
    operation = shared_server.jobs.delete_custom_job(name=f"{parent}/customJobs/{job_id(ended)}")
    assert operation.operation.name.startswith(f"{BY_NUMBER}/us-east1/operations/")
    finish(operation)


def test_what_the_service_fills_in(shared_server: Server) -> None:
    job = script_job("true")
    job.job_spec.base_output_directory.output_uri_prefix = "gs://a-bucket/out"
    job.name = "projects/x/locations/y/customJobs/1"
    job.state = JobState(JobState.JOB_STATE_FAILED)
    job.error.message = "made up"
    made = shared_server.jobs.create_custom_job(parent=PARENT, custom_job=job)
    disk = made.job_spec.worker_pool_specs[0].disk_spec
    assert (disk.boot_disk_type, disk.boot_disk_size_gb) == ("pd-ssd", 100)
    assert made.job_spec.base_output_directory.output_uri_prefix == "gs://a-bucket/out/"
    assert made.name.startswith(f"{BY_NUMBER}/{REGION}/customJobs/")
    assert made.state.name == "JOB_STATE_QUEUED"
    assert not made.error.message


@pytest.fixture(scope="module")
def crowded() -> Iterator[Server]:
    """A server with 120 jobs that ended long ago."""
    with fresh_server() as server:
        server.enable("aiplatform")
        launcher.stop(server.data_dir)
        database = Database(server.data_dir / "state.db")
        Jobs(database).add_many([ended_job(number) for number in range(120)])
        database.close()
        server.start()
        yield server


def ended_job(number: int) -> JobRow:
    """Job `number`, made in that second."""
    job: Any = type(script_job("")).pb(script_job("true"))
    job.name = f"{PARENT}/customJobs/{number}"
    job.display_name = f"seeded-{number:03}"
    job.labels["third"] = str(number % 3)
    job.state = JobState.JOB_STATE_SUCCEEDED
    stamp(job.create_time, number * SECOND)
    return JobRow(str(number), REGION, job, Run())


@pytest.mark.parametrize("transport", ["grpc", "rest"])
def test_pages(crowded: Server, transport: str) -> None:
    client: JobServiceClient = crowded.jobs if transport == "grpc" else crowded.rest_jobs
    pages = list(client.list_custom_jobs(parent=PARENT).pages)
    assert [len(page.custom_jobs) for page in pages] == [100, 20]
    names = [job.display_name for page in pages for job in page.custom_jobs]
    assert names == sorted(names, reverse=True)
    request = {"parent": PARENT, "filter": 'labels.third="1"', "page_size": 15}
    filtered = list(client.list_custom_jobs(request=request).pages)
    assert [len(page.custom_jobs) for page in filtered] == [15, 15, 10]
    assert all(job.labels["third"] == "1" for page in filtered for job in page.custom_jobs)
    (largest, *_) = client.list_custom_jobs({"parent": PARENT, "page_size": 1000}).pages
    assert len(largest.custom_jobs) == 100
    token = pages[0].next_page_token
    for changed in (
        {"parent": PARENT, "filter": "state=FAILED", "page_token": token},
        {"parent": f"{BY_NUMBER}/us-west1", "page_token": token},
        {"parent": PARENT, "page_token": "nonsense"},
        {"parent": PARENT, "page_size": -1},
        {"parent": PARENT, "filter": "zebra=1"},
    ):
        with pytest.raises(exceptions.BadRequest):
            client.list_custom_jobs(request=changed)


@pytest.mark.parametrize("transport", ["grpc", "rest"])
def test_masks(crowded: Server, transport: str) -> None:
    client: JobServiceClient = crowded.jobs if transport == "grpc" else crowded.rest_jobs

    def first(*paths: str) -> Any:
        request = {"parent": PARENT, "page_size": 1, "read_mask": FieldMask(paths=paths)}
        return next(iter(client.list_custom_jobs(request=request)))

    masked = first("name", "display_name", "state", "create_time", "labels", "job_spec.worker_pool_specs")
    assert masked.display_name == "seeded-119"
    assert masked.create_time
    assert dict(masked.labels) == {"third": "2"}
    assert masked.job_spec.worker_pool_specs
    assert not masked.job_spec.scheduling
    assert not first("name").display_name
    assert first("*").job_spec.worker_pool_specs
    assert first().job_spec.worker_pool_specs
    with pytest.raises(exceptions.BadRequest):
        first("no_such_field")


def test_a_service_account_can_be_used_by_whom_its_policy_names(local_server: Server) -> None:
    local_server.enable("aiplatform", "iam")
    iam, projects = local_server.iam, local_server.projects
    iam.create_service_account(
        {"name": "projects/local-project", "account_id": "trainer", "service_account": {"description": "x"}}
    )
    assert EMAIL in {account.email for account in iam.list_service_accounts(name="projects/local-project")}
    account = f"projects/-/serviceAccounts/{EMAIL}"
    assert iam.get_service_account(name=account).description == "x"
    policy: Any = projects.get_iam_policy(resource="projects/local-project")
    (owner,) = policy.bindings[0].members
    del policy.bindings[:]
    roles = (
        "roles/resourcemanager.projectIamAdmin",
        "roles/aiplatform.user",
        "roles/iam.serviceAccountAdmin",
    )
    for role in roles:
        policy.bindings.add(role=role, members=[owner])
    projects.set_iam_policy({"resource": "projects/local-project", "policy": policy})
    job = script_job("true", service_account=EMAIL)
    with pytest.raises(exceptions.PermissionDenied) as caught:
        local_server.jobs.create_custom_job(parent=PARENT, custom_job=job)
    assert caught.value.message == (
        f"You do not have permission to act as service account: {EMAIL}. (or it may not exist)."
    )
    assert caught.value.reason == "IAM_PERMISSION_DENIED"
    assert caught.value.metadata["permission"] == "iam.serviceAccounts.actAs"
    own: Any = iam.get_iam_policy(resource=account)
    own.bindings.add(role="roles/iam.serviceAccountUser", members=[owner])
    stored = iam.set_iam_policy({"resource": account, "policy": own})
    assert iam.get_iam_policy(resource=account) == stored
    wanted = {
        "resource": account,
        "permissions": ["iam.serviceAccounts.actAs", "iam.serviceAccounts.signJwt"],
    }
    assert list(iam.test_iam_permissions(wanted).permissions) == ["iam.serviceAccounts.actAs"]
    local_server.jobs.create_custom_job(parent=PARENT, custom_job=job)


def test_service_accounts_are_made_and_deleted(shared_server: Server) -> None:
    iam = shared_server.iam
    request: Any = {
        "name": "projects/local-project",
        "account_id": "for-a-while",
        "service_account": {"display_name": "For a while"},
    }
    made = iam.create_service_account(request)
    assert made.email == "for-a-while@local-project.iam.gserviceaccount.com"
    assert made.display_name == "For a while"
    with pytest.raises(exceptions.AlreadyExists):
        iam.create_service_account(request)
    for bad in ("short", "Upper-case", "ends-with-", "x" * 31):
        with pytest.raises(exceptions.InvalidArgument):
            iam.create_service_account({**request, "account_id": bad})
    iam.delete_service_account(name=made.name)
    with pytest.raises(exceptions.NotFound):
        iam.get_service_account(name=made.name)


def test_the_agents_come_with_the_first_job(local_server: Server) -> None:
    local_server.enable("aiplatform")

    def roles() -> set[str]:
        policy = local_server.projects.get_iam_policy(resource="projects/local-project")
        return {binding.role for binding in policy.bindings}

    assert roles() == {"roles/owner"}
    local_server.jobs.create_custom_job(parent=PARENT, custom_job=script_job("true"))
    agents = {"roles/aiplatform.serviceAgent", "roles/aiplatform.customCodeServiceAgent"}
    assert roles() == {"roles/owner", *agents}


def test_an_api_answers_only_when_that_has_got_about(local_server: Server) -> None:
    launcher.stop(local_server.data_dir)
    local_server.start(propagation_seconds=2)
    local_server.enable("aiplatform")
    name = "projects/local-project/services/aiplatform.googleapis.com"
    assert local_server.services.get_service(request={"name": name}).state.name == "ENABLED"
    with pytest.raises(exceptions.PermissionDenied) as caught:
        local_server.jobs.list_custom_jobs(parent=PARENT)
    assert caught.value.reason == "SERVICE_DISABLED"

    def answered() -> bool:
        try:
            local_server.jobs.list_custom_jobs(parent=PARENT)
        except exceptions.PermissionDenied:
            return False
        return True

    until(answered, "an answer")
    made = local_server.jobs.create_custom_job(parent=PARENT, custom_job=script_job("true"))
    local_server.ended(made.name)
    with pytest.raises(exceptions.FailedPrecondition) as used:
        local_server.services.disable_service({"name": name, "check_if_service_has_usage": "CHECK"})
    assert used.value.reason == "SU_SERVICE_HAS_USAGE"
    finish(local_server.services.disable_service({"name": name, "check_if_service_has_usage": "SKIP"}))


@pytest.mark.parametrize("transport", ["grpc", "rest"])
def test_operations_are_listed_and_forgotten(shared_server: Server, transport: str) -> None:
    client: JobServiceClient = shared_server.jobs if transport == "grpc" else shared_server.rest_jobs
    parent = f"projects/local-project/locations/{'us-west2' if transport == 'grpc' else 'us-west4'}"
    for _ in range(2):
        made = client.create_custom_job(parent=parent, custom_job=script_job("true"))
        finish(client.delete_custom_job(name=shared_server.ended(made.name).name))
    listed = client.list_operations(operations.ListOperationsRequest(name=parent))
    assert len(listed.operations) == 2
    page = client.list_operations(operations.ListOperationsRequest(name=parent, page_size=1))
    assert page.operations == listed.operations[:1]
    request = operations.ListOperationsRequest(name=parent, page_size=1, page_token=page.next_page_token)
    assert client.list_operations(request).operations == listed.operations[1:]
    running = operations.ListOperationsRequest(name=parent, filter="done=false")
    assert not client.list_operations(running).operations
    name = listed.operations[0].name
    client.cancel_operation(operations.CancelOperationRequest(name=name))
    client.delete_operation(operations.DeleteOperationRequest(name=name))
    with pytest.raises(exceptions.NotFound):
        client.get_operation(operations.GetOperationRequest(name=name))
    with pytest.raises(exceptions.Forbidden):
        client.list_operations(operations.ListOperationsRequest(name="projects/other/locations/us-west2"))


def test_a_fault_refuses_for_quota_though_there_is_some(shared_server: Server) -> None:
    job = script_job("true")
    job.display_name = "unlucky"
    rule = {"kind": "job", "pattern": "unlucky", "effect": "quota", "times": 1}
    AdminClient(shared_server.record).call("POST", "faults", rule)
    with pytest.raises(exceptions.ResourceExhausted, match=r"exceed quota limits: \S*_cpus\b"):
        shared_server.jobs.create_custom_job(parent=PARENT, custom_job=job)
    shared_server.jobs.create_custom_job(parent=PARENT, custom_job=job)
