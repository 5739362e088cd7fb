"""What costs more than it has to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from tui.domain.catalog.prices import estimate, money
from tui.domain.catalog.quotas import spec_pools
from tui.domain.spec.problems import Problem, warning
from tui.domain.spec.rules.base import POOLS, View
from tui.domain.spec.rules.machines import accelerator_of
from tui.domain.spec.rules.scheduling import MAX_SECONDS, seconds_of

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
    if limit is not None and view.region and not view.spec.get("persistentResourceId"):
        yield from _over_limit(view, Decimal(str(limit)))


def _only_waits(container: Mapping[str, Any]) -> bool:
    words = [*container.get("command", []), *container.get("args", [])]
    if len(words) >= _SCRIPT_WORDS and _SHELL.fullmatch(words[0]) and words[1] in {"-c", "-ec", "-lc"}:
        return bool(_WAITING.fullmatch(words[2]))
    return bool(words) and bool(_WAITING.fullmatch(" ".join(words)))


def _over_limit(view: View, limit: Decimal) -> Iterator[Problem]:
    scheduling = view.spec.get("scheduling", {})
    strategy = scheduling.get("strategy", "")
    if strategy == "FLEX_START":
        return
    per_hour = estimate(spec_pools(view.spec), view.region, spot=strategy == "SPOT").per_hour
    if per_hour is None:
        return
    seconds = min(seconds_of(scheduling.get("timeout")) or MAX_SECONDS, MAX_SECONDS)
    hours = Decimal(seconds) / 3600
    if (most := per_hour * hours) > limit:
        text = (
            f"Up to its timeout the job may cost {money(most)} (estimate), over your limit of ${limit:,.2f}."
        )
        yield warning(view.at(*POOLS), "over-limit", text)
