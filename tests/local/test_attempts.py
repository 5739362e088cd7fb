"""Jobs that are tried again: how often, in what states, with what words, and never twice at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from google.cloud.aiplatform_v1 import CustomJob

from tests.local.clients import script_job
from tests.local.works import Works, state, works
from tests.support import wait_for
from tui.local.jobs import messages
from tui.local.jobs.runner import process_mark
from tui.local.state.jobs import JobRow, State

SPOT: dict[str, Any] = {"scheduling": {"strategy": "SPOT"}}
STOCKOUT = (
    "Resources are insufficient in region: europe-west4. "
    "Try a different region or use a different accelerator."
)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Works]:
    async with works(tmp_path / "data") as made:
        yield made


def with_worker(job: CustomJob, script: str, count: int = 1) -> CustomJob:
    """A second pool that runs another script."""
    pool = CustomJob.to_dict(script_job(script))["job_spec"]["worker_pool_specs"][0] | {
        "replica_count": count
    }
    job.job_spec.worker_pool_specs.append(
        CustomJob({"job_spec": {"worker_pool_specs": [pool]}}).job_spec.worker_pool_specs[0]
    )
    return job


async def states(row: JobRow) -> list[str]:
    """The states that a job passes from now on, as far as they are seen."""
    seen = [state(row)]
    while row.live:
        if state(row) != seen[-1]:
            seen.append(state(row))
        await asyncio.sleep(0)
    return [*seen, state(row)]


async def test_a_crash_restarts_the_job_three_times(shop: Works) -> None:
    row = shop.start(script_job("echo run; kill -SEGV $$"))
    seen = asyncio.create_task(states(row))
    await shop.ended(row)
    assert state(row) == "FAILED"
    assert shop.lines(row) == ["run"] * 4
    assert "non-zero status of 139" in row.job.error.message
    said = shop.lines(row, "service")
    assert [said.count(text) for text in (messages.WAITING, messages.RUNNING, messages.TORN_DOWN)] == [
        4,
        4,
        4,
    ]
    assert [messages.RESTARTING.format(number=n, most=3) in said for n in (1, 2, 3)] == [True] * 3
    assert said[-2:] == [row.job.error.message, messages.FAILED]
    passed = await seen
    assert passed[passed.index("RUNNING") :] == ["RUNNING", "PENDING"] * 3 + ["RUNNING", "FAILED"]


async def test_ordinary_failures_are_final(shop: Works) -> None:
    row = await shop.script("echo run; exit 3")
    assert (state(row), shop.lines(row)) == ("FAILED", ["run"])


async def test_a_restarted_job_may_succeed_and_started_when_it_first_ran(shop: Works, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    row = shop.start(script_job(f"test -e {mark} || {{ touch {mark}; sleep 0.1; kill -ABRT $$; }}; pwd"))
    await wait_for(lambda: row.job.HasField("start_time"), what="the first run")
    first = row.job.start_time.ToNanoseconds()
    await shop.ended(row)
    assert state(row) == "SUCCEEDED"
    assert row.job.start_time.ToNanoseconds() == first
    assert shop.lines(row) == [str(shop.place(row, "workerpool0-0.1.0") / "work")]
    assert not shop.place(row).parent.exists()


async def test_retries_can_be_switched_off(shop: Works) -> None:
    row = await shop.script("echo run; kill -SEGV $$", scheduling={"disable_retries": True})
    assert (state(row), shop.lines(row)) == ("FAILED", ["run"])


async def test_a_stockout_is_tried_three_times_more(shop: Works) -> None:
    rule = shop.fault("stockout")
    row = await shop.script("echo never", scheduling={"disable_retries": True})
    assert (state(row), rule.hits, shop.lines(row)) == ("FAILED", 4, [])
    assert (row.job.error.code, row.job.error.message) == (8, STOCKOUT)
    assert not row.job.HasField("start_time")
    shop.faults.clear()
    shop.fault("stockout", times=2)
    row = await shop.script("echo now")
    assert (state(row), shop.lines(row)) == ("SUCCEEDED", ["now"])


async def test_spot_machines_are_taken_away_six_times(shop: Works) -> None:
    shop.fault("preempt", times=6, seconds=0)
    row = await shop.script("echo up; sleep 0.2; echo done", **SPOT)
    assert state(row) == "SUCCEEDED"
    assert shop.lines(row)[-2:] == ["up", "done"]
    assert shop.lines(row, "service").count(STOCKOUT) == 6
    shop.fault("preempt", seconds=0)
    row = await shop.script("sleep 600", **SPOT)
    assert (state(row), row.job.error.code, row.job.error.message) == ("FAILED", 8, STOCKOUT)
    assert row.run.restarts == {"preempted": 6}


async def test_an_internal_error_leaves_three_attempts(shop: Works) -> None:
    shop.fault("internal", seconds=0)
    row = await shop.script("sleep 600")
    assert (state(row), row.job.error.code) == ("FAILED", 13)
    assert row.job.error.message == "Internal error occurred for the current attempt"
    assert shop.lines(row, "service").count(messages.RUNNING) == 3
    assert len(shop.lines(row, "service")) == len(set(shop.lines(row, "service"))) + 2 * 10


async def test_an_image_that_cannot_be_pulled_ends_the_job_before_it_runs(shop: Works) -> None:
    shop.fault("image-pull")
    row = await shop.script("echo never")
    assert (state(row), shop.lines(row)) == ("FAILED", [])
    assert row.job.error.message.startswith("The image python:3.11 could not be pulled")


async def test_a_job_without_quota_stays_queued(shop: Works) -> None:
    shop.fault("quota", times=1, queued=True, seconds=600)
    row = shop.start(script_job("echo never"))
    await wait_for(lambda: messages.WAITING_FOR_QUOTA in shop.lines(row, "service"), what="the wait")
    assert state(row) == "QUEUED"
    shop.engine.cancel(row.job_id)
    await shop.ended(row)
    assert (state(row), shop.lines(row)) == ("CANCELLED", [])
    shop.fault("quota", queued=True, seconds=0.05)
    shop.fault("quota")
    assert state(await shop.script("true")) == "SUCCEEDED"


async def test_a_lost_worker_is_restarted_in_place(shop: Works) -> None:
    shop.fault("preempt", times=1, seconds=0.2)
    job = with_worker(script_job("echo up; until [ -e gate ]; do sleep 0.02; done"), "echo worker; sleep 600")
    row = shop.start(job)
    await wait_for(lambda: shop.lines(row, "workerpool1-0") == ["worker"] * 2, what="the second start")
    assert state(row) == "RUNNING"
    assert row.run.worker_restarts == {"workerpool1-0": 1}
    (shop.place(row) / "work/gate").touch()
    await shop.ended(row)
    assert (state(row), shop.lines(row)) == ("SUCCEEDED", ["up"])


async def test_a_lost_worker_may_restart_the_whole_job(shop: Works) -> None:
    shop.fault("preempt", times=1, seconds=0.2)
    job = script_job("echo up; sleep 0.5", scheduling={"restart_job_on_worker_restart": True})
    row = await shop.run(with_worker(job, "echo worker; sleep 600"))
    assert (state(row), shop.lines(row)) == ("SUCCEEDED", ["up", "up"])
    assert shop.lines(row, "workerpool1-0") == ["worker"] * 2


async def test_too_many_restarts_in_place_restart_the_job(shop: Works) -> None:
    rule = shop.fault("preempt", times=1, seconds=0)
    row = shop.start(script_job("sleep 600"))
    row.run.worker_restarts["workerpool0-0"] = 5
    await wait_for(lambda: row.run.attempt == 1, what="the second attempt")
    assert (rule.hits, row.run.restarts, row.run.worker_restarts) == (1, {"worker": 1}, {})


async def test_another_replica_s_failure_is_the_job_s(shop: Works) -> None:
    row = await shop.run(with_worker(script_job("sleep 600"), "sleep 0.1; echo bad >&2; exit 5", count=2))
    assert state(row) == "FAILED"
    assert row.job.error.message.startswith("The replica workerpool1-")
    assert "exited with a non-zero status of 5. Termination reason: Error." in row.job.error.message


async def test_a_worker_that_is_done_early_harms_nobody(shop: Works) -> None:
    row = await shop.run(with_worker(script_job("sleep 0.2; echo done"), "true"))
    assert (state(row), shop.lines(row)) == ("SUCCEEDED", ["done"])


async def test_a_stopped_worker_s_exit_status_does_not_count(shop: Works) -> None:
    row = await shop.run(with_worker(script_job("sleep 0.2"), "trap 'exit 9' TERM; sleep 600 & wait"))
    assert state(row) == "SUCCEEDED"


@pytest.mark.parametrize("queued", [600, 0])
async def test_a_job_is_cancelled_before_it_runs(tmp_path: Path, queued: float) -> None:
    async with works(tmp_path / "data", queued_seconds=queued, pending_seconds=600) as shop:
        row = shop.start(script_job("echo never"))
        await shop.reached(row, State.JOB_STATE_QUEUED if queued else State.JOB_STATE_PENDING)
        shop.engine.cancel(row.job_id)
        await shop.ended(row)
        assert (state(row), row.job.error.code, shop.lines(row)) == ("CANCELLED", 1, [])


async def test_a_job_is_cancelled_between_its_attempts(tmp_path: Path) -> None:
    async with works(tmp_path / "data", pending_seconds=0.2) as shop:
        row = shop.start(script_job("echo run; kill -SEGV $$"))
        await wait_for(lambda: row.run.attempt == 1, what="the second attempt")
        shop.engine.cancel(row.job_id)
        await shop.ended(row)
        assert (state(row), shop.lines(row)) == ("CANCELLED", ["run"])


async def test_cancelling_ends_those_who_will_not_listen(tmp_path: Path) -> None:
    async with works(tmp_path / "data", grace_seconds=0.2) as shop:
        script = (
            "trap '' TERM; (trap '' TERM; setsid sleep 600 & echo $!); (setsid nohup sleep 600 & echo $!);"
        )
        row = shop.start(script_job(f"{script} echo $$; while :; do sleep 0.1; done"))
        await wait_for(lambda: len(shop.lines(row)) == 3, what="three processes")
        shop.engine.cancel(row.job_id)
        await shop.ended(row)
        assert state(row) == "CANCELLED"
        assert not any(process_mark(int(pid)) for pid in shop.lines(row))


async def test_the_time_a_job_has_is_for_all_its_attempts(shop: Works, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    script = f"test -e {mark} && sleep 600; touch {mark}; sleep 0.3; kill -SEGV $$"
    row = await shop.script(script, scheduling={"timeout": {"nanos": 500_000_000}})
    assert (state(row), row.run.attempt) == ("CANCELLED", 1)
    assert "scheduling.timeout (0.5 s)" in row.job.error.message
