"""The server's time: its speed, its catching up, and what waits by it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from google.cloud.aiplatform_v1 import JobState
from hypothesis import given
from hypothesis import strategies as st

from tests.local.clients import PARENT, Server, job_id, script_job, until
from tests.support import PATIENCE
from tui.local import launcher
from tui.local.admin.client import AdminClient
from tui.local.clock import SECOND, Stretch, WallClock
from tui.local.launcher import LauncherError

NOON = 1_800_000_000 * SECOND
DAY = 86_400
SPEEDS = st.floats(min_value=0.01, max_value=1_000_000)
SPANS = st.floats(min_value=0.001, max_value=100 * DAY)


class Real:
    """Real time, as the tests want it."""

    def __init__(self) -> None:
        self.ns = NOON

    def __call__(self) -> int:
        return self.ns

    def pass_(self, seconds: float) -> None:
        self.ns += round(seconds * SECOND)


def clock() -> tuple[WallClock, Real]:
    real = Real()
    return WallClock(real), real


def test_time_is_real_at_first() -> None:
    wall, real = clock()
    real.pass_(5)
    assert wall.now_ns() == NOON + 5 * SECOND
    assert wall.real_seconds(3) == 3
    assert (wall.speed, wall.ahead_seconds()) == (1.0, 0.0)


def test_a_day_passes_in_a_minute_and_then_it_is_now() -> None:
    wall, real = clock()
    wall.run(1440, since_seconds=DAY)
    assert wall.ahead_seconds() == -DAY
    real.pass_(30)
    assert wall.now_ns() == NOON - DAY * SECOND + 30 * 1440 * SECOND
    assert wall.speed == 1440
    assert wall.real_seconds(1440) == pytest.approx(1)
    real.pass_(31)
    assert wall.now_ns() == real.ns
    assert wall.speed == 1


def test_without_a_beginning_in_the_past_time_runs_ahead_until_it_is_reset() -> None:
    wall, real = clock()
    wall.run(60)
    real.pass_(10)
    assert wall.ahead_seconds() == 590
    wall.reset()
    assert wall.now_ns() == real.ns
    wall.run(0.5)
    real.pass_(10)
    assert wall.ahead_seconds() == -5


@pytest.mark.parametrize(
    ("speed", "since"), [(0, None), (-1, None), (float("nan"), None), (1e7, None), (2, 0), (2, -5), (2, 1e12)]
)
def test_impossible_times_are_refused(speed: float, since: float | None) -> None:
    wall, _ = clock()
    with pytest.raises(ValueError, match="must be"):
        wall.run(speed, since_seconds=since)
    assert wall.speed == 1


@given(SPEEDS, st.one_of(st.none(), SPANS), SPANS, SPANS)
def test_real_seconds_is_how_long_it_takes(
    speed: float, since: float | None, before: float, wanted: float
) -> None:
    wall, real = clock()
    wall.run(speed, since_seconds=since)
    real.pass_(before / speed)
    begin = wall.now_ns()
    real.pass_(wall.real_seconds(wanted))
    passed = (wall.now_ns() - begin) / SECOND
    assert passed == pytest.approx(wanted, rel=1e-6, abs=speed * 1e-6)


@given(SPEEDS, st.one_of(st.none(), SPANS), st.lists(st.integers(-(10**15), 10**17)))
def test_stamps_of_other_processes_keep_their_order(
    speed: float, since: float | None, stamps: list[int]
) -> None:
    stretch = Stretch(NOON, NOON - int((since or 0) * SECOND), speed)
    found = [stretch.at(NOON + each) for each in sorted(stamps)]
    assert found == sorted(found)


def test_a_stamp_from_before_a_change_keeps_its_time() -> None:
    wall, real = clock()
    before = real.ns
    real.pass_(1)
    wall.run(100)
    real.pass_(1)
    assert wall.virtual_ns(before) == before
    assert wall.virtual_ns(real.ns) == wall.now_ns() == NOON + 101 * SECOND


def test_monotonic_time_does_not_jump_when_the_time_is_set() -> None:
    wall, real = clock()
    begin = wall.monotonic()
    wall.run(10, since_seconds=DAY)
    real.pass_(1)
    wall.reset()
    real.pass_(1)
    assert wall.monotonic() - begin == pytest.approx(11)


def test_a_restored_clock_goes_on() -> None:
    wall, real = clock()
    wall.run(10, since_seconds=DAY)
    real.pass_(60)
    later = WallClock(real)
    later.restore(wall.stretches)
    assert later.now_ns() == wall.now_ns()
    later.restore(())
    assert later.now_ns() == wall.now_ns()


async def test_sleepers_wake_when_time_gets_faster() -> None:
    wall = WallClock()
    sleeper = asyncio.create_task(wall.sleep(3 * DAY))
    await asyncio.sleep(0)
    wall.run(1_000_000)
    await asyncio.wait_for(sleeper, PATIENCE)
    await wall.sleep(0)
    await wall.sleep(-1)


async def test_waiting_ends_with_the_result_or_with_the_time() -> None:
    wall = WallClock()
    wall.run(1_000_000)

    async def answer() -> str:
        return "done"

    assert await wall.wait_for(answer(), DAY) == "done"
    never = asyncio.Event()
    with pytest.raises(TimeoutError):
        await wall.wait_for(never.wait(), DAY)

    async def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await wall.wait_for(fail(), DAY)
    waiting = asyncio.create_task(wall.wait_for(never.wait(), 1e12))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


def seconds_between(early: object, late: object) -> float:
    return float((late - early).total_seconds())  # type: ignore[operator]


def test_jobs_live_in_the_servers_time(local_server: Server) -> None:
    local_server.enable("aiplatform", "logging")
    launcher.stop(local_server.data_dir)
    local_server.start(queued_seconds=3600, pending_seconds=7200, error_seconds=600)
    admin = AdminClient(local_server.record)
    assert admin.call("GET", "time")["speed"] == 1
    begin = time.time()
    admin.call("POST", "time", {"speed": 20_000, "since_seconds": 60 * DAY})
    job = local_server.run(script_job("echo one; echo two; exit 3"))
    assert begin - job.create_time.timestamp() > 30 * DAY
    assert seconds_between(job.create_time, job.start_time) >= 10_800
    assert job.start_time < job.end_time
    assert seconds_between(job.end_time, job.update_time) >= 599
    entries = local_server.entries(f'resource.labels.job_id="{job_id(job)}"')
    printed = [each for each in entries if each.resource.labels["task_name"] != "service"]
    assert len(printed) == 2
    for each in printed:
        assert job.create_time <= each.timestamp <= job.end_time
    refuse_to_go_back(local_server, admin)
    launcher.stop(local_server.data_dir)
    local_server.start()
    found = AdminClient(local_server.record).call("GET", "time")
    assert found["speed"] == 20_000
    assert found["ahead_seconds"] < -DAY
    assert AdminClient(local_server.record).call("DELETE", "time")["ahead_seconds"] == pytest.approx(0, abs=1)


def refuse_to_go_back(server: Server, admin: AdminClient) -> None:
    """While a job is live, time may go faster but not be set back."""
    name = server.jobs.create_custom_job(parent=PARENT, custom_job=script_job("sleep 600")).name
    server.reached(name, JobState.JOB_STATE_RUNNING)
    with pytest.raises(LauncherError, match="have not ended, and setting the time back"):
        admin.call("POST", "time", {"speed": 10, "since_seconds": 900 * DAY})
    for wrong in ({}, {"speed": "fast"}, {"speed": True}, {"speed": 0}, {"speed": 2, "since_seconds": -1}):
        with pytest.raises(LauncherError):
            admin.call("POST", "time", wrong)
    server.jobs.cancel_custom_job(name=name)
    ended: Callable[[], object] = lambda: server.jobs.get_custom_job(name=name).end_time  # noqa: E731
    until(ended, "the end")
