"""Readings, points and series: what the log says of a job's course."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reading:
    """What one line of a log says."""

    values: Mapping[str, float] = field(default_factory=dict)
    """Metric name as printed, to value; infinities and NaN included, for they are findings."""
    step: int | None = None
    """The global step if the line says one."""
    epoch: float | None = None
    total_steps: int | None = None
    """Steps of the whole run, if the line says so."""
    total_epochs: float | None = None
    fraction: float | None = None
    """How far the whole run is, 0 to 1, if the line says so (a progress bar of the main loop)."""
    remaining_seconds: float | None = None
    """The program's own estimate of what is left."""
    per_epoch: bool = False
    """Whether `step` and `total_steps` count from the start of the epoch."""
    bar: str | None = None
    """The caption of the progress bar that the line is a state of, its numbers as `#`; None for no bar."""
    summary: bool = False
    """Whether the values are totals of a run that has ended, not points of a curve."""


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a series."""

    time_ns: int
    """When it was logged, nanoseconds since the epoch, UTC."""
    value: float
    step: int | None = None
    """None where the log does not say."""
    epoch: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of one replica, in the order of time; attempts follow each other."""

    name: str
    """As printed, e.g. `eval_loss`."""
    replica: str
    points: tuple[Point, ...]
    attempt_starts: tuple[int, ...] = ()
    """Indexes into `points` at which a new attempt (restart, Spot preemption) begins, without the first."""


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a job is."""

    step: int | None = None
    total_steps: int | None = None
    epoch: float | None = None
    total_epochs: float | None = None
    fraction: float | None = None
    """0 to 1."""
    eta_seconds: float | None = None
    """Until its end, as of `as_of_ns`."""
    as_of_ns: int = 0
    """Time of the line that says so, nanoseconds since the epoch, UTC."""
