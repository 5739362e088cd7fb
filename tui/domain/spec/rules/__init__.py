"""Rules of Vertex AI that the protos do not hold; sources: the API's reference and its documentation.

Values that were wrong in themselves are not in the job and are not reported again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from tui.domain.spec.forms import MAX_ENV
from tui.domain.spec.problems import Problem
from tui.domain.spec.rules.base import NOWHERE, Situation, View
from tui.domain.spec.rules.labels import (
    MAX_DISPLAY_NAME,
    MAX_LABEL,
    MAX_LABELS,
    label_problem,
    top_problems,
)
from tui.domain.spec.rules.money import money_problems
from tui.domain.spec.rules.pools import MAX_POOLS, pool_problems
from tui.domain.spec.rules.scheduling import scheduling_problems
from tui.domain.spec.rules.surroundings import surroundings_problems
from tui.domain.spec.walk import Walker

__all__ = [
    "MAX_DISPLAY_NAME",
    "MAX_ENV",
    "MAX_LABEL",
    "MAX_LABELS",
    "MAX_POOLS",
    "NOWHERE",
    "Situation",
    "label_problem",
    "service_rules",
]


def service_rules(
    job: Mapping[str, Any], walker: Walker, text: str, situation: Situation = NOWHERE
) -> list[Problem]:
    """What Vertex AI would refuse, or read otherwise than it looks, in a CustomJob in JSON form.

    Args:
        job: what `walker` made of the file.
        walker: where everything stands.
        text: the file.
        situation: where, when and for how much the job is to run, as far as that is known.
    """
    view = View(job, walker, text, situation)
    found: Iterable[Problem] = chain(
        top_problems(view),
        pool_problems(view),
        scheduling_problems(view),
        surroundings_problems(view),
        money_problems(view),
    )
    return list(found)
