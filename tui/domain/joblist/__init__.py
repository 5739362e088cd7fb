"""The job list's rows, filter and order: pure functions of jobs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from tui.domain import text
from tui.domain.jobs import Job, JobState

ERROR_DELAY = timedelta(minutes=3)
"""`error` is written about a minute after the end; after this long it is not coming any more."""


@dataclass(frozen=True, slots=True)
class JobRow:
    """One line of the list, as plain text."""

    state: JobState
    name: str
    machine: str
    region: str
    age: str
    duration: str


class SortKey(Enum):
    """What the list can be ordered by, in the order that the sort key goes through them."""

    NEWEST = "newest"
    STATE = "state"
    NAME = "name"
    DURATION = "duration"

    def next(self) -> SortKey:
        """The following one, round and round."""
        members = list(SortKey)
        return members[(members.index(self) + 1) % len(members)]


def job_row(job: Job, now: datetime) -> JobRow:
    """What the list shows of one job at the time `now`."""
    ran = job.duration(now)
    return JobRow(
        state=job.state,
        name=text.printable(job.display_name) or job.job_id,
        machine=text.printable(job.machine),
        region=job.region,
        age=text.age((now - job.create_time).total_seconds()) if job.create_time else "–",
        duration=text.duration(ran.total_seconds()) if ran is not None else "–",
    )


def matches(job: Job, words: str) -> bool:
    """Whether every word occurs in the name, id, state or a label; `state:` and `label:` narrow it."""
    return all(_matches_word(job, word) for word in words.lower().split())


def _matches_word(job: Job, word: str) -> bool:
    field, _, value = word.partition(":")
    if field == "state" and value:
        return job.state.word.startswith(value) or (value == "live" and job.state.live)
    labels = [f"{key}={label}".lower() for key, label in job.labels.items()]
    if field == "label" and value:
        return any(value in label for label in labels)
    return any(word in hay for hay in (job.display_name.lower(), job.job_id, job.state.word, *labels))


def in_order(jobs: Sequence[Job], by: SortKey, now: datetime) -> list[Job]:
    """The jobs in that order; equal ones newest first, as they came."""
    if by is SortKey.STATE:
        return sorted(jobs, key=lambda job: (job.state.terminal, job.state.word))
    if by is SortKey.NAME:
        return sorted(jobs, key=lambda job: job.display_name.lower())
    if by is SortKey.DURATION:
        return sorted(jobs, key=lambda job: job.duration(now) or timedelta(), reverse=True)
    earliest = datetime.min.replace(tzinfo=UTC)
    return sorted(jobs, key=lambda job: job.create_time or earliest, reverse=True)


def awaits_error(job: Job, now: datetime) -> bool:
    """Whether a failed job's reason has yet to appear."""
    return (
        job.state is JobState.FAILED
        and job.error is None
        and job.end_time is not None
        and now - job.end_time < ERROR_DELAY
    )


def timeline(job: Job, now: datetime) -> str:
    """How long the job waited and ran, e.g. `waited 3m · ran 8m 12s`."""
    parts = []
    if job.create_time is not None:
        until = job.start_time or job.end_time or now
        parts.append(f"waited {text.duration((until - job.create_time).total_seconds())}")
    ran = job.duration(now)
    if ran is not None:
        verb = "ran" if job.state.terminal else "running for"
        parts.append(f"{verb} {text.duration(ran.total_seconds())}")
    return " · ".join(parts) or "–"


def cancel_command(job: Job, project: str) -> str:
    """The gcloud command that cancels the job."""
    return f"gcloud ai custom-jobs cancel {job.job_id} --region={job.region} --project={project}"


def delete_command(job: Job) -> str:
    """The request that deletes the job's record; gcloud has no command for it."""
    url = f"https://{job.region}-aiplatform.googleapis.com/v1/{job.name}"
    return f'curl -X DELETE -H "Authorization: Bearer $(gcloud auth print-access-token)" {url}'


def as_json(job: Job) -> str:
    """The job in the API's JSON form, for reading: values of environment variables are hidden."""
    return json.dumps(_without_env_values(job.raw), indent=2, ensure_ascii=False)


def _without_env_values(value: object, *, in_env: bool = False) -> object:
    """Vertex keeps the values of `env` in the job's record; a screen should not show them."""
    if isinstance(value, Mapping):
        return {
            str(key): "••••" if in_env and key == "value" else _without_env_values(item, in_env=key == "env")
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_without_env_values(item, in_env=in_env) for item in value]
    return value
