"""The Google Cloud CLI in the environment of `local env`."""

from __future__ import annotations

import pytest
import yaml

from tests.conformance.conftest import Project, needs_gcloud
from tests.local.clients import REGION, until

pytestmark = needs_gcloud

WHERE = f"--region={REGION}"
ACCOUNT = "123456789012-compute@developer.gserviceaccount.com"


@pytest.fixture(scope="module")
def ready(project: Project) -> Project:
    """The project after its APIs were enabled with gcloud."""
    services = ("aiplatform.googleapis.com", "artifactregistry.googleapis.com")
    before = {item["config"]["name"] for item in project.json("services", "list", "--enabled")}
    assert not before & set(services)
    project.run("gcloud", "services", "enable", *services)
    after = {item["config"]["name"] for item in project.json("services", "list", "--enabled")}
    assert after == before | set(services)
    return project


def create(project: Project, name: str, script: str, *group: str) -> str:
    """Create a job from a file; its id."""
    pool = {
        "machineSpec": {"machineType": "n1-standard-4"},
        "replicaCount": 1,
        "containerSpec": {"imageUri": "python:3.11", "command": ["bash", "-c"], "args": [script]},
    }
    (project.work / "job.yaml").write_text(yaml.safe_dump({"workerPoolSpecs": [pool]}))
    command = (*group, "ai", "custom-jobs", "create", WHERE, f"--display-name={name}", "--config=job.yaml")
    return str(project.json(*command)["name"].rpartition("/")[2])


def test_the_project_and_its_policy(ready: Project) -> None:
    found = ready.json("projects", "describe", "local-project")
    assert (found["projectId"], found["projectNumber"]) == ("local-project", "123456789012")
    binding = ("--member=user:ben@lagoon.example", "--role=roles/storage.admin")
    ready.run("gcloud", "projects", "add-iam-policy-binding", "local-project", *binding)
    policy = ready.json("projects", "get-iam-policy", "local-project")
    assert {"members": ["user:ben@lagoon.example"], "role": "roles/storage.admin"} in policy["bindings"]


def test_the_accounts(ready: Project) -> None:
    assert ACCOUNT in [account["email"] for account in ready.json("iam", "service-accounts", "list")]
    token = (ready.server.data_dir / "owner.token").read_text()
    for group in (("auth",), ("auth", "application-default")):
        assert ready.run("gcloud", *group, "print-access-token").stdout.strip() == token


def test_a_job_from_its_creation_to_its_log(ready: Project) -> None:
    number = create(ready, "good", "echo hello; echo oh >&2")
    streamed = ready.run("gcloud", "ai", "custom-jobs", "stream-logs", number, WHERE, "--polling-interval=1")
    assert "hello" in streamed.stdout
    assert "oh" in streamed.stdout
    job = ready.json("ai", "custom-jobs", "describe", number, WHERE)
    assert (job["displayName"], job["state"]) == ("good", "JOB_STATE_SUCCEEDED")
    listed = ready.json("ai", "custom-jobs", "list", WHERE, "--filter=displayName=good")
    assert [item["name"].rpartition("/")[2] for item in listed] == [number]
    filter_ = f'resource.labels.job_id="{number}" AND severity>=ERROR'
    entries = ready.json("logging", "read", filter_, "--limit=5")
    assert [item.get("textPayload") or item["jsonPayload"]["message"] for item in entries] == ["oh"]


def test_a_job_is_cancelled_with_beta(ready: Project) -> None:
    number = create(ready, "long", "sleep 600", "beta")
    ready.run("gcloud", "beta", "ai", "custom-jobs", "cancel", number, WHERE)

    def state() -> bool:
        job = ready.server.jobs.get_custom_job(
            name=f"projects/local-project/locations/{REGION}/customJobs/{number}"
        )
        return bool(job.state.name == "JOB_STATE_CANCELLED")

    until(state, "the end of the job")
    job = ready.json("beta", "ai", "custom-jobs", "describe", number, WHERE)
    assert job["state"] == "JOB_STATE_CANCELLED"


def test_a_refusal_is_googles(ready: Project) -> None:
    done = ready.run("gcloud", "ai", "custom-jobs", "describe", "123", WHERE, ok=False)
    assert done.returncode == 1
    assert "NOT_FOUND" in done.stderr
