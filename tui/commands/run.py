"""`vertex-tui run SPEC`: checks, one question, sent once, followed to its end."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import click

from tui.cli_common import CommandLineError, common_options, merged_options
from tui.commands.confirm import confirm, yes_option
from tui.commands.exits import Exit
from tui.commands.hints import command
from tui.commands.output import is_terminal, note, progress, progress_done, safe
from tui.commands.run_words import question_lines, warnings
from tui.commands.session import run_with_gateway
from tui.commands.specs import (
    Given,
    SpecSource,
    Surroundings,
    check_name,
    filled,
    load_spec,
    name_option,
    refuse_errors,
    set_option,
)
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job
from tui.domain.spec.check import Spec
from tui.domain.spec.references import PLAIN_NAMES, Value, missing, secret_values
from tui.domain.spec.request import build_request
from tui.services.options import AppOptions
from tui.services.paths import show_path
from tui.services.planned import PlannedStart
from tui.services.submission import SubmissionStore


@click.command()
@click.argument("spec")
@name_option
@set_option
@click.option("--follow", "-f", is_flag=True, help="Print its log, and exit with its outcome.")
@click.option("--force", is_flag=True, help="Send it although the checks of the project speak against it.")
@yes_option
@common_options
@click.pass_context
def run(
    ctx: click.Context,
    /,
    spec: str,
    *,
    name: str | None,
    pairs: tuple[str, ...],
    follow: bool,
    force: bool,
    yes: bool,
    **given: Any,  # noqa: ANN401  # the common options
) -> int:
    """Check a spec, start its job once, and print the job's resource name. - is stdin.

    With --follow stdout has the job's log instead, and the exit status is that of the job: 0 if it succeeded,
    else the code of the replica that failed, or 1. ctrl+c leaves with 130, and the job goes on.

    \b
    Examples:
      vertex-tui run vertex_job.yaml --local --follow
      vertex-tui run vertex_job.yaml --name ana-tiny --set timeout=2h --yes
    """  # noqa: D301
    check_name(name)
    options = merged_options(ctx, given)
    around = Surroundings.of(options)
    with _nothing_started() as begin:
        source, checked, sets = load_spec(spec, around, pairs)
        refuse_errors(source, checked)
        values = _values(checked, sets, around)

        async def work(gateway: Gateway, app_options: AppOptions) -> int:
            store = SubmissionStore(app_options.paths.journals_dir)
            plan = await _plan(gateway, app_options, around, store, source, checked, values, name)
            allow(plan, around, force=force, yes=yes)
            from tui.commands.run_send import send  # noqa: PLC0415 (only now)

            begin()
            job = await send(gateway, store, plan, silent=follow)
            return await _started(gateway, app_options, job, values, follow=follow)

        return run_with_gateway(options, work, changes="nothing was started")


@contextmanager
def _nothing_started() -> Iterator[Callable[[], None]]:
    """Say after ctrl+c that nothing was started, unless what this gives was called before."""
    begun = False

    def begin() -> None:
        nonlocal begun
        begun = True

    try:
        yield begin
    except (KeyboardInterrupt, click.Abort):
        if not begun:
            note("Nothing was started.")
        raise


async def _started(
    gateway: Gateway, options: AppOptions, job: Job, values: Mapping[str, Value], *, follow: bool
) -> int:
    """Name the job that was started, and follow it if that is wanted; the exit status."""
    progress_done()
    if not follow:
        from tui.commands.run_send import say_started  # noqa: PLC0415 (only now)

        say_started(job)
        return Exit.OK
    note(job.name)
    from tui.commands.run_follow import follow_to_end  # noqa: PLC0415 (only for this)

    return await follow_to_end(gateway, options, job, secret_values(values))


def _values(spec: Spec, sets: Given, around: Surroundings) -> Mapping[str, Value]:
    """Values for all references; on a terminal those that are missing are asked for and stored.

    Raises:
        CommandLineError: some are missing, and nobody is there to ask (status 1).
    """
    values = filled(spec, sets, around)
    absent = missing(spec.references, values)
    if not absent:
        return values
    where = show_path(around.paths.secrets_file)
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        have = "has no value" if len(absent) == 1 else "have no value"
        raise CommandLineError(
            f"{', '.join(absent)} {have}; set the environment variable, or store it in {where}", Exit.FAILED
        )
    from tui.services.secrets import SecretsError  # noqa: PLC0415 (seldom)

    for each in absent:
        note(f"{each} has no value yet; it is stored in {where}, readable by you only.")
        answer = click.prompt(each, hide_input=each not in PLAIN_NAMES, err=True)
        try:
            around.secrets().set(each, answer)
        except SecretsError as error:
            raise CommandLineError(str(error).rstrip("."), Exit.FAILED) from error
    return filled(spec, sets, around)


async def _plan(  # noqa: PLR0917  # all that a start is made of
    gateway: Gateway,
    options: AppOptions,
    around: Surroundings,
    store: SubmissionStore,
    source: SpecSource,
    spec: Spec,
    values: Mapping[str, Value],
    name: str | None,
) -> PlannedStart:
    """Look at the project, and make what would be sent."""
    from tui.commands.run_checks import look_at_project  # noqa: PLC0415 (only now)
    from tui.commands.run_send import settle_earlier  # noqa: PLC0415

    target = gateway.target
    around = replace(around, project=target.project, region=target.region)
    whole = replace(spec, job=build_request(spec, "", {}, values))
    progress("checking the project …", plain="")
    report = await look_at_project(gateway, options, whole, source.name)
    progress_done()
    number = await asyncio.to_thread(store.next_number, source.file)
    chosen = name or around.display_name(spec, source.stem, account=report.account, number=number)
    doubtful = await settle_earlier(gateway, store)
    return PlannedStart(
        spec=spec,
        request=build_request(spec, chosen, around.labels(spec), values),
        values=values,
        target=target,
        file=source.file,
        number=number,
        report=report,
        prices=await asyncio.to_thread(around.prices),
        last=await asyncio.to_thread(lambda: store.last_for(source.file, local=target.is_local)),
        doubtful=doubtful,
    )


def allow(plan: PlannedStart, around: Surroundings, *, force: bool, yes: bool) -> None:
    """Say what is to be known, refuse what would be refused, and ask before money is spent.

    Raises:
        CommandLineError: it is not to be sent.
    """
    for words in warnings(plan):
        note(safe(words))
    sure = plan.report.sure
    for finding in sure:
        note(safe(f"{finding.glyph} {finding.words}"))
    if sure and not force:
        look = shlex.join(["doctor", *(["--spec", plan.file] if plan.file else []), "--fix"])
        raise CommandLineError(
            "nothing was started: Vertex AI would refuse the job for what is said above; run "
            f"{command(look)}, or send it all the same with --force",
            Exit.FAILED,
        )
    if plan.target.is_local:
        return  # nothing is billed
    limit = around.settings.jobs_price_limit
    if plan.cost.over(limit) or plan.cost.unsure(limit):
        raise CommandLineError(
            f"nothing was started: at most {plan.cost.most_words}, and your limit is ${limit:,.2f}; set a "
            "shorter timeout (--set timeout=2h), or another VERTEX_TUI_JOBS_PRICE_LIMIT for this start",
            Exit.FAILED,
        )
    confirm("Start this job, which costs money?", question_lines(plan), yes=yes)
