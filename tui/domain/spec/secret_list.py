"""The secrets that a spec uses and those that are stored: names, places, whether they are set; no values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tui.domain.spec.references import PLAIN_NAMES, Reference

_LINES = 4
"""Lines that are named at most."""


@dataclass(frozen=True, slots=True)
class SecretRow:
    """One name.

    Attributes:
        name: as in `${NAME}`.
        lines: where the open spec refers to it.
        stored: whether the secrets file has a value.
        elsewhere: where else a value comes from, such as `environment`; empty if from nowhere.
        optional: whether every reference has a default.
    """

    name: str
    lines: tuple[int, ...] = ()
    stored: bool = False
    elsewhere: str = ""
    optional: bool = False

    @property
    def state(self) -> str:
        """In a word or two."""
        if self.stored:
            return "set"
        if self.elsewhere:
            return f"from the {self.elsewhere}"
        return "has a default" if self.optional else "missing"

    @property
    def missing(self) -> bool:
        """Whether a job could not be started without asking."""
        return self.state == "missing"

    @property
    def used(self) -> str:
        """Where the open spec uses it, in words."""
        if not self.lines:
            return "not used in this spec"
        shown = ", ".join(str(line) for line in self.lines[:_LINES])
        more = f" and {len(self.lines) - _LINES} more" if self.lines[_LINES:] else ""
        return f"line {shown}{more}" if len(self.lines) == 1 else f"lines {shown}{more}"


def secret_rows(
    references: Sequence[Reference], stored: Collection[str], elsewhere: dict[str, str]
) -> tuple[SecretRow, ...]:
    """Those of the spec in the order of the file, then the others that are stored, by name.

    Args:
        references: those of the open spec.
        stored: the names in the secrets file.
        elsewhere: where other values come from, by name.
    """
    used = [item for item in references if item.name not in PLAIN_NAMES or item.name in stored]
    found = [
        SecretRow(
            name,
            tuple(dict.fromkeys(item.place.line for item in used if item.name == name)),
            name in stored,
            elsewhere.get(name, ""),
            all(item.default is not None for item in used if item.name == name),
        )
        for name in dict.fromkeys(item.name for item in used)
    ]
    named = {row.name for row in found}
    return (*found, *(SecretRow(name, stored=True) for name in sorted(stored) if name not in named))
