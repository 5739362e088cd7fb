"""Where the fields of a `LogEntry` are, and of what type, by the path that a filter names them with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from tui.local.clock import unstamp
from tui.local.filters.grammar import FilterError
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Json, Message

Getter = Callable[[Message], list[Any]]
_NUMBERS = frozenset(
    {
        FieldDescriptor.CPPTYPE_INT32,
        FieldDescriptor.CPPTYPE_INT64,
        FieldDescriptor.CPPTYPE_UINT32,
        FieldDescriptor.CPPTYPE_UINT64,
        FieldDescriptor.CPPTYPE_DOUBLE,
        FieldDescriptor.CPPTYPE_FLOAT,
    }
)


@dataclass(frozen=True, slots=True)
class Field:
    """What a path leads to."""

    kind: str
    """`string`, `number`, `bool`, `enum`, `time`, `duration`, `bytes`; `json` for values with types of
    their own; `map` and `message` for a whole one of those."""
    values: Getter
    """Its values in an entry: none if it is missing, several if it is repeated; times and durations in ns,
    of a message all the texts inside."""
    present: Callable[[Message], bool]
    """Whether an entry explicitly has it."""
    enum: Any = None
    """The enumeration's descriptor."""


def find(path: tuple[str, ...]) -> Field:
    """The field of a path; names may be written as in JSON or as in protos, keys of maps as they are.

    Raises:
        FilterError: `LogEntry` has no such field.
    """
    return _find(gtypes.LogEntry.DESCRIPTOR, path, path, lambda entry: entry)


def _find(
    descriptor: Descriptor, path: tuple[str, ...], whole: tuple[str, ...], get: Callable[[Message], Message]
) -> Field:
    name, rest = path[0], path[1:]
    wanted = name.lower().replace("_", "")
    found = next((each for each in descriptor.fields if each.name.replace("_", "") == wanted), None)
    if found is None:
        raise FilterError(f"Field not found: '{'.'.join(whole)}'.")
    if found.message_type and found.message_type.GetOptions().map_entry:
        return _map(found, rest, get)
    if found.is_repeated:
        return _json(lambda entry: gtypes.to_json(get(entry)).get(found.json_name), rest)
    if found.message_type:
        return _message(found, rest, whole, get)
    if rest:
        raise FilterError(f"Field not found: '{'.'.join(whole)}'.")
    return _scalar(found, get)


def _scalar(found: FieldDescriptor, get: Callable[[Message], Message]) -> Field:
    name = found.name
    kind = "string"
    if found.cpp_type in _NUMBERS:
        kind = "number"
    elif found.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        kind = "bool"
    elif found.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
        kind = "enum"
    elif found.type == FieldDescriptor.TYPE_BYTES:
        kind = "bytes"
    return Field(
        kind,
        lambda entry: [getattr(get(entry), name)],
        lambda entry: bool(getattr(get(entry), name)),
        found.enum_type,
    )


def _message(
    found: FieldDescriptor, rest: tuple[str, ...], whole: tuple[str, ...], get: Callable[[Message], Message]
) -> Field:
    name, kind = found.name, found.message_type.full_name
    if kind == "google.protobuf.Struct":
        return _struct(name, rest, get)
    if kind == "google.protobuf.Any":
        return _json(lambda entry: gtypes.to_json(get(entry)).get(found.json_name), rest)
    has: Callable[[Message], bool] = lambda entry: bool(get(entry).HasField(name))  # noqa: E731
    inner: Callable[[Message], Message] = lambda entry: getattr(get(entry), name)  # noqa: E731
    if kind in {"google.protobuf.Timestamp", "google.protobuf.Duration"} and not rest:
        values: Getter = lambda entry: [unstamp(inner(entry))] if has(entry) else []  # noqa: E731
        return Field("time" if kind.endswith("Timestamp") else "duration", values, has)
    if rest:
        return _find(found.message_type, rest, whole, inner)
    return Field("message", lambda entry: list(texts(inner(entry))) if has(entry) else [], has)


