"""Custom jobs over Google's own clients: made, run, told, ended."""

from __future__ import annotations

import re
from typing import Any

import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.aiplatform_v1 import CustomJob, EnvVar, JobState

from tests.local.clients import PARENT, REGION, Server, finish, job_id, script_job, until
from tui.local import launcher
from tui.local.jobs.runner import process_mark
from tui.local.wire.gtypes import FieldMask, Operation

SERVICE_MESSAGES = [
    "Waiting for job to be provisioned.",
    (
        "Vertex AI is provisioning job running framework. First time usage might take couple of minutes, and "
        "subsequent runs can be much faster."
    ),
    "Vertex AI is setting up this job.",
    "The image python:3.11 is not used: the commands run on this machine.",
    "Waiting for training program to start.",
    "Job is preparing.",
    "Job is running.",
    "Tearing down training program.",
    "Finished tearing down training program.",
]


def test_a_fresh_server_refuses_until_the_api_is_enabled(local_server: Server) -> None:
    with pytest.raises(exceptions.PermissionDenied) as caught:
        local_server.jobs.create_custom_job(parent=PARENT, custom_job=script_job("true"))
    assert caught.value.reason == "SERVICE_DISABLED"
    assert caught.value.metadata["service"] == "aiplatform.googleapis.com"
    assert caught.value.message.startswith(
        "Vertex AI API has not been used in project local-project before or it is disabled."
    )
    local_server.enable("aiplatform")
    assert list(local_server.jobs.list_custom_jobs(parent=PARENT)) == []


def test_a_job_runs_to_success(shared_server: Server) -> None:
    made = shared_server.jobs.create_custom_job(
        parent=PARENT, custom_job=script_job("echo hello; echo oh >&2")
    )
    assert re.fullmatch(rf"projects/123456789012/locations/{REGION}/customJobs/\d+", made.name)
    assert made.state == JobState.JOB_STATE_QUEUED
    assert not made.start_time
    job = shared_server.ended(made.name)
    assert job.state == JobState.JOB_STATE_SUCCEEDED
    assert made.create_time <= job.start_time <= job.end_time
    assert shared_server.lines(job) == ["hello", "oh"]
    assert shared_server.lines(job, "service") == [*SERVICE_MESSAGES, "Job completed successfully."]
    out, err = shared_server.entries(
        f'resource.labels.job_id="{job_id(job)}" AND resource.labels.task_name="workerpool0-0"'
    )
    assert (int(out.severity), int(err.severity)) == (200, 500)
    assert out.resource.type == "ml_job"
    assert dict(out.resource.labels) == {
        "job_id": job_id(job),
        "project_id": "local-project",
        "task_name": "workerpool0-0",
    }


def test_states_pass_in_order(local_server: Server) -> None:
    local_server.enable("aiplatform")
    job = local_server.jobs.create_custom_job(parent=PARENT, custom_job=script_job("sleep 0.2"))
    seen = [job.state]

    def look() -> bool:
        state = local_server.jobs.get_custom_job(name=job.name).state
        if state != seen[-1]:
            seen.append(state)
        return state == JobState.JOB_STATE_SUCCEEDED

    until(look, "success")
    order = [
        JobState.JOB_STATE_QUEUED,
        JobState.JOB_STATE_PENDING,
        JobState.JOB_STATE_RUNNING,
        JobState.JOB_STATE_SUCCEEDED,
    ]
    assert seen == [state for state in order if state in seen]
    assert JobState.JOB_STATE_RUNNING in seen


def test_a_failing_script_fails_the_job(shared_server: Server) -> None:
    program = "import sys; print('x'); raise ValueError('bad')"
    job = shared_server.run(script_job(f'python3 -c "{program}"; exit 3'))
    assert job.state == JobState.JOB_STATE_FAILED
    assert job.error.code == 3
    assert job.error.message.startswith(
        "The replica workerpool0-0 exited with a non-zero status of 3. Termination reason: Error. \n"
        "Traceback (most recent call last)"
    )
    assert job.error.message.endswith(
        "\n\nTo find out more about why your job exited please check the logs: "
        "https://console.cloud.google.com/logs/viewer?project=123456789012&resource=ml_job%2Fjob_id%2F"
        f"{job_id(job)}&advancedFilter=resource.type%3D%22ml_job%22%0Aresource.labels.job_id%3D%22{job_id(job)}%22"
    )
    assert shared_server.lines(job, "service")[-2:] == [job.error.message, "Job failed."]


