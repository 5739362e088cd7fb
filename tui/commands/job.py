"""`vertex-tui job ID`: everything about one job."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import click

from tui.cli_common import common_options, merged_options
from tui.commands.exits import Exit
from tui.commands.find import find_job
from tui.commands.hiding import hidden_job, hider
from tui.commands.output import say, say_json
from tui.commands.session import run_lightly
from tui.domain.gateway import HeadlessGateway
from tui.services.options import AppOptions


@click.command()
@click.argument("wanted", metavar="ID")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the CustomJob in the API's JSON, secrets hidden."
)
@common_options
@click.pass_context
def job(ctx: click.Context, /, wanted: str, *, as_json: bool, **given: Any) -> Exit:  # noqa: ANN401
    """Show one job. ID is its number, its resource name, or its display name or how that begins.

    \b
    Examples:
      vertex-tui job 7278911005717071848
      vertex-tui job my-run --json | jq -r .state
    """  # noqa: D301

    async def work(gateway: HeadlessGateway, options: AppOptions) -> Exit:
        found = await find_job(gateway, options, wanted)
        hide = await hider(options, found.job)
        if as_json:
            say_json(hidden_job(found.job.raw, hide))
            return Exit.OK
        from tui.commands.job_words import job_lines  # noqa: PLC0415 (prices)
        from tui.services.pricebook import PriceBooks  # noqa: PLC0415

        book = await asyncio.to_thread(PriceBooks(options.paths.state_dir).read)
        local, now = gateway.target.is_local, datetime.now(UTC)
        for line in job_lines(found.job, found.place.project, now, hide, local=local, book=book):
            say(line)
        return Exit.OK

    return run_lightly(merged_options(ctx, given), work)
