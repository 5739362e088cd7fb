"""Addresses about a job: the console, W&B runs found in its log, TensorBoard."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tui.domain.jobs import Job

_WANDB = re.compile(r"https://[\w.-]*wandb\.[\w.-]{1,40}/[\w.%-]{1,100}/[\w.%-]{1,130}/runs/[\w-]{1,80}")
_TENSORBOARD = re.compile(r"projects/[^/]+/locations/(?P<region>[^/]+)/tensorboards/[^/]+")


@dataclass(frozen=True, slots=True)
class Link:
    """Something to open in a browser."""

    title: str
    url: str


def console_link(job: Job) -> Link:
    """The job in Google's console (the address that the SDK prints)."""
    parts = job.name.split("/")
    project = parts[1] if len(parts) > 1 else ""
    path = f"ai/platform/locations/{job.region}/training/{job.job_id}"
    return Link("Console", f"https://console.cloud.google.com/{path}?project={project}")


def logs_link(job: Job) -> Link:
    """The job's log in Google's console."""
    parts = job.name.split("/")
    project = parts[1] if len(parts) > 1 else ""
    query = f"resource.type%3D%22ml_job%22%0Aresource.labels.job_id%3D%22{job.job_id}%22"
    return Link(
        "Logs Explorer", f"https://console.cloud.google.com/logs/query;query={query}?project={project}"
    )


def tensorboard_link(job: Job) -> Link | None:
    """The job's TensorBoard experiment, if its spec names a TensorBoard (the address that the SDK prints)."""
    spec: Any = job.raw.get("jobSpec")
    board = str(spec.get("tensorboard", "")) if hasattr(spec, "get") else ""
    found = _TENSORBOARD.fullmatch(board)
    if not found:
        return None
    experiment = f"{board}/experiments/{job.job_id}".replace("/", "+")
    return Link(
        "TensorBoard", f"https://{found['region']}.tensorboard.googleusercontent.com/experiment/{experiment}"
    )


def wandb_runs(texts: Iterable[str]) -> tuple[str, ...]:
    """The addresses of Weights & Biases runs in a log, in the order they appear."""
    found = (match.group() for text in texts if "wandb" in text for match in _WANDB.finditer(text[:4_000]))
    return tuple(dict.fromkeys(found))
