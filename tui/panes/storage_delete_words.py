"""The words in which a delete is asked for and accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from tui.domain.deleteplan import DeletePlan, count_and_size, gcloud_rm
from tui.domain.jobs import Job
from tui.domain.target import Target
from tui.domain.text import age, printable
from tui.panes.storage_words import place_name, when, where_line
from tui.widgets.confirm import Question


def delete_question(plan: DeletePlan, target: Target, jobs: Sequence[Job]) -> Question:
    """The question before a delete: everything that it takes, and whether it can be undone."""
    place = place_name(plan.uri)
    what = "object" if not plan.uri.is_prefix else ("bucket" if plan.takes_bucket else "prefix")
    lines = [place, "", count_and_size(plan.count, plan.bytes)]
    if plan.newest is not None:
        lines.append(_newest(plan, plan.newest))
    if plan.takes_bucket:
        lines.append(
            "The bucket itself is deleted too." if plan.count else "The bucket is empty; it is deleted."
        )
    lines += ["", plan.undo]
    if plan.count:
        lines.append("Only the versions just counted are deleted: what is written meanwhile stays.")
    for job in _writers(plan, jobs):
        lines.append(f"⚠ The job {printable(job.display_name)} is {job.state.word} and writes there.")
    command = gcloud_rm(plan.uri)
    lines += ["", f"Same as: {command}" if command else "No gcloud command names exactly this."]
    lines.append(where_line(target))
    return Question(f"Delete this {what}?", lines, "Delete", danger=True, must_type=plan.must_type)


def _newest(plan: DeletePlan, moment: datetime) -> str:
    """How new the newest of it is; named when there are several."""
    ago = age((datetime.now(UTC) - moment).total_seconds())
    past = "just now" if ago == "now" else f"{ago} ago"
    if plan.count == 1:
        return f"updated {when(moment)} ({past})"
    return f"the newest updated {when(moment)} ({past}): {printable(plan.newest_name)}"


def _writers(plan: DeletePlan, jobs: Sequence[Job]) -> list[Job]:
    """Jobs that are not over and whose outputs overlap with the plan's place."""
    place = f"{str(plan.uri).rstrip('/')}/" if plan.uri.is_prefix else str(plan.uri)
    live = [job for job in jobs if job.state.live and job.output_uri]
    return [
        job
        for job in live
        if f"{job.output_uri.rstrip('/')}/".startswith(place)
        or place.startswith(f"{job.output_uri.rstrip('/')}/")
    ]
