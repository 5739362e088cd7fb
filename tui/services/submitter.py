"""Who starts jobs here, as a label's value."""

from __future__ import annotations

import getpass
import re

from tui.domain.jobs import SUBMITTER_LABEL

_ODD = re.compile(r"[^a-z0-9_-]+")
_LONGEST = 63

__all__ = ["SUBMITTER_LABEL", "submitter"]


def submitter(chosen: str) -> str:
    """The name of the setting, else the user's on this box, made fit for a label; empty if there is none."""
    if chosen:
        return chosen
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # no such user, as in some containers
        return ""
    return _ODD.sub("-", name.lower()).strip("-")[:_LONGEST]
