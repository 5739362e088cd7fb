"""The words in which a delete is asked for and accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from tui.domain.deleteplan import DeletePlan, count_and_size, gcloud_of
from tui.domain.storage import GcsUri
from tui.domain.storagewords import place_name, where_line
from tui.domain.target import Target
from tui.services.deletion import words
from tui.services.deletion.run import DeleteReport
from tui.services.deletion.words import held_line, places
from tui.services.jobwatch import JobsSnapshot
from tui.widgets.confirm import Offer, Question

__all__ = [
    "DOWNLOAD",
    "EARLIER",
    "again_question",
    "delete_question",
    "failures_of",
    "held_line",
    "places",
    "writer_lines",
]

DOWNLOAD = Offer("d", "Download first")
EARLIER = "v"
"""The key that takes earlier versions too, or leaves them."""


def delete_question(
    plan: DeletePlan, target: Target, jobs: JobsSnapshot, *, may_download: bool = False, home: bool = False
) -> Question:
    """The question before a delete: everything that it takes, what stays, and whether it can be undone.

    `home` says that all of it was downloaded before.
    """
    lines = [*words.pointed_at(plan), "", *words.amount(plan)]
    lines += [*words.earlier(plan, EARLIER), *words.left_out(plan), *words.buckets(plan)]
    lines += ["", *plan.undo_lines(datetime.now(UTC))]
    if plan.count:
        lines.append("Only the versions just counted are deleted: what is written meanwhile stays.")
    lines += writer_lines(plan.aims, jobs)
    command = gcloud_of(plan)
    lines += ["", f"Same as: {command}" if command else "No gcloud command names exactly this."]
    lines.append(where_line(target))
    return Question(
        "Delete what was downloaded?" if home else words.title(plan),
        lines,
        "Delete",
        danger=True,
        must_type=plan.must_type,
        offers=_offers(plan, may_download=may_download),
    )


def writer_lines(aims: Sequence[GcsUri], jobs: JobsSnapshot) -> list[str]:
    """Jobs that may write there, and whether that is known at all."""
    known = jobs.trouble is None and not (jobs.kept or jobs.failing)
    return words.writer_lines(aims, jobs.jobs, known=known)


def _offers(plan: DeletePlan, *, may_download: bool) -> list[Offer]:
    offers = []
    if plan.earlier and not plan.must_take_earlier:
        word = "Leave earlier versions" if plan.with_earlier else "Earlier versions too"
        offers.append(Offer(EARLIER, word))
    if may_download and plan.live:
        offers.append(DOWNLOAD)
    return offers


def again_question(plan: DeletePlan, target: Target) -> Question:
    """The question before what failed is tried again."""
    lines = [
        *places(plan.aims),
        "",
        f"{count_and_size(plan.count, plan.bytes)} that could not be deleted before, or were not tried",
        *words.buckets(plan),
        "",
        *plan.undo_lines(datetime.now(UTC)),
        where_line(target),
    ]
    return Question("Try what failed again?", lines, "Delete", danger=True)


def undo_hint(report: DeleteReport) -> str:
    """The key of the undo, if anything can come back; what is gone for good was said before."""
    return " · Z undoes" if (report.gone or report.buckets_gone) and report.plan.undoable else ""


def failures_of(report: DeleteReport) -> list[tuple[str, str]]:
    """Everything that is not known to be gone, with its reason; trouble first."""
    plan = report.plan
    several = len(plan.parts) > 1
    lines = []
    if report.trouble is not None:
        hint = f" · {report.trouble.hint}" if report.trouble.hint else ""
        lines.append((place_name(plan.aims[0]), f"{report.trouble}{hint}"))
    for failure in report.failures:
        name = f"gs://{failure.bucket}/{failure.name}" if several else failure.name
        lines.append((name, failure.reason))
    return lines
