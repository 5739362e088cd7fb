"""Sends a job once, and says what became of it, whatever the connection and the user do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from tui.cli_common import CommandLineError
from tui.commands.exits import Exit
from tui.commands.output import note, progress, safe
from tui.commands.run_words import Plan
from tui.commands.session import failed
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.jobs import OWN_LABEL, Job
from tui.domain.secrets import hide
from tui.domain.spec.references import Value, secret_values
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


async def send(gateway: Gateway, store: SubmissionStore, plan: Plan) -> Job:
    """The job, started once; a reply that is lost is looked for by the job's label.

    Raises:
        CommandLineError: it was not started, or that is not known; the sentence says which (status 1).
        asyncio.CancelledError: the user left meanwhile; what became of the job was said.
    """
    submitter = Submitter(gateway.jobs, gateway.target, store)
    record = submitter.new_record(plan.name, plan.file, plan.number)
    progress(f"sending {plan.name} …", plain="")
    sending = asyncio.create_task(submitter.submit(plan.request, record, on_doubt=_doubt))
    try:
        outcome = await _to_the_end(sending, record)
    except CloudError as error:
        raise failed(_without_secrets(error, plan.values), f"{safe(plan.name)} was not started") from error
    except NotRecordedError as error:
        words = f"the note that has to be on disk before cannot be written ({safe(error)}); make room for it"
        raise CommandLineError(f"{safe(plan.name)} was not sent: {words}", Exit.FAILED) from error
    if isinstance(outcome, Submitted):
        return outcome.job
    raise await _lost(store, outcome)


async def _to_the_end(sending: asyncio.Task[Outcome], record: Record) -> Outcome:
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
            note(f"To stop it: vertex-tui cancel {outcome.job.job_id}")
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
    return f"before you start it again, look: vertex-tui jobs --filter label:{OWN_LABEL}={record.label}"


def _without_secrets(failure: CloudError, values: Mapping[str, Value]) -> CloudError:
    """The same failure, with any value that the service quoted hidden."""
    hidden = secret_values(values)
    return CloudError(
        hide(failure.title, hidden),
        hide(failure.message, hidden),
        hint=hide(failure.hint, hidden),
        kind=failure.kind,
    )
