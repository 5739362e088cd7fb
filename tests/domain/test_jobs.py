"""Jobs read from the API's JSON form, whatever a newer API puts into it."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.course.timeline import awaits_error, phases
from tui.domain.joblist.columns import COLUMNS, Line, chosen_columns, idle_columns, in_order
from tui.domain.joblist.commands import (
    cancel_command,
    delete_command,
    describe_command,
    stream_command,
)
from tui.domain.joblist.query import read_query, subject
from tui.domain.jobs import Job, JobState, job_from_json

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

RECORDED: dict[str, Any] = {
    "name": "projects/123456789012/locations/europe-west4/customJobs/4242",
    "displayName": "ana-gemma-lora",
    "state": "JOB_STATE_FAILED",
    "createTime": "2026-11-22T11:40:00.123456789Z",
    "startTime": "2026-11-22T11:44:00Z",
    "endTime": "2026-11-22T11:58:00Z",
    "labels": {"team": "a"},
    "jobSpec": {
        "serviceAccount": "x@y.iam.gserviceaccount.com",
        "baseOutputDirectory": {"outputUriPrefix": "gs://b/out/"},
        "workerPoolSpecs": [
            {
                "machineSpec": {
                    "machineType": "g2-standard-4",
                    "acceleratorType": "NVIDIA_L4",
                    "acceleratorCount": 1,
                },
                "replicaCount": "1",
                "containerSpec": {"imageUri": "i", "env": [{"name": "HF_TOKEN", "value": "hf_secret"}]},
            },
            {},
        ],
    },
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
MATCHING = (
    "",
    "gemma",
    "GEMMA failed",
    "state:fail",
    "state:ended",
    "label:team=a",
    "4242",
    "-running",
    "age<2d",
    "ran>10m",
    "region:europe",
    "created>=2026-11-22",
    '"ana-gemma',
)
FIELDS = ["name", "displayName", "state", "createTime", "startTime", "endTime", "error", "labels", "jobSpec"]


def test_a_recorded_job_reads_in_full() -> None:
    job = job_from_json(RECORDED)
    assert (job.job_id, job.region, job.machine) == ("4242", "europe-west4", "1×L4")
    assert job.pools[0].summary == "1 × g2-standard-4 + 1 L4"
    assert job.state is JobState.FAILED
    assert job.duration(NOW) == timedelta(minutes=14)
    assert job.output_uri == "gs://b/out/"
    assert job.pools[1].summary == "–"


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_odd_fields_never_raise(raw: dict[str, Any]) -> None:
    job = job_from_json(raw)
    for column in COLUMNS:
        column.show(Line(job, NOW))
        column.order(Line(job, NOW))
    phases(job, NOW)


def test_a_state_of_a_newer_api_is_unknown_and_may_be_live() -> None:
    job = job_from_json({**RECORDED, "state": "JOB_STATE_TELEPORTED"})
    assert job.state is JobState.UNKNOWN
    assert job.state.live  # or it would neither be read again nor be stopped, and cost money unseen
    assert not job.state.terminal
    assert [state for state in JobState if state.live == state.terminal] == []


def test_words_states_and_labels_filter() -> None:
    job = job_from_json(RECORDED)
    subject_ = subject(job)
    for words in MATCHING:
        query = read_query(words, me="ana")
        assert query.matches(subject_, NOW), words
        assert not query.problem
    for words in ("gemma running", "state:live", "label:team=b", "age>1h", "-gemma", "ran<5m", "by:me"):
        assert not read_query(words, me="ana").matches(subject_, NOW), words


@pytest.mark.parametrize("words", ["state:flying", "age<soon", "cost>much", "created>yesterday"])
def test_what_a_filter_does_not_understand_is_said_and_the_rest_counts(words: str) -> None:
    query = read_query(f"{words} gemma")
    assert query.problem
    assert query.matches(subject(job_from_json(RECORDED)), NOW)


@given(st.text())
def test_any_filter_can_be_typed(words: str) -> None:
    read_query(words).matches(subject(job_from_json(RECORDED)), NOW)


def test_the_row_and_timeline_say_how_long() -> None:
    job = job_from_json(RECORDED)
    shown = {column.key: column.show(Line(job, NOW)) for column in COLUMNS}
    assert (shown["ran"], shown["age"]) == ("14m 0s", "19m")
    assert [phase.words for phase in phases(job, NOW)] == ["waited 3m 59s", "ran 14m 0s"]
    pending = datetime(2026, 11, 22, 11, 40, 5, tzinfo=UTC)
    words = [phase.words for phase in phases(job, NOW, pending_since=pending)]
    assert words == ["queued 4s", "provisioning 3m 55s", "ran 14m 0s"]


def test_orders() -> None:
    old = job_from_json({**RECORDED, "displayName": "b", "createTime": "2026-11-21T00:00:00Z"})
    new = job_from_json({**RECORDED, "displayName": "c", "state": "JOB_STATE_RUNNING"})
    lines = [Line(old, NOW), Line(new, NOW)]

    def ordered(key: str, *, reverse: bool = False) -> list[Job]:
        return [line.job for line in in_order(lines, key, reverse=reverse)]

    assert ordered("age", reverse=True) == [new, old]
    assert ordered("name") == [old, new]
    assert ordered("state") == [new, old]
    for column in COLUMNS:
        assert sorted(ordered(column.key), key=id) == sorted([old, new], key=id)


def test_a_failed_job_waits_for_its_reason_only_for_a_while() -> None:
    job = job_from_json(RECORDED)
    assert awaits_error(job, NOW)
    assert not awaits_error(job, NOW + timedelta(minutes=10))
    with_error = job_from_json({**RECORDED, "error": {"code": 3, "message": "exit 3"}})
    assert not awaits_error(with_error, NOW)


def test_commands_name_the_job() -> None:
    job = Job(name=RECORDED["name"], display_name="x", state=JobState.RUNNING)
    assert cancel_command(job, "p") == ("gcloud ai custom-jobs cancel 4242 --region=europe-west4 --project=p")
    assert RECORDED["name"] in delete_command(job)


@given(st.text(), st.text(), st.text())
def test_no_command_says_more_to_a_shell_than_its_words(job_id: str, region: str, project: str) -> None:
    job = Job(f"projects/1/locations/{region}/customJobs/{job_id}", "x", JobState.RUNNING)
    for command in (cancel_command, describe_command, stream_command):
        words = shlex.split(command(job, project))
        assert words[-3:] == [job.job_id, f"--region={job.region}", f"--project={project}"]
    *_, url = shlex.split(delete_command(job))
    assert url == f"https://{job.region}-aiplatform.googleapis.com/v1/{job.name}"


def test_a_name_that_is_a_shell_command_stays_a_word() -> None:
    job = Job("projects/1/locations/r/customJobs/1; reboot $(id)", "x", JobState.RUNNING)
    assert "cancel '1; reboot $(id)' --region=r '--project=p q'" in cancel_command(job, "p q")


def test_me_is_one_person_and_nobody_matches_nothing() -> None:
    job = job_from_json({**RECORDED, "labels": {"submitted-by": "susanna"}})
    found = subject(job)
    assert not read_query("by:me", me="anna").matches(found, NOW)
    assert read_query("by:me", me="Susanna").matches(found, NOW)
    assert read_query("by:anna").matches(found, NOW)
    nobody = read_query("by:me")
    assert not nobody.matches(found, NOW)
    assert not nobody.matches(subject(job_from_json(RECORDED)), NOW), "nor a job of nobody's"
    assert "jobs.user" in nobody.problem
    assert read_query("-by:me").matches(found, NOW)


def test_a_project_is_found_by_its_id_and_by_its_number() -> None:
    found = subject(job_from_json(RECORDED), project="otter-lab")
    for words in ("project:otter", "project:123456789012", "project:OTTER-LAB"):
        assert read_query(words).matches(found, NOW), words
    assert not read_query("project:kelp").matches(found, NOW)
    assert not read_query("otter").matches(found, NOW), "it would be found in every row"


def test_a_column_that_says_the_same_in_each_row_is_left_out() -> None:
    here = job_from_json(RECORDED)
    there = job_from_json({**RECORDED, "name": "projects/7/locations/europe-west4/customJobs/1"})
    assert idle_columns([here]) == idle_columns([]) == {"project", "region", "by"}
    keys = [column.key for column in chosen_columns([""], idle=idle_columns([here, there]))]
    assert "project" in keys
    assert "region" not in keys
    assert [column.key for column in chosen_columns(["name", "age"], idle=())] == ["name", "age"]
