"""`vertex-tui metrics ID`: the series that a job's log tells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click

from tui.cli_common import CommandLineError, common_options, merged_options
from tui.commands.exits import Exit
from tui.commands.find import find_job
from tui.commands.hiding import hider
from tui.commands.logread import log_readers, pages
from tui.commands.output import note, say, say_json
from tui.commands.session import run_lightly
from tui.commands.table import Column, say_table
from tui.domain.gateway import HeadlessGateway
from tui.domain.logs import job_filter
from tui.domain.metrics.export import as_csv, as_json
from tui.domain.metrics.model import Series
from tui.domain.text import printable
from tui.services.options import AppOptions

_SHAPE = [
    Column("METRIC", give=True),
    Column("REPLICA"),
    Column("POINTS", right=True),
    Column("LAST STEP", right=True),
    Column("LAST", right=True),
    Column("LOWEST", right=True),
    Column("HIGHEST", right=True),
]


@click.command()
@click.argument("wanted", metavar="ID")
@click.option("--json", "as_json_", is_flag=True, help="Print all points as JSON, see docs/commands.md.")
@click.option("--csv", "as_csv_", is_flag=True, help="Print all points as a table for other programs.")
@common_options
@click.pass_context
def metrics(
    ctx: click.Context,
    /,
    wanted: str,
    *,
    as_json_: bool,
    as_csv_: bool,
    **given: Any,  # noqa: ANN401  # the common options
) -> Exit:
    """Print the metrics that a job's log tells, of its whole log. ID as for vertex-tui job.

    \b
    Examples:
      vertex-tui metrics my-run
      vertex-tui metrics my-run --json | jq '.[] | select(.name == "loss") | .points[-1]'
    """  # noqa: D301
    if as_json_ and as_csv_:
        raise CommandLineError("--json and --csv exclude each other; leave one out")

    async def work(gateway: HeadlessGateway, options: AppOptions) -> Exit:
        series = await read_series(gateway, options, wanted)
        if as_json_:
            say_json(as_json(series))
        elif as_csv_:
            say(printable(as_csv(series), multiline=True).rstrip("\n"))
        elif series:
            say_table(_SHAPE, map(_row, series))
        if not series:
            note("Its log tells no metrics.")
        return Exit.OK

    return run_lightly(merged_options(ctx, given), work)


async def read_series(gateway: HeadlessGateway, options: AppOptions, wanted: str) -> Sequence[Series]:
    """All series of a job, from its whole log.

    Raises:
        CommandLineError: the job is not found.
        CloudError: the log cannot be read.
    """
    from tui.domain.course.attempts import attempts  # noqa: PLC0415 (only for this)
    from tui.domain.metrics.series import MetricStore  # noqa: PLC0415
    from tui.services.follow.outlet import SERVICE  # noqa: PLC0415

    found = await find_job(gateway, options, wanted)
    hide = await hider(options, found.job)
    store = MetricStore()
    service = []
    async for entries in pages(log_readers(gateway), found.place.project, job_filter(found.job.job_id)):
        store.add(entries)
        service += [entry for entry in entries if entry.replica == SERVICE]
    for attempt in attempts(service)[1:]:
        store.mark_attempt(attempt.start_ns)
    # A step that a bar told before a value is near it, and fit for a chart; who computes wants none instead.
    series = store.series(estimates=False)
    return [replace(one, name=hide(one.name)) for one in series if one.points]


def _row(series: Series) -> list[str]:
    values = [point.value for point in series.points if math.isfinite(point.value)]
    last = series.points[-1]
    step = next((point.step for point in reversed(series.points) if point.step is not None), None)
    return [
        series.name,
        series.replica,
        f"{len(series.points):,}",
        "–" if step is None else f"{step:,}",
        _number(last.value),
        _number(min(values)) if values else "–",
        _number(max(values)) if values else "–",
    ]


def _number(value: float) -> str:
    return f"{value:.6g}"
