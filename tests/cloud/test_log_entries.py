"""A log entry reads the same from a protobuf message and from JSON."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

from typing import Any

import pytest
from google.cloud.logging_v2.types import (
    ListLogEntriesResponse,
    LogEntry,
    TailLogEntriesResponse,
)
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st

from tui.cloud.log_entries import entry_from_json, entry_from_pb, nanoseconds, page_from_pb, tail_batch
from tui.domain.logs import Severity, rfc3339

NEXT = "further"
TIME = "2026-11-22T18:40:12.123456789Z"
BASE = {
    "timestamp": TIME,
    "insertId": "a1",
    "logName": "projects/p/logs/ml.googleapis.com%2F7",
    "severity": "ERROR",
    "resource": {"type": "ml_job", "labels": {"job_id": "7", "task_name": "workerpool0-0"}},
}


def message(raw: dict[str, Any]) -> Any:
    """`raw` as a protobuf message."""
    return json_format.ParseDict(raw, LogEntry.pb(LogEntry()))


@pytest.mark.parametrize(
    ("content", "text", "payload"),
    [
        ({"textPayload": "line"}, "line", None),
        ({"jsonPayload": {"message": "line"}}, "line", None),
        ({"jsonPayload": {"message": 3}}, "3", None),
        ({"jsonPayload": {"message": 1.5}}, "1.5", None),
        (
            {"jsonPayload": {"message": {"b": [1, None, True], "a": "é"}}},
            '{"a": "é", "b": [1, null, true]}',
            None,
        ),
        ({"jsonPayload": {"message": None}}, "", None),
        ({"jsonPayload": {"message": "", "loss": 2}}, '{"loss": 2}', {"message": "", "loss": 2}),
        ({"jsonPayload": {"message": "", "levelname": "INFO"}}, "", {"message": "", "levelname": "INFO"}),
        ({"jsonPayload": {}}, "{}", {}),
        (
            {
                "jsonPayload": {
                    "message": "line",
                    "levelname": "INFO",
                    "attrs": {"tag": "workerpool0-0", "n": [None]},
                }
            },
            "line",
            {"message": "line", "levelname": "INFO", "attrs": {"tag": "workerpool0-0", "n": [None]}},
        ),
        (
            {"jsonPayload": {"loss": 1.25, "epoch": 3}},
            '{"epoch": 3, "loss": 1.25}',
            {"loss": 1.25, "epoch": 3},
        ),
        ({}, "", None),
    ],
)
def test_same_entry_from_both(content: dict[str, Any], text: str, payload: dict[str, Any] | None) -> None:
    raw = {**BASE, **content}
    entries = [entry_from_json(raw), entry_from_pb(message(raw))]
    for entry in entries:
        assert entry.text == text
        assert entry.payload == payload
        assert entry.severity == Severity.ERROR
        assert entry.replica == "workerpool0-0"
        assert rfc3339(entry.timestamp_ns) == TIME
    assert entries[0] == entries[1]


def test_entry_without_anything() -> None:
    assert entry_from_json({}) == entry_from_pb(message({}))


@given(st.integers(0, 4_000_000_000 * 10**9))
def test_nanoseconds_reads_what_rfc3339_writes(moment: int) -> None:
    assert nanoseconds(rfc3339(moment)) == moment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:01Z", 10**9),
        ("1970-01-01T00:00:01.5Z", 15 * 10**8),
        ("1970-01-01T01:00:01.000000001+01:00", 10**9 + 1),
        ("soon", 0),
        ("", 0),
    ],
)
def test_nanoseconds(text: str, expected: int) -> None:
    assert nanoseconds(text) == expected


@given(st.text())
def test_nanoseconds_of_anything(text: str) -> None:
    assert isinstance(nanoseconds(text), int)


def test_page_and_batch() -> None:
    entry = LogEntry.wrap(message({**BASE, "textPayload": "x"}))
    page = page_from_pb(
        ListLogEntriesResponse.pb(ListLogEntriesResponse(entries=[entry], next_page_token=NEXT))
    )
    assert [one.text for one in page.entries] == ["x"]
    assert page.next_page_token == NEXT
    suppressed = [{"reason": 1, "suppressed_count": 3}, {"reason": 2, "suppressed_count": 4}]
    batch = tail_batch(TailLogEntriesResponse.pb(TailLogEntriesResponse(suppression_info=suppressed)))
    assert (batch.entries, batch.suppressed) == ((), 7)
