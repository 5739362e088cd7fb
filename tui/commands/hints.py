"""Commands that messages name, with the options that lead to the same place as the one that says so."""

from __future__ import annotations

import shlex
from contextvars import ContextVar

from tui.cli_common import Options
from tui.domain.places import Place
from tui.domain.text import printable

_given: ContextVar[Options | None] = ContextVar("given", default=None)
"""The options of the command that runs."""


def remember(options: Options) -> None:
    """Have the commands that are named from now on repeat these options."""
    _given.set(options)


def command(words: str, place: Place | None = None) -> str:
    """`vertex-tui WORDS` with the options that were given; with `place` it leads there whatever is set."""
    options = _given.get() or Options()
    project = place.project if place is not None else options.project
    region = place.region if place is not None else options.region
    pairs = (
        ("--project", None if options.local else project),
        ("--region", region),
        ("--profile", options.profile),
        ("--config", options.config),
    )
    told = [f"{name} {shlex.quote(value)}" for name, value in pairs if value]
    return printable(" ".join(["vertex-tui", words, *(["--local"] if options.local else []), *told]))
