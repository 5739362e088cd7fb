"""`entries.write` over Google's client: what is refused, dropped, completed."""

from __future__ import annotations

import time
import uuid
from typing import Any

import grpc
import pytest
from google.api_core import exceptions
from google.cloud.logging_v2.types import LogEntry, WriteLogEntriesPartialErrors
from google.rpc import error_details_pb2, status_pb2

from tests.local.clients import Server

PROJECT = "projects/local-project"
GLOBAL = {"type": "global"}


def new_log() -> str:
    return f"{PROJECT}/logs/write-{uuid.uuid4().hex}"


def texts(server: Server, log_name: str) -> list[str]:
    return [entry.text_payload for entry in server.entries(f'logName="{log_name}"', page_size=1000)]


def refusal(server: Server, **request: Any) -> tuple[exceptions.GoogleAPICallError, status_pb2.Status]:
    """The error of a write, and the status that came with it."""
    with pytest.raises(exceptions.GoogleAPICallError) as caught:
        server.logs.write_log_entries(request=request, retry=None)
    call = caught.value.response
    assert isinstance(call, grpc.Call)
    trailers = dict(call.trailing_metadata())
    return caught.value, status_pb2.Status.FromString(trailers["grpc-status-details-bin"])


def test_defaults_of_the_request_fill_what_entries_leave_out(shared_server: Server) -> None:
    name = new_log()
    entries: list[dict[str, Any]] = [
        {"text_payload": "own", "labels": {"a": "own"}, "severity": "ERROR", "resource": {"type": "ml_job"}},
        {"text_payload": "given"},
    ]
    labels = {"a": "given", "b": "given"}
    request = {"log_name": name, "resource": GLOBAL, "labels": labels, "entries": entries}
    shared_server.logs.write_log_entries(request=request)
    own, given = shared_server.entries(f'logName="{name}"')
    assert (dict(own.labels), own.resource.type) == ({"a": "own", "b": "given"}, "ml_job")
    assert (dict(given.labels), given.resource.type) == (labels, "global")
    assert own.timestamp == given.timestamp == given.receive_timestamp
    assert own.insert_id < given.insert_id


def test_a_log_is_known_by_the_projects_id_and_its_encoded_name(shared_server: Server) -> None:
    log_id = f"a%2Fb.{uuid.uuid4().hex}"
    entry = LogEntry(log_name=f"projects/123456789012/logs/{log_id}", text_payload="x", resource=GLOBAL)
    shared_server.logs.write_log_entries(entries=[entry])
    assert texts(shared_server, f"{PROJECT}/logs/{log_id}") == ["x"]


def test_a_dry_run_writes_nothing(shared_server: Server) -> None:
    name = new_log()
    entry = {"text_payload": "x"}
    request = {"log_name": name, "resource": GLOBAL, "entries": [entry], "dry_run": True}
    shared_server.logs.write_log_entries(request=request)
    assert texts(shared_server, name) == []


def test_entries_of_other_times_are_accepted_and_not_kept(shared_server: Server) -> None:
    name = new_log()
    now, day = int(time.time()), 24 * 3600
    times = {
        "now": now,
        "old": now - 29 * day,
        "too old": now - 31 * day,
        "first": 1,
        "soon": now + day - 600,
        "too soon": now + day + 600,
        "last": 253_402_300_799,
    }
    entries = [{"text_payload": text, "timestamp": {"seconds": at}} for text, at in times.items()]
    shared_server.logs.write_log_entries(request={"log_name": name, "resource": GLOBAL, "entries": entries})
    assert texts(shared_server, name) == ["old", "now", "soon"]


LARGE = "x" * 256 * 1024


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"text_payload": LARGE}, "Log entry with size 256.1K exceeds maximum size of 256.0K"),
        ({"labels": {f"l{number}": "" for number in range(65)}}, "65 labels"),
        ({"log_name": "nonsense"}, "Invalid log name"),
        ({"log_name": f"{PROJECT}/logs/"}, "Invalid log name"),
        ({"log_name": f"{PROJECT}/logs/with blank"}, "Invalid log name"),
        ({"log_name": f"{PROJECT}/logs/{'x' * 512}"}, "Invalid log name"),
        ({"timestamp": {"nanos": -1}}, "nanos"),
    ],
)
def test_entries_that_are_refused(shared_server: Server, entry: dict[str, Any], words: str) -> None:
    name = new_log()
    entries = [{"text_payload": "good", "log_name": name}, {"log_name": name, **entry}]
    error, _ = refusal(shared_server, resource=GLOBAL, entries=entries)
    assert isinstance(error, exceptions.InvalidArgument)
    assert words in error.message
    assert texts(shared_server, name) == []


def test_with_partial_success_the_good_ones_are_written(shared_server: Server) -> None:
    name = new_log()
    entries = [
        {"text_payload": "good", "log_name": name},
        {"text_payload": LARGE, "log_name": name},
        {"text_payload": "fine", "log_name": name},
        {"text_payload": "foreign", "log_name": "projects/somebody-elses/logs/x"},
    ]
    error, status = refusal(shared_server, resource=GLOBAL, entries=entries, partial_success=True)
    assert isinstance(error, exceptions.InvalidArgument)
    partial = WriteLogEntriesPartialErrors.pb()()
    assert [detail.Unpack(partial) for detail in status.details] == [True]
    assert {number: one.code for number, one in partial.log_entry_errors.items()} == {1: 3, 3: 7}
    assert texts(shared_server, name) == ["good", "fine"]


def test_where_nothing_is_written_there_are_no_errors_of_entries(shared_server: Server) -> None:
    entries = [{"text_payload": "foreign", "log_name": "projects/somebody-elses/logs/x"}]
    error, status = refusal(shared_server, resource=GLOBAL, entries=entries, partial_success=True)
    assert isinstance(error, exceptions.PermissionDenied)
    assert error.reason == "IAM_PERMISSION_DENIED"
    assert [detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR) for detail in status.details] == [True]


def test_a_write_without_entries_or_resource_is_refused(shared_server: Server) -> None:
    for request in ({}, {"entries": [{"log_name": new_log(), "text_payload": "x"}]}):
        error, _ = refusal(shared_server, **request)
        assert isinstance(error, exceptions.InvalidArgument)


def test_every_kind_of_payload_comes_back(shared_server: Server) -> None:
    name = new_log()
    nested = {"message": "hi", "list": [1, "two", None, {"three": True}], "é": "\U0001f600\u0000"}
    entry = {
        "json_payload": nested,
        "http_request": {"status": 404, "request_url": "/x", "latency": {"nanos": 5_000_000}},
        "operation": {"id": "o", "first": True},
        "source_location": {"file": "a.py", "line": 7, "function": "f"},
        "trace": "projects/p/traces/t",
        "span_id": "s",
        "severity": "ALERT",
    }
    shared_server.logs.write_log_entries(request={"log_name": name, "resource": GLOBAL, "entries": [entry]})
    filter_ = (
        f'logName="{name}" AND httpRequest.status>=400 AND httpRequest.latency<"6ms" AND severity>500'
        ' AND operation.first=true AND jsonPayload.list="two" AND jsonPayload.list.three=true'
    )
    (found,) = shared_server.entries(filter_)
    assert LogEntry.to_dict(found)["json_payload"] == nested
    assert found.operation.id == "o"
