"""Deletes what lies at a place in Cloud Storage, by the plan and with the journal of the Storage pane."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from tui.cli_common import CommandLineError
from tui.commands.confirm import confirm_typed
from tui.commands.exits import Exit
from tui.commands.hints import command
from tui.commands.output import note, progress, progress_done, safe, say, say_json
from tui.commands.outputs_place import Where, nothing_there
from tui.commands.places import LIVE, list_places, places_of
from tui.commands.session import sentence
from tui.commands.times import rfc3339_of
from tui.domain.cleanup.items import PlanItems
from tui.domain.cleanup.rules import Rule, choose, emptied_folders
from tui.domain.cleanup.writers import writers
from tui.domain.deleteplan import DeletePlan, Tally, gcloud_of, narrowed
from tui.domain.errors import CloudError
from tui.domain.gateway import HeadlessGateway
from tui.domain.jobs import Job
from tui.domain.places import Place
from tui.domain.storagewords import where_line
from tui.services.deleteplans import Aim, plan_delete
from tui.services.deletion import words
from tui.services.deletion.journal import DeleteJournal
from tui.services.deletion.run import DeleteReport, Failure, delete_plan
from tui.services.options import AppOptions

FAILURES_SHOWN = 1_000
ALL_VERSIONS = "--all-versions"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be deleted of a place, and how."""

    rule: Rule
    all_versions: bool = False
    dry_run: bool = False
    yes: bool = False
    as_json: bool = False


async def remove(gateway: HeadlessGateway, options: AppOptions, where: Where, wish: Wish) -> Exit:
    """Count, list, ask, and delete exactly what was counted.

    Raises:
        CommandLineError: there is nothing to delete, or the answer is no.
        CloudError: it could not be counted.
        asyncio.CancelledError: the user stopped it; what was done by then is told and written down.
    """
    _refuse(where, wish)
    plan = await _plan(where, wish)
    if plan.nothing:  # by the rule, which is no failure of a clean-up that runs every night
        note(f"Nothing at {where.name} goes by the rule ({safe(plan.rule)}): {plan.staying:,} stay.")
        if wish.as_json:
            account = {} if wish.dry_run else _account(DeleteReport(plan))
            say_json({**_record(plan, ()), **account})
        return Exit.OK
    jobs, known = await _live_jobs(gateway, options)
    lines = _lines(where, plan, jobs, known=known)
    if wish.dry_run:
        if wish.as_json:
            say_json(_record(plan, jobs))
        else:
            say("\n".join(["Would be deleted:", *(f"  {safe(line)}" if line else "" for line in lines)]))
        return Exit.OK
    confirm_typed(words.title(plan), lines, plan.must_type, yes=wish.yes)
    report, stopped = await _delete(where, options, plan)
    status = _told(where, report, jobs, as_json=wish.as_json)
    if stopped is not None:
        raise stopped
    return status


def _refuse(where: Where, wish: Wish) -> None:
    """Refuse what a job's name must not stand for."""
    if not wish.rule.empty and not where.uri.is_prefix:
        raise CommandLineError(f"{where.name} is one object: a rule chooses below a folder or a bucket")
    if where.job is not None and not where.uri.name:
        raise CommandLineError(
            f"its outputs lie at the root of {where.name}, with all else that is there; to delete that, name "
            f"it: {command(f'outputs {where.name} rm')}",
            Exit.FAILED,
        )


async def _plan(where: Where, wish: Wish) -> DeletePlan:
    """Exactly what goes; a rule may choose nothing.

    Raises:
        CommandLineError: nothing lies there, or all of it is held.
    """

    def tally(total: Tally) -> None:
        progress(f"counting {where.name}: {total} …", plain="")

    plan = await plan_delete(where.gateway.storage, [Aim(where.uri, where.item)], on_tally=tally)
    progress_done()
    if plan.nothing:
        for held in plan.held:
            note(safe(words.held_line(held)))
        if plan.held:
            raise CommandLineError(
                f"nothing at {where.name} can be deleted: all of it is held, as listed above; take the holds "
                "off first",
                Exit.FAILED,
            )
        raise nothing_there(where)
    if not wish.rule.empty:
        plan = await asyncio.to_thread(_by_rule, plan, where, wish.rule)
    return plan.taking_earlier(also=True) if wish.all_versions else plan


def _by_rule(plan: DeletePlan, where: Where, rule: Rule) -> DeletePlan:
    """The part of a plan that the rule chooses, as the pane's clean-up does."""
    part = plan.parts[0] if plan.parts else None
    items = part.live if part is not None else PlanItems()
    going = choose(rule, items, len(where.uri.name), datetime.now(UTC)).going
    folders = emptied_folders(part.folders if part is not None else (), items, going)
    bucket = where.uri.bucket
    return narrowed(plan, {bucket: going}, {bucket: folders}, str(rule))


