"""`env` as Docker writes it, `EPOCHS: 3` or `- EPOCHS=3`, and the fix that makes names and values of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from tui.domain.spec.nodes import Entry, Mapping, Node, Scalar, Sequence
from tui.domain.spec.problems import Edit, Fix, Place, Problem, error

_OWN = frozenset({"name", "value"})
_VARIABLE = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)=(?P<value>[^\n]*)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOST = 200
"""Variables that one fix rewrites."""


def env_problem(node: Node) -> Problem | None:
    """The one problem of an `env` that holds variables in another form than names and values."""
    if isinstance(node, Mapping):
        return _told(node.place, _of_map(node)) if _is_map(node) else None
    if not isinstance(node, Sequence) or not node.items:
        return None
    if all(isinstance(item, Mapping) and _is_map(item) for item in node.items):
        return _told(node.items[0].place, _of_maps(node))
    if all(isinstance(item, Scalar) and _VARIABLE.fullmatch(item.text) for item in node.items):
        return _told(node.items[0].place, _of_texts(node))
    return None


def _is_map(node: Mapping) -> bool:
    """Whether the keys are names of variables: none of those that a variable has, and not like one."""
    keys = [entry.key.text for entry in node.entries if isinstance(entry.key, Scalar)]
    single = all(isinstance(entry.value, Scalar) for entry in node.entries)
    named = all(_NAME.fullmatch(key) and (key.isupper() or len(node.entries) > 1) for key in keys)
    return bool(keys) and single and named and len(keys) == len(node.entries) and not _OWN & set(keys)


def _told(place: Place, edits: list[Edit] | None) -> Problem:
    fix = Fix("Write names and values", tuple(edits)) if edits else None
    text = 'env is a list of name/value pairs: “- name: EPOCHS” and, below it, “value: "3"”.'
    return error(place, "env-form", text, fix)


def _of_map(node: Mapping) -> list[Edit] | None:
    """`{A: 1}` becomes `[{name: A, value: "1"}]`; lines become items."""
    if not node.flow:
        return _joined(_entry(item, "- name: ", f"\n{_blanks(item, 2)}value: ") for item in node.entries)
    inner = _joined(_entry(item, "{name: ", ", value: ", "}") for item in node.entries)
    first = Edit(node.place, Place(node.place.line, node.place.column + 1), "[")
    last = Edit(Place(node.end.line, node.end.column - 1), node.end, "]")
    return [first, *inner, last] if inner else None


def _of_maps(node: Sequence) -> list[Edit] | None:
    """`- A: 1` becomes `- name: A` with `value: "1"` below it."""
    maps = [item for item in node.items if isinstance(item, Mapping)]
    if any(len(item.entries) != 1 for item in maps):
        return None
    pairs = [(item.flow, item.entries[0]) for item in maps]
    return _joined(
        _entry(entry, "name: ", ", value: " if flow else f"\n{_blanks(entry, 0)}value: ")
        for flow, entry in pairs
    )


def _of_texts(node: Sequence) -> list[Edit] | None:
    """`- A=1` becomes `- name: A` with `value: "1"` below it."""
    return _joined(_text(item, flow=node.flow) for item in node.items if isinstance(item, Scalar))


def _joined(parts: Iterable[list[Edit] | None]) -> list[Edit] | None:
    """All edits, or None if one part cannot be rewritten."""
    made = list(parts)
    whole = [part for part in made if part is not None]
    return [edit for part in whole for edit in part] if len(whole) == len(made) <= _MOST else None


def _text(item: Scalar, *, flow: bool) -> list[Edit] | None:
    found = _VARIABLE.fullmatch(item.text)
    if found is None or item.place.line != item.end.line:
        return None
    name, value = found["name"], json.dumps(found["value"], ensure_ascii=False)
    blanks = " " * (item.place.column - 1)
    words = f"{{name: {name}, value: {value}}}" if flow else f"name: {name}\n{blanks}value: {value}"
    return [Edit(item.place, item.end, words)]


def _entry(entry: Entry, before: str, between: str, after: str = "") -> list[Edit] | None:
    """The edits around and in one `A: 1`, which stands on one line."""
    key, value = entry.key, entry.value
    if not isinstance(key, Scalar) or not isinstance(value, Scalar):
        return None
    if value.text and (value.place < key.end or value.end.line != key.place.line):
        return None
    if not value.text and not value.plain:
        return None  # quotes with nothing between them
    if not value.text:
        return [Edit(key.place, _behind_colon(key), f'{before}{_name(key)}{between}""{after}')]
    head = Edit(key.place, value.place, f"{before}{_name(key)}{between}")
    if value.plain and not isinstance(value.value, str):
        return [head, Edit(value.place, value.end, json.dumps(value.text, ensure_ascii=False) + after)]
    return [head, Edit(value.end, value.end, after)] if after else [head]


def _name(key: Scalar) -> str:
    """In quotes where YAML reads something else, such as `N`."""
    return key.text if isinstance(key.value, str) else json.dumps(key.text)


def _behind_colon(key: Scalar) -> Place:
    return Place(key.end.line, key.end.column + 1)


def _blanks(entry: Entry, more: int) -> str:
    return " " * (entry.key.place.column - 1 + more)
