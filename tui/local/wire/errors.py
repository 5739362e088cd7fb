"""Refusals in Google's shape: a canonical code, a message, `google.rpc` details."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from tui.local.faults.effects import HTTP_STATUS
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message

BAD_CREDENTIALS = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
    "valid authentication credential. See "
    "https://developers.google.com/identity/sign-in/web/devconsole-project."
)


class Code(Enum):
    """Canonical codes: their number in `google.rpc.Code`."""

    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16

    @property
    def number(self) -> int:
        """The number in `google.rpc.Code`."""
        return int(self.value)

    @property
    def http(self) -> int:
        """The HTTP status."""
        return HTTP_STATUS[self.name]


class ApiError(Exception):
    """A refusal to be sent to the client as it is, over either protocol."""

    def __init__(
        self, code: Code, message: str, details: Iterable[Message] = (), *, http: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message.encode("utf-8", "replace").decode()
        self.details = tuple(details)
        self.http = http or code.http
        """HTTP status; the code's own unless another was given."""
        self.headers: dict[str, str] = {}
        """Further headers of the refusal over HTTP."""

    def status(self) -> Message:
        """The error as `google.rpc.Status`."""
        status = gtypes.Status(code=self.code.number, message=self.message)
        for detail in self.details:
            status.details.add().Pack(detail)
        return status


def invalid(message: str) -> ApiError:
    """INVALID_ARGUMENT with a plain text."""
    return ApiError(Code.INVALID_ARGUMENT, message)


def found_errors(problems: Sequence[tuple[str, str]]) -> ApiError:
    """INVALID_ARGUMENT in Vertex AI's list form, from `(field path in snake_case, message)` pairs."""
    text = "List of found errors:"
    for number, (field, message) in enumerate(problems, start=1):
        text += f"\t{number}.Field: {field}; Message: {message}"
    violations = [
        gtypes.BadRequest.FieldViolation(field=field, description=message) for field, message in problems
    ]
    return ApiError(Code.INVALID_ARGUMENT, text + "\t", [gtypes.BadRequest(field_violations=violations)])


def bad_json(field: str, description: str) -> ApiError:
    """INVALID_ARGUMENT as Google's JSON front end words it."""
    violation = gtypes.BadRequest.FieldViolation(field=field, description=description)
    return ApiError(Code.INVALID_ARGUMENT, description, [gtypes.BadRequest(field_violations=[violation])])


def denied(permission: str, resource: str) -> ApiError:
    """PERMISSION_DENIED for a permission on a full resource name (`//service/path`)."""
    info = gtypes.ErrorInfo(
        reason="IAM_PERMISSION_DENIED",
        domain=resource.removeprefix("//").partition("/")[0],
        metadata={"permission": permission, "resource": resource.removeprefix("//").partition("/")[2]},
    )
    text = f"Permission '{permission}' denied on resource '{resource}' (or it may not exist)."
    return ApiError(Code.PERMISSION_DENIED, text, [info])


def service_disabled(service: str, title: str, project: str) -> ApiError:
    """PERMISSION_DENIED with reason SERVICE_DISABLED."""
    url = f"https://console.developers.google.com/apis/api/{service}/overview?project={project}"
    text = (
        f"{title} has not been used in project {project} before or it is disabled. Enable it by visiting "
        f"{url} then retry. If you enabled this API recently, wait a few minutes for the action to propagate "
        "to our systems and retry."
    )
    info = gtypes.ErrorInfo(
        reason="SERVICE_DISABLED",
        domain="googleapis.com",
        metadata={
            "service": service,
            "serviceTitle": title,
            "consumer": f"projects/{project}",
            "containerInfo": project,
            "activationUrl": url,
        },
    )
    link = gtypes.Help.Link(description="Google developers console API activation", url=url)
    localized = gtypes.LocalizedMessage(locale="en-US", message=text)
    return ApiError(Code.PERMISSION_DENIED, text, [info, localized, gtypes.Help(links=[link])])
