"""Custom jobs: `google.cloud.aiplatform.v1.JobService`, in one project and region."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from google.cloud.aiplatform_v1.services.job_service import JobServiceAsyncClient, JobServiceClient
from google.cloud.aiplatform_v1.services.job_service.transports.grpc_asyncio import (
    JobServiceGrpcAsyncIOTransport,
)
from google.cloud.aiplatform_v1.types import (
    CancelCustomJobRequest,
    CreateCustomJobRequest,
    CustomJob,
    DeleteCustomJobRequest,
    GetCustomJobRequest,
    ListCustomJobsRequest,
)
from google.protobuf.field_mask_pb2 import FieldMask  # type: ignore[attr-defined]  # made at run time
from google.protobuf.json_format import ParseError

from tui.cloud import wording
from tui.cloud.connection import Connection, project_of, region_of
from tui.cloud.error_details import Details
from tui.cloud.generated import rest_client
from tui.cloud.operations import finished
from tui.cloud.service import Service, method
from tui.domain.jobs import Job, JobPage, job_from_json

CREATE_TIMEOUT = 60.0
"""Seconds for a submission, which must not be given up early: its outcome would be unknown."""

BRIEF = (
    "name",
    "display_name",
    "state",
    "create_time",
    "start_time",
    "end_time",
    "update_time",
    "error",
    "labels",
)
"""What of a job changes after its creation, and what it is found by."""

DELETE_WITHIN = 120.0
"""Seconds for the operation of a delete."""


class CloudJobs:
    """`tui.domain.gateway.JobsGateway` over Google's protocols."""

    def __init__(self, connection: Connection) -> None:
        self._target = connection.target
        self._service: Service[JobServiceAsyncClient, JobServiceClient] = Service(
            connection,
            f"{self._target.region}-aiplatform.googleapis.com",
            aio=lambda channel: JobServiceAsyncClient(
                transport=JobServiceGrpcAsyncIOTransport(channel=channel)
            ),
            rest=lambda url, found: rest_client(JobServiceClient, url, found),
            probe=lambda: method("list_custom_jobs", ListCustomJobsRequest(parent=self._parent, page_size=1)),
        )

    def close(self) -> None:
        """Close idle REST connections."""
        self._service.close()

    async def list_jobs(
        self, *, page_size: int = 100, page_token: str = "", filter_: str = "", brief: bool = False
    ) -> JobPage:
        """One page of `ListCustomJobs`; `brief` leaves out the jobs' specs (`read_mask`)."""
        request = ListCustomJobsRequest(
            parent=self._parent,
            page_size=page_size,
            page_token=page_token,
            filter=filter_,
            read_mask=FieldMask(paths=BRIEF) if brief else None,
        )
        page = await self._service.read(method("list_custom_jobs", request))
        # The pager hands on the fields of its first page; iterating it would fetch the others.
        return JobPage(tuple(_job(item) for item in page.custom_jobs), page.next_page_token)

    async def get_job(self, name: str) -> Job:
        """`GetCustomJob`."""
        request = GetCustomJobRequest(name=name)
        return _job(await self._service.read(method("get_custom_job", request)))

    async def create_job(self, custom_job: Mapping[str, Any]) -> Job:
        """`CreateCustomJob` with a CustomJob in the API's JSON form; sent once, never retried."""
        try:
            message = CustomJob.from_json(json.dumps(custom_job))
        except (ParseError, TypeError, ValueError) as error:
            raise wording.invalid(Details("INVALID_ARGUMENT", str(error))) from error
        request = CreateCustomJobRequest(parent=self._parent, custom_job=message)
        return _job(
            await self._service.write(
                method("create_custom_job", request),
                timeout=CREATE_TIMEOUT,
            )
        )

    async def cancel_job(self, name: str) -> None:
        """`CancelCustomJob`: asks only, the job ends later."""
        request = CancelCustomJobRequest(name=name)
        await self._service.write(method("cancel_custom_job", request))

    async def delete_job(self, name: str) -> None:
        """`DeleteCustomJob`, until its long-running operation has ended."""
        request = DeleteCustomJobRequest(name=name)
        future = await self._service.write(method("delete_custom_job", request))
        await finished(self._service, future.operation, within=DELETE_WITHIN)

    @property
    def _parent(self) -> str:
        return f"projects/{project_of(self._target)}/locations/{region_of(self._target)}"


class _Raw(Mapping[str, Any]):
    """A job in JSON form, kept as the message: thousands of jobs stay in memory, few are looked into."""

    __slots__ = ("_message",)

    def __init__(self, message: bytes) -> None:
        self._message = message

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 (JSON)
        return _json(self._message)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(_json(self._message))

    def __len__(self) -> int:
        return len(_json(self._message))


@lru_cache(maxsize=64)
def _json(message: bytes) -> dict[str, Any]:
    return _as_json(CustomJob.deserialize(message))


def _as_json(message: CustomJob) -> dict[str, Any]:
    found: dict[str, Any] = CustomJob.to_dict(
        message,
        use_integers_for_enums=False,
        preserving_proto_field_name=False,
        always_print_fields_with_no_presence=False,
    )
    return found


def _job(message: CustomJob) -> Job:
    return replace(job_from_json(_as_json(message)), raw=_Raw(CustomJob.serialize(message)))
