"""`google.cloud.aiplatform.v1.JobService`, custom jobs."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace

from tui.domain.catalog.quotas import DEFAULT_DISK_GB, default_disk
from tui.domain.regions import is_training_region
from tui.local import names
from tui.local.api import tokens
from tui.local.api.job_rates import JobRates
from tui.local.api.job_rules import check_custom_job
from tui.local.api.quota_check import QuotaCheck
from tui.local.clock import now_ns, stamp
from tui.local.filters.grammar import FilterError
from tui.local.filters.jobs import job_filter
from tui.local.gate import Gate
from tui.local.jobs.engine import Engine
from tui.local.project_rules import check_new_job
from tui.local.state.jobs import JobRow, Jobs, Run, State
from tui.local.state.operations import Operations
from tui.local.state.project import ProjectState
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code, denied, invalid
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call, Handler, Method, Need, Route

SERVICE = "google.cloud.aiplatform.v1.JobService"
_API = "aiplatform.googleapis.com"
_PARENT = "{parent=projects/*/locations/*}/customJobs"
_NAME = "{name=projects/*/locations/*/customJobs/*}"
_LOCATION = re.compile(r"projects/[^/]+/locations/([^/]+)")
_JOB = re.compile(r"projects/[^/]+/locations/[^/]+/customJobs/([^/]+)")
_PAGE = 100
"""Jobs of a page when the request names no size, and at most."""
_PAGE_BYTES = 3 * 1024 * 1024
"""A page ends early beyond that: gRPC clients take messages of 4 MiB."""


class VertexJobs:
    """Create, get, list, cancel and delete custom jobs."""

    def __init__(
        self,
        jobs: Jobs,
        operations: Operations,
        project: ProjectState,
        gate: Gate,
        engine: Engine,
        *,
        quota: QuotaCheck,
        rates: JobRates,
    ) -> None:
        self._jobs = jobs
        self._operations = operations
        self._project = project
        self._gate = gate
        self._engine = engine
        self._quota = quota
        self._rates = rates

    def methods(self) -> list[Method]:
        """The rows of the method table."""
        g = gtypes
        create = (g.CreateCustomJobRequest, g.CustomJob)
        listing = (g.ListCustomJobsRequest, g.ListCustomJobsResponse)
        delete = (g.DeleteCustomJobRequest, g.Operation)
        return [
            _row("CreateCustomJob", create, self._create, Route("POST", _PARENT, "custom_job")),
            _row("GetCustomJob", (g.GetCustomJobRequest, g.CustomJob), self._get, Route("GET", _NAME)),
            _row("ListCustomJobs", listing, self._list, Route("GET", _PARENT)),
            _row(
                "CancelCustomJob",
                (g.CancelCustomJobRequest, g.Empty),
                self._cancel,
                Route("POST", f"{_NAME}:cancel", "*"),
            ),
            _row("DeleteCustomJob", delete, self._delete, Route("DELETE", _NAME)),
        ]

    async def _create(self, request: Message, call: Call) -> Message:
        region = _region(request.parent)
        self._rates.submission(region)
        job = gtypes.CustomJob()
        job.CopyFrom(request.custom_job)
        check_custom_job(job, region)
        check_new_job(self._project.standing, job, region)
        self._check_account(job.job_spec.service_account, call)
        self._quota.require(job, region)
        job_id = str(secrets.randbelow(8 * 10**18) + 10**18)
        row = JobRow(job_id, region, _fresh(job, region, job_id), Run())
        self._project.make_agents()
        self._jobs.add(row)
        self._engine.start(row)
        return row.job

    def _check_account(self, email: str, call: Call) -> None:
        if not email:
            return
        permission = "iam.serviceAccounts.actAs"
        resource = f"//iam.googleapis.com/projects/{names.PROJECT_ID}/serviceAccounts/{email}"
        if self._project.account_exists(email) and self._gate.may_use(call.principal, email):
            return
        text = f"You do not have permission to act as service account: {email}. (or it may not exist)."
        raise ApiError(Code.PERMISSION_DENIED, text, denied(permission, resource).details)

    async def _get(self, request: Message, _call: Call) -> Message:
        self._rates.request(_region(request.name))
        return self._find(request.name).job

    async def _list(self, request: Message, _call: Call) -> Message:
        region = _region(request.parent)
        self._rates.request(region)
        if request.page_size < 0:
            raise invalid("page_size must not be negative.")
        try:
            condition = job_filter(request.filter)
        except FilterError as error:
            raise invalid(f"Invalid filter: {error}") from error
        mask = _mask(request.read_mask)
        size = min(request.page_size or _PAGE, _PAGE)
        position = tokens.read(request.page_token, region, request.filter, shape=(int, str))
        before = (int(position[0]), str(position[1])) if position else None
        found = self._jobs.page(region, before, condition, size + 1)
        response = gtypes.ListCustomJobsResponse()
        left = _PAGE_BYTES
        for place, data in found[:size]:
            left -= 0 if mask else len(data)
            if left < 0 and response.custom_jobs:
                break
            _add(response.custom_jobs, data, mask)
            last = place
        if len(response.custom_jobs) < len(found):
            response.next_page_token = tokens.make(list(last), region, request.filter)
        return response

    async def _cancel(self, request: Message, _call: Call) -> Message:
        self._rates.request(_region(request.name))
        row = self._find(request.name)
        if not row.live:
            raise ApiError(
                Code.FAILED_PRECONDITION,
                f'The CustomJob "{row.job.name}" cannot be cancelled: its state is {_state_name(row)}.',
            )
        self._engine.cancel(row.job_id)
        return gtypes.Empty()

    async def _delete(self, request: Message, _call: Call) -> Message:
        self._rates.submission(_region(request.name))
        row = self._find(request.name)
        if row.live:
            raise ApiError(
                Code.FAILED_PRECONDITION,
                f'The CustomJob "{row.job.name}" cannot be deleted: its state is {_state_name(row)}. '
                "Cancel it first.",
            )
        await self._engine.forget(row.job_id)
        self._jobs.delete(row.job_id)
        metadata = gtypes.DeleteOperationMetadata()
        stamp(metadata.generic_metadata.create_time, now_ns())
        stamp(metadata.generic_metadata.update_time, now_ns())
        parent = f"projects/{names.PROJECT_NUMBER}/locations/{row.region}/operations/"
        return self._operations.add(parent, gtypes.Empty(), metadata)

    def _find(self, name: str) -> JobRow:
        region = _region(name)
        found = _JOB.fullmatch(name)
        row = (self._engine.row(found[1]) or self._jobs.find(found[1], region)) if found else None
        if row is None or row.region != region:
            raise ApiError(Code.NOT_FOUND, f'The CustomJob "{name}" does not exist.')
        return row


def _row(name: str, types: tuple[Message, Message], handler: Handler, route: Route) -> Method:
    permission = f"aiplatform.customJobs.{name.removesuffix('s').removesuffix('CustomJob').lower()}"
    routes = tuple(replace(route, template=f"/{version}/{route.template}") for version in ("v1", "v1beta1"))
    return Method(SERVICE, name, *types, handler, routes, Need(_API, permission, _resource))


def _resource(request: Message) -> str:
    return str(getattr(request, "parent", "") or getattr(request, "name", ""))


def _region(name: str) -> str:
    found = _LOCATION.match(name)
    region = found[1] if found else ""
    if not is_training_region(region):
        raise ApiError(Code.NOT_FOUND, f"Location {region} is not found or access is unauthorized.")
    return region


def _state_name(row: JobRow) -> str:
    return str(State(row.job.state).name)


def _fresh(job: Message, region: str, job_id: str) -> Message:
    """The job as it is stored: output fields are the server's own."""
    for output in ("start_time", "end_time", "error", "web_access_uris", "satisfies_pzs", "satisfies_pzi"):
        job.ClearField(output)
    job.name = f"projects/{names.PROJECT_NUMBER}/locations/{region}/customJobs/{job_id}"
    job.state = State.JOB_STATE_QUEUED
    now = now_ns()
    stamp(job.create_time, now)
    stamp(job.update_time, now)
    _fill_defaults(job.job_spec)
    output_directory = job.job_spec.base_output_directory
    if output_directory.output_uri_prefix and not output_directory.output_uri_prefix.endswith("/"):
        output_directory.output_uri_prefix += "/"
    return job


def _fill_defaults(spec: Message) -> None:
    """What the service puts where a spec is silent."""
    for pool in spec.worker_pool_specs:
        if pool.WhichOneof("task"):
            disk = pool.disk_spec
            disk.boot_disk_type = disk.boot_disk_type or default_disk(pool.machine_spec.machine_type)
            disk.boot_disk_size_gb = disk.boot_disk_size_gb or DEFAULT_DISK_GB


def _mask(mask: Message) -> Message | None:
    """The mask to apply, if any; its paths may begin with `custom_jobs.`.

    Raises:
        ApiError: INVALID_ARGUMENT: a path that no job has.
    """
    if not mask.paths or "*" in mask.paths:
        return None
    plain = gtypes.FieldMask(paths=[path.removeprefix("custom_jobs.") for path in mask.paths])
    if not plain.IsValidForDescriptor(gtypes.CustomJob.DESCRIPTOR):
        raise invalid(f"Invalid read_mask: {', '.join(mask.paths)}.")
    return plain


def _add(jobs: Message, data: bytes, mask: Message | None) -> None:
    if mask is None:
        jobs.add().ParseFromString(data)
    else:
        mask.MergeMessage(gtypes.CustomJob.FromString(data), jobs.add())
