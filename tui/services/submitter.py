"""Who starts jobs here: as a label's value, and in the names of jobs."""

from __future__ import annotations

import getpass
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from tui.domain.jobs import SUBMITTER_LABEL
from tui.domain.spec.naming import DEFAULT_TEMPLATE, name_from

if TYPE_CHECKING:  # no rule of the spec is loaded before the first frame
    from tui.domain.spec.check import Spec

_ODD = re.compile(r"[^a-z0-9_-]+")
_LONGEST = 63
NOBODY = "-"
"""The setting `jobs.user` for jobs without the label."""

__all__ = ["NOBODY", "SUBMITTER_LABEL", "display_name", "submitter", "submitter_labels"]


def display_name(
    spec: Spec, account: str, stem: str, now: datetime, *, template: str = DEFAULT_TEMPLATE, number: int = 1
) -> str:
    """The file's own displayName, or the template filled; without an account, with the user's name here."""
    own = str(spec.job.get("displayName", "")).strip()
    user = account.partition("@")[0] or _user()
    return own or name_from(template, user=user, file=stem, now=now, number=number)


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
    return _ODD.sub("-", _user().lower()).strip("-")[:_LONGEST]


def _user() -> str:
    """The user's name on this box; empty if there is none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such user, as in some containers
        return ""
