"""What the log says of one job, gathered for the list and its detail."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from tui.domain.course.attempts import Attempt
from tui.domain.diagnosis.model import Diagnosis
from tui.domain.errors import CloudError
from tui.domain.metrics.doubts import Doubt
from tui.domain.metrics.model import JobProgress, Series


class Older(Enum):
    """What became of the metrics before the first ones that are known."""

    READ = auto()
    """There are none: the log was read from its beginning."""
    UNREAD = auto()
    """They are read while the cursor stays on the job."""
    LEFT_OUT = auto()
    """There are more than are ever read."""


@dataclass(frozen=True, slots=True)
class JobInsight:
    """What is known of a job beyond its record."""

    progress: JobProgress | None = None
    series: tuple[Series, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    diagnosis: Diagnosis | None = None
    """Made once the job has ended: by its own error alone while `lines` is 0, by its log afterwards.

    None before, and as long as nothing of it says anything.
    """
    pending_ns: int | None = None
    """When the service first spoke of setting the job up, nanoseconds since the epoch, UTC."""
    wandb: tuple[str, ...] = ()
    """Addresses of W&B runs."""
    paths: tuple[str, ...] = ()
    """`gs://` paths that the log names, the last ones last."""
    lines: int = 0
    """Entries looked at."""
    complete: bool = False
    """Whether the whole log was looked at."""
    older: Older = Older.READ
    """Whether `series` begin where the log does."""
    doubt: Doubt | None = None
    """What speaks against a job that still lives."""
    kept: bool = False
    """Whether `diagnosis` was found when the log was read before; it is read again when its turn comes."""
    trouble: CloudError | None = field(default=None, compare=False)
    """Why the log could not be read last time."""
