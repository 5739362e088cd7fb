"""With which status a command ends; `docs/commands.md` documents them."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit statuses of every command; `run --follow` adds those of the job itself."""

    OK = 0
    """Done, and nothing wrong was found."""
    FAILED = 1
    """Not done, or what was looked for was found: an error in a spec, a check that blocks."""
    MISUSED = 2
    """Arguments or configuration that cannot be used; nothing was begun."""
    INTERRUPTED = 130
    """The user stopped it with ctrl+c (128 + SIGINT)."""
    TERMINATED = 143
    """Another process ended it (128 + SIGTERM)."""
