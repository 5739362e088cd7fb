"""The rows about the quota that the open spec needs."""

from __future__ import annotations

from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import Check


def quota_checks(facts: SetupFacts) -> tuple[Check, ...]:  # noqa: ARG001  # being written
    """One row for each quota metric that a job of the open spec needs."""
    return ()
