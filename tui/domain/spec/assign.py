"""`KEY=VALUE` of the command line: one field of a CustomJob, set for one start only."""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Mapping
from typing import Any

from tui.domain.spec.args_text import parse_args
from tui.domain.spec.override import OverrideError, parse_duration
from tui.domain.spec.schema import OUTPUT_ONLY, Field, Kind, custom_job_schema

_TASKS = ("containerSpec", "pythonPackageSpec")
_POOL = ("jobSpec", "workerPoolSpecs", "0")
_BASES: tuple[tuple[tuple[str, ...], str], ...] = (
    ((), "CustomJob"),
    (("jobSpec",), "CustomJobSpec"),
    (("jobSpec", "scheduling"), "Scheduling"),
    (_POOL, "WorkerPoolSpec"),
    ((*_POOL, "machineSpec"), "MachineSpec"),
    ((*_POOL, "containerSpec"), "ContainerSpec"),
    ((*_POOL, "pythonPackageSpec"), "PythonPackageSpec"),
)
"""Where a key may begin; the first of them that has such a field is meant."""
_SECONDS = re.compile(r"\d{1,9}(?:\.\d{1,9})?s")
_WORDS = {"true": True, "false": False}


def assign(job: Mapping[str, Any], key: str, text: str) -> dict[str, Any]:
    """A CustomJob in JSON form with one field set; an empty text takes the field away.

    `key` is a path such as `jobSpec.workerPoolSpecs.1.replicaCount`. What leads to the CustomJobSpec, its
    scheduling, its first worker pool or that pool's machine and container may be left out: `serviceAccount`,
    `timeout`, `machineType`, `args`. `env.NAME` is a variable of every container, `labels.NAME` a label.

    Raises:
        OverrideError: there is no such field, or the text is no value for it.
    """
    changed = copy.deepcopy(dict(job))
    parts = tuple(key.split("."))
    if parts[0] == "env":
        _set_variable(changed, ".".join(parts[1:]), text)
        return changed
    base, message = _base(changed, key, parts[0])
    if not base and parts[0] in OUTPUT_ONLY:
        raise OverrideError(f"{key} is set by the service alone.")
    _Setter(key, text).into(_reach(changed, base, key), message, parts)
    return changed


def _set_variable(job: dict[str, Any], name: str, text: str) -> None:
    if not name:
        raise OverrideError("Write env.NAME=VALUE, with the name of the variable.")
    pools = job.get("jobSpec", {}).get("workerPoolSpecs", [])
    tasks = [pool[kind] for pool in pools for kind in _TASKS if kind in pool]
    if not tasks:
        raise OverrideError(f"env.{name} cannot be set: no worker pool has a containerSpec.")
    for task in tasks:
        task["env"] = _with_variable(
            task.get("env", []), {"name": name, "value": text} if text else None, name
        )


def _with_variable(
    env: list[dict[str, Any]], wanted: dict[str, Any] | None, name: str
) -> list[dict[str, Any]]:
    """Variables with one in the place of its namesake, else at the end; taken away if none is wanted."""
    there = [index for index, variable in enumerate(env) if variable.get("name") == name]
    if wanted is None:
        return [variable for index, variable in enumerate(env) if index not in there]
    if not there:
        return [*env, wanted]
    return [wanted if index == there[0] else old for index, old in enumerate(env) if index not in there[1:]]


def _base(job: Mapping[str, Any], key: str, first: str) -> tuple[tuple[str, ...], str]:
    """Where a key begins, and the message there; of container and package that which the pool has."""
    schema = custom_job_schema()
    found = [(base, name) for base, name in _BASES if schema.field(name, first) is not None]
    if not found:
        known = [field for _, name in _BASES for field in schema.messages[name]]
        close = difflib.get_close_matches(first, known, n=1)
        hint = f"did you mean {close[0]}?" if close else "see the reference of CustomJob"
        raise OverrideError(f"{key} is no field of a custom job; {hint}")
    pools = job.get("jobSpec", {}).get("workerPoolSpecs") or [{}]
    there = [(base, name) for base, name in found if base[-1:] == () or base[-1] not in _TASKS]
    there += [(base, name) for base, name in found if base and base[-1] in _TASKS and base[-1] in pools[0]]
    return (there or found)[0]


