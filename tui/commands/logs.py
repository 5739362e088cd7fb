"""`vertex-tui logs ID`: a job's log, complete and in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from tui.cli_common import CommandLineError, common_options, merged_options
from tui.commands.exits import Exit
from tui.commands.find import Found, find_job
from tui.commands.hiding import hider
from tui.commands.loglines import Choice, FoldedLog, Ordered, RawLog
from tui.commands.logprint import LogPrinter
from tui.commands.logread import log_readers, pages
from tui.commands.output import note, safe
from tui.commands.session import run_lightly
from tui.commands.times import since_ns
from tui.domain.gateway import HeadlessGateway
from tui.domain.jobs import Job
from tui.domain.logs import Severity, jobs_filter, rfc3339
from tui.services.follow.outlet import SERVICE
from tui.services.logreads import LogReaders
from tui.services.options import AppOptions


@click.command()
@click.argument("wanted", metavar="ID")
@click.option("--follow", "-f", is_flag=True, help="Go on until the job's log is complete.")
@click.option("--since", metavar="TIME", help="Only from then on: 10m, 2h, 1d, 18:00, or a date or time.")
@click.option(
    "--severity",
    type=click.Choice([each.name for each in Severity if each], case_sensitive=False),
    help="Only lines of at least this level, by what they say.",
)
@click.option(
    "--replica", "replicas", metavar="NAME", multiple=True, help="Only this one, such as workerpool0-0."
)
@click.option("--jsonl", is_flag=True, help="Print one JSON object a line, see docs/commands.md.")
@click.option("--raw", is_flag=True, help="Do not fold progress bars, and keep texts as they are.")
@common_options
@click.pass_context
def logs(
    ctx: click.Context,
    /,
    wanted: str,
    *,
    follow: bool,
    since: str | None,
    severity: str | None,
    replicas: tuple[str, ...],
    jsonl: bool,
    raw: bool,
    **given: Any,  # noqa: ANN401  # the common options
) -> Exit:
    """Print a job's log in order, each line once. ID as for vertex-tui job.

    \b
    Examples:
      vertex-tui logs my-run --follow
      vertex-tui logs my-run --severity WARNING --since 2h --jsonl | jq -r .text
    """  # noqa: D301
    begin = since_ns(since, datetime.now(UTC)) if since is not None else 0
    choice = Choice(begin, Severity[severity.upper()] if severity else 0, frozenset(replicas) or None)

    async def work(gateway: HeadlessGateway, options: AppOptions) -> Exit:
        found = await find_job(gateway, options, wanted)
        _refuse_unknown(replicas, found.job)
        readers = log_readers(gateway)
        lines: Ordered = RawLog(choice) if raw else FoldedLog(choice, live=follow)
        printer = LogPrinter(await hider(options, found.job), jsonl=jsonl, raw=raw)
        if follow:
            from tui.commands.logfollow import Following  # noqa: PLC0415 (only for this)

            await Following(readers, found, options, lines, printer, since_ns=begin).run()
        else:
            await _read(readers, found, lines, printer, choice)
        if not printer.count:
            note("Its log is empty so far." if choice == Choice() else "No line of its log is wanted.")
        return Exit.OK

    return run_lightly(merged_options(ctx, given), work)


async def _read(
    readers: LogReaders, found: Found, lines: Ordered, printer: LogPrinter, choice: Choice
) -> None:
    terms = [f'timestamp>="{rfc3339(choice.since_ns)}"'] if choice.since_ns else []
    if choice.replicas is not None:
        names = " OR ".join(f'"{_quoted(name)}"' for name in sorted(choice.replicas))
        terms.append(f"resource.labels.task_name=({names})")
    async for entries in pages(readers, found.place.project, jobs_filter((found.job.job_id,), *terms)):
        lines.add(entries)
        if isinstance(lines, RawLog):
            printer.put(lines.ready())
    printer.put(lines.ready())
    if found.job.state.live:
        name = safe(found.job.display_name or found.job.job_id)
        note(f"{name} is {found.job.state.word}: more may come, which --follow waits for")


def _refuse_unknown(replicas: Sequence[str], job: Job) -> None:
    """Refuse a replica that the job does not have.

    Raises:
        CommandLineError: with the names of those that there are.
    """
    sizes = [(number, pool.replica_count) for number, pool in enumerate(job.pools)]
    known = {f"workerpool{number}-{each}" for number, count in sizes for each in range(count)}
    unknown = [name for name in replicas if name not in known and name != SERVICE]
    if known and unknown:
        pools = [
            (f"workerpool{number}-0", f"workerpool{number}-{count - 1}") for number, count in sizes if count
        ]
        there = ", ".join(first if first == last else f"{first} to {last}" for first, last in pools)
        what = f"has no replica {safe(unknown[0])}" if unknown[0] else "has no replica without a name"
        raise CommandLineError(f"the job {what}; there are {there} and {SERVICE}")


def _quoted(name: str) -> str:
    if len(name) > 200 or not name.isprintable():  # noqa: PLR2004 (no replica is called so)
        raise CommandLineError(f"--replica {safe(name[:40])}: write a name such as workerpool0-0")
    return name.replace("\\", "\\\\").replace('"', '\\"')
