"""What costs money now: live jobs and stored bytes as far as they could be read, and what was not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tui.domain.catalog.prices import money
from tui.domain.course.cost import SoFar
from tui.domain.jobs import Job, JobState
from tui.domain.places import Place
from tui.domain.regions import TRAINING_REGIONS
from tui.domain.storage import NOTHING, Amount, Bucket, ContentSums
from tui.domain.text import ELLIPSIS
from tui.domain.timeouts import MAX_SECONDS, timeout_of

LIVE_FILTER = " AND ".join(f'state!="{state.wire}"' for state in JobState if state.terminal)
"""The filter of `ListCustomJobs` for jobs that have not ended, also in a state of a newer API (FACTS 4.1)."""

NOT_LOOKED_AT = (
    "persistent resources, endpoints, batch predictions, pipelines, tuning, notebooks, TensorBoards, "
    "virtual machines, disks, images, logs, deleted buckets, network"
)
"""What may cost money as well, in words."""

_HOUR = 3600
_WAITING = frozenset({JobState.QUEUED, JobState.PENDING})


class How(StrEnum):
    """How the machines of a job are paid for."""

    ON_DEMAND = "on demand"
    SPOT = "Spot"
    FLEX_START = "Flex-start"
    PERSISTENT = "persistent"
    """On a persistent resource, which costs money with or without the job."""


@dataclass(frozen=True, slots=True)
class LiveJob:
    """A job that has not ended, and where it was found."""

    job: Job
    place: Place

    @property
    def how(self) -> How:
        """How its machines are paid for."""
        spec = _mapping(self.job.raw.get("jobSpec"))
        if spec.get("persistentResourceId"):
            return How.PERSISTENT
        strategy = _mapping(spec.get("scheduling")).get("strategy")
        return {"SPOT": How.SPOT, "FLEX_START": How.FLEX_START}.get(str(strategy), How.ON_DEMAND)

    @property
    def waits(self) -> bool:
        """Whether its machines do not run yet, or not again: the queue is free (FACTS 1.6)."""
        return self.job.state in _WAITING

    @property
    def limit(self) -> float:
        """The timeout it sets, in seconds; 0 if it sets none and may run for 7 days."""
        return timeout_of(self.job.raw)

    @property
    def since(self) -> datetime | None:
        """When it began to run; of a job that never did, when it was created."""
        return self.job.start_time or self.job.create_time


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a job may still cost until it is stopped."""

    seconds: float
    amount: Decimal | None
    """USD; None when its price is not known."""
    limited: bool
    """Whether the job itself sets a timeout; else Vertex AI stops it after 7 days."""

    @property
    def words(self) -> str:
        """`≈ $1.20`, with a warning sign where no limit is set."""
        amount = "?" if self.amount is None else money(self.amount)
        return amount if self.limited else f"⚠ {amount}"


def ahead(found: LiveJob, cost: SoFar) -> Ahead:
    """What a job may still cost from the moment of `cost` on, in one run up to its timeout."""
    longest = found.limit if 0 < found.limit < MAX_SECONDS else MAX_SECONDS
    seconds = max(longest - cost.seconds, 0.0)
    hourly = cost.per_hour
    amount = None if hourly is None else hourly * Decimal(str(round(seconds, 3))) / _HOUR
    return Ahead(seconds, amount, limited=found.limit > 0)


@dataclass(frozen=True, slots=True)
class Rate:
    """What several jobs cost an hour together."""

    amount: Decimal = Decimal(0)
    """USD of those whose price is known."""
    jobs: int = 0
    unknown: int = 0
    """How many of them have no known price."""

    @classmethod
    def of(cls, costs: Iterable[SoFar]) -> Rate:
        """The sum; jobs on a persistent resource cost nothing of their own."""
        own = [cost for cost in costs if not cost.held]
        known = [cost.per_hour for cost in own if cost.per_hour is not None]
        return cls(sum(known, Decimal(0)), len(own), len(own) - len(known))

    def words(self, *, at_least: bool = False) -> str:
        """`≈ $1.54 an hour`, `at least …` when something is missing from it."""
        if self.unknown and self.unknown == self.jobs:
            return "at a price that is not known"
        least = "at least " if at_least or self.unknown else ""
        more = f" ({self.unknown} at a price that is not known)" if self.unknown else ""
        amount = money(self.amount) if self.amount else "$0"
        return f"{least}{amount} an hour{more}"


