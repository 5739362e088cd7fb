"""The API's JSON as people keep it in files: lenient to what is newer, and errors with their place."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message

_FIELD = re.compile(r"Failed to parse (\w+) field: ")
_WHERE = re.compile(r" at [\w.\[\]]+$")
_WELL_KNOWN = "google.protobuf."
_Any: Any = import_module("google.protobuf.any_pb2").Any


_ARRAY = "an array, where one JSON object is due: for a log, one on each line, as jq -c '.[]' writes them"


class RecordError(Exception):
    """Something in a record cannot be read; the text begins with `file:line:column`."""


class Text:
    """A piece of a file, with where it begins."""

    def __init__(self, name: str, data: bytes, line: int = 1) -> None:
        """Decode it.

        Raises:
            RecordError: not UTF-8.
        """
        self._name = name
        self._line = line
        try:
            self.text = data.decode("utf-8-sig" if line == 1 else "utf-8")
        except UnicodeDecodeError as error:
            self.text = data[: error.start].decode()
            raise self.error("not UTF-8", len(self.text)) from error

    def error(self, reason: str, place: int = 0) -> RecordError:
        """An error at an index of the text."""
        before = self.text[:place]
        line = self._line + before.count("\n")
        column = place - (before.rfind("\n") + 1) + 1
        return RecordError(f"{self._name}:{line}:{column}: {reason}")

    def read(self) -> dict[str, Any]:
        """The JSON object that the text is.

        Raises:
            RecordError: it is not one.
        """
        if self.text.lstrip().startswith("["):
            raise self.error(_ARRAY)
        try:
            content = json.loads(self.text, parse_constant=_refuse)
        except json.JSONDecodeError as error:
            raise self.error(error.msg, error.pos) from error
        except ValueError as error:
            raise self.error(str(error)) from error
        except RecursionError as error:
            raise self.error("nested too deeply") from error
        if not isinstance(content, dict):
            raise self.error("not a JSON object, as one job or one log entry is")
        return content

    def fill(self, content: dict[str, Any], message: Message, unknown: Counter[str]) -> None:
        """Fill a message from its JSON form; what the message does not know is counted and left out.

        Raises:
            RecordError: a value of the wrong type.
        """
        try:
            _prune(content, message.DESCRIPTOR, (), unknown)
            gtypes.from_json(content, message)
        except _WrongTypeError as error:
            raise self.wrong(error.path, error.reason) from error
        except gtypes.ParseError as error:
            said = str(error)
            path = _FIELD.findall(said)
            reason = _WHERE.sub("", _FIELD.sub("", said).splitlines()[0].rstrip("."))
            raise self.wrong(path, reason) from error
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise self.error(str(error) or "cannot be read") from error

    def wrong(self, path: list[str], reason: str) -> RecordError:
        """An error at the field of a path, as near as its names can be found."""
        place = 0
        for name in path:
            found = self.text.find(f'"{name}"', place)
            place = found if found >= 0 else place
        return self.error(f"{'.'.join(path)}: {reason}" if path else reason, place)


class _WrongTypeError(Exception):
    def __init__(self, path: tuple[str, ...], reason: str) -> None:
        super().__init__(reason)
        self.path = list(path)
        self.reason = reason


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _prune(
    content: dict[str, Any], descriptor: Message, path: tuple[str, ...], unknown: Counter[str]
) -> None:
    """Take out, in place, fields and enum names that the message does not know."""
    names = {field.json_name: field for field in descriptor.fields} | dict(descriptor.fields_by_name)
    for name in list(content):
        field = names.get(name)
        here = (*path, name)
        if field is None:
            unknown[".".join(here)] += 1
            del content[name]
        elif content[name] is not None and not _known(content[name], field, here, unknown):
            unknown[f"{'.'.join(here)}={content[name]}"] += 1
            del content[name]


def _known(value: Any, field: Message, path: tuple[str, ...], unknown: Counter[str]) -> bool:  # noqa: ANN401
    """Whether a field's value says something to us; what is inside it is pruned."""
    if field.enum_type is not None:
        return _named(value, field.enum_type)
    kind = field.message_type
    if kind is None:
        return True
    if kind.full_name == "google.protobuf.Any":
        return _readable_any(value)
    if not kind.full_name.startswith(_WELL_KNOWN):
        for each, inner, place in _inner(value, field, path):
            _inside(each, inner, place, unknown)
    return True


def _inner(
    value: Any,  # noqa: ANN401
    field: Message,
    path: tuple[str, ...],
) -> Iterator[tuple[Any, Message, tuple[str, ...]]]:
    """The messages that a field's value consists of, with their type and path."""
    kind = field.message_type
    if kind.GetOptions().map_entry:
        kind = kind.fields_by_name["value"].message_type
        if kind is not None and isinstance(value, dict):
            yield from ((each, kind, (*path, key)) for key, each in value.items())
    elif not _repeated(field):
        yield value, kind, path
    elif not isinstance(value, list):
        raise _WrongTypeError(path, "not a list")
    else:
        yield from ((each, kind, path) for each in value)


def _named(value: Any, kind: Message) -> bool:  # noqa: ANN401
    """Whether an enum has a value of this name; numbers need no name."""
    return not isinstance(value, str) or value in kind.values_by_name or value.isdigit()


def _repeated(field: Message) -> bool:
    """Whether a field holds a list; protobuf renamed how it says so."""
    flag = getattr(field, "is_repeated", None)
    return bool(field.label == field.LABEL_REPEATED if flag is None else flag)


def _inside(value: Any, kind: Message, path: tuple[str, ...], unknown: Counter[str]) -> None:  # noqa: ANN401
    if kind.full_name.startswith(_WELL_KNOWN):
        return
    if not isinstance(value, dict):
        raise _WrongTypeError(path, "not an object")
    _prune(value, kind, path, unknown)


def _readable_any(value: Any) -> bool:  # noqa: ANN401
    """Whether a message of any type is of one we know."""
    try:
        gtypes.from_json(value, _Any())
    except (gtypes.ParseError, TypeError, ValueError, KeyError):
        return False
    return True
