"""How an attempt at a job ends, and whether another follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tui.local.jobs import messages
from tui.local.jobs.replica import LOST, Outcome
from tui.local.wire.errors import Code
from tui.local.wire.gtypes import Message


class Kind(StrEnum):
    """Why an attempt is over."""

    SUCCEEDED = "succeeded"
    STOPPED = "stopped"
    """Asked to end: by the user's cancel, or because the server and its jobs were stopped."""
    TIMEOUT = "timeout"
    FAILED = "failed"
    """For good: what Vertex AI calls a common error."""
    TRANSIENT = "transient"
    """By an exit status that may not come again."""
    STOCKOUT = "stockout"
    PREEMPTED = "preempted"
    INTERNAL = "internal"
    WORKER = "worker"
    """A worker was restarted, or was so too often, and the whole job has to be."""


RESTARTS: Mapping[Kind, int] = {
    Kind.TRANSIENT: 3,
    Kind.STOCKOUT: 3,
    Kind.PREEMPTED: 6,
    Kind.INTERNAL: 2,
    Kind.WORKER: 3,
}
"""How often Vertex AI restarts a whole job, by reason."""
WORKER_RESTARTS = 5
"""How often it restarts one worker in place, before it restarts the job."""
TRANSIENT_CODES = frozenset({6, 134, 11, 139})
"""SIGABRT and SIGSEGV, in a prebuilt and in a custom container."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended."""

    kind: Kind
    code: int = 0
    """`google.rpc.Code` of `CustomJob.error`, if the job ends with it."""
    text: str = ""
    """Message of `CustomJob.error`."""


STOPPED = Ending(Kind.STOPPED, Code.ABORTED.number, messages.STOPPED_ERROR)
INTERNAL = Ending(Kind.INTERNAL, Code.INTERNAL.number, messages.INTERNAL_ERROR)
WORKER = Ending(Kind.WORKER, Code.INTERNAL.number, messages.INTERNAL_ERROR)


def stockout(kind: Kind, region: str) -> Ending:
    """No machines, or those that were there are taken away."""
    return Ending(kind, Code.RESOURCE_EXHAUSTED.number, messages.STOCKOUT_ERROR.format(region=region))


def image_pull(image: str) -> Ending:
    """The image cannot be had."""
    return Ending(
        Kind.FAILED, Code.INVALID_ARGUMENT.number, messages.IMAGE_PULL_ERROR.format(image=image or "(none)")
    )


def too_many(count: int, most: int) -> Ending:
    """More replicas than this computer is asked to run."""
    text = messages.TOO_MANY.format(count=count, most=most)
    return Ending(Kind.FAILED, Code.RESOURCE_EXHAUSTED.number, text)


def no_command(replica: str, job_id: str, image: str) -> Ending:
    """The spec leaves it to the image what to run."""
    outcome = Outcome(128, "StartError", messages.NO_COMMAND.format(image=image))
    return replica_ending(replica, outcome, job_id)


def replica_ending(replica: str, outcome: Outcome, job_id: str, traceback: str = "") -> Ending:
    """What a replica's end means for its job, when it decides."""
    if outcome == LOST:
        text = messages.LOST_ERROR.format(replica=replica)
        return Ending(Kind.FAILED, Code.INTERNAL.number, text)
    if outcome.reason == "Stopped":
        return STOPPED
    if outcome.reason == "Timeout":
        return Ending(Kind.TIMEOUT, Code.CANCELLED.number)
    if not outcome.failed:
        return Ending(Kind.SUCCEEDED)
    text = messages.replica_error(
        replica, outcome.code, job_id, reason=outcome.reason, detail=outcome.message or traceback
    )
    transient = outcome.code in TRANSIENT_CODES and not outcome.reason
    return Ending(Kind.TRANSIENT if transient else Kind.FAILED, Code.INVALID_ARGUMENT.number, text)


def goes_on(ending: Ending, restarts: Mapping[str, int], scheduling: Message) -> bool:
    """Whether another attempt follows.

    `disableRetries` is about jobs that have begun to run: one that found no machines is tried again.
    """
    if scheduling.disable_retries and ending.kind is not Kind.STOCKOUT:
        return False
    return restarts.get(ending.kind, 0) < RESTARTS.get(ending.kind, 0)


def restarts_whole_job(scheduling: Message) -> bool:
    """Whether one worker's restart is the whole job's; `disableRetries` rules that out."""
    return bool(scheduling.restart_job_on_worker_restart and not scheduling.disable_retries)
