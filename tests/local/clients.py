"""Google's own clients at one local server, and the small jobs that the tests run."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import grpc
from google.api_core.exceptions import PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.cloud import logging as cloud_logging
from google.cloud import storage
from google.cloud.aiplatform_v1 import CustomJob, JobServiceClient, JobState
from google.cloud.aiplatform_v1.services.job_service.transports.grpc import JobServiceGrpcTransport
from google.cloud.iam_admin_v1 import IAMClient
from google.cloud.iam_admin_v1.services.iam.transports import IAMGrpcTransport
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import LoggingServiceV2GrpcTransport
from google.cloud.logging_v2.types import LogEntry
from google.cloud.resourcemanager_v3 import ProjectsClient
from google.cloud.resourcemanager_v3.services.projects.transports import ProjectsGrpcTransport
from google.cloud.service_usage_v1 import ServiceUsageClient
from google.cloud.service_usage_v1.services.service_usage.transports import ServiceUsageGrpcTransport

from tests.support import PATIENCE, STEP
from tui.local import launcher
from tui.local.settings import VARIABLE

FAST = {
    "queued_seconds": 0,
    "pending_seconds": 0,
    "error_seconds": 0,
    "operation_seconds": 0,
    "grace_seconds": 1,
    "poll_seconds": 0.02,
    "log_reads_per_minute": 0,
    "job_submissions_per_minute": 0,
    "job_requests_per_minute": 0,
}
REGION = "europe-west4"
PARENT = f"projects/local-project/locations/{REGION}"
ENDED = {JobState.JOB_STATE_SUCCEEDED, JobState.JOB_STATE_FAILED, JobState.JOB_STATE_CANCELLED}


def until(condition: Callable[[], Any], what: str = "the condition") -> Any:
    """Wait until `condition` gives something true, and return that."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        found = condition()
        if found:
            return found
        time.sleep(STEP)
    raise AssertionError(f"{what} was not met within {PATIENCE} s")


def script_job(script: str, **spec: Any) -> CustomJob:
    """A job of one machine that runs a bash script; `spec` are fields of the CustomJobSpec."""
    pool = {
        "machine_spec": {"machine_type": "n1-standard-4"},
        "replica_count": 1,
        "container_spec": {"image_uri": "python:3.11", "command": ["bash", "-c"], "args": [script]},
    }
    return CustomJob({"display_name": "a job", "job_spec": {"worker_pool_specs": [pool], **spec}})


class Server:
    """A local server for a test."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.record = self.start()

    def start(self, **settings: float) -> launcher.Record:
        """Start the server's process if it does not run; clients go to it from now on."""
        os.environ[VARIABLE] = json.dumps(FAST | settings)
        try:
            self.record = launcher.ensure(self.data_dir)
        finally:
            del os.environ[VARIABLE]
        for name in ("channel", "jobs", "logs", "services", "projects", "iam", "rest_jobs"):
            self.__dict__.pop(name, None)
        return self.record

    @cached_property
    def channel(self) -> grpc.Channel:
        return grpc.insecure_channel(self.record.grpc_address, options=[("grpc.enable_http_proxy", 0)])

    @cached_property
    def jobs(self) -> JobServiceClient:
        return JobServiceClient(transport=JobServiceGrpcTransport(channel=self.channel))

    @cached_property
    def rest_jobs(self) -> JobServiceClient:
        return JobServiceClient(
            transport="rest",
            client_options={"api_endpoint": self.record.http_url},
            credentials=AnonymousCredentials(),
        )

    @cached_property
    def logs(self) -> LoggingServiceV2Client:
        return LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=self.channel))

    @cached_property
    def services(self) -> ServiceUsageClient:
        return ServiceUsageClient(transport=ServiceUsageGrpcTransport(channel=self.channel))

    @cached_property
    def projects(self) -> ProjectsClient:
        return ProjectsClient(transport=ProjectsGrpcTransport(channel=self.channel))

    @cached_property
    def iam(self) -> IAMClient:
        return IAMClient(transport=IAMGrpcTransport(channel=self.channel))

    def enable(self, *names: str) -> None:
        """Enable APIs, `aiplatform` for `aiplatform.googleapis.com`."""
        ids = [f"{name}.googleapis.com" for name in names]
        request = {"parent": "projects/local-project", "service_ids": ids}
        finish(self.services.batch_enable_services(request=request))

    def run(self, job: CustomJob) -> CustomJob:
        """Create a job and wait for its end, and for its error if it did not succeed."""
        return self.ended(self.jobs.create_custom_job(parent=PARENT, custom_job=job).name)

    def ended(self, name: str) -> CustomJob:
        """Wait for a job's end, and for its error if it did not succeed."""

        def look() -> CustomJob | None:
            job = self.jobs.get_custom_job(name=name)
            good = job.state == JobState.JOB_STATE_SUCCEEDED or job.error.code
            return job if job.state in ENDED and good else None

        found: CustomJob = until(look, f"the end of {name}")
        return found

    def reached(self, name: str, state: int) -> CustomJob:
        """Wait for a state."""

        def look() -> CustomJob | None:
            job = self.jobs.get_custom_job(name=name)
            return job if job.state == state else None

        found: CustomJob = until(look, f"state {state} of {name}")
        return found

    def entries(self, filter_: str = "", **fields: Any) -> list[LogEntry]:
        """All entries that pass a filter, in order."""
        request = {"resource_names": ["projects/local-project"], "filter": filter_, **fields}
        return list(self.logs.list_log_entries(request=request))

    def lines(self, job: CustomJob, task: str = "workerpool0-0") -> list[str]:
        """What a replica printed, or the service said."""
        filter_ = f'resource.labels.job_id="{job_id(job)}" AND resource.labels.task_name="{task}"'
        return [text(entry) for entry in self.entries(filter_, page_size=1000)]


def storage_client(server: Server) -> storage.Client:
    """Google's own client of Storage, as the owner."""
    return storage.Client(
        project="local-project",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": server.record.http_url},
    )


def logging_client(server: Server) -> Any:
    """Google's high-level client of Logging over HTTP, as the owner."""
    return cloud_logging.Client(
        project="local-project",
        credentials=AnonymousCredentials(),
        _use_grpc=False,
        client_options={"api_endpoint": server.record.http_url},
    )


def winners(bucket: storage.Bucket, writers: int, tries: int) -> list[int]:
    """Which of many tries to create the object `one` succeed, each with its number as the content."""

    def write(number: int) -> int | None:
        try:
            bucket.blob("one").upload_from_string(str(number), if_generation_match=0)
        except PreconditionFailed:
            return None
        return number

    with ThreadPoolExecutor(writers) as pool:
        return [number for number in pool.map(write, range(tries)) if number is not None]


def finish(operation: Any) -> Any:
    """Wait for a long-running operation's result."""
    return operation.result(timeout=PATIENCE)


def job_id(job: CustomJob) -> str:
    """The last part of a job's name."""
    return str(job.name.rpartition("/")[2])


def text(entry: LogEntry) -> str:
    """An entry's message."""
    return str(entry.text_payload or entry.json_payload["message"])
