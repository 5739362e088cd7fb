"""The deletes that were made from this box, and taking one of them back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from tui.cli_common import CommandLineError
from tui.commands.confirm import confirm
from tui.commands.exits import Exit
from tui.commands.hints import command
from tui.commands.output import note, progress, progress_done, safe, say, say_json
from tui.commands.session import sentence
from tui.commands.table import Column, say_table
from tui.commands.times import rfc3339_of
from tui.domain.cleanup.undoing import UndoPlan
from tui.domain.gateway import HeadlessGateway
from tui.domain.storagewords import when, where_line
from tui.services.deletion import words
from tui.services.deletion.journal import DeleteJournal
from tui.services.deletion.records import Record, State, past_deletes
from tui.services.deletion.undo import UndoReport, plan_undo, run_undo
from tui.services.options import AppOptions

FAILURES_SHOWN = 1_000
_SHAPE = (
    Column("NUMBER"),
    Column("WHEN"),
    Column("COUNT", right=True),
    Column("STATE"),
    Column("UNDO"),
    Column("PLACE", give=True),
)


async def list_deletes(options: AppOptions, *, as_json: bool) -> Exit:
    """Print past deletes, the newest first: those of the local server, or those of Google Cloud."""
    records = await _records(options)
    if as_json:
        say_json([_record(each) for each in records])
        return Exit.OK
    now = datetime.now(UTC)
    rows = [
        (
            each.number,
            when(each.began),
            f"{each.count:,}",
            words.state_of(each),
            words.undo_of(each, now),
            words.place_of(each),
        )
        for each in records
    ]
    if rows:
        say_table(_SHAPE, rows)
    else:
        note("Nothing was deleted from here yet.")
    return Exit.OK


async def _records(options: AppOptions) -> list[Record]:
    found = await asyncio.to_thread(past_deletes, DeleteJournal(options.paths.journals_dir))
    return [each for each in found if each.local == _is_local(options)]


def _is_local(options: AppOptions) -> bool:
    return options.local or options.diverted


def _record(record: Record) -> dict[str, object]:
    return {
        "number": record.number,
        "time": rfc3339_of(record.began),
        "project": record.project,
        "places": list(record.aims),
        "rule": record.rule,
        "count": record.count,
        "bytes": record.bytes,
        "state": record.state.value,
        "deleted": record.gone,
        "undone": record.undone,
        "undoable": record.undoable,
        "undo_until": rfc3339_of(record.undo_until),
    }


async def find_delete(options: AppOptions, number: str) -> Record:
    """The delete of that number, or the only one whose number begins so.

    Raises:
        CommandLineError: there is none, or it is still under way.
    """
    if not number.strip():
        raise CommandLineError(f"an empty number names no delete; see {command('outputs undo')}")
    fitting = [each for each in await _records(options) if each.number.startswith(number)]
    if len(fitting) != 1:
        what = "no delete has" if not fitting else f"{len(fitting)} deletes have"
        raise CommandLineError(
            f"{what} the number {safe(number)} here; see {command('outputs undo')}",
            Exit.FAILED,
        )
    if fitting[0].state is State.RUNNING:
        raise CommandLineError("that delete is still under way; wait for its end", Exit.FAILED)
    return fitting[0]


async def undo(gateway: HeadlessGateway, options: AppOptions, record: Record, *, yes: bool) -> Exit:
    """Look what can come back, list it, ask, and bring it back.

    Raises:
        CommandLineError: nothing can come back, or the answer is no.
        CloudError: it could not be looked for.
        asyncio.CancelledError: the user stopped it; what came back by then is told and written down.
    """
    plan = await _plan(gateway, record)
    about = [words.place_of(record), f"deleted {when(record.began)}"]
    lines = [*about, *words.undo_lines(plan), where_line(gateway.target)]
    confirm("Undo this delete?", lines, yes=yes)
    stop = asyncio.Event()
    work = asyncio.create_task(
        run_undo(
            gateway.storage,
            plan,
            DeleteJournal(options.paths.journals_dir),
            target=gateway.target,
            stop=stop,
            record=record,
            on_progress=_tell,
        )
    )
    try:
        report = await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()
        _told(await work)
        raise
    return _told(report)


async def _plan(gateway: HeadlessGateway, record: Record) -> UndoPlan:
    """What can come back.

    Raises:
        CommandLineError: nothing.
    """

    def looked(count: int) -> None:
        progress(f"looking what can come back: {count:,} looked through …", plain="")

    plan = await plan_undo(gateway.storage, record, on_count=looked)
    progress_done()
    if not plan.nothing:
        return plan
    for line in words.lost_lines(plan.lost):
        note(safe(line))
    if plan.present:
        note(f"{plan.present:,} there anyway")
    raise CommandLineError(
        f"nothing of it can come back: it is kept no more, or it is there; see {command('outputs undo')}",
        Exit.FAILED,
    )


def _tell(report: UndoReport) -> None:
    whole = report.plan.count
    progress(f"bringing back: {whole - report.left:,} of {whole:,} …", plain="")


def _told(report: UndoReport) -> Exit:
    progress_done()
    say(str(report))
    for lost in report.failed[:FAILURES_SHOWN]:
        note(f"✗ gs://{safe(lost.bucket)}/{safe(lost.name)}: {safe(lost.why)}")
    if len(report.failed) > FAILURES_SHOWN:
        note(f"… and {len(report.failed) - FAILURES_SHOWN:,} more")
    if report.trouble is not None:
        note(f"It ended early: {sentence(report.trouble)}")
    return Exit.OK if report.complete and not report.stopped else Exit.FAILED
