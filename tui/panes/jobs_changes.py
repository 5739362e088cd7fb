"""Changes of jobs wherever they are listed: the question before, each job's turn, and what became of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from textual.content import Content

from tui.domain import text
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.joblist.commands import cancel_command
from tui.domain.jobs import Job, JobState
from tui.widgets.confirm import Question

SHOWN = 12
"""Jobs named in a question; of more, the rest is counted."""
COMMANDS = 3
"""Commands shown in a question."""

Change = Callable[[Gateway, Job], Awaitable[None]]
"""What is done to one job."""


def cancellable(job: Job) -> bool:
    """Whether a job can still be asked to stop."""
    return job.state.live and job.state is not JobState.CANCELLING


def named(jobs: Sequence[Job]) -> list[str]:
    """The jobs of a question, one a line."""
    lines = [f"  {text.printable(job.display_name)}  {job.state.word}  {job.region}" for job in jobs[:SHOWN]]
    return [*lines, f"  and {len(jobs) - SHOWN} more"] if len(jobs) > SHOWN else lines


def cancel_question(jobs: Sequence[Job], project_of: Callable[[Job], str], *, local: bool) -> Question:
    """The question before jobs are asked to stop."""
    billed = "" if local else "; what ran is billed"
    lines = [
        *named(jobs),
        "",
        f"A cancelled job cannot be resumed. What it has written stays{billed}.",
        "",
        *(f"$ {cancel_command(job, project_of(job))}" for job in jobs[:COMMANDS]),
    ]
    title = "Cancel this job?" if len(jobs) == 1 else f"Cancel {len(jobs)} jobs?"
    return Question(title, lines, yes="Cancel job", danger=True)


async def ask_to_cancel(gateway: Gateway, job: Job) -> None:
    """`CancelCustomJob`, in the job's own place.

    Raises:
        CloudError: it was refused, or what became of it is not known.
    """
    await gateway.jobs.cancel_job(job.name)


async def change_each(
    jobs: Sequence[Job],
    call: Change,
    gateway_of: Callable[[Job], Gateway | None],
    done: str,
    say: Callable[[Content | str], object],
) -> None:
    """Apply a change to each job and account for every one of them."""
    failures: list[str] = []
    gone = 0
    for number, job in enumerate(jobs, start=1):
        name = text.printable(job.display_name)
        say(f"{number} of {len(jobs)}: {name} …")
        gateway = gateway_of(job)
        try:
            if gateway is not None:
                await call(gateway, job)
        except CloudError as error:
            if error.kind is ErrorKind.NOT_FOUND:
                gone += 1
                continue
            unclear = " It may have happened all the same." if error.ambiguous else ""
            failures.append(f"{name}: {error}.{unclear} {error.hint}".rstrip())
    count = len(jobs) - len(failures) - gone
    summary = ", ".join([f"{count} {done}", *([f"{gone} gone already"] if gone else [])])
    say(
        Content("\n").join(
            [Content(summary), *(Content.styled(f"✗ {line}", "$text-error") for line in failures)]
        )
    )
