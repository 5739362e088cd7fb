"""The words for each kind of failure: what happened, and what to do next.

Codes and `ErrorInfo` reasons decide, never a product's name, which Google changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tui.cloud.error_details import Details
from tui.domain.errors import CloudError, ErrorKind

LOGIN = "Run: gcloud auth application-default login"
GCLOUD_OWN_PROJECT = "764086051850"
"""The project of gcloud's own client, which is charged when a user's login has no quota project."""
_METRIC = re.compile(r"aiplatform\.googleapis\.com/custom_model_training_(\w+)")
"""A quota metric of custom training; its end is the name that `vertex-tui local quota` takes."""

_USE_ACCOUNT = re.compile(
    r"permission to act as service account:?\s*(\S+?)\.?(?:\s|$)|iam\.serviceAccounts\.actAs", re.IGNORECASE
)
_PERMISSION = re.compile(r"[Pp]ermission '?([a-z][\w]*\.[\w.]+)'?")
_AGENT = re.compile(r"service-\d+@gcp-sa-[\w-]+\.iam\.gserviceaccount\.com")
_BILLING = frozenset(
    {"BILLING_DISABLED", "UREQ_PROJECT_BILLING_NOT_FOUND", "UREQ_PROJECT_BILLING_NOT_OPEN", "accountDisabled"}
)
RETRIED = "It is tried again by itself"
"""What the app says, which goes on."""
LATER = "Run it again later"
"""What a command says that has ended."""
_UNNAMED = "The API"
_DISABLED = frozenset({"SERVICE_DISABLED", "accessNotConfigured"})
_LOGIN_REASONS = frozenset(
    {"ACCESS_TOKEN_EXPIRED", "CREDENTIALS_MISSING", "ACCOUNT_STATE_INVALID", "SESSION_COOKIE_INVALID"}
)
_NEW_LOGIN = "Log in again with the cloud-platform scope: gcloud auth application-default login"


def answered(details: Details) -> CloudError:
    """The error for an answer of the service."""
    return _by_reason(details) or _by_code(details)


def no_credentials(words: str) -> CloudError:
    """No Application Default Credentials, or a file of them that is no good."""
    return CloudError(
        "No Google credentials found",
        words,
        hint=f"{LOGIN} - or set GOOGLE_APPLICATION_CREDENTIALS",
        kind=ErrorKind.NO_CREDENTIALS,
    )


def expired(words: str) -> CloudError:
    """A login that gives no token any more."""
    return CloudError("Your Google login has expired", words, hint=LOGIN, kind=ErrorKind.EXPIRED_CREDENTIALS)


def unreachable(words: str, *, local: bool) -> CloudError:
    """No connection."""
    hint = "Check the network and HTTPS_PROXY; it is tried again by itself"
    once = "Check the network and HTTPS_PROXY, and run it again later"
    if local:
        hint, once = "Start it with: vertex-tui local up", ""
    return CloudError(
        "The local server does not answer" if local else "Google Cloud cannot be reached",
        words,
        hint=hint,
        hint_once=once,
        kind=ErrorKind.UNREACHABLE,
        retryable=True,
    )


def broken_off(words: str) -> CloudError:
    """A connection that ended in the middle of an exchange."""
    return CloudError(
        "The connection broke off",
        words,
        hint="It is tried again by itself; r tries at once",
        hint_once=LATER,
        kind=ErrorKind.UNREACHABLE,
        retryable=True,
    )


def untrusted(words: str) -> CloudError:
    """A TLS certificate that this box does not trust, as behind a proxy that opens TLS."""
    return CloudError(
        "The server's certificate is not trusted",
        words,
        hint="Set REQUESTS_CA_BUNDLE to your organisation's certificate bundle",
        kind=ErrorKind.UNREACHABLE,
        retryable=True,
    )


def timeout(words: str, *, retry_after: float | None = None) -> CloudError:
    """No answer within the call's time."""
    return CloudError(
        "No answer in time",
        words,
        hint=RETRIED,
        hint_once=LATER,
        kind=ErrorKind.TIMEOUT,
        retryable=True,
        retry_after=retry_after,
    )


