"""The places whose jobs a command looks at, and all jobs of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway, HeadlessGateway, JobsGateway
from tui.domain.joblist.homes import parent_of
from tui.domain.jobs import Job, JobState
from tui.domain.places import Place, read_places
from tui.domain.setup.needs import in_use
from tui.services.jobwatch import newest_first
from tui.services.options import AppOptions

LIVE = " AND ".join(f'state!="{state.wire}"' for state in JobState if state.terminal)
"""The filter of live jobs: states that a newer API may have count as live, so it tells what is not."""
_PATIENCE = 5.0
"""Seconds that a look at the quota may take."""


def places_of(gateway: HeadlessGateway, options: AppOptions) -> tuple[Place, ...]:
    """The place of the command line, then those of the setting `jobs.places`, as in the app's list."""
    first = Place(gateway.target.project, gateway.target.region)
    return read_places(first, options.settings.jobs_places)


@dataclass(frozen=True, slots=True)
class Listed:
    """The jobs of several places."""

    jobs: tuple[Job, ...] = ()
    """Newest first."""
    homes: Mapping[str, Place] = field(default_factory=dict)
    """The place of each parent of jobs; see `tui.domain.joblist.homes`."""
    troubles: Mapping[Place, CloudError] = field(default_factory=dict)
    """Places that could not be read, and why."""

    def project_of(self, job: Job) -> str:
        """The id of a job's project, as the place was written."""
        home = self.homes.get(parent_of(job))
        return home.project if home is not None else ""


async def list_places(
    gateway: HeadlessGateway, places: tuple[Place, ...], *, filter_: str = "", brief: bool = True
) -> Listed:
    """All jobs of all places, read side by side; `filter_` may be left unheeded by a service that refuses it.

    Raises:
        CloudError: no place at all could be read.
    """
    reads = (_all_jobs(gateway.elsewhere(place).jobs, filter_, brief=brief) for place in places)
    found = await asyncio.gather(*reads, return_exceptions=True)
    jobs: dict[str, Job] = {}
    homes: dict[str, Place] = {}
    troubles: dict[Place, CloudError] = {}
    for place, result in zip(places, found, strict=True):
        if isinstance(result, CloudError):
            troubles[place] = result
        elif isinstance(result, BaseException):
            raise result
        else:
            jobs.update((job.name, job) for job in result)
            homes.update((parent_of(job), place) for job in result[:1] if parent_of(job) not in homes)
    if troubles and len(troubles) == len(places):
        raise next(iter(troubles.values()))
    return Listed(newest_first(jobs.values()), homes, troubles)


async def quota_in_use(gateway: Gateway) -> Mapping[str, int]:
    """What the living jobs of the target hold of each quota; nothing where that cannot be read soon."""
    place = Place(gateway.target.project, gateway.target.region)
    with suppress(CloudError, TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            jobs = await _all_jobs(gateway.jobs, LIVE, brief=False)
            return in_use(jobs, place, {parent_of(job): place for job in jobs})
    return {}


async def _all_jobs(gateway: JobsGateway, filter_: str, *, brief: bool) -> list[Job]:
    jobs: list[Job] = []
    token = ""
    while True:
        try:
            page = await gateway.list_jobs(page_token=token, filter_=filter_, brief=brief)
        except CloudError as error:
            if error.kind is not ErrorKind.INVALID or not filter_ or token:
                raise
            filter_ = ""  # it only saves work: what it means is applied again to what comes
            continue
        jobs += page.jobs
        token = page.next_page_token
        if not token:
            return jobs
