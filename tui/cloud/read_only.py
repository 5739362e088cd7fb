"""The one refusal of changes in a session that only reads."""

from __future__ import annotations

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.target import Target


def require_changes_allowed(target: Target) -> None:
    """Refuse a change before anything is sent.

    Raises:
        CloudError: the target is read-only.
    """
    if target.read_only:
        raise CloudError(
            "Read-only: nothing was changed",
            "Changes are turned off in this session.",
            hint="Start without --read-only, or set read_only = false in the settings",
            kind=ErrorKind.PRECONDITION,
        )
