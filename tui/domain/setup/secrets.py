"""The rows about the secrets that the open spec refers to."""

from __future__ import annotations

from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import Check


def secret_checks(facts: SetupFacts) -> tuple[Check, ...]:  # noqa: ARG001  # being written
    """One row for each `${NAME}` of the open spec without a default."""
    return ()
