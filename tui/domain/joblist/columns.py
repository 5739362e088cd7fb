"""The columns of the job list: what each shows, how wide it is, and what orders by it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tui.domain import text
from tui.domain.course.cost import SoFar
from tui.domain.diagnosis.model import Cause
from tui.domain.insight import JobInsight
from tui.domain.jobs import Job, JobState

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_PERCENT = 100
_PROJECT = 12
"""Cells of a project's id, of which beginning and end tell it from others."""


@dataclass(frozen=True, slots=True)
class Line:
    """All that a row of the list is made of."""

    job: Job
    now: datetime
    insight: JobInsight | None = None
    cost: SoFar | None = None
    project: str = ""
    """The project's id, for the record only knows its number."""


@dataclass(frozen=True, slots=True)
class JobColumn:
    """One column."""

    key: str
    title: str
    width: int
    """Cells; 0 for what the others leave."""
    show: Callable[[Line], str]
    order: Callable[[Line], Any]
    """What the list is ordered by; compared among the jobs that have it."""
    about: str
    """One sentence for the chooser."""
    right: bool = False
    priority: int = 50
    """The lower, the longer it stays when the room is short."""
    descending: bool = False
    """Whether the largest comes first when ordered by it for the first time."""


def _age(line: Line) -> str:
    created = line.job.create_time
    return text.age((line.now - created).total_seconds()) if created else "–"


def _ran(line: Line) -> str:
    ran = line.job.duration(line.now)
    return text.duration(ran.total_seconds()) if ran is not None else "–"


def _clock(when: datetime | None) -> str:
    return when.astimezone().strftime("%m-%d %H:%M") if when else "–"


def _progress(line: Line) -> str:
    insight = line.insight
    if insight is None:
        return ""
    if line.job.state.terminal and insight.diagnosis is not None:
        cause = insight.diagnosis.cause
        if cause not in {Cause.NONE, Cause.CANCELLED}:
            return cause.value.replace("-", " ")
    if line.job.state.live and insight.doubt is not None:
        return f"⚠ {insight.doubt.short}"
    progress = insight.progress
    if progress is None:
        return ""
    parts = []
    if progress.fraction is not None:
        parts.append(f"{int(progress.fraction * _PERCENT)}%")
    elif progress.step is not None:
        parts.append(f"step {progress.step}")
    if progress.eta_seconds is not None and not line.job.state.terminal:
        parts.append(
            text.age(max(progress.eta_seconds, 0)) if progress.eta_seconds >= text.MINUTE else "< 1m"
        )
    return "  ".join(parts)


def _fraction(line: Line) -> float:
    progress = line.insight.progress if line.insight else None
    return progress.fraction if progress and progress.fraction is not None else -1.0


def doubtful(job: Job, insight: JobInsight | None) -> bool:
    """Whether a job that succeeded has something odd about it, or one that lives learns nothing any more."""
    if insight is None:
        return False
    if job.state.live:
        return insight.doubt is not None
    found = insight.diagnosis
    return job.state is JobState.SUCCEEDED and found is not None and not found.healthy


def state_words(job: Job, insight: JobInsight | None = None) -> tuple[str, str]:
    """Glyph and word of a job's state; `⚠ succeeded?` and `⚠ running` for those that are odd."""
    if doubtful(job, insight):
        return "⚠", job.state.word if job.state.live else "succeeded?"
    return job.state.glyph, job.state.word


def _state(line: Line) -> str:
    return " ".join(state_words(line.job, line.insight))


def _state_rank(line: Line) -> tuple[int, str]:
    state = line.job.state
    if state.live:
        return (0, state.word)
    return (1 if state is JobState.FAILED or doubtful(line.job, line.insight) else 2, state.word)


def _labels(line: Line) -> str:
    return " ".join(f"{key}={value}" for key, value in sorted(line.job.labels.items()))


