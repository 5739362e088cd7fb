"""What keeps secrets out of everything that a command prints or writes of a job."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from tui.domain.diagnosis.hiding import secrets_of_job
from tui.domain.jobs import Job
from tui.services.options import AppOptions

Hide = Callable[[str], str]


async def hider(options: AppOptions, job: Job | None = None, more: Iterable[str] = ()) -> Hide:
    """Hides what looks like a secret, the values stored on this box, those of a job's spec, and `more`."""
    from tui.domain.secrets import (  # noqa: PLC0415 (many patterns)
        HIDDEN,
        hide,
        hide_found,
    )
    from tui.services.secrets import stored_values  # noqa: PLC0415 (reads TOML)

    stored = await asyncio.to_thread(stored_values, options.paths.secrets_file)
    values = frozenset({*stored, *more, *(secrets_of_job(job) if job is not None else ())})

    def hidden(text: str) -> str:
        return hide_found(hide(text, values) if values else text, HIDDEN)

    return hidden


_OF_SERVICE = frozenset({"insertId", "resource", "timestamp", "receiveTimestamp", "severity", "logName"})
"""Fields of a log entry that hold nothing of what a job printed."""


def hidden_entry(entry: Mapping[str, Any], hide: Hide) -> dict[str, Any]:
    """A log entry in the API's JSON, with secrets hidden in what the job printed."""
    return {key: value if key in _OF_SERVICE else hidden_json(value, hide) for key, value in entry.items()}


def hidden_json(value: Any, hide: Hide) -> Any:  # noqa: ANN401 (JSON)
    """JSON with every text looked through by itself, and by the name it stands under; keys stay."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, dict):
        return {key: _hidden_under(str(key), each, hide) for key, each in value.items()}
    if isinstance(value, list):
        return list(map(partial(hidden_json, hide=hide), value))
    return value


def _hidden_under(name: str, value: Any, hide: Hide) -> Any:  # noqa: ANN401 (JSON)
    """A value with its secrets hidden; all of it where only its name tells that it is one."""
    from tui.domain.secrets import HIDDEN, literal_secret  # noqa: PLC0415 (many patterns)

    shown = hidden_json(value, hide)
    return HIDDEN if isinstance(value, str) and shown == value and literal_secret(name, value) else shown


def hidden_job(raw: Any, hide: Hide) -> Any:  # noqa: ANN401 (JSON)
    """A job's record with the values of its environment and all secrets hidden."""
    from tui.domain.joblist.spec_text import without_values  # noqa: PLC0415

    return hidden_json(without_values(raw), hide)
