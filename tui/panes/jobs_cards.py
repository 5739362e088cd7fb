"""The cards of a job's summary: why it failed, why it waits, how far it is, what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from textual.content import Content

from tui.domain import text
from tui.domain.catalog.prices import money
from tui.domain.course.attempts import Attempt
from tui.domain.course.cost import SoFar
from tui.domain.course.timeline import awaits_error
from tui.domain.course.waiting import Waiting
from tui.domain.diagnosis.hiding import error_words
from tui.domain.diagnosis.model import Cause, Confidence, Diagnosis, Evidence
from tui.domain.insight import JobInsight
from tui.domain.jobs import Job, JobState
from tui.domain.metrics.kinds import ORDER, kind
from tui.domain.metrics.model import JobProgress, Series
from tui.domain.timeouts import MAX_SECONDS
from tui.panes.jobs_curves import sparkline, value_words
from tui.panes.jobs_sheet import Sheet, clock, moment

MOST_QUOTED = 3
"""Lines of evidence that are shown."""
FIRST_ROWS, OTHER_ROWS = 4, 2
"""Rows that the first and each other line of evidence may take."""
MOST_STEPS = 4
"""Next steps that are shown; `f` lists all."""
MOST_METRICS = 6
"""Metrics with a course in the summary; the charts have all."""
MOST_HOLDERS = 5
"""Jobs named that hold the same quota."""
_SPARK = 24
_PERCENT = 100
_HOUR = 3_600
_LONG = 600
_STALE = 120.0

TITLES = {
    Cause.QUOTA: "Not enough quota",
    Cause.STOCKOUT: "No machines were free",
    Cause.IMAGE_PULL: "The image could not be loaded",
    Cause.SERVICE_ACCOUNT: "The service account cannot be used",
    Cause.PERMISSION: "A permission is missing",
    Cause.API_DISABLED: "An API is off",
    Cause.HOST_MEMORY: "Out of memory",
    Cause.GPU_MEMORY: "Out of GPU memory",
    Cause.TRACEBACK: "The program raised an exception",
    Cause.MISSING_MODULE: "A module is missing",
    Cause.MISSING_FILE: "A file is missing",
    Cause.MODEL_ACCESS: "No access to the model",
    Cause.WANDB_LOGIN: "The login to W&B failed",
    Cause.COMMAND_NOT_FOUND: "The command was not found",
    Cause.BAD_ARGUMENTS: "The program does not know its arguments",
    Cause.DISK_FULL: "The disk was full",
    Cause.NCCL: "The replicas lost each other (NCCL)",
    Cause.NETWORK: "The network failed",
    Cause.PREEMPTION: "Spot machines were taken away",
    Cause.TIMEOUT: "Its time was up",
    Cause.CANCELLED: "It was cancelled",
    Cause.CRASH: "The program crashed",
    Cause.INTERNAL: "An error within Vertex AI",
    Cause.NAN_LOSS: "The loss became NaN",
    Cause.MASKED_EXIT: "A failure was lost on the way",
    Cause.NO_OUTPUTS: "No outputs were written",
    Cause.UNKNOWN: "The cause is not known",
    Cause.NONE: "Nothing is wrong",
}
"""What each cause is called."""
SURENESS = {Confidence.SURE: "sure", Confidence.LIKELY: "likely", Confidence.UNSURE: "not sure"}
"""How sure a card is, in words."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A marked job that is compared with the one under the cursor."""

    job: Job
    insight: JobInsight


@dataclass(frozen=True, slots=True)
class DetailState:
    """All that the detail is made of."""

    job: Job
    now: datetime
    insight: JobInsight | None = None
    cost: SoFar | None = None
    waiting: Waiting | None = None
    project: str = ""
    rivals: tuple[Rival, ...] = ()
    """Marked jobs, for the charts."""
    local: bool = False
    """Whether it runs on this box, where nothing is billed."""


# Why it failed


def failure_card(sheet: Sheet, state: DetailState) -> None:
    """What is known of a job's end, the cause first; nothing for one that ended well or lives."""
    job, insight = state.job, state.insight
    diagnosis = insight.diagnosis if insight else None
    if diagnosis is not None and not diagnosis.healthy:
        _diagnosis(sheet, diagnosis, state)
        if insight is not None and insight.kept:
            sheet.line(_known_before(insight), "$text-muted")
        elif insight is not None and not insight.lines:
            sheet.line(_log_state(insight) or "That is by the job's error alone.", "$text-muted")
    elif job.error is not None:
        sheet.line(_reason(error_words(job)), "$text-error" if job.state is JobState.FAILED else "")
        if job.state is JobState.FAILED:
            sheet.line(_log_state(insight), "$text-muted")
    if awaits_error(job, state.now):
        words = "The reason follows within about a minute; the log has it already."
        sheet.line(words, "$text-warning")
    if job.error is not None or (diagnosis is not None and not diagnosis.healthy):
        sheet.gap()


def _reason(words: str) -> Content:
    return Content(text.printable(words, multiline=True).strip())


