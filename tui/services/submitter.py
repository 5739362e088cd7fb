"""Who starts jobs here, as a label's value."""

from __future__ import annotations

import getpass
import re
from collections.abc import Mapping

from tui.domain.jobs import SUBMITTER_LABEL

_ODD = re.compile(r"[^a-z0-9_-]+")
_LONGEST = 63
NOBODY = "-"
"""The setting `jobs.user` for jobs without the label."""

__all__ = ["NOBODY", "SUBMITTER_LABEL", "submitter", "submitter_labels"]


def submitter_labels(chosen: str, present: Mapping[str, str]) -> dict[str, str]:
    """The label that names who starts a job, unless the spec has one already or the setting is `-`."""
    name = submitter(chosen)
    return {SUBMITTER_LABEL: name} if name and SUBMITTER_LABEL not in present else {}


def submitter(chosen: str) -> str:
    """The name of the setting, else the user's on this box, made fit for a label; empty if there is none."""
    if chosen == NOBODY:
        return ""
    if chosen:
        return chosen
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # no such user, as in some containers
        return ""
    return _ODD.sub("-", name.lower()).strip("-")[:_LONGEST]
