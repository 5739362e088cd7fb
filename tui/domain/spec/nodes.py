"""The parts of a parsed YAML document, each with its place, and how YAML 1.1 reads a scalar."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from tui.domain.spec.problems import Place

STRING = "tag:yaml.org,2002:str"
MERGE = "tag:yaml.org,2002:merge"
_CORE = "tag:yaml.org,2002:"

_RESOLVER: Any = yaml.resolver.Resolver()
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_CONSTRUCT = {
    f"{_CORE}null": _CONSTRUCTOR.construct_yaml_null,
    f"{_CORE}bool": _CONSTRUCTOR.construct_yaml_bool,
    f"{_CORE}int": _CONSTRUCTOR.construct_yaml_int,
    f"{_CORE}float": _CONSTRUCTOR.construct_yaml_float,
    f"{_CORE}timestamp": _CONSTRUCTOR.construct_yaml_timestamp,
}


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A single value.

    Attributes:
        place: where it begins.
        end: where it ends.
        text: its characters after unquoting and folding.
        value: what YAML 1.1 makes of them (gcloud reads YAML 1.1): `yes` is True, `010` is 8.
        plain: whether it stands without quotes or block indicator, so that quotes would change its meaning.
        merge: whether it is the merge key `<<`.
    """

    place: Place
    end: Place
    text: str
    value: object
    plain: bool
    merge: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One `key: value` of a mapping."""

    key: Node
    value: Node


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """A mapping, in the order of the file."""

    place: Place
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """A list."""

    place: Place
    items: tuple[Node, ...] = field(default=())


Node = Scalar | Mapping | Sequence


def known_tag(tag: str | None) -> bool:
    """Whether a tag written in the file belongs to YAML's core types, so that no code is meant."""
    return tag is None or tag in _CONSTRUCT or tag in {"!", STRING, f"{_CORE}map", f"{_CORE}seq", MERGE}


def read_scalar(text: str, tag: str | None, implicit: tuple[bool, bool]) -> tuple[object, str]:
    """The value of a scalar and its tag; text that only looks like a number or a date stays text."""
    resolved = tag if tag and tag != "!" else _RESOLVER.resolve(yaml.ScalarNode, text, implicit)
    construct = _CONSTRUCT.get(resolved)
    if construct is None:
        return text, resolved
    try:
        return construct(yaml.ScalarNode(resolved, text)), resolved
    except (ValueError, KeyError, AttributeError, IndexError):
        return text, STRING


def describe(node: Node) -> str:
    """What a node is, in the words of an error message."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if node.value is None:
        return "nothing"
    if isinstance(node.value, bool):
        return f"the truth value {node.text}"
    if isinstance(node.value, int | float):
        return f"the number {node.text[:40]}"
    return "a date" if not isinstance(node.value, str) else f"the text “{node.text[:40]}”"
