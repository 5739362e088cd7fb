"""Sends a job once, and says what became of it, whatever the connection and the user do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from tui.cli_common import CommandLineError
from tui.commands.exits import Exit
from tui.commands.hints import command
from tui.commands.output import note, progress, safe, say
from tui.commands.run_words import look_for
from tui.commands.session import failed
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job
from tui.domain.places import Place
from tui.domain.secrets import hide
from tui.domain.spec.references import Value, secret_values
from tui.services.planned import PlannedStart
from tui.services.submission import (
    SETTLE_SECONDS,
    NotFound,
    NotRecordedError,
    Outcome,
    Record,
    SubmissionStore,
    Submitted,
    Submitter,
)


async def send(gateway: Gateway, store: SubmissionStore, plan: PlannedStart, *, silent: bool = False) -> Job:
    """The job, started once; a reply that is lost is looked for by the job's label.

    When the user leaves meanwhile, stdout gets the name of the job all the same, unless it is to be `silent`.

    Raises:
        CommandLineError: it was not started, or that is not known; the sentence says which (status 1).
        asyncio.CancelledError: the user left meanwhile; what became of the job was said.
    """
    submitter = Submitter(gateway.jobs, gateway.target, store)
    record = submitter.new_record(plan.display_name, plan.file, plan.number)
    progress(f"sending {plan.display_name} …", plain="")
    sending = asyncio.create_task(submitter.submit(plan.request, record, on_doubt=_doubt))
    try:
        outcome = await _to_the_end(sending, record, silent=silent)
    except CloudError as error:
        told = _without_secrets(error, plan.values)
        raise failed(told, f"{safe(plan.display_name)} was not started") from error
    except NotRecordedError as error:
        words = f"the note that has to be on disk before cannot be written ({safe(error)}); make room for it"
        raise CommandLineError(f"{safe(plan.display_name)} was not sent: {words}", Exit.FAILED) from error
    if isinstance(outcome, Submitted):
        return outcome.job
    raise await _lost(store, outcome)


async def settle_earlier(gateway: Gateway, store: SubmissionStore) -> tuple[Record, ...]:
    """Look once for earlier starts that nobody waits for any more, and say what became of them.

    Those are left of which that cannot be told yet.
    """
    records = await asyncio.to_thread(store.abandoned, gateway.target)
    if not records:
        return ()
    progress("looking for earlier starts …", plain="")
    submitter = Submitter(gateway.jobs, gateway.target, store)
    left: list[Record] = []
    for record in records:
        outcome = await submitter.look_for(record, seconds=0)
        sent = f"{safe(record.display_name)}, sent at {record.time.astimezone():%Y-%m-%d %H:%M:%S},"
        if isinstance(outcome, Submitted):
            note(f"An earlier start has become known: {sent} is {outcome.job.name}")
        elif outcome.settled and record.is_old:
            await asyncio.to_thread(store.forget, record)
            note(f"An earlier start has become known: {sent} never arrived; no job carries its label")
        else:
            left.append(record)
    return tuple(left)


async def _to_the_end(sending: asyncio.Task[Outcome], record: Record, *, silent: bool) -> Outcome:
    """Wait for the reply, also when the user wants to leave: what was sent cannot be taken back."""
    try:
        return await asyncio.shield(sending)
    except asyncio.CancelledError:
        if sending.done():
            raise
        note("It is being sent; the reply is awaited (ctrl+c again: leave without it).")
        try:
            outcome = await asyncio.shield(sending)
        except asyncio.CancelledError:
            note(f"Whether it was started is not known; {_look(record)}")
            raise
        if isinstance(outcome, Submitted):
            note(f"It was started: {outcome.job.name}")
            if not silent:
                with suppress(OSError):
                    say(outcome.job.name)
            place = Place(record.project, record.region)
            note(f"To stop it: {command(f'cancel {outcome.job.job_id}', place)}")
        raise


def _doubt() -> None:
    note(
        "No clear reply came, so it is not known whether the job was started; it is looked for by its label "
        f"for {SETTLE_SECONDS:.0f} s, and not sent again."
    )


async def _lost(store: SubmissionStore, outcome: NotFound) -> CommandLineError:
    record = outcome.record
    name = safe(record.display_name)
    if outcome.settled:
        await asyncio.to_thread(store.forget, record)
        words = f"{name} never arrived: no job carries its label; run it again if you still want it"
        return CommandLineError(words, Exit.FAILED)
    why = f" ({safe(outcome.trouble.title)})" if outcome.trouble else ""
    words = f"whether {name} was started is not known, for the list cannot be read{why}; {_look(record)}"
    return CommandLineError(words, Exit.FAILED)


def _look(record: Record) -> str:
    return f"before you start it again, look: {look_for(record)}"


def say_started(job: Job) -> None:
    """Print the name of a job that was started, on stderr where stdout takes nothing.

    Raises:
        OSError: stdout takes nothing.
    """
    try:
        say(job.name)
    except OSError:
        note(f"The job was started: {job.name}")
        raise


def _without_secrets(failure: CloudError, values: Mapping[str, Value]) -> CloudError:
    """The same failure, with any value that the service quoted hidden."""
    hidden = secret_values(values)
    return CloudError(
        hide(failure.title, hidden),
        hide(failure.message, hidden),
        hint=hide(failure.hint, hidden),
        hint_once=hide(failure.hint_once, hidden),
        kind=failure.kind,
    )
