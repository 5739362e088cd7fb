"""What the organization's policies mean for places and for keys."""

from __future__ import annotations

from collections.abc import Iterable

from tui.domain.access import OrganizationPolicy
from tui.domain.locations import location_allowed
from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.keys import key_location

JOBS, BUCKETS = "aiplatform.googleapis.com", "storage.googleapis.com"
_PREFIXES = ("is:", "under:")


def restricts(policy: OrganizationPolicy) -> bool:
    """Whether the policy says anything at all."""
    return bool(policy.allowed or policy.denied or policy.allows_none)


def permits(policy: OrganizationPolicy, location: str) -> bool | None:
    """Whether a policy of values and groups lets a location be used; None if it depends on unknown groups."""
    if policy.allows_none:
        return False
    denied = location_allowed(location, policy.denied)
    allowed = location_allowed(location, policy.allowed) if policy.allowed else True
    if denied or allowed is False:
        return False
    return None if denied is None or allowed is None else True


def needs_key(policy: OrganizationPolicy, service: str) -> bool:
    """Whether `gcp.restrictNonCmekServices` makes a service refuse what has no key of the user's."""
    denied, allowed = _services(policy.denied), _services(policy.allowed)
    return policy.allows_none or service in denied or (bool(allowed) and service not in allowed)


def why_no_bucket(facts: SetupFacts) -> str:
    """Why a bucket in the region would be refused, in a few words; empty if nothing known forbids it."""
    places, keys = facts.locations_policy, facts.keys_policy
    if isinstance(places, OrganizationPolicy) and permits(places, facts.region) is False:
        return "its region is not allowed"
    if facts.kms_key and key_location(facts.kms_key) != facts.region:
        return "its key lies elsewhere"
    if isinstance(keys, OrganizationPolicy) and needs_key(keys, BUCKETS) and not facts.kms_key:
        return "it needs a key of your own"
    return ""


def _services(values: Iterable[str]) -> frozenset[str]:
    found = set()
    for value in values:
        name = value
        for prefix in _PREFIXES:
            name = name.removeprefix(prefix)
        found.add(name)
    return frozenset(found)
