"""The words for logins that give no token: what is wrong, and what to do next.

Google's library tells most of it by the words of its exceptions only; those of google-auth 2.62 and of
Google Cloud CLI 528 are recognized.
"""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import re

from google.auth import exceptions as auth

from tui.cloud import refusals, wording
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.login import LoginTrouble

_METADATA = re.compile(r"metadata (server|service)|metadata\.google\.internal|computeMetadata", re.IGNORECASE)
_NOT_THERE = re.compile(r"Status: 404|status=404")
_IMPERSONATED = re.compile(r"Unable to acquire impersonated credentials|Failed to impersonate", re.IGNORECASE)
_REAUTH = re.compile(r"reauth|rapt_required|invalid_rapt", re.IGNORECASE)
_CLOCK = re.compile(r"certificate (is not yet valid|has expired)", re.IGNORECASE)
_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
_OFF_THE_NET = re.compile(
    r"HTTPSConnectionPool|Max retries exceeded|Unable to find the server|NewConnectionError|Errno -[23]\b"
    r"|NameResolutionError|ProxyError|SSLError|Connection (refused|reset|aborted)|timed out",
)
_SIGNED_OUT = re.compile(r"active account selected|not have any valid credentials", re.IGNORECASE)
_REVOKED = re.compile(r"invalid_grant|invalid_rapt|expired or revoked|unauthorized_client", re.IGNORECASE)
_PREFIX = re.compile(r"^ERROR: \([\w.-]+\) ?", re.MULTILINE)
_ADVICE = re.compile(
    r"^\s*(Please (run|retry)|If you have already logged in|For service account)", re.MULTILINE
)

_GCLOUD_LOGIN = "Run: gcloud auth login"


class NoLogin(auth.DefaultCredentialsError):
    """No credentials were found, or their file is no good."""

    def __init__(self, words: str, trouble: LoginTrouble) -> None:
        super().__init__(words)
        self.trouble = trouble


class GcloudRefused(auth.RefreshError):
    """gcloud gave no token."""

    def __init__(self, words: str, trouble: LoginTrouble) -> None:
        super().__init__(words)
        self.trouble = trouble


def refused(error: auth.GoogleAuthError) -> CloudError:
    """The error for what the login raised when credentials were looked for or a token was asked for."""
    words = _words(error)
    trouble = _trouble(error, words)
    if trouble is not None:
        return _told(trouble, words)
    cause = error.__cause__ or (error.args[0] if error.args else None)
    no_answer = isinstance(error, auth.TransportError) or isinstance(cause, auth.TransportError)
    if no_answer and _METADATA.search(words):
        missing = (
            LoginTrouble.NO_MACHINE_ACCOUNT if _NOT_THERE.search(words) else LoginTrouble.METADATA_ABSENT
        )
        return _told(missing, words)
    if no_answer or error.retryable:
        return cut_off(words)
    if isinstance(error, auth.RefreshError | auth.OAuthError):
        return (
            _told(LoginTrouble.REAUTHENTICATION, words) if _REAUTH.search(words) else wording.expired(words)
        )
    return wording.no_credentials(words)


def _trouble(error: auth.GoogleAuthError, words: str) -> LoginTrouble | None:
    """What is wrong by the exception's type, or by words that mean one thing only."""
    if isinstance(error, NoLogin | GcloudRefused):
        return error.trouble
    if isinstance(error, auth.DefaultCredentialsError):
        return LoginTrouble.BROKEN_FILE
    return LoginTrouble.IMPERSONATION if _IMPERSONATED.search(words) else None


def cut_off(words: str) -> CloudError:
    """The error for a token that was not got because nobody answered."""
    return untrusted(words) if _UNTRUSTED in words else refusals.cut_off(words, local=False)


def untrusted(words: str) -> CloudError:
    """The error for a certificate that is refused, which a wrong clock does too."""
    return _told(LoginTrouble.CLOCK, words) if _CLOCK.search(words) else wording.untrusted(words)


