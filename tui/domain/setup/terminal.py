"""The rows about this terminal."""

from __future__ import annotations

from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import Check


def terminal_checks(facts: SetupFacts) -> tuple[Check, ...]:  # noqa: ARG001  # being written
    """What of the app this terminal has to do without."""
    return ()
