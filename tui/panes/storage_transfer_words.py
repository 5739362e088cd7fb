"""The words in which a transfer is asked for and accounted for."""

from __future__ import annotations

import shlex
from pathlib import Path

from tui.domain.deleteplan import count_and_size, gcloud_can_name
from tui.domain.target import Target
from tui.domain.text import printable, size
from tui.panes.storage_words import files, place_name, where_line
from tui.services.transfers import DownloadPlan, DownloadReport, host_path
from tui.widgets.confirm import Question


def download_question(plan: DownloadPlan, target: Target, *, replace: bool) -> Question:
    """The question before a download: how much, from where, to where."""
    lines = [
        f"{count_and_size(len(plan.landings), plan.bytes)} from {place_name(plan.uri)}",
        f"to {printable(host_path(plan.target))}",
        f"{size(plan.free)} are free there.",
    ]
    if plan.existing:
        fate = "replaced" if replace else "kept as they are"
        lines.append(f"{files(plan.existing)} there already: {fate}.")
    lines += [printable(note) for note in plan.notes]
    if gcloud_can_name(plan.uri):
        path = str(plan.uri).rstrip("/") if plan.uri.is_prefix else str(plan.uri)
        recursive = "--recursive " if plan.uri.is_prefix else ""
        lines += [
            "",
            f"Same as: gcloud storage cp {recursive}{shlex.quote(path)} {shlex.quote(str(plan.folder))}",
        ]
    lines.append(where_line(target))
    return Question("Download?", lines, "Download")


def replace_question(plan: DownloadPlan) -> Question:
    """The question whether files that are there already may be overwritten."""
    return Question(
        f"Replace what is there already ({files(plan.existing)})?",
        [f"in {printable(host_path(plan.target))}", "", "No keeps them and downloads only what is missing."],
        "Replace",
        danger=True,
    )


def download_progress(report: DownloadReport) -> str:
    """How far a download is, in one line."""
    plan = report.plan
    finished = len(plan.landings) - report.left
    percent = f"{min(100 * report.bytes_done // plan.bytes, 100)}%" if plan.bytes else ""
    parts = [
        f"{finished:,} of {files(len(plan.landings))}",
        f"{size(report.bytes_done)} of {size(plan.bytes)}",
        percent,
    ]
    parts += [f"{len(report.failed):,} failed"] if report.failed else []
    return " · ".join(part for part in parts if part)


def home_path(folder: str) -> str:
    """A folder as it is proposed for typing: absolute, or below `~`."""
    path = Path(folder).expanduser().absolute()
    try:
        return f"~/{path.relative_to(Path.home())}"
    except ValueError:
        return str(path)