COLUMNS: tuple[JobColumn, ...] = (
    JobColumn(
        "state",
        "STATE",
        13,
        _state,
        _state_rank,
        "Its state; ⚠ where something is odd.",
        priority=0,
    ),
    JobColumn(
        "name",
        "NAME",
        0,
        lambda line: line.job.display_name or line.job.job_id,
        lambda line: line.job.display_name.lower(),
        "Its display name.",
        priority=0,
    ),
    JobColumn(
        "machine",
        "MACHINE",
        14,
        lambda line: line.job.machine,
        lambda line: line.job.machine,
        "Machine or accelerators, and how many replicas.",
        priority=30,
    ),
    JobColumn(
        "region",
        "REGION",
        15,
        lambda line: line.job.region,
        lambda line: line.job.region,
        "Where it runs.",
        priority=25,
    ),
    JobColumn(
        "age",
        "AGE",
        4,
        _age,
        lambda line: line.job.create_time or _EARLIEST,
        "Time since it was created.",
        right=True,
        priority=10,
        descending=True,
    ),
    JobColumn(
        "ran",
        "RAN",
        7,
        _ran,
        lambda line: ran.total_seconds() if (ran := line.job.duration(line.now)) is not None else -1.0,
        "Time it has been running.",
        right=True,
        priority=20,
        descending=True,
    ),
    JobColumn(
        "progress",
        "PROGRESS",
        14,
        _progress,
        _fraction,
        "Percent and time left, as its log says; ⚠ loss is NaN; why it failed, once it has.",
        priority=15,
        descending=True,
    ),
    JobColumn(
        "cost",
        "COST",
        9,
        lambda line: line.cost.words if line.cost else "",
        lambda line: float(line.cost.amount) if line.cost and line.cost.amount is not None else -1.0,
        "Estimated USD so far.",
        right=True,
        priority=40,
        descending=True,
    ),
    JobColumn(
        "by",
        "BY",
        10,
        lambda line: line.job.submitter,
        lambda line: line.job.submitter,
        "Who started it.",
        priority=70,
    ),
    JobColumn(
        "id", "ID", 19, lambda line: line.job.job_id, lambda line: line.job.job_id, "Its id.", priority=80
    ),
    JobColumn(
        "project",
        "PROJECT",
        _PROJECT,
        lambda line: text.middle_cut(text.printable(line.project), _PROJECT),
        lambda line: line.project,
        "Its project.",
        priority=18,
    ),
    JobColumn(
        "created",
        "CREATED",
        11,
        lambda line: _clock(line.job.create_time),
        lambda line: line.job.create_time or _EARLIEST,
        "When it was created.",
        priority=85,
        descending=True,
    ),
    JobColumn(
        "ended",
        "ENDED",
        11,
        lambda line: _clock(line.job.end_time),
        lambda line: line.job.end_time or _EARLIEST,
        "When it ended.",
        priority=85,
        descending=True,
    ),
    JobColumn("labels", "LABELS", 24, _labels, _labels, "Its labels.", priority=90),
)
"""All there are; `DEFAULT_COLUMNS` are shown unless chosen otherwise."""

BY_KEY = {column.key: column for column in COLUMNS}
DEFAULT_COLUMNS = ("state", "name", "machine", "project", "region", "age", "ran", "progress", "cost", "by")


def idle_columns(jobs: Sequence[Job]) -> frozenset[str]:
    """Which columns of project, region and submitter would say the same in each row."""
    if not jobs:
        return frozenset({"project", "region", "by"})
    project = jobs[0].name.partition("/locations/")[0] + "/"
    region, submitter = jobs[0].region, jobs[0].submitter
    same = {
        "project": all(job.name.startswith(project) for job in jobs),
        "region": all(job.region == region for job in jobs),
        "by": all(job.submitter == submitter for job in jobs),
    }
    return frozenset(key for key, idle in same.items() if idle)


def chosen_columns(keys: Iterable[str], *, idle: Collection[str]) -> tuple[JobColumn, ...]:
    """The columns chosen, or the usual ones without the idle ones, which would say the same in each row."""
    named = [BY_KEY[key] for key in keys if key in BY_KEY]
    if named:
        return tuple(dict.fromkeys(named if BY_KEY["name"] in named else [*named, BY_KEY["name"]]))
    return tuple(BY_KEY[key] for key in DEFAULT_COLUMNS if key not in idle)


def in_order(lines: Sequence[Line], key: str, *, reverse: bool) -> list[Line]:
    """The lines ordered by a column; equal ones newest first."""
    newest = sorted(lines, key=lambda line: line.job.create_time or _EARLIEST, reverse=True)
    if key == "age":
        return newest if reverse else newest[::-1]
    return sorted(newest, key=BY_KEY[key].order, reverse=reverse)
