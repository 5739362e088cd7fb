"""The row about the region."""

from __future__ import annotations

import shlex

from tui.domain.catalog.places import nearest
from tui.domain.regions import is_training_region, similar_regions
from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import Check, CheckState, Group
from tui.domain.setup.offered import accelerators, lacking, permitted, regions_with
from tui.domain.setup.origins import how_to_set, replacement
from tui.domain.setup.reading import with_origin
from tui.domain.storage import Bucket

_SHOWN = 4
"""Regions that are named at most."""


def region_check(facts: SetupFacts) -> Check:
    """Whether jobs can run in the region, and whether it has what the open spec asks for."""
    wrong = _wrong(facts)
    others = other_regions(facts) if wrong else ()
    best = others[0] if others else ""
    fix = replacement("region", best, facts.region_origin) if best else None
    return Check(
        "region",
        Group.CONNECTION,
        "region",
        CheckState.FAILED if wrong else CheckState.OK,
        with_origin(wrong or _right(facts), facts.region_origin),
        why="Jobs run in one region; machines, quotas and prices differ between regions,"
        " and the bucket should be in the same one.",
        next_step=_next_step(facts, others) if wrong else "",
        command=f"gcloud config set ai/region {shlex.quote(best or 'REGION')}" if wrong else "",
        link="https://cloud.google.com/vertex-ai/docs/general/locations" if wrong and not facts.local else "",
        fixes=(fix,) if fix else (),
        by_hand=True,
    )


def other_regions(facts: SetupFacts) -> tuple[str, ...]:
    """Regions that have all the open spec asks for and are not forbidden, the likeliest choice first.

    That is what a mistyped name may have meant, then the bucket's own region, then the nearest.
    """
    pools = facts.needs.pools if facts.needs else ()
    near = nearest(facts.region, permitted(facts, regions_with(pools) - {facts.region}))
    meant = () if is_training_region(facts.region) else similar_regions(facts.region)
    first = (*meant, _bucket_region(facts))
    return tuple(dict.fromkeys((*(region for region in first if region in near), *near)))


def _wrong(facts: SetupFacts) -> str:
    if not is_training_region(facts.region):
        return f"{facts.region} is not a region for training"
    missing = lacking(facts.needs.pools, facts.region) if facts.needs else ()
    return f"{facts.region} has no {' and no '.join(missing)}" if missing else ""


def _right(facts: SetupFacts) -> str:
    has = accelerators(facts.needs.pools) if facts.needs else ()
    return f"{facts.region} has {', '.join(has)}" if has else facts.region


def _next_step(facts: SetupFacts, others: tuple[str, ...]) -> str:
    if not others:
        return "No region that you may use has all that the spec asks for: change its machines."
    best, near = others[0], ", ".join(others[:_SHOWN])
    if is_training_region(facts.region):
        said = f"The spec can run in {near}."
    else:
        likely = [region for region in similar_regions(facts.region) if region in others]
        said = f"Perhaps you mean {' or '.join(likely)}." if likely else f"The nearest are {near}."
    step = f"{said} To change it: {how_to_set('region', best, facts.region_origin)}."
    if not (lies := _bucket_region(facts)):
        return step
    return f"{step} The bucket lies in {lies}{', so that is best.' if lies == best else '.'}"


def _bucket_region(facts: SetupFacts) -> str:
    return facts.bucket.location.lower() if isinstance(facts.bucket, Bucket) else ""