async def _live_jobs(gateway: HeadlessGateway, options: AppOptions) -> tuple[tuple[Job, ...], bool]:
    """The jobs that are not over, and whether all could be read."""
    try:
        listed = await list_places(gateway, places_of(gateway, options), filter_=LIVE, brief=False)
    except CloudError:
        return (), False
    return listed.jobs, not listed.troubles


def _lines(where: Where, plan: DeletePlan, jobs: tuple[Job, ...], *, known: bool) -> list[str]:
    """Everything that goes, what stays, and whether it can be undone."""
    lines = [
        *words.places(plan.aims),
        *words.amount(plan),
        *words.earlier(plan, ALL_VERSIONS),
        *words.left_out(plan),
        *words.buckets(plan),
        *plan.undo_lines(datetime.now(UTC)),
    ]
    if plan.count:
        lines.append("Only the versions just counted are deleted: what is written meanwhile stays.")
    lines += words.writer_lines(plan.aims, jobs, known=known)
    if command := gcloud_of(plan):
        lines.append(f"Same as: {command}")
    return [*lines, where_line(where.gateway.target)]


async def _delete(
    where: Where, options: AppOptions, plan: DeletePlan
) -> tuple[DeleteReport, asyncio.CancelledError | None]:
    """Delete it; ctrl+c ends it after the requests under way, and is handed on."""
    stop = asyncio.Event()

    def told(report: DeleteReport) -> None:
        progress(f"deleting: {report.done:,} of {plan.count:,} …", plain="")

    journal = DeleteJournal(options.paths.journals_dir)
    work = asyncio.create_task(
        delete_plan(
            where.gateway.storage, plan, journal, target=where.gateway.target, stop=stop, on_progress=told
        )
    )
    try:
        return await asyncio.shield(work), None
    except asyncio.CancelledError as error:
        stop.set()
        progress("stopping after the requests under way …", plain="")
        return await work, error
    finally:
        progress_done()


def _told(where: Where, report: DeleteReport, jobs: tuple[Job, ...], *, as_json: bool) -> Exit:
    if as_json:
        say_json({**_record(report.plan, jobs), **_account(report)})
    else:
        say(str(report))
    for line in _failure_lines(report):
        note(line)
    if report.number and report.gone + len(report.unknown) + len(report.buckets_gone):
        target = where.gateway.target
        undo = command(f"outputs undo {report.number}", Place(target.project, target.region))
        note(f"To take it back, as far as that can be: {undo}")
    if report.trouble is not None:
        note(f"It ended early: {sentence(report.trouble)}")
    stays = report.plan.held or any(part.whole and not part.takes_bucket for part in report.plan.parts)
    return Exit.FAILED if stays or report.stopped or not report.complete else Exit.OK


def _failure_lines(report: DeleteReport) -> Iterator[str]:
    failures = report.failures
    for failure in failures[:FAILURES_SHOWN]:
        yield f"✗ {safe(_uri(failure))}: {safe(failure.reason)}"
    if len(failures) > FAILURES_SHOWN:
        yield f"… and {len(failures) - FAILURES_SHOWN:,} more"


def _uri(failure: Failure) -> str:
    return f"gs://{failure.bucket}/{failure.name}"


def _record(plan: DeletePlan, jobs: tuple[Job, ...]) -> dict[str, object]:
    """The plan as JSON."""
    return {
        "places": [str(aim) for aim in plan.aims],
        "rule": plan.rule,
        "count": plan.count,
        "bytes": plan.bytes,
        "newest": rfc3339_of(plan.newest),
        "stays": plan.staying,
        "earlier_versions": plan.earlier,
        "earlier_versions_go": plan.with_earlier,
        "folders": plan.folders,
        "buckets": list(plan.buckets),
        "held": [
            {"reason": held.why, "count": len(held.items), "until": rfc3339_of(held.until)}
            for held in plan.held
        ],
        "writers": [job.name for job in writers(jobs, plan.aims)],
        "undo": plan.undo_lines(datetime.now(UTC)),
    }


def _account(report: DeleteReport) -> dict[str, object]:
    """What became of it as JSON."""
    return {
        "deleted": report.gone,
        "deleted_bytes": report.bytes_gone,
        "deleted_folders": report.folders_gone,
        "deleted_buckets": report.buckets_gone,
        "gone_already": report.absent,
        "replaced_meanwhile": [_failure(each) for each in report.kept],
        "failed": [_failure(each) for each in report.failed],
        "unknown": [_failure(each) for each in report.unknown],
        "left": report.left,
        "stopped": report.stopped,
        "undo_number": report.number,
    }


def _failure(failure: Failure) -> dict[str, object]:
    return {"uri": _uri(failure), "generation": failure.generation, "reason": failure.reason}
