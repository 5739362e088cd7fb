"""Single values: what YAML gave against what the API's JSON wants."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from tui.domain.spec.nodes import Scalar, describe
from tui.domain.spec.other_names import other_name
from tui.domain.spec.problems import Edit, Fix, Problem, info, warning
from tui.domain.spec.schema import Field, Kind, Schema

_DURATION = re.compile(r"[0-9]+(\.[0-9]{1,9})?s")
_OTHER_UNIT = r"([0-9]{1,9})\s*(s|sec|second|m|min|minute|h|hr|hour|d|day)s?"
_OTHER_UNITS = re.compile(rf"{_OTHER_UNIT}(?:\s*{_OTHER_UNIT})?", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_MAX_SECONDS = 315_576_000_000
"""`google.protobuf.Duration` goes no further, about 10,000 years."""
_BITS = {Kind.INT32: 31, Kind.INT64: 63}
_INTEGER = re.compile(r"\s*[-+]?[0-9]+(?:_[0-9]+)*\s*")
_GIGABYTES = re.compile(r"([0-9]{1,9})\s*G(?:i?B?)?", re.IGNORECASE)
_LONGEST_INTEGER = 40
_READ_APART = frozenset({Kind.BOOL, Kind.INT32, Kind.INT64})
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)")
_SAME_ACCELERATORS = range(6)
"""Numbers of accelerators that mean the same to the API and to gcloud 528, which counts the names instead."""

_EXPECTED = {
    Kind.STRING: "a text",
    Kind.BOOL: "true or false",
    Kind.INT32: "a whole number",
    Kind.INT64: "a whole number",
    Kind.DURATION: "a number of seconds such as 3600s",
}


class WrongValueError(Exception):
    """A value that does not fit its field: code, end of a sentence, perhaps a fix."""

    def __init__(self, code: str, message: str, fix: Fix | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.fix = fix


def expected(field: Field) -> str:
    """What the field wants, in words."""
    return _EXPECTED.get(field.kind, f"one of the names of {field.type}")


def convert(node: Scalar, field: Field, schema: Schema) -> Any:  # noqa: ANN401  # any JSON value
    """The JSON value of `node` for `field`.

    Raises:
        WrongValueError: it does not fit.
    """
    if field.kind is Kind.ENUM:
        return _enum(node, field, schema.enums[field.type])
    return _CONVERT[field.kind](node, field)


def reading(node: Scalar, field: Field) -> Problem | None:
    """What to say of a good value that other readers of YAML, or gcloud, take for something else."""
    if not node.plain or field.kind not in _READ_APART:
        return None
    if isinstance(node.value, bool):
        text = str(node.value).lower()
        if node.text.lower() == text:
            return None
        message = f"{node.text} is read as {text}, as gcloud does; other tools read a text: write {text}."
        return info(node.place, "read-differently", message, replace_value(node, f"Write {text}", text))
    if _DECIMAL.fullmatch(node.text) or not isinstance(node.value, int | float):
        return None
    text = str(int(node.value))
    fix = replace_value(node, f"Write {text}", text)
    if isinstance(node.value, float):
        message = f"{field.name} is a whole number: gcloud refuses {node.text[:40]}, write {text}."
        return info(node.place, "read-differently", message, fix)
    message = f"{node.text[:40]} is read as {text}, as YAML 1.1 and gcloud do; write {text}."
    return warning(node.place, "read-differently", message, fix)


def replace_value(node: Scalar, title: str, text: str) -> Fix | None:
    """A fix that puts `text` in the place of a value written on one line."""
    if node.place.line != node.end.line:
        return None
    return Fix(title, (Edit(node.place, node.end, text),))


def _wrong(node: Scalar, field: Field, fix: Fix | None = None) -> WrongValueError:
    return WrongValueError("wrong-type", f"must be {expected(field)}, not {describe(node)}.", fix)


def _string(node: Scalar, field: Field) -> str:
    if isinstance(node.value, str):
        return node.value
    if not node.plain:
        raise _wrong(node, field)
    fix = replace_value(node, "Put it in quotes", json.dumps(node.text, ensure_ascii=False))
    raise WrongValueError("needs-quotes", f"{describe(node)} must be a text: put it in quotes.", fix)


def _bool(node: Scalar, field: Field) -> bool:
    if isinstance(node.value, bool):
        return node.value
    fix = None
    if node.text.lower() in ("true", "false"):
        fix = replace_value(node, "Take the quotes away", node.text.lower())
    raise _wrong(node, field, fix)


def _int(node: Scalar, field: Field) -> int | str:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _wrong(node, field)
    if isinstance(value, str) and (len(value) > _LONGEST_INTEGER or not _INTEGER.fullmatch(value)):
        with_unit = _GIGABYTES.fullmatch(value) if field.name.endswith("Gb") else None
        raise _wrong(
            node, field, replace_value(node, f"Write {with_unit[1]}", with_unit[1]) if with_unit else None
        )
    if isinstance(value, float) and not value.is_integer():
        raise _wrong(node, field)
    number = int(value)
    limit = 1 << _BITS[field.kind]
    if not -limit <= number < limit:
        raise WrongValueError("out-of-range", f"{node.text[:40]} is too large.")
    return str(number) if field.kind is Kind.INT64 else number


def _duration(node: Scalar, field: Field) -> str:
    value = node.value
    if isinstance(value, str) and _DURATION.fullmatch(value):
        if float(value[:-1]) > _MAX_SECONDS:
            raise WrongValueError("bad-duration", f"{value[:40]} is too long.")
        return value
    shown = describe(node)
    if isinstance(value, int) and not isinstance(value, bool) and node.text != str(value):
        shown = f"{node.text[:40]}, which YAML reads as the number {value}"
    raise WrongValueError("bad-duration", f"must be {expected(field)}, not {shown}.", _duration_fix(node))


def _duration_fix(node: Scalar) -> Fix | None:
    value = node.value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_SECONDS:
        return replace_value(node, f"Write {value}s", f"{value}s")
    if isinstance(value, str) and (match := _OTHER_UNITS.fullmatch(value.strip())):
        seconds = int(match[1]) * _SECONDS[match[2][0].lower()]
        seconds += int(match[3]) * _SECONDS[match[4][0].lower()] if match[3] else 0
        return replace_value(node, f"Write {seconds}s", f"{seconds}s")
    return None


def _close(value: str, names: Mapping[str, int]) -> list[str]:
    return difflib.get_close_matches(value.upper().replace("-", "_"), names, n=1, cutoff=0.6)


def _enum(node: Scalar, field: Field, names: Mapping[str, int]) -> str:
    value = node.value
    by_number = {number: name for name, number in names.items()}
    if isinstance(value, str):
        if value in names:
            return value
        if value.isascii() and value.isdigit() and int(value[:9]) in by_number:
            return by_number[int(value[:9])]
        other = other_name(field.type, value)
        close = [other] if other in names else _close(value, names)
        usual = close or [name for name in names if not name.endswith("UNSPECIFIED")]
        fix = replace_value(node, f"Write {close[0]}", close[0]) if close else None
        hint = f"did you mean {close[0]}?" if close else f"it is one of {', '.join(usual)}."
        raise WrongValueError("bad-enum", f"“{value[:60]}” is not known; {hint}", fix)
    if isinstance(value, int) and not isinstance(value, bool) and value in by_number:
        name = by_number[value]
        if field.type == "AcceleratorType" and value not in _SAME_ACCELERATORS:
            text = f"must be a name: {value} is {name} to Vertex AI and something else to gcloud."
            raise WrongValueError("bad-enum", text, replace_value(node, f"Write {name}", name))
        return name
    raise WrongValueError("bad-enum", f"must be a name, not {describe(node)}.")


_CONVERT: dict[Kind, Callable[[Scalar, Field], Any]] = {
    Kind.STRING: _string,
    Kind.BOOL: _bool,
    Kind.INT32: _int,
    Kind.INT64: _int,
    Kind.DURATION: _duration,
}
