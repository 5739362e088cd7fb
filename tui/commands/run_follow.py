"""Follows a job that was started, and ends with its outcome."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from tui.commands.exits import Exit
from tui.commands.find import Found
from tui.commands.hiding import hider
from tui.commands.hints import command
from tui.commands.logfollow import END, UNSEEN, Following
from tui.commands.loglines import Choice, FoldedLog
from tui.commands.logprint import LogPrinter
from tui.commands.logread import FOR_GOOD, log_readers
from tui.commands.output import note, safe, styled
from tui.commands.session import sentence
from tui.commands.waiting import Waiting, patiently
from tui.domain import text
from tui.domain.course.timeline import awaits_error
from tui.domain.diagnosis.diagnose import diagnose
from tui.domain.diagnosis.exits import exits_in
from tui.domain.diagnosis.model import Case, Cause
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job, JobState
from tui.domain.places import Place
from tui.domain.polling import PollPace
from tui.services.options import AppOptions

_LOOK, _LOCAL_LOOK = 10.0, 1.0
"""Seconds between two looks at a job whose log cannot be read."""
_MOST_CODE = 255


async def follow_to_end(gateway: Gateway, options: AppOptions, job: Job, secrets: Iterable[str] = ()) -> int:
    """Print the log until it is complete; the exit status that tells the job's outcome.

    Of what the job prints, `secrets` are hidden beside all others.

    Raises:
        CloudError: the job cannot be read any more.
        asyncio.CancelledError: the user left; the job goes on, which was said, as after SIGTERM.
    """
    target = gateway.target
    found = Found(job, Place(target.project, target.region), gateway)
    lines = FoldedLog(Choice(), live=True)
    printer = LogPrinter(await hider(options, job, secrets), jsonl=False, raw=False)
    following = Following(log_readers(gateway), found, options, lines, printer)
    with _terminable() as terminated:
        try:
            try:
                await following.run()
            except CloudError as error:
                note(f"Its log cannot be read: {sentence(error)}; its end is awaited all the same")
            job = await _ended(gateway, job, following.exit_code)
        except (asyncio.CancelledError, OSError):
            note(f"The job goes on. To come back: {command(f'logs {job.job_id} --follow', found.place)}")
            note(f"To stop it: {command(f'cancel {job.job_id}', found.place)}")
            if terminated.is_set():
                return Exit.TERMINATED
            raise
    _tell(job, found.place)
    return outcome(job, following.exit_code)


@contextmanager
def _terminable() -> Iterator[asyncio.Event]:
    """Let SIGTERM cancel the task as ctrl+c does; the event is set then."""
    came, task, loop = asyncio.Event(), asyncio.current_task(), asyncio.get_running_loop()
    if task is None or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield came
        return

    def end() -> None:
        came.set()
        task.cancel()

    loop.add_signal_handler(signal.SIGTERM, end)
    try:
        yield came
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


async def _ended(gateway: Gateway, job: Job, code: int | None) -> Job:
    """The job once it is over and, unless the log told the exit code, its record says why it failed."""
    pace = PollPace(_LOCAL_LOOK, _LOCAL_LOOK) if gateway.target.is_local else PollPace(_LOOK, _LOOK)
    waiting = Waiting(UNSEEN)
    while True:
        now = await patiently(
            lambda: gateway.jobs.get_job(job.name),
            waiting,
            END,
            hopeless=lambda error: error.kind in FOR_GOOD,
            pace=pace,
        )
        if now.state.terminal and (code is not None or not awaits_error(now, datetime.now(UTC))):
            return now
        await asyncio.sleep(pace.delay(live=True))


def _tell(job: Job, place: Place) -> None:
    name, good = safe(job.display_name), job.state is JobState.SUCCEEDED
    ran = job.duration(job.end_time) if job.end_time else None
    after = f" after {text.duration(ran.total_seconds())}" if ran is not None else ""
    note(styled(f"{job.state.glyph} {name} {job.state.word}{after}", fg="green" if good else "red"))
    card = diagnose(Case(job))
    timed_out = not good and card.cause is Cause.TIMEOUT
    if timed_out:
        note(safe(card.summary))
    if not good and (timed_out or job.state is not JobState.CANCELLED):
        note(f"Why: {command(f'explain {job.job_id}', place)}")


def outcome(job: Job, told: int | None = None) -> int:
    """0 if the job succeeded, else the code of the replica that failed, as the record or the log tells it."""
    if job.state is JobState.SUCCEEDED:
        return Exit.OK
    codes = [end.code for end in exits_in(job.error.message)] if job.error is not None else []
    code = next((each for each in (*codes, told) if each), Exit.FAILED)
    return code if 0 < code <= _MOST_CODE else Exit.FAILED
