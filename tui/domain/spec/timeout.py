"""Writes `scheduling.timeout` into a spec's text, leaving every other line as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tui.domain.spec.check import Shape, Spec, check
from tui.domain.spec.nodes import Mapping as MappingNode
from tui.domain.spec.nodes import Node, Scalar
from tui.domain.spec.override import with_timeout
from tui.domain.spec.problems import Edit, Fix, Place, apply_fix
from tui.domain.spec.written import written_spec
from tui.domain.timeouts import timeout_of

_STEP = "  "


def set_timeout(text: str, seconds: int) -> Fix | None:
    """The change that has jobs of `text` (lines ended by a line feed) stopped after `seconds`.

    None when the text cannot be read, or would mean anything else than before but for that.
    """
    spec = written_spec(text)
    if spec is None:
        return None
    before = check(text)
    for edit in _ways(text.split("\n"), spec, f"{seconds}s"):
        fix = Fix(f"Set the timeout to {seconds}s", (edit,))
        if _changes_only_the_timeout(before, apply_fix(text, fix), seconds):
            return fix
    return None


def _ways(lines: list[str], spec: MappingNode, value: str) -> Iterator[Edit]:
    """Edits that may do, the plainest first."""
    scheduling = _value_of(spec, "scheduling")
    if scheduling is None:
        yield from _first_entry(lines, spec, "scheduling", value)
    elif isinstance(scheduling, MappingNode):
        old = _value_of(scheduling, "timeout")
        if isinstance(old, Scalar) and old.place.line == old.end.line:
            quote = lines[old.place.line - 1][old.place.column - 1 :][:1]
            yield Edit(old.place, old.end, f"{quote}{value}{quote}" if quote in ("'", '"') else value)
        elif old is None:
            yield from _first_entry(lines, scheduling, "timeout", value)


def _value_of(mapping: MappingNode, name: str) -> Node | None:
    found = (item.value for item in mapping.entries if isinstance(item.key, Scalar) and item.key.text == name)
    return next(found, None)


def _first_entry(lines: list[str], mapping: MappingNode, name: str, value: str) -> Iterator[Edit]:
    """Put the entry before the first one, as the text there is written: JSON, braces or lines."""
    if not mapping.entries:
        return
    place = mapping.entries[0].key.place
    line = lines[place.line - 1]
    indent, rest = line[: place.column - 1], line[place.column - 1 :]
    nested = name == "scheduling"
    if not indent.strip(" "):
        words = (
            f"{indent}scheduling:\n{indent}{_STEP}timeout: {value}" if nested else f"{indent}timeout: {value}"
        )
        start = Place(place.line, 1)
        yield Edit(start, start, f"{words}\n")
    if rest.startswith('"'):
        words = f'"scheduling": {{"timeout": "{value}"}}, ' if nested else f'"timeout": "{value}", '
    else:
        words = f"scheduling: {{timeout: {value}}}, " if nested else f"timeout: {value}, "
    yield Edit(place, place, words)


def _changes_only_the_timeout(before: Spec, changed: str, seconds: int) -> bool:
    after = check(changed)
    if before.shape is Shape.NONE or before.shape is not after.shape:
        return False
    same_errors = len(after.errors) <= len(before.errors)
    return same_errors and timeout_of(after.job) == seconds and _same(before.job, after.job, seconds)


def _same(before: Mapping[str, Any], after: Mapping[str, Any], seconds: int) -> bool:
    return with_timeout(before, seconds) == dict(after)
