"""The shape of a CustomJob, from the real protos (`tools/make_schema.py`), without Google's packages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Kind(StrEnum):
    """The type of a field's values."""

    STRING = "string"
    BOOL = "bool"
    INT32 = "int32"
    INT64 = "int64"
    ENUM = "enum"
    MESSAGE = "message"
    DURATION = "duration"
    TIMESTAMP = "timestamp"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message.

    Attributes:
        name: the JSON name, camelCase.
        snake: the name in the proto, snake_case.
        kind: the type of its values; for a map, of the values that its text keys lead to.
        type: name of the message or enum, or empty.
        repeated: whether it is a list.
        map: whether it is a map with text keys.
        oneof: name of the group of which only one may be set, or empty.
    """

    name: str
    snake: str
    kind: Kind
    type: str = ""
    repeated: bool = False
    map: bool = False
    oneof: str = ""


OUTPUT_ONLY = frozenset(
    {"name", "state", "createTime", "startTime", "endTime", "updateTime", "error", "webAccessUris"}
    | {"satisfiesPzs", "satisfiesPzi"}
)
"""Fields of a CustomJob that only the service sets (`custom_job.proto`)."""

Message = Mapping[str, Field]
"""Fields by their JSON name."""


@dataclass(frozen=True, slots=True)
class Schema:
    """All messages and enums that a CustomJob can hold."""

    root: str
    messages: Mapping[str, Message]
    enums: Mapping[str, Mapping[str, int]]

    def field(self, message: str, key: str) -> Field | None:
        """The field that `key` names, in camelCase or snake_case as the API's JSON reader takes it."""
        fields = self.messages[message]
        found = fields.get(key)
        return found or next((item for item in fields.values() if item.snake == key), None)


@cache
def custom_job_schema() -> Schema:
    """The schema of `google.cloud.aiplatform.v1.CustomJob`."""
    raw = json.loads(files("tui.domain.spec").joinpath("schema.json").read_text("utf-8"))
    messages = {
        name: {key: Field(key, **{**entry, "kind": Kind(entry["kind"])}) for key, entry in fields.items()}
        for name, fields in raw["messages"].items()
    }
    return Schema(raw["root"], messages, raw["enums"])