@pytest.mark.parametrize(
    ("script", "code"), [("kill -9 $$", 137), ("kill -SEGV $$", 139), ("no-such-command-anywhere", 127)]
)
def test_exit_statuses_are_a_container_s(shared_server: Server, script: str, code: int) -> None:
    job = shared_server.run(script_job(script))
    assert f"exited with a non-zero status of {code}. Termination reason: Error." in job.error.message


def test_a_command_that_does_not_exist_is_a_start_error(shared_server: Server) -> None:
    job = script_job("")
    job.job_spec.worker_pool_specs[0].container_spec.command = ["no-such-program"]
    ended = shared_server.run(job)
    assert "non-zero status of 128. Termination reason: StartError. \n" in ended.error.message
    assert '"no-such-program": executable file not found in $PATH' in ended.error.message


def test_a_cancelled_job_ends_with_everything_it_started(shared_server: Server) -> None:
    script = (
        "trap 'echo asked' TERM; (setsid sleep 600 & echo child $!); echo up; while :; do sleep 0.1; done"
    )
    name = shared_server.jobs.create_custom_job(parent=PARENT, custom_job=script_job(script)).name
    running = shared_server.reached(name, JobState.JOB_STATE_RUNNING)
    until(lambda: "up" in shared_server.lines(running), "the first lines")
    with pytest.raises(exceptions.FailedPrecondition):
        shared_server.jobs.delete_custom_job(name=name)
    shared_server.jobs.cancel_custom_job(name=name)
    assert shared_server.jobs.get_custom_job(name=name).state in {
        JobState.JOB_STATE_CANCELLING,
        JobState.JOB_STATE_CANCELLED,
    }
    job = shared_server.ended(name)
    assert job.state == JobState.JOB_STATE_CANCELLED
    assert job.error.code == 1
    assert "asked" in shared_server.lines(job)
    child = next(line.split()[1] for line in shared_server.lines(job) if line.startswith("child "))
    assert process_mark(int(child)) is None
    with pytest.raises(exceptions.FailedPrecondition):
        shared_server.jobs.cancel_custom_job(name=name)


def test_a_job_that_runs_too_long_is_ended(shared_server: Server) -> None:
    job = shared_server.run(script_job("sleep 600", scheduling={"timeout": {"seconds": 1}}))
    assert job.state == JobState.JOB_STATE_CANCELLED
    assert "scheduling.timeout (1 s)" in job.error.message


def test_delete_is_a_long_running_operation(shared_server: Server) -> None:
    job = shared_server.run(script_job("true"))
    operation = shared_server.jobs.delete_custom_job(name=job.name)
    assert operation.operation.name.startswith(f"projects/123456789012/locations/{REGION}/operations/")
    finish(operation)
    with pytest.raises(exceptions.NotFound):
        shared_server.jobs.get_custom_job(name=job.name)
    assert shared_server.lines(job, "service")


def test_an_operation_is_not_done_at_once(local_server: Server) -> None:
    local_server.enable("aiplatform")
    job = local_server.run(script_job("true"))
    launcher.stop(local_server.data_dir)
    local_server.start(operation_seconds=0.2)
    operation = local_server.jobs.delete_custom_job(name=job.name)
    assert not operation.operation.done
    request = {"name": operation.operation.name, "timeout": {"seconds": 10}}
    waited = Operation.FromString(local_server.jobs.wait_operation(request))
    assert waited.done
    assert waited.response.type_url.endswith("google.protobuf.Empty")


def test_every_replica_runs_and_the_primary_decides(shared_server: Server) -> None:
    job = script_job('echo "primary $CLUSTER_SPEC"; sleep 0.5; echo done')
    pool = CustomJob.to_dict(job)["job_spec"]["worker_pool_specs"][0]
    pool["replica_count"] = 2
    pool["container_spec"]["args"] = ['echo "TF $TF_CONFIG"; sleep 600']
    worker = CustomJob({"job_spec": {"worker_pool_specs": [pool]}}).job_spec.worker_pool_specs[0]
    job.job_spec.worker_pool_specs.append(worker)
    ended = shared_server.run(job)
    assert ended.state == JobState.JOB_STATE_SUCCEEDED
    assert '"workerpool1": ["cmle-training-workerpool1-' in shared_server.lines(ended)[0]
    for index in (0, 1):
        (line,) = shared_server.lines(ended, f"workerpool1-{index}")
        assert f'"task": {{"type": "worker", "index": {index}' in line


