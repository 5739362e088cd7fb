"""What costs more than it has to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from tui.domain.catalog.prices import money
from tui.domain.spec.cost import cost_of
from tui.domain.spec.problems import Problem, warning
from tui.domain.spec.rules.base import POOLS, SPEC, View
from tui.domain.spec.rules.machines import accelerator_of

_SHELL = re.compile(r"(?:/usr)?(?:/bin/)?(?:ba|da)?sh")
_WAITING = re.compile(r"\s*(?:exec\s+)?(?:sleep\s+[\w.]+|tail\s+-f\s+/dev/null)\s*;?\s*")
_SCRIPT_WORDS = 3


def money_problems(view: View) -> Iterator[Problem]:
    """A GPU that is paid for while nothing uses it, and a sum over the user's limit."""
    for number, pool in view.pools():
        name, count = accelerator_of(pool.get("machineSpec", {}))
        if name and count and _only_waits(pool.get("containerSpec", {})):
            text = f"The job only waits: {count} × {name} would be paid for and not used."
            yield warning(view.at(*POOLS, number, "machineSpec", "acceleratorType"), "gpu-idle", text)
    limit = view.situation.limit_usd
    if limit is not None and view.region:
        yield from _over_limit(view, Decimal(str(limit)))


def _only_waits(container: Mapping[str, Any]) -> bool:
    words = [*container.get("command", []), *container.get("args", [])]
    if len(words) >= _SCRIPT_WORDS and _SHELL.fullmatch(words[0]) and words[1] in {"-c", "-ec", "-lc"}:
        return bool(_WAITING.fullmatch(words[2]))
    return bool(words) and bool(_WAITING.fullmatch(" ".join(words)))


def _over_limit(view: View, limit: Decimal) -> Iterator[Problem]:
    if view.unread(*SPEC, "scheduling", "strategy") or view.unread(*SPEC, "scheduling", "timeout"):
        return
    cost = cost_of(view.job, view.region, view.situation.prices)
    if (most := cost.most) is not None and cost.chosen is not None and most > limit:
        text = (
            f"Up to its timeout the job may cost {money(most)} ({cost.chosen.label}), "
            f"over your limit of ${limit:,.2f}."
        )
        yield warning(view.at(*POOLS), "over-limit", text)
