"""Literal secrets and placeholders in a spec, and what moves them out of the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from tui.domain.secrets import Finding, find_secrets, literal_secret
from tui.domain.spec.nodes import Scalar
from tui.domain.spec.placeholders import in_brackets, planted_in, planted_in_name
from tui.domain.spec.problems import Edit, Fix, Place, Problem, error, info, warning
from tui.domain.spec.references import PLAIN_NAMES, Reference, is_identifier, references_in
from tui.domain.spec.script_places import Lines, places_of
from tui.domain.spec.walk import Path, Walker

LITERAL = "literal-secret"
PLACEHOLDER = "placeholder"
STORED = "env-stored"

_CONTAINER = 4
"""Parts of the path of a container: jobSpec, workerPoolSpecs, 0, containerSpec."""
_COMMANDS = ("command", "args")
_NAMES = frozenset(
    {"imageUri", "executorImageUri", "packageUris", "machineType", "bootDiskType", "outputUriPrefix"}
    | {"serviceAccount", "network", "networkAttachment", "tensorboard", "experiment", "experimentRun"}
    | {"persistentResourceId", "kmsKeyName"}
)
"""Fields that hold the name of a resource, an address or a place in a bucket."""
_NO_OPTION = "-"
"""Stands before an argument that no option stands before."""
_IN_FLOW = re.compile(r"(?:\s|#[^\n]*\n)*[,}\]]")
_NAMED = 4
"""Names that one message lists at most."""


def is_env_value(path: Path) -> bool:
    """Whether a path leads to the value of an environment variable."""
    return path[-1:] == ("value",) and len(path) > 2 and path[-3] == "env"  # noqa: PLR2004


def secret_problems(text: str, walker: Walker, references: Iterable[Reference]) -> list[Problem]:
    """Literal secrets, placeholders, and that values of references end up in the job.

    Args:
        text: the file.
        walker: what was read of it.
        references: those of its environment.
    """
    return [*_Look(text, walker).all(), *_stored(references)]


class _Look:
    def __init__(self, text: str, walker: Walker) -> None:
        self._text = text
        self._scalars = walker.scalars

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self._text)

    def all(self) -> Iterator[Problem]:
        """Each value once for each name it stands under, however many aliases lead to it."""
        seen = set()
        for path, node in self._scalars.items():
            env, name = is_env_value(path), self._name(path)
            if isinstance(node.value, str) and (node, env, name) not in seen:
                seen.add((node, env, name))
                yield from self._at(node, name, path)

    def _at(self, node: Scalar, name: str, path: Path) -> Iterator[Problem]:
        if is_env_value(path):
            yield from self._literal(node, name)
        else:
            yield from self._in_text(node, name)
        yield from self._planted(node, path, name)

    def _planted(self, node: Scalar, path: Path, name: str) -> Iterator[Problem]:
        env = is_env_value(path)
        if env or (path[-2:-1] and path[-2] in _COMMANDS):
            found = list(planted_in(node.text, self._variables.get(path[:_CONTAINER], ())))
        else:
            named = planted_in_name(node.text) if _NAMES.intersection(path[-2:]) else in_brackets(node.text)
            found = [named] if named is not None else []
        if not found:
            return
        places = places_of(self._lines, node)  # once: a long script may hold many
        for item in found:
            fix = self._fill(node, name, item.text) if env else None
            text = f"{item.text} is a placeholder."
            if not item.certain:
                text = f"{item.text} looks like a placeholder: write your own value."
            if item.variable and not env:
                text = f"{item.text} names no bucket; for the value of the variable, write ${item.text}."
                change = places.edit(item.at, item.at, "$")
                fix = Fix(f"Write ${item.text}", (change,)) if change and "\n" in node.text else None
            kind = error if item.certain else warning
            yield kind(places.place(item.at), PLACEHOLDER, text, fix)

    @cached_property
    def _variables(self) -> dict[Path, set[str]]:
        """The names in the environment of each container, by its path."""
        found: dict[Path, set[str]] = {}
        for path, node in self._scalars.items():
            if path[-1:] == ("name",) and "env" in path:
                found.setdefault(path[:_CONTAINER], set()).add(node.text)
        return found

    def _name(self, path: Path) -> str:
        """Of an environment variable, or the option before an argument that is an item of its own."""
        number = path[-1] if path else None
        if is_env_value(path):
            node = self._scalars.get((*path[:-1], "name"))
            return node.text if node is not None else ""
        if path[-2:-1] and path[-2] in _COMMANDS and isinstance(number, int):
            node = self._scalars.get((*path[:-1], number - 1))
            return node.text if node is not None and node.text.startswith("-") else _NO_OPTION
        return ""

    def _literal(self, node: Scalar, name: str) -> Iterator[Problem]:
        kind = literal_secret(name, node.text)
        if not kind or references_in(node.text, node.place):
            return
        reference = "${" + name + "}"
        edit = self._replace(node, reference) if is_identifier(name) else None
        fix = Fix(f"Move it to your secrets as {name}", (edit,), (name, node.text)) if edit else None
        message = (
            f"{name or 'This value'} looks like {kind}, readable by all who see the file; write {reference}."
        )
        yield warning(node.place, LITERAL, message, fix)

    def _in_text(self, node: Scalar, option: str) -> Iterator[Problem]:
        """Secrets in a script, an option or any other text; `option` is the item before."""
        found = find_secrets(node.text)
        if not found and (kind := literal_secret(option, node.text)):
            found = [Finding(0, len(node.text), kind)]
        yield from self._told(
            node, found, "; set it in env as ${NAME} and write $NAME here" if option else ""
        )

    def _told(self, node: Scalar, findings: Sequence[Finding], hint: str) -> Iterator[Problem]:
        if not findings:
            return
        places = places_of(self._lines, node)  # once: a long script may hold many
        for found in findings:
            kind = f"{found.kind[:1].upper()}{found.kind[1:]}"
            message = f"{kind} seems to stand here, readable by all who see the file{hint}."
            yield warning(places.place(found.start), LITERAL, message)

    def _fill(self, node: Scalar, name: str, found: str) -> Fix | None:
        """The fix that writes a reference for a placeholder; its value is asked for at the start."""
        if not is_identifier(name) or found != node.text.strip():
            return None
        reference = "${" + name + "}"
        edit = self._replace(node, reference)
        return Fix(f"Write {reference}", (edit,)) if edit else None

    def _replace(self, node: Scalar, reference: str) -> Edit | None:
        """The change that writes a reference for a whole value, in quotes where YAML needs them."""
        lines, text = self._lines, self._text
        start, end = lines.offset(node.place), lines.offset(node.end)
        written = text[start:end].rstrip()  # a block ends where the next line begins
        if not written or written[0] in "*&!":
            return None
        quote = written[0] if written[0] in "\"'" else ""
        if not quote and written[0] not in "|>" and _IN_FLOW.match(text, end):
            quote = '"'
        return Edit(node.place, lines.place(start + len(written)), f"{quote}{reference}{quote}")


def _stored(references: Iterable[Reference]) -> Iterator[Problem]:
    """Once for the file: who may read the values when the job is sent."""
    found = [item for item in references if item.name not in PLAIN_NAMES]
    if found:
        names = list(dict.fromkeys(item.name for item in found))
        shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if names[_NAMED:] else "")
        message = f"Vertex AI stores the values of {shown} in the job: whoever may read jobs can read them."
        yield info(Place(*found[0].place), STORED, message)