def _known_before(insight: JobInsight) -> str:
    if insight.trouble is not None:
        return f"That was found before. {_log_state(insight)}"
    return "That was found before; its log has not been read again yet."


def _log_state(insight: JobInsight | None) -> str:
    if insight is None or not (insight.lines or insight.complete or insight.trouble):
        return "Its log has not been read yet."
    if insight.trouble is not None:
        return f"Its log could not be read: {insight.trouble.title}"
    return "" if insight.complete else "Its log is being read."


def _diagnosis(sheet: Sheet, card: Diagnosis, state: DetailState) -> None:
    job = state.job
    done = job.state is JobState.SUCCEEDED
    glyph, tone = ("⚠", "$text-warning") if done else ("✗", "$text-error")
    if card.cause is Cause.CANCELLED:
        glyph, tone = "⊘", ""
    if card.cause is not Cause.NONE:
        but = "succeeded, but: " if done else ""
        title = Content.assemble(
            (f"{glyph} {but}{TITLES[card.cause]}", f"bold {tone}".strip()),
            (f" · {' · '.join((SURENESS[card.confidence], *_ending(card)))}", "$text-muted"),
        )
        sheet.line(title, indent=2)
        sheet.line(card.summary)
        _exception(sheet, card)
        _steps(sheet, card)
        _evidence(sheet, card.evidence, state.now)
    for other in card.also:
        words = f"{TITLES[other.cause]} ({SURENESS[other.confidence]}). {other.summary}"
        sheet.field("Also", words, "$text-warning")
        _evidence(sheet, other.evidence[:1], state.now, head=False)
    said = card.said or error_words(job)
    if said and not _quotes(card, said):
        sheet.field("Vertex AI", _reason(said))


def _quotes(card: Diagnosis, message: str) -> bool:
    """Whether the service's own words are among the evidence shown."""
    shown = (each.text.strip().rstrip("…") for each in card.evidence[:MOST_QUOTED])
    return any(quote and message.strip().startswith(quote) for quote in shown)


def _ending(card: Diagnosis) -> tuple[str, ...]:
    """The exit code, and the replica that failed first."""
    where = f" in {text.printable(card.replica)}" if card.replica else ""
    if card.exit_code is not None:
        return (f"exit code {card.exit_code}{where}",)
    return (where.strip(),) if where else ()


def _exception(sheet: Sheet, card: Diagnosis) -> None:
    if card.exception:
        shown = text.middle_cut(text.printable(card.exception), 2 * sheet.room - 8)
        sheet.field("Raised", Content.styled(shown, "bold"))
    if card.frame is not None:
        place = Content.assemble(
            (text.printable(f"{card.frame.file}:{card.frame.line}"), "bold"),
            text.printable(f" in {card.frame.function}") if card.frame.function else "",
            ("   " + text.printable(card.frame.code.strip()), "$text-muted") if card.frame.code else "",
        )
        sheet.field("at", place)


def _evidence(sheet: Sheet, evidence: Sequence[Evidence], now: datetime, *, head: bool = True) -> None:
    for number, each in enumerate(evidence[:MOST_QUOTED]):
        jump = head and number == 0 and each.key is not None
        who = each.replica.removeprefix("workerpool") if each.time_ns is not None else "the job's error"
        when = clock(moment(each.time_ns), now) if each.time_ns is not None else ""
        label = "Evidence" if head and number == 0 else ""
        quote = Content.assemble(
            ("E ", "bold $accent") if jump else "",
            (" ".join(part for part in (when, text.printable(who)) if part) + " ", "$text-muted"),
            text.printable(" ".join(each.text[:2_000].split())),
        )
        sheet.cut_field(label, quote, OTHER_ROWS if number or not head else FIRST_ROWS)
    if head and (more := len(evidence) - MOST_QUOTED) > 0:
        sheet.field("", f"and {more} more line{'s' if more > 1 else ''}", "$text-muted")


def _steps(sheet: Sheet, card: Diagnosis) -> None:
    for number, step in enumerate(card.steps[:MOST_STEPS]):
        key = ("f ", "bold $accent") if number == 0 else ("· ", "$text-muted")
        sheet.field("Next" if number == 0 else "", Content.assemble(key, text.printable(step.words)))
    if (more := len(card.steps) - MOST_STEPS) > 0:
        sheet.field("", f"f lists {more} more", "$text-muted")


# Why it waits


def waiting_card(sheet: Sheet, card: Waiting | None, job: Job) -> None:
    """Why a job has been waiting for long, whether that costs, and what can be done."""
    if card is None:
        return
    sheet.field("Waits", Content.styled(text.printable(card.summary), "$text-warning"))
    sheet.field("", "" if card.sure else "That is the likely reason; the service says none.", "$text-muted")
    names = [text.middle_cut(text.printable(one.display_name or one.job_id), 40) for one in card.holders]
    more = f" and {len(names) - MOST_HOLDERS} more" if len(names) > MOST_HOLDERS else ""
    sheet.field("Held by", ", ".join(names[:MOST_HOLDERS]) + more)
    sheet.field("Billed", card.billed)
    if card.elsewhere and job.state is not JobState.CANCELLING:
        words = "Cancel it and start it in another region or on another machine, which may begin sooner."
        sheet.field("Next", Content.assemble(("f ", "bold $accent"), words))
    sheet.gap()


