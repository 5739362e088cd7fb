"""How many examples a property is tried on: a few in the suite, many in the campaign."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

USUAL = 20
"""Of a property that says nothing else, in the suite."""
CAMPAIGN = "campaign"
"""The profile with which `python -m benchmarks.campaign properties` runs the same tests."""
CAMPAIGN_EXAMPLES = "VERTEX_TUI_TEST_EXAMPLES"
"""The variable that says how many examples each property gets there."""
_MANY = 5
"""So many times as many are the full number of a property that needs more than others."""


def load_profile() -> None:
    """Set the number for the suite; hypothesis' own option `--hypothesis-profile` chooses the campaign's.

    The suite tries the same examples each time, so that it speaks of a change and not of luck or load;
    the campaign draws new ones.
    """
    settings.register_profile(
        "tests", deadline=None, max_examples=USUAL, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    full = int(os.environ.get(CAMPAIGN_EXAMPLES) or 1000)
    settings.register_profile(CAMPAIGN, deadline=None, max_examples=full)
    settings.load_profile("tests")


def examples(full: int) -> settings:
    """For a property with that many examples when nobody waits; the suite tries a fifth of them."""
    return settings(max_examples=max(full * settings().max_examples // (USUAL * _MANY), 1), deadline=None)