def on_this_box(error: OSError) -> CloudError:
    """A file or disk error of this box."""
    place = f": {error.filename}" if error.filename else ""
    return CloudError("An error on this box", f"{error.strerror or error}{place}", kind=ErrorKind.LOCAL)


def invalid(details: Details) -> CloudError:
    """A request that the service, or its schema here, refuses."""
    return _make("Refused as invalid", details, ErrorKind.INVALID)


def internal(details: Details, *, retryable: bool = True) -> CloudError:
    """A failure inside the service."""
    return _make("The service had an error", details, ErrorKind.INTERNAL, retryable=retryable)


def _make(
    title: str,
    details: Details,
    kind: ErrorKind,
    *,
    hint: str = "",
    hint_once: str = "",
    retryable: bool = False,
) -> CloudError:
    return CloudError(
        title,
        details.message,
        hint=hint,
        hint_once=hint_once,
        kind=kind,
        retryable=retryable,
        retry_after=details.retry_after,
        reason=details.reason,
        metadata=details.metadata,
        violations=details.violations,
    )


def _by_reason(details: Details) -> CloudError | None:  # noqa: PLR0911 (a table)
    reason = details.reason
    if reason in _DISABLED:
        return _service_disabled(details)
    if reason in _BILLING or "googleapis.com/billing-enabled" in details.preconditions:
        return _make(
            "Billing is not active for this project",
            details,
            ErrorKind.BILLING,
            hint="Link a billing account: https://console.cloud.google.com/billing/projects",
        )
    if reason in _LOGIN_REASONS:
        return _make("Your Google login has expired", details, ErrorKind.EXPIRED_CREDENTIALS, hint=LOGIN)
    if reason == "ACCESS_TOKEN_SCOPE_INSUFFICIENT":
        return _make("Your login lacks the scope for this", details, ErrorKind.DENIED, hint=_NEW_LOGIN)
    if reason == "USER_PROJECT_DENIED":
        return _make(
            "You may not charge the quota project",
            details,
            ErrorKind.DENIED,
            hint="It needs the role Service Usage Consumer there, or another quota project",
        )
    if reason == "CONSUMER_INVALID":
        return _make(
            "The project does not exist or is not yours",
            details,
            ErrorKind.NOT_FOUND,
            hint="Check the project id",
        )
    if reason == "RATE_LIMIT_EXCEEDED":
        return _too_many(details)
    if reason == "RESOURCE_QUOTA_EXCEEDED":
        return _quota(details)
    return None


def _by_code(details: Details) -> CloudError:
    handler = _BY_CODE.get(details.code, internal)
    return handler(details)


def _exhausted(details: Details) -> CloudError:
    exceeded = details.quota or "exceed quota limits" in details.message
    return _quota(details) if exceeded and details.retry_after is None else _too_many(details)


def _not_accepted(details: Details) -> CloudError:
    return _make("Your Google login was not accepted", details, ErrorKind.EXPIRED_CREDENTIALS, hint=LOGIN)


def _not_found(details: Details) -> CloudError:
    hint = "It may have been deleted, or never existed"
    return _make("Not found", details, ErrorKind.NOT_FOUND, hint=hint)


def _unavailable(details: Details) -> CloudError:
    return _make(
        "The service is not available",
        details,
        ErrorKind.INTERNAL,
        hint=RETRIED,
        hint_once=LATER,
        retryable=True,
    )


