"""How a REST reply is to be written: `alt`, `fields`, `prettyPrint` and numbers for enums."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor

from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code, bad_json
from tui.local.wire.field_masks import FieldsError, Mask, apply_mask, parse_fields
from tui.local.wire.gtypes import Message

JSON_TYPE = "application/json; charset=UTF-8"
PROTO_TYPE = "application/x-protobuf"
_FORMS = ("json", "media", "proto")
"""What `alt` may be; `media` is for downloads, all others answer JSON."""
_FALSE = frozenset({"false", "0", "no"})


@dataclass(frozen=True, slots=True)
class ReplyForm:
    """The form of a reply; an error takes the same."""

    proto: bool = False
    numbers: bool = False
    """Whether enums are written as numbers."""
    pretty: bool = True
    fields: str = ""
    """The `fields` parameter."""

    @property
    def content_type(self) -> str:
        """The reply's `Content-Type`."""
        return PROTO_TYPE if self.proto else JSON_TYPE

    def reply(self, message: Message) -> bytes:
        """A response's body.

        Raises:
            ApiError: `fields` names something that the response never has.
        """
        mask = self._mask(message.DESCRIPTOR)
        if self.proto:
            data: bytes = message.SerializeToString()
            return data
        content = gtypes.to_json(message, enums_as_numbers=self.numbers)
        return self._dump(apply_mask(content, mask) if mask else content)

    def error(self, error: ApiError) -> bytes:
        """A refusal's body: the error JSON with `details`, or a `google.rpc.Status`."""
        if self.proto:
            data: bytes = error.status().SerializeToString()
            return data
        content: dict[str, Any] = {"code": error.http, "message": error.message, "status": error.code.name}
        if error.details:
            content["details"] = gtypes.to_json(error.status()).get("details", [])
        return self._dump({"error": content})

    def _dump(self, content: object) -> bytes:
        if self.pretty:
            text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        else:
            text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "surrogatepass")

    def _mask(self, descriptor: Descriptor) -> Mask | None:
        if not self.fields:
            return None
        try:
            mask = parse_fields(self.fields.replace(".", "/"))
        except FieldsError as error:
            raise _bad_fields(self.fields) from error
        return _named(mask, descriptor, ())


def reply_form(query: Iterable[tuple[str, str]]) -> ReplyForm:
    """The form that a request's query asks for.

    Raises:
        ApiError: an unknown `alt`.
    """
    given = {name.removeprefix("$"): value for name, value in query}
    alt, *extras = given.get("alt", "json").lower().split(";")
    if alt not in _FORMS:
        raise bad_json("alt", f"Invalid value at 'alt': \"{alt}\" is not one of json, media, proto.")
    return ReplyForm(
        proto=alt == "proto",
        numbers="enum-encoding=int" in extras,
        pretty=given.get("prettyPrint", "true").lower() not in _FALSE,
        fields=given.get("fields", ""),
    )


def _named(mask: Mask, descriptor: Descriptor, above: tuple[str, ...]) -> Mask:
    """The mask with the names that JSON has.

    Raises:
        ApiError: a name that the message does not have.
    """
    named: Mask = {}
    for name, below in mask.items():
        path = (*above, name)
        if name == "*":
            named[name] = below
            continue
        field = descriptor.fields_by_camelcase_name.get(name) or descriptor.fields_by_name.get(name)
        if field is None:
            raise _bad_fields("/".join(path))
        kind = field.message_type
        free = kind is None or kind.GetOptions().map_entry or kind.full_name.startswith("google.protobuf.")
        named[field.json_name] = below if free or kind is None else _named(below, kind, path)
    return named


def _bad_fields(path: str) -> ApiError:
    text = f"Error expanding 'fields' parameter. Cannot find matching fields for path '{path}'."
    violation = gtypes.BadRequest.FieldViolation(field=path, description=text)
    return ApiError(
        Code.INVALID_ARGUMENT,
        "Request contains an invalid argument.",
        [gtypes.BadRequest(field_violations=[violation])],
    )