def _reach(job: dict[str, Any], base: tuple[str, ...], key: str) -> dict[str, Any]:
    """The message at `base`, made on the way if need be."""
    here: Any = job
    for part in base:
        if isinstance(here, list):
            if not here:
                raise OverrideError(f"{key} cannot be set: the spec has no worker pool.")
            here = here[int(part)]
        else:
            here = here.setdefault(part, [] if part == "workerPoolSpecs" else {})
    found: dict[str, Any] = here
    return found


class _Setter:
    """Sets one text at the end of a path."""

    def __init__(self, key: str, text: str) -> None:
        self._key = key
        self._text = text
        self._schema = custom_job_schema()

    def into(self, here: dict[str, Any], message: str, parts: tuple[str, ...]) -> None:
        """Set the field that `parts` lead to from a message."""
        field = self._schema.field(message, parts[0])
        if field is None:
            known = ", ".join(self._schema.messages[message])
            raise OverrideError(f"{self._key}: there is no {parts[0]}; there are {known}.")
        rest = parts[1:]
        if field.map:
            self._put(here.setdefault(field.name, {}), ".".join(rest), field)
        elif field.repeated and rest:
            self._item(here.get(field.name, []), rest, field)
        elif field.kind is Kind.MESSAGE and rest:
            self.into(here.setdefault(field.name, {}), field.type, rest)
        elif rest:
            raise OverrideError(f"{self._key}: {field.name} has no parts.")
        else:
            self._put(here, field.name, field)

    def _item(self, items: list[Any], parts: tuple[str, ...], field: Field) -> None:
        number = int(parts[0]) if parts[0].isascii() and parts[0].isdigit() and len(parts[0]) < 6 else -1  # noqa: PLR2004
        if not 0 <= number < len(items):
            what = f"it has {len(items)}, from 0" if items else "it has none"
            raise OverrideError(f"{self._key}: {field.name} has no item {parts[0]}; {what}.")
        if field.kind is Kind.MESSAGE and parts[1:]:
            self.into(items[number], field.type, parts[1:])
        elif field.kind is Kind.MESSAGE or parts[1:]:
            raise OverrideError(f"{self._key}: name the field of {field.name} that is meant.")
        else:
            items[number] = self._value(field)

    def _put(self, here: dict[str, Any], name: str, field: Field) -> None:
        if not name:
            raise OverrideError(f"{self._key}: write {field.name}.NAME=VALUE.")
        if not self._text:
            here.pop(name, None)
        elif field.repeated:
            here[name] = self._list(field)
        else:
            here[name] = self._value(field)

    def _list(self, field: Field) -> list[str]:
        if field.kind is not Kind.STRING:
            raise OverrideError(f"{self._key}: name the item that is meant, such as {field.name}.0")
        return parse_args(self._text)

    def _value(self, field: Field) -> Any:  # noqa: ANN401  # any JSON
        text = self._text
        match field.kind:
            case Kind.MESSAGE:
                names = ", ".join(self._schema.messages[field.type])
                raise OverrideError(f"{self._key}: name the field that is meant: one of {names}.")
            case Kind.BOOL:
                if text.lower() not in _WORDS:
                    raise OverrideError(f"{self._key} is true or false, not {text}.")
                return _WORDS[text.lower()]
            case Kind.INT32 | Kind.INT64:
                try:
                    return int(text)
                except ValueError:
                    raise OverrideError(f"{self._key} is a whole number, not {text}.") from None
            case Kind.DURATION:
                return text if _SECONDS.fullmatch(text) else f"{parse_duration(text)}s"
            case Kind.ENUM:
                return text.upper()
            case _:
                return text
