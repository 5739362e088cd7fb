"""The words of the question before a job is started; pure, so that they can be tested."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from textual.content import Content

from tui.domain.jobs import job_from_json
from tui.domain.secret_args import hide_args
from tui.domain.secrets import hide_found
from tui.domain.setup.model import Check, Group
from tui.domain.spec.args_text import args_line
from tui.domain.spec.override import first_args
from tui.domain.spec.request import env_lists, gcloud_command, gcloud_notes
from tui.domain.text import duration, middle_cut, printable
from tui.panes.spec_preflight import StartQuestion
from tui.services.planned import OWN_AGENT, PlannedStart
from tui.services.preflight import Finding
from tui.services.submission import Record
from tui.widgets.state_view import local_clock

_LABEL, _WIDTH = 10, 67
"""Columns of a row's label, and of a whole line."""
_ARGS = 4 * (_WIDTH - _LABEL)
"""Columns of arguments; a script can be of any length."""
_ALL_KEYS = 9
"""Rows that a digit can lead to."""
_OF_TIMEOUT = ("no-timeout", "long-timeout", "over-limit")
"""What is wrong with the file's timeout, and right when the start has another."""


@dataclass(frozen=True, slots=True)
class Start(PlannedStart):
    """All that is asked about before a job is started."""

    unsaved: bool = False
    limit: float = 0.0
    """USD that a job may cost without being typed; 0 for no limit."""
    changed_args: bool = False
    """Whether the arguments are others than the file's, for this start only."""
    own_timeout: bool = False
    """Whether the timeout is another than the file's, for this start only."""

    @property
    def rows(self) -> tuple[Finding, ...]:
        """What the checks found that is not right or not known."""
        return self.report.open[:_ALL_KEYS]


def sent_words(record: Record) -> str:
    """Which submission it is: the job's name, and when it was sent, with the day unless it is today."""
    sent = record.time.astimezone()
    today = sent.date() == datetime.now(sent.tzinfo).date()
    when = local_clock(sent) if today else f"{sent:%H:%M} on {sent:%d %b %Y}"
    return f"{record.display_name}, sent at {when}"


def question(start: Start) -> StartQuestion:
    """The one dialog before a job is started; its first line says where and who pays."""
    local = start.target.is_local
    amount = "" if local else start.cost.over(start.limit)
    typed: list[tuple[str, str]] = []
    if start.other_project:
        before = printable(start.other_project)
        typed.append((f"Last sent to {before}. Type {start.target.project} to go on:", start.target.project))
    if amount:
        typed.append((f"Over your limit of ${start.limit:,.2f}. Type {amount} (dollars) to go on:", amount))
    return StartQuestion(
        title="Start this job on this box?" if local else "Start a job that costs money?",
        lines=_lines(start),
        yes="Start",
        danger=not local,
        must_type=typed[0][1] if typed else "",
        typed=tuple(typed),
        refusals=_refusals(start),
        rows=tuple(finding.check.id for finding in start.rows),
        may_try=not local,
        may_change_args=first_args(start.request) is not None,
        may_write=start.own_timeout,
    )


def _refusals(start: Start) -> tuple[str, ...]:
    """Why the start has to be chosen a second time."""
    found = [printable(finding.words) for finding in start.report.sure]
    if not start.target.is_local and start.cost.unsure(start.limit):
        found.append(f"the price is not known, and your limit is ${start.limit:,.2f}")
    return tuple(found)


def _lines(start: Start) -> list[str | Content]:
    lines = [_first_line(start), _row("Job", start.display_name), _row("Machine", start.machines)]
    lines += _price(start)
    if start.changed_args:
        lines.append(_row("Args", f"{_args(start.request)} (for this start only)"))
    lines += [_open_row(number, finding) for number, finding in enumerate(start.rows, start=1)]
    more = len(start.report.open) - len(start.rows)
    if more > 0:
        lines.append(_warning(f"{more} more in Setup"))
    lines += [_warning(text) for text in _warnings(start)]
    lines += _right(start)
    lines += _details(start)
    drop = "If the connection drops now: sent once or never; the next start tells you."
    lines += [_muted(drop), _muted(_command(start), indent=2)]
    lines += [_muted(f"# {note}", indent=2) for note in gcloud_notes(start.spec)]
    return list(lines)


def _price(start: Start) -> list[Content]:
    cost, local = start.cost, start.target.is_local
    if local:
        stopped = duration(cost.timeout) if cost.timeout else ""
        most = f"stopped after {stopped}" if stopped else "no timeout is set: stopped only after 7 days"
        return [
            _row("Price", f"nothing on this box; on Google Cloud {cost.per_hour_words}"),
            _row("At most", _own(most, start)),
        ]
    most = _own(cost.most_words, start)
    if not cost.timeout:
        return [_row("Price", cost.per_hour_words), _row("At most", f"{most} · M sets one", "$text-warning")]
    return [_row("Price", cost.per_hour_words), _row("At most", most)]


def _own(words: str, start: Start) -> str:
    return f"{words} (for this start only; W writes it into the file)" if start.own_timeout else words


