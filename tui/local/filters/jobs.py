"""The filter of `ListCustomJobs`, as a condition on the table `job_facts`.

Fields may be written as in JSON or as in protos: `display_name`, `state`, the times, `labels.KEY`.
"""

from __future__ import annotations

from dataclasses import dataclass

from tui.local.clock import parse_ns
from tui.local.filters.grammar import And, Compare, FilterError, Node, Not, Search, parse
from tui.local.wire import gtypes

_TIMES = {
    "create_time": "create_ns",
    "update_time": "update_ns",
    "start_time": "start_ns",
    "end_time": "end_ns",
}
_FIELDS = frozenset({"display_name", "state", "labels", *_TIMES})
_ORDER = frozenset({"=", "!=", "<", "<=", ">", ">="})
MAX_TERMS = 1_000
"""Comparisons of one filter; a longer one is refused."""
MAX_NESTING = 30
_FARTHEST = 2**63 - 1
_LONGEST = 20_000
"""Characters of a filter that are still read."""


@dataclass(frozen=True, slots=True)
class Condition:
    """An SQL condition with its parameters; every part of it is true or false, never null."""

    sql: str
    values: tuple[str | int, ...] = ()


_ALL = Condition("1")


def job_filter(text: str) -> Condition:
    """The condition on columns of `job_facts`, `1` for an empty filter.

    Raises:
        FilterError: the text is not a filter, or names a field that cannot be filtered by.
    """
    if len(text) > _LONGEST:
        raise FilterError(f"The filter is longer than {_LONGEST} characters")
    if "\0" in text:
        raise FilterError("The filter holds a null character")
    node = parse(text)
    if node is None:
        return _ALL
    if _terms(node) > MAX_TERMS:
        raise FilterError(f"The filter has more than {MAX_TERMS} comparisons")
    condition = _condition(node)
    if _nesting(condition.sql) > MAX_NESTING:
        raise FilterError("The filter is nested too deeply")
    return condition


def _nesting(sql: str) -> int:
    """Parentheses open at a time, at most; SQLite's parser takes some fifty."""
    depth = deepest = 0
    for letter in sql:
        depth += (letter == "(") - (letter == ")")
        deepest = max(deepest, depth)
    return deepest


def _terms(node: Node) -> int:
    if isinstance(node, Compare | Search):
        return 1
    return _terms(node.part) if isinstance(node, Not) else sum(_terms(part) for part in node.parts)


def _condition(node: Node, *, negated: bool = False) -> Condition:
    """The SQL of a node or of its opposite: `NOT` goes down to the comparisons, so that none nest."""
    if isinstance(node, Compare | Search):
        leaf = _leaf(node)
        return Condition(f"NOT {leaf.sql}", leaf.values) if negated else leaf
    if isinstance(node, Not):
        return _condition(node.part, negated=not negated)
    parts = [_condition(part, negated=negated) for part in node.parts]
    return _joined(parts, "OR" if isinstance(node, And) is negated else "AND")


def _joined(parts: list[Condition], word: str) -> Condition:
    """All parts with a word between, as a balanced tree: SQLite takes no deep ones."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    left, right = _joined(parts[:middle], word), _joined(parts[middle:], word)
    return Condition(f"({left.sql} {word} {right.sql})", left.values + right.values)


def _leaf(term: Compare | Search) -> Condition:
    if isinstance(term, Search):
        raise FilterError(f"Expected a comparison, found {term.text!r}")
    field = _snake(term.path[0])
    if field not in _FIELDS or (field != "labels" and len(term.path) > 1):
        raise FilterError(f"Cannot filter by field {'.'.join(term.path)!r}")
    if field == "labels":
        return _label(term)
    if field == "state":
        return _state(term)
    if field == "display_name":
        return _text("display_name", term)
    return _time(term, field)


def _snake(name: str) -> str:
    """`displayName`, `display_name` and `DISPLAYNAME` alike."""
    plain = name.replace("_", "").lower()
    return next((field for field in _FIELDS if field.replace("_", "") == plain), "")


def _label(term: Compare) -> Condition:
    if len(term.path) == 1:
        if term.operator != ":":
            raise FilterError("Labels are compared one by one, as in labels.key=value")
        return _has_label(term.value)
    key = ".".join(term.path[1:])
    if term.operator == ":" and term.value == "*" and not term.quoted:
        return _has_label(key)
    if term.operator == "!=":
        equal = _has_label(key, Condition("value = ?", (term.value,)))
        return Condition(f"(NOT {equal.sql})", equal.values)
    return _has_label(key, _text("value", term))


def _has_label(key: str, value: Condition = _ALL) -> Condition:
    query = f"EXISTS (SELECT 1 FROM job_labels WHERE job_id = job_facts.id AND key = ? AND {value.sql})"  # noqa: S608 (fixed parts)
    return Condition(query, (key, *value.values))


def _text(column: str, term: Compare) -> Condition:
    if term.operator in {"=", "!="}:
        return Condition(f"{column} {term.operator} ?", (term.value,))
    if term.operator != ":":
        raise FilterError(f"The operator {term.operator} cannot be used with {'.'.join(term.path)}")
    if "*" not in term.value:
        return Condition(f"instr({column}, ?) > 0", (term.value,))
    pattern = "".join({"[": "[[]", "?": "[?]"}.get(letter, letter) for letter in term.value)
    return Condition(f"{column} GLOB ?", (pattern,))


def _state(term: Compare) -> Condition:
    names = gtypes.JobState.__members__
    name = term.value if term.value.startswith("JOB_STATE_") else f"JOB_STATE_{term.value}"
    if name not in names or term.operator not in {"=", "!=", ":"}:
        raise FilterError(f"Invalid filter by state: {term.operator} {term.value!r}")
    return Condition(f"state {'!=' if term.operator == '!=' else '='} ?", (int(names[name]),))


def _time(term: Compare, field: str) -> Condition:
    if term.operator not in _ORDER:
        raise FilterError(f"The operator {term.operator} cannot be used with {field}")
    try:
        wanted = parse_ns(term.value)
    except ValueError as error:
        raise FilterError(f"Invalid time: {term.value!r}") from error
    wanted = min(max(wanted, -_FARTHEST), _FARTHEST)
    return Condition(f"ifnull({_TIMES[field]} {term.operator} ?, 0)", (wanted,))
