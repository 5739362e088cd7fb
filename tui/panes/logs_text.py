"""What the Logs pane says about the job and about the reading of its log: pure functions."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from tui.domain.jobs import Job, JobState
from tui.domain.logbuffer import LogBuffer
from tui.domain.text import duration, middle_cut, printable
from tui.services.follower_state import FollowStatus, Phase
from tui.widgets.state_view import local_clock

STATE_TONES = {
    JobState.RUNNING: "$text-success",
    JobState.SUCCEEDED: "$text-success",
    JobState.FAILED: "$text-error",
    JobState.EXPIRED: "$text-error",
    JobState.CANCELLED: "$text-muted",
    JobState.UNKNOWN: "$text-muted",
}
"""Colours of states; all others wait, and are yellow."""

BADGES = {
    Phase.LIVE: ("live", "success"),
    Phase.POLLING: ("polling", ""),
    Phase.TROUBLE: ("trouble", "error"),
}
"""What the tab says, and in which tone."""

NO_LOG = (
    "Logs are kept for 30 days. A service account without the role Logs Writer (roles/logging.logWriter)"
    " loses what the job prints, and a log sink may send it elsewhere."
)
"""Why the log of a job that is over may be empty."""


def job_title(job: Job) -> str:
    """The job's name, harmless."""
    return printable(job.display_name).strip() or job.job_id


def head(job: Job, status: FollowStatus, buffer: LogBuffer, width: int, now: datetime) -> Content:
    """One line: the job on the left, how its log is read on the right."""
    ran = job.duration(now)
    state = f"{job.state.glyph} {job.state.word}" + (f" {duration(ran.total_seconds())}" if ran else "")
    right = reading(status, buffer, narrow=width < 100)  # noqa: PLR2004 (columns)
    room = max(width - len(state) - right.cell_length - 4, 8)
    left = Content.assemble(
        (state, STATE_TONES.get(job.state, "$text-warning")),
        "  ",
        (middle_cut(job_title(job), room), "bold"),
    )
    gap = max(width - left.cell_length - right.cell_length, 2)
    return Content.assemble(left, " " * gap, right)


def reading(status: FollowStatus, buffer: LogBuffer, *, narrow: bool) -> Content:
    """How the log is being read, with a glyph and a word, how much of it there is, what one should know."""
    notes = []
    match status.phase:
        case Phase.LIVE:
            main = Content.styled("● live", "$text-success")
            if status.error is not None:
                notes.append("late lines unchecked")
        case Phase.POLLING:
            main = Content.styled("◔ polling", "$text-warning")
            if status.error is not None and not narrow:
                notes.append(printable(status.error.title))
        case Phase.TROUBLE:
            title = printable(status.error.title) if status.error else "no answer"
            main = Content.styled(f"✗ {middle_cut(title, 30)}", "$text-error")
            if status.next_try is not None:
                notes.append(f"next try {local_clock(status.next_try)}")
        case Phase.COMPLETE:
            main = Content.styled("✓ complete", "$text-success")
        case Phase.LOADING:
            main = Content.styled("… reading", "$text-muted")
    if not narrow or not notes:
        notes += _counts(status, buffer, narrow=narrow)
    return Content.assemble(main, ("".join(f" · {note}" for note in notes), "$text-muted"))


def _counts(status: FollowStatus, buffer: LogBuffer, *, narrow: bool) -> list[str]:
    count = len(buffer.lines)
    notes = [f"{count:,} line{'' if count == 1 else 's'}"] if count or status.phase is Phase.COMPLETE else []
    if status.older_pending and count:
        notes.append("older ones are coming")
    if status.older_unread or buffer.dropped:
        notes.append("the oldest left out")
    if buffer.folded and not narrow:
        notes.append(f"{buffer.folded:,} of progress folded")
    if buffer.late:
        notes.append(f"{buffer.late:,} late")
    return notes


def why_empty(job: Job, phase: Phase) -> tuple[str, str]:
    """Why there is no line yet, and what to expect."""
    if phase is Phase.COMPLETE:
        return "This job has no log.", NO_LOG
    if job.state is JobState.RUNNING:
        since = f" since {local_clock(job.start_time)}" if job.start_time else ""
        return f"No lines yet: the job is running{since}.", "They appear here as they are printed."
    if job.state.terminal:
        return "No lines yet.", f"The job is over ({job.state.word}); its last lines may still come."
    since = f" since {local_clock(job.create_time)}" if job.create_time else ""
    return (
        f"No lines yet: the job is {job.state.word}{since}.",
        "A machine is being found and started, which takes some minutes. Lines appear here by themselves.",
    )
