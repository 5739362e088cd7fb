"""The rows about quota: none of the catalogue is loaded before a spec is open."""

from __future__ import annotations

from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import Check, CheckState, Group


def quota_checks(facts: SetupFacts) -> tuple[Check, ...]:
    """One row for each quota metric that a job of the open spec needs: accelerators, vCPUs, disk."""
    if facts.needs is None:
        found = "no readable spec is open: press 2"
        return (Check("quota.spec", Group.QUOTA, "quota", CheckState.SKIPPED, found, optional=True),)
    from tui.domain.setup.quota_rows import quota_rows  # noqa: PLC0415 (prices; no first frame needs them)

    return quota_rows(facts, facts.needs)
