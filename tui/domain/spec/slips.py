"""Slips within one value: a colon that makes keys of a text, quotes of a word processor."""

from __future__ import annotations

from tui.domain.spec.nodes import Mapping, Scalar
from tui.domain.spec.problems import Edit, Fix, Place, Problem, error, warning

_LEFT, _RIGHT = frozenset("“”„‟«»"), frozenset("“”‟»")


def colon_in_text(node: object) -> Problem | None:
    """The problem of a text in a list, such as `- echo "loss: 3"`, of which “: ” made a key and a value."""
    if not isinstance(node, Mapping) or node.flow or len(node.entries) != 1:
        return None
    key, value = node.entries[0].key, node.entries[0].value
    if not isinstance(key, Scalar) or not isinstance(value, Scalar) or not key.plain or " " not in key.text:
        return None
    text = "“: ” makes a key and a value of this text: put the whole of it in quotes."
    return error(Place(key.end.line, key.end.column), "yaml-colon", text, _quoted(key, value))


def _quoted(key: Scalar, value: Scalar) -> Fix | None:
    gap = value.place.column - key.end.column
    if not value.plain or not value.text or gap < 1 or value.end.line != key.place.line:
        return None
    text = f"{key.text}:{' ' * (gap - 1)}{value.text}"
    if len(text) != value.end.column - key.place.column:
        return None  # an anchor or a tag stands between
    return Fix("Put it in quotes", (Edit(key.place, value.end, in_quotes(text)),))


def in_quotes(text: str) -> str:
    """A text on one line between single quotes, as YAML wants them."""
    return "'" + text.replace("'", "''") + "'"


def curly_quotes(node: Scalar, *, free: bool) -> Problem | None:
    """The problem of a value between the quotes of a word processor, which YAML takes for letters.

    It is a warning where any text may stand, `free`.
    """
    text = node.text
    if not node.plain or len(text) < 2 or text[0] not in _LEFT or text[-1] not in _RIGHT:  # noqa: PLR2004
        return None
    if any(char in _LEFT for char in text[1:-1]):
        return None
    message = "These quotes are those of a word processor, and part of the value: write straight ones."
    fix = None
    if node.place.line == node.end.line and '"' not in text and "\\" not in text:
        fix = Fix("Write straight quotes", (Edit(node.place, node.end, f'"{text[1:-1]}"'),))
    return (warning if free else error)(node.place, "curly-quotes", message, fix)
