"""What the Logs pane says about the job and about the reading of its log: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from textual.content import Content
from textual.markup import escape

from tui.domain.errors import CloudError
from tui.domain.jobs import Job, JobState
from tui.domain.logreading.level_words import level_word
from tui.domain.logstore.rules import RowRules
from tui.domain.logstore.store import LogStore
from tui.domain.text import duration, middle_cut, printable
from tui.services.follow.state import FollowStatus, Missing, Phase
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


_LEAST_NAME = 8
"""Columns of the job's name, for which its duration is left out if need be."""
_NARROW_RIGHT, _WIDE_RIGHT = 50, 70
"""Columns for how the log is read and what is wrong, in a narrow window and in a wide one."""
_LEAST_REASON = 8
"""Columns of a reason; in fewer it says nothing."""
_NO_LIMIT = 1_000
"""Reads a minute from which on it is not said how many there may be."""


def badge(job: Job, status: FollowStatus) -> tuple[str, str]:
    """What the pane's tab says, and in which tone; nothing of a job that is over and read without trouble."""
    if job.state.terminal and status.phase is not Phase.TROUBLE:
        return "", ""
    return BADGES.get(status.phase, ("", ""))


def job_title(job: Job) -> str:
    """The job's name, harmless."""
    return printable(job.display_name).strip() or job.job_id


def job_titles(jobs: Sequence[Job]) -> list[str]:
    """The jobs' names; those of the same name have the end of their ids with them."""
    titles = [job_title(job) for job in jobs]
    return [
        f"{title} {job.job_id[-4:]}" if titles.count(title) > 1 else title
        for title, job in zip(titles, jobs, strict=True)
    ]


def title(rules: RowRules) -> str:
    """What the box with the log is called: which of its lines are shown, where that are not all."""
    parts = ["severities of the entries"] if rules.own_levels else []
    parts += [f"{level_word(rules.least_level)} and worse"] if rules.least_level else []
    parts += [printable(name) for name in rules.replicas or ()]
    if rules.matches is not None:
        parts.append("filtered")
    if rules.fold_traces:
        parts.append("tracebacks folded")
    elif not rules.fold_bars:
        parts.append("nothing folded")
    return escape(" · ".join(["Log", *parts]))


def head(job: Job, status: FollowStatus, store: LogStore, width: int, now: datetime) -> Content:
    """One line: the job on the left, how its log is read on the right."""
    ran = job.duration(now)
    state = f"{job.state.glyph} {job.state.word}"
    over = job.state.terminal
    right = reading(status, store, narrow=width < 100, over=over)  # noqa: PLR2004 (columns)
    took = f" {duration(ran.total_seconds())}" if ran else ""
    if len(state + took) + right.cell_length + _LEAST_NAME + 4 <= width:
        state += took
    room = max(width - len(state) - right.cell_length - 4, _LEAST_NAME)
    left = Content.assemble(
        (state, STATE_TONES.get(job.state, "$text-warning")),
        "  ",
        (middle_cut(job_title(job), room), "bold"),
    )
    gap = max(width - left.cell_length - right.cell_length, 2)
    return Content.assemble(left, " " * gap, right)


def reading(status: FollowStatus, store: LogStore, *, narrow: bool, over: bool) -> Content:
    """How the log is being read, with a glyph and a word, how much of it there is, what one should know."""
    if status.older_error is not None and status.phase is not Phase.TROUBLE:
        main, notes = _older_refused(status.older_error, status.older_next, narrow=narrow)
    else:
        main, notes = _how(status, narrow=narrow, over=over)
    if not narrow or not (notes or store.fault):
        notes += _counts(status, store, narrow=narrow)
    if not narrow:
        notes += _meter(status)
    return Content.assemble(
        main,
        (_fault(store, _NARROW_RIGHT - main.cell_length if narrow else _WIDE_RIGHT), "$text-warning"),
        ("".join(f" · {note}" for note in notes), "$text-muted"),
    )


def _fault(store: LogStore, width: int) -> str:
    """What is wrong with the room on disk for lines that are too many for memory; why, if there is room."""
    if not store.fault:
        return ""
    what = f" · ⚠ {'oldest lost' if store.dropped else 'some unreadable'}"
    room = width - len(what) - 2
    return f"{what}: {middle_cut(printable(store.fault), room)}" if room >= _LEAST_REASON else what


def what_to_do(store: LogStore, folder: str) -> str:
    """What is wrong with that room, in a folder, and what to do about it."""
    fault = printable(store.fault)
    again = "x and opening the log again read them anew."
    if store.dropped:
        return f"⚠ No room for older lines in {folder}: {fault}. Make room there; then {again}"
    return f"⚠ Some lines cannot be read back from {folder}: {fault}. They say so; {again}"


def _older_refused(
    error: CloudError, next_try: datetime | None, *, narrow: bool
) -> tuple[Content, list[str]]:
    """Why the older lines do not come, and when they are asked for again."""
    what, room = ("older", 17) if narrow else ("older lines", 30)
    main = Content.styled(f"✗ {what}: {middle_cut(printable(error.title), room)}", "$text-error")
    return main, [f"next try {local_clock(next_try)}"] if next_try else ["trying again"]


