"""A spec as it is written: what of a text can be changed by its places, and where its parts stand."""

from __future__ import annotations

import re

from tui.domain.spec.document import parse
from tui.domain.spec.merge import TooMuchError, entries_of
from tui.domain.spec.nodes import Entry, Mapping

_OTHER_BREAKS = re.compile("[\r\x85\u2028\u2029]")
"""Ends of lines to YAML, but not to the editor: places after one would be wrong."""
_JOB_KEYS = ("jobSpec", "job_spec")


def written_root(text: str) -> Mapping | None:
    """The top of a text (lines ended by a line feed) whose places can be relied on; None for any other."""
    if _OTHER_BREAKS.search(text):
        return None
    document = parse(text)
    return document.root if isinstance(document.root, Mapping) and not document.problems else None


def entry_of(node: Mapping, *names: str) -> Entry | None:
    """The entry under one of the names, merged ones too; None if there is none, or more than one."""
    try:
        entries = entries_of(node)
    except TooMuchError:
        return None
    found = [entries[name] for name in names if name in entries]
    return found[0] if len(found) == 1 else None


def job_entry(root: Mapping) -> Entry | None:
    """The entry of the CustomJobSpec in a whole CustomJob; None where the top is the CustomJobSpec."""
    return entry_of(root, *_JOB_KEYS)


def written_spec(text: str) -> Mapping | None:
    """The CustomJobSpec's own part of a text, where it is written and nowhere else."""
    root = written_root(text)
    if root is None:
        return None
    try:
        wrapped = any(name in entries_of(root) for name in _JOB_KEYS)
    except TooMuchError:
        return None
    if not wrapped:
        return root
    entry = job_entry(root)
    here = entry is not None and entry in root.entries and entry.value.place > entry.key.place
    return entry.value if entry is not None and here and isinstance(entry.value, Mapping) else None
