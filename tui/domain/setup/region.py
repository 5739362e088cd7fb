"""The row about the region."""

from __future__ import annotations

from tui.domain.regions import is_training_region, similar_regions
from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import Check, CheckState, Group
from tui.domain.setup.reading import with_origin


def region_check(facts: SetupFacts) -> Check:
    """Whether jobs can run in the region."""
    right = is_training_region(facts.region)
    state, finding, step = CheckState.OK, facts.region, ""
    if not right:
        state, finding = CheckState.FAILED, f"{facts.region} is not a region for training"
        likely = similar_regions(facts.region)
        step = "Start with --region, or run: vertex-tui config set region REGION."
        step += f" Perhaps you mean {' or '.join(likely)}." if likely else ""
    return Check(
        "region",
        Group.CONNECTION,
        "region",
        state,
        with_origin(finding, facts.region_origin),
        why="Jobs run in one region; machines, quotas and prices differ between regions,"
        " and the bucket should be in the same one.",
        next_step=step,
        command=""
        if right
        else f"gcloud config set ai/region {(similar_regions(facts.region) or ('REGION',))[0]}",
        link="" if right else "https://cloud.google.com/vertex-ai/docs/general/locations",
    )
