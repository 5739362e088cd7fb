"""Jobs read from the API's JSON form, whatever a newer API puts into it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.course.timeline import awaits_error, phases
from tui.domain.joblist.columns import COLUMNS, Line, in_order
from tui.domain.joblist.commands import as_json, cancel_command, delete_command
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


def test_a_state_of_a_newer_api_is_unknown_and_not_live() -> None:
    job = job_from_json({**RECORDED, "state": "JOB_STATE_TELEPORTED"})
    assert job.state is JobState.UNKNOWN
    assert not job.state.live


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


def test_json_for_the_screen_hides_values_of_env() -> None:
    shown = as_json(job_from_json(RECORDED))
    assert "hf_secret" not in shown
    assert "HF_TOKEN" in shown


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
