"""The account of a machine of Google's, which its metadata server gives tokens of."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import os

from google.auth import compute_engine
from google.auth.compute_engine import _metadata
from google.auth.transport.requests import Request

PROBE_SECONDS = 2
"""For one try to reach the metadata server; one that exists answers in milliseconds."""

PROBE_TRIES = 2
"""google-auth's own 3 tries of 3 s would take longer than a check may."""


def machine_credentials() -> compute_engine.Credentials | None:
    """Those of the machine, or None on a box that is none of Google's; takes seconds there.

    As `google.auth.default`: the server counts if it answers, or if the hardware says that it ought to.
    """
    if _metadata._NO_GCE_CHECK:  # noqa: SLF001 (a variable of google-auth's own, read at import)
        return None
    seconds = PROBE_SECONDS
    if os.environ.get("GCE_METADATA_TIMEOUT"):
        seconds = _metadata._METADATA_DEFAULT_TIMEOUT  # noqa: SLF001 (told in no other way)
    there = _metadata.ping(Request(), timeout=seconds, retry_count=PROBE_TRIES)
    return compute_engine.Credentials() if there or _metadata.detect_gce_residency_linux() else None


def machine_account() -> tuple[str, tuple[str, ...]]:
    """E-mail and OAuth scopes of the machine's account.

    Raises:
        google.auth.exceptions.TransportError: the server does not answer, or the machine has no account.
    """
    told = _metadata.get_service_account_info(Request())
    return str(told.get("email", "")), tuple(str(scope) for scope in told.get("scopes", ()))
