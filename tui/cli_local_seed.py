"""`vertex-tui local seed`: fill the local server with made-up histories."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tui.cli_common import CommandLineError
from tui.cli_local_common import START_TIMEOUT_SECONDS, data_folder, failures, running
from tui.domain.regions import is_training_region
from tui.local import launcher, names
from tui.local.admin.client import AdminClient

if TYPE_CHECKING:
    from tui.local.seed.histories import Plan

_REGIONS = "europe-west4,us-central1,us-east1"
_BUCKET = f"{names.PROJECT_ID}-seeded"


@click.command()
@click.option(
    "--jobs", type=click.IntRange(0, 100_000), default=100, show_default=True, help="Jobs to make up."
)
@click.option(
    "--entries", type=click.IntRange(0, 10_000_000), default=20_000, show_default=True, help="Log entries."
)
@click.option(
    "--objects", type=click.IntRange(0, 2_000_000), default=2_000, show_default=True, help="Stored objects."
)
@click.option("--bucket", metavar="NAME", default=_BUCKET, show_default=True, help="Where the objects go.")
@click.option(
    "--regions", metavar="LIST", default=_REGIONS, show_default=True, help="Regions, the main one first."
)
@click.option(
    "--days",
    type=click.FloatRange(0, 3650, min_open=True),
    default=30,
    show_default=True,
    help="How far back.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same number makes the same histories."
)
@click.option("--clear", is_flag=True, help="Remove all that was ever made up.")
@click.pass_context
def seed(
    ctx: click.Context,
    /,
    *,
    jobs: int,
    entries: int,
    objects: int,
    bucket: str,
    regions: str,
    days: float,
    seed: int,
    clear: bool,
) -> None:
    """Fill the local server with made-up jobs, logs and objects, for practice and tests of scale.

    Jobs and objects bear the label seeded=true. None of the jobs is ever run.

    \b
    Examples:
      vertex-tui local seed
      vertex-tui local seed --jobs 10000 --entries 1000000 --objects 200000
      vertex-tui local seed --clear
    """  # noqa: D301
    folder = data_folder(ctx)
    if clear:
        with failures():
            gone = AdminClient(running(folder)).call("DELETE", "seed")
        click.echo(f"Removed {_describe(gone)}.")
        return
    known = _known_regions(regions)
    with failures():
        client = AdminClient(launcher.ensure(folder, timeout=START_TIMEOUT_SECONDS))
        now_ns = client.call("GET", "time")["now_ns"]
        from tui.local.seed.histories import Plan  # noqa: PLC0415  # loads Google's message types

        _load(client, folder, Plan(seed, jobs, entries, objects, bucket, known, days, now_ns))


def _load(client: AdminClient, folder: Path, plan: Plan) -> None:
    from tui.local.seed.loading import load  # noqa: PLC0415

    done = {"jobs": 0, "entries": 0, "objects": 0}
    begin = time.monotonic()
    live = sys.stderr.isatty()

    def progress(what: str, count: int) -> None:
        done[what] += count
        if live:
            click.echo(f"\r{_describe(done)} …", nl=False, err=True)

    try:
        load(client, folder, plan, progress)
    except KeyboardInterrupt:
        click.echo(
            "\nStopped; what was made up so far is removed by: vertex-tui local seed --clear", err=True
        )
        raise
    finally:
        if live:
            click.echo("\r\x1b[K", nl=False, err=True)
    click.echo(f"Made up {_describe(done)} in {time.monotonic() - begin:.1f} s.")


def _known_regions(text: str) -> tuple[str, ...]:
    regions = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in regions if not is_training_region(name)]
    if unknown or not regions:
        raise CommandLineError(f"--regions: not a region with custom jobs: {', '.join(unknown) or '(none)'}")
    return regions


def _describe(done: dict[str, int]) -> str:
    return f"{done['jobs']:,} jobs, {done['entries']:,} log entries and {done['objects']:,} objects"
