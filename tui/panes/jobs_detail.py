"""One job's detail: what it is, how it went, and its record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.domain import text
from tui.domain.course.cost import SoFar
from tui.domain.course.timeline import awaits_error, phases
from tui.domain.course.waiting import Waiting
from tui.domain.insight import JobInsight
from tui.domain.joblist.commands import as_json
from tui.domain.jobs import Job, JobState

TONES = {
    JobState.RUNNING: "$text-success",
    JobState.SUCCEEDED: "$text-success",
    JobState.FAILED: "$text-error",
    JobState.EXPIRED: "$text-error",
    JobState.CANCELLED: "dim",
    JobState.CANCELLING: "$text-warning",
    JobState.PENDING: "$text-warning",
    JobState.QUEUED: "$text-warning",
    JobState.PARTIALLY_SUCCEEDED: "$text-warning",
}
"""Colours of states; each also has a word and a glyph."""


class View(Enum):
    """What the detail shows of a job."""

    SUMMARY = "summary"
    JSON = "JSON"


@dataclass(frozen=True, slots=True)
class DetailState:
    """All that the detail is made of."""

    job: Job
    now: datetime
    insight: JobInsight | None = None
    cost: SoFar | None = None
    waiting: Waiting | None = None
    project: str = ""


class JobDetail(VerticalScroll, can_focus=False):
    """The detail of the job under the cursor."""

    def __init__(self, *, id: str, classes: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes=classes)
        self._state: DetailState | None = None
        self._view = View.SUMMARY

    def compose(self) -> ComposeResult:
        yield Static(id="jobs-detail-text")

    def show(self, state: DetailState | None, title: str = "") -> None:
        """Show a job, or nothing under a title that says why."""
        self._state = state
        if state is not None:
            title = text.middle_cut(text.printable(state.job.display_name), max(self.size.width - 6, 12))
        self.border_title = Content(title)
        self.border_subtitle = "" if self._view is View.SUMMARY else self._view.value
        self.query_one("#jobs-detail-text", Static).update(self._body(state) if state else "")

    def next_view(self) -> None:
        """Show the next view of the same job."""
        members = list(View)
        self._view = members[(members.index(self._view) + 1) % len(members)]
        self.show(self._state)

    def go_back(self) -> bool:
        """Back to the summary; False if it is there."""
        if self._view is View.SUMMARY:
            return False
        self._view = View.SUMMARY
        self.show(self._state)
        return True

    def _body(self, state: DetailState) -> Content:
        if self._view is View.JSON:
            return Content(text.printable(as_json(state.job), multiline=True))
        return summary(state)


def summary(state: DetailState) -> Content:
    """The summary beside the list."""
    job, now = state.job, state.now
    course = phases(job, now, attempts=state.insight.attempts if state.insight else ())
    lines: list[Content] = [
        _field("State", Content.styled(f"{job.state.glyph} {job.state.word}", TONES.get(job.state, ""))),
        _field("Timeline", Content(" · ".join(phase.words for phase in course) or "–")),
    ]
    lines += _failure(job, now)
    lines += [
        _field("Machine" if number == 0 else f"Pool {number}", Content(pool.summary))
        for number, pool in enumerate(job.pools)
    ]
    images = {pool.image_uri for pool in job.pools if pool.image_uri}
    lines += [_field("Image", _plain(image)) for image in sorted(images)]
    lines.append(_field("Runs as", _plain(job.service_account or "Custom Code Service Agent (none named)")))
    lines.append(_field("Outputs", _plain(job.output_uri or "no base directory in the spec")))
    if job.create_time is not None:
        lines.append(
            _field("Created", Content(job.create_time.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")))
        )
    lines.append(_field("Id", _plain(f"{job.job_id} in {job.region}")))
    lines += [_field("Label", _plain(f"{key}={value}")) for key, value in sorted(job.labels.items())]
    return Content("\n").join(lines)


def _failure(job: Job, now: datetime) -> list[Content]:
    if job.error is not None:
        reason = text.printable(job.error.message, multiline=True).strip()
        return [
            Content(""),
            Content.styled(reason, "$text-error" if job.state is JobState.FAILED else ""),
            Content(""),
        ]
    if awaits_error(job, now):
        return [
            Content.styled(
                "The reason follows within about a minute; the log has it already.", "$text-warning"
            )
        ]
    return []


def _field(label: str, value: Content) -> Content:
    return Content.assemble((f"{label:<9} ", "$text-muted"), value)


def _plain(value: str) -> Content:
    return Content(text.printable(value))
