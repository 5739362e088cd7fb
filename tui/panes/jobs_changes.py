"""Changes of jobs wherever they are listed: the question before, how far it is, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual.content import Content

from tui.domain.gateway import Gateway
from tui.domain.joblist.commands import cancel_command, delete_command
from tui.domain.jobs import Job, JobState
from tui.domain.text import printable
from tui.services.jobchanges import Account, Change
from tui.widgets.confirm import Question
from tui.widgets.state_view import local_clock

REFUSED = {
    "cancel": (
        "There is nothing to cancel.",
        "None of the {} marked jobs can be cancelled: they have ended or were asked to already.",
    ),
    "delete": (
        "Only the record of an ended job can be deleted.",
        "None of the {} marked jobs has ended: only records of ended jobs can be deleted.",
    ),
    "watch": ("There is no end to wait for.", ""),
}
"""What cannot be done to a job, and to several, in words."""
SHOWN = 12
"""Jobs named in a question; of more, the rest is counted."""
COMMANDS = 3
"""Commands shown in a question."""
MOST_FAILURES = 8
"""Failures named in an account; of more, the rest is counted."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of change."""

    call: Change
    doing: str
    """`Deleting`."""
    done: str
    """`deleted`."""


async def _cancel(gateway: Gateway, job: Job) -> None:
    await gateway.jobs.cancel_job(job.name)


async def _delete(gateway: Gateway, job: Job) -> None:
    await gateway.jobs.delete_job(job.name)


CANCEL = Kind(_cancel, "Cancelling", "asked to cancel")
"""`CancelCustomJob`: asks only, the job ends later."""
DELETE = Kind(_delete, "Deleting", "deleted")
"""`DeleteCustomJob` of a job that has ended: its record goes."""


def cancellable(job: Job) -> bool:
    """Whether a job can still be asked to stop."""
    return job.state.live and job.state is not JobState.CANCELLING


def why_refused(action: str, jobs: Sequence[Job]) -> str:
    """Why none of these jobs can be cancelled, deleted or watched, in one line."""
    one, several = REFUSED[action]
    if len(jobs) > 1:
        return several.format(len(jobs))
    job = jobs[0]
    name = printable(job.display_name or job.job_id)
    return f"{name} {'is' if job.state.live else 'has ended:'} {job.state.word}. {one}"


def named(jobs: Sequence[Job], project_of: Callable[[Job], str]) -> list[str]:
    """The jobs of a question, one a line, with their projects where they are of several."""
    several = len({project_of(job) for job in jobs}) > 1
    lines = []
    for job in jobs[:SHOWN]:
        where = f"{project_of(job)}/{job.region}" if several else job.region
        lines.append(printable(f"  {job.display_name}  {job.state.word}  {where}"))
    return [*lines, f"  and {len(jobs) - SHOWN} more"] if len(jobs) > SHOWN else lines


def cancel_question(jobs: Sequence[Job], project_of: Callable[[Job], str], *, local: bool) -> Question:
    """The question before jobs are asked to stop."""
    billed = "" if local else "; what ran is billed"
    lines = [
        *named(jobs, project_of),
        "",
        f"A cancelled job cannot be resumed. What it has written stays{billed}.",
        "",
        *(printable(f"$ {cancel_command(job, project_of(job))}") for job in jobs[:COMMANDS]),
    ]
    title = "Cancel this job?" if len(jobs) == 1 else f"Cancel {len(jobs)} jobs?"
    return Question(title, lines, yes="Cancel job", danger=True)


def delete_question(jobs: Sequence[Job], project_of: Callable[[Job], str]) -> Question:
    """The question before records are deleted."""
    lines = [
        *named(jobs, project_of),
        "",
        "The record goes for good. Logs and outputs are not touched.",
        "gcloud has no command for this; the request is",
        *(printable(f"$ {delete_command(job)}") for job in jobs[:COMMANDS]),
    ]
    title = "Delete this job's record?" if len(jobs) == 1 else f"Delete {len(jobs)} records?"
    return Question(title, lines, yes="Delete", danger=True)


def elsewhere_question(job: Job, project: str, *, local: bool) -> Question:
    """The question before a job that waits is cancelled so that it can be started elsewhere."""
    billed = "" if local else " What it has cost so far is billed."
    lines = [
        *named([job], lambda _job: project),
        "",
        f"It is cancelled and cannot be resumed.{billed}",
        "When it has ended you choose the region or the machine; nothing is started before you say so.",
        "",
        printable(f"$ {cancel_command(job, project)}"),
    ]
    return Question("Cancel this job and start it elsewhere?", lines, yes="Cancel job", danger=True)


def progress_words(kind: Kind, account: Account) -> str:
    """`Deleting 61 of 90: kelp …`."""
    where = f"{kind.doing} {min(account.begun + 1, account.whole)} of {account.whole}"
    if account.resumes is not None:
        return f"{where}: too many requests, going on at {local_clock(account.resumes)}"
    return f"{where}: {account.under_way} …" if account.under_way else where


def account_words(kind: Kind, account: Account) -> Content:
    """What became of all of them: `58 deleted, 2 failed, 30 not begun`, and why."""
    counts = [f"{account.done} {kind.done}"]
    counts += [f"{account.gone} gone already"] if account.gone else []
    counts += [f"{account.over} ended before"] if account.over else []
    counts += [f"{len(account.failures)} failed"] if account.failures else []
    counts += [f"{account.left} not begun"] if account.left else []
    lines = [Content.styled(f"✗ {line}", "$text-error") for line in account.failures[:MOST_FAILURES]]
    if (more := len(account.failures) - MOST_FAILURES) > 0:
        lines.append(Content.styled(f"✗ and {more} more", "$text-error"))
    return Content("\n").join([Content(", ".join(counts)), *lines])
