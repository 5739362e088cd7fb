"""The secrets of a spec and those that are stored: names, places, whether they are set; no values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from tui.domain.secrets import is_telling
from tui.domain.spec.problems import START, Fix, Problem
from tui.domain.spec.references import PLAIN_NAMES, Reference, references_in
from tui.domain.spec.secret_rules import PLACEHOLDER

_LINES = 4
"""Lines that are named at most."""


@dataclass(frozen=True, slots=True)
class SecretRow:
    """One name.

    Attributes:
        name: as in `${NAME}`.
        lines: where the open spec refers to it, or has a placeholder in its place.
        stored: whether the secrets file has a value.
        elsewhere: where else a value comes from, such as `environment`; empty if from nowhere.
        optional: whether every reference has a default.
        fixes: what writes `${NAME}` for its placeholders in the open spec.
    """

    name: str
    lines: tuple[int, ...] = ()
    stored: bool = False
    elsewhere: str = ""
    optional: bool = False
    fixes: tuple[Fix, ...] = ()

    @property
    def state(self) -> str:
        """In a word or two."""
        if self.fixes:
            return "placeholder in the file"
        if self.stored:
            return "set"
        if self.elsewhere:
            return f"from the {self.elsewhere}"
        return "has a default" if self.optional else "missing"

    @property
    def missing(self) -> bool:
        """Whether a job could not be started, or not without asking."""
        return bool(self.fixes) or self.state == "missing"

    @property
    def used(self) -> str:
        """Where the open spec uses it, in words."""
        if not self.lines:
            return "not used in this spec"
        shown = ", ".join(str(line) for line in self.lines[:_LINES])
        more = f" and {len(self.lines) - _LINES} more" if self.lines[_LINES:] else ""
        return f"line {shown}{more}" if len(self.lines) == 1 else f"lines {shown}{more}"


def secret_rows(
    references: Sequence[Reference],
    stored: Collection[str],
    elsewhere: dict[str, str],
    problems: Iterable[Problem] = (),
) -> tuple[SecretRow, ...]:
    """Those of the spec in the order of the file, then the others that are stored, by name.

    Args:
        references: those of the open spec.
        stored: the names in the secrets file.
        elsewhere: where other values come from, by name.
        problems: those of the open spec; they tell of placeholders.
    """
    used = [item for item in references if item.name not in PLAIN_NAMES or item.name in stored]
    planted = _placeholders(problems)
    places = [*((item.place.line, item.name) for item in used), *((line, name) for line, name, _ in planted)]
    found = [
        SecretRow(
            name,
            tuple(sorted({line for line, other in places if other == name})),
            name in stored,
            elsewhere.get(name, ""),
            all(item.default is not None for item in used if item.name == name),
            tuple(fix for _, other, fix in planted if other == name),
        )
        for name in dict.fromkeys(name for _, name in sorted(places))
    ]
    named = {row.name for row in found}
    return (*found, *(SecretRow(name, stored=True) for name in sorted(stored) if name not in named))


def _placeholders(problems: Iterable[Problem]) -> list[tuple[int, str, Fix]]:
    """Line, name and fix of each placeholder for what a telling name says is a secret."""
    fixes = [(item.line, item.fix) for item in problems if item.code == PLACEHOLDER and item.fix]
    return [
        (line, reference.name, fix)
        for line, fix in fixes
        for reference in references_in(fix.edits[0].text, START)
        if is_telling(reference.name)
    ]
