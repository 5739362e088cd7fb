"""Custom jobs as the app sees them.

Fields and states follow `google.cloud.aiplatform.v1` (`custom_job.proto`, `job_state.proto`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from enum import Enum
from typing import Any

OWN_LABEL = "vertex-tui-id"
"""The label by which a submission is found again after a lost reply."""
SUBMITTER_LABEL = "submitted-by"
"""The label that says who started a job."""


_ENDS = frozenset({"succeeded", "failed", "cancelled", "expired", "partly succeeded"})


class JobState(Enum):
    """`google.cloud.aiplatform.v1.JobState`: wire name, word and glyph; a newer state reads as UNKNOWN."""

    UNKNOWN = ("JOB_STATE_UNSPECIFIED", "unknown", "?")
    QUEUED = ("JOB_STATE_QUEUED", "queued", "○")
    PENDING = ("JOB_STATE_PENDING", "pending", "◔")
    RUNNING = ("JOB_STATE_RUNNING", "running", "▶")
    SUCCEEDED = ("JOB_STATE_SUCCEEDED", "succeeded", "✓")
    FAILED = ("JOB_STATE_FAILED", "failed", "✗")
    CANCELLING = ("JOB_STATE_CANCELLING", "cancelling", "◌")
    CANCELLED = ("JOB_STATE_CANCELLED", "cancelled", "⊘")
    PAUSED = ("JOB_STATE_PAUSED", "paused", "‖")
    EXPIRED = ("JOB_STATE_EXPIRED", "expired", "⌛")
    UPDATING = ("JOB_STATE_UPDATING", "updating", "↻")
    PARTIALLY_SUCCEEDED = ("JOB_STATE_PARTIALLY_SUCCEEDED", "partly succeeded", "◑")

    def __init__(self, wire: str, word: str, glyph: str) -> None:
        self.wire = wire
        self.word = word
        self.glyph = glyph
        # Plain attributes: lists of ten thousand jobs ask for them again and again.
        self.terminal = word in _ENDS
        """Whether the job will not change its state any more."""
        self.live = not self.terminal
        """Whether the job still waits, runs or ends; in a state of a newer API it may."""

    @classmethod
    def from_wire(cls, value: str) -> JobState:
        """The state named `value` by the API; UNKNOWN for names this version has never heard of."""
        return _BY_WIRE.get(value, cls.UNKNOWN)


_BY_WIRE = {state.wire: state for state in JobState}


@dataclass(frozen=True, slots=True)
class JobError:
    """`google.rpc.Status` of a failed or cancelled job."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class WorkerPool:
    """What one position of `workerPoolSpecs` runs on; all fields empty for a skipped position."""

    machine_type: str = ""
    accelerator_type: str = ""
    accelerator_count: int = 0
    replica_count: int = 0
    image_uri: str = ""
    tpu_topology: str = ""
    disk_type: str = ""
    disk_gb: int = 0
    """0 where the service chooses."""

    @property
    def summary(self) -> str:
        """For instance `1 × g2-standard-4 + 1 L4`."""
        if not self.machine_type:
            return "–"
        accelerator = f" + {self.accelerator_count} {self._accelerator}" if self.accelerator_count else ""
        return f"{self.replica_count} × {self.machine_type}{accelerator}"

    @property
    def short(self) -> str:
        """For a narrow column: `1×L4`, `e2-standard-4`, `4 of e2-standard-4`."""
        if not self.machine_type:
            return "–"
        gpus = f"{self.accelerator_count}×{self._accelerator}" if self.accelerator_count else ""
        machine = gpus or self.machine_type
        return machine if self.replica_count <= 1 else f"{self.replica_count} of {machine}"

    @property
    def _accelerator(self) -> str:
        return self.accelerator_type.removeprefix("NVIDIA_").removeprefix("TESLA_")


