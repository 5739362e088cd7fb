"""Secrets in command lines, known by their option too: the one place that finds, hides and names them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tui.domain.secret_kinds import is_password_name, is_telling, is_wordless
from tui.domain.secrets import HIDDEN_SECRET, find_secrets, hide_found, literal_secret

_OPTION = re.compile(r"--?[A-Za-z][\w.-]{0,200}")
_ASSIGNED = re.compile(r"(?P<name>[+~-]{0,2}[A-Za-z][\w.-]{0,200})=(?P<value>\S.{0,4000})", re.DOTALL)
_REFERENCE = re.compile(r"\${1,9}\{(?P<name>[A-Za-z_][A-Za-z0-9_]{0,200})\}")
_NAME = re.compile(r"[A-Za-z0-9]{1,200}")
_LONGEST = 4_000
"""Longer items are scripts."""


@dataclass(frozen=True, slots=True)
class ArgSecret:
    """A secret in an item of a command line.

    Attributes:
        item: the number of the item.
        start: where in the item the secret begins; it goes on to the end.
        value: the secret.
        name: what it may be called in `${NAME}`; always a telling name.
    """

    item: int
    start: int
    value: str
    name: str


@dataclass(slots=True)
class SecretNames:
    """Names that stand for secrets, each for one value only."""

    values: dict[str, str] = field(default_factory=dict)

    def name_for(self, wanted: str, value: str) -> str:
        """The wanted name, with a number where it stands for another value."""
        name, number = wanted, 1
        while self.values.get(name, value) != value:
            number += 1
            name = f"{wanted}_{number}"
        self.values[name] = value
        return name


def arg_secrets(args: Sequence[str]) -> Iterator[ArgSecret]:
    """Secrets that are an item of their own, or all that follows `OPTION=`; not those within scripts."""
    option = ""
    for number, item in enumerate(args):
        assigned = _ASSIGNED.fullmatch(item) if len(item) <= _LONGEST else None
        name, start = (assigned["name"], assigned.start("value")) if assigned else (option, 0)
        value = item[start:]
        if value and _is_secret(name, value, follows=not assigned):
            yield ArgSecret(number, start, value, _reference_name(name, value))
        option = item if len(item) <= _LONGEST and _OPTION.fullmatch(item) else ""


def hide_args(args: Sequence[str], mark: str = HIDDEN_SECRET) -> list[str]:
    """Arguments with every detected secret replaced by a mark."""
    found = {secret.item: secret for secret in arg_secrets(args)}
    hidden = [
        f"{hide_found(item[: found[number].start], mark)}{mark}"
        if number in found
        else hide_found(item, mark)
        for number, item in enumerate(args)
    ]
    return (
        hidden
        if not find_secrets(" ".join(hidden))
        else [_hidden_after(hidden, n, mark) for n in range(len(hidden))]
    )


def named_args(args: Sequence[str], names: SecretNames) -> list[str]:
    """Arguments with `${NAME}` for each secret that can have a name; those within scripts are hidden."""
    found = {secret.item: secret for secret in arg_secrets(args)}
    hidden = hide_args(args)
    return [
        f"{item[: secret.start]}${{{names.name_for(secret.name, secret.value)}}}"
        if (secret := found.get(number))
        else hidden[number]
        for number, item in enumerate(args)
    ]


def refilled_args(args: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """Arguments with the values back of those names that are known."""
    filled = []
    for item in args:
        start = reference_start(item)
        name = item[start + 2 : -1] if start >= 0 else ""
        filled.append(item[:start] + values[name] if name in values else item)
    return filled


def references_of(args: Sequence[str]) -> dict[str, str]:
    """The names that arguments refer to already, as they stand: no secret may be called so."""
    places = ((item, reference_start(item)) for item in args)
    return {item[start:].lstrip("$")[1:-1]: item[start:] for item, start in places if start >= 0}


def reference_start(item: str) -> int:
    """Where the `${NAME}` of a secret begins that is a whole item or all that follows `OPTION=`; else -1.

    Only such references are filled in outside the environment: others belong to a shell.
    """
    if len(item) > _LONGEST or not item.endswith("}"):
        return -1
    assigned = _ASSIGNED.fullmatch(item)
    start = assigned.start("value") if assigned else 0
    match = _REFERENCE.fullmatch(item, start)
    told = match and (is_telling(match["name"]) or (assigned and is_telling(assigned["name"])))
    return start if told else -1


def in_words(names: Sequence[str]) -> str:
    """Names with commas, and `and` before the last."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _is_secret(name: str, value: str, *, follows: bool) -> bool:
    if "${" in value or value.startswith("$") or HIDDEN_SECRET in value:
        return False
    if literal_secret(name, value):
        found = find_secrets(value)
        # a script that holds a secret is no secret as a whole
        return "\n" not in value and (not re.search(r"\s", value.strip()) or not found)
    if follows and value.startswith("-"):
        return False
    return is_password_name(name) and not is_wordless(value)


def _reference_name(option: str, value: str) -> str:
    words = _NAME.findall(option)
    name = "_".join(words).upper()
    if not name:
        token = next(iter(find_secrets(value)), None)
        name = "HF_TOKEN" if token and "Hugging Face" in token.kind else "ARG_SECRET"
    return name if is_telling(name) else f"{name}_SECRET"


def _hidden_after(args: Sequence[str], number: int, mark: str) -> str:
    """An item that only together with the one before looks like a secret."""
    if number == 0:
        return args[0]
    before = args[number - 1]
    both = f"{before} {args[number]}"
    inside = [item for item in find_secrets(both) if item.start > len(before)]
    if not inside:
        return args[number]
    return both[len(before) + 1 : inside[0].start] + mark
