"""`google.cloud.aiplatform.v1.JobService`, custom jobs."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace

from tui.local import names
from tui.local.api import tokens
from tui.local.api.job_rules import check_custom_job
from tui.local.clock import now_ns, stamp, unstamp
from tui.local.filters.grammar import FilterError
from tui.local.filters.jobs import job_filter
from tui.local.gate import Gate
from tui.local.jobs.engine import Engine
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


class VertexJobs:
    """Create, get, list, cancel and delete custom jobs."""

    def __init__(
        self, jobs: Jobs, operations: Operations, project: ProjectState, gate: Gate, engine: Engine
    ) -> None:
        self._jobs = jobs
        self._operations = operations
        self._project = project
        self._gate = gate
        self._engine = engine

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
        job = gtypes.CustomJob()
        job.CopyFrom(request.custom_job)
        check_custom_job(job)
        self._check_account(job.job_spec.service_account, call)
        job_id = str(secrets.randbelow(8 * 10**18) + 10**18)
        row = JobRow(job_id, region, _fresh(job, region, job_id), Run())
        self._jobs.add(row)
        self._engine.start(row)
        return row.job

    def _check_account(self, email: str, call: Call) -> None:
        if not email:
            return
        text = f"You do not have permission to act as service account: {email}. (or it may not exist)."
        try:
            self._gate.require(
                call.principal, "iam.serviceAccounts.actAs", f"//iam.googleapis.com/{_account_name(email)}"
            )
        except ApiError as error:
            raise ApiError(Code.PERMISSION_DENIED, text, error.details) from error
        if not self._project.account_exists(email):
            refusal = denied("iam.serviceAccounts.actAs", f"//iam.googleapis.com/{_account_name(email)}")
            raise ApiError(Code.PERMISSION_DENIED, text, refusal.details)

    async def _get(self, request: Message, _call: Call) -> Message:
        return self._find(request.name).job

    async def _list(self, request: Message, _call: Call) -> Message:
        region = _region(request.parent)
        if request.page_size < 0:
            raise invalid("page_size must not be negative.")
        try:
            matches = job_filter(request.filter)
        except FilterError as error:
            raise invalid(f"Invalid filter: {error}") from error
        size = min(request.page_size or _PAGE, _PAGE)
        position = tokens.read(request.page_token, region, request.filter)
        response = gtypes.ListCustomJobsResponse()
        before = (int(position[0]), str(position[1])) if position else None
        for job in self._jobs.newest_first(region, before):
            if not matches(job):
                continue
            if len(response.custom_jobs) == size:
                last = response.custom_jobs[-1]
                place = [unstamp(last.create_time), last.name.rpartition("/")[2]]
                response.next_page_token = tokens.make(place, region, request.filter)
                break
            response.custom_jobs.append(job)
        _apply_mask(response.custom_jobs, request.read_mask)
        return response

    async def _cancel(self, request: Message, _call: Call) -> Message:
        row = self._find(request.name)
        if not row.live:
            raise ApiError(
                Code.FAILED_PRECONDITION,
                f'The CustomJob "{row.job.name}" cannot be cancelled: its state is {_state_name(row)}.',
            )
        self._engine.cancel(row.job_id)
        return gtypes.Empty()

    async def _delete(self, request: Message, _call: Call) -> Message:
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
    if region not in names.REGIONS:
        raise ApiError(Code.NOT_FOUND, f"Location {region} is not found or access is unauthorized.")
    return region


def _account_name(email: str) -> str:
    return f"projects/{names.PROJECT_ID}/serviceAccounts/{email}"


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
            pool.disk_spec.boot_disk_type = pool.disk_spec.boot_disk_type or "pd-ssd"
            pool.disk_spec.boot_disk_size_gb = pool.disk_spec.boot_disk_size_gb or 100


def _apply_mask(jobs: Message, mask: Message) -> None:
    if not mask.paths or "*" in mask.paths:
        return
    plain = gtypes.FieldMask(paths=[path.removeprefix("custom_jobs.") for path in mask.paths])
    if not plain.IsValidForDescriptor(gtypes.CustomJob.DESCRIPTOR):
        raise invalid(f"Invalid read_mask: {', '.join(mask.paths)}.")
    for job in jobs:
        whole = gtypes.CustomJob()
        whole.CopyFrom(job)
        job.Clear()
        plain.MergeMessage(whole, job)
