"""`vertex-tui cancel` and `vertex-tui delete`: one change of several jobs, each accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from tui.cli_common import CommandLineError, Options, common_options, merged_options
from tui.commands.confirm import confirm, yes_option
from tui.commands.exits import Exit
from tui.commands.find import Found, find_job
from tui.commands.hints import command
from tui.commands.output import note, progress, safe, say
from tui.commands.session import run_lightly, sentence
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway, HeadlessGateway
from tui.domain.jobs import Job, JobState
from tui.services.jobchanges import Account, Change, JobBatch
from tui.services.options import AppOptions


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of change."""

    call: Change
    question: str
    """With a place for the jobs: `Cancel {}?`."""
    nothing: str
    """What is said where nothing may be changed."""
    done: str
    """What is said of a job on stdout."""
    doing: str
    about: str
    """What else there is to know before."""


async def _cancel(gateway: Gateway, job: Job) -> None:
    await gateway.jobs.cancel_job(job.name)


async def _delete(gateway: Gateway, job: Job) -> None:
    await gateway.jobs.delete_job(job.name)


CANCEL = Kind(
    _cancel,
    "Cancel {}?",
    "nothing was cancelled",
    "asked to cancel",
    "Cancelling",
    "A cancelled job cannot be resumed; what it has written stays.",
)
DELETE = Kind(
    _delete,
    "Delete the record of {}?",
    "nothing was deleted",
    "deleted",
    "Deleting",
    "A record goes for good; logs and outputs are not touched.",
)


@click.command()
@click.argument("wanted", metavar="ID...", nargs=-1, required=True)
@yes_option
@common_options
@click.pass_context
def cancel(ctx: click.Context, /, wanted: tuple[str, ...], *, yes: bool, **given: Any) -> Exit:  # noqa: ANN401
    """Ask jobs to stop. IDs as for vertex-tui job; one that is wrong does not keep the others from it.

    \b
    Examples:
      vertex-tui cancel 7278911005717071848
      vertex-tui jobs --state live --json | jq -r '.[].id' | xargs vertex-tui cancel --yes
    """  # noqa: D301
    return _change(merged_options(ctx, given), CANCEL, wanted, yes=yes)


@click.command()
@click.argument("wanted", metavar="ID...", nargs=-1, required=True)
@yes_option
@common_options
@click.pass_context
def delete(ctx: click.Context, /, wanted: tuple[str, ...], *, yes: bool, **given: Any) -> Exit:  # noqa: ANN401
    """Delete the records of jobs that have ended; logs and outputs stay. IDs as for vertex-tui job.

    \b
    Examples:
      vertex-tui delete my-run
      vertex-tui jobs --filter 'state:failed age>30d' --json | jq -r '.[].id' | xargs vertex-tui delete --yes
    """  # noqa: D301
    return _change(merged_options(ctx, given), DELETE, wanted, yes=yes)


def _change(options: Options, kind: Kind, wanted: Sequence[str], *, yes: bool) -> Exit:
    async def work(gateway: HeadlessGateway, app_options: AppOptions) -> Exit:
        found, bad = await _find_all(gateway, app_options, wanted)
        fit = {name: each for name, each in found.items() if not _refuse(kind, each)}
        bad += len(found) - len(fit)
        if not fit:
            raise CommandLineError(_nothing(kind, bad), Exit.FAILED)
        what = "this job" if len(fit) == 1 else f"these {len(fit)} jobs"
        confirm(kind.question.format(what), [*map(_line, fit.values()), kind.about], yes=yes)
        account = await _carry_out(kind, fit)
        whole = not bad and not account.failures and not account.left
        return Exit.OK if whole else Exit.FAILED

    return run_lightly(options, work, changes=kind.nothing)


async def _find_all(
    gateway: HeadlessGateway, options: AppOptions, wanted: Sequence[str]
) -> tuple[dict[str, Found], int]:
    """The jobs by their names, and how many could not be found; why not is said."""
    found: dict[str, Found] = {}
    bad = 0
    for each in dict.fromkeys(wanted):
        try:
            one = await find_job(gateway, options, each)
        except (CommandLineError, CloudError) as error:
            bad += 1
            note(f"{safe(each)}: {sentence(error) if isinstance(error, CloudError) else error}")
        else:
            found.setdefault(one.job.name, one)
    return found, bad


def _refuse(kind: Kind, found: Found) -> bool:
    """Whether a job's state leaves nothing to change, which is said then."""
    job = found.job
    name = safe(job.display_name or job.job_id)
    if kind is DELETE and job.state.live:
        how = command(f"cancel {job.job_id}", found.place)
        note(f"{name} is {job.state.word}: cancel it first, with {how}")
        return True
    if kind is CANCEL and job.state.terminal:
        note(f"{name} has ended: {job.state.word}; there is nothing to cancel")
        return True
    if kind is CANCEL and job.state is JobState.CANCELLING:
        note(f"{name} was asked to cancel already")
        return True
    return False


def _nothing(kind: Kind, bad: int) -> str:
    which = "it" if bad == 1 else f"any of the {bad} jobs"
    return f"{kind.nothing}: {which} could not be, for what is said above; see {command('jobs')}"


def _line(found: Found) -> str:
    job = found.job
    return f"{job.display_name}  {job.state.word}  {found.place}  {job.job_id}"


async def _carry_out(kind: Kind, fit: dict[str, Found]) -> Account:
    def told(account: Account) -> None:
        if account.under_way:
            where = f"{kind.doing} {min(account.begun + 1, account.whole)} of {account.whole}"
            wait = ": too many requests, waiting" if account.resumes else f": {account.under_way} …"
            progress(where + wait, plain="")

    jobs = [each.job for each in fit.values()]
    batch = JobBatch(jobs, kind.call, lambda job: fit[job.name].gateway, told)
    try:
        return await batch.run()
    finally:
        account = batch.account
        for failure in account.failures:
            note(safe(failure))
        if account.left:
            note(f"{account.left} of {account.whole} jobs were not begun")
        for job in jobs:
            if job.name in account.settled:
                say(f"{kind.done}: {safe(job.display_name)} {job.job_id}")
