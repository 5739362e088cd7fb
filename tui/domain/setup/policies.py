"""The rows about what the organization allows."""

from __future__ import annotations

from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import Check


def policy_checks(facts: SetupFacts) -> tuple[Check, ...]:  # noqa: ARG001  # being written
    """What the organization's policies say of regions and keys."""
    return ()
