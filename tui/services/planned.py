"""A start as it would be sent now, with the words that a dialog and a shell have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui.domain.catalog.quotas import spec_pools
from tui.domain.catalog.skus import PriceBook
from tui.domain.jobs import job_from_json
from tui.domain.spec.check import Spec
from tui.domain.spec.cost import Cost, cost_of
from tui.domain.spec.references import PLAIN_NAMES, Source, Value
from tui.domain.spec.secret_rules import LITERAL
from tui.domain.target import Target
from tui.services.preflight import Report
from tui.services.submission import Record

OWN_AGENT = "the Vertex AI Custom Code Service Agent (the file names none)"
"""Whom a custom job runs as when `serviceAccount` is unset (`custom_job.proto`)."""


@dataclass(frozen=True, slots=True)
class PlannedStart:
    """All that is asked about before a job is started."""

    spec: Spec
    request: Mapping[str, Any]
    """With references filled; never shown as a whole."""
    values: Mapping[str, Value]
    target: Target
    file: str
    """The spec file as it is shown or found, or empty."""
    report: Report
    number: int = 0
    """Which start of the file it is."""
    prices: PriceBook | None = None
    """Prices of the Cloud Billing catalogue, if there are any."""
    last: Record | None = None
    """Where the file was last sent to, of the same kind as the target: local or Google's."""
    doubtful: tuple[Record, ...] = ()
    """Earlier starts of which it is not known whether they arrived."""

    @property
    def display_name(self) -> str:
        """The job's name."""
        return str(self.request.get("displayName", ""))

    @property
    def cost(self) -> Cost:
        """What it costs."""
        return cost_of(self.request, self.target.region, self.prices)

    @property
    def other_project(self) -> str:
        """The project that the file was last sent to, if that is another one."""
        return self.last.project if self.last is not None and self.last.project != self.target.project else ""

    @property
    def literals(self) -> int:
        """How many secrets stand in the text as they are."""
        return sum(problem.code == LITERAL for problem in self.spec.problems)

    @property
    def literal_words(self) -> str:
        """The warning of those; empty if there are none."""
        stand = "secrets stand" if self.literals > 1 else "secret stands"
        warning = f"{self.literals} {stand} in the text itself, readable by all who see the file or the job"
        return warning if self.literals else ""

    @property
    def machines(self) -> str:
        """Pools, replicas, region and the way they are provisioned."""
        cost = self.cost
        pools = ", ".join(pool.summary for pool in job_from_json(self.request).pools if pool.machine_type)
        pools = pools or ("the persistent resource's" if cost.held else "none is named")
        total = sum(pool.replicas for pool in spec_pools(self.request.get("jobSpec", {})))
        parts = [pools, f"{total} replicas" if total > 1 else "", self.target.region, cost.way]
        return " · ".join(part for part in parts if part)

    @property
    def filled(self) -> str:
        """What each `${NAME}` is filled with, secrets hidden; empty without any."""
        parts = []
        for name in dict.fromkeys(reference.name for reference in self.spec.references):
            value = self.values.get(name)
            if value is None:
                parts.append(f"{name} (its default)")
            elif self.is_plain(name):
                parts.append(f"{name} = {value.text}")
            else:
                parts.append(f"{name} (hidden, from the {value.source.value})")
        return ", ".join(parts)

    def is_plain(self, name: str) -> bool:
        """Whether what a `${NAME}` is filled with may be shown."""
        return name in PLAIN_NAMES or (name in self.values and self.values[name].source is Source.SETTINGS)
