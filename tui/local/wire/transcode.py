"""JSON and protobuf: requests from path, query and body; responses and errors as Google writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, bad_json
from tui.local.wire.gtypes import Message
from tui.local.wire.routes import Match

_SYSTEM = frozenset(
    {
        "alt",
        "fields",
        "key",
        "prettyPrint",
        "quotaUser",
        "userIp",
        "access_token",
        "oauth_token",
        "uploadType",
    }
)
"""Query parameters that belong to the front end, not to the request (`cloud.google.com/apis/docs`)."""
_CAPITAL = re.compile("[A-Z]")
_UNKNOWN_FIELD = re.compile(r'has no field named "(?P<name>[^"]*)" at "(?P<place>[^"]*)"')


def read_request(match: Match, query: Iterable[tuple[str, str]], body: bytes) -> Message:
    """Build a method's request message.

    Raises:
        ApiError: INVALID_ARGUMENT in the words of Google's JSON front end.
    """
    content = _body(match, body)
    for name, value in match.values.items():
        _put(content, name.split("."), value)
    for name, values in _grouped(query).items():
        _put_query(content, match.method.request.DESCRIPTOR, name, values)
    message = match.method.request()
    try:
        gtypes.from_json(content, message)
    except gtypes.ParseError as error:
        raise _parse_error(str(error)) from error
    return message


def _body(match: Match, body: bytes) -> dict[str, Any]:
    if not match.route.body or not body.strip():
        return {}
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise bad_json("", f"Invalid JSON payload received. {error}") from error
    if match.route.body != "*":
        return {match.route.body: content}
    if not isinstance(content, dict):
        raise bad_json("", "Invalid JSON payload received. Root element must be a message.")
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
    if descriptor.full_name == "google.protobuf.Struct":
        content[name] = values[-1]
        return
    path = name.split(".")
    field = _field(descriptor, path)
    if field is None:
        raise bad_json(
            "",
            f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
            f"Field '{name}' could not be found in request message.",
        )
    typed = [_typed(field, value) for value in values]
    _put(content, path, typed if field.is_repeated else typed[-1])


def _field(descriptor: Descriptor, path: list[str]) -> FieldDescriptor | None:
    field: FieldDescriptor | None = None
    current: Descriptor | None = descriptor
    for part in path:
        if current is None:
            return None
        field = current.fields_by_camelcase_name.get(part) or current.fields_by_name.get(part)
        if field is None:
            return None
        current = field.message_type
    return field


def _typed(field: FieldDescriptor, value: str) -> object:
    if field.type == FieldDescriptor.TYPE_BOOL:
        return value.lower() == "true"
    if field.type == FieldDescriptor.TYPE_ENUM and value.lstrip("-").isdigit():
        return int(value)
    return value


def _parse_error(text: str) -> ApiError:
    unknown = _UNKNOWN_FIELD.search(text)
    if not unknown:
        return bad_json("", f"Invalid JSON payload received. {text}")
    place = _CAPITAL.sub(lambda match: "_" + match[0].lower(), unknown["place"].partition(".")[2])
    where = f" at '{place}'" if place else ""
    return bad_json(
        place, f'Invalid JSON payload received. Unknown name "{unknown["name"]}"{where}: Cannot find field.'
    )


def write_response(message: Message, *, enums_as_numbers: bool) -> bytes:
    """A response in the API's JSON form."""
    return _dump(gtypes.to_json(message, enums_as_numbers=enums_as_numbers))


def write_error(error: ApiError) -> bytes:
    """The REST error JSON, with `details`."""
    content: dict[str, Any] = {
        "code": error.code.http,
        "message": error.message,
        "status": error.code.name,
    }
    if error.details:
        content["details"] = gtypes.to_json(error.status()).get("details", [])
    return _dump({"error": content})


def _dump(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=2).encode("utf-8", "surrogatepass") + b"\n"
