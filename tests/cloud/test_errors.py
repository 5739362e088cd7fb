"""Google's errors, as each transport brings them, become one error with the right advice."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import json
from typing import Any

import grpc
import pytest
import requests
import urllib3.exceptions
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.protobuf.json_format import ParseError
from google.rpc import error_details_pb2 as details
from hypothesis import given
from hypothesis import strategies as st

from tui.cloud import wording
from tui.cloud.error_details import Details, split_found_errors
from tui.cloud.errors import KNOWN, to_cloud_error
from tui.domain.errors import CloudError, ErrorKind

GRPC_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ABORTED,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
}
TYPE = "type.googleapis.com/google.rpc."

ACT_AS = (
    "You do not have permission to act as service account: sa@p.iam.gserviceaccount.com. "
    "(or it may not exist)."
)
OVER_QUOTA = (
    "The following quota metrics exceed quota limits: "
    "aiplatform.googleapis.com/custom_model_training_cpus,aiplatform.googleapis.com/custom_model_training_x"
)
NO_QUOTA_PROJECT = (
    "Your application is authenticating by using local Application Default Credentials. The "
    "aiplatform.googleapis.com API requires a quota project, which is not set by default."
)
NO_LISTING = (
    "ana@x does not have storage.buckets.list access to the Google Cloud project. "
    "Permission 'storage.buckets.list' denied on resource (or it may not exist)."
)


def over_rest(
    status: int, message: str, *parts: dict[str, Any], name: str = "", headers: dict[str, str] | None = None
) -> api.GoogleAPICallError:
    """The exception that the REST clients make of a reply."""
    error: dict[str, Any] = {"code": status, "message": message, "details": list(parts)}
    if name:
        error["status"] = name
    response = requests.Response()
    response.status_code = status
    response._content = json.dumps({"error": error}).encode()
    response.headers.update(headers or {})
    response.request = requests.Request("GET", "https://example.googleapis.com/v1/x").prepare()
    made: api.GoogleAPICallError = api.from_http_response(response)
    return made


def over_grpc(code: grpc.StatusCode, message: str, *parts: Any) -> api.GoogleAPICallError:
    """The exception that the gRPC clients make of a status."""
    info = next((part for part in parts if isinstance(part, details.ErrorInfo)), None)
    made: api.GoogleAPICallError = api.from_grpc_status(code, message, details=parts, error_info=info)
    return made


def both(status: int, message: str, reason: str = "", **metadata: str) -> list[CloudError]:
    """One service error as it comes over REST and over gRPC."""
    info = {"@type": f"{TYPE}ErrorInfo", "reason": reason, "domain": "googleapis.com", "metadata": metadata}
    proto = details.ErrorInfo(reason=reason, domain="googleapis.com", metadata=metadata)
    rest = over_rest(status, message, *([info] if reason else []), name=GRPC_CODES[status].name)
    return [
        to_cloud_error(rest),
        to_cloud_error(over_grpc(GRPC_CODES[status], message, *([proto] if reason else []))),
    ]


@pytest.mark.parametrize(
    ("status", "message", "reason", "metadata", "kind", "words"),
    [
        (
            403,
            "X API has not been used in project p before or it is disabled.",
            "SERVICE_DISABLED",
            {
                "service": "aiplatform.googleapis.com",
                "serviceTitle": "Vertex AI API",
                "consumer": "projects/p",
            },
            ErrorKind.API_DISABLED,
            "Enable Vertex AI API in Setup (alt+1)",
        ),
        (
            403,
            NO_QUOTA_PROJECT,
            "SERVICE_DISABLED",
            {"consumer": "projects/764086051850"},
            ErrorKind.DENIED,
            "set-quota-project",
        ),
        (
            403,
            "Permission 'aiplatform.customJobs.create' denied on resource '//x' (or it may not exist).",
            "IAM_PERMISSION_DENIED",
            {"permission": "aiplatform.customJobs.create"},
            ErrorKind.DENIED,
            "aiplatform.customJobs.create",
        ),
        (
            403,
            NO_LISTING,
            "",
            {},
            ErrorKind.DENIED,
            "storage.buckets.list",
        ),
        (
            403,
            ACT_AS,
            "",
            {},
            ErrorKind.DENIED,
            "roles/iam.serviceAccountUser) on sa@p.iam.gserviceaccount.com",
        ),
        (
            403,
            "This API method requires billing.",
            "BILLING_DISABLED",
            {},
            ErrorKind.BILLING,
            "billing account",
        ),
        (
            429,
            OVER_QUOTA,
            "",
            {},
            ErrorKind.QUOTA,
            "smaller machine",
        ),
        (429, "Quota exceeded for 'Read requests'", "RATE_LIMIT_EXCEEDED", {}, ErrorKind.RATE, "slowly"),
        (429, "There are too many tail sessions open.", "", {}, ErrorKind.RATE, "slowly"),
        (404, "CustomJob not found.", "", {}, ErrorKind.NOT_FOUND, "deleted"),
        (409, "There were concurrent policy changes.", "", {}, ErrorKind.CONFLICT, "Refresh"),
        (503, "The service is currently unavailable.", "", {}, ErrorKind.INTERNAL, "again"),
    ],
)
def test_both_transports_say_the_same(
    status: int, message: str, reason: str, metadata: dict[str, str], kind: ErrorKind, words: str
) -> None:
    rest, over_wire = both(status, message, reason, **metadata)
    assert rest.kind is over_wire.kind is kind
    assert rest.message == over_wire.message == message
    assert (rest.title, rest.hint) == (over_wire.title, over_wire.hint)
    assert words in f"{rest.title} {rest.hint}"
    assert rest.reason == over_wire.reason == reason
    assert rest.metadata == over_wire.metadata == metadata
    assert rest.retryable == (kind in {ErrorKind.RATE, ErrorKind.INTERNAL})


def test_billing_by_its_precondition() -> None:
    message = "Billing account for project '42' is not found."
    violation = {"type": "googleapis.com/billing-enabled", "subject": "?"}
    rest = to_cloud_error(
        over_rest(
            400,
            message,
            {"@type": f"{TYPE}PreconditionFailure", "violations": [violation]},
            name="FAILED_PRECONDITION",
        )
    )
    proto = details.PreconditionFailure(violations=[details.PreconditionFailure.Violation(**violation)])
    wire = to_cloud_error(over_grpc(grpc.StatusCode.FAILED_PRECONDITION, message, proto))
    assert rest.kind is wire.kind is ErrorKind.BILLING


def test_list_of_found_errors_becomes_violations() -> None:
    message = (
        "List of found errors:\t1.Field: job_spec.worker_pool_specs; Message: At least one is required.\t"
        "2.Field: labels; Message: Only lower case; digits.\t"
    )
    for error in both(400, message):
        assert error.kind is ErrorKind.INVALID
        assert error.violations == (
            ("job_spec.worker_pool_specs", "At least one is required."),
            ("labels", "Only lower case; digits."),
        )


def test_field_violations_of_bad_request() -> None:
    violation = {"field": "custom_job.display_name", "description": "too long"}
    rest = over_rest(400, "bad", {"@type": f"{TYPE}BadRequest", "fieldViolations": [violation]})
    proto = details.BadRequest(field_violations=[violation])
    wire = over_grpc(grpc.StatusCode.INVALID_ARGUMENT, "bad", proto)
    for error in (rest, wire):
        assert to_cloud_error(error).violations == (("custom_job.display_name", "too long"),)


def test_how_long_to_wait() -> None:
    proto = details.RetryInfo(retry_delay={"seconds": 7})
    assert to_cloud_error(over_grpc(grpc.StatusCode.RESOURCE_EXHAUSTED, "busy", proto)).retry_after == 7
    assert to_cloud_error(over_rest(429, "busy", headers={"Retry-After": "9"})).retry_after == 9
    delay = {"@type": f"{TYPE}RetryInfo", "retryDelay": "1.5s"}
    assert to_cloud_error(over_rest(429, "busy", delay)).retry_after == 1.5


def test_first_job_without_service_agent() -> None:
    message = (
        "Some Service Agent service-42@gcp-sa-aiplatform-cc.iam.gserviceaccount.com does not have permission "
        "to access Artifact Registry repository projects/p/locations/r/repositories/x."
    )
    error = to_cloud_error(over_grpc(grpc.StatusCode.FAILED_PRECONDITION, message))
    assert error.kind is ErrorKind.PRECONDITION
    assert "try again in a minute" in error.hint


def test_storage_conflicts() -> None:
    def storage(status: int, message: str, reason: str) -> CloudError:
        response = requests.Response()
        response.status_code = status
        body = {"error": {"code": status, "message": message, "errors": [{"reason": reason}]}}
        response._content = json.dumps(body).encode()
        response.request = requests.Request("DELETE", "https://storage.googleapis.com/x").prepare()
        return to_cloud_error(api.from_http_response(response))

    not_empty = storage(409, "The bucket you tried to delete is not empty.", "conflict")
    assert not_empty.kind is ErrorKind.PRECONDITION
    taken = storage(409, "Your previous request to create the named bucket succeeded.", "conflict")
    assert (taken.kind, taken.title) == (ErrorKind.CONFLICT, "It exists already")
    changed = storage(412, "At least one of the pre-conditions did not hold.", "conditionNotMet")
    assert (changed.kind, changed.retryable) == (ErrorKind.CONFLICT, False)


@pytest.mark.parametrize(
    ("error", "title"),
    [
        (
            requests.exceptions.ChunkedEncodingError("IncompleteRead(40 bytes read, 442 more expected)"),
            "The connection broke off",
        ),
        (
            over_grpc(grpc.StatusCode.UNAVAILABLE, "recvmsg:Connection reset by peer"),
            "The connection broke off",
        ),
        (
            over_grpc(
                grpc.StatusCode.UNAVAILABLE,
                "failed to connect to all addresses; last error: connection reset",
            ),
            "The local server does not answer",
        ),
        (requests.exceptions.ConnectTimeout("connect timed out"), "The local server does not answer"),
    ],
)
def test_a_connection_that_breaks_is_not_a_server_that_is_gone(error: Exception, title: str) -> None:
    assert to_cloud_error(error, local=True).title == title


def test_an_answer_to_a_read_that_cannot_be_read_is_worth_another_try() -> None:
    error = to_cloud_error(ParseError("the answer cannot be read"))

    assert error.kind is ErrorKind.INTERNAL
    assert error.retryable
    assert not error.ambiguous


@pytest.mark.parametrize(
    ("error", "kind", "ambiguous"),
    [
        (auth.DefaultCredentialsError("none"), ErrorKind.NO_CREDENTIALS, False),
        (
            auth.RefreshError("invalid_grant: Bad Request", {"error": "x"}),
            ErrorKind.EXPIRED_CREDENTIALS,
            False,
        ),
        (auth.RefreshError("busy", retryable=True), ErrorKind.UNREACHABLE, False),
        (auth.TransportError(ConnectionError("no route")), ErrorKind.UNREACHABLE, False),
        (requests.exceptions.ReadTimeout("read timed out"), ErrorKind.TIMEOUT, True),
        (requests.exceptions.ConnectTimeout("connect timed out"), ErrorKind.UNREACHABLE, False),
        (requests.exceptions.ConnectionError("Connection aborted."), ErrorKind.UNREACHABLE, True),
        (requests.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED"), ErrorKind.UNREACHABLE, False),
        (
            requests.exceptions.SSLError("[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC] bad record mac"),
            ErrorKind.UNREACHABLE,
            True,
        ),
        (ParseError("Failed to load JSON: Expecting value"), ErrorKind.INTERNAL, True),
        (
            requests.exceptions.ConnectionError(
                urllib3.exceptions.MaxRetryError(
                    None,  # type: ignore[arg-type]
                    "/x",
                    urllib3.exceptions.NewConnectionError(None, "refused"),  # type: ignore[arg-type]
                )
            ),
            ErrorKind.UNREACHABLE,
            False,
        ),
        (
            over_grpc(grpc.StatusCode.UNAVAILABLE, "failed to connect to all addresses; last error: refused"),
            ErrorKind.UNREACHABLE,
            False,
        ),
        (over_grpc(grpc.StatusCode.UNAVAILABLE, "Socket closed"), ErrorKind.UNREACHABLE, True),
        (over_grpc(grpc.StatusCode.UNAVAILABLE, "try later"), ErrorKind.INTERNAL, True),
        (over_grpc(grpc.StatusCode.INTERNAL, "broken"), ErrorKind.INTERNAL, True),
        (over_grpc(grpc.StatusCode.DEADLINE_EXCEEDED, "late"), ErrorKind.TIMEOUT, True),
        (over_grpc(grpc.StatusCode.INVALID_ARGUMENT, "no"), ErrorKind.INVALID, False),
        (
            over_grpc(grpc.StatusCode.PERMISSION_DENIED, "Received http2 header with status: 403"),
            ErrorKind.UNREACHABLE,
            True,
        ),
        (over_rest(502, "bad gateway"), ErrorKind.INTERNAL, True),
        (over_rest(504, "late"), ErrorKind.TIMEOUT, True),
        (api.RetryError("tried", cause=over_rest(404, "gone")), ErrorKind.NOT_FOUND, False),
        (PermissionError(13, "Permission denied", "/x"), ErrorKind.LOCAL, False),
        (TimeoutError("slow"), ErrorKind.TIMEOUT, True),
        (ConnectionResetError("reset"), ErrorKind.UNREACHABLE, True),
        (ValueError("Bucket names must start and end with a number or letter."), ErrorKind.INVALID, False),
    ],
)
def test_kind_and_whether_a_change_may_have_happened(
    error: Exception,
    kind: ErrorKind,
    ambiguous: bool,  # noqa: FBT001
) -> None:
    assert isinstance(error, KNOWN)
    made = to_cloud_error(error, sent=True)
    assert made.kind is kind
    assert made.ambiguous is ambiguous
    assert not to_cloud_error(error).ambiguous
    assert made.title
    assert ("certificate" in made.title) == ("CERTIFICATE" in str(error))
    assert made.retryable == (kind in {ErrorKind.UNREACHABLE, ErrorKind.TIMEOUT, ErrorKind.INTERNAL})


def test_the_local_server_has_its_own_advice() -> None:
    error = to_cloud_error(over_grpc(grpc.StatusCode.UNAVAILABLE, "failed to connect"), local=True)
    assert "vertex-tui local up" in error.hint


def test_what_the_app_does_by_itself_is_no_hint_for_a_command_that_has_ended() -> None:
    codes = ("UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED")
    for error in (
        wording.unreachable("w", local=False),
        wording.broken_off("w"),
        *(wording.answered(Details(code, "w", retry_after=1.0)) for code in codes),
    ):
        assert "by itself" in error.hint
        assert error.hint_once.endswith("un it again later")
    assert wording.unreachable("w", local=True).hint_once == ""


@given(st.text())
def test_any_text_can_be_split(text: str) -> None:
    for pair in split_found_errors(f"List of found errors:{text}"):
        assert len(pair) == 2


@given(st.integers(400, 599), st.text(), st.text(), st.one_of(st.none(), st.text(), st.lists(st.integers())))
def test_no_reply_is_too_odd(status: int, message: str, reason: str, extra: Any) -> None:
    part = {"@type": f"{TYPE}ErrorInfo", "reason": reason, "metadata": {"a": "b"}}
    odd = {"@type": f"{TYPE}BadRequest", "fieldViolations": extra}
    error = to_cloud_error(over_rest(status, message, part, odd))
    assert error.title
    assert str(error)