# How far it is


def progress_lines(sheet: Sheet, state: DetailState) -> None:
    """How far the job is by its log, and the courses of its metrics."""
    insight = state.insight
    if insight is None:
        return
    if insight.progress is not None:
        sheet.field("Progress", progress_words(insight.progress, state, sheet.room))
    _metrics(sheet, insight.series)


def progress_words(progress: JobProgress, state: DetailState, room: int) -> Content:
    """A bar with the percentage, the step and what is left."""
    parts: list[str] = []
    if progress.step is not None:
        of = f" of {progress.total_steps:,}" if progress.total_steps else ""
        parts.append(f"step {progress.step:,}{of}")
    if progress.epoch is not None:
        of = f" of {progress.total_epochs:g}" if progress.total_epochs else ""
        parts.append(f"epoch {progress.epoch:.4g}{of}")
    told = moment(progress.as_of_ns)
    passed = max((state.now - told).total_seconds(), 0.0) if told else 0.0
    if progress.eta_seconds is not None and state.job.state is JobState.RUNNING:
        left = progress.eta_seconds - passed
        parts.append(f"{text.duration(left)} left" if left > 0 else "about to end")
    if told and state.job.state is JobState.RUNNING and passed > _STALE:
        parts.append(f"as of {clock(told, state.now)}")
    words = Content(" · ".join(parts))
    if progress.fraction is None:
        return words
    percent = f"{int(min(max(progress.fraction, 0.0), 1.0) * _PERCENT)}%"
    cells = min(max(room - words.cell_length - 8, 8), 24)
    full = round(min(max(progress.fraction, 0.0), 1.0) * cells)
    bar = Content.assemble(("━" * full, "$accent"), ("╌" * (cells - full), "$text-muted"), f" {percent}")
    return bar + Content(" · ") + words if parts else bar


def _metrics(sheet: Sheet, series: Sequence[Series]) -> None:
    first: dict[str, Series] = {}
    for one in series:
        if one.points:
            first.setdefault(one.name, one)
    shown = sorted(first.values(), key=lambda one: ORDER.index(kind(one.name)))
    width = min(
        max((text.cell_width(text.printable(one.name)) for one in shown[:MOST_METRICS]), default=0), 18
    )
    for number, one in enumerate(shown[:MOST_METRICS]):
        name = text.middle_cut(text.printable(one.name), width)
        last = value_words(one.points[-1].value)
        values = [point.value for point in one.points]
        row = Content.assemble(
            name + " " * (width - text.cell_width(name)),
            (f" {last:>9} ", "bold"),
            (sparkline(values, min(max(sheet.room - width - 11, 4), _SPARK)), "$primary"),
        )
        sheet.field("Metrics" if number == 0 else "", row)
    if (more := len(shown) - MOST_METRICS) > 0:
        sheet.field("", f"and {more} more: t shows the charts", "$text-muted")


def attempts_lines(sheet: Sheet, attempts: Sequence[Attempt], now: datetime) -> None:
    """How often the service began, if more than once."""
    if len(attempts) < 2:  # noqa: PLR2004 (one attempt is no news)
        return
    sheet.field("Attempts", f"{len(attempts)}: it began anew {_times(len(attempts) - 1)}")
    for attempt in attempts[-4:]:
        ran = ""
        if attempt.running_ns is not None and attempt.end_ns is not None:
            ran = f", ran {text.duration((attempt.end_ns - attempt.running_ns) / 1e9)}"
        why = f", {attempt.reason}" if attempt.reason else ""
        sheet.field("", f"{attempt.number} from {clock(moment(attempt.start_ns), now)}{ran}{why}")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


# What it costs


def cost_words(cost: SoFar, job: Job, timeout: float | None, *, local: bool) -> str:
    """What it has cost, an hour, and at most; `timeout` in seconds, 0 when none is set, None when unknown."""
    if cost.held:
        return "that of the persistent resource, which is billed whether jobs run or not"
    if not cost.seconds and not job.state.live:
        return "nothing, it never ran"
    here = "nothing on this box; on Google Cloud " if local else ""
    if cost.per_hour is None:
        return f"{here}not known: there is no price for these machines"
    hourly = f"{money(cost.per_hour)}/hour"
    if not cost.seconds:
        return f"{here or 'nothing yet · '}{hourly} ({cost.label})"
    so_far = " so far" if job.state.live else ""
    words = f"{here}{cost.words}{so_far} ({cost.label}) · {hourly}"
    if not job.state.live or timeout is None:
        return words
    longest = min(timeout or MAX_SECONDS, MAX_SECONDS)
    most = money(cost.per_hour * Decimal(str(longest)) / _HOUR)
    stopped = f"stopped after {text.duration(longest)}" if timeout else "no timeout is set: 7 days"
    return f"{words} · at most {most}, {stopped}"