def _service_disabled(details: Details) -> CloudError:
    metadata = details.metadata or {}
    if (
        metadata.get("consumer") == f"projects/{GCLOUD_OWN_PROJECT}"
        or "requires a quota project" in details.message
    ):
        return _make(
            "Your login has no quota project",
            details,
            ErrorKind.DENIED,
            hint="Run: gcloud auth application-default set-quota-project PROJECT",
        )
    name = metadata.get("serviceTitle") or metadata.get("service") or _UNNAMED
    return _make(
        f"{name} is not enabled",
        details,
        ErrorKind.API_DISABLED,
        hint=f"Enable {'it' if name == _UNNAMED else name} in Setup (alt+1); it may take minutes to act",
    )


def _denied(details: Details) -> CloudError:
    account = _USE_ACCOUNT.search(details.message)
    if account or (details.metadata or {}).get("permission") == "iam.serviceAccounts.actAs":
        named = account[1] if account and account[1] else "the job's service account"
        return _make(
            "You may not use this service account",
            details,
            ErrorKind.DENIED,
            hint=f"Ask for the role Service Account User (roles/iam.serviceAccountUser) on {named}",
        )
    found = _PERMISSION.search(details.message)
    permission = (details.metadata or {}).get("permission") or (found[1] if found else "")
    if permission:
        hint = "Setup (alt+1) says which role holds it; check the project id too"
        return _make(f"You lack the permission {permission}", details, ErrorKind.DENIED, hint=hint)
    return _make("Permission denied", details, ErrorKind.DENIED, hint="See your permissions in Setup (alt+1)")


def _precondition(details: Details) -> CloudError:
    hint = ""
    if _AGENT.search(details.message):
        hint = (
            "Check the image's path. On a project's first job Google's own accounts are still being made: "
            "try again in a minute, or give that account the role Artifact Registry Reader"
        )
    return _make("Not possible now", details, ErrorKind.PRECONDITION, hint=hint)


def _conflict(details: Details) -> CloudError:
    if "not empty" in details.message:
        return _make("It is not empty", details, ErrorKind.PRECONDITION, hint="Delete what is in it first")
    if details.code == "ALREADY_EXISTS" or (
        details.reason == "conflict" and details.code != "PRECONDITION_FAILED"
    ):
        return _make("It exists already", details, ErrorKind.CONFLICT, hint="Choose another name")
    return _make(
        "Changed meanwhile by someone else", details, ErrorKind.CONFLICT, hint="Refresh and try again"
    )


def _too_many(details: Details) -> CloudError:
    return _make(
        "Too many requests",
        details,
        ErrorKind.RATE,
        hint="It goes on more slowly by itself",
        hint_once=LATER,
        retryable=True,
    )


def _quota(details: Details) -> CloudError:
    return _make(
        "Your quota does not suffice",
        details,
        ErrorKind.QUOTA,
        hint="Take a smaller machine or another region, or ask for more: https://console.cloud.google.com/iam-admin/quotas",
    )


def quota_of_this_box(error: CloudError) -> None:
    """Say of the local server's quota how it is raised."""
    name = next(iter(_METRIC.findall(error.message)), "NAME")
    error.hint = (
        f"Raise it here: vertex-tui local quota set {name} 8; on Google Cloud you would have to ask for more"
    )


_BY_CODE: dict[str, Callable[[Details], CloudError]] = {
    "PERMISSION_DENIED": _denied,
    "UNAUTHENTICATED": _not_accepted,
    "NOT_FOUND": _not_found,
    "INVALID_ARGUMENT": invalid,
    "OUT_OF_RANGE": invalid,
    "FAILED_PRECONDITION": _precondition,
    "ALREADY_EXISTS": _conflict,
    "ABORTED": _conflict,
    "PRECONDITION_FAILED": _conflict,
    "RESOURCE_EXHAUSTED": _exhausted,
    "DEADLINE_EXCEEDED": lambda details: timeout(details.message, retry_after=details.retry_after),
    "CANCELLED": lambda details: timeout(details.message, retry_after=details.retry_after),
    "UNAVAILABLE": _unavailable,
    "UNIMPLEMENTED": lambda details: internal(details, retryable=False),
}
