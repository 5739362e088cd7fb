"""A job read out of Google's message is the one that its JSON form says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.cloud.aiplatform_v1.types import CustomJob
from google.protobuf.any_pb2 import Any as AnyMessage  # type: ignore[attr-defined]  # made at run time
from hypothesis import given
from hypothesis import strategies as st

from tui.cloud.jobs import _job
from tui.domain.jobs import JobState, job_from_json

words = st.text(st.characters(codec="utf-8"), max_size=12)
numbers = st.integers(0, 12)


@st.composite
def pools(draw: st.DrawFn) -> dict[str, Any]:
    """A worker pool of any kind, also a skipped one."""
    pool: dict[str, Any] = {}
    if draw(st.booleans()):
        pool["machine_spec"] = {
            "machine_type": draw(words),
            "accelerator_type": draw(numbers),
            "accelerator_count": draw(numbers),
            "tpu_topology": draw(words),
        }
        pool["replica_count"] = draw(st.integers(0, 2**40))
    if draw(st.booleans()):
        pool["disk_spec"] = {"boot_disk_type": draw(words), "boot_disk_size_gb": draw(numbers)}
    what = draw(st.sampled_from(["", "container_spec", "python_package_spec"]))
    if what:
        image = {"container_spec": "image_uri", "python_package_spec": "executor_image_uri"}[what]
        pool[what] = {image: draw(words)}
    return pool


@st.composite
def records(draw: st.DrawFn) -> Any:
    """A CustomJob as the service might answer it, unknown states and all."""
    record = CustomJob.pb(
        CustomJob(
            name=draw(words),
            display_name=draw(words),
            state=draw(st.sampled_from([0, 1, 3, 5, 8, 99])),
            labels=draw(st.dictionaries(words, words, max_size=3)),
            job_spec={
                "worker_pool_specs": draw(st.lists(pools(), max_size=3)),
                "service_account": draw(words),
                "base_output_directory": {"output_uri_prefix": draw(words)},
                "scheduling": {"strategy": draw(numbers)},
                "persistent_resource_id": draw(words),
            },
        )
    )
    for name in ("create_time", "start_time", "end_time", "update_time"):
        if draw(st.booleans()):
            getattr(record, name).seconds = draw(st.integers(-62_000_000_000, 253_000_000_000))
            getattr(record, name).nanos = draw(st.integers(0, 999_999_999))
    if draw(st.booleans()):
        record.error.code, record.error.message = draw(numbers), draw(words)
    return record


@given(records())
def test_the_message_says_what_its_json_says(record: Any) -> None:
    job = _job(record)
    told = CustomJob.to_dict(
        CustomJob.deserialize(record.SerializeToString()),
        use_integers_for_enums=False,
        preserving_proto_field_name=False,
        always_print_fields_with_no_presence=False,
    )
    assert job == job_from_json(told)
    assert dict(job.raw) == told
    assert list(job.raw) == list(told)
    for name in ("name", "jobSpec", "error", "state", "encryptionSpec", "nothing", ""):
        assert (name in job.raw) == (name in told)
        assert job.raw.get(name, 7) == told.get(name, 7)


def test_odd_times_states_and_details_are_left_out() -> None:
    record = CustomJob.pb(CustomJob(name="n", state=99))
    record.create_time.seconds = 2**60
    record.error.details.append(AnyMessage(type_url="type.googleapis.com/of.a.newer.Api", value=b"x"))
    job = _job(record)
    assert (job.state, job.create_time) == (JobState.UNKNOWN, None)
    assert job.error is not None
    assert job.raw["name"] == "n"
    assert dict(job.raw) == {"name": "n", "state": 99, "error": {}, "createTime": None}


def test_what_has_no_json_form_within_a_spec_costs_nothing_else_of_it() -> None:
    record = CustomJob.pb(CustomJob(name="n"))
    record.job_spec.service_account = "a@b"
    record.job_spec.scheduling.timeout.seconds = 2**60
    record.job_spec.scheduling.disable_retries = True
    record.job_spec.worker_pool_specs.add().machine_spec.machine_type = "g2-standard-4"
    record.error.code = 3
    for url in ("type.googleapis.com/of.a.newer.Api", "type.googleapis.com/google.protobuf.Empty"):
        record.error.details.append(AnyMessage(type_url=url))
    job = _job(record)
    assert job.pools[0].machine_type == "g2-standard-4"
    assert job.raw["jobSpec"] == {
        "serviceAccount": "a@b",
        "scheduling": {"disableRetries": True},
        "workerPoolSpecs": [{"machineSpec": {"machineType": "g2-standard-4"}}],
    }
    assert job.raw["error"]["code"] == 3
    assert json.dumps(dict(job.raw))


def test_whether_a_field_is_set_is_known_without_making_the_spec_readable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = CustomJob.pb(CustomJob(name="known", display_name="d"))
    record.job_spec.service_account = "a@b"
    raw = _job(record).raw
    monkeypatch.setattr("tui.cloud.jobs.MessageToDict", _refuse)
    assert "jobSpec" in raw
    assert "error" not in raw
    assert raw.get("error") is None
    assert len(raw) == 3


def _refuse(_message: object) -> None:
    raise AssertionError
