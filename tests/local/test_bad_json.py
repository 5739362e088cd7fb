"""Bodies that are no JSON or do not fit: the places and Google's words for them, no traceback."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.clients import Server
from tests.local.fuzz_words import FIELDS
from tests.local.wire_talk import JOBS, error_of, prepared_server, unharmed
from tui.local.wire import gtypes, json_text
from tui.local.wire.errors import ApiError
from tui.local.wire.json_fields import fill

server = pytest.fixture(scope="module")(prepared_server)
no_traceback = pytest.fixture(autouse=True)(unharmed)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"a"', 'Unexpected end of string. Expected : between key:value pair.\n{"a"\n    ^'),
        (b"{a: 1}", "Expected an object key or }.\n{a: 1}\n ^"),
        (b'{"a": 1 "b": 2}', 'Expected , or } after key:value pair.\n{"a": 1 "b": 2}\n        ^'),
        (b'{"a": [1 2]}', 'Expected , or ] after array value.\n{"a": [1 2]}\n         ^'),
        (b"q=test", "Unexpected token.\nq=test\n^"),
        (b"{} x", "Parsing terminated before end of input.\n{} x\n   ^"),
        (b'{"a": "b', "Closing quote expected in string."),
        (b'{"a": "\\x"}', "Invalid escape sequence."),
        (b'{"a": NaN}', "Unable to parse number."),
        (b'{"a": -Infinity}', "Unable to parse number."),
        (b'{"a": ' + b"9" * 5000 + b"}", "Unable to parse number."),
        (b'{"a": "\xff"}', "Encountered non UTF-8 code points."),
        (b'{"a": "\\ud800"}', "Encountered non UTF-8 code points."),
        (b"[" * 100_000, "Message too deep."),
    ],
)
def test_what_is_no_json(server: Server, body: bytes, words: str) -> None:
    error = error_of(server, "POST", JOBS, body)
    assert error["status"] == "INVALID_ARGUMENT"
    assert error["message"].startswith(f"Invalid JSON payload received. {words}")
    assert "details" not in error


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")))
def test_any_text_is_json_or_refused(body: bytes) -> None:
    refused = None
    try:
        json_text.parse(body)
    except ApiError as error:
        refused = error
    if refused is None:
        json.loads(body)
    else:
        assert refused.message.startswith("Invalid JSON payload received. ")


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({"foo": 1}, "custom_job", "Unknown name \"foo\" at 'custom_job': Cannot find field."),
        (
            {"jobSpec": {"scheduling": {"foo": {}}}},
            "custom_job.job_spec.scheduling",
            "Unknown name \"foo\" at 'custom_job.job_spec.scheduling': Cannot find field.",
        ),
        (
            {"jobSpec": [{}]},
            "custom_job",
            "Unknown name \"jobSpec\" at 'custom_job': Proto field is not repeating, cannot start list.",
        ),
        (
            {"jobSpec": "x"},
            "custom_job.job_spec",
            '(type.googleapis.com/google.cloud.aiplatform.v1.CustomJobSpec), "x"',
        ),
        (
            {"displayName": 7},
            "custom_job.display_name",
            "Invalid value at 'custom_job.display_name' (TYPE_STRING), 7",
        ),
        ({"labels": []}, "custom_job.labels", "Invalid value at 'custom_job.labels' (Map), []"),
        (
            {"labels": {"a": 1}},
            "custom_job.labels[a]",
            "Invalid value at 'custom_job.labels[a]' (TYPE_STRING), 1",
        ),
        (
            {"jobSpec": {"scheduling": {"timeout": "3600"}}},
            "custom_job.job_spec.scheduling.timeout",
            "Field 'timeout', Illegal duration format; duration must end with 's'",
        ),
        (
            {"jobSpec": {"workerPoolSpecs": [{"replicaCount": "many"}]}},
            "custom_job.job_spec.worker_pool_specs[0].replica_count",
            '(TYPE_INT64), "many"',
        ),
        (
            {"jobSpec": {"workerPoolSpecs": [{}, {"machineSpec": {"acceleratorType": "L4"}}]}},
            "custom_job.job_spec.worker_pool_specs[1].machine_spec.accelerator_type",
            '(type.googleapis.com/google.cloud.aiplatform.v1.AcceleratorType), "L4"',
        ),
        (
            {"jobSpec": {"workerPoolSpecs": [{"containerSpec": {}, "pythonPackageSpec": {}}]}},
            "custom_job.job_spec.worker_pool_specs[0]",
            "oneof field 'task' is already set. Cannot set 'pythonPackageSpec'",
        ),
    ],
)
def test_fields_that_do_not_fit(server: Server, body: Any, field: str, words: str) -> None:
    error = error_of(server, "POST", JOBS, json.dumps(body).encode())
    assert words in error["message"]
    (detail,) = error["details"]
    assert detail["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    assert detail["fieldViolations"] == [{"field": field, "description": error["message"]}]


def test_everything_that_does_not_fit_is_told_at_once(server: Server) -> None:
    error = error_of(server, "POST", JOBS, b'{"foo": 1, "displayName": [], "bar": 2}')
    assert len(error["message"].split("\n")) == 3
    assert len(error["details"][0]["fieldViolations"]) == 3


def test_a_root_that_is_no_message(server: Server) -> None:
    error = error_of(server, "POST", "/v2/entries:list", b"[]")
    assert error["message"] == (
        'Invalid JSON payload received. Unknown name "": Root element must be a message.'
    )


def test_numbers_and_enums_come_in_both_forms() -> None:
    for replicas, accelerator in ((3, "NVIDIA_L4"), ("3", 13), (3.0, 13)):
        job = gtypes.CustomJob()
        pool = {"replicaCount": replicas, "machineSpec": {"acceleratorType": accelerator}}
        fill({"jobSpec": {"workerPoolSpecs": [pool]}}, job)
        assert job.job_spec.worker_pool_specs[0].replica_count == 3


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5))
def test_any_object_fits_or_is_refused_with_places(content: dict[str, Any]) -> None:
    for message in (gtypes.CreateCustomJobRequest(), gtypes.WriteLogEntriesRequest(), gtypes.CustomJob()):
        refused = None
        try:
            fill(content, message)
        except ApiError as error:
            refused = error
        assert refused is None or refused.details[0].field_violations
