"""Nothing of Google's is reached."""

from __future__ import annotations

import grpc
import requests
import urllib3.exceptions

from tests.cloud.test_errors import over_grpc
from tests.domain.setup_faults.case import EVERYTHING, Case

CASES = (
    Case(
        "a proxy that wants a password",
        requests.exceptions.ProxyError(
            urllib3.exceptions.MaxRetryError(
                None,  # type: ignore[arg-type]
                "/x",
                OSError("Tunnel connection failed: 407 Proxy Authentication Required"),
            )
        ),
        EVERYTHING,
        "connection",
        "The proxy wants a name and a password",
        "HTTPS_PROXY",
    ),
    Case(
        "a proxy that refuses",
        requests.exceptions.ProxyError(
            urllib3.exceptions.MaxRetryError(
                None,  # type: ignore[arg-type]
                "/x",
                OSError("Tunnel connection failed: 403 Forbidden"),
            )
        ),
        EVERYTHING,
        "connection",
        "The proxy refuses the connection",
        "NO_PROXY",
    ),
    Case(
        "a certificate that is not trusted",
        requests.exceptions.SSLError("certificate verify failed: CERTIFICATE_VERIFY_FAILED"),
        EVERYTHING,
        "connection",
        "certificate",
        "REQUESTS_CA_BUNDLE",
    ),
    Case(
        "no way out",
        over_grpc(grpc.StatusCode.UNAVAILABLE, "failed to connect to all addresses; No route to host"),
        EVERYTHING,
        "connection",
        "cannot be reached",
        "network",
    ),
)
