"""`${NAME}` and `${NAME:-default}` in environment values: filled when a job is started, never stored.

In arguments only a secret's `${NAME}` is, alone or behind `OPTION=` (`tui.domain.secret_args`).

This is the one departure from gcloud, which sends `${NAME}` as it stands; `$${` is sent as `${`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tui.domain.spec.problems import Place

_REFERENCE = re.compile(
    r"(?P<escape>\$\$\{)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]{0,4000}))?\}|(?P<broken>\$\{)"
)

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

PLAIN_NAMES = frozenset({"BUCKET_NAME", "PROJECT_ID", "REGION"})
"""Names whose values are no secrets and may be shown."""


class Source(StrEnum):
    """Where a value was found, in the order of looking."""

    COMMAND_LINE = "command line"
    SECRETS = "secrets file"
    ENVIRONMENT = "environment"
    SETTINGS = "settings"
    PAST_JOB = "past job"


@dataclass(frozen=True, slots=True)
class Reference:
    """One `${NAME}` in a spec."""

    name: str
    default: str | None
    """The text after `:-`, or None."""
    place: Place
    """Where the value that holds it begins."""


@dataclass(frozen=True, slots=True)
class Value:
    """What a name stands for."""

    text: str
    source: Source

    def __repr__(self) -> str:
        """Without the text, which must not reach a log."""
        return f"Value({self.source.value})"


Layers = Sequence[tuple[Source, Mapping[str, str]]]
"""Names and their texts by source, the one that wins first."""


class UnresolvedError(ValueError):
    """Names without a value; nothing may be sent."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)
        super().__init__(f"No value for {', '.join(self.names)}")


def is_identifier(name: str) -> bool:
    """Whether a name is a C identifier, as `EnvVar.name` must be."""
    return bool(_IDENTIFIER.fullmatch(name))


def references_in(text: str, place: Place) -> list[Reference]:
    """All references of one environment value."""
    return [
        Reference(match["name"], match["default"], place)
        for match in _REFERENCE.finditer(text)
        if match["name"]
    ]


def is_broken(text: str) -> bool:
    """Whether a `${` begins that is no reference and is not escaped."""
    return any(match["broken"] for match in _REFERENCE.finditer(text))


def resolve(references: Iterable[Reference], layers: Layers) -> dict[str, Value]:
    """The value of each name that has one; an empty value counts as none."""
    return {
        name: value
        for name in dict.fromkeys(reference.name for reference in references)
        if (value := _look_up(name, layers)) is not None
    }


def missing(references: Iterable[Reference], values: Mapping[str, object]) -> tuple[str, ...]:
    """Names that have neither a value nor a default, in the order of the file."""
    return tuple(
        dict.fromkeys(
            reference.name
            for reference in references
            if reference.default is None and reference.name not in values
        )
    )


def secret_values(values: Mapping[str, Value]) -> tuple[str, ...]:
    """The texts that must not be shown anywhere."""
    return tuple(
        value.text
        for name, value in values.items()
        if name not in PLAIN_NAMES and value.source is not Source.SETTINGS
    )


def substitute(text: str, value_of: Callable[[str], str | None]) -> str:
    """`text` with its references filled in.

    Raises:
        UnresolvedError: a name has no value and no default, or a `${` is no reference.
    """

    def fill(match: re.Match[str]) -> str:
        if match["escape"]:
            return "${"
        if match["broken"]:
            raise UnresolvedError(["${"])
        value = value_of(match["name"])
        if value is None:
            value = match["default"]
        if value is None:
            raise UnresolvedError([match["name"]])
        return value

    return _REFERENCE.sub(fill, text)


def _look_up(name: str, layers: Layers) -> Value | None:
    for source, texts in layers:
        if texts.get(name):
            return Value(texts[name], source)
    return None
