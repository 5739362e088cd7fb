"""What is set for one start only, and not written into the file: arguments, a timeout."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tui.domain.secret_args import hide_args
from tui.domain.secrets import find_secrets
from tui.domain.timeouts import MAX_SECONDS

_TASKS = ("containerSpec", "pythonPackageSpec")
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "min": 60, "s": 1}
_PART = re.compile(r"(?P<number>\d{1,9}(?:\.\d{1,3})?)\s*(?P<unit>d|h|min|m|s)\s*", re.IGNORECASE)
_BARE = re.compile(r"\d{1,9}")


class OverrideError(ValueError):
    """What was typed cannot be used; the text is a sentence for the user."""


def first_args(job: Mapping[str, Any]) -> list[str] | None:
    """The arguments of the first worker pool of a CustomJob in JSON form; None where it takes none."""
    task = _task(job)
    return None if task is None else [str(item) for item in task.get("args", [])]


def holds_secret(args: Sequence[str]) -> bool:
    """Whether arguments hold what looks like a secret, so that they must not be shown."""
    return bool(find_secrets(" ".join(args))) or hide_args(args) != list(args)


def with_args(job: Mapping[str, Any], args: Sequence[str]) -> dict[str, Any]:
    """A CustomJob with other arguments in its first worker pool."""
    changed = copy.deepcopy(dict(job))
    task = _task(changed)
    if task is not None:
        task.pop("args", None)
        if args:
            task["args"] = list(args)
    return changed


def parse_duration(text: str) -> int:
    """Whole seconds that `2h`, `1h 30m`, `90 min`, `7200s` or `2d` mean.

    Raises:
        OverrideError: it is no length of time, or none between a second and 7 days.
    """
    text = text.strip()
    if _BARE.fullmatch(text):
        raise OverrideError(f"Say what {text} counts: {text}h, {text}m or {text}s.")
    seconds = _seconds(text)
    if seconds is None:
        raise OverrideError("Write a length of time such as 2h, 1h 30m or 45m.")
    if not 1 <= seconds <= MAX_SECONDS:
        raise OverrideError("It must be between a second and 7 days.")
    return seconds


def _seconds(text: str) -> int | None:
    total, end = 0.0, 0
    while end < len(text):
        part = _PART.match(text, end)
        if part is None:
            return None
        total += float(part["number"]) * _UNITS[part["unit"].lower()]
        end = part.end()
    return math.ceil(total) if end else None


def with_timeout(job: Mapping[str, Any], seconds: int) -> dict[str, Any]:
    """A CustomJob with another `scheduling.timeout`."""
    spec = dict(job.get("jobSpec", {}))
    scheduling = {**spec.get("scheduling", {}), "timeout": f"{seconds}s"}
    return {**job, "jobSpec": {**spec, "scheduling": scheduling}}


def _task(job: Mapping[str, Any]) -> dict[str, Any] | None:
    """The container or package of the first worker pool."""
    pools = job.get("jobSpec", {}).get("workerPoolSpecs") or [{}]
    first = pools[0] if isinstance(pools[0], dict) else {}
    return next((first[kind] for kind in _TASKS if isinstance(first.get(kind), dict)), None)
