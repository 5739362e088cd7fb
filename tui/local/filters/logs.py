"""The Logging query language over `LogEntry` messages.

See cloud.google.com/logging/docs/view/logging-query-language.
"""

from __future__ import annotations

from collections.abc import Callable

from tui.local.filters.grammar import And, Call, Compare, FilterError, Node, Or, Search, parse
from tui.local.filters.log_compare import any_text, comparison, time_of
from tui.local.filters.log_fields import texts
from tui.local.filters.log_functions import function
from tui.local.filters.matching import Predicate, build, conjuncts
from tui.local.state.entry_pages import Bounds
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message

SEVERITIES = {
    "DEFAULT": 0,
    "DEBUG": 100,
    "INFO": 200,
    "NOTICE": 300,
    "WARNING": 400,
    "ERROR": 500,
    "CRITICAL": 600,
    "ALERT": 700,
    "EMERGENCY": 800,
}
_FARTHEST = 2**63 - 1
"""Nanoseconds that SQLite can hold, on both sides of 1970."""
Interval = tuple[int, int]
_ALWAYS: Interval = (-_FARTHEST, _FARTHEST)


class LogFilter:
    """A parsed filter: a predicate, and what SQLite can look up."""

    def __init__(self, text: str) -> None:
        """Read a filter.

        Raises:
            FilterError: it is not one.
        """
        self._node = parse(text, logging=True)
        self.predicate: Predicate | None = build(self._node, _leaf) if self._node else None
        self.bounds, rest = _bounds(self._node)
        self._rest = build(And(tuple(rest)), _leaf) if rest else None

    def matches(self, entry: Message) -> bool:
        """Whether a `LogEntry` passes.

        Raises:
            CostError: a regular expression takes too long.
        """
        return self.predicate is None or self.predicate(entry)

    def matches_bytes(self) -> Callable[[bytes], bool] | None:
        """A predicate over serialized entries within `bounds`; None if these alone decide."""
        rest = self._rest
        if rest is None:
            return None
        read = gtypes.LogEntry.FromString
        return lambda data: rest(read(data))


def _leaf(term: Compare | Search) -> Predicate:
    if isinstance(term, Call):
        return function(term)
    if isinstance(term, Search):
        return any_text(term.text, texts)
    return comparison(term)


def _bounds(node: Node | None) -> tuple[Bounds, list[Node]]:
    """What the filter demands at least, and the terms that this does not cover."""
    job_id: str | None = None
    log_name: str | None = None
    severity: int | None = None
    rest: list[Node] = []
    for term in conjuncts(node):
        if not isinstance(term, Compare):
            rest.append(term)
            continue
        name, value = _name(term.path), term.value
        if name == "resource.labels.job_id" and term.operator == "=" and _decides(value, job_id):
            job_id = value
        elif name == "logname" and term.operator == "=" and value.isascii() and log_name is None:
            log_name = value
        elif name == "severity" and term.operator == ">=" and severity is None and value != "*":
            severity = _number(value)
        elif not (name == "timestamp" and _is_time(term)):
            rest.append(term)
    since, until = _times(node)
    bounds = Bounds(
        job_id=job_id,
        log_name=log_name,
        since_ns=None if since == -_FARTHEST else since,
        until_ns=None if until == _FARTHEST else until,
        severity=severity,
    )
    return bounds, rest


def _number(severity: str) -> int:
    named = SEVERITIES.get(severity.upper())
    return min(int(severity), _FARTHEST) if named is None else named


def _decides(value: str, before: str | None) -> bool:
    """Whether equality with a job's id is equality for SQLite too: case would not matter here."""
    return value.isascii() and value.isdecimal() and before in {None, value}


def _name(path: tuple[str, ...]) -> str:
    """A path as we write it; what follows `labels` is a key, whose case matters."""
    head = [part.lower().replace("_", "") for part in path]
    if head[:2] == ["resource", "labels"]:
        return ".".join(["resource", "labels", *path[2:]])
    return ".".join(head)


def _is_time(term: Compare) -> bool:
    return term.operator in {">", ">=", "<", "<=", "="} and (term.quoted or term.value != "*")


def _times(node: Node | None) -> Interval:
    """A span of time outside of which nothing passes; empty ones have their end before their beginning."""
    if isinstance(node, And):
        spans = [_times(part) for part in node.parts]
        return max(low for low, _ in spans), min(high for _, high in spans)
    if isinstance(node, Or):
        spans = [_times(part) for part in node.parts]
        return min(low for low, _ in spans), max(high for _, high in spans)
    if isinstance(node, Compare) and _name(node.path) == "timestamp" and _is_time(node):
        time = max(-_FARTHEST, min(time_of(node.value), _FARTHEST - 1))
        low = time + (node.operator == ">") if node.operator in {">", ">=", "="} else -_FARTHEST
        high = time - (node.operator == "<") if node.operator in {"<", "<=", "="} else _FARTHEST
        return low, max(high, -_FARTHEST)
    return _ALWAYS


__all__ = ["SEVERITIES", "FilterError", "LogFilter"]
