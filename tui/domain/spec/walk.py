"""From the YAML tree to the API's JSON, checking every key and type on the way."""

from __future__ import annotations

import json
from typing import Any

from tui.domain.spec import scalars
from tui.domain.spec.env_forms import env_problem
from tui.domain.spec.merge import TooMuchError, entries_of
from tui.domain.spec.nodes import Entry, Mapping, Node, Scalar, Sequence, describe
from tui.domain.spec.problems import Place, Problem, Severity, error, info
from tui.domain.spec.schema import OUTPUT_ONLY, Field, Kind, Schema
from tui.domain.spec.slips import colon_in_text, curly_quotes
from tui.domain.spec.spaces import behind_colon, behind_dash, equals_sign, odd_behind_colon
from tui.domain.spec.unknown_keys import WHERE, unknown_key
from tui.domain.spec.wishes import main_value

Path = tuple[str | int, ...]
"""Where a value is in a CustomJob: camelCase names and list positions, e.g. `("jobSpec", "network")`."""

_FREE = frozenset({"env", "args", "command", "labels"})
"""Fields that may hold any text."""
MAX_VALUES = 50_000
"""Values read, each alias counted as often as it is used."""


class Walker:
    """Reads one document.

    Attributes:
        problems: what was found.
        places: where each value stands, by its path in the CustomJob.
        scalars: the text of each single value, by path.
        mappings: the mappings that were read as messages, by path.
        unread: paths of values that were wrong in themselves and are left out, or stand under a wrong key.
    """

    def __init__(self, schema: Schema) -> None:
        self.problems: list[Problem] = []
        self.places: dict[Path, Place] = {}
        self.scalars: dict[Path, Scalar] = {}
        self.mappings: dict[Path, Mapping] = {}
        self.unread: set[Path] = set()
        self._schema = schema
        self._left = MAX_VALUES

    def message(self, node: Node, name: str, path: Path) -> dict[str, Any]:
        """Read `node` as the message `name`; what is wrong is left out and reported."""
        self._visit(node, path)
        if not isinstance(node, Mapping):
            self._no_keys(node, name, path)
            return {}
        self.mappings[path] = node
        result: dict[str, Any] = {}
        groups: dict[str, str] = {}
        for key, entry in entries_of(node).items():
            field = self._schema.field(name, key) if isinstance(entry.key, Scalar) else None
            if field is None:
                self._unknown(entry, node, name, path)
            elif name == self._schema.root and field.name in OUTPUT_ONLY:
                self.problems.append(
                    info(
                        entry.key.place,
                        "output-only",
                        f"{field.name} is set by Vertex AI; it is not sent.",
                    )
                )
            elif field.name in result:
                self.problems.append(
                    error(entry.key.place, "yaml-duplicate-key", f"{field.name} is set twice, also as {key}.")
                )
            else:
                self._check_group(entry, field, groups)
                self._set(result, entry, field, (*path, field.name))
        return result

    def _check_group(self, entry: Entry, field: Field, groups: dict[str, str]) -> None:
        if not field.oneof or (isinstance(entry.value, Scalar) and entry.value.value is None):
            return
        other = groups.setdefault(field.oneof, field.name)
        if other != field.name:
            self.problems.append(
                error(
                    entry.key.place,
                    "both-tasks",
                    f"A pool has either {other} or {field.name}, not both.",
                )
            )

    def _set(self, result: dict[str, Any], entry: Entry, field: Field, path: Path) -> None:
        self.places[path] = entry.key.place
        value = entry.value
        if _is_nothing(value, field):
            self.problems.append(
                info(entry.key.place, "empty-value", f"{field.name} has no value and is not sent.")
            )
            return
        if field.map:
            result[field.name] = self._map(value, path)
        elif field.repeated:
            result[field.name] = self._list(value, field, path)
        else:
            read = self._single(value, field, path)
            if read is not None:
                result[field.name] = read

    def _list(self, node: Node, field: Field, path: Path) -> list[Any]:
        if (missing := _missing_dash(node, self.places.get(path))) is not None:
            self.unread.add(path)
            self.problems.append(missing)
            return []
        if field.type == "EnvVar" and (told := env_problem(node)) is not None:
            self.unread.add(path)
            self.problems.append(told)
            return []
        if isinstance(node, Sequence):
            items = node.items
        else:
            items = (node,)
            self.problems.append(
                info(
                    node.place,
                    "one-not-list",
                    f"{field.name} is a list; like gcloud, this is read as a list of one.",
                )
            )
        read = [self._single(item, field, (*path, number)) for number, item in enumerate(items)]
        return [item for item in read if item is not None]

    def _map(self, node: Node, path: Path) -> dict[str, str]:
        self._visit(node, path)
        if not isinstance(node, Mapping):
            self._wrong(node, path, "names with texts")
            return {}
        text = Field("", "", Kind.STRING)
        for entry in entries_of(node).values():
            self._check_name(entry.key)
        read = {key: self._single(entry.value, text, (*path, key)) for key, entry in entries_of(node).items()}
        return {key: value for key, value in read.items() if value is not None}

    def _check_name(self, key: Node) -> None:
        """A name that YAML takes for something else than a text, such as `on`, must be quoted."""
        if isinstance(key, Scalar) and key.plain and not isinstance(key.value, str):
            fix = scalars.replace_value(key, "Put it in quotes", json.dumps(key.text, ensure_ascii=False))
            message = f"{describe(key)} must be a text: put it in quotes."
            self.problems.append(error(key.place, "needs-quotes", message, fix))

    def _single(self, node: Node, field: Field, path: Path) -> Any:  # noqa: ANN401  # any JSON value
        if field.kind is Kind.MESSAGE:
            return self.message(node, field.type, path)
        self._visit(node, path)
        if field.kind in (Kind.ANY, Kind.TIMESTAMP):
            return None
        if not isinstance(node, Scalar):
            slip = colon_in_text(node) if field.kind is Kind.STRING and path[-2:-1] else None
            self._wrong(node, path, scalars.expected(field), slip)
            return None
        if (curly := curly_quotes(node, free=_FREE.intersection(path[-3:]) != set())) is not None:
            self.problems.append(curly)
            if curly.severity is Severity.ERROR:
                self.unread.add(path)
                return None
        self.scalars[path] = node
        try:
            value = scalars.convert(node, field, self._schema)
        except scalars.WrongValueError as wrong:
            self.unread.add(path)
            joint = " " if wrong.message.startswith("must") else ": "
            self.problems.append(
                error(node.place, wrong.code, f"{_name(path)}{joint}{wrong.message}", wrong.fix)
            )
            return None
        if (told := scalars.reading(node, field)) is not None:
            self.problems.append(told)
        return value

    def _visit(self, node: Node, path: Path) -> None:
        self._left -= 1
        if self._left < 0:
            raise TooMuchError
        if isinstance(path[-1] if path else 0, int) or path not in self.places:
            self.places[path] = node.place

    def _wrong(self, node: Node, path: Path, wanted: str, cause: Problem | None = None) -> None:
        """Tell that a value is of another kind, or what made it so."""
        self.unread.add(path)
        message = f"{_name(path)} must be {wanted}, not {describe(node)}."
        self.problems.append(cause or error(node.place, "wrong-type", message))

    def _no_keys(self, node: Node, name: str, path: Path) -> None:
        missing = None
        if isinstance(node, Scalar) and node.plain:
            keys = frozenset(self._schema.messages[name])
            keys |= {field.snake for field in self._schema.messages[name].values()}
            missing = behind_colon(node.text, node.place, keys) or odd_behind_colon(
                node.text, node.place, keys
            )
            missing = missing or equals_sign(node.text, node.place)
        key, fix = main_value(node, name) if isinstance(node, Scalar) else ("", None)
        if missing is None and key and isinstance(node, Scalar):
            self.unread.add(path)
            message = f"{_name(path)} must be keys with values: write {key}: {node.text[:60]} below it."
            self.problems.append(error(node.place, "wrong-type", message, fix))
        elif missing is None:
            self._wrong(node, path, "keys with values")
        else:
            self.unread.add(path)
            self.problems.append(missing)

    def _unknown(self, entry: Entry, around: Mapping, message: str, path: Path) -> None:
        key = entry.key
        if not isinstance(key, Scalar):
            self.problems.append(error(key.place, "unknown-key", "A key must be a name."))
            return
        found = unknown_key(self._schema, message, entry, around)
        self.unread.update((*path, *part) for part in found.meant)
        if found.explains is not None:
            self.problems = [item for item in self.problems if not _follows(item, found.explains)]
        where = (_name(path) if path[1:] else "the spec") if path else "a job"
        place = found.place or key.place
        self.problems.append(error(place, found.code, found.message.replace(WHERE, where), found.fix))


def _is_nothing(value: Node, field: Field) -> bool:
    """Null, and for gcloud also an empty list where no list belongs."""
    if isinstance(value, Scalar):
        return value.value is None
    return isinstance(value, Sequence) and not value.items and not (field.repeated or field.map)


def _follows(problem: Problem, cause: Place | None) -> bool:
    return problem.place == cause and problem.code == "empty-value"


def _missing_dash(node: Node, key: Place | None) -> Problem | None:
    """What is wrong where `-item` below a key was to be a list."""
    first = node.entries[0].key if isinstance(node, Mapping) and node.entries and not node.flow else node
    if not isinstance(first, Scalar) or not first.plain or key is None or first.place.line <= key.line:
        return None
    return behind_dash(first.text, first.place)


def _name(path: Path) -> str:
    """`workerPoolSpecs[0].machineSpec`, without the jobSpec in front that most files do not write."""
    shown = path[1:] if path[:1] == ("jobSpec",) else path
    text = ""
    for part in shown:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text or "The spec"
