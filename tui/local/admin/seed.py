"""`/_local/seed`: take over made-up histories, and remove them again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from aiohttp import web

from tui.local.admin.front import AdminError, AdminHandler, read_object
from tui.local.admin.recordings import enable_needed
from tui.local.recordings.staging import Staged, StagedJob
from tui.local.seed.histories import LABEL, Plan
from tui.local.seed.outputs import clear_objects, seed_objects
from tui.local.state.database import Database
from tui.local.state.entries import Entries
from tui.local.state.jobs import JobRow, Jobs, Run
from tui.local.state.project import ProjectState
from tui.local.storage.errors import StorageError
from tui.local.storage.objects import ObjectStore
from tui.local.wire import gtypes

PATH = "seed"
_SLICE = 100
"""Jobs stored or removed in one go, for which nothing else happens."""
_MINE = (
    "SELECT id FROM jobs JOIN job_labels ON job_id = id AND key = ? AND value = 'true'"
    " WHERE json_extract(run, '$.recorded')"
)


class SeedPart:
    """The admin API of made-up histories."""

    def __init__(
        self,
        data_dir: Path,
        database: Database,
        *,
        jobs: Jobs,
        entries: Entries,
        objects: ObjectStore,
        project: ProjectState,
    ) -> None:
        self._data_dir = data_dir
        self._database = database
        self._jobs = jobs
        self._entries = entries
        self._objects = objects
        self._project = project

    def routes(self) -> Iterable[tuple[str, str, AdminHandler]]:
        """The routes of this part."""
        return [
            ("GET", PATH, self._get),
            ("POST", PATH + "/history", self._take_history),
            ("POST", PATH + "/objects", self._make_objects),
            ("DELETE", PATH, self._clear),
        ]

    def _mine(self) -> list[str]:
        return [row[0] for row in self._database.connection.execute(_MINE, (LABEL,))]

    async def _get(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"jobs": len(self._mine())})

    async def _take_history(self, request: web.Request) -> web.StreamResponse:
        """`{"staged": NAME}`: jobs and entries of a staged file, which is removed."""
        content = await read_object(request)
        try:
            staged = Staged(self._data_dir, str(content.get("staged")))
        except ValueError as error:
            raise AdminError(str(error)) from error
        try:
            enable_needed(self._project)
            jobs = await self._store_jobs(list(staged.jobs()))
            entries = await self._entries.append_many(staged.entries())
        finally:
            staged.remove()
        return web.json_response({"jobs": jobs, "entries": entries})

    async def _store_jobs(self, jobs: list[StagedJob]) -> int:
        known = self._database.connection
        for job in jobs:
            if known.execute("SELECT 1 FROM jobs WHERE id = ?", (job.job_id,)).fetchone():
                raise AdminError(
                    f"job {job.job_id} of this seed is there already; take another --seed, or remove all "
                    "that was made up with --clear",
                    409,
                )
        left = iter(jobs)
        while batch := list(islice(left, _SLICE)):
            self._jobs.add_many([_row(job) for job in batch])
            await asyncio.sleep(0)
        return len(jobs)

    async def _make_objects(self, request: web.Request) -> web.StreamResponse:
        """The fields of a `Plan`."""
        content = await read_object(request)
        plan = _plan(content)
        try:
            count = await asyncio.to_thread(seed_objects, self._objects, plan)
        except StorageError as error:
            raise AdminError(f"bucket {plan.bucket}: {error}", 409) from error
        return web.json_response({"objects": count})

    async def _clear(self, _request: web.Request) -> web.StreamResponse:
        jobs = self._mine()
        left = iter(jobs)
        while batch := list(islice(left, _SLICE)):
            with self._database.transaction():
                for job_id in batch:
                    self._jobs.delete(job_id)
            await asyncio.sleep(0)
        entries = await self._entries.delete_of_jobs(jobs)
        objects = await asyncio.to_thread(clear_objects, self._objects)
        return web.json_response({"jobs": len(jobs), "entries": entries, "objects": objects})


def _row(job: StagedJob) -> JobRow:
    return JobRow(job.job_id, job.region, gtypes.CustomJob.FromString(job.data), Run(recorded=True))


def _plan(content: dict[str, Any]) -> Plan:
    try:
        return Plan(**{**content, "regions": tuple(content["regions"])})
    except (TypeError, KeyError) as error:
        raise AdminError(f"not a plan: {error}") from error
