"""The words in which a transfer is asked for."""

from __future__ import annotations

import os
import shlex
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tui.domain.deleteplan import count_and_size, gcloud_can_name
from tui.domain.storage import GcsUri
from tui.domain.storagewords import place_name, where_line
from tui.domain.target import Target
from tui.domain.text import printable, size
from tui.domain.transfers.egress import egress_words
from tui.domain.transfers.fetch import fetch_command, host_path, server
from tui.domain.transfers.overwrite import FATE, RULES, Overwrite
from tui.panes.spec_pick import Pick
from tui.panes.storage_words import files
from tui.services.transfers.downloads import DownloadPlan
from tui.services.transfers.uploads import UploadPlan
from tui.widgets.confirm import Question

TOPS_NAMED = 3
"""Things that the command to fetch them names one by one; of more it fetches the folder."""

ROW = 20
"""Longest list of sources that the equivalent command names."""


@dataclass(frozen=True, slots=True)
class Way:
    """What the way from the bucket to this box is like."""

    location: str = ""
    """Of the bucket."""
    box_region: str = ""
    local: bool = False


def on_host(path: Path, environ: Mapping[str, str] = os.environ) -> str:
    """A place on this box as another one names it, `host:/path`."""
    return printable(host_path(server(environ, socket.gethostname())[0], PurePosixPath(path)))


def fetch_of(folder: Path, tops: Sequence[Path], environ: Mapping[str, str] = os.environ) -> str:
    """The command for one's own machine that fetches what lands in a folder."""
    places = tops if 0 < len(tops) <= TOPS_NAMED else (folder,)
    return fetch_command([PurePosixPath(place) for place in places], environ, socket.gethostname())


def rule_picks() -> list[Pick[Overwrite]]:
    """The rules to choose from for what is there already."""
    return [Pick(rule, name, about) for rule, name, about in RULES]


def download_question(plan: DownloadPlan, target: Target, rule: Overwrite, way: Way) -> Question:
    """The question before a download: how much, from where, to where, and what it may cost."""
    wanted = [landing for landing in plan.landings if not landing.refused]
    lines = [
        f"{count_and_size(len(wanted), plan.bytes)} from {_sources(plan)}",
        f"to {on_host(plan.target)}",
        f"{size(plan.free)} are free there.",
        egress_words(plan.bytes, way.location, box_region=way.box_region, local=way.local),
    ]
    if plan.existing:
        lines.append(f"{files(plan.existing)} there already: {FATE[rule]}.")
    lines += [f"Note: {printable(note)}" for note in plan.notes]
    lines += ["", "To fetch it from this box to your own machine (c copies this):"]
    lines.append(f"  {printable(fetch_of(plan.folder, plan.tops))}")
    uris = [source.uri for source in plan.sources]
    if len(uris) <= ROW and all(map(gcloud_can_name, uris)):
        recursive = "--recursive " if any(uri.is_prefix for uri in uris) else ""
        paths = " ".join(shlex.quote(str(uri).rstrip("/")) for uri in uris)
        lines.append(_same_as(rule, f"{recursive}{paths} {shlex.quote(str(plan.folder))}"))
    lines.append(where_line(target))
    return Question("Download?", lines, "Download")


def _sources(plan: DownloadPlan) -> str:
    if len(plan.sources) == 1:
        return place_name(plan.uri)
    return f"{len(plan.sources):,} marked entries of {place_name(plan.uri)}"


def upload_question(plan: UploadPlan, target: Target, rule: Overwrite, chosen: GcsUri) -> Question:
    """The question before an upload: how much, from where, to where, what is there already."""
    lines = [
        f"{files(len(plan.files))}, {size(plan.bytes)} from {on_host(plan.path)}",
        f"to {place_name(plan.target)}",
    ]
    if plan.existing:
        lines.append(f"{_objects(plan.existing)} there already: {FATE[rule]}.")
        if rule in (Overwrite.REPLACE, Overwrite.DIFFERENT):
            lines.append("Only the versions seen now are replaced: what somebody puts there meanwhile stays.")
    lines += [f"Note: {printable(note)}" for note in plan.notes]
    if gcloud_can_name(chosen):
        recursive = "--recursive " if plan.is_folder else ""
        source = printable(shlex.quote(str(plan.path)))
        lines += ["", _same_as(rule, f"{recursive}{source} {shlex.quote(str(chosen))}")]
    lines.append(where_line(target))
    danger = bool(plan.existing) and rule in (Overwrite.REPLACE, Overwrite.DIFFERENT)
    return Question("Upload?", lines, "Upload", danger=danger)


def _same_as(rule: Overwrite, arguments: str) -> str:
    """The gcloud command that does the same: it can keep what is there, or replace all of it."""
    if rule not in (Overwrite.KEEP, Overwrite.REPLACE):
        return "No gcloud command does exactly this."
    keep = "--no-clobber " if rule is Overwrite.KEEP else ""
    return f"Same as: gcloud storage cp {keep}{arguments}"


def _objects(count: int) -> str:
    return f"{count:,} object{'' if count == 1 else 's'}"


def home_path(folder: str) -> str:
    """A folder as it is proposed for typing: absolute, or below `~`."""
    path = Path(folder).expanduser().absolute()
    try:
        below = path.relative_to(Path.home())
    except ValueError:
        return str(path)
    return f"~/{below}" if below.parts else "~/"
