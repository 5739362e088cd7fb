"""Servers and runners that are killed: every job is taken up, none runs twice at a time, nothing is left."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import time
from functools import partial
from pathlib import Path

from google.cloud.aiplatform_v1 import JobState

from tests.local.clients import PARENT, Server, job_id, script_job, until
from tests.local.works import Works, state, works
from tests.support import wait_for
from tui.local import launcher
from tui.local.jobs import messages, runner
from tui.local.jobs.replica import Replica
from tui.local.jobs.runner import process_mark
from tui.local.state.jobs import JobRow, State

ONE_AT_A_TIME = """
mkdir {place}/running || echo twice >> {place}/log
echo run >> {place}/log
sleep 0.4
rmdir {place}/running
[ $(grep -c run {place}/log) -ge 3 ] && exit 0
kill -SEGV $$
"""


def kill_server(server: Server) -> None:
    os.kill(server.record.pid, signal.SIGKILL)
    until(lambda: launcher.status(server.data_dir) is None, "the end of the server")


def _gone(pid: int) -> bool:
    return process_mark(pid) is None


def pid_in(path: Path) -> int:
    """The process number in `runner.json` or `child.json`, once it is there."""
    until(path.exists, path.name)
    return int(json.loads(path.read_text())["pid"])


def test_a_server_killed_again_and_again_runs_each_attempt_once(local_server: Server, tmp_path: Path) -> None:
    local_server.enable("aiplatform", "logging")
    dice = random.Random(1)  # noqa: S311 (moments, not secrets)
    job = script_job(ONE_AT_A_TIME.format(place=tmp_path))
    name = local_server.jobs.create_custom_job(parent=PARENT, custom_job=job).name
    for _ in range(5):
        time.sleep(dice.uniform(0, 0.3))
        kill_server(local_server)
        local_server.start(pending_seconds=0.1)
    ended = local_server.ended(name)
    assert ended.state == JobState.JOB_STATE_SUCCEEDED, ended.error
    assert (tmp_path / "log").read_text().split() == ["run"] * 3
    said = local_server.lines(ended, "service")
    assert said.count(messages.RUNNING) <= 3
    assert said.count(messages.SUCCEEDED) == 1


def test_a_runner_killed_beside_its_server_leaves_nothing(local_server: Server) -> None:
    """What it has left is ended by `down`, though no server runs."""
    local_server.enable("aiplatform", "logging")
    script = "setsid nohup sleep 600 >/dev/null 2>&1 & echo $!; sleep 600 & echo $!; wait"
    made = [
        local_server.jobs.create_custom_job(parent=PARENT, custom_job=script_job(script)) for _ in range(2)
    ]
    until(lambda: all(len(local_server.lines(job)) == 2 for job in made), "four processes")
    pids = [int(pid) for job in made for pid in local_server.lines(job)]
    kill_server(local_server)
    places = [local_server.data_dir / "jobs" / job_id(job) / "workerpool0-0" for job in made]
    for place in places:
        os.kill(pid_in(place / "runner.json"), signal.SIGKILL)
        child = pid_in(place / "child.json")
        until(partial(_gone, child), "the end of the child with its runner")
    assert all(process_mark(pid) for pid in pids)
    launcher.stop(local_server.data_dir)
    assert not any(process_mark(pid) for pid in pids)
    local_server.start()
    for job in made:
        ended = local_server.ended(job.name)
        assert ended.state == JobState.JOB_STATE_FAILED
        assert ended.error.message == messages.LOST_ERROR.format(replica="workerpool0-0")


def reopened(shop: Works, row: JobRow) -> tuple[Works, JobRow]:
    """Another engine on the same folder, as after a restart; the job there."""
    fresh = Works(shop.folder)
    found = fresh.engine.row(row.job_id)
    assert found
    return fresh, found


async def test_the_next_start_ends_what_a_lost_runner_has_left(tmp_path: Path) -> None:
    async with works(tmp_path / "data") as shop:
        row = shop.start(script_job("setsid nohup sleep 600 >/dev/null 2>&1 & echo $!; sleep 600"))
        await wait_for(lambda: shop.lines(row), what="a line")
        pid = int(shop.lines(row)[0])
        place = shop.place(row)
        await shop.engine.close()
        os.kill(pid_in(place / "runner.json"), signal.SIGKILL)
        fresh, found = reopened(shop, row)
        await fresh.ended(found)
        assert state(found) == "FAILED"
        await wait_for(lambda: process_mark(pid) is None, what="the end of what was left")
        await fresh.close()


async def test_a_fault_that_has_begun_happens_to_its_end(tmp_path: Path) -> None:
    async with works(tmp_path / "data") as shop:
        job = script_job("echo up; [ -e ../../../again ] || sleep 600", scheduling={"strategy": "SPOT"})
        row = shop.start(job)
        await wait_for(lambda: shop.lines(row), what="the first line")
        row.run.struck = "preempt"
        shop.jobs.save(row)
        await shop.engine.close()
        (tmp_path / "data/jobs/again").touch()
        fresh, found = reopened(shop, row)
        await fresh.ended(found)
        assert (state(found), found.run.restarts) == ("SUCCEEDED", {"preempted": 1})
        assert fresh.lines(found) == ["up", "up"]
        await fresh.close()


async def test_a_worker_s_restart_goes_on_after_the_server_s(tmp_path: Path) -> None:
    async with works(tmp_path / "data") as shop:
        row = shop.start(script_job("echo up; [ -e ../../../again ] || sleep 600"))
        await wait_for(lambda: shop.lines(row), what="the first line")
        first = pid_in(shop.place(row) / "child.json")
        row.run.struck = "lost workerpool0-0"
        shop.jobs.save(row)
        await shop.engine.close()
        (tmp_path / "data/jobs/again").touch()
        fresh, found = reopened(shop, row)
        await fresh.ended(found)
        assert (state(found), found.run.worker_restarts) == ("SUCCEEDED", {"workerpool0-0": 1})
        assert fresh.lines(found) == ["up", "up"]
        assert process_mark(first) is None
        await fresh.close()


async def test_a_job_whose_folder_is_gone_does_not_run_again(tmp_path: Path) -> None:
    async with works(tmp_path / "data") as shop:
        row = shop.start(script_job("echo up; sleep 600"))
        await wait_for(lambda: shop.lines(row), what="the first line")
        runner_pid, child = (pid_in(shop.place(row) / f"{who}.json") for who in ("runner", "child"))
        await shop.engine.close()
        os.kill(runner_pid, signal.SIGKILL)
        shutil.rmtree(shop.place(row).parent)
        fresh, found = reopened(shop, row)
        await fresh.ended(found)
        assert (state(found), fresh.lines(found)) == ("FAILED", ["up"])
        assert "ended without leaving its exit status" in found.job.error.message
        assert process_mark(child) is None
        await fresh.close()


async def test_replicas_that_were_not_started_yet_are(tmp_path: Path) -> None:
    """The server died after it had started one of two."""
    async with works(tmp_path / "data") as shop:
        job = script_job('echo "spec $CLUSTER_SPEC"; sleep 0.5')
        job.job_spec.worker_pool_specs.append(job.job_spec.worker_pool_specs[0])
        row = shop.start(job)
        late = shop.place(row, "workerpool1-0")
        await wait_for((late / "child.json").exists, what="the second replica")
        await shop.engine.close()
        os.kill(pid_in(late / "runner.json"), signal.SIGKILL)
        for file in ("runner.json", "child.json", "exit.json", "output.jsonl"):
            (late / file).unlink(missing_ok=True)
        fresh, found = reopened(shop, row)
        await fresh.ended(found)
        assert state(found) == "SUCCEEDED"
        assert '"task": {"type": "workerpool1", "index": 0}' in fresh.lines(found, "workerpool1-0")[-1]
        await fresh.close()


async def test_a_wait_for_quota_is_not_begun_anew(tmp_path: Path) -> None:
    async with works(tmp_path / "data") as shop:
        shop.fault("quota", queued=True, seconds=600)
        row = shop.start(script_job("true"))
        await wait_for(lambda: row.run.queued_until_ns, what="the wait")
        shop.jobs.save(row)
        await shop.engine.close()
        fresh, found = reopened(shop, row)
        await asyncio.sleep(0)
        assert (found.run.queued_until_ns, state(found)) == (row.run.queued_until_ns, "QUEUED")
        fresh.engine.cancel(found.job_id)
        await fresh.ended(found)
        assert state(found) == "CANCELLED"
        await fresh.close()


async def test_a_cancel_survives_the_server(tmp_path: Path) -> None:
    async with works(tmp_path / "data") as shop:
        row = shop.start(script_job("trap '' TERM; echo up; while :; do sleep 0.1; done"))
        await wait_for(lambda: shop.lines(row), what="the first line")
        shop.engine.cancel(row.job_id)
        await shop.engine.close()
        fresh, found = reopened(shop, row)
        assert found.job.state == State.JOB_STATE_CANCELLING
        await fresh.ended(found)
        assert state(found) == "CANCELLED"
        await fresh.close()


async def test_the_traceback_is_told_by_a_server_that_did_not_read_it(tmp_path: Path) -> None:
    async with works(tmp_path / "data") as shop:
        script = "python3 -c 'raise ValueError(1)'; echo up; until [ -e gate ]; do sleep 0.02; done; exit 3"
        row = shop.start(script_job(script))
        await wait_for(lambda: "up" in shop.lines(row), what="the traceback")
        await shop.engine.close()
        (shop.place(row) / "work/gate").touch()
        fresh, found = reopened(shop, row)
        await fresh.ended(found)
        assert "Termination reason: Error. \nTraceback (most recent call last)" in found.job.error.message
        assert "ValueError: 1" in found.job.error.message
        await fresh.close()


def test_a_runner_that_comes_late_finds_the_replica_taken(tmp_path: Path) -> None:
    replica = Replica("workerpool0-0", tmp_path / "replica")
    script = {"argv": ["touch", str(tmp_path / "ran")], "env": dict(os.environ), "cwd": str(tmp_path)}
    replica.prepare(script | {"timeout_seconds": 60, "grace_seconds": 1})
    replica.kill()
    outcome = replica.outcome()
    assert outcome
    assert outcome.reason == "Stopped"
    replica.start()
    replica.collect()
    assert not (tmp_path / "ran").exists()


def test_a_runner_asked_to_stop_at_once_runs_nothing(tmp_path: Path) -> None:
    for _ in range(5):
        folder = tmp_path / str(_)
        replica = Replica("workerpool0-0", folder)
        command = {"argv": ["sleep", "600"], "env": dict(os.environ), "cwd": str(tmp_path)}
        replica.prepare(command | {"timeout_seconds": 60, "grace_seconds": 5})
        replica.start()
        until((folder / "runner.json").exists, "the runner")
        replica.ask_to_stop()
        outcome = until(replica.outcome, "the end")
        assert outcome.reason == "Stopped"
        replica.collect()
        child = folder / "child.json"
        assert not child.exists() or runner.process_mark(pid_in(child)) is None
