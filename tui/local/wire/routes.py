"""Match HTTP paths against `google.api.http` templates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from tui.local.wire.methods import Method, MethodTable, Route

_VARIABLE = re.compile(r"\{([a-z_.]+)(?:=([^}]*))?\}|(\*\*|\*)|([^{*]+)")


def pattern(template: str) -> re.Pattern[str]:
    """The template as a regular expression over the raw path; variables become its groups."""
    parts = []
    for match in _VARIABLE.finditer(template):
        name, shape, wildcard, literal = match.groups()
        if name is not None:
            parts.append(f"({_shape(shape or '*')})")
        elif wildcard is not None:
            parts.append(_shape(wildcard))
        else:
            parts.append(re.escape(literal))
    return re.compile("".join(parts))


def variables(template: str) -> tuple[str, ...]:
    """Field paths of a template's variables, in their order."""
    return tuple(match[1] for match in _VARIABLE.finditer(template) if match[1])


def _shape(shape: str) -> str:
    parts = (
        ".+" if part == "**" else "[^/:]+" if part == "*" else re.escape(part) for part in shape.split("/")
    )
    return "/".join(parts)


@dataclass(frozen=True, slots=True)
class Match:
    """A method found for a path, with the values of the path's variables."""

    method: Method
    route: Route
    values: dict[str, str]


class Router:
    """All routes of a method table; the first that matches wins."""

    def __init__(self, table: MethodTable) -> None:
        self._routes: dict[str, list[tuple[re.Pattern[str], tuple[str, ...], Method, Route]]] = {}
        for method in table.unary:
            for route in method.routes:
                entry = (pattern(route.template), variables(route.template), method, route)
                self._routes.setdefault(route.verb, []).append(entry)

    def find(self, verb: str, raw_path: str) -> Match | None:
        """The method for a verb and a path that is still percent-encoded."""
        path = raw_path.replace("%3A", ":").replace("%3a", ":")
        for expression, names, method, route in self._candidates(verb):
            found = expression.fullmatch(path)
            if found:
                values = (unquote(value) for value in found.groups())
                return Match(method, route, dict(zip(names, values, strict=True)))
        return None

    def _candidates(self, verb: str) -> Iterable[tuple[re.Pattern[str], tuple[str, ...], Method, Route]]:
        return self._routes.get(verb, ())
