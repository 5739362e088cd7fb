"""The card of a job that lives and learns nothing any more."""

from __future__ import annotations

from textual.content import Content

from tui.domain import text
from tui.domain.catalog.prices import money
from tui.domain.metrics.doubts import Doubt
from tui.domain.metrics.kinds import MetricKind
from tui.panes.jobs_cards import DetailState
from tui.panes.jobs_sheet import Sheet, clock, moment

_NAMES = {
    MetricKind.LOSS: "the loss",
    MetricKind.EVAL_LOSS: "the evaluation loss",
    MetricKind.GRAD_NORM: "the gradient norm",
}
_NAME = 40


def doubt_card(sheet: Sheet, state: DetailState) -> None:
    """What speaks against a job that lives, since when, and what to do; nothing where all is well."""
    job, doubt = state.job, state.insight.doubt if state.insight else None
    if doubt is None or job.state.terminal:
        return
    kind = "infinite" if doubt.infinite else "NaN"
    title = Content.assemble(
        (f"⚠ {job.state.word}, but: {_NAMES[doubt.kind]} is {kind}", "bold $text-warning"),
        (f" · {text.printable(doubt.replica)}", "$text-muted") if doubt.replica else "",
    )
    sheet.line(title, indent=2)
    sheet.line(_since(doubt, state))
    steps = (
        ("c ", "Cancel it: what it learns from there on is lost."),
        ("R ", "Run it again with a smaller learning rate, or with gradients clipped."),
        ("· ", "Or compute in bfloat16 or float32 instead of float16."),
    )
    for number, (key, words) in enumerate(steps):
        shown = Content.assemble((key, "bold $accent"), words)
        sheet.field("Next" if number == 0 else "", shown)
    sheet.gap()


def _since(doubt: Doubt, state: DetailState) -> str:
    name = text.middle_cut(text.printable(doubt.name), _NAME)
    place = ""
    if doubt.since.step is not None:
        place = f"step {doubt.since.step:,}"
    elif doubt.since.epoch is not None:
        place = f"epoch {doubt.since.epoch:.4g}"
    when = clock(moment(doubt.since.time_ns), state.now)
    since = f"{place} ({when})" if place and when else place or when
    cost = state.cost
    goes_on = ""
    if cost is not None and cost.per_hour is not None and not cost.held and not state.local:
        goes_on = f" It goes on at {money(cost.per_hour)}/hour."
    return f"Every value of {name} has been {'infinite' if doubt.infinite else 'NaN'} since {since}.{goes_on}"
