"""Recorded jobs on a real server: served at once, replayed in time, cancelled, deleted, taken up again."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from google.api_core.exceptions import FailedPrecondition, NotFound
from google.cloud.aiplatform_v1 import CustomJob, JobState
from google.cloud.logging_v2.types import LogEntry, TailLogEntriesRequest

from tests.local.clients import PARENT, Server, finish, script_job, text, until
from tests.local.records import ERROR, ID, LOCAL_NAME, REGION, entry, job, log, write
from tests.support import PATIENCE
from tui.local import launcher
from tui.local.admin.client import AdminClient
from tui.local.launcher import LauncherError
from tui.local.recordings.files import Summary, stage_record
from tui.local.recordings.json_text import RecordError
from tui.local.recordings.loading import load_record
from tui.local.recordings.staging import Staging

FILTER = (
    f'resource.type="ml_job" AND resource.labels.job_id="{ID}" AND resource.labels.project_id="local-project"'
)
LINES = [
    "Waiting for job to be provisioned.",
    "Vertex AI is setting up this job.",
    "Job is running.",
    "step 1",
    "step 2",
    "step 3",
]
RUNNING = {"state": "JOB_STATE_RUNNING", "endTime": None, "error": None, "updateTime": "2026-03-01T10:04:00Z"}


def load(server: Server, folder: Path, **how: Any) -> Summary:
    return load_record(AdminClient(server.record), server.data_dir, folder, **how)[0]


def get(server: Server, name: str = LOCAL_NAME) -> CustomJob:
    return server.jobs.get_custom_job(name=name)


def texts(server: Server) -> list[str]:
    return [text(each) for each in server.entries(FILTER)]


def restart(server: Server, *, kill: bool = False) -> None:
    if kill:
        os.kill(server.record.pid, signal.SIGKILL)
        until(lambda: launcher.status(server.data_dir) is None, "the end of the server")
    else:
        launcher.stop(server.data_dir)
    server.start()


def staged(server: Server) -> list[str]:
    return [path.name for path in (server.data_dir / "staging").glob("*")]


def test_a_record_is_served_as_if_it_had_run_here(local_server: Server, tmp_path: Path) -> None:
    summary = load(local_server, write(tmp_path, job(), log()))
    assert (summary.entries, summary.doubles) == (7, 1)
    assert get(local_server) == CustomJob.from_json(json.dumps(job(name=LOCAL_NAME)))
    with urlopen(f"{local_server.record.http_url}/v1/{LOCAL_NAME}") as response:  # noqa: S310
        assert json.load(response) == job(name=LOCAL_NAME)
    assert get(local_server, LOCAL_NAME.replace("123456789012", "local-project")) == get(local_server)
    parent = f"projects/local-project/locations/{REGION}"
    request = {"parent": parent, "filter": 'state="JOB_STATE_FAILED"'}
    listed = list(local_server.jobs.list_custom_jobs(request=request))
    assert listed == [get(local_server)]
    assert texts(local_server)[:6] == LINES
    service = local_server.entries(f'{FILTER} AND severity>=ERROR AND resource.labels.task_name="service"')
    raw = LogEntry.to_dict(service[0], use_integers_for_enums=False)
    assert raw["insert_id"] == "g"
    assert raw["receive_timestamp"] == "2026-03-01T10:05:01.123456789Z"
    assert service[0].log_name == f"projects/local-project/logs/ml.googleapis.com%2F{ID}"
    assert staged(local_server) == []
    with pytest.raises(FailedPrecondition):
        local_server.jobs.cancel_custom_job(name=LOCAL_NAME)


def test_a_job_that_is_there_is_replaced_only_on_request(local_server: Server, tmp_path: Path) -> None:
    first = write(tmp_path / "one", job(), log())
    load(local_server, first)
    second = write(tmp_path / "two", job(displayName="again"), [entry("new", "2026-03-02T00:00:00Z")])
    with pytest.raises(LauncherError, match=f"there is a job {ID} already; --replace puts this one"):
        load(local_server, second)
    assert len(texts(local_server)) == 7
    load(local_server, second, replace=True)
    assert get(local_server).display_name == "again"
    assert texts(local_server) == ["new"]
    finish(local_server.jobs.delete_custom_job(name=LOCAL_NAME))
    with pytest.raises(NotFound):
        get(local_server)
    load(local_server, first)
    assert len(texts(local_server)) == 8  # as on Vertex AI, a job's log outlives it


@pytest.mark.parametrize("state", ["JOB_STATE_PAUSED", "JOB_STATE_UPDATING"])
def test_a_job_that_may_go_on_is_cancelled_and_not_deleted(
    local_server: Server, tmp_path: Path, state: str
) -> None:
    load(local_server, write(tmp_path, job(**RUNNING | {"state": state}), log()))
    with pytest.raises(FailedPrecondition, match="Cancel it first"):
        local_server.jobs.delete_custom_job(name=LOCAL_NAME)
    local_server.jobs.cancel_custom_job(name=LOCAL_NAME)
    assert get(local_server).state == JobState.JOB_STATE_CANCELLED
    restart(local_server)
    assert texts(local_server)[: len(LINES)] == LINES  # though they are old
    finish(local_server.jobs.delete_custom_job(name=LOCAL_NAME))


def test_a_job_at_work_is_not_replaced(local_server: Server, tmp_path: Path) -> None:
    local_server.enable("aiplatform", "logging")
    name = local_server.jobs.create_custom_job(parent=PARENT, custom_job=script_job("sleep 600")).name
    folder = write(tmp_path, job(name=name), [])
    with pytest.raises(LauncherError, match="is at work on this machine; cancel it first"):
        load(local_server, folder, replace=True)
    assert staged(local_server) == []
    assert get(local_server, name).display_name == "a job"
    local_server.jobs.cancel_custom_job(name=name)
    local_server.ended(name)
    load(local_server, folder, replace=True)
    assert get(local_server, name).display_name == "ana-gemma-lora-0722"


def test_nothing_is_half_imported(local_server: Server, tmp_path: Path) -> None:
    folder = write(tmp_path, job(), [*log(), '{"logName": 3}'])
    with pytest.raises(RecordError, match=r"log\.jsonl:9:2: logName: "):
        load(local_server, folder)
    local_server.enable("aiplatform", "logging")
    with pytest.raises(NotFound):
        get(local_server)
    assert texts(local_server) == []
    assert staged(local_server) == []
    admin = AdminClient(local_server.record)
    for wrong in ({}, {"staged": "../state.db"}, {"staged": "x", "speed": -1}, {"staged": "x", "speed": "2"}):
        with pytest.raises(LauncherError):
            admin.call("POST", "recordings", wrong)


def test_a_job_recorded_alive_is_never_run_and_can_be_cancelled(local_server: Server, tmp_path: Path) -> None:
    load(local_server, write(tmp_path, job(**RUNNING), log()[:2]))
    restart(local_server)
    found = get(local_server)
    assert found.state == JobState.JOB_STATE_RUNNING
    assert found.update_time == found.start_time
    assert len(texts(local_server)) == 2
    with pytest.raises(FailedPrecondition):
        local_server.jobs.delete_custom_job(name=LOCAL_NAME)
    local_server.jobs.cancel_custom_job(name=LOCAL_NAME)
    found = get(local_server)
    assert (found.state, found.error.code) == (JobState.JOB_STATE_CANCELLED, 1)
    assert found.end_time > found.start_time
    assert texts(local_server)[-2:] == ["Job is being cancelled.", "Job cancelled."]
    finish(local_server.jobs.delete_custom_job(name=LOCAL_NAME))
    restart(local_server)
    with pytest.raises(NotFound):
        get(local_server)


def test_a_replay_goes_through_states_and_log_in_order(local_server: Server, tmp_path: Path) -> None:
    local_server.enable("aiplatform", "logging")
    tailed: list[str] = []
    read = threading.Event()
    tail = threading.Thread(target=follow, args=(local_server, read, tailed))
    tail.start()
    load(local_server, write(tmp_path / "record", job(), log()), speed=1500)
    states: list[str] = []

    def ended() -> bool:
        found = get(local_server)
        seen = f"{JobState(found.state).name.removeprefix('JOB_STATE_')} {found.error.code}"
        if not states or states[-1] != seen:
            states.append(seen)
        return bool(found.error.code)

    until(ended, "the end of the replay")
    order = ["QUEUED 0", "PENDING 0", "RUNNING 0", "FAILED 0", "FAILED 3"]
    assert states == [each for each in order if each in states]
    assert {"RUNNING 0", "FAILED 3"} <= set(states)
    until(lambda: ERROR in tailed, "the tail")
    read.set()
    tail.join()
    assert tailed == [*LINES, ERROR][-len(tailed) :]
    assert get(local_server) == CustomJob.from_json(json.dumps(job(name=LOCAL_NAME)))
    until(lambda: staged(local_server) == [], "the end of the staged file")
    restart(local_server)
    assert texts(local_server)[:6] == LINES
    assert AdminClient(local_server.record).call("GET", "recordings") == {"replaying": {}}


def follow(server: Server, read: threading.Event, tailed: list[str]) -> None:
    """Collect the texts of a tail until they were read."""

    def requests() -> Iterator[TailLogEntriesRequest]:
        yield TailLogEntriesRequest(
            resource_names=["projects/local-project"], filter=FILTER, buffer_window={"seconds": 0}
        )
        read.wait(PATIENCE)

    for response in server.logs.tail_log_entries(requests=requests()):
        tailed += [text(each) for each in response.entries]


def test_a_replay_survives_the_server_and_can_begin_now(local_server: Server, tmp_path: Path) -> None:
    load(local_server, write(tmp_path, job(), log()), speed=20, now=True)
    created = get(local_server).create_time
    assert abs(created.timestamp() - time.time()) < 3600
    until(lambda: texts(local_server) == LINES[:1], "the first line")
    restart(local_server, kill=True)
    assert AdminClient(local_server.record).call("GET", "recordings") == {"replaying": {ID: 20.0}}
    assert get(local_server).state in {JobState.JOB_STATE_QUEUED, JobState.JOB_STATE_PENDING}
    until(lambda: len(texts(local_server)) >= 2, "the second line")
    assert texts(local_server)[:2] == LINES[:2]
    found = local_server.entries(FILTER)[1]
    assert 55 < (found.timestamp - created).total_seconds() < 65
    local_server.jobs.cancel_custom_job(name=LOCAL_NAME)
    ended = get(local_server)
    assert ended.state == JobState.JOB_STATE_CANCELLED
    assert 50 < (ended.end_time - ended.create_time).total_seconds() < 1500
    assert texts(local_server)[-1] == "Job cancelled."
    assert staged(local_server) == []
    restart(local_server)
    assert get(local_server) == ended


def test_a_server_killed_while_it_took_a_record_over_takes_it_up(
    local_server: Server, tmp_path: Path
) -> None:
    local_server.enable("aiplatform", "logging")
    load(
        local_server, write(tmp_path / "old", job(displayName="old"), [entry("old", "2026-03-01T00:00:00Z")])
    )
    folder = write(tmp_path / "new", job(), log())
    launcher.stop(local_server.data_dir)
    with Staging(local_server.data_dir, "import") as staging:
        stage_record(folder, staging, {})
        name = staging.finish()
    with sqlite3.connect(local_server.data_dir / "state.db") as connection:
        connection.execute("DELETE FROM jobs")
        connection.execute("INSERT INTO recordings VALUES (?, ?, 0, 0, 0, 1)", (ID, name))
    connection.close()
    local_server.start()
    until(lambda: staged(local_server) == [], "the end of the staged file")
    assert get(local_server).display_name == "ana-gemma-lora-0722"
    assert texts(local_server)[:6] == LINES
