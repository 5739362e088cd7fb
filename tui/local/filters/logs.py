"""The Logging query language over `LogEntry` messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tui.local.clock import parse_ns, unstamp
from tui.local.filters.grammar import Compare, FilterError, Node, Search, parse
from tui.local.filters.matching import ORDER, Predicate, build, conjuncts
from tui.local.state.entries import Bounds
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Json, Message

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
_TIMES = {
    "timestamp": "timestamp",
    "receivetimestamp": "receive_timestamp",
    "receive_timestamp": "receive_timestamp",
}
_TEXTS = {
    "logname": "log_name",
    "log_name": "log_name",
    "insertid": "insert_id",
    "insert_id": "insert_id",
    "textpayload": "text_payload",
    "text_payload": "text_payload",
    "trace": "trace",
    "spanid": "span_id",
    "span_id": "span_id",
}


class LogFilter:
    """A parsed filter: a predicate, and what SQLite can look up."""

    def __init__(self, text: str) -> None:
        """Read a filter.

        Raises:
            FilterError: it is not one.
        """
        self._node = parse(text)
        self.predicate: Predicate | None = build(self._node, _leaf) if self._node else None
        self.bounds, self.exact = _bounds(self._node)

    def matches(self, entry: Message) -> bool:
        """Whether a `LogEntry` passes."""
        return self.predicate is None or self.predicate(entry)

    def matches_bytes(self) -> Callable[[bytes], bool] | None:
        """A predicate over serialized entries; None if `bounds` alone decides."""
        if self.exact or self.predicate is None:
            return None
        predicate = self.predicate
        read = gtypes.LogEntry.FromString
        return lambda data: predicate(read(data))


def _bounds(node: Node | None) -> tuple[Bounds, bool]:
    """What the filter demands at least, and whether that is all it demands."""
    job_id: str | None = None
    since: list[int] = []
    until: list[int] = []
    severity: list[int] = []
    exact = True
    for term in conjuncts(node):
        if not isinstance(term, Compare):
            exact = False
            continue
        name = ".".join(term.path).lower()
        if name == "resource.labels.job_id" and term.operator == "=" and job_id in {None, term.value}:
            job_id = term.value
        elif name == "timestamp" and term.operator in {">", ">=", "<", "<=", "="}:
            _narrow(term, since, until)
        elif name == "severity" and term.operator == ">=":
            severity.append(_severity(term.value))
        else:
            exact = False
    bounds = Bounds(job_id, max(since, default=None), min(until, default=None), max(severity, default=None))
    return bounds, exact


def _narrow(term: Compare, since: list[int], until: list[int]) -> None:
    time = _time(term.value)
    if term.operator in {">", ">=", "="}:
        since.append(time + (term.operator == ">"))
    if term.operator in {"<", "<=", "="}:
        until.append(time - (term.operator == "<"))


def _leaf(term: Compare | Search) -> Predicate:
    if isinstance(term, Search):
        wanted = term.text.lower()
        return lambda entry: any(wanted in text.lower() for text in _all_texts(entry))
    first = term.path[0].lower()
    if len(term.path) == 1 and first in _TIMES and term.value != "*":
        return _time_leaf(term, _TIMES[first])
    if len(term.path) == 1 and first == "severity" and term.value != "*":
        return _severity_leaf(term)
    return _text_leaf(term, _getter(term.path))


def _time_leaf(term: Compare, attribute: str) -> Predicate:
    wanted = _time(term.value)
    compare = ORDER.get("=" if term.operator == ":" else term.operator)
    if compare is None:
        raise FilterError(f"The operator {term.operator} cannot be used with {term.path[0]}")
    return lambda entry: compare(unstamp(getattr(entry, attribute)), wanted)


def _severity_leaf(term: Compare) -> Predicate:
    if term.operator in {"=~", "!~"}:
        return _text_leaf(term, lambda entry: [_severity_name(int(entry.severity))])
    wanted = _severity(term.value)
    compare = ORDER["=" if term.operator == ":" else term.operator]
    return lambda entry: compare(int(entry.severity), wanted)


def _text_leaf(term: Compare, values: Callable[[Message], list[Json]]) -> Predicate:
    if term.value == "*" and not term.quoted and term.operator in {":", "=", "!="}:
        present = term.operator != "!="
        return lambda entry: bool(values(entry)) is present
    if term.operator == "!=":
        equal = _compare_one("=", term.value)
        return lambda entry: not any(equal(value) for value in values(entry))
    if term.operator == "!~":
        regular = _compare_one("=~", term.value)
        return lambda entry: not any(regular(value) for value in values(entry))
    test = _compare_one(term.operator, term.value)
    return lambda entry: any(test(value) for value in values(entry))


def _compare_one(operator: str, wanted: str) -> Callable[[Message], bool]:
    if operator == "=~":
        try:
            expression = re.compile(wanted)
        except re.error as error:
            raise FilterError(f"Invalid regular expression {wanted!r}: {error}") from error
        return lambda value: expression.search(_text(value)) is not None
    lowered = wanted.lower()
    if operator == ":":
        return lambda value: lowered in _text(value).lower()
    if operator == "=":
        return lambda value: _text(value).lower() == lowered or _number(value) == _number(wanted) is not None
    compare = ORDER[operator]
    number = _number(wanted)

    def ordered(value: Json) -> bool:
        found = _number(value)
        if number is not None and found is not None:
            return compare(found, number)
        return compare(_text(value).lower(), lowered)

    return ordered


def _getter(path: tuple[str, ...]) -> Callable[[Message], list[Json]]:  # noqa: PLR0911 (a line a kind)
    first, rest = path[0].lower(), path[1:]
    if not rest and first in _TEXTS:
        attribute = _TEXTS[first]
        return lambda entry: [value] if (value := getattr(entry, attribute)) else []
    if not rest and first == "severity":
        return lambda entry: [_severity_name(int(entry.severity))] if entry.severity else []
    if not rest and first in _TIMES:
        attribute = _TIMES[first]
        return lambda entry: [unstamp(getattr(entry, attribute))] if entry.HasField(attribute) else []
    if first == "resource" and rest and rest[0].lower() == "type":
        return lambda entry: [entry.resource.type] if entry.resource.type else []
    if first == "resource" and rest and rest[0].lower() == "labels":
        return _labels(rest[1:], lambda entry: entry.resource.labels)
    if first == "labels":
        return _labels(rest, lambda entry: entry.labels)
    if first in {"jsonpayload", "json_payload"}:
        return lambda entry: _inside(entry.json_payload, rest) if entry.HasField("json_payload") else []
    return lambda entry: _walk(gtypes.to_json(entry), path)


def _labels(rest: tuple[str, ...], of: Callable[[Message], Message]) -> Callable[[Message], list[Json]]:
    if not rest:
        return lambda entry: list(of(entry).values())
    key = ".".join(rest)
    return lambda entry: [of(entry)[key]] if key in of(entry) else []


def _inside(struct: Message, path: tuple[str, ...]) -> list[Json]:
    if not path:
        return list(_strings(gtypes.to_json(struct)))
    if path[0] not in struct.fields:
        return []
    value = struct.fields[path[0]]
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _inside(value.struct_value, path[1:])
    if len(path) > 1:
        return []
    return list(_strings(gtypes.to_json(value))) if kind == "list_value" else [getattr(value, kind)]


def _walk(content: Json, path: tuple[str, ...]) -> list[Json]:
    for part in path:
        if not isinstance(content, dict):
            return []
        by_lower = {key.lower().replace("_", ""): key for key in content}
        key = part if part in content else by_lower.get(part.lower().replace("_", ""))
        if key is None:
            return []
        content = content[key]
    return list(_strings(content))


def _strings(content: Json) -> Iterator[Json]:
    if isinstance(content, dict):
        for value in content.values():
            yield from _strings(value)
    elif isinstance(content, list):
        for value in content:
            yield from _strings(value)
    else:
        yield content


def _all_texts(entry: Message) -> Iterator[str]:
    yield entry.text_payload
    if entry.HasField("json_payload"):
        yield from (_text(value) for value in _strings(gtypes.to_json(entry.json_payload)))
    yield entry.log_name
    yield entry.insert_id
    yield entry.resource.type
    yield from entry.resource.labels.values()
    yield from entry.labels.values()
    yield _severity_name(int(entry.severity))


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _number(value: Json) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _severity(text: str) -> int:
    if text.upper() in SEVERITIES:
        return SEVERITIES[text.upper()]
    if text.isdigit():
        return int(text)
    raise FilterError(f"Invalid severity: {text!r}")


def _severity_name(number: int) -> str:
    return next((name for name, value in SEVERITIES.items() if value == number), str(number))


def _time(text: str) -> int:
    try:
        return parse_ns(text)
    except ValueError as error:
        raise FilterError(f"Invalid timestamp: {text!r}") from error
