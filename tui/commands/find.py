"""The job that is meant: by its number, its full resource name, its display name or how that begins."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tui.cli_common import CommandLineError
from tui.commands.exits import Exit
from tui.commands.hints import command
from tui.commands.output import note, safe
from tui.commands.places import list_places, places_of
from tui.commands.session import sentence
from tui.commands.table import Column, table_lines
from tui.domain import text
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway, HeadlessGateway
from tui.domain.jobs import Job
from tui.domain.places import Place
from tui.services.options import AppOptions

_NAME = re.compile(
    r"projects/(?P<project>[a-z0-9.:-]{1,100})/locations/(?P<region>[a-z0-9-]{1,60})"
    r"/customJobs/(?P<number>[0-9]{1,30})"
)
_NUMBER = re.compile(r"[0-9]{1,30}")
MOST_NAMED = 10
"""Jobs that are listed when a name fits several."""


@dataclass(frozen=True, slots=True)
class Found:
    """A job, and where its calls go."""

    job: Job
    place: Place
    gateway: Gateway
    """Of that place."""


async def find_job(gateway: HeadlessGateway, options: AppOptions, wanted: str) -> Found:
    """The one job that is meant, as its record is now.

    Raises:
        CommandLineError: there is none, or more than one, which are listed then (status 1).
        CloudError: it could not be looked for.
    """
    if not wanted.strip():
        raise CommandLineError(f"an empty ID names no job; see {command('jobs')}")
    places, local = places_of(gateway, options), gateway.target.is_local
    if match := _NAME.fullmatch(wanted):
        project, region, number = match["project"], match["region"], match["number"]
        projects = dict.fromkeys([*(place.project for place in places), project])
        candidates = [Place(each, region) for each in projects]
        found = await _by_number(gateway, candidates, number, wanted)
        return _the_one(found, wanted, [Place(project, region)], local=local)
    if _NUMBER.fullmatch(wanted) and (found := await _by_number(gateway, places, wanted)):
        return _the_one(found, wanted, places, local=local)
    return await _by_name(gateway, places, wanted)


async def _by_number(
    gateway: HeadlessGateway, places: Sequence[Place], number: str, whole_name: str = ""
) -> list[Found]:
    """The jobs of a number, asked for in each place; of a whole name only that one."""

    async def ask(place: Place) -> Found | None:
        there = gateway.elsewhere(place)
        name = f"projects/{place.project}/locations/{place.region}/customJobs/{number}"
        try:
            job = await there.jobs.get_job(name)
        except CloudError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                return None
            raise
        same = whole_name in ("", name, job.name)
        return Found(job, place, there) if same else None

    results = await asyncio.gather(*map(ask, places), return_exceptions=True)
    by_name = {each.job.name: each for each in reversed(results) if isinstance(each, Found)}
    if not by_name:
        for result in results:
            if isinstance(result, BaseException):
                raise result
    return list(by_name.values())


def _the_one(found: Sequence[Found], wanted: str, places: Sequence[Place], *, local: bool) -> Found:
    if not found:
        raise _no_job(wanted, places, local=local)
    if len(found) > 1:
        raise _several([each.job for each in found], wanted)
    return found[0]


async def _by_name(gateway: HeadlessGateway, places: tuple[Place, ...], wanted: str) -> Found:
    quoted, beginning = json.dumps(wanted, ensure_ascii=False), json.dumps(f"{wanted}*", ensure_ascii=False)
    filter_ = f"display_name={quoted} OR display_name:{beginning}"
    listed = await list_places(gateway, places, filter_=filter_)
    fitting = [job for job in listed.jobs if job.display_name.startswith(wanted)]
    fitting = [job for job in fitting if job.display_name == wanted] or fitting
    for place, error in listed.troubles.items():
        note(f"{safe(place)} was not looked at: {sentence(error)}")
    if not fitting:
        raise _no_job(wanted, places, local=gateway.target.is_local)
    if len(fitting) > 1:
        raise _several(fitting, wanted)
    job = fitting[0]
    place = Place(listed.project_of(job), job.region)
    there = gateway.elsewhere(place)
    return Found(await there.jobs.get_job(job.name), place, there)


def _no_job(wanted: str, places: Sequence[Place], *, local: bool) -> CommandLineError:
    where = " or ".join(map(str, places))
    other = "another --region" if local else "another --region or --project"
    return CommandLineError(
        f"there is no job {safe(wanted)} in {safe(where)}; see {command('jobs')}, or name {other}, or "
        "its full resource name",
        Exit.FAILED,
    )


def _several(jobs: Sequence[Job], wanted: str) -> CommandLineError:
    now = datetime.now(UTC)
    shape = [
        Column("STATE"),
        Column("NAME", give=True),
        Column("REGION"),
        Column("AGE", right=True),
        Column("ID"),
    ]
    rows = [
        [
            f"{job.state.glyph} {job.state.word}",
            job.display_name,
            job.region,
            text.age((now - job.create_time).total_seconds()) if job.create_time else "–",
            job.job_id,
        ]
        for job in jobs[:MOST_NAMED]
    ]
    for line in table_lines(shape, rows, None):
        note(line)
    if (more := len(jobs) - MOST_NAMED) > 0:
        note(f"and {more} more")
    return CommandLineError(
        f"{safe(wanted)} may be any of {len(jobs)} jobs, listed above; name one by its ID", Exit.FAILED
    )