def test_the_environment_is_the_job_s_own(shared_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SECRET", "not for jobs")
    job = script_job("env; python3 -c 'import sys; print(sys.prefix)'; pwd")
    container = job.job_spec.worker_pool_specs[0].container_spec
    variables = [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "$(A)2 $$(A) $(NONE)"},
        {"name": "HOME", "value": "/root"},
    ]
    container.env = [EnvVar(variable) for variable in variables]
    job.job_spec.base_output_directory.output_uri_prefix = "gs://a-bucket/out"
    lines = shared_server.lines(shared_server.run(job))
    env = dict(line.split("=", 1) for line in lines if "=" in line)
    folder = str(shared_server.data_dir)
    assert env["B"] == "12 $(A) $(NONE)"
    assert env["AIP_MODEL_DIR"] == "gs://a-bucket/out/model/"
    assert env["AIP_CHECKPOINT_DIR"] == "gs://a-bucket/out/checkpoints/"
    assert env["AIP_TENSORBOARD_LOG_DIR"] == "gs://a-bucket/out/logs/"
    assert env["CLOUD_ML_PROJECT_ID"] == "123456789012"
    assert "MY_SECRET" not in env
    assert env["HOME"].startswith(folder)
    assert env["XDG_CACHE_HOME"].startswith(folder)
    assert lines[-2].startswith(folder)
    assert lines[-1].startswith(folder)


def bad(change: dict[str, Any]) -> CustomJob:
    """A job with some top level fields changed."""
    return CustomJob({**CustomJob.to_dict(script_job("true")), **change})


def test_refusals_have_googles_words(shared_server: Server) -> None:
    job = bad({"display_name": "x" * 129, "labels": {"Bad": "y"}})
    job.job_spec.worker_pool_specs[0].replica_count = 2
    with pytest.raises(exceptions.InvalidArgument) as caught:
        shared_server.jobs.create_custom_job(parent=PARENT, custom_job=job)
    assert caught.value.message.startswith(
        "List of found errors:\t1.Field: custom_job.display_name; Message: "
    )
    assert "\t2.Field: custom_job.labels; Message: Label keys and values" in caught.value.message
    assert (
        "\t3.Field: custom_job.job_spec.worker_pool_specs[0].replica_count; Message: " in caught.value.message
    )
    job = script_job("true")
    job.job_spec.worker_pool_specs[0].machine_spec.machine_type = "n1-standard-2"
    with pytest.raises(
        exceptions.InvalidArgument, match=r"^400 Machine type n1-standard-2 is not supported\.$"
    ):
        shared_server.jobs.create_custom_job(parent=PARENT, custom_job=job)
    with pytest.raises(
        exceptions.PermissionDenied, match="You do not have permission to act as service account"
    ):
        shared_server.jobs.create_custom_job(
            parent=PARENT, custom_job=script_job("true", service_account="nobody@example.com")
        )
    with pytest.raises(exceptions.NotFound):
        shared_server.jobs.list_custom_jobs(parent="projects/local-project/locations/mars-north1")
    with pytest.raises(exceptions.PermissionDenied, match="or it may not exist") as denied:
        shared_server.jobs.list_custom_jobs(parent="projects/other/locations/europe-west4")
    assert denied.value.reason == "IAM_PERMISSION_DENIED"


def test_lists_page_filter_and_mask(shared_server: Server) -> None:
    parent = "projects/local-project/locations/us-central1"
    made = []
    for number in range(5):
        job = script_job("true")
        job.display_name = f"listed-{number}"
        job.labels = {"parity": "odd" if number % 2 else "even"}
        made.append(shared_server.jobs.create_custom_job(parent=parent, custom_job=job))
    for job in made:
        shared_server.ended(job.name)
    request: dict[str, Any] = {"parent": parent, "page_size": 2}
    pages = list(shared_server.jobs.list_custom_jobs(request=request).pages)
    assert [[job.display_name for job in page.custom_jobs] for page in pages] == [
        ["listed-4", "listed-3"],
        ["listed-2", "listed-1"],
        ["listed-0"],
    ]
    for filter_, expected in [
        ('labels.parity="odd"', ["listed-3", "listed-1"]),
        ("labels.parity:*", ["listed-4", "listed-3", "listed-2", "listed-1", "listed-0"]),
        ('display_name="listed-2" OR display_name="listed-0"', ["listed-2", "listed-0"]),
        (
            'displayName:"listed-*" AND NOT display_name="listed-3"',
            ["listed-4", "listed-2", "listed-1", "listed-0"],
        ),
        ('state="JOB_STATE_RUNNING"', []),
        (f'create_time>"{made[2].create_time.rfc3339()}"', ["listed-4", "listed-3"]),
    ]:
        found = shared_server.jobs.list_custom_jobs(request={"parent": parent, "filter": filter_})
        assert [job.display_name for job in found] == expected, filter_
    unknown = FieldMask(paths=["no_such_field"])
    with pytest.raises(exceptions.InvalidArgument):
        list(shared_server.jobs.list_custom_jobs(request={"parent": parent, "read_mask": unknown}))
    masked = FieldMask(paths=["name", "display_name", "state"])
    (first, *_) = shared_server.jobs.list_custom_jobs(request={"parent": parent, "read_mask": masked})
    assert first.display_name == "listed-4"
    assert not first.job_spec.worker_pool_specs
    with pytest.raises(exceptions.InvalidArgument):
        shared_server.jobs.list_custom_jobs(request={"parent": parent, "filter": "nonsense = = 3"})


