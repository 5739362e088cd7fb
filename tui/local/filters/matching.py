"""Evaluate a filter's tree, whatever the records are."""

from __future__ import annotations

from collections.abc import Callable

from tui.local.filters.grammar import And, Compare, Node, Not, Or, Search
from tui.local.wire.gtypes import Message

Predicate = Callable[[Message], bool]
Leaf = Callable[[Compare | Search], Predicate]


def build(node: Node, leaf: Leaf) -> Predicate:
    """A predicate for the whole tree, from one that is made for each leaf."""
    if isinstance(node, Compare | Search):
        return leaf(node)
    if isinstance(node, Not):
        inner = build(node.part, leaf)
        return lambda record: not inner(record)
    parts = [build(part, leaf) for part in node.parts]
    if isinstance(node, Or):
        return lambda record: any(part(record) for part in parts)
    return lambda record: all(part(record) for part in parts)


def conjuncts(node: Node | None) -> tuple[Node, ...]:
    """The terms that all must hold."""
    if isinstance(node, And):
        return tuple(term for part in node.parts for term in conjuncts(part))
    return () if node is None else (node,)


ORDER: dict[str, Callable[[Message, Message], bool]] = {
    "=": lambda found, wanted: found == wanted,
    "!=": lambda found, wanted: found != wanted,
    "<": lambda found, wanted: found < wanted,
    "<=": lambda found, wanted: found <= wanted,
    ">": lambda found, wanted: found > wanted,
    ">=": lambda found, wanted: found >= wanted,
}
"""Comparison operators over values of one type."""
