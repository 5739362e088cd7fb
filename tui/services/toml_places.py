"""Places in a TOML document."""

from __future__ import annotations

from dataclasses import dataclass

KeyPath = tuple[str, ...]
"""Table names and a last name; an element of a list is not a step."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a text, both counted from 1."""

    line: int
    column: int
