"""What a job costs: an hour, and at most until it is stopped; on demand and on Spot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from tui.domain.catalog.prices import Estimate, estimates, money
from tui.domain.catalog.quotas import spec_pools
from tui.domain.catalog.skus import PriceBook
from tui.domain.text import duration
from tui.domain.timeouts import MAX_SECONDS, timeout_of

_WAY = {"SPOT": "Spot", "FLEX_START": "Flex-start"}
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Cost:
    """What a CustomJob costs in a region; every amount is an estimate, as its label says."""

    on_demand: Estimate
    spot: Estimate
    strategy: str
    """`SPOT`, `FLEX_START` or anything else for on demand."""
    timeout: float
    """Seconds; 0 when the spec sets none."""
    held: bool = False
    """Whether it runs on a persistent resource, which is billed on its own."""

    @property
    def seconds(self) -> float:
        """After what the service stops the job, at the latest."""
        return min(self.timeout or MAX_SECONDS, MAX_SECONDS)

    @property
    def chosen(self) -> Estimate | None:
        """The estimate that counts for this job; None where there is none (Flex-start, persistent)."""
        if self.held or self.strategy == "FLEX_START":
            return None
        return self.spot if self.strategy == "SPOT" else self.on_demand

    @property
    def most(self) -> Decimal | None:
        """USD until the job is stopped; None when the price is not known."""
        return self._until_end(self.chosen)

    @property
    def per_hour_words(self) -> str:
        """The hourly prices, the one that counts first, labelled as an estimate with its date."""
        if self.held:
            return "that of the persistent resource, which is billed whether jobs run or not"
        more = "".join(f" + {part}" for part in self.chosen.unknown) if self.chosen else ""
        spot, on_demand = f"{_short(self.spot)} Spot", f"{_short(self.on_demand)} on demand"
        if self.strategy == "SPOT":
            return f"{spot}{more}, {on_demand} ({self.on_demand.label})"
        if self.strategy == "FLEX_START":
            return f"of Flex-start not known, {on_demand}, {spot} ({self.on_demand.label})"
        return f"{on_demand}{more}, {spot} ({self.on_demand.label})"

    @property
    def most_words(self) -> str:
        """What it comes to until it is stopped, and when that is."""
        stopped = f"stopped after {duration(self.seconds)}"
        if not self.timeout:
            stopped = "no timeout is set: stopped only after 7 days"
        amount = self.most
        if self.held:
            return stopped
        if amount is None:
            return f"price not known, {stopped}"
        other = self._other()
        return f"{money(amount)}{other}, {stopped}"

    def _other(self) -> str:
        """The other way to pay, for comparison."""
        spot = self.strategy == "SPOT"
        amount = self._until_end(self.on_demand if spot else self.spot)
        if amount is None:
            return ""
        return f" ({'on demand' if spot else 'Spot'} {money(amount)})"

    def _until_end(self, found: Estimate | None) -> Decimal | None:
        if found is None or found.per_hour is None:
            return None
        return found.per_hour * Decimal(self.seconds) / _HOUR

    @property
    def way(self) -> str:
        """How the machines are had: `Spot`, `Flex-start`, or empty for on demand."""
        return _WAY.get(self.strategy, "")

    def over(self, limit: float) -> str:
        """The whole dollars to be typed when it may cost more than a limit of USD; empty if it may not.

        A limit of 0 is none.
        """
        amount = self.most
        if limit <= 0 or amount is None or amount <= Decimal(str(limit)):
            return ""
        return str(int(amount.to_integral_value(ROUND_CEILING)))

    def unsure(self, limit: float) -> bool:
        """Whether there is a limit and no price to hold against it."""
        return limit > 0 and self.most is None


def cost_of(job: Mapping[str, Any], region: str, book: PriceBook | None = None) -> Cost:
    """What a CustomJob in JSON form costs in a region; `book` holds newer prices than the table, if any."""
    spec = job.get("jobSpec", {})
    on_demand, spot = estimates(spec_pools(spec), region, book)
    return Cost(
        on_demand=on_demand,
        spot=spot,
        strategy=str(spec.get("scheduling", {}).get("strategy", "")),
        timeout=timeout_of(job),
        held=bool(spec.get("persistentResourceId")),
    )


def _short(found: Estimate) -> str:
    return "not known" if found.per_hour is None else f"{money(found.per_hour)}/h"
