"""Jobs of many regions and a storage, in memory, behind the gateway's interface."""

from __future__ import annotations

import asyncio
from typing import cast

from tests.services.storage_world import StorageWorld
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job, JobPage, JobState
from tui.domain.places import Place
from tui.domain.target import LocalEndpoint, Target

REFUSED = CloudError("Refused", "Invalid filter", kind=ErrorKind.INVALID)
DENIED = CloudError("You may not", "denied", kind=ErrorKind.DENIED)


class PlaceJobs:
    """The jobs of one place; every call is noted in its world."""

    def __init__(self, world: SpendWorld, place: Place) -> None:
        self._world = world
        self._place = place

    async def list_jobs(
        self, *, page_size: int = 100, page_token: str = "", filter_: str = "", brief: bool = False
    ) -> JobPage:
        assert not brief
        return await self._world.page(self._place, int(page_token or 0), page_size, filter_)

    async def get_job(self, name: str) -> Job:
        return next(job for job in self._world.jobs_in[self._place] if job.name == name)

    async def cancel_job(self, name: str) -> None:
        self._world.cancelled.append(name)


class SpendWorld:
    """A gateway of which jobs and storage of all places are used."""

    def __init__(self, project: str = "kelp-train", region: str = "europe-west4") -> None:
        self.target = Target(project, region, local=LocalEndpoint("unix:/nowhere", "http://127.0.0.1:1"))
        self.storage = StorageWorld()
        self.jobs_in: dict[Place, list[Job]] = {}
        self.troubles: dict[Place, CloudError] = {}
        self.filters = True
        """Whether filters are understood."""
        self.calls: list[Place] = []
        self.cancelled: list[str] = []
        self.at_once = self.most_at_once = 0
        self.page_size = 100
        self.gates: dict[Place, asyncio.Event] = {}
        """Calls for these places wait."""

    def elsewhere(self, place: Place) -> Gateway:
        return cast("Gateway", _There(self, place))

    def put(self, place: Place, number: int, state: JobState = JobState.RUNNING) -> Job:
        name = f"projects/1/locations/{place.region}/customJobs/{number}"
        job = Job(name, f"job-{number}", state)
        self.jobs_in.setdefault(place, []).append(job)
        return job

    async def page(self, place: Place, start: int, size: int, filter_: str) -> JobPage:
        self.calls.append(place)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0)
            if place in self.gates:
                await self.gates[place].wait()
        finally:
            self.at_once -= 1
        if place in self.troubles:
            raise self.troubles[place]
        if filter_ and not self.filters:
            raise REFUSED
        jobs = [job for job in self.jobs_in.get(place, []) if job.state.live or not filter_]
        end = start + min(size, self.page_size)
        return JobPage(tuple(jobs[start:end]), str(end) if end < len(jobs) else "")


class _There:
    def __init__(self, world: SpendWorld, place: Place) -> None:
        self.jobs = PlaceJobs(world, place)
        self.storage = world.storage
        self.target = world.target
