"""The words before a job is started: what it is, what it costs, what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.jobs import job_from_json
from tui.services.planned import OWN_AGENT, PlannedStart


def warnings(plan: PlannedStart) -> Iterator[str]:
    """What is not right or not known, beside the spec's own problems, which were told before."""
    for finding in plan.report.open:
        if not finding.sure:
            yield f"{finding.glyph} {finding.words}"
    if plan.literals:
        yield f"⚠ {plan.literal_words}"
    for record in plan.doubtful:
        sent = f"{record.time.astimezone():%Y-%m-%d %H:%M:%S}"
        yield f"⚠ whether {record.display_name}, sent at {sent}, was started is not known yet"
    if plan.other_project:
        yield f"⚠ this file was last sent to another project: {plan.other_project}"


def question_lines(plan: PlannedStart) -> list[str]:
    """Everything that is asked about before money is spent."""
    job = job_from_json(plan.request)
    cost = plan.cost
    account = plan.report.account or "account unknown"
    rows = [
        ("Project", f"{plan.target.project}, as {account}, GOOGLE CLOUD · BILLED"),
        ("Job", plan.display_name),
        ("Machine", plan.machines),
        ("Price", cost.per_hour_words),
        ("At most", cost.most_words),
        ("Outputs", job.output_uri or "no base directory in the file"),
        ("Runs as", job.service_account or OWN_AGENT),
        ("Filled in", plan.filled),
    ]
    return [f"{label:<10}{value}" for label, value in rows if value]
