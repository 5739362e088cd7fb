"""Secrets in what is quoted of a job's log and error: programs print their tokens when they fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from tui.domain.jobs import Job, JobError
from tui.domain.logs import LogEntry

_REACH = 4_000
"""Characters behind the last one shown that may belong to a secret which begins before it."""
_LONGEST_ERROR = 20_000
"""Characters of a job's error that are shown."""
_TASKS = ("containerSpec", "pythonPackageSpec")
_BETWEEN = "\0"


def without_secrets(text: str, most: int) -> str:
    """The first `most` characters of a text, with a mark for each secret that is found in it.

    One that begins before the end is found although it goes on after it.
    """
    from tui.domain.secrets import HIDDEN, find_secrets  # noqa: PLC0415 (many patterns; no first frame needs them)

    parts: list[str] = []
    position = 0
    for found in find_secrets(text[: most + _REACH]):
        if found.start >= most:
            break
        parts += [text[position : found.start], HIDDEN]
        position = found.end
    return "".join([*parts, text[position:most]])


def error_words(job: Job) -> str:
    """What a job's own error says, without secrets; empty where it has none."""
    return _error_words(job.error) if job.error is not None else ""


@lru_cache(maxsize=64)
def _error_words(error: JobError) -> str:
    return without_secrets(error.message, _LONGEST_ERROR)


def secrets_of(pools: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The values in a spec's environment that seem to be secrets; odd pools never raise."""
    from tui.domain.secrets import literal_secret  # noqa: PLC0415 (as above)

    found: list[str] = []
    for pool in pools:
        for task in map(pool.get, _TASKS):
            env = task.get("env") if isinstance(task, Mapping) else None
            for item in env if isinstance(env, list) else ():
                if not isinstance(item, Mapping):
                    continue
                name, value = item.get("name"), item.get("value")
                if isinstance(name, str) and isinstance(value, str) and literal_secret(name, value):
                    found.append(value)
    return tuple(dict.fromkeys(found))


def job_without(job: Job, values: Sequence[str]) -> Job:
    """The job, its error without those values."""
    from tui.domain.secrets import hide  # noqa: PLC0415 (as above)

    if job.error is None or not values:
        return job
    return replace(job, error=JobError(job.error.code, hide(job.error.message, values)))


def entries_without(entries: Sequence[LogEntry], values: Sequence[str]) -> Sequence[LogEntry]:
    """The entries, their texts without those values: before anything is cut, so that no part of one stays."""
    from tui.domain.secrets import hide  # noqa: PLC0415 (as above)

    if not values or not entries:
        return entries
    together = _BETWEEN.join(entry.text.replace(_BETWEEN, "") for entry in entries)
    hidden = hide(together, values)
    if hidden == together:
        return entries
    texts = hidden.split(_BETWEEN)
    return [
        entry if entry.text == text else replace(entry, text=text)
        for entry, text in zip(entries, texts, strict=True)
    ]
