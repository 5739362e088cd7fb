"""The strip above the job list: what ended while nobody looked, and when nobody could."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from textual.content import Content
from textual.widgets import Static

from tui.domain.course.cost import SoFar
from tui.domain.diagnosis.hiding import error_words
from tui.domain.insight import JobInsight
from tui.domain.joblist.unseen import BAD, BLIND, News, Stretch, Tally, in_turn, is_odd, tallies, unread_words
from tui.domain.jobs import Job, JobState
from tui.domain.text import duration, middle_cut, printable

MOST_CAUSES, FEW_CAUSES = 3, 1
"""Failed jobs that are named with their cause, and how many where rows are few; the rest is counted."""
FEW_ROWS = 30
_LEAST = Decimal("0.005")
_TONES = {
    JobState.SUCCEEDED: "$text-success",
    JobState.FAILED: "$text-error",
    JobState.EXPIRED: "$text-error",
    JobState.PARTIALLY_SUCCEEDED: "$text-warning",
}
_NAME = 32


class NewsStrip(Static):
    """A few lines that stay until they are waved away."""

    def __init__(self) -> None:
        super().__init__(id="jobs-news", classes="hidden")
        self._shown = Content("")

    def show(self, content: Content) -> None:
        """Show these lines; nothing takes the strip away."""
        if not content.is_same(self._shown):
            self._shown = content
            self.update(content)
        self.set_class(not content, "hidden")


def news_content(
    news: News,
    jobs: Sequence[Job],
    insights: Mapping[str, JobInsight],
    cost_of: Callable[[Job], SoFar],
    now: datetime,
    *,
    width: int,
    most: int = MOST_CAUSES,
    local: bool = False,
) -> Content:
    """What ended meanwhile: counts, causes, what it cost, and the stretches in which nobody looked.

    Each in one line of at most `width` columns; at most so many jobs that did not end well are named.
    """
    told = tallies(jobs, insights)
    lines = _counted(_when(news, jobs, now), told, cost_words(map(cost_of, jobs), local=local), width)
    bad = [job for job in in_turn(jobs, insights) if job.state in BAD or is_odd(job, insights.get(job.name))]
    lines += [_cause(job, insights.get(job.name)) for job in bad[:most]]
    if blind := [stretch for stretch in news.stretches if stretch.end - stretch.start >= BLIND]:
        spans = ", ".join(_stretch(stretch, now) for stretch in reversed(blind))
        lines.append(Content.styled(f"  Not looked {printable(spans)}", "$text-muted"))
    more = len(bad) - most
    rest = f"and {more} more of these · " if more > 0 else ""
    keys = "u goes to the first, U: all seen, esc: away" if jobs else "esc takes this away"
    lines.append(Content.styled(f"  {rest}{keys}", "$text-muted"))
    return Content("\n").join(line.truncate(width, ellipsis=True) for line in lines)


def _when(news: News, jobs: Sequence[Job], now: datetime) -> str:
    start = min((stretch.start for stretch in news.stretches), default=None)
    ends = [job.end_time for job in jobs if job.end_time is not None]
    start = min([start, *ends]) if start is not None else None  # ends of before may still be unseen
    return f"since {clock(start, now)}" if start is not None else "since you looked"


def _counted(when: str, told: Sequence[Tally], cost: str, width: int) -> list[Content]:
    """How many ended how; those whose logs are still to be read count as nothing else yet."""
    if not told:
        return [Content.assemble(("Nothing ended", "bold"), f" {when}")]
    parts: list[Content | tuple[str, str] | str] = [("Ended", "bold"), f" {when}: "]
    for number, tally in enumerate(tally for tally in told if tally.read):
        glyph, word = ("⚠", "succeeded?") if tally.odd else (tally.state.glyph, tally.state.word)
        tone = "$text-warning" if tally.odd else _TONES.get(tally.state, "")
        parts += [" · " * bool(number), (f"{glyph} {tally.count} {word}", tone)]
    rest = " · ".join(filter(None, [unread_words(told), cost]))
    if not told[0].read:
        return [Content.assemble(*parts, rest)]
    whole = Content.assemble(*parts, f" · {rest}" * bool(rest))
    return [whole] if whole.cell_length <= width else [Content.assemble(*parts), Content(f"  {rest}")]


def cost_words(costs: Iterable[SoFar], *, local: bool = False) -> str:
    """The sum, and how many have no known price; of jobs on this box, what it would have been; or nothing."""
    known, total, unknown = 0, Decimal(0), 0
    for cost in costs:
        if cost.held or not cost.seconds:
            continue
        if cost.amount is None:
            unknown += 1
        else:
            known, total = known + 1, total + cost.amount
    parts = []
    if known:
        parts.append(f"≈ ${total:,.2f}" if total >= _LEAST else "< $0.01")
    if unknown:
        parts.append(f"{unknown} of unknown price")
    where = "on Google Cloud " if local else ""
    return f"{where}{', '.join(parts)}" if parts else ""


def _cause(job: Job, insight: JobInsight | None) -> Content:
    name = middle_cut(printable(job.display_name or job.job_id), _NAME)
    why = _why(job, insight)
    glyph, tone = ("⚠", "$text-warning") if is_odd(job, insight) else (job.state.glyph, "$text-error")
    return Content.assemble("  ", (f"{glyph} ", tone), (name, "bold"), f"  {why}" * bool(why))


def _why(job: Job, insight: JobInsight | None) -> str:
    if insight is not None and insight.diagnosis is not None:
        return printable(insight.diagnosis.summary)
    return printable(error_words(job).strip().partition("\n")[0])


def _stretch(stretch: Stretch, now: datetime) -> str:
    long = duration((stretch.end - stretch.start).total_seconds())
    return f"from {clock(stretch.start, now)} to {clock(stretch.end, now)} ({long}): {stretch.why}"


def clock(when: datetime, now: datetime) -> str:
    """Local time to the minute, with the day unless it is today's."""
    local = when.astimezone()
    return f"{local:%H:%M}" if local.date() == now.astimezone().date() else f"{local:%d %b %H:%M}"
