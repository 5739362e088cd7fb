"""Exceptions of Google's login library, and of a network that is not there, in the user's words."""

from __future__ import annotations

import pytest
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from tui.cloud.errors import to_cloud_error
from tui.domain.errors import ErrorKind
from tui.domain.login import LoginTrouble

METADATA = (
    "Failed to retrieve http://metadata.google.internal/x from the Google Compute Engine metadata service."
)
REAUTH = "Reauthentication is needed. Please run `gcloud auth application-default login` to reauthenticate."
NOT_YET = (
    "SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate is not yet valid')"
)
UNKNOWN_CA = "SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get issuer')"
TUNNEL = (
    "ProxyError('Unable to connect to proxy', OSError('Tunnel connection failed: 407 Proxy Authentication'))"
)


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (auth.RefreshError(REAUTH), ErrorKind.EXPIRED_CREDENTIALS, LoginTrouble.REAUTHENTICATION),
        (
            auth.RefreshError("invalid_grant: reauth related error", {"error_subtype": "invalid_rapt"}),
            ErrorKind.EXPIRED_CREDENTIALS,
            LoginTrouble.REAUTHENTICATION,
        ),
        (auth.RefreshError("invalid_grant: Bad Request"), ErrorKind.EXPIRED_CREDENTIALS, ""),
        (auth.OAuthError("Error code invalid_grant: expired"), ErrorKind.EXPIRED_CREDENTIALS, ""),
        (auth.TransportError(METADATA), ErrorKind.UNREACHABLE, LoginTrouble.METADATA_ABSENT),
        (
            auth.RefreshError(auth.TransportError(f"{METADATA} Status: 404 Response:")),
            ErrorKind.NO_CREDENTIALS,
            LoginTrouble.NO_MACHINE_ACCOUNT,
        ),
        (auth.TransportError(NOT_YET), ErrorKind.UNREACHABLE, LoginTrouble.CLOCK),
        (auth.TransportError(UNKNOWN_CA), ErrorKind.UNREACHABLE, ""),
        (auth.TransportError(TUNNEL), ErrorKind.UNREACHABLE, ""),
        (auth.MalformedError("odd"), ErrorKind.NO_CREDENTIALS, LoginTrouble.BROKEN_FILE),
        (
            auth.RefreshError("Unable to acquire impersonated credentials", '{"error": {"code": 403}}'),
            ErrorKind.DENIED,
            LoginTrouble.IMPERSONATION,
        ),
    ],
)
def test_each_trouble_is_told_apart(error: auth.GoogleAuthError, kind: ErrorKind, reason: str) -> None:
    told = to_cloud_error(error)
    assert (told.kind, told.reason) == (kind, reason)
    assert told.title
    assert told.hint


def test_a_proxy_that_wants_a_password_is_named() -> None:
    assert "proxy" in to_cloud_error(auth.TransportError(TUNNEL)).title


def test_names_that_are_not_resolved_mean_no_connection() -> None:
    words = "errors resolving x.googleapis.com:443: [field:hostname lookup error:address lookup failed for x]"
    told = to_cloud_error(api.ServiceUnavailable(words), sent=True)
    assert told.kind is ErrorKind.UNREACHABLE
    assert not told.ambiguous
