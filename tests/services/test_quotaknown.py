"""Quota limits that are read seldom and never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from tui.domain.access import QuotaLimits
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.places import Place
from tui.services.quotaknown import KEPT_SECONDS, KnownLimits

HERE, THERE = Place("kelp-train", "europe-west4"), Place("otter-lab", "us-east1")


class Limits:
    """Answers of the quota API."""

    def __init__(self, found: dict[str, QuotaLimits] | None) -> None:
        self.found = found
        self.setup = self

    async def quota_limits(self, metrics: Sequence[str]) -> dict[str, QuotaLimits]:
        if self.found is None:
            raise CloudError("Denied")
        return {metric: self.found[metric] for metric in metrics if metric in self.found}


async def test_limits_are_kept_for_a_while_and_told_by_region() -> None:
    now = 0.0
    known = KnownLimits(lambda: now)
    assert known.take_due(HERE, ["a", "b"]) == ("a", "b")
    assert known.take_due(HERE, ["a", "b"]) == (), "it is being read"
    assert known.take_due(THERE, ["a"]) == ("a",), "another project has its own"
    limits = {"a": QuotaLimits("a", {"europe-west4": 8}, elsewhere=0), "b": QuotaLimits("b", elsewhere=-1)}
    await known.read(cast("Gateway", Limits(limits)), HERE, ["a", "b", "c"])
    assert known.of(HERE, ["a", "b", "c", "d"]) == {"a": 8, "b": None}
    assert known.of(Place("kelp-train", "us-east1"), ["a"]) == {"a": 0}
    assert known.of(THERE, ["a"]) == {}
    now = KEPT_SECONDS
    assert known.take_due(HERE, ["a"]) == ("a",)
    assert known.of(HERE, ["a"]) == {"a": 8}, "while it is read again"
    await known.read(cast("Gateway", Limits(None)), HERE, ["a"])
    assert known.of(HERE, ["a"]) == {}
    assert known.take_due(HERE, ["a"]) == ()
