"""Application Default Credentials for Google's clients: a login that only the local server knows."""

from __future__ import annotations

import hmac

from tui.local import names

CLIENT = "vertex-tui-local.apps.googleusercontent.com"
"""The client id of the login."""


def refresh_token(token: str) -> str:
    """What a file of credentials holds: good for nothing but to ask for the access token."""
    return f"1//local-{hmac.digest(token.encode(), b'refresh token', 'sha256').hex()}"


def credentials(token: str) -> dict[str, str]:
    """Credentials for an access token, in the form that `gcloud auth application-default login` leaves."""
    return {
        "type": "authorized_user",
        "client_id": CLIENT,
        "client_secret": "local",
        "refresh_token": refresh_token(token),
        "quota_project_id": names.PROJECT_ID,
        "universe_domain": names.GOOGLE,
    }
