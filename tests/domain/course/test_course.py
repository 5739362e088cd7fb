"""How a job went: attempts, time and money, waiting, links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.course.attempts import Attempt, attempts
from tui.domain.course.cost import cost_so_far, ran_seconds
from tui.domain.course.links import console_link, logs_link, tensorboard_link, wandb_runs
from tui.domain.course.timeline import awaits_error, phases
from tui.domain.course.waiting import LONG, WaitCause, waiting
from tui.domain.jobs import Job, job_from_json
from tui.domain.logs import LogEntry
from tui.local.jobs.messages import RESTARTING_WORKER

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECOND = 1_000_000_000
L4 = "aiplatform.googleapis.com/custom_model_training_nvidia_l4_gpus"


def a_job(number: int = 1, **more: Any) -> Job:
    """An L4 job created ten minutes ago."""
    machine = {"machineType": "g2-standard-4", "acceleratorType": "NVIDIA_L4", "acceleratorCount": 1}
    spec: dict[str, Any] = {"workerPoolSpecs": [{"machineSpec": machine, "replicaCount": "1"}]}
    scheduling = more.pop("scheduling", None)
    if scheduling:
        spec["scheduling"] = scheduling
    raw = {
        "name": f"projects/123456789012/locations/europe-west4/customJobs/{number}",
        "displayName": f"ana-{number}",
        "state": "JOB_STATE_QUEUED",
        "createTime": "2026-11-22T11:50:00Z",
        "jobSpec": {**spec, **more.pop("spec", {})},
    }
    return job_from_json({**raw, **more})


def says(*lines: tuple[int, str]) -> list[LogEntry]:
    """Service messages at seconds."""
    return [
        LogEntry(second * SECOND, str(number), "log", 200, line, "service")
        for number, (second, line) in enumerate(lines)
    ]


NORMAL = (
    (0, "Waiting for job to be provisioned."),
    (60, "Waiting for training program to start."),
    (61, "Job is preparing."),
    (90, "Job is running."),
)


def test_a_job_that_ran_once_had_one_attempt() -> None:
    (only,) = attempts(says(*NORMAL, (900, "Job completed successfully.")))
    assert only == Attempt(1, 60 * SECOND, 90 * SECOND)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("The replica workerpool0-0 was preempted and is restarted.", "preempted"),
        ("Internal error occurred for the current attempt", "internal error"),
        ("The job is restarted: restart 1 of at most 3.", "restarted"),
    ],
)
def test_a_restart_begins_another_attempt_with_its_reason(line: str, reason: str) -> None:
    lines = (*NORMAL, (500, line), (600, "Job is preparing."), (660, "Job is running."))
    first, second = attempts(says(*lines))
    assert (first.end_ns, first.reason) == (500 * SECOND, reason)
    assert (second.number, second.start_ns, second.running_ns) == (2, 600 * SECOND, 660 * SECOND)


def test_a_worker_that_is_restarted_in_place_begins_another_attempt_at_once() -> None:
    lines = (*NORMAL, (500, "The replica workerpool0-0 is restarted: restart 1 of at most 5."))
    first, second = attempts(says(*lines))
    assert (first.end_ns, first.reason) == (500 * SECOND, "restarted")
    assert (second.start_ns, second.running_ns) == (500 * SECOND, 500 * SECOND)
    said = RESTARTING_WORKER.format(replica="workerpool0-0", number=1, most=5)
    first, second = attempts(says(*NORMAL, (500, said)))
    assert (first.end_ns, first.reason) == (500 * SECOND, "preempted")
    assert (second.start_ns, second.running_ns) == (500 * SECOND, 500 * SECOND)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.text(max_size=80)), max_size=30))
def test_attempts_are_in_order_whatever_is_said(lines: Sequence[tuple[int, str]]) -> None:
    found = attempts(says(*lines, *NORMAL))
    starts = [attempt.start_ns for attempt in found]
    assert starts == sorted(starts)
    assert [attempt.number for attempt in found] == list(range(1, len(found) + 1))


def test_the_cost_is_the_hourly_price_for_the_time_it_ran() -> None:
    job = a_job(state="JOB_STATE_RUNNING", startTime="2026-11-22T11:00:00Z")
    cost = cost_so_far(job, NOW)
    assert cost.seconds == 3600
    assert cost.amount == cost.per_hour
    assert cost.amount is not None
    assert Decimal("0.3") < cost.amount < 2
    assert cost.words.startswith("≈ $0.")
    assert "estimate" in cost.label
    assert cost_so_far(a_job(), NOW).words == "–"
    spot = a_job(startTime="2026-11-22T11:00:00Z", scheduling={"strategy": "SPOT"})
    assert (cost_so_far(spot, NOW).amount or 0) < cost.amount
    held = a_job(startTime="2026-11-22T11:00:00Z", spec={"persistentResourceId": "p"})
    assert cost_so_far(held, NOW).words == "–"
    odd = a_job(
        startTime="2026-11-22T11:00:00Z", spec={"workerPoolSpecs": [{"machineSpec": {"machineType": "x9"}}]}
    )
    assert cost_so_far(odd, NOW).words == "?"


def test_pauses_between_attempts_cost_nothing() -> None:
    job = a_job(startTime="2026-11-22T11:00:00Z", endTime="2026-11-22T12:00:00Z", state="JOB_STATE_SUCCEEDED")
    begin = int(datetime(2026, 11, 22, 11, tzinfo=UTC).timestamp()) * SECOND
    tries = (
        Attempt(1, begin, begin, begin + 600 * SECOND, "preempted"),
        Attempt(2, begin + 900 * SECOND, begin + 1_200 * SECOND),
    )
    assert ran_seconds(job, NOW, tries) == 3600 - 600


PREEMPTED = Attempt(1, 0, 60 * SECOND, 660 * SECOND, "preempted")
"""Ran for ten minutes."""
BEGIN = NOW - timedelta(hours=5)


def spot(state: str, tries: Sequence[Attempt], **more: Any) -> float:
    """Seconds paid for by a job that began to run five hours ago."""
    shift = int((BEGIN - timedelta(seconds=60)).timestamp()) * SECOND
    moved = [
        replace(
            each,
            start_ns=each.start_ns + shift,
            running_ns=None if each.running_ns is None else each.running_ns + shift,
            end_ns=None if each.end_ns is None else each.end_ns + shift,
        )
        for each in tries
    ]
    job = a_job(state=state, startTime=BEGIN.isoformat(), scheduling={"strategy": "SPOT"}, **more)
    return ran_seconds(job, NOW, moved)


def test_a_job_that_waits_again_after_a_preemption_costs_nothing_meanwhile() -> None:
    preparing = Attempt(2, 900 * SECOND)
    for state in ("JOB_STATE_PENDING", "JOB_STATE_QUEUED"):
        assert spot(state, [PREEMPTED]) == 600
        assert spot(state, [PREEMPTED, preparing]) == 600
    # One that ended without having run again.
    end = (NOW - timedelta(hours=1)).isoformat()
    for state in ("JOB_STATE_FAILED", "JOB_STATE_CANCELLED"):
        assert spot(state, [PREEMPTED], endTime=end) == 600
        assert spot(state, [PREEMPTED, preparing], endTime=end) == 600
    # One that runs again by its record, which its log does not say yet.
    assert spot("JOB_STATE_RUNNING", [PREEMPTED]) == 5 * 3600
    assert spot("JOB_STATE_RUNNING", [PREEMPTED, preparing]) == 5 * 3600 - 240
    # A restart of one replica is no pause.
    restarted = replace(PREEMPTED, reason="restarted")
    assert spot("JOB_STATE_SUCCEEDED", [restarted], endTime=end) == 4 * 3600


def test_two_preemptions_are_two_pauses() -> None:
    second = Attempt(2, 900 * SECOND, 960 * SECOND, 1_560 * SECOND, "preempted")
    assert spot("JOB_STATE_PENDING", [PREEMPTED, second]) == 1_200
    third = Attempt(3, 1_600 * SECOND, 1_660 * SECOND)
    assert spot("JOB_STATE_RUNNING", [PREEMPTED, second, third]) == 5 * 3600 - 300 - 100


def test_a_failed_job_s_reason_is_awaited_for_minutes_whatever_the_clock_says() -> None:
    failed = a_job(state="JOB_STATE_FAILED", endTime=NOW.isoformat())
    assert awaits_error(failed, NOW + timedelta(minutes=2))
    assert awaits_error(failed, NOW - timedelta(minutes=1))  # a clock that is a little behind
    assert not awaits_error(failed, NOW + timedelta(minutes=4))
    assert not awaits_error(failed, NOW - timedelta(days=1))


def test_the_last_attempt_of_an_ended_job_is_told_by_what_its_program_ran() -> None:
    begun = int((NOW - timedelta(seconds=30)).timestamp()) * SECOND
    tries = (Attempt(1, begun - SECOND, begun - SECOND, begun), Attempt(2, begun, begun + 5 * SECOND))
    live = a_job(state="JOB_STATE_RUNNING")
    assert phases(live, NOW, attempts=tries)[-1].words == "attempt 2 since 30s"
    ended = a_job(state="JOB_STATE_FAILED", endTime=(NOW - timedelta(seconds=20)).isoformat())
    assert phases(ended, NOW, attempts=tries)[-1].words == "attempt 2 ran 5s"
    at_once = a_job(state="JOB_STATE_FAILED", endTime=(NOW - timedelta(seconds=25)).isoformat())
    assert phases(at_once, NOW, attempts=tries)[-1].words == "2 attempts"
    never = (tries[0], Attempt(2, begun))
    assert phases(ended, NOW, attempts=never)[-1].words == "2 attempts"


def test_a_clock_that_is_behind_makes_nothing_negative() -> None:
    job = a_job(
        createTime="2026-11-22T12:00:30Z", startTime="2026-11-22T12:00:40Z", state="JOB_STATE_RUNNING"
    )
    assert all((phase.seconds or 0) >= 0 for phase in phases(job, NOW))
    assert cost_so_far(job, NOW).words == "–"


def test_a_job_waits_without_a_card_at_first() -> None:
    fresh = replace(a_job(), create_time=NOW - timedelta(seconds=LONG - 1))
    assert waiting(fresh, NOW) is None
    assert waiting(a_job(state="JOB_STATE_RUNNING"), NOW) is None


def test_quota_that_others_hold_is_named_with_them() -> None:
    other = a_job(2, state="JOB_STATE_RUNNING")
    queued = a_job(3)
    card = waiting(a_job(), NOW, [other, queued, a_job()], {L4: 1})
    assert card is not None
    assert (card.cause, card.sure, card.holders) == (WaitCause.QUOTA, True, (other,))
    assert "1 other job" in card.summary
    assert "not billed" in card.billed
    never = waiting(a_job(), NOW, [], {L4: 0})
    assert never is not None
    assert "cannot start" in never.summary
    unsure = waiting(a_job(), NOW, [other])
    assert unsure is not None
    assert (unsure.cause, unsure.sure) == (WaitCause.QUOTA, False)
    alone = waiting(a_job(), NOW)
    assert alone is not None
    assert alone.cause is WaitCause.UNKNOWN


def test_flex_start_and_provisioning_have_their_own_cards() -> None:
    flex = waiting(a_job(scheduling={"strategy": "FLEX_START", "maxWaitDuration": "3600s"}), NOW)
    assert flex is not None
    assert flex.cause is WaitCause.FLEX_START
    assert "50m 0s more" in flex.summary
    for_ever = waiting(a_job(scheduling={"strategy": "FLEX_START", "maxWaitDuration": "0s"}), NOW)
    assert for_ever is not None
    assert "as long as it takes" in for_ever.summary
    pending = waiting(a_job(state="JOB_STATE_PENDING"), NOW)
    assert pending is not None
    assert (pending.cause, pending.elsewhere) == (WaitCause.CAPACITY, True)


def test_links_lead_to_the_job() -> None:
    job = a_job(spec={"tensorboard": "projects/p/locations/europe-west4/tensorboards/7"})
    assert console_link(job).url == (
        "https://console.cloud.google.com/ai/platform/locations/europe-west4/training/1?project=123456789012"
    )
    assert "job_id" in logs_link(job).url
    board = tensorboard_link(job)
    assert board is not None
    assert board.url == (
        "https://europe-west4.tensorboard.googleusercontent.com/experiment/"
        "projects+p+locations+europe-west4+tensorboards+7+experiments+1"
    )
    assert tensorboard_link(a_job()) is None
    lines = [
        "wandb: 🚀 View run at https://wandb.ai/ana/kelp/runs/k3lpreef",
        "https://example.com/x/y/runs/z",
    ]
    assert wandb_runs([*lines, *lines]) == ("https://wandb.ai/ana/kelp/runs/k3lpreef",)
