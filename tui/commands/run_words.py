"""The words before a job is started: what it is, what it costs, what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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

_AGENT = "the Vertex AI Custom Code Service Agent (the file names none)"


@dataclass(frozen=True, slots=True)
class Plan:
    """All about a start, as it would be sent now."""

    spec: Spec
    request: Mapping[str, Any]
    """With references filled; never shown as a whole."""
    values: Mapping[str, Value]
    target: Target
    file: str
    """The real path of the spec, or empty."""
    number: int
    report: Report
    prices: PriceBook | None
    last: Record | None
    """Where the file was sent last."""
    doubtful: tuple[Record, ...]
    """Earlier starts of which it is not known whether they arrived."""

    @property
    def name(self) -> str:
        """The job's display name."""
        return str(self.request.get("displayName", ""))

    @property
    def cost(self) -> Cost:
        """What it costs."""
        return cost_of(self.request, self.target.region, self.prices)


def warnings(plan: Plan) -> Iterator[str]:
    """What is not right or not known, beside the spec's own problems, which were told before."""
    for finding in plan.report.open:
        if not finding.sure:
            yield f"{finding.glyph} {finding.words}"
    if count := sum(problem.code == LITERAL for problem in plan.spec.problems):
        stand = "secrets stand" if count > 1 else "secret stands"
        yield f"⚠ {count} {stand} in the text itself, readable by all who see the file or the job"
    for record in plan.doubtful:
        sent = f"{record.time.astimezone():%Y-%m-%d %H:%M:%S}"
        yield f"⚠ whether {record.display_name}, sent at {sent}, was started is not known yet"
    if plan.last is not None and plan.last.project != plan.target.project:
        yield f"⚠ this file was last sent to another project: {plan.last.project}"


def question_lines(plan: Plan) -> list[str]:
    """Everything that is asked about before money is spent."""
    job = job_from_json(plan.request)
    cost = plan.cost
    account = plan.report.account or "account unknown"
    rows = [
        ("Project", f"{plan.target.project}, as {account}, GOOGLE CLOUD · BILLED"),
        ("Job", plan.name),
        ("Machine", _machines(plan)),
        ("Price", cost.per_hour_words),
        ("At most", cost.most_words),
        ("Outputs", job.output_uri or "no base directory in the file"),
        ("Runs as", job.service_account or _AGENT),
        ("Filled in", _filled(plan)),
    ]
    return [f"{label:<10}{value}" for label, value in rows if value]


def _machines(plan: Plan) -> str:
    job = job_from_json(plan.request)
    pools = ", ".join(pool.summary for pool in job.pools if pool.machine_type)
    pools = pools or ("the persistent resource's" if plan.cost.held else "none is named")
    total = sum(pool.replicas for pool in spec_pools(plan.request.get("jobSpec", {})))
    parts = [pools, f"{total} replicas" if total > 1 else "", plan.target.region, plan.cost.way]
    return " · ".join(part for part in parts if part)


def _filled(plan: Plan) -> str:
    parts = []
    for name in dict.fromkeys(reference.name for reference in plan.spec.references):
        value = plan.values.get(name)
        if value is None:
            parts.append(f"{name} (its default)")
        elif name in PLAIN_NAMES or value.source is Source.SETTINGS:
            parts.append(f"{name} = {value.text}")
        else:
            parts.append(f"{name} (hidden, from the {value.source.value})")
    return ", ".join(parts)
