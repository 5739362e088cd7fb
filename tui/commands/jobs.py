"""`vertex-tui jobs`: the jobs of all configured places."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from tui.cli_common import CommandLineError, common_options, merged_options
from tui.commands.exits import Exit
from tui.commands.output import is_terminal, note, safe, say_json
from tui.commands.places import LIVE, Listed, list_places, places_of
from tui.commands.session import run_lightly, sentence
from tui.commands.table import Cell, Column, say_table
from tui.commands.times import UNITS, rfc3339_of
from tui.domain.diagnosis.hiding import job_without, secrets_of_job, without_secrets
from tui.domain.gateway import HeadlessGateway
from tui.domain.joblist.columns import BY_KEY, Line, idle_columns
from tui.domain.joblist.listing import Known, Listing
from tui.domain.joblist.query import Query, read_query
from tui.domain.jobs import Job, JobState
from tui.services.options import AppOptions
from tui.services.submitter import submitter

COLOURS = {
    JobState.RUNNING: "green",
    JobState.SUCCEEDED: "green",
    JobState.FAILED: "red",
    JobState.EXPIRED: "red",
    JobState.PENDING: "yellow",
    JobState.QUEUED: "yellow",
    JobState.CANCELLING: "yellow",
    JobState.PARTIALLY_SUCCEEDED: "yellow",
}
"""As in the app; each state has a word and a glyph, too."""
_SHAPE = {
    "state": Column("STATE"),
    "name": Column("NAME", give=True),
    "machine": Column("MACHINE", give=True, drop=1),
    "project": Column("PROJECT"),
    "region": Column("REGION"),
    "age": Column("AGE", right=True, drop=2),
    "ran": Column("RAN", right=True, drop=3),
    "id": Column("ID"),
}
_FROM_LOGS = re.compile(r"(?:^|\s)-?(?:progress[<>=]|cause:)")
_AGE = re.compile(r"age<=?(\d{1,6}(?:\.\d{1,6})?)([smhdw]?)")
_UNITS = {"": 60, **UNITS}
MOST_OF_ERROR = 20_000
"""Characters of an error that are printed."""
_MARGIN = timedelta(minutes=5)
"""By how much this box's clock and the service's may differ."""


@click.command()
@click.option(
    "--state", "states", metavar="STATE", multiple=True, help="live, ended, running, failed, …; repeatable."
)
@click.option(
    "--filter", "filter_", metavar="QUERY", default="", help="As in the app: words, label:a=b, age<2d, -word."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, see docs/commands.md.")
@common_options
@click.pass_context
def jobs(
    ctx: click.Context,
    /,
    *,
    states: tuple[str, ...],
    filter_: str,
    as_json: bool,
    **given: Any,  # noqa: ANN401  # the common options
) -> Exit:
    """List the jobs of the project and region, and of the setting jobs.places, newest first.

    \b
    Examples:
      vertex-tui jobs --state live
      vertex-tui jobs --filter 'label:team=a age<2d' --json | jq -r '.[].id'
    """  # noqa: D301
    if not all(each.strip() for each in states):
        raise CommandLineError("an empty --state names none; say live, ended, running, failed, …")
    try:
        shlex.split(filter_)
    except ValueError:
        raise CommandLineError(
            f"--filter {safe(filter_)}: a quote is not closed; close it, or write \\ before it"
        ) from None
    wanted = f"state:{shlex.quote(','.join(states))} {filter_}" if states else filter_

    async def work(gateway: HeadlessGateway, options: AppOptions) -> Exit:
        query = read_query(wanted, me=submitter(options.settings.jobs_user))
        if query.problem:
            raise CommandLineError(safe(query.problem).rstrip("."))
        if _FROM_LOGS.search(wanted):
            note("progress and cause are told by logs, which are not read for a list: nothing matches them.")
        now = datetime.now(UTC)
        listed = await list_places(gateway, places_of(gateway, options), filter_=service_filter(wanted, now))
        _say(_chosen(listed, query, now), listed, now, as_json=as_json)
        for place, error in listed.troubles.items():
            note(f"{safe(place)}: {sentence(error)}")
        return Exit.FAILED if listed.troubles else Exit.OK

    return run_lightly(merged_options(ctx, given), work)


def _chosen(listed: Listed, query: Query, now: datetime) -> list[Job]:
    return list(Listing().found(query, Known(listed.jobs, {}, listed.project_of, None, now)))


def _say(chosen: list[Job], listed: Listed, now: datetime, *, as_json: bool) -> None:
    if as_json:
        say_json([job_summary(job, listed.project_of(job), now) for job in chosen])
        return
    if not chosen:
        note("No jobs." if not listed.jobs else "No job matches.")
        return
    idle = idle_columns(listed.jobs) & {"project", "region"}
    if not is_terminal(sys.stdout):
        idle -= {"region"}  # who reads a pipe counts columns
    keys = [key for key in _SHAPE if key not in idle]
    rows = (_row(Line(job, now, None, None, listed.project_of(job)), keys) for job in chosen)
    say_table([_SHAPE[key] for key in keys], rows)


def _row(line: Line, keys: Iterable[str]) -> list[str | Cell]:
    row: list[str | Cell] = []
    for key in keys:
        shown = line.project if key == "project" else BY_KEY[key].show(line)
        row.append(Cell(shown, COLOURS.get(line.job.state, "")) if key == "state" else shown)
    return row


def job_summary(job: Job, project: str, now: datetime) -> dict[str, object]:
    """A job of the list as `--json` prints it."""
    ran = job.duration(now)
    pool = job.pools[0] if job.pools else None
    error = job_without(job, secrets_of_job(job)).error
    return {
        "name": job.name,
        "id": job.job_id,
        "display_name": job.display_name,
        "state": job.state.wire,
        "project": project,
        "region": job.region,
        "machine_type": pool.machine_type if pool else None,
        "accelerator_type": (pool.accelerator_type or None) if pool else None,
        "accelerator_count": pool.accelerator_count if pool else 0,
        "replicas": sum(each.replica_count for each in job.pools),
        "create_time": rfc3339_of(job.create_time),
        "start_time": rfc3339_of(job.start_time),
        "end_time": rfc3339_of(job.end_time),
        "ran_seconds": round(ran.total_seconds(), 3) if ran is not None else None,
        "labels": dict(job.labels),
        "error": {"code": error.code, "message": without_secrets(error.message, MOST_OF_ERROR)}
        if error is not None
        else None,
    }


# What the service can leave out itself


def service_filter(wanted: str, now: datetime) -> str:
    """A filter for `ListCustomJobs` that lets through at least all that the query lets through."""
    try:
        words = shlex.split(wanted.lower())
    except ValueError:
        return ""
    terms = [term for word in words if (term := _term(word, now))]
    return " AND ".join(terms)


def _term(word: str, now: datetime) -> str:
    if word.startswith("state:"):
        return _states(word.removeprefix("state:").split(","))
    if match := _AGE.fullmatch(word):
        since = now - timedelta(seconds=min(float(match[1]) * _UNITS[match[2]], 3e9)) - _MARGIN
        return f'create_time>="{since:%Y-%m-%dT%H:%M:%SZ}"'
    return ""


def _states(values: Iterable[str]) -> str:
    found: list[str] = []
    for value in filter(None, values):
        if value in {"live", "active"}:
            found.append(f"({LIVE})")
        elif value in {"ended", "done"}:
            found += [f'state="{state.wire}"' for state in JobState if state.terminal]
        else:
            known = [state for state in JobState if state.word.startswith(value)]
            if JobState.UNKNOWN in known:
                return ""
            found += [f'state="{state.wire}"' for state in known]
    return f"({' OR '.join(found)})" if found else ""
