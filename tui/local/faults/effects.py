"""What can go wrong, in what words it is asked for, and what may be said about it; standard library only."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

HTTP_STATUS: Mapping[str, int] = {
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "UNAUTHENTICATED": 401,
}
"""Google's error codes with their HTTP status (`google.rpc.Code`)."""

CODE_OF_STATUS: Mapping[int, str] = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""The code that gRPC clients are given for an HTTP status."""


class RuleError(ValueError):
    """A rule that makes no sense; the text says why."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that can go wrong."""

    kind: str
    """`call`, `job` or `log`."""
    name: str
    about: str
    options: tuple[str, ...] = ()
    """Names in `OPTIONS`."""


CATALOGUE = (
    Effect(
        "call",
        "error",
        "the call is refused with an error and has no effect",
        ("code", "message", "details", "reason", "domain", "metadata", "retry_delay", "quota", "retry_after"),
    ),
    Effect("call", "delay", "the call waits before it is carried out", ("seconds",)),
    Effect("call", "drop", "the call is carried out, and its reply gets lost", ("hang",)),
    Effect(
        "call",
        "break",
        "the connection breaks in the middle of the reply or stream",
        ("after", "seconds", "bytes"),
    ),
    Effect("call", "truncate", "the reply ends too early", ("bytes", "length")),
    Effect("job", "quota", "a new job exceeds the quota: refused, or left waiting", ("queued", "seconds")),
    Effect("job", "stockout", "the region has no machine for the job"),
    Effect("job", "image-pull", "the job's image cannot be pulled"),
    Effect("job", "preempt", "the job's machine is taken away while it runs", ("seconds",)),
    Effect("job", "internal", "the job ends with an internal error while it runs", ("seconds",)),
    Effect("log", "late", "log entries can be read only after a while", ("seconds",)),
    Effect("log", "duplicate", "log entries reach tails twice; listings show each once, as Google's do"),
    Effect("log", "shuffle", "log entries arrive out of order", ("seconds",)),
)
"""Every effect."""

EFFECTS: Mapping[str, frozenset[str]] = {
    kind: frozenset(effect.name for effect in CATALOGUE if effect.kind == kind)
    for kind in ("call", "job", "log")
}
"""What can go wrong with each kind of thing."""


def effect_of(kind: str, name: str) -> Effect:
    """The effect `name` of a kind.

    Raises:
        RuleError: unknown kind or effect.
    """
    known_among("kind", kind, EFFECTS)
    known_among(f"effect for a {kind}", name, EFFECTS[kind])
    return next(effect for effect in CATALOGUE if (effect.kind, effect.name) == (kind, name))


def known_among(what: str, name: str, known: Iterable[str]) -> None:
    """Refuse a name that is not known, with the nearest one that is.

    Raises:
        RuleError: the name is not among `known`.
    """
    names = sorted(known)
    if name in names:
        return
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise RuleError(f"unknown {what}: {name!r}; {hint}({', '.join(names)})")


def check_options(effect: Effect, options: Mapping[str, Any]) -> None:
    """Refuse options that the effect does not take, and values that make no sense.

    Raises:
        RuleError: such an option.
    """
    for name, value in options.items():
        if name not in effect.options:
            takes = f"it takes {', '.join(effect.options)}" if effect.options else "it takes none"
            raise RuleError(f"{effect.name} of a {effect.kind} does not take the option {name!r}; {takes}")
        fits, wanted = OPTIONS[name]
        if not fits(value):
            raise RuleError(f"{name} must be {wanted}, not {value!r}")
    if effect.name == "delay" and "seconds" not in options:
        raise RuleError("delay needs seconds")
    if "metadata" in options and "reason" not in options:
        raise RuleError("metadata needs a reason to belong to")


def error_code(value: str | int) -> tuple[str, int]:
    """Google's name and the HTTP status of an error given by either.

    Raises:
        RuleError: it is neither.
    """
    text = str(value).strip()
    if text.isascii() and text.isdigit():
        status = int(text)
        if status not in CODE_OF_STATUS:
            known = ", ".join(map(str, CODE_OF_STATUS))
            raise RuleError(f"unknown HTTP status {status} for an error; there are: {known}")
        return CODE_OF_STATUS[status], status
    name = text.upper().replace("-", "_").replace(" ", "_")
    known_among("error code", name, HTTP_STATUS)
    return name, HTTP_STATUS[name]


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_code(value: object) -> bool:
    if not isinstance(value, str | int) or isinstance(value, bool):
        return False
    error_code(value)
    return True


def _is_texts(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(part, str) for pair in value.items() for part in pair)


def _is_details(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(detail, dict) and isinstance(detail.get("@type"), str) for detail in value
    )


def _is_quota(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, dict) and item.keys() <= {"subject", "description"} and _is_texts(item)
        for item in value
    )


_SECONDS = (_is_seconds, "a number of seconds, 0 or more")

OPTIONS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "code": (_is_code, "an error code such as UNAVAILABLE or an HTTP status such as 503"),
    "message": (_is_text, "a text"),
    "details": (_is_details, "a list of objects, each with its @type"),
    "reason": (_is_text, "a text"),
    "domain": (_is_text, "a text"),
    "metadata": (_is_texts, "an object of texts"),
    "retry_delay": _SECONDS,
    "quota": (_is_quota, "a list of objects with subject and description"),
    "retry_after": _SECONDS,
    "seconds": _SECONDS,
    "hang": (lambda value: isinstance(value, bool), "true or false"),
    "after": (_is_count, "a number of messages, 0 or more"),
    "bytes": (_is_count, "a number of bytes, 0 or more"),
    "length": (lambda value: value in {"whole", "cut"}, "whole or cut"),
    "queued": (lambda value: isinstance(value, bool), "true or false"),
}
"""Whether a value fits an option, and what would."""
