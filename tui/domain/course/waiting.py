"""Why a job waits: quota and who holds it, capacity, the machines' setting up; and whether that is billed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from tui.domain.catalog.quotas import needs_of_spec
from tui.domain.joblist.homes import parent_of
from tui.domain.jobs import Job, JobState
from tui.domain.text import duration

LONG = 300.0
"""Seconds after which waiting wants an explanation; machines of one CPU job take three to four minutes."""
MAX_WAIT = 86_400.0
"""Seconds that a Flex-start job waits at most unless its spec says otherwise (FACTS 1.6)."""
_VERY_LONG = 1_200.0


class WaitCause(StrEnum):
    """Why a job waits."""

    QUOTA = "quota"
    CAPACITY = "capacity"
    FLEX_START = "flex-start"
    SETTING_UP = "setting-up"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Waiting:
    """The card of a job that has been waiting for long."""

    cause: WaitCause
    summary: str
    """One or two sentences: the likely cause."""
    billed: str
    """One sentence: whether the waiting costs anything."""
    sure: bool = False
    metric: str = ""
    """The quota metric that is lacking, as in `aiplatform.googleapis.com/…`."""
    holders: tuple[Job, ...] = ()
    """Jobs of this list that hold the same quota, the one that holds most first."""
    elsewhere: bool = False
    """Whether another region or machine may start sooner."""


def waiting_seconds(job: Job, now: datetime) -> float:
    """How long a job has been waiting to run; 0 when it is not waiting."""
    if job.state not in {JobState.QUEUED, JobState.PENDING} or job.create_time is None:
        return 0.0
    return max((now - job.create_time).total_seconds(), 0.0)


def quota_metrics(job: Job, now: datetime) -> tuple[str, ...]:
    """Metrics whose limits would say why a job waits; none while it does not wait in the queue for long."""
    if job.state is not JobState.QUEUED or waiting_seconds(job, now) < LONG:
        return ()
    return tuple(needs_of_spec(_mapping(job.raw.get("jobSpec"))))


def waiting(
    job: Job, now: datetime, others: Sequence[Job] = (), limits: Mapping[str, int | None] | None = None
) -> Waiting | None:
    """The card of a job that has waited for more than `LONG` seconds, else None.

    Args:
        job: the job, with its spec.
        now: the time.
        others: living jobs; those of another project or region hold other quota and do not count.
        limits: limits of quota metrics in that region; None where not known, no limit as a None value.
    """
    seconds = waiting_seconds(job, now)
    if seconds < LONG:
        return None
    spec = _mapping(job.raw.get("jobSpec"))
    scheduling = _mapping(spec.get("scheduling"))
    if job.state is JobState.QUEUED and (lacking := _lacking(job, spec, others, limits)):
        return lacking
    if scheduling.get("strategy") == "FLEX_START":
        return _flex_start(scheduling, seconds)
    if job.state is JobState.QUEUED:
        return _queued(job, others)
    return _pending(job, scheduling, seconds)


def _lacking(
    job: Job, spec: Mapping[str, Any], others: Sequence[Job], limits: Mapping[str, int | None] | None
) -> Waiting | None:
    """Quota that does not suffice, if the limits are known."""
    for metric, needed in needs_of_spec(spec).items():
        limit = (limits or {}).get(metric)
        if limit is None:
            continue
        holders = _holders(metric, job, others)
        held = sum(amount for _, amount in holders)
        title = metric.rpartition("/")[2]
        if needed > limit:
            words = f"It needs {needed} of {title} in {job.region} and the limit is {limit}: it cannot start."
            return Waiting(WaitCause.QUOTA, words, _FREE, sure=True, metric=metric, elsewhere=True)
        if held + needed > limit:
            words = (
                f"The job needs {needed} of {title}; the limit in {job.region} is {limit} and {held} "
                f"{'is' if held == 1 else 'are'} held by {_count(holders)}. It starts when enough is free."
            )
            who = tuple(one for one, _ in holders)
            return Waiting(
                WaitCause.QUOTA, words, _FREE, sure=True, metric=metric, holders=who, elsewhere=True
            )
    return None


_FREE = "Waiting in the queue is not billed."


def _queued(job: Job, others: Sequence[Job]) -> Waiting:
    spec = _mapping(job.raw.get("jobSpec"))
    needed = needs_of_spec(spec)
    shared = [pair for metric in needed if "_pd_" not in metric for pair in _holders(metric, job, others)]
    holders = tuple({one.name: one for one, _ in shared}.values())
    words = "A job stays queued while the project's training quota in its region does not suffice."
    if holders:
        words += f" {_count([(one, 1) for one in holders])} of this list may hold it."
    return Waiting(
        WaitCause.QUOTA if holders else WaitCause.UNKNOWN, words, _FREE, holders=holders, elsewhere=True
    )


def _flex_start(scheduling: Mapping[str, Any], seconds: float) -> Waiting:
    text = str(scheduling.get("maxWaitDuration", ""))
    try:
        longest = float(text.removesuffix("s")) if text else MAX_WAIT
    except ValueError:
        longest = MAX_WAIT
    until = (
        "for as long as it takes"
        if not longest
        else f"for {duration(max(longest - seconds, 0))} more at most"
    )
    words = f"Flex-start jobs wait until Google has all their machines at once; this one waits {until}."
    return Waiting(WaitCause.FLEX_START, words, _FREE, sure=True, elsewhere=True)


def _pending(job: Job, scheduling: Mapping[str, Any], seconds: float) -> Waiting:
    gpus = any(pool.accelerator_count for pool in job.pools)
    spot = scheduling.get("strategy") == "SPOT"
    if spot or gpus or seconds > _VERY_LONG:
        what = "Spot machines" if spot else "machines with these accelerators" if gpus else "machines"
        words = (
            f"The service is looking for {what} in {job.region}; when there are none, the job fails with "
            "“Resources are insufficient” after a while, or waits on. Large images take minutes to load, too."
        )
        return Waiting(WaitCause.CAPACITY, words, _SETTING_UP, elsewhere=True)
    words = "The service is setting the machines up and loading the image; large images take minutes."
    return Waiting(WaitCause.SETTING_UP, words, _SETTING_UP)


_SETTING_UP = "Billing begins with the machines, not with the queue; setting up may count."


def _holders(metric: str, job: Job, others: Sequence[Job]) -> list[tuple[Job, int]]:
    found = []
    for other in others:
        if other.name == job.name or not other.state.live or parent_of(other) != parent_of(job):
            continue
        if other.state is JobState.QUEUED:
            continue  # holds nothing yet
        amount = needs_of_spec(_mapping(other.raw.get("jobSpec"))).get(metric, 0)
        if amount:
            found.append((other, amount))
    return sorted(found, key=lambda pair: pair[1], reverse=True)


def _count(holders: Sequence[tuple[Job, int]]) -> str:
    return "1 other job" if len(holders) == 1 else f"{len(holders)} other jobs"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
