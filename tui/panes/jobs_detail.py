"""One job's detail as text: a pure function of the job and the time."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from tui.domain import joblist, text
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


def detail(job: Job, now: datetime) -> Content:
    """The summary beside the list."""
    lines: list[Content] = [
        _field("State", Content.styled(f"{job.state.glyph} {job.state.word}", TONES.get(job.state, ""))),
        _field("Timeline", Content(joblist.timeline(job, now))),
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
    if joblist.awaits_error(job, now):
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
