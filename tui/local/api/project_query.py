"""The query of `SearchProjects`: words `field:value`, of which any has to fit (`SearchProjectsRequest`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tui.local.wire.errors import invalid

_WORD = re.compile(r'([A-Za-z][\w.-]*):("[^"]*"|[^\s"]+)(?:\s+|$)')
_ALIASES = {"displayname": "name", "projectid": "id", "lifecyclestate": "state"}
_OTHER = re.compile(r"labels(\.[\w-]+)?|parent(\.type|\.id)?")
"""Fields that the one project has no value for."""


def project_filter(query: str) -> Callable[[Mapping[str, str]], bool]:
    """Whether a project with `id`, `name` and `state` fits.

    Raises:
        ApiError: INVALID_ARGUMENT: no such field, or no query.
    """
    text = query.strip()
    words: list[tuple[str, str]] = []
    while text:
        found = _WORD.match(text)
        if not found:
            raise invalid(f"Invalid query: {query!r}; use field:value.")
        words.append((_field(found[1], query), found[2].strip('"').casefold()))
        text = text[found.end() :]
    return lambda project: not words or any(_fits(project.get(name, ""), value) for name, value in words)


def _field(name: str, query: str) -> str:
    plain = name.casefold()
    field = _ALIASES.get(plain, plain)
    if field not in {"id", "name", "state"} and not _OTHER.fullmatch(field):
        raise invalid(f"Invalid query: {query!r}; there is no field {name}.")
    return field


def _fits(have: str, wanted: str) -> bool:
    if wanted.endswith("*"):
        return bool(have) and have.casefold().startswith(wanted[:-1])
    return have.casefold() == wanted
