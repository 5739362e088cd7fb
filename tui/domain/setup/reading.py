"""What a read that failed, or was not made yet, means for the row that needed it."""

from __future__ import annotations

from tui.domain.errors import CloudError
from tui.domain.setup.facts import SetupFacts, cause
from tui.domain.setup.model import CheckState, Standing


def unread(facts: SetupFacts, value: object) -> Standing | None:
    """Why `value` tells nothing yet; None when it does."""
    if facts.trouble is not None or (value is None and not facts.connected):
        return Standing(CheckState.SKIPPED, "waits for the connection")
    if value is None:
        return Standing(CheckState.RUNNING, "checking …")
    if isinstance(value, CloudError):
        if awaited := cause(facts, value):
            return Standing(CheckState.SKIPPED, f"waits for {awaited}")
        return Standing(CheckState.UNKNOWN, value.title, value.message, value.hint)
    return None


def with_origin(finding: str, origin: str) -> str:
    """A finding with the place that its value came from."""
    return f"{finding} · from {origin}" if origin else finding
