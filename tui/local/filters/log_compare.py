"""Comparisons of the Logging query language, each by the type of the field it is about."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from tui.local.clock import parse_ns
from tui.local.filters.automaton import searcher
from tui.local.filters.grammar import Compare, FilterError
from tui.local.filters.log_fields import Field, find, text_of
from tui.local.filters.matching import ORDER, Predicate
from tui.local.filters.re2 import PatternError

Test = Callable[[Any], bool]
"""Whether one value passes."""

_UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_DURATION = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(ns|us|ms|s|m|h)")
_REGULAR = frozenset({"=~", "!~"})


def comparison(term: Compare) -> Predicate:
    """A predicate over entries; a comparison with a field that an entry does not have fails.

    Raises:
        FilterError: there is no such field, or the value or the operator does not suit its type.
    """
    field = find(term.path)
    if term.value == "*" and not term.quoted and term.operator in {":", "=", "!="}:
        present = field.present
        return present if term.operator != "!=" else lambda entry: not present(entry)
    test = _test(field, term)
    values = field.values

    def passes(entry: Any) -> bool:  # noqa: ANN401 (a protobuf message)
        return any(map(test, values(entry)))

    return passes


def _test(field: Field, term: Compare) -> Test:
    makers: dict[str, Callable[[Compare], Test]] = {
        "string": string_test,
        "bytes": _bytes_test,
        "number": _number_test,
        "bool": _bool_test,
        "time": lambda term: _ordered(term, time_of(term.value)),
        "duration": lambda term: _ordered(term, _duration(term.value)),
        "json": _json_test,
        "map": _texts_test,
        "message": _texts_test,
        "enum": lambda term: _enum_test(field, term),
    }
    return makers[field.kind](term)


def _texts_test(term: Compare) -> Test:
    """`message:"x"`: in any of its fields; of a map also in its keys."""
    if term.operator != ":":
        raise FilterError(f"'{'.'.join(term.path)}' is a message; only the operator : can be used with it")
    return string_test(term)


def string_test(term: Compare) -> Test:
    """For texts: regular expressions as they are, everything else without regard to case.

    Raises:
        FilterError: a regular expression that is none.
    """
    if term.operator in _REGULAR:
        search = regular(term.value)
        return search if term.operator == "=~" else lambda value: not search(value)
    wanted = normal(term.value)
    if term.operator == ":":
        return lambda value: wanted in normal(value)
    if term.operator == "=":
        exact = term.value
        return lambda value: value == exact or normal(value) == wanted
    compare = ORDER[term.operator]
    return lambda value: compare(normal(value), wanted)


def regular(pattern: str) -> Callable[[str], bool]:
    """Whether a text holds a match.

    Raises:
        FilterError: RE2 refuses the pattern.
    """
    try:
        return searcher(pattern)
    except PatternError as error:
        raise FilterError(f"invalid regular expression '{pattern}': {error}") from error


def normal(text: str) -> str:
    """NFKC_Casefold, nearly; two texts are equal if these are."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _bytes_test(term: Compare) -> Test:
    wanted = term.value.encode("utf-8", "surrogateescape")
    if term.operator == ":":
        return lambda value: wanted in value
    return _ordered(term, wanted)


def _ordered(term: Compare, wanted: Any) -> Test:  # noqa: ANN401 (the field's own type)
    """For types with an order and no parts: `:` means `=`."""
    compare = ORDER.get("=" if term.operator == ":" else term.operator)
    if compare is None:
        raise FilterError(f"The operator {term.operator} cannot be used with '{'.'.join(term.path)}'")
    return lambda value: compare(value, wanted)


def _number_test(term: Compare) -> Test:
    number = _number(term.value)
    if number is None:
        raise FilterError(f"Invalid number: '{term.value}'")
    return _ordered(term, number)


def _bool_test(term: Compare) -> Test:
    truth = _truth(term.value)
    if truth is None:
        raise FilterError(f"Invalid truth value: '{term.value}'")
    return _ordered(term, truth)


def _enum_test(field: Field, term: Compare) -> Test:
    numbers = {value.name.upper(): value.number for value in field.enum.values}
    if term.operator in _REGULAR:
        names = {number: name for name, number in numbers.items()}
        test = string_test(term)
        return lambda value: test(names.get(value, str(value)))
    wanted = numbers.get(term.value.upper())
    if wanted is None and term.value.isdecimal():
        wanted = int(term.value)
    if wanted is None:
        raise FilterError(f"Invalid {field.enum.name}: '{term.value}'")
    return _ordered(term, wanted)


def _json_test(term: Compare) -> Test:
    """By the type that each value has; a value that the other side cannot be converted to does not pass."""
    text = string_test(term)
    exact = term.operator not in _REGULAR
    number = _ordered(term, _number(term.value)) if exact and _number(term.value) is not None else None
    truth = _ordered(term, _truth(term.value)) if exact and _truth(term.value) is not None else None
    null = term.value == "NULL_VALUE" and not term.quoted

    def passes(value: Any) -> bool:  # noqa: ANN401 (any JSON)
        if value is None:
            return null and term.operator == "="
        if null:
            return term.operator == "!="
        if isinstance(value, str):
            return text(value)
        if isinstance(value, bool):
            return truth is not None and truth(value)
        if isinstance(value, list):
            return term.operator == ":" and any(map(text, value))
        return number is not None and number(value)

    return passes


def _number(text: str) -> float | None:
    try:
        # int() and float() take underscores and blanks, which are no part of a number here.
        return float(text) if re.fullmatch(r"[+-]?[0-9.eE+-]+|[+-]?(?i:nan|inf|infinity)", text) else None
    except ValueError:
        return None


def _truth(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def time_of(text: str) -> int:
    """A time in ns.

    Raises:
        FilterError: it is neither a time nor a date.
    """
    try:
        return parse_ns(text)
    except ValueError as error:
        raise FilterError(f"Invalid timestamp: '{text}'") from error


def _duration(text: str) -> int:
    found = _DURATION.fullmatch(text)
    if not found:
        raise FilterError(f"Invalid duration: '{text}'")
    return round(float(found[1]) * _UNITS[found[2]])


def any_text(wanted: str, texts: Callable[[Any], Any]) -> Predicate:
    """Whether one of an entry's texts holds `wanted`."""
    low = normal(wanted)
    return lambda entry: any(low in normal(text) for text in texts(entry))


def scalar_texts(field: Field, entry: Any) -> list[str]:  # noqa: ANN401 (a protobuf message)
    """A field's values as texts."""
    return [text_of(value) for value in field.values(entry) if value is not None]