@dataclass(frozen=True, slots=True)
class Job:
    """One CustomJob."""

    name: str
    """Resource name, `projects/NUMBER/locations/REGION/customJobs/ID`."""
    display_name: str
    state: JobState
    create_time: datetime | None = None
    start_time: datetime | None = None
    """First time the job entered RUNNING; None while queued or pending."""
    end_time: datetime | None = None
    update_time: datetime | None = None
    error: JobError | None = None
    """Appears about a minute after the end of a failed or cancelled job."""
    labels: Mapping[str, str] = field(default_factory=dict)
    pools: tuple[WorkerPool, ...] = ()
    service_account: str = ""
    output_uri: str = ""
    """`baseOutputDirectory.outputUriPrefix`, or empty."""
    strategy: str = ""
    """`scheduling.strategy`, such as `SPOT`, or empty."""
    held: bool = False
    """Whether it runs on a persistent resource, which is billed on its own."""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """The CustomJob in the API's JSON form."""

    @property
    def job_id(self) -> str:
        """The last part of the resource name."""
        return self.name.rpartition("/")[2]

    @property
    def region(self) -> str:
        """The location in the resource name."""
        parts = self.name.split("/")
        return parts[3] if len(parts) > 3 else ""  # noqa: PLR2004 (projects/P/locations/R/…)

    @property
    def submitter(self) -> str:
        """Who started it, as its label says; empty where none does."""
        return self.labels.get(SUBMITTER_LABEL, "")

    @property
    def machine(self) -> str:
        """What the first pool runs on, for lists."""
        return self.pools[0].short if self.pools else "–"

    def duration(self, now: datetime) -> timedelta | None:
        """Time spent running until its end or `now`; None if it never ran."""
        if self.start_time is None:
            return None
        return max((self.end_time or now) - self.start_time, timedelta())


@dataclass(frozen=True, slots=True)
class JobPage:
    """One page of `ListCustomJobs`."""

    jobs: tuple[Job, ...]
    next_page_token: str = ""


def job_from_json(raw: Mapping[str, Any]) -> Job:
    """Read a CustomJob in the API's JSON form; absent, unknown or odd fields never raise."""
    spec = _mapping(raw.get("jobSpec"))
    error = _mapping(raw.get("error"))
    output = _mapping(spec.get("baseOutputDirectory"))
    scheduling = _mapping(spec.get("scheduling"))
    pools = spec.get("workerPoolSpecs")
    return Job(
        name=str(raw.get("name", "")),
        display_name=str(raw.get("displayName", "")),
        state=JobState.from_wire(str(raw.get("state", ""))),
        create_time=_time(raw.get("createTime")),
        start_time=_time(raw.get("startTime")),
        end_time=_time(raw.get("endTime")),
        update_time=_time(raw.get("updateTime")),
        error=JobError(_integer(error.get("code")), str(error.get("message", ""))) if error else None,
        labels={str(key): str(value) for key, value in _mapping(raw.get("labels")).items()},
        pools=tuple(_pool(_mapping(pool)) for pool in pools) if isinstance(pools, list) else (),
        service_account=str(spec.get("serviceAccount", "")),
        output_uri=str(output.get("outputUriPrefix", "")),
        strategy=str(scheduling.get("strategy", "")),
        held=bool(spec.get("persistentResourceId")),
        raw=raw,
    )


def _pool(raw: Mapping[str, Any]) -> WorkerPool:
    machine = _mapping(raw.get("machineSpec"))
    container = _mapping(raw.get("containerSpec"))
    package = _mapping(raw.get("pythonPackageSpec"))
    disk = _mapping(raw.get("diskSpec"))
    return WorkerPool(
        machine_type=str(machine.get("machineType", "")),
        accelerator_type=str(machine.get("acceleratorType", "")),
        accelerator_count=_integer(machine.get("acceleratorCount")),
        replica_count=_integer(raw.get("replicaCount")),
        image_uri=str(container.get("imageUri") or package.get("executorImageUri") or ""),
        tpu_topology=str(machine.get("tpuTopology", "")),
        disk_type=str(disk.get("bootDiskType", "")),
        disk_gb=_integer(disk.get("bootDiskSizeGb")),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _integer(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0


def _time(value: object) -> datetime | None:
    """Read an RFC 3339 time, UTC where it names no zone; of nine fractional digits Python takes six."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    if not MINYEAR < found.year < MAXYEAR:
        return None  # no zone could show it
    return found if found.tzinfo else found.replace(tzinfo=UTC)
