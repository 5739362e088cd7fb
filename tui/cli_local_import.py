"""`vertex-tui local import`: serve a job that ran elsewhere from its record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli_common import CommandLineError
from tui.cli_local_common import START_TIMEOUT_SECONDS, data_folder, failures
from tui.local import launcher
from tui.local.admin.client import AdminClient

if TYPE_CHECKING:
    from tui.local.recordings.files import Summary

_NAMED = 5
"""How many of the fields that were left out are named."""


@click.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@click.option(
    "--speed", type=click.FloatRange(min=0, min_open=True), help="Replay it, so many times as fast."
)
@click.option("--now", is_flag=True, help="Move all its times so that the replay begins now.")
@click.option("--replace", is_flag=True, help="Put it in place of a job with the same number.")
@click.pass_context
def import_record(
    ctx: click.Context, /, *, folder: Path, speed: float | None, now: bool, replace: bool
) -> None:
    """Serve recorded jobs on the local server as if they had run here.

    DIR, or each folder below it, holds job.json (the job, in the API's JSON) and log.jsonl (a log entry in
    the API's JSON on each line). Nothing of it is run.

    \b
    To record a job:
      gcloud ai custom-jobs describe JOB --region=REGION --format=json > DIR/job.json
      gcloud logging read 'resource.labels.job_id="NUMBER"' --freshness=30d --order=asc \\
        --format=json | jq -c '.[]' > DIR/log.jsonl

    \b
    Examples:
      vertex-tui export my-run DIR && vertex-tui local import DIR
      vertex-tui local import DIR --speed 60 --now    replay it, an hour in a minute
    """  # noqa: D301
    from tui.local.recordings.files import find_records  # noqa: PLC0415  # loads Google's message types
    from tui.local.recordings.json_text import RecordError  # noqa: PLC0415

    if now and speed is None:
        raise CommandLineError("--now says when a replay begins; add --speed, e.g. --speed 1")
    data_dir = data_folder(ctx)
    try:
        places = find_records(folder)
    except RecordError as error:
        raise CommandLineError(str(error)) from error
    with failures():
        client = AdminClient(launcher.ensure(data_dir, timeout=START_TIMEOUT_SECONDS))
        done = [_import_one(client, data_dir, place, speed, now=now, replace=replace) for place in places]
    if failed := done.count(False):
        raise CommandLineError(f"{failed} of {len(places)} records were not imported", status=1)


def _import_one(
    client: AdminClient, data_dir: Path, place: Path, speed: float | None, *, now: bool, replace: bool
) -> bool:
    """Import one record and say what became of it; whether it was imported."""
    from tui.local.recordings.json_text import RecordError  # noqa: PLC0415  # loads Google's message types
    from tui.local.recordings.loading import load_record  # noqa: PLC0415

    try:
        summary, enabled = load_record(client, data_dir, place, speed=speed, now=now, replace=replace)
    except (RecordError, launcher.LauncherError) as error:
        click.echo(f"{place}: not imported: {error}", err=True)
        return False
    except KeyboardInterrupt:
        click.echo(f"{place}: stopped, nothing of it was imported", err=True)
        raise
    for api in enabled:
        click.echo(f"enabled {api}, without which nobody sees jobs and logs", err=True)
    click.echo(_describe(place, summary, speed))
    return True


def _describe(folder: Path, summary: Summary, speed: float | None) -> str:
    state = summary.state.removeprefix("JOB_STATE_").lower()
    how = "" if speed is None else f", replayed {speed:g} times as fast"
    entries = _count(summary.entries, "log entry", "log entries")
    lines = [f"{folder}: job {summary.job_id} in {summary.region}, {state}, {entries}{how}"]
    if not summary.entries:
        lines.append("  without a log: log.jsonl is not there or empty")
    if summary.doubles:
        lines.append(f"  there more than once, kept once: {_count(summary.doubles, 'entry', 'entries')}")
    if summary.nameless:
        nameless = _count(summary.nameless, "entry", "entries")
        lines.append(f"  not naming the job, so that its log does not show them: {nameless}")
    if summary.unknown:
        fields = ", ".join(f"{name} ({count:,})" for name, count in summary.unknown.most_common(_NAMED))
        more = ", …" if len(summary.unknown) > _NAMED else ""
        count = _count(summary.unknown.total(), "field", "fields")
        lines.append(f"  unknown to this version, left out: {count}: {fields}{more}")
    return "\n".join(lines)


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
