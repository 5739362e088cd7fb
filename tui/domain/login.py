"""What can be wrong with a login, told apart because each has a next step of its own."""

from __future__ import annotations

from enum import StrEnum

SKEW_SECONDS = 60.0
"""From here on a wrong clock is named as the cause of refused logins; Google allows some minutes at most."""

CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
"""The one scope that all of Google Cloud's services accept."""


class LoginTrouble(StrEnum):
    """Found on this box rather than told by a service; carried as `CloudError.reason`."""

    NOTHING_FOUND = "LOGIN_NOT_FOUND"
    VARIABLE = "LOGIN_VARIABLE_WITHOUT_FILE"
    """`GOOGLE_APPLICATION_CREDENTIALS` names a file that is not there."""
    BROKEN_FILE = "LOGIN_FILE_BROKEN"
    NO_GCLOUD = "LOGIN_WITHOUT_GCLOUD"
    """The token of gcloud is asked for where there is no gcloud."""
    GCLOUD_SIGNED_OUT = "LOGIN_GCLOUD_SIGNED_OUT"
    GCLOUD_EXPIRED = "LOGIN_GCLOUD_EXPIRED"
    GCLOUD_FAILED = "LOGIN_GCLOUD_FAILED"
    GCLOUD_SLOW = "LOGIN_GCLOUD_SLOW"
    METADATA_ABSENT = "LOGIN_METADATA_ABSENT"
    """The credentials come from a metadata server that does not answer."""
    NO_MACHINE_ACCOUNT = "LOGIN_MACHINE_WITHOUT_ACCOUNT"
    IMPERSONATION = "LOGIN_IMPERSONATION_DENIED"
    """The login itself is good, but may not make tokens of the service account."""
    REAUTHENTICATION = "LOGIN_REAUTHENTICATION"
    """The organization wants the user to sign in anew from time to time."""
    CLOCK = "LOGIN_CLOCK"
    """Google's certificate is not valid at the time that this box's clock shows."""

    @property
    def of_gcloud(self) -> bool:
        """Whether the login is gcloud's own."""
        return self in _OF_GCLOUD


_OF_GCLOUD = (
    LoginTrouble.NO_GCLOUD,
    LoginTrouble.GCLOUD_SIGNED_OUT,
    LoginTrouble.GCLOUD_EXPIRED,
    LoginTrouble.GCLOUD_FAILED,
    LoginTrouble.GCLOUD_SLOW,
)