class Count(StrEnum):
    """How far counting a bucket is."""

    WAITING = "waiting"
    COUNTING = "counting"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class BucketUse:
    """What a bucket holds, as far as it was counted."""

    bucket: Bucket
    project: str
    live: Amount = NOTHING
    noncurrent: Amount = NOTHING
    """Earlier generations that versioning keeps, or kept before it was turned off."""
    deleted: Amount = NOTHING
    """Soft-deleted generations."""
    deleted_until: datetime | None = None
    """When the last of those counted goes for good; until then they are billed."""
    count: Count = Count.WAITING
    whole: bool = False
    """Whether everything that it keeps was counted."""
    deleted_whole: bool = False
    """Whether everything soft-deleted was counted."""

    @property
    def bytes(self) -> int:
        """All that was counted: live, noncurrent and soft-deleted."""
        return self.live.bytes + self.noncurrent.bytes + self.deleted.bytes


def with_page(use: BucketUse, page: ContentSums) -> BucketUse:
    """`use` with one more page counted."""
    moments = [moment for moment in (use.deleted_until, page.deleted_until) if moment is not None]
    return BucketUse(
        use.bucket,
        use.project,
        use.live + page.live,
        use.noncurrent + page.noncurrent,
        use.deleted + page.deleted,
        max(moments, default=None),
        use.count,
        use.whole,
        use.deleted_whole,
    )


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that could not be looked at, or not to its end."""

    what: str
    """A region, a bucket, or `the list of buckets`."""
    project: str
    reason: str


@dataclass(frozen=True, slots=True)
class Spend:
    """What has been found so far."""

    projects: tuple[str, ...] = ()
    places: int = 0
    """Regions to be read, of all projects together."""
    places_done: int = 0
    """Regions that answered, or failed to."""
    places_failed: int = 0
    jobs: tuple[LiveJob, ...] = ()
    buckets: tuple[BucketUse, ...] = ()
    buckets_listed: bool = False
    """Whether the lists of buckets were read, or could not be."""
    unread: tuple[Unread, ...] = ()
    jobs_missing: bool = False
    """Whether live jobs may be missing from the list after all regions were tried."""
    buckets_missing: bool = False
    """Likewise buckets."""
    began: datetime | None = None
    ended: datetime | None = None
    """When everything had been tried; None while it is read, and when it was stopped."""
    stopped: bool = False

    @property
    def reading(self) -> bool:
        """Whether more is to come."""
        return self.began is not None and self.ended is None and not self.stopped

    @property
    def jobs_partial(self) -> bool:
        """Whether there may be more live jobs than listed."""
        return self.jobs_missing or self.places_done < self.places or not self.places

    @property
    def bytes_partial(self) -> bool:
        """Whether more bytes may be stored than counted."""
        counted = all(use.whole and use.deleted_whole for use in self.buckets)
        return self.buckets_missing or not self.buckets_listed or not counted

    @property
    def bytes(self) -> int:
        """All bytes counted."""
        return sum(use.bytes for use in self.buckets)

    def home(self, name: str) -> Place | None:
        """The place of the job with that resource name."""
        return next((found.place for found in self.jobs if found.job.name == name), None)


def regions_of(project: str, configured: Iterable[Place]) -> tuple[str, ...]:
    """The regions to read of a project: its configured ones first, then every other with custom training."""
    own = [place.region for place in configured if place.project == project]
    return tuple(dict.fromkeys([*own, *TRAINING_REGIONS]))


def unread_lines(unread: Sequence[Unread], *, several: bool, named: int = 4) -> list[str]:
    """One line for each reason: `us-east1, us-east4 and 3 more: the reason`; `named` of 0 names all.

    Reasons that differ only by the name of what could not be read count as one.
    """
    groups: dict[tuple[str, str], list[Unread]] = {}
    for one in unread:
        groups.setdefault((one.project, one.reason.replace(one.what, ELLIPSIS)), []).append(one)
    lines = []
    for (project, reason), ones in groups.items():
        shown = ones if not named else ones[:named]
        names = ", ".join(one.what for one in shown)
        more = f" and {len(ones) - len(shown)} more" if len(shown) < len(ones) else ""
        of = f" of {project}" if several and project else ""
        lines.append(f"{names}{more}{of}: {reason if len(ones) > 1 else ones[0].reason}")
    return lines


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
