"""What else a job's log tells: its W&B runs, the places in Cloud Storage that it names, its setting up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tui.domain.course.attempts import SERVICE
from tui.domain.course.links import wandb_runs
from tui.domain.logs import LogEntry

MOST = 20
"""Addresses and paths that are kept of each kind."""
_LOOKED_AT = 4_000
_PATH = re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,221}(?:/[^\s'\"`;|&<>(){}\[\],$\\]{0,800})?")
_SETTING_UP = re.compile(
    r"provisioning job running framework|setting up this job|waiting for training program|job is preparing",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Traces:
    """What was found; adds up with what later entries tell."""

    wandb: tuple[str, ...] = ()
    """Addresses of W&B runs, in the order in which they were found."""
    paths: tuple[str, ...] = ()
    """`gs://` paths, the last ones last."""
    pending_ns: int | None = None
    """When the service first spoke of setting the job up, nanoseconds since the epoch, UTC."""

    def and_also(self, other: Traces) -> Traces:
        """Both together; `other` is what comes later."""
        times = [each for each in (self.pending_ns, other.pending_ns) if each is not None]
        return Traces(
            tuple(dict.fromkeys((*self.wandb, *other.wandb)))[-MOST:],
            last_of((*self.paths, *other.paths)),
            min(times, default=None),
        )


def last_of(paths: Iterable[str]) -> tuple[str, ...]:
    """Each path once, where it was named last."""
    return tuple(reversed(list(dict.fromkeys(reversed([*paths])))[:MOST]))


def look_for(entries: Iterable[LogEntry]) -> Traces:
    """Look through entries, which are in order; odd ones never raise."""
    texts: list[str] = []
    paths: list[str] = []
    pending: int | None = None
    for entry in entries:
        text = entry.text
        if entry.replica == SERVICE:
            if _SETTING_UP.search(text[:_LOOKED_AT]) and (pending is None or entry.timestamp_ns < pending):
                pending = entry.timestamp_ns
            continue
        if "wandb" in text:
            texts.append(text)
        if "gs://" in text:
            paths += [match.group().rstrip(".:") for match in _PATH.finditer(text[:_LOOKED_AT])]
    return Traces(wandb_runs(texts)[-MOST:], last_of(paths), pending)
