"""Jobs read from the API's JSON form, whatever a newer API puts into it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tui.domain import joblist
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
    joblist.job_row(job, NOW)
    joblist.timeline(job, NOW)


def test_a_state_of_a_newer_api_is_unknown_and_not_live() -> None:
    job = job_from_json({**RECORDED, "state": "JOB_STATE_TELEPORTED"})
    assert job.state is JobState.UNKNOWN
    assert not job.state.live


def test_words_states_and_labels_filter() -> None:
    job = job_from_json(RECORDED)
    for words in ("", "gemma", "GEMMA failed", "state:fail", "label:team=a", "4242"):
        assert joblist.matches(job, words), words
    for words in ("gemma running", "state:live", "label:team=b"):
        assert not joblist.matches(job, words), words


def test_the_row_and_timeline_say_how_long() -> None:
    job = job_from_json(RECORDED)
    row = joblist.job_row(job, NOW)
    assert (row.duration, row.age) == ("14m 0s", "19m")
    assert joblist.timeline(job, NOW) == "waited 3m 59s · ran 14m 0s"


def test_json_for_the_screen_hides_values_of_env() -> None:
    shown = joblist.as_json(job_from_json(RECORDED))
    assert "hf_secret" not in shown
    assert "HF_TOKEN" in shown


def test_orders() -> None:
    old = job_from_json({**RECORDED, "displayName": "b", "createTime": "2026-11-21T00:00:00Z"})
    new = job_from_json({**RECORDED, "displayName": "c", "state": "JOB_STATE_RUNNING"})
    assert joblist.in_order([old, new], joblist.SortKey.NEWEST, NOW) == [new, old]
    assert joblist.in_order([old, new], joblist.SortKey.NAME, NOW) == [old, new]
    assert joblist.in_order([old, new], joblist.SortKey.STATE, NOW) == [new, old]


def test_a_failed_job_waits_for_its_reason_only_for_a_while() -> None:
    job = job_from_json(RECORDED)
    assert joblist.awaits_error(job, NOW)
    assert not joblist.awaits_error(job, NOW + timedelta(minutes=10))
    with_error = job_from_json({**RECORDED, "error": {"code": 3, "message": "exit 3"}})
    assert not joblist.awaits_error(with_error, NOW)


def test_commands_name_the_job() -> None:
    job = Job(name=RECORDED["name"], display_name="x", state=JobState.RUNNING)
    assert joblist.cancel_command(job, "p") == (
        "gcloud ai custom-jobs cancel 4242 --region=europe-west4 --project=p"
    )
    assert RECORDED["name"] in joblist.delete_command(job)