def _warnings(start: Start) -> Iterable[str]:
    if start.unsaved:
        yield "the text is not saved; the job gets it as it is in the editor"
    if start.literals:
        yield start.literal_words
    for record in start.doubtful:
        yield f"whether {sent_words(record)}, was started is not known yet"
    for item in start.spec.warnings:
        if not (start.own_timeout and item.code in _OF_TIMEOUT):
            yield f"line {item.line}: {item.message}"


def _details(start: Start) -> list[Content]:
    job = job_from_json(start.request)
    found = [_row("Outputs", _outputs(start, job.output_uri))]
    found.append(_row("Runs as", job.service_account or OWN_AGENT))
    labels = ", ".join(f"{key}={value}" for key, value in job.labels.items())
    found.append(_row("Labels", f"{labels}, " * bool(labels) + "vertex-tui-id (made when it is sent)"))
    if start.spec.references:
        found.append(_row("Filled in", _filled(start)))
    if start.target.is_local:
        found.append(_muted("The image is not used: the commands run on this box."))
    elif start.last is None:
        found.append(_muted("First start of this file on Google Cloud."))
    return found


def _first_line(start: Start) -> Content:
    target = start.target
    where = Content.styled(" LOCAL ", "$text-success reverse bold")
    if not target.is_local:
        where = Content.styled(" GOOGLE CLOUD · BILLED ", "$text-warning reverse bold")
    who = f"{target.project} · {start.report.account or 'account unknown'} "
    return Content.assemble((f"{'Project':<{_LABEL}}", "$text-muted"), (printable(who), "bold"), where)


def _row(label: str, value: str, style: str = "") -> Content:
    head = Content.styled(f"{label:<{_LABEL}}", "$text-muted")
    return head + Content.styled(_wrapped(value, _LABEL), style)


def _warning(text: str) -> Content:
    return Content.assemble(("⚠ ", "$text-warning"), Content(_wrapped(text, 2)))


def _muted(text: str, indent: int = 0) -> Content:
    return Content.styled(_wrapped(text, indent, first=0), "$text-muted")


def _wrapped(text: str, indent: int, first: int | None = None) -> str:
    """The text with its further lines indented; `first` are the columns before its first line."""
    start = indent if first is None else first
    lines = textwrap.wrap(
        printable(text),
        _WIDTH,
        initial_indent=" " * start,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    )
    return "\n".join(lines)[start:]


_TONES = {"✗": "$text-error", "⚠": "$text-warning", "?": "$text-muted"}


def _open_row(number: int, finding: Finding) -> Content:
    key = f"[{number}]"
    head, _, last = _wrapped(f"{finding.words} {key}", 2).rpartition(key)
    glyph = (f"{finding.glyph} ", _TONES[finding.glyph])
    return Content.assemble(glyph, Content(head), (key, "$text-accent"), Content(last))


def _right(start: Start) -> list[Content]:
    """What is right, in as few lines as possible."""
    right = start.report.right.items()
    items = [f"✓ {_group_words(group, checks, start)}" for group, checks in right]
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + 3 + len(item) <= _WIDTH:
            lines[-1] += f"   {item}"
        else:
            lines.append(item)
    return [Content.styled(_wrapped(line, 2, first=0), "$text-success") for line in lines]


_GROUP_WORDS = {
    Group.CONNECTION: "login, project, billing",
    Group.PERMISSIONS: "permissions",
    Group.ACCOUNT: "service account",
    Group.POLICIES: "policies",
}


def _group_words(group: Group, checks: tuple[Check, ...], start: Start) -> str:
    if group is Group.QUOTA:
        found = [f"{check.title} {check.finding.removeprefix('needs ')}" for check in checks]
        return "quota: " + ", ".join(printable(item) for item in found)
    if group is Group.BUCKET:
        return f"bucket {printable(checks[0].title)}"
    if group is Group.SECRETS:
        references = len(start.spec.references)
        hidden = "" if start.literals else ", secrets hidden"
        return f"{references} filled in{hidden}" if references else "nothing to fill in"
    return _GROUP_WORDS.get(group, str(group))


def _args(request: Mapping[str, Any]) -> str:
    line = args_line(hide_args(first_args(request) or [])) or "none"
    return middle_cut(hide_found(line), _ARGS)


def _outputs(start: Start, output_uri: str) -> str:
    if output_uri:
        return output_uri
    for env in env_lists(start.request):
        for variable in env:
            if variable.get("name") == "BUCKET_NAME" and start.is_plain("BUCKET_NAME"):
                return f"gs://{variable.get('value', '')} (BUCKET_NAME)"
    needs = start.report.facts.needs
    if needs is not None and needs.buckets:
        return ", ".join(f"gs://{name}" for name in needs.buckets) + " (named in the file)"
    return "no bucket is named in the file"


def _filled(start: Start) -> str:
    stored = "; Vertex AI keeps the values in the job, readable for all who may read jobs"
    return start.filled + ("" if start.target.is_local else stored)


def _command(start: Start) -> str:
    command = gcloud_command(
        start.spec,
        file=start.file or "job.yaml",
        project=start.target.project,
        region=start.target.region,
        display_name=start.display_name,
        labels=start.request.get("labels", {}),
    )
    return printable(command.replace(" \\\n  ", " "))
