"""The words of the question before a job is started; pure, so that they can be tested."""

from __future__ import annotations

import getpass
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from textual.content import Content

from tui.domain.jobs import job_from_json
from tui.domain.spec.check import Spec
from tui.domain.spec.references import PLAIN_NAMES, Source, Value
from tui.domain.spec.request import env_lists, gcloud_command
from tui.domain.spec.rules import MAX_DISPLAY_NAME
from tui.domain.target import Target
from tui.domain.text import duration, middle_cut, printable
from tui.widgets.confirm import Question

DEFAULT_TIMEOUT = "7 days"
"""What Vertex AI allows a job without `scheduling.timeout` (604,800 s)."""

OWN_AGENT = "the Vertex AI Custom Code Service Agent (the file names none)"
"""Whom a custom job runs as when `serviceAccount` is unset (`custom_job.proto`)."""


@dataclass(frozen=True, slots=True)
class Start:
    """All that is asked about before a job is started."""

    spec: Spec
    request: Mapping[str, Any]
    """With references filled; never shown as a whole."""
    values: Mapping[str, Value]
    display_name: str
    target: Target
    account: str
    file: str
    """The spec file as it is shown, or empty when it has no name yet."""
    unsaved: bool


def display_name(spec: Spec, account: str, stem: str, now: datetime) -> str:
    """The file's own displayName, or `{user}-{file stem}-{time}`."""
    own = str(spec.job.get("displayName", "")).strip()
    if own:
        return own
    user = re.sub(r"[^\w.-]+", "-", account.partition("@")[0] or _user())
    name = "-".join(part for part in (user, re.sub(r"[^\w.-]+", "-", stem), f"{now:%m%d-%H%M}") if part)
    return name[:MAX_DISPLAY_NAME]


def question(start: Start) -> Question:
    """The one dialog before a job is started; its first line says where and who pays."""
    local = start.target.is_local
    return Question(
        title="Start this job on this box?" if local else "Start a job that costs money?",
        lines=_lines(start),
        yes="Start",
        danger=not local,
    )


def _lines(start: Start) -> list[str | Content]:
    job = job_from_json(start.request)
    region = start.target.region
    lines: list[str | Content] = [_first_line(start)]
    lines.append(_row("Job", start.display_name))
    lines.append(_row("Machine", f"{', '.join(pool.summary for pool in job.pools)} · {region}"))
    lines.append(_row("At most", _timeout(start.request, local=start.target.is_local)))
    lines.append(_row("Outputs", _outputs(start, job.output_uri)))
    lines.append(_row("Runs as", job.service_account or OWN_AGENT))
    if start.spec.references:
        lines.append(_row("Filled in", _filled(start)))
    if start.target.is_local:
        lines.append(Content.styled("The image is not used: the commands run on this box.", "$text-muted"))
    if start.unsaved:
        lines.append(_warning("the text is not saved; the job gets it as it is in the editor"))
    lines += [_warning(f"line {item.line}: {item.message}") for item in start.spec.warnings]
    lines.append(
        Content.styled(
            "If the connection drops now: sent once or never; the next start tells you.", "$text-muted"
        )
    )
    lines.append(Content.styled(_command(start), "$text-muted"))
    return lines


def _first_line(start: Start) -> Content:
    target = start.target
    where = Content.styled(" LOCAL ", "$text-success reverse bold")
    if not target.is_local:
        where = Content.styled(" GOOGLE CLOUD · BILLED ", "$text-warning reverse bold")
    who = f"{target.project} · {start.account or 'account unknown'} "
    return Content.assemble(("Project   ", "$text-muted"), (printable(who), "bold"), where)


def _row(label: str, value: str) -> Content:
    return Content.assemble((f"{label:<10}", "$text-muted"), Content(printable(value)))


def _warning(text: str) -> Content:
    return Content.assemble(("⚠ ", "$text-warning"), Content(printable(text)))


def _timeout(request: Mapping[str, Any], *, local: bool) -> str:
    text = request.get("jobSpec", {}).get("scheduling", {}).get("timeout", "")
    seconds = float(text[:-1]) if text else 0.0
    if seconds:
        return f"{duration(seconds)}, then it is stopped"
    return f"no timeout is set: stopped after {DEFAULT_TIMEOUT}" + ("" if local else ", billed until then")


def _outputs(start: Start, output_uri: str) -> str:
    if output_uri:
        return output_uri
    for env in env_lists(start.request):
        for variable in env:
            if variable.get("name") == "BUCKET_NAME" and _is_plain("BUCKET_NAME", start.values):
                return f"gs://{variable.get('value', '')} (BUCKET_NAME)"
    return "no bucket is named in the file"


def _filled(start: Start) -> str:
    parts = []
    for reference in {item.name: item for item in start.spec.references}.values():
        value = start.values.get(reference.name)
        if value is None:
            parts.append(f"{reference.name} (its default)")
        elif _is_plain(reference.name, start.values):
            parts.append(f"{reference.name} = {value.text}")
        else:
            parts.append(f"{reference.name} (hidden, from the {value.source.value})")
    stored = "; Vertex AI keeps the values in the job, readable for all who may read jobs"
    return ", ".join(parts) + ("" if start.target.is_local else stored)


def _is_plain(name: str, values: Mapping[str, Value]) -> bool:
    return name in PLAIN_NAMES or (name in values and values[name].source is Source.SETTINGS)


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


def short_path(text: str, width: int = 60) -> str:
    """A path that fits a title."""
    return middle_cut(text, width)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
