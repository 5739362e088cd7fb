"""How a recorded job looked at each time: what its record leaves out is derived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tui.local.clock import SECOND, stamp, unstamp
from tui.local.jobs import messages
from tui.local.state.jobs import State
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message

PENDING, RUNNING, CANCELLING = "pending", "running", "cancelling"
TOLD = {
    messages.PROVISIONING.partition(".")[0]: PENDING,
    messages.SETTING_UP: PENDING,
    messages.CANCELLING: CANCELLING,
}
"""Beginnings of service messages that tell when a state began (FACTS 3.2)."""
PREPARED_SECONDS = 180
"""Longest time in which a job is taken to have been PENDING when its log does not say; typical for CPUs."""
ENDING_SECONDS = 10
"""Longest time in which a job is taken to have been CANCELLING."""
ERROR_SECONDS = 60
"""Time from the end until `error` is set (FACTS 1.9)."""
_ENDED = frozenset(
    {
        *(State.JOB_STATE_SUCCEEDED, State.JOB_STATE_FAILED, State.JOB_STATE_CANCELLED),
        *(State.JOB_STATE_PAUSED, State.JOB_STATE_EXPIRED, State.JOB_STATE_PARTIALLY_SUCCEEDED),
    }
)


@dataclass(frozen=True, slots=True)
class Step:
    """From `ns` on, in recorded time, the job looks like this."""

    ns: int
    job: Message


def script(job: Message, said: Mapping[str, int]) -> list[Step]:
    """The steps of a recorded job in order; the last one is the record itself.

    Args:
        job: the CustomJob as recorded.
        said: when the service's messages told of a state, by the values of `TOLD`, in ns.
    """
    create = unstamp(job.create_time)
    start = unstamp(job.start_time) if job.HasField("start_time") else None
    end = unstamp(job.end_time if job.HasField("end_time") else job.update_time)
    steps = [Step(create, _looking(job, State.JOB_STATE_QUEUED, create))]
    ended = job.state in _ENDED
    if job.state not in {State.JOB_STATE_QUEUED, State.JOB_STATE_PENDING}:
        before = start if start is not None else end
        at = said.get(PENDING, before - min(PREPARED_SECONDS * SECOND, (before - create) * 9 // 10))
        steps.append(Step(at, _looking(job, State.JOB_STATE_PENDING, at)))
    if start is not None:
        steps.append(Step(start, _looking(job, State.JOB_STATE_RUNNING, start)))
    if job.state == State.JOB_STATE_CANCELLED:
        at = said.get(CANCELLING, end - min(ENDING_SECONDS * SECOND, (end - (start or create)) // 10))
        steps.append(Step(at, _looking(job, State.JOB_STATE_CANCELLING, at)))
    if ended and job.error.code:
        steps.append(Step(end, _looking(job, job.state, end)))
    steps.append(Step(_last(job, start, end, ended=ended), job))
    return _in_order(steps)


def _last(job: Message, start: int | None, end: int, *, ended: bool) -> int:
    """When the job came to look as recorded."""
    if not ended:
        return (
            start if start is not None and job.state == State.JOB_STATE_RUNNING else unstamp(job.update_time)
        )
    if not job.error.code:
        return end
    shown = unstamp(job.update_time)
    return shown if 0 < shown - end <= 5 * ERROR_SECONDS * SECOND else end + ERROR_SECONDS * SECOND


def _looking(job: Message, state: int, ns: int) -> Message:
    """The job in an earlier state, with the fields that this state has."""
    found = gtypes.CustomJob()
    found.CopyFrom(job)
    found.state = state
    found.ClearField("error")
    if state not in _ENDED:
        found.ClearField("end_time")
    if not job.HasField("start_time") or ns < unstamp(job.start_time):
        found.ClearField("start_time")
    stamp(found.update_time, ns)
    return found


def _in_order(steps: list[Step]) -> list[Step]:
    """Steps whose times never go back, and none that another follows at once."""
    ordered: list[Step] = []
    for step in steps:
        ns = max(step.ns, ordered[-1].ns) if ordered else step.ns
        if len(ordered) > 1 and ordered[-1].ns == ns:
            ordered.pop()
        ordered.append(Step(ns, step.job))
    return ordered


def shifted(message: Message, fields: tuple[str, ...], by_ns: int) -> Message:
    """A message whose timestamps in `fields` are moved, in place."""
    if by_ns:
        for name in fields:
            if message.HasField(name):
                target = getattr(message, name)
                stamp(target, unstamp(target) + by_ns)
    return message


JOB_TIMES = ("create_time", "start_time", "end_time", "update_time")
ENTRY_TIMES = ("timestamp", "receive_timestamp")
