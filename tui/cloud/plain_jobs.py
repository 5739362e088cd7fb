"""Custom jobs over plain REST, for commands that end soon.

The generated client takes longer to import (1.5 s) than it takes to list a thousand jobs in this way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from google.rpc import status_pb2

from tui.cloud.connection import Connection, project_of, region_of
from tui.cloud.errors import to_cloud_error
from tui.cloud.operations import failure, until_done
from tui.cloud.plain_rest import PlainRest
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.jobs import Job, JobPage, job_from_json

DELETE_WITHIN = 120.0
"""Seconds for the operation of a delete."""
_RECORD = "name,displayName,state,createTime,startTime,endTime,updateTime,error,labels"
_MACHINES = (
    "jobSpec(persistentResourceId,scheduling/strategy,workerPoolSpecs(replicaCount,machineSpec,diskSpec))"
)
BRIEF = f"nextPageToken,customJobs({_RECORD},{_MACHINES})"
"""The system parameter `fields` for a list without what is run: of a record that is most of it."""


class PlainJobs:
    """`tui.domain.gateway.JobsGateway` over REST alone."""

    def __init__(self, connection: Connection) -> None:
        self._target = connection.target
        self._rest = PlainRest(connection, f"{self._target.region}-aiplatform.googleapis.com")
        self._knows_fields = True

    def close(self) -> None:
        """Close idle connections."""
        self._rest.close()

    async def list_jobs(
        self, *, page_size: int = 100, page_token: str = "", filter_: str = "", brief: bool = False
    ) -> JobPage:
        """One page of `ListCustomJobs`; `brief` leaves out what is run, not on what machines."""
        given = {"pageSize": str(page_size), "pageToken": page_token, "filter": filter_}
        query = {name: value for name, value in given.items() if value}
        if brief and self._knows_fields:
            query["fields"] = BRIEF
        try:
            page = await self._rest.get(f"v1/{self._parent}/customJobs", query)
        except CloudError as error:
            if error.kind is not ErrorKind.INVALID or "fields" not in query or filter_ or page_token:
                raise
            # Whether every front end takes `fields` is not documented; the whole record is as good.
            self._knows_fields = False
            del query["fields"]
            page = await self._rest.get(f"v1/{self._parent}/customJobs", query)
        found = page.get("customJobs")
        jobs = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
        return JobPage(tuple(map(job_from_json, jobs)), str(page.get("nextPageToken") or ""))

    async def get_job(self, name: str) -> Job:
        """`GetCustomJob`."""
        return job_from_json(await self._rest.get(f"v1/{_path(name)}"))

    async def create_job(self, custom_job: Mapping[str, Any]) -> Job:
        """`CreateCustomJob` with a CustomJob in the API's JSON form; sent once, never retried."""
        return job_from_json(await self._rest.post(f"v1/{self._parent}/customJobs", custom_job))

    async def cancel_job(self, name: str) -> None:
        """`CancelCustomJob`: asks only, the job ends later."""
        await self._rest.post(f"v1/{_path(name)}:cancel", {})

    async def delete_job(self, name: str) -> None:
        """`DeleteCustomJob`, until its long-running operation has ended."""
        operation = await self._rest.delete(f"v1/{_path(name)}")
        await _finished(self._rest, operation)

    @property
    def _parent(self) -> str:
        return f"projects/{project_of(self._target)}/locations/{region_of(self._target)}"


def _path(name: str) -> str:
    return quote(name, safe="/:.")


async def _finished(rest: PlainRest, operation: dict[str, Any]) -> None:
    """Wait for a long-running operation.

    Raises:
        CloudError: it failed, could not be read, or was not done in time.
    """
    name = str(operation.get("name", ""))
    operation = await until_done(
        operation,
        lambda each: each.get("done"),
        lambda: rest.get(f"v1/{_path(name)}"),
        name=name,
        within=DELETE_WITHIN,
    )
    if isinstance(error := operation.get("error"), dict):
        status = status_pb2.Status(code=int(error.get("code", 2)), message=str(error.get("message", "")))
        raise to_cloud_error(failure(status))
