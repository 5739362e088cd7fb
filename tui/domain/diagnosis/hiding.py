"""Secrets in what is quoted of a job's log and error: programs print their tokens when they fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
_WORDS = ("command", "args")
_SHORTEST_NAMED = 6
"""Shorter values of variables with a telling name may be words of a log."""
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
    """The values in a spec that are secrets by their look or their name; odd pools never raise."""
    tasks = (task for pool in pools for task in map(pool.get, _TASKS) if isinstance(task, Mapping))
    return tuple(dict.fromkeys(value for task in tasks for value in (*_in_env(task), *_in_words(task))))


def secrets_of_job(job: Job) -> tuple[str, ...]:
    """The same of a job's record."""
    spec = job.raw.get("jobSpec")
    pools = spec.get("workerPoolSpecs") if isinstance(spec, Mapping) else None
    return secrets_of(pool for pool in pools if isinstance(pool, Mapping)) if isinstance(pools, list) else ()


def _in_env(task: Mapping[str, Any]) -> Iterator[str]:
    from tui.domain.secrets import literal_secret  # noqa: PLC0415 (as above)

    env = task.get("env")
    for item in env if isinstance(env, list) else ():
        if not isinstance(item, Mapping):
            continue
        name, value = item.get("name"), item.get("value")
        if not isinstance(name, str) or not isinstance(value, str):
            continue
        if _stands_for_one(name, value) or literal_secret(name, value):
            yield value


def _in_words(task: Mapping[str, Any]) -> Iterator[str]:
    from tui.domain.secret_args import arg_secrets  # noqa: PLC0415 (as above)

    for name in _WORDS:
        words = task.get(name)
        if isinstance(words, list):
            yield from (
                found.value for found in arg_secrets([word for word in words if isinstance(word, str)])
            )


def _stands_for_one(name: str, value: str) -> bool:
    """Whether the name alone tells, and hiding the value wherever it stands leaves a log readable."""
    from tui.domain.secret_kinds import is_telling, is_wordless  # noqa: PLC0415 (as above)

    value = value.strip()
    return (
        len(value) >= _SHORTEST_NAMED and is_telling(name) and not is_wordless(value) and value[0] not in "/$"
    )


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
