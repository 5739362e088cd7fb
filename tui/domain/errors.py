"""The one error type of the gateway, in words a user can act on."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from tui.domain.text import printable


class ErrorKind(StrEnum):
    """What went wrong, as far as it changes what the user should do next."""

    NO_CREDENTIALS = "no credentials"
    EXPIRED_CREDENTIALS = "expired credentials"
    DENIED = "permission denied"
    API_DISABLED = "API disabled"
    BILLING = "billing"
    NOT_FOUND = "not found"
    INVALID = "refused as invalid"
    QUOTA = "quota exceeded"
    RATE = "too many requests"
    CONFLICT = "changed meanwhile"
    PRECONDITION = "not possible now"
    UNREACHABLE = "unreachable"
    TIMEOUT = "no answer in time"
    INTERNAL = "error in the service"
    LOCAL = "error on this box"


class CloudError(Exception):
    """A call that failed, as every pane and command shows it.

    Its texts come from servers and from whoever answers in their place; nothing in them is obeyed by a
    terminal. Line ends and tabs stay.

    Attributes:
        title: one short line: what happened.
        message: the service's own words, plain text.
        hint: what to do next, or an empty string.
        hint_once: the hint of a command that has ended, where `hint` says what the app does by itself; else
            empty, and `hint` is for both.
        kind: the class of failure.
        retryable: whether the same call may succeed later without a change by the user.
        ambiguous: whether the call may have taken effect although it failed (lost reply, deadline).
        retry_after: seconds the service asked to wait, if it did (`google.rpc.RetryInfo`, `Retry-After`).
        reason: `google.rpc.ErrorInfo.reason`, e.g. `SERVICE_DISABLED`, or an empty string.
        metadata: `google.rpc.ErrorInfo.metadata`.
        violations: `(field, description)` pairs of `google.rpc.BadRequest`.
    """

    def __init__(
        self,
        title: str,
        message: str = "",
        *,
        hint: str = "",
        hint_once: str = "",
        kind: ErrorKind = ErrorKind.INTERNAL,
        retryable: bool = False,
        ambiguous: bool = False,
        retry_after: float | None = None,
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        violations: tuple[tuple[str, str], ...] = (),
    ) -> None:
        title, message, hint = printable(title), _harmless(message), _harmless(hint)
        super().__init__(title, message)
        self.title = title
        self.message = message
        self.hint = hint
        self.hint_once = _harmless(hint_once)
        self.kind = kind
        self.retryable = retryable
        self.ambiguous = ambiguous
        self.retry_after = retry_after
        self.reason = _harmless(reason)
        self.metadata = {_harmless(key): _harmless(value) for key, value in (metadata or {}).items()}
        self.violations = tuple((_harmless(field), _harmless(words)) for field, words in violations)

    def __str__(self) -> str:
        return f"{self.title}: {self.message}" if self.message else self.title


def _harmless(words: str) -> str:
    """Tabs stay: the service separates its findings by them (`List of found errors:`, FACTS 8.6)."""
    if words.isascii() and words.isprintable():
        return words
    lines = words.replace("\r\n", "\n")
    return "\t".join(printable(part, multiline=True) for part in lines.split("\t"))