def test_rest_and_grpc_show_the_same(shared_server: Server) -> None:
    made = shared_server.rest_jobs.create_custom_job(parent=PARENT, custom_job=script_job("exit 1"))
    job = shared_server.ended(made.name)
    assert shared_server.rest_jobs.get_custom_job(name=made.name) == job
    masked = FieldMask(paths=["name", "display_name"])
    request = {"parent": PARENT, "page_size": 1, "read_mask": masked}
    listed = next(iter(shared_server.rest_jobs.list_custom_jobs(request=request)))
    assert listed.name == made.name
    assert not listed.job_spec.worker_pool_specs
    with pytest.raises(exceptions.BadRequest, match="List of found errors"):
        shared_server.rest_jobs.create_custom_job(parent=PARENT, custom_job=bad({"display_name": ""}))
    with pytest.raises(exceptions.Forbidden) as caught:
        shared_server.rest_jobs.list_custom_jobs(parent="projects/other/locations/europe-west4")
    assert caught.value.reason == "IAM_PERMISSION_DENIED"
    finish(shared_server.rest_jobs.delete_custom_job(name=made.name))
    with pytest.raises(exceptions.NotFound):
        shared_server.rest_jobs.get_custom_job(name=made.name)


def test_a_job_s_rights_in_storage_are_its_account_s(local_server: Server) -> None:
    """Named without a role it gets 403 from `gsutil`; with the role, or as the service agent, it works."""
    local_server.enable("aiplatform", "logging")
    compute = "123456789012-compute@developer.gserviceaccount.com"
    make_bucket(local_server, "outputs-of-jobs")
    script = "mkdir out && echo x > out/a.txt && gsutil -m cp -r out/ gs://outputs-of-jobs/runs/$NAME"
    refused = local_server.run(script_job(script, service_account=compute))
    assert refused.state == JobState.JOB_STATE_FAILED
    lines = local_server.lines(refused)
    assert any("403" in line and compute in line for line in lines), lines
    assert local_server.run(script_job(script)).state == JobState.JOB_STATE_SUCCEEDED
    policy = local_server.projects.get_iam_policy(resource="projects/local-project")
    policy.bindings.add(role="roles/storage.admin", members=[f"serviceAccount:{compute}"])
    local_server.projects.set_iam_policy({"resource": "projects/local-project", "policy": policy})
    allowed = local_server.run(script_job(script, service_account=compute))
    assert allowed.state == JobState.JOB_STATE_SUCCEEDED
    folder = local_server.data_dir / "jobs" / job_id(allowed)
    until(lambda: not folder.exists(), "the end of the job's folder")


def make_bucket(server: Server, name: str) -> None:
    """A bucket, by Google's own client."""
    client = storage.Client(
        project="local-project",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": server.record.http_url},
    )
    client.create_bucket(name)


def test_what_cannot_run_here_fails_truthfully(shared_server: Server) -> None:
    many = script_job("true")
    many.job_spec.worker_pool_specs.append(many.job_spec.worker_pool_specs[0])
    many.job_spec.worker_pool_specs[1].replica_count = 100
    ended = shared_server.run(many)
    assert ended.error.code == 8
    assert ended.error.message == (
        "The job asks for 101 replicas; the local server runs at most 64 of one job."
    )
    bare = script_job("true")
    del bare.job_spec.worker_pool_specs[0].container_spec.command[:]
    assert "images are not run locally" in shared_server.run(bare).error.message


def test_a_token_that_nobody_holds_is_no_owner(shared_server: Server) -> None:
    metadata = [("authorization", "Bearer ya29.ended")]
    with pytest.raises(exceptions.Unauthenticated):
        shared_server.jobs.list_custom_jobs(parent=PARENT, metadata=metadata)
    token = (shared_server.data_dir / "owner.token").read_text()
    metadata = [("authorization", f"Bearer {token}")]
    assert shared_server.jobs.list_custom_jobs(parent=PARENT, metadata=metadata)
