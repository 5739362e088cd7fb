"""Environment variables of a container."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tui.domain.spec.forms import MAX_ENV
from tui.domain.spec.problems import Problem, error, warning
from tui.domain.spec.references import is_identifier
from tui.domain.spec.rules.base import View
from tui.domain.spec.walk import Path

_SHELL = re.compile(r"(?<![\\$])\$(?P<name>[A-Za-z_][A-Za-z0-9_]*)")
_SIMPLE = re.compile(r"[\w./$()-][\w./$():-]*[\w./$()-]")
_USED = re.compile(r"(?P<escape>\$\$)|\$\((?P<name>[A-Za-z_][A-Za-z0-9_]*)\)")


def variable_problems(view: View, env: list[Mapping[str, Any]], path: Path) -> Iterator[Problem]:
    """What is wrong with a container's environment."""
    if len(env) > MAX_ENV:
        place = view.at(*path, MAX_ENV)
        yield error(place, "too-many-env", f"A container has at most {MAX_ENV} variables, not {len(env)}.")
    last = {variable.get("name", ""): number for number, variable in enumerate(env)}
    seen: set[str] = set()
    for number, variable in enumerate(env):
        yield from _variable(view, variable, (*path, number), seen)
        yield from _too_early(view, variable, (*path, number), last)
        yield from _as_in_a_shell(view, variable, (*path, number), last)


def _variable(view: View, variable: Mapping[str, Any], path: Path, seen: set[str]) -> Iterator[Problem]:
    name = variable.get("name", "")
    place = view.value_at(*path, "name")
    if not name:
        if not view.unread(*path, "name"):
            yield error(view.at(*path), "env-name", "A variable needs a name.")
    elif not is_identifier(name):
        text = f"“{name[:60]}” cannot name a variable: letters, digits and _ only, no digit first."
        yield error(place, "env-name", text)
    elif name in seen:
        text = f"{name} is set twice: Vertex AI may refuse that, or take the last."
        yield warning(place, "env-twice", text)
    seen.add(name)
    given = "value" in variable or (*path, "value") in view.written
    if not given and not view.unread(*path, "value"):
        yield error(view.at(*path), "env-value", f"{name or 'A variable'} needs a value.")


def _as_in_a_shell(
    view: View, variable: Mapping[str, Any], path: Path, last: Mapping[str, int]
) -> Iterator[Problem]:
    """`$NAME` in a value, which no shell reads."""
    value = variable.get("value", "")
    found = next((item for item in _SHELL.finditer(value) if item["name"] in last), None)
    if found is None or variable.get("name") == found["name"]:
        return
    name, where = found["name"], (*path, "value")
    text = f"No shell reads this: ${name} stays as it is; $({name}) is filled in from a variable set above."
    written = f"{value[: found.start()]}$({name}){value[found.end() :]}"
    above = last[name] < int(path[-1]) and _SIMPLE.fullmatch(written) and view.is_plain(*where)
    yield warning(
        view.value_at(*where), "shell-unexpanded", text, view.write(where, written) if above else None
    )


def _too_early(
    view: View, variable: Mapping[str, Any], path: Path, last: Mapping[str, int]
) -> Iterator[Problem]:
    """`$(NAME)` is filled in from the variables above only (`EnvVar.value`)."""
    for match in _USED.finditer(variable.get("value", "")):
        if match["name"] and last.get(match["name"], -1) >= int(path[-1]):
            text = f"$({match['name']}) stays as it is: only variables set above this one are filled in."
            yield warning(view.value_at(*path, "value"), "env-order", text)
