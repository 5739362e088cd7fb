"""JSON and protobuf: request messages from path, query and body, as Google's front end makes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from tui.local.wire import gtypes, json_text
from tui.local.wire.errors import bad_json, invalid
from tui.local.wire.gtypes import Message
from tui.local.wire.json_fields import fill, refusal, unknown
from tui.local.wire.reply_form import PROTO_TYPE
from tui.local.wire.routes import Match

_SYSTEM = frozenset(
    {
        "alt",
        "callback",
        "fields",
        "key",
        "prettyPrint",
        "quotaUser",
        "userIp",
        "access_token",
        "oauth_token",
        "uploadType",
        "upload_protocol",
    }
)
"""Query parameters that belong to the front end, not to the request (`cloud.google.com/apis/docs`)."""
_SNAKE = re.compile("_([a-z0-9])")
_NUMBER = re.compile("-?[0-9]{1,10}")
_STRUCT = "google.protobuf.Struct"


def read_request(
    match: Match, query: Iterable[tuple[str, str]], body: bytes, content_type: str = ""
) -> Message:
    """Build a method's request message.

    Raises:
        ApiError: INVALID_ARGUMENT in the words of Google's JSON front end.
    """
    message = match.method.request()
    content: dict[str, Any] = {}
    if content_type == PROTO_TYPE:
        _parse_proto(match, message, body)
    else:
        content = _body(match, body)
    for name, values in _grouped(query).items():
        _put_query(content, message.DESCRIPTOR, name, values)
    for name, value in match.values.items():
        _put(content, name.split("."), value)
    fill(content, message)
    return message


def _parse_proto(match: Match, message: Message, body: bytes) -> None:
    if not match.route.body:
        return
    target = message if match.route.body == "*" else getattr(message, match.route.body)
    try:
        target.ParseFromString(body)
    except gtypes.DecodeError as error:
        raise invalid("Invalid PROTO payload received. Failed to parse the request body.") from error


def _body(match: Match, body: bytes) -> dict[str, Any]:
    if not match.route.body or not body.strip():
        return {}
    content = json_text.parse(body)
    if match.route.body != "*":
        return {match.route.body: content}
    if not isinstance(content, dict):
        raise refusal([unknown("", "", "Root element must be a message.")])
    return content


def _grouped(query: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in query:
        if name not in _SYSTEM and not name.startswith("$"):
            grouped.setdefault(name, []).append(value)
    return grouped


def _put(content: dict[str, Any], path: list[str], value: object) -> None:
    for part in path[:-1]:
        inner = content.setdefault(part, {})
        if not isinstance(inner, dict):
            raise bad_json(part, f"Invalid value at '{part}'.")
        content = inner
    content[path[-1]] = value


def _put_query(content: dict[str, Any], descriptor: Descriptor, name: str, values: list[str]) -> None:
    if descriptor.full_name == _STRUCT:
        content[name] = values[-1]
        return
    path = name.split(".")
    fields = _fields(descriptor, path)
    if fields is None:
        text = f"Cannot bind query parameter. Field '{name}' could not be found in request message."
        raise refusal([unknown(name, "", text)])
    typed = [_typed(fields[-1], value) for value in values]
    plain = [field.name for field in fields]
    _put(content, plain, typed if fields[-1].is_repeated else typed[-1])


def _fields(descriptor: Descriptor, path: list[str]) -> list[FieldDescriptor] | None:
    """The fields along a path; None if there is none."""
    fields: list[FieldDescriptor] = []
    current: Descriptor | None = descriptor
    for part in path:
        if current is None:
            return None
        field = current.fields_by_camelcase_name.get(part) or current.fields_by_name.get(part)
        if field is None:
            return None
        fields.append(field)
        current = field.message_type
    return fields


def _typed(field: FieldDescriptor, value: str) -> object:
    if field.type == FieldDescriptor.TYPE_BOOL and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if field.type == FieldDescriptor.TYPE_ENUM and _NUMBER.fullmatch(value):
        return int(value)
    if field.message_type is not None and field.message_type.full_name == "google.protobuf.FieldMask":
        return _SNAKE.sub(lambda found: found[1].upper(), value)
    return value
