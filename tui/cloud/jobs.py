"""Custom jobs: `google.cloud.aiplatform.v1.JobService`, in one project and region."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from functools import lru_cache
from typing import Any

from google.cloud.aiplatform_v1.services.job_service import JobServiceAsyncClient, JobServiceClient
from google.cloud.aiplatform_v1.services.job_service.transports.grpc_asyncio import (
    JobServiceGrpcAsyncIOTransport,
)
from google.cloud.aiplatform_v1.types import (
    AcceleratorType,
    CancelCustomJobRequest,
    CreateCustomJobRequest,
    CustomJob,
    DeleteCustomJobRequest,
    GetCustomJobRequest,
    ListCustomJobsRequest,
    Scheduling,
)
from google.cloud.aiplatform_v1.types import (
    JobState as WireState,
)
from google.protobuf.field_mask_pb2 import FieldMask  # type: ignore[attr-defined]  # made at run time
from google.protobuf.json_format import MessageToDict, ParseError, SerializeToJsonError

from tui.cloud import wording
from tui.cloud.connection import Connection, project_of, region_of
from tui.cloud.error_details import Details
from tui.cloud.generated import rest_client
from tui.cloud.operations import finished
from tui.cloud.service import Service, method
from tui.domain.jobs import Job, JobError, JobPage, JobState, WorkerPool

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
        return JobPage(tuple(map(_job, page.custom_jobs.pb)), page.next_page_token)

    async def get_job(self, name: str) -> Job:
        """`GetCustomJob`."""
        request = GetCustomJobRequest(name=name)
        return _job(CustomJob.pb(await self._service.read(method("get_custom_job", request))))

    async def create_job(self, custom_job: Mapping[str, Any]) -> Job:
        """`CreateCustomJob` with a CustomJob in the API's JSON form; sent once, never retried."""
        try:
            message = CustomJob.from_json(json.dumps(custom_job))
        except (ParseError, TypeError, ValueError) as error:
            raise wording.invalid(Details("INVALID_ARGUMENT", str(error))) from error
        request = CreateCustomJobRequest(parent=self._parent, custom_job=message)
        made = await self._service.write(method("create_custom_job", request), timeout=CREATE_TIMEOUT)
        return _job(CustomJob.pb(made))

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
        return _field(self._message, key)

    def __contains__(self, key: object) -> bool:
        return key in _fields(self._message)

    def __iter__(self) -> Iterator[str]:
        return iter(_fields(self._message))

    def __len__(self) -> int:
        return len(_fields(self._message))


@lru_cache(maxsize=256)
def _fields(message: bytes) -> tuple[str, ...]:
    """The names of the fields that are set, found without making anything of them readable."""
    return tuple(field.json_name for field, _ in CustomJob.pb().FromString(message).ListFields())


@lru_cache(maxsize=256)
def _field(message: bytes, key: str) -> Any:  # noqa: ANN401 (JSON)
    """One field in JSON form, None if it has none: the spec is most of a job, and few are looked into.

    Raises:
        KeyError: it is not set.
    """
    if key not in _fields(message):
        raise KeyError(key)
    part = CustomJob.pb().FromString(message)
    for field, _ in part.ListFields():
        if field.json_name != key:
            part.ClearField(field.name)
    return _as_json(part).get(key)


def _as_json(message: Any) -> dict[str, Any]:  # noqa: ANN401 (a plain message, without the wrapper of proto-plus)
    """The JSON form; what has none, such as times beyond all years and types of a newer API, is left out."""
    try:
        found: dict[str, Any] = MessageToDict(message)
    except _NO_JSON:
        _leave_out(message)
        found = MessageToDict(message)
    return found


_NO_JSON = (SerializeToJsonError, TypeError, ValueError, OverflowError)
"""What the library raises for such values."""


def _leave_out(message: Any) -> None:  # noqa: ANN401 (as above)
    """Clear what has no JSON form, as little of the message as possible."""
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if hasattr(value, "DESCRIPTOR"):
            if not _has_json(value):
                message.ClearField(field.name)
        elif field.message_type.GetOptions().map_entry:
            messages = {key: each for key, each in value.items() if hasattr(each, "DESCRIPTOR")}
            for key in [key for key, each in messages.items() if not _has_json(each)]:
                del value[key]
        else:
            kept = [each for each in value if _has_json(each)]
            del value[:]
            value.extend(kept)


def _has_json(part: Any) -> bool:  # noqa: ANN401 (as above)
    """Whether a message has a JSON form, once those parts of it that have none are left out."""
    if not part.DESCRIPTOR.full_name.startswith("google.protobuf."):
        _leave_out(part)
        return True
    try:
        MessageToDict(part)
    except _NO_JSON:
        return False
    return True


def _job(message: Any) -> Job:  # noqa: ANN401 (the plain message, without the wrapper of proto-plus)
    """The job, read out of the message itself; `job_from_json` of its JSON form is the same, but slow."""
    spec, error = message.job_spec, message.error
    return Job(
        name=message.name,
        display_name=message.display_name,
        state=_STATES.get(message.state, JobState.UNKNOWN),
        create_time=_time(message, "create_time"),
        start_time=_time(message, "start_time"),
        end_time=_time(message, "end_time"),
        update_time=_time(message, "update_time"),
        error=JobError(error.code, error.message) if error.code or error.message or error.details else None,
        labels={sys.intern(key): sys.intern(value) for key, value in message.labels.items()},
        pools=tuple(map(_pool, spec.worker_pool_specs)),
        service_account=sys.intern(spec.service_account),
        output_uri=spec.base_output_directory.output_uri_prefix,
        strategy=_strategy(spec.scheduling.strategy),
        held=bool(spec.persistent_resource_id),
        raw=_Raw(message.SerializeToString()),
    )


_STATES = {
    int(state): JobState.from_wire(state.name)
    for state in WireState  # type: ignore[attr-defined]  # proto-plus does not tell that it is an enum
}


def _pool(message: Any) -> WorkerPool:  # noqa: ANN401 (as above)
    machine, disk = message.machine_spec, message.disk_spec
    return _same_pool(
        machine.machine_type,
        _accelerator(machine.accelerator_type),
        machine.accelerator_count,
        message.replica_count,
        message.container_spec.image_uri or message.python_package_spec.executor_image_uri,
        machine.tpu_topology,
        disk.boot_disk_type,
        disk.boot_disk_size_gb,
    )


@lru_cache(maxsize=4096)
def _same_pool(*fields: Any) -> WorkerPool:  # noqa: ANN401 (those of the class, in its order)
    """One object for all equal pools: few kinds of machines make up many jobs."""
    return WorkerPool(*fields)


@lru_cache(maxsize=256)
def _accelerator(number: int) -> str:
    return _enum_name(AcceleratorType, number)


@lru_cache(maxsize=256)
def _strategy(number: int) -> str:
    return _enum_name(Scheduling.Strategy, number)


def _enum_name(kind: Any, number: int) -> str:  # noqa: ANN401 (an enum of proto-plus)
    """The name in JSON form: none for the unspecified value, the number for one of a newer API."""
    try:
        return kind(number).name if number else ""
    except ValueError:
        return str(number)


def _time(message: Any, name: str) -> datetime | None:  # noqa: ANN401 (as above)
    if not message.HasField(name):
        return None
    try:
        found: datetime = getattr(message, name).ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return found if MINYEAR < found.year < MAXYEAR else None  # no zone could show the others
