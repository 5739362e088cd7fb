"""The failure card: what happened, the evidence for it, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum

from tui.domain.jobs import Job
from tui.domain.logs import EntryKey, LogEntry


class Cause(StrEnum):
    """Stable names of causes; `vertex-tui explain --json` prints them as `class`."""

    NONE = "none"
    """Nothing is wrong."""
    QUOTA = "quota"
    STOCKOUT = "stockout"
    IMAGE_PULL = "image-pull"
    SERVICE_ACCOUNT = "service-account"
    """The account that the job runs as does not exist or may not be used."""
    PERMISSION = "permission"
    """The job was refused something: a bucket, an API, a repository."""
    API_DISABLED = "api-disabled"
    HOST_MEMORY = "host-memory"
    GPU_MEMORY = "gpu-memory"
    TRACEBACK = "traceback"
    """An exception in the user's program that no other cause explains better."""
    MISSING_MODULE = "missing-module"
    MISSING_FILE = "missing-file"
    MODEL_ACCESS = "model-access"
    """A gated or missing model, or a missing or refused model token (Hugging Face)."""
    WANDB_LOGIN = "wandb-login"
    COMMAND_NOT_FOUND = "command-not-found"
    BAD_ARGUMENTS = "bad-arguments"
    """The program did not understand its own arguments (usage message, exit 2)."""
    DISK_FULL = "disk-full"
    NCCL = "nccl"
    NETWORK = "network"
    PREEMPTION = "preemption"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    CRASH = "crash"
    """A signal: segmentation fault, abort, or a kill that memory does not explain."""
    INTERNAL = "internal"
    NAN_LOSS = "nan-loss"
    MASKED_EXIT = "masked-exit"
    """The job succeeded although its program failed: the exit code was lost on the way."""
    NO_OUTPUTS = "no-outputs"
    """The job succeeded and wrote nothing where its outputs belong."""
    UNKNOWN = "unknown"


class Confidence(StrEnum):
    """How sure a diagnosis is."""

    SURE = "sure"
    LIKELY = "likely"
    UNSURE = "unsure"


class Action(Enum):
    """What a next step can do with one key; panes give each its key."""

    OPEN_SPEC = "open the spec"
    """At `NextStep.spec_path` if that is given."""
    REQUEST_QUOTA = "request quota"
    OPEN_SETUP = "open the check"
    """The Setup row `NextStep.check_id`."""
    RERUN_AS = "rerun as"
    """With `NextStep.change`, for instance another machine or Spot."""
    RERUN = "rerun"
    OPEN_LOGS = "open the log"
    """At the first evidence."""
    OPEN_OUTPUTS = "open the outputs"
    SET_SECRET = "set the secret"  # noqa: S105  (a label)


@dataclass(frozen=True, slots=True)
class NextStep:
    """One thing to do about it."""

    words: str
    """One sentence in the imperative."""
    action: Action | None = None
    check_id: str = ""
    spec_path: tuple[str | int, ...] = ()
    """Where in the CustomJob, e.g. `("jobSpec", "scheduling", "timeout")`."""
    change: str = ""
    """What to change in a rerun: `machine`, `region`, `spot`, `standard`, `args`, `timeout`."""
    secret: str = ""
    """The name of the secret to set."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A quoted line."""

    text: str
    """Untrusted; shortened by the one who shows it."""
    time_ns: int | None = None
    """Nanoseconds since the epoch, UTC; None for the job's own `error`."""
    replica: str = ""
    key: EntryKey | None = None
    """The log entry to jump to."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The place in the user's own code where an exception was raised."""

    file: str
    line: int
    function: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The card."""

    cause: Cause
    summary: str
    """One or two plain sentences: what happened and, if known, why."""
    confidence: Confidence = Confidence.SURE
    evidence: tuple[Evidence, ...] = ()
    """The telling lines, the strongest first."""
    steps: tuple[NextStep, ...] = ()
    replica: str = ""
    """The first replica that failed, if one did."""
    exit_code: int | None = None
    frame: Frame | None = None
    exception: str = ""
    """`KeyError: 'labels'`."""
    also: tuple[Diagnosis, ...] = ()
    """Other findings, e.g. a NaN loss before an out-of-memory."""
    said: str = ""
    """The job's own error, without secrets."""

    @property
    def healthy(self) -> bool:
        """Whether there is nothing to say."""
        return self.cause is Cause.NONE and not self.also


@dataclass(frozen=True, slots=True)
class Case:
    """All that a diagnosis may look at."""

    job: Job
    entries: Sequence[LogEntry] = ()
    """The log in order: the service's messages and the last lines of each replica, or all of it."""
    complete: bool = False
    """Whether the log's end is among `entries` for certain."""
    now: datetime | None = None
    outputs_empty: bool | None = None
    """Whether nothing lies where the job's outputs belong; None when it was not looked."""
    region: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values that must not be quoted, such as those of the user's secrets file."""