def _how(status: FollowStatus, *, narrow: bool, over: bool) -> tuple[Content, list[str]]:
    """The phase, and what is in the way; `over` if the job has ended."""
    error = printable(status.error.title) if status.error else ""
    match status.phase:
        case Phase.LIVE | Phase.POLLING if over:
            words = "◔ ended · waiting for last lines"
            return Content.styled(words, "$text-warning"), [error] if error and not narrow else []
        case Phase.LIVE:
            behind = "" if status.lag is None else f", {status.lag:.1f} s behind"
            return Content.styled(f"● live{behind}", "$text-success"), [
                "late lines unchecked"
            ] if error else []
        case Phase.POLLING:
            return Content.styled("◔ polling", "$text-warning"), [error] if error and not narrow else []
        case Phase.TROUBLE:
            main = Content.styled(f"✗ {middle_cut(error or 'no answer', 30)}", "$text-error")
            return main, [f"next try {local_clock(status.next_try)}"] if status.next_try else []
        case Phase.COMPLETE:
            return Content.styled("✓ complete", "$text-success"), []
    return Content.styled("… reading", "$text-muted"), []


def _counts(status: FollowStatus, store: LogStore, *, narrow: bool) -> list[str]:
    count = len(store)
    notes = [f"{count:,} line{'' if count == 1 else 's'}"] if count or status.phase is Phase.COMPLETE else []
    if status.older_pending and count:
        waits, comes = (
            ("older above", "older to come") if narrow else ("older ones at the top", "older ones are coming")
        )
        notes.append(waits if status.older_waits else comes)
    if status.older_unread or (store.dropped and not store.fault):
        notes.append("the oldest left out")
    if store.late:
        notes.append(f"{store.late:,} late")
    return notes


def _meter(status: FollowStatus) -> list[str]:
    """How much of the project's quota of reads is used."""
    meter = status.reads
    if not meter.made:
        return []
    waits = f", {meter.waiting} wait" if meter.waiting else ""
    most = f" of {meter.allowed:.0f}" if meter.allowed < _NO_LIMIT else ""
    return [f"reads {meter.made}/min{most}{waits}"]


def why_empty(job: Job, status: FollowStatus) -> tuple[str, str]:
    """Why there is no line yet, and what to expect or what may be the reason."""
    if status.phase is Phase.COMPLETE:
        reasons = [_WHY[each] for each in status.missing if each in _WHY] or [_WHY[Missing.RETENTION]]
        return "This job has no log.", "What may be the reason:\n" + "\n".join(
            f"· {each}" for each in reasons
        )
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


def why_no_row(rules: RowRules, count: int, pattern: str, share: int | None) -> tuple[str, ...]:
    """Why none of so many lines is shown, and which keys show them again; nothing while that is not known.

    Args:
        rules: which lines are rows.
        count: lines there are, one at least.
        pattern: what lines are filtered by, if they are.
        share: per cent of the lines that have been searched for it; None when all have.
    """
    if share is not None:
        return (f"No line with {middle_cut(printable(pattern), 40)} so far: {share} % searched.",)
    reasons = []
    if rules.least_level:
        by = "by the entries' own severities " if rules.own_levels else ""
        reasons.append(f"· only {level_word(rules.least_level)} and worse {by}(m goes on to all levels)")
    reasons += [f"· only {printable(name)} (R goes on to all replicas)" for name in rules.replicas or ()]
    if rules.matches is not None:
        reasons.append(f"· only lines with {middle_cut(printable(pattern), 40)} (esc drops the filter)")
    hidden = "The only line there is is hidden:" if count == 1 else f"All {count:,} lines are hidden:"
    return (hidden, *reasons)


def printed_nothing(job: Job, status: FollowStatus) -> tuple[str, ...]:
    """What to say below a log that has no line of the job's own, once there should be one."""
    if not status.missing or not (status.phase is Phase.COMPLETE or job.state is JobState.RUNNING):
        return ()
    if status.phase is not Phase.COMPLETE:
        words = "Python holds output back unless it runs with -u or PYTHONUNBUFFERED=1."
        return ("The program has printed nothing so far.", words)
    return (
        "The program printed nothing of its own: the lines above are the service's.",
        "If it should have, what may be the reason:",
        *(f"· {_WHY[each]}" for each in status.missing if each in _WHY),
    )


_WHY = {
    Missing.DENIED: "You may not read logs (logging.logEntries.list, in the role Logs Viewer); see 1 Setup.",
    Missing.API_OFF: "The Cloud Logging API is off: 1 Setup turns it on.",
    Missing.RETENTION: "Logs are kept for 30 days, unless the log bucket says otherwise.",
    Missing.NO_WRITER: "A service account without Logs Writer (roles/logging.logWriter) loses all lines.",
    Missing.EXCLUDED: "An exclusion filter of the log bucket drops them.",
    Missing.ELSEWHERE: "A log sink sends them elsewhere: name that bucket's view in logging.resource_names.",
    Missing.NOT_THERE: "They are not in what logging.resource_names names.",
    Missing.NOT_YET: "The job ended before its program began.",
}
"""What may keep a log empty, and what to do about it."""