def from_gcloud(stderr: str) -> auth.GoogleAuthError:
    """What gcloud said when it gave no token, as an exception of the login."""
    after = _PREFIX.split(stderr)[-1]
    words = " ".join(_ADVICE.split(after)[0].split()) or "gcloud ended without a word"
    if _SIGNED_OUT.search(words):
        return GcloudRefused(words, LoginTrouble.GCLOUD_SIGNED_OUT)
    if _IMPERSONATED.search(words):
        return GcloudRefused(words, LoginTrouble.IMPERSONATION)
    if _OFF_THE_NET.search(words):
        return auth.TransportError(words)
    if _REAUTH.search(words) or _REVOKED.search(words):
        return GcloudRefused(words, LoginTrouble.GCLOUD_EXPIRED)
    return GcloudRefused(words, LoginTrouble.GCLOUD_FAILED)


def _words(error: auth.GoogleAuthError) -> str:
    """Its words; Google's library puts the service's own answer into the second argument."""
    words = str(error.args[0]) if error.args else str(error)
    detail = error.args[1] if len(error.args) > 1 else None
    return f"{words}: {detail}" if isinstance(detail, str) and detail not in words else words


def _told(trouble: LoginTrouble, words: str) -> CloudError:
    title, hint, kind = _TROUBLES[trouble]
    once = wording.LATER if hint == wording.RETRIED else ""
    return CloudError(
        title, words, hint=hint, hint_once=once, kind=kind, reason=str(trouble), retryable=kind in _PASSING
    )


_PASSING = (ErrorKind.UNREACHABLE, ErrorKind.TIMEOUT)

_TROUBLES: dict[LoginTrouble, tuple[str, str, ErrorKind]] = {
    LoginTrouble.NOTHING_FOUND: (
        "No Google credentials found",
        f"{wording.LOGIN} - or set GOOGLE_APPLICATION_CREDENTIALS",
        ErrorKind.NO_CREDENTIALS,
    ),
    LoginTrouble.VARIABLE: (
        "No Google credentials found",
        "Correct GOOGLE_APPLICATION_CREDENTIALS, or unset it, and start again",
        ErrorKind.NO_CREDENTIALS,
    ),
    LoginTrouble.BROKEN_FILE: (
        "The credentials file is no good",
        f"Get a new one, or sign in instead. {wording.LOGIN}",
        ErrorKind.NO_CREDENTIALS,
    ),
    LoginTrouble.NO_GCLOUD: (
        "gcloud is not installed here",
        "Install it, or use other credentials: vertex-tui config set credentials adc",
        ErrorKind.NO_CREDENTIALS,
    ),
    LoginTrouble.GCLOUD_SIGNED_OUT: ("gcloud is not signed in", _GCLOUD_LOGIN, ErrorKind.NO_CREDENTIALS),
    LoginTrouble.GCLOUD_EXPIRED: (
        "gcloud's login has expired",
        _GCLOUD_LOGIN,
        ErrorKind.EXPIRED_CREDENTIALS,
    ),
    LoginTrouble.GCLOUD_FAILED: (
        "gcloud gave no token",
        "See what it says: gcloud auth print-access-token",
        ErrorKind.NO_CREDENTIALS,
    ),
    LoginTrouble.GCLOUD_SLOW: (
        "gcloud did not give a token in time",
        wording.RETRIED,
        ErrorKind.TIMEOUT,
    ),
    LoginTrouble.METADATA_ABSENT: (
        "This machine's metadata server does not answer",
        f"Sign in yourself instead. {wording.LOGIN}",
        ErrorKind.UNREACHABLE,
    ),
    LoginTrouble.NO_MACHINE_ACCOUNT: (
        "This machine has no service account",
        f"Sign in yourself instead. {wording.LOGIN}",
        ErrorKind.NO_CREDENTIALS,
    ),
    LoginTrouble.IMPERSONATION: (
        "You may not impersonate this service account",
        "Ask for the role Service Account Token Creator on it",
        ErrorKind.DENIED,
    ),
    LoginTrouble.REAUTHENTICATION: (
        "Your organization wants you to sign in again",
        wording.LOGIN,
        ErrorKind.EXPIRED_CREDENTIALS,
    ),
    LoginTrouble.CLOCK: (
        "This box's clock is wrong",
        "Set the clock: Google's certificates are not valid at the time it shows",
        ErrorKind.UNREACHABLE,
    ),
}
"""Title, hint and kind of each."""