def _map(found: FieldDescriptor, rest: tuple[str, ...], get: Callable[[Message], Message]) -> Field:
    name = found.name
    if not rest:
        return Field(
            "map",
            lambda entry: [text for pair in getattr(get(entry), name).items() for text in pair],
            lambda entry: bool(getattr(get(entry), name)),
        )
    key = ".".join(rest)

    def values(entry: Message) -> list[Any]:
        labels = getattr(get(entry), name)
        return [labels[key]] if key in labels else []

    return Field("string", values, lambda entry: key in getattr(get(entry), name))


# --- payloads, whose values have types of their own


def _struct(name: str, rest: tuple[str, ...], get: Callable[[Message], Message]) -> Field:
    def present(entry: Message) -> bool:
        return bool(get(entry).HasField(name))

    if not rest:
        values: Getter = lambda entry: list(texts(getattr(get(entry), name))) if present(entry) else []  # noqa: E731
        return Field("message", values, present)

    def inside(entry: Message) -> list[Json]:
        return list(_inside(getattr(get(entry), name), rest)) if present(entry) else []

    return Field("json", inside, lambda entry: bool(inside(entry)))


def _inside(struct: Message, path: tuple[str, ...]) -> Iterator[Json]:
    """The values at a path; each member of a list counts."""
    if path[0] in struct.fields:
        yield from _values(struct.fields[path[0]], path[1:])


def _values(value: Message, path: tuple[str, ...]) -> Iterator[Json]:
    kind = value.WhichOneof("kind")
    if kind == "list_value":
        for member in value.list_value.values:
            yield from _values(member, path)
    elif kind == "struct_value":
        if path:
            yield from _inside(value.struct_value, path)
        else:
            yield list(texts(value.struct_value))
    elif not path and kind:
        yield None if kind == "null_value" else getattr(value, kind)


def _json(content: Callable[[Message], Json], rest: tuple[str, ...]) -> Field:
    """A field that is read by way of JSON, where names may be written with or without underscores."""

    def values(entry: Message) -> list[Json]:
        found = content(entry)
        return [] if found is None else list(_walk(found, rest))

    return Field("json", values, lambda entry: bool(values(entry)))


def _walk(content: Json, path: tuple[str, ...]) -> Iterator[Json]:
    if isinstance(content, list):
        for member in content:
            yield from _walk(member, path)
    elif not path:
        yield list(_json_texts(content)) if isinstance(content, dict) else content
    elif isinstance(content, dict):
        wanted = path[0].lower().replace("_", "")
        for key, value in content.items():
            if key == path[0] or key.lower().replace("_", "") == wanted:
                yield from _walk(value, path[1:])


# --- texts anywhere


def texts(message: Message) -> Iterator[str]:
    """Every text in a message: of strings, numbers, truth values and enumerations."""
    for field, value in message.ListFields():
        if field.message_type and field.message_type.GetOptions().map_entry:
            yield from _map_texts(value)
        elif field.is_repeated:
            for each in value:
                yield from _texts_of(field, each)
        else:
            yield from _texts_of(field, value)


def _map_texts(content: Message) -> Iterator[str]:
    for value in content.values():
        if isinstance(value, str):
            yield value
        else:
            yield from texts(value)


def _texts_of(field: FieldDescriptor, value: Any) -> Iterator[str]:  # noqa: ANN401 (any field's)
    if field.message_type and field.message_type.full_name in {
        "google.protobuf.Timestamp",
        "google.protobuf.Duration",
    }:
        yield value.ToJsonString()
    elif field.message_type and field.message_type.full_name == "google.protobuf.Any":
        yield from _json_texts(gtypes.to_json(value))
    elif field.message_type:
        yield from texts(value)
    elif field.enum_type:
        named = field.enum_type.values_by_number.get(value)
        yield named.name if named else str(value)
    elif not isinstance(value, bytes):
        yield text_of(value)


def _json_texts(content: Json) -> Iterator[str]:
    if isinstance(content, dict):
        for value in content.values():
            yield from _json_texts(value)
    elif isinstance(content, list):
        for value in content:
            yield from _json_texts(value)
    elif content is not None:
        yield text_of(content)


def text_of(value: Json) -> str:
    """A scalar as JSON writes it, strings without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
