"""Google's log entries, as protobuf messages or as JSON, to ours.

The messages are read by plain protobuf attributes: 4 ms for 1,000 entries, against 65 ms by way of
proto-plus.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tui.domain.logs import LogEntry, LogPage, Severity, TailBatch

NANO = 1_000_000_000
_JSON_NAMES = frozenset({"message"})
_OF_ANY_LINE = _JSON_NAMES | {"levelname", "attrs"}
"""What Vertex AI makes of each line that a program prints, also of an empty one."""


def page_from_pb(page: Any) -> LogPage:  # noqa: ANN401 (a protobuf class made at run time)
    """One page of `ListLogEntriesResponse`."""
    return LogPage(tuple(entry_from_pb(entry) for entry in page.entries), page.next_page_token)


def page_from_json(page: Mapping[str, Any]) -> LogPage:
    """One page of `ListLogEntriesResponse` in JSON."""
    entries = tuple(entry_from_json(entry) for entry in page.get("entries") or ())
    return LogPage(entries, str(page.get("nextPageToken") or ""))


def tail_batch(response: Any) -> TailBatch:  # noqa: ANN401 (a protobuf class made at run time)
    """One `TailLogEntriesResponse`."""
    return TailBatch(
        tuple(entry_from_pb(entry) for entry in response.entries),
        sum(info.suppressed_count for info in response.suppression_info),
    )


def entry_from_pb(entry: Any) -> LogEntry:  # noqa: ANN401 (a protobuf class made at run time)
    """One `LogEntry` message."""
    text, payload = _content_of_pb(entry)
    labels = entry.resource.labels
    return LogEntry(
        timestamp_ns=entry.timestamp.seconds * NANO + entry.timestamp.nanos,
        insert_id=entry.insert_id,
        log_name=entry.log_name,
        severity=entry.severity,
        text=text,
        # The same few words over and over: each is kept once.
        replica=sys.intern(labels.get("task_name", "")),
        payload=payload,
        job_id=sys.intern(labels.get("job_id", "")),
    )


def entry_from_json(entry: Mapping[str, Any]) -> LogEntry:
    """One `LogEntry` in JSON; odd fields never raise."""
    labels = (entry.get("resource") or {}).get("labels") or {}
    text, payload = _content_of_json(entry)
    return LogEntry(
        timestamp_ns=nanoseconds(str(entry.get("timestamp") or "")),
        insert_id=str(entry.get("insertId") or ""),
        log_name=str(entry.get("logName") or ""),
        severity=_severity(entry.get("severity")),
        text=text,
        replica=sys.intern(str(labels.get("task_name", ""))),
        payload=payload,
        job_id=sys.intern(str(labels.get("job_id", ""))),
    )


def nanoseconds(text: str) -> int:
    """Nanoseconds since the epoch of an RFC 3339 time with up to nine fractional digits; 0 if it is none."""
    whole, _, rest = text.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    try:
        moment = datetime.fromisoformat(whole + rest[len(digits) :])
    except ValueError:
        return 0
    seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return int(seconds) * NANO + int(digits.ljust(9, "0")[:9])


def _content_of_pb(entry: Any) -> tuple[str, dict[str, Any] | None]:  # noqa: ANN401
    """Text and structured rest of an entry's payload."""
    kind = entry.WhichOneof("payload")
    if kind == "text_payload":
        return entry.text_payload, None
    if kind == "json_payload":
        fields = entry.json_payload.fields
        message = fields.get("message")
        if message is not None and fields.keys() <= _JSON_NAMES:
            return _text(_plain(message)), None
        return _content_of_payload(_plain_struct(entry.json_payload))
    return (entry.proto_payload.type_url if kind else ""), None


def _content_of_json(entry: Mapping[str, Any]) -> tuple[str, dict[str, Any] | None]:
    payload = entry.get("jsonPayload")
    if isinstance(payload, dict):
        return _content_of_payload(payload)
    proto = entry.get("protoPayload")
    if isinstance(proto, dict):
        return str(proto.get("@type", "")), None
    return str(entry.get("textPayload") or ""), None


def _content_of_payload(payload: dict[str, Any]) -> tuple[str, dict[str, Any] | None]:
    """The message of a structured entry; one without a message is shown as the JSON that was printed."""
    message = payload.get("message")
    if "message" not in payload or (message in ("", None) and not payload.keys() <= _OF_ANY_LINE):
        rest = {name: value for name, value in payload.items() if name != "message"}
        return _as_json(rest), payload
    return _text(message), None if payload.keys() <= _JSON_NAMES else payload


def _as_json(value: object) -> str:
    return json.dumps(_whole(value), ensure_ascii=False, sort_keys=True)


def _whole(value: Any) -> Any:  # noqa: ANN401 (JSON)
    """The same with whole numbers as such: `google.protobuf.Struct` knows only floats."""
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _severity(value: object) -> int:
    if isinstance(value, int):
        return value
    return Severity.__members__.get(str(value), Severity.DEFAULT).value


def _text(value: object) -> str:
    """A message as text: what is none, as JSON; numbers that JSON made floats of lose the empty fraction."""
    if isinstance(value, str):
        return value
    return "" if value is None else _as_json(value)


def _plain_struct(struct: Any) -> dict[str, Any]:  # noqa: ANN401 (protobuf)
    return {key: _plain(value) for key, value in struct.fields.items()}


def _plain(value: Any) -> Any:  # noqa: ANN401 (JSON)
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _plain_struct(value.struct_value)
    if kind == "list_value":
        return [_plain(item) for item in value.list_value.values]
    if kind is None or kind == "null_value":
        return None
    return getattr(value, kind)
