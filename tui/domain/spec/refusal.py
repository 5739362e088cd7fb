"""A refusal by the service, brought back to the lines of the file."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tui.domain.errors import CloudError
from tui.domain.spec.check import Spec
from tui.domain.spec.problems import START, Place, Problem, error
from tui.domain.spec.walk import Path

_LISTED = re.compile(r"\d+\.\s*Field:\s*(?P<field>[^;\t]{1,300});\s*Message:\s*(?P<text>[^\t]+)")
_PART = re.compile(r"[^.\[\]\"']+")
_SNAKE = re.compile(r"_([a-z0-9])")


def refused(failure: CloudError, spec: Spec) -> tuple[Problem, ...]:
    """What the service found wrong, each on its line where it named a field or a value of the file.

    Fields come from `google.rpc.BadRequest` or from the text `List of found errors: 1.Field: …; Message: …`.
    """
    pairs = list(failure.violations)
    pairs += [(match["field"], match["text"]) for match in _LISTED.finditer(failure.message)]
    if not pairs:
        pairs = [("", failure.message or failure.title)]
    return tuple(
        dict.fromkeys(error(_place(field, text, spec), "refused", text.strip()) for field, text in pairs)
    )


def path_of(field: str) -> Path:
    """`custom_job.job_spec.worker_pool_specs[0].machine_spec` as a path of camelCase names."""
    parts = [_SNAKE.sub(lambda match: match[1].upper(), part) for part in _PART.findall(field)]
    path: Path = tuple(int(part) if part.isdecimal() else part for part in parts)
    return path[1:] if path[:1] == ("customJob",) else path


def _place(field: str, text: str, spec: Spec) -> Place:
    path = path_of(field)
    for candidate in (path, ("jobSpec", *path)):
        known = candidate
        while known and known not in spec.places:
            known = known[:-1]
        if known and known != ("jobSpec",):
            return spec.places[known]
    return _place_of_value(text, spec.job.get("jobSpec", {}), spec)


def _place_of_value(text: str, job_spec: Mapping[str, object], spec: Spec) -> Place:
    """Where a machine, image or account that the text names stands in the file."""
    for path in sorted(spec.places, key=len, reverse=True):
        value = _at(job_spec, path[1:]) if path[:1] == ("jobSpec",) else None
        if isinstance(value, str) and len(value) > 4 and value in text:  # noqa: PLR2004  # not `true` or `1`
            return spec.places[path]
    return START


def _at(value: object, path: Path) -> object:
    for part in path:
        try:
            value = value[part]  # type: ignore[index]  # mappings and lists alike
        except (KeyError, IndexError, TypeError):
            return None
    return value
