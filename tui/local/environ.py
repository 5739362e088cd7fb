"""Changes to a shell's environment that can be undone, since the shell itself keeps what was before."""

from __future__ import annotations

import json
from collections.abc import Mapping

BEFORE = "VERTEX_TUI_LOCAL_BEFORE"
"""Holds, as a JSON object, what the changed variables were before; null for those that were not set."""

Changes = dict[str, str | None]
"""New values of variables; None for those to be removed."""


def undoable(changes: Changes, before: Mapping[str, str]) -> Changes:
    """Changes to `before`, an environment without such changes, together with the memory of it."""
    return {**changes, BEFORE: json.dumps({name: before.get(name) for name in changes})}


def undo(environ: Mapping[str, str]) -> Changes:
    """What makes `environ` what it was before `changes` were made to it; nothing if none were."""
    if BEFORE not in environ:
        return {}
    try:
        kept = json.loads(environ[BEFORE])
    except ValueError:
        kept = {}
    kept = kept if isinstance(kept, dict) else {}
    return {name: value if isinstance(value, str) else None for name, value in kept.items()} | {BEFORE: None}


def original(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` as it was before `changes` were made to it."""
    return apply(undo(environ), environ)


def apply(changed: Mapping[str, str | None], environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` with changes made to it."""
    merged = {**environ, **changed}
    return {name: value for name, value in merged.items() if value is not None}
