"""What a replica's end means, and which jobs are tried again."""

from __future__ import annotations

import pytest

from tui.local.jobs import endings
from tui.local.jobs.endings import Ending, Kind
from tui.local.jobs.replica import LOST, Outcome
from tui.local.wire import gtypes


def scheduling(**fields: bool) -> gtypes.Message:
    return gtypes.CustomJob(job_spec={"scheduling": fields}).job_spec.scheduling


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Outcome(0), Kind.SUCCEEDED),
        (Outcome(1), Kind.FAILED),
        (Outcome(127), Kind.FAILED),
        (Outcome(137), Kind.FAILED),
        (Outcome(137, "OOM"), Kind.FAILED),
        (Outcome(128, "StartError", "why"), Kind.FAILED),
        (Outcome(6), Kind.TRANSIENT),
        (Outcome(134), Kind.TRANSIENT),
        (Outcome(11), Kind.TRANSIENT),
        (Outcome(139), Kind.TRANSIENT),
        (Outcome(139, "Stopped"), Kind.STOPPED),
        (Outcome(0, "Timeout"), Kind.TIMEOUT),
        (LOST, Kind.FAILED),
    ],
)
def test_kinds(outcome: Outcome, kind: Kind) -> None:
    assert endings.replica_ending("workerpool0-0", outcome, "1").kind is kind


def test_out_of_memory_has_googles_words() -> None:
    ending = endings.replica_ending("workerpool1-2", Outcome(137, "OOM"), "1")
    assert ending.text.startswith(
        "The replica workerpool1-2 ran out of memory and exited with a non-zero status of 137.\n\nTo find"
    )


@pytest.mark.parametrize(
    ("kind", "restarts"),
    [
        (Kind.TRANSIENT, 3),
        (Kind.STOCKOUT, 3),
        (Kind.INTERNAL, 2),
        (Kind.PREEMPTED, 6),
        (Kind.WORKER, 3),
        (Kind.FAILED, 0),
        (Kind.SUCCEEDED, 0),
        (Kind.STOPPED, 0),
        (Kind.TIMEOUT, 0),
    ],
)
def test_so_many_restarts(kind: Kind, restarts: int) -> None:
    counted = [endings.goes_on(Ending(kind), {kind: done}, scheduling()) for done in range(8)]
    assert counted == [True] * restarts + [False] * (8 - restarts)


@pytest.mark.parametrize("kind", list(Kind))
def test_without_retries_only_a_job_that_never_ran_is_tried_again(kind: Kind) -> None:
    assert endings.goes_on(Ending(kind), {}, scheduling(disable_retries=True)) is (kind is Kind.STOCKOUT)


def test_retries_switched_off_leave_workers_to_themselves() -> None:
    assert endings.restarts_whole_job(scheduling(restart_job_on_worker_restart=True))
    assert not endings.restarts_whole_job(scheduling())
    both = scheduling(restart_job_on_worker_restart=True, disable_retries=True)
    assert not endings.restarts_whole_job(both)
