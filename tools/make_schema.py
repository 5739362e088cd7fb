"""Write `tui/domain/spec/schema.json` from the real descriptors of `google.cloud.aiplatform_v1.CustomJob`.

Run `python tools/make_schema.py` after an upgrade of google-cloud-aiplatform; a test compares the result.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from google.cloud.aiplatform_v1 import CustomJob
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

TARGET = Path(__file__).resolve().parent.parent / "tui" / "domain" / "spec" / "schema.json"

SCALARS = {
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_INT64: "int64",
}
WELL_KNOWN = {
    "google.protobuf.Duration": "duration",
    "google.protobuf.Timestamp": "timestamp",
    "google.protobuf.Any": "any",
}


def make_schema() -> str:
    """The schema as JSON text: every message and enum that a CustomJob can hold."""
    messages: dict[str, Any] = {}
    enums: dict[str, dict[str, int]] = {}
    root = CustomJob.pb(CustomJob()).DESCRIPTOR
    _add_message(root, messages, enums)
    schema = {"root": root.name, "messages": messages, "enums": enums}
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"


def _add_message(message: Descriptor, messages: dict[str, Any], enums: dict[str, dict[str, int]]) -> None:
    if message.name in messages:
        return
    fields = messages[message.name] = {}
    for field in message.fields:
        fields[field.json_name] = _describe(field)
        if field.enum_type is not None:
            enums[_enum_name(field.enum_type)] = {
                value.name: value.number for value in field.enum_type.values
            }
        elif _is_own_message(field):
            _add_message(field.message_type, messages, enums)


def _describe(field: FieldDescriptor) -> dict[str, Any]:
    entry: dict[str, Any] = {"snake": field.name, "kind": _kind(field)}
    if _is_map(field):
        entry["map"] = True
    elif field.is_repeated:
        entry["repeated"] = True
    if field.enum_type is not None:
        entry["type"] = _enum_name(field.enum_type)
    elif _is_own_message(field):
        entry["type"] = field.message_type.name
    if field.containing_oneof is not None:
        entry["oneof"] = field.containing_oneof.name
    return entry


def _kind(field: FieldDescriptor) -> str:
    if _is_map(field):
        return SCALARS[field.message_type.fields_by_name["value"].type]
    if field.enum_type is not None:
        return "enum"
    if field.message_type is not None:
        return WELL_KNOWN.get(field.message_type.full_name, "message")
    return SCALARS[field.type]


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def _is_own_message(field: FieldDescriptor) -> bool:
    return (
        field.message_type is not None
        and not _is_map(field)
        and field.message_type.full_name not in WELL_KNOWN
    )


def _enum_name(enum: EnumDescriptor) -> str:
    return str(enum.full_name).removeprefix("google.cloud.aiplatform.v1.")


if __name__ == "__main__":
    TARGET.write_text(make_schema(), encoding="utf-8")
