"""Where a job lives, told by its resource name and by the places that were listed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tui.domain.jobs import Job
from tui.domain.places import Place

_PARENT = re.compile(r"projects/(?P<project>[a-z0-9.:-]{1,100})/locations/(?P<region>[a-z0-9-]{1,60})")


def parent_of(job: Job) -> str:
    """The resource that a job belongs to, `projects/NUMBER/locations/REGION`."""
    return job.name.rpartition("/customJobs/")[0]


def place_of(job: Job, homes: Mapping[str, Place]) -> Place | None:
    """The project and region that a job's calls have to go to; None for a name that tells neither.

    `homes` are the places by the parents of their jobs (`JobsSnapshot.homes`): a record only knows its
    project's number. Where none of that project is known the number stands for it, as in resource names.
    """
    if (home := homes.get(parent_of(job))) is not None:
        return home
    found = _PARENT.fullmatch(parent_of(job))
    if found is None:
        return None
    beginning = f"projects/{found['project']}/"
    known = (place.project for parent, place in homes.items() if parent.startswith(beginning))
    return Place(next(known, found["project"]), found["region"])


def of_project(jobs: Iterable[Job], project: str, homes: Mapping[str, Place]) -> tuple[Job, ...]:
    """The jobs of one project, named as in `homes`: others hold quota of their own."""
    places = ((job, place_of(job, homes)) for job in jobs)
    return tuple(job for job, place in places if place is not None and place.project == project)


def is_number(project: str) -> bool:
    """Whether a project is named by its number, not by its id (an id begins with a letter)."""
    return project.isdecimal()
