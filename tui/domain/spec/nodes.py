"""The parts of a parsed YAML document, each with its place."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui.domain.spec.problems import START, Place


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
    """Keys with values, in the order of the file; `flow` when between braces, closed at `end`."""

    place: Place
    entries: tuple[Entry, ...] = ()
    flow: bool = False
    end: Place = START

    @property
    def keys(self) -> frozenset[str]:
        """The texts of its own keys."""
        return frozenset(item.key.text for item in self.entries if isinstance(item.key, Scalar))


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """A list; `flow` when it stands between brackets."""

    place: Place
    items: tuple[Node, ...] = field(default=())
    flow: bool = False


Node = Scalar | Mapping | Sequence


def describe(node: Node) -> str:
    """What a node is, in the words of an error message."""
    if isinstance(node, Mapping):
        return "keys with values"
    if isinstance(node, Sequence):
        return "a list"
    if node.value is None:
        return "nothing"
    if isinstance(node.value, bool):
        word = str(node.value).lower()
        return f"the value {word}" if node.text.lower() == word else f"{node.text} (read as {word})"
    if isinstance(node.value, int | float):
        return f"the number {node.text[:40]}"
    return "a date" if not isinstance(node.value, str) else f"the text “{node.text[:40]}”"
