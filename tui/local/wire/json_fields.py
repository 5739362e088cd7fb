"""What does not fit in a JSON request: every field, in the words of Google's front end."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import islice
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code
from tui.local.wire.gtypes import Json, Message

MAX_PROBLEMS = 50
"""How many are told at once."""
MAX_DEPTH = 100
"""Nesting of messages; Google's front end draws the line there."""
_SHOWN = 200
"""Letters of a wrong value that are shown."""
_PREFIX = "Invalid JSON payload received."
_WELL_KNOWN = "google.protobuf."
_F = FieldDescriptor
_TYPE_NAMES: dict[int, str] = {
    _F.TYPE_DOUBLE: "TYPE_DOUBLE",
    _F.TYPE_FLOAT: "TYPE_FLOAT",
    _F.TYPE_INT64: "TYPE_INT64",
    _F.TYPE_UINT64: "TYPE_UINT64",
    _F.TYPE_INT32: "TYPE_INT32",
    _F.TYPE_FIXED64: "TYPE_FIXED64",
    _F.TYPE_FIXED32: "TYPE_FIXED32",
    _F.TYPE_BOOL: "TYPE_BOOL",
    _F.TYPE_STRING: "TYPE_STRING",
    _F.TYPE_BYTES: "TYPE_BYTES",
    _F.TYPE_UINT32: "TYPE_UINT32",
    _F.TYPE_SFIXED32: "TYPE_SFIXED32",
    _F.TYPE_SFIXED64: "TYPE_SFIXED64",
    _F.TYPE_SINT32: "TYPE_SINT32",
    _F.TYPE_SINT64: "TYPE_SINT64",
}

Problem = tuple[str, str]
"""Field path in snake_case, and what is wrong there."""


def fill(content: dict[str, Any], message: Message) -> None:
    """Fill a request from its JSON form.

    Raises:
        ApiError: INVALID_ARGUMENT with everything that does not fit.
    """
    try:
        gtypes.from_json(content, message)
    except (gtypes.ParseError, ValueError, TypeError, RecursionError, OverflowError) as error:
        problems = list(islice(_in_message(content, message.DESCRIPTOR, "", 0), MAX_PROBLEMS))
        raise refusal(problems or [("", f"{_PREFIX} {error}")]) from error


def refusal(problems: list[Problem]) -> ApiError:
    """INVALID_ARGUMENT with a line for each problem."""
    violations = [
        gtypes.BadRequest.FieldViolation(field=field, description=description)
        for field, description in problems
    ]
    text = "\n".join(description for _, description in problems)
    return ApiError(Code.INVALID_ARGUMENT, text, [gtypes.BadRequest(field_violations=violations)])


def _in_message(content: dict[str, Any], descriptor: Descriptor, place: str, depth: int) -> Iterator[Problem]:
    if depth >= MAX_DEPTH:
        yield (
            place,
            f"{_PREFIX} Message too deep. Max recursion depth reached for key '{place.rpartition('.')[2]}'",
        )
        return
    seen: dict[str, str] = {}
    for name, value in content.items():
        field = descriptor.fields_by_camelcase_name.get(name) or descriptor.fields_by_name.get(name)
        if field is None:
            yield unknown(name, place, "Cannot find field.")
            continue
        if value is None:
            continue
        if field.containing_oneof is not None:
            other = seen.setdefault(field.containing_oneof.name, field.name)
            if other != field.name:
                text = f"oneof field '{field.containing_oneof.name}' is already set."
                yield place, f"Invalid value at '{place}' (oneof), {text} Cannot set '{field.json_name}'"
        yield from _in_field(field, value, f"{place}.{field.name}" if place else field.name, depth)


def unknown(name: str, place: str, text: str) -> Problem:
    """The problem of a name that cannot stand where it stands."""
    where = f" at '{place}'" if place else ""
    return place, f'{_PREFIX} Unknown name "{name}"{where}: {text}'


def _in_field(field: FieldDescriptor, value: Json, place: str, depth: int) -> Iterator[Problem]:
    kind = field.message_type
    if kind is not None and kind.GetOptions().map_entry:
        yield from _in_map(kind, value, place, depth)
    elif not field.is_repeated:
        if isinstance(value, list) and not _takes_list(kind):
            above = place.rpartition(".")[0]
            yield unknown(field.json_name, above, "Proto field is not repeating, cannot start list.")
        else:
            yield from _in_value(field, value, place, depth)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _in_value(field, each, f"{place}[{number}]", depth)
    else:
        yield wrong(field, value, place)


def _takes_list(kind: Descriptor | None) -> bool:
    return kind is not None and kind.full_name in {"google.protobuf.ListValue", "google.protobuf.Value"}


def _in_map(entry: Descriptor, value: Json, place: str, depth: int) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield place, f"Invalid value at '{place}' (Map), {shown(value)}"
        return
    key_field, value_field = entry.fields_by_name["key"], entry.fields_by_name["value"]
    for key, each in value.items():
        if key_field.type != _F.TYPE_STRING and not _fits(key_field, key):
            yield wrong(key_field, key, place)
        yield from _in_value(value_field, each, f"{place}[{key}]", depth)


def _in_value(field: FieldDescriptor, value: Json, place: str, depth: int) -> Iterator[Problem]:
    kind = field.message_type
    if kind is None or kind.full_name.startswith(_WELL_KNOWN):
        if not _fits(field, value):
            yield wrong(field, value, place)
    elif isinstance(value, dict):
        yield from _in_message(value, kind, place, depth + 1)
    else:
        yield wrong(field, value, place)


def _fits(field: FieldDescriptor, value: Json) -> bool:
    """Whether a single value fits: protobuf's own reader decides on all but plain texts and numbers."""
    if field.type == _F.TYPE_STRING:
        return isinstance(value, str)
    if field.type in {_F.TYPE_INT32, _F.TYPE_INT64} and type(value) is int:
        return abs(value) < 1 << (31 if field.type == _F.TYPE_INT32 else 63)
    if field.type == _F.TYPE_BOOL and isinstance(value, bool):
        return True
    if value is None:
        return False
    probe = gtypes.message_class(field.containing_type)()
    try:
        gtypes.from_json({field.name: [value] if field.is_repeated else value}, probe)
    except (gtypes.ParseError, ValueError, TypeError, RecursionError, OverflowError):
        return False
    return True


def wrong(field: FieldDescriptor, value: Json, place: str) -> Problem:
    """The problem of a value that is not of its field's type."""
    kind = field.message_type or field.enum_type
    name = f"type.googleapis.com/{kind.full_name}" if kind else _TYPE_NAMES.get(field.type, "TYPE_STRING")
    return place, f"Invalid value at '{place}' ({name}), {_why(kind, place, value) or shown(value)}"


def _why(kind: Any, place: str, value: Json) -> str:  # noqa: ANN401  # a message's or an enum's descriptor
    name = kind.full_name if kind else ""
    leaf = place.rpartition(".")[2]
    if name == "google.protobuf.Duration" and isinstance(value, str) and not value.endswith("s"):
        return f"Field '{leaf}', Illegal duration format; duration must end with 's'"
    if name == "google.protobuf.Timestamp" and isinstance(value, str):
        return f"Field '{leaf}', Invalid time format: Failed to parse input"
    return ""


def shown(value: Json) -> str:
    """A wrong value as an error shows it."""
    if isinstance(value, float) and not math.isfinite(value):
        return f'"{value}"'
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
