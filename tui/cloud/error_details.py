"""What Google's errors carry besides their class, read alike from gRPC and from REST."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from google.api_core.exceptions import GoogleAPICallError
from google.protobuf import json_format, message

_CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    412: "PRECONDITION_FAILED",
    416: "OUT_OF_RANGE",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""`google.rpc.Code` by HTTP status, where the reply itself names none; 412 is known to Cloud Storage only."""

_FOUND_ERROR = re.compile(
    r"\d+\.\s*Field: (?P<field>.*?); Message: (?P<message>.*?)(?=\t\d+\.\s*Field: |\Z)", re.DOTALL
)
"""One item of `List of found errors:`, which Vertex AI separates by tabs."""

_REQUEST_LINE = re.compile(r"^[A-Z]+ https?://\S+: ")
"""What the REST clients put before a message."""

_RETRY_DELAY = re.compile(r"(\d+(?:\.\d+)?)s\Z")


@dataclass(frozen=True, slots=True)
class Details:
    """An error's content, whichever transport brought it."""

    code: str
    """A name of `google.rpc.Code`, or `PRECONDITION_FAILED`."""
    message: str
    """The service's own words, without what the client library puts around them."""
    reason: str = ""
    metadata: Mapping[str, str] | None = None
    violations: tuple[tuple[str, str], ...] = ()
    preconditions: tuple[str, ...] = ()
    """The types of `google.rpc.PreconditionFailure`."""
    quota: bool = False
    """Whether a `google.rpc.QuotaFailure` is present."""
    retry_after: float | None = None
    """Seconds."""


def read_details(error: GoogleAPICallError) -> Details:
    """Everything of `error` that its classification needs."""
    body = _body(error)
    words = str(body.get("message") or _REQUEST_LINE.sub("", str(error.message or "")))
    parts = [_as_mapping(part) for part in error.details] or [
        _as_mapping(part) for part in _list(body, "details")
    ]
    info = _first(parts, "ErrorInfo")
    return Details(
        code=_code(error, body),
        message=words,
        reason=str(info.get("reason") or error.reason or _legacy_reason(body)),
        metadata={
            str(key): str(value) for key, value in (info.get("metadata") or error.metadata or {}).items()
        },
        violations=_violations(parts, words),
        preconditions=tuple(
            str(item.get("type", "")) for item in _items(parts, "PreconditionFailure", "violations")
        ),
        quota=bool(_first(parts, "QuotaFailure")),
        retry_after=_retry_after(error, parts),
    )


def split_found_errors(words: str) -> tuple[tuple[str, str], ...]:
    """The `(field, message)` pairs of Vertex AI's `List of found errors:`; empty for other texts."""
    if "List of found errors:" not in words:
        return ()
    return tuple((found["field"], found["message"].strip()) for found in _FOUND_ERROR.finditer(words))


def _body(error: GoogleAPICallError) -> Mapping[str, Any]:
    """The `error` object of a REST reply; empty for gRPC and for replies that are not Google's."""
    response = error.response
    if not hasattr(response, "json"):
        return {}
    try:
        payload = response.json()
    except ValueError:
        return {}
    if isinstance(payload, list):
        payload = payload[0] if payload else {}
    body = payload.get("error") if isinstance(payload, dict) else None
    return body if isinstance(body, dict) else {}


def _code(error: GoogleAPICallError, body: Mapping[str, Any]) -> str:
    status = body.get("status")
    if isinstance(status, str) and status:
        return status
    if isinstance(error.grpc_status_code, grpc.StatusCode) and not body:
        return str(error.grpc_status_code.name)
    return _CODES.get(int(error.code or 0), "UNKNOWN")


def _as_mapping(part: object) -> Mapping[str, Any]:
    """A detail as JSON, with its `@type`, from either transport."""
    if isinstance(part, message.Message):
        try:
            content = json_format.MessageToDict(part)
        except TypeError:  # an Any of a type unknown here
            content = {}
        return {"@type": getattr(part.DESCRIPTOR, "full_name", ""), **content}
    return part if isinstance(part, Mapping) else {}


def _first(parts: Iterable[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    return next((part for part in parts if str(part.get("@type", "")).endswith(f"google.rpc.{name}")), {})


def _items(parts: Iterable[Mapping[str, Any]], name: str, field: str) -> list[Mapping[str, Any]]:
    return _list(_first(parts, name), field)


def _list(mapping: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    value = mapping.get(field)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _violations(parts: list[Mapping[str, Any]], words: str) -> tuple[tuple[str, str], ...]:
    found = _items(parts, "BadRequest", "fieldViolations")
    if found:
        return tuple((str(item.get("field", "")), str(item.get("description", ""))) for item in found)
    return split_found_errors(words)


def _legacy_reason(body: Mapping[str, Any]) -> str:
    """`errors[0].reason` of Cloud Storage, e.g. `forbidden`, `conflict`, `conditionNotMet`."""
    errors = _list(body, "errors")
    return str(errors[0].get("reason", "")) if errors else ""


def _retry_after(error: GoogleAPICallError, parts: list[Mapping[str, Any]]) -> float | None:
    delay = _RETRY_DELAY.match(str(_first(parts, "RetryInfo").get("retryDelay", "")))
    if delay:
        return float(delay[1])
    headers = getattr(error.response, "headers", None)
    value = str(headers.get("Retry-After", "")) if isinstance(headers, Mapping) else ""
    return float(value) if value.isdigit() else None
