"""The words before a job is started: what it is, what it costs, what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator

from tui.commands.hints import command
from tui.domain.jobs import OWN_LABEL, job_from_json
from tui.domain.places import Place
from tui.services.planned import OWN_AGENT, PlannedStart
from tui.services.submission import Record


def warnings(plan: PlannedStart) -> Iterator[str]:
    """What is not right or not known, beside the spec's own problems, which were told before."""
    for finding in plan.report.open:
        if not finding.sure:
            yield f"{finding.glyph} {finding.words}"
    if plan.literals:
        yield f"⚠ {plan.literal_words}"
    for record in plan.doubtful:
        sent = f"{record.time.astimezone():%Y-%m-%d %H:%M:%S}"
        name, look = record.display_name, look_for(record)
        yield f"⚠ whether {name}, sent at {sent}, was started is not known yet; look: {look}"
    if plan.other_project:
        yield f"⚠ this file was last sent to another project: {plan.other_project}"


def look_for(record: Record) -> str:
    """The command that tells whether the job of a start exists."""
    return command(f"jobs --filter label:{OWN_LABEL}={record.label}", Place(record.project, record.region))


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
