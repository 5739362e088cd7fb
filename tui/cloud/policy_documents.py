"""IAM policies as Google's services send them: a protobuf message, or JSON."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import base64
import binascii
from collections.abc import MutableSequence, Sequence
from typing import Any

from google.iam.v1.policy_pb2 import Policy as PolicyMessage

from tui.cloud.policy import VERSION
from tui.domain.access import Binding


class MessagePolicy:
    """A `google.iam.v1.Policy`."""

    def __init__(self, message: PolicyMessage) -> None:
        self.message = message

    @property
    def etag(self) -> bytes:
        """What the service compares."""
        return bytes(self.message.etag)

    def bindings(self) -> tuple[Binding, ...]:
        """All bindings in their order."""
        return tuple(
            Binding(one.role, tuple(one.members), _condition(one.HasField("condition"), one.condition))
            for one in self.message.bindings
        )

    def plain(self, role: str) -> Sequence[MutableSequence[str]]:
        """The members of each binding of `role` that has no condition."""
        return [
            one.members for one in self.message.bindings if one.role == role and not one.HasField("condition")
        ]

    def add(self, role: str, member: str) -> None:
        """Append a binding without a condition."""
        self.message.bindings.add(role=role, members=[member])

    def drop_empty(self, role: str) -> None:
        """Drop bindings of `role` that have neither members nor a condition."""
        bindings = self.message.bindings
        for place in reversed(range(len(bindings))):
            one = bindings[place]
            if one.role == role and not one.members and not one.HasField("condition"):
                del bindings[place]

    def mark_version(self) -> None:
        """Say that the policy is of version 3."""
        self.message.version = VERSION


class JsonPolicy:
    """A policy in JSON; fields unknown here are kept."""

    def __init__(self, content: dict[str, Any]) -> None:
        """Take the policy as it came.

        Raises:
            TypeError: it is of another shape, or a binding of it is.
        """
        self.content = content
        self._bindings: list[dict[str, Any]] = content.setdefault("bindings", [])
        if not isinstance(self._bindings, list):
            raise TypeError("the bindings are no list")
        for one in self._bindings:
            if not isinstance(one, dict) or not isinstance(one.setdefault("members", []), list):
                raise TypeError("a binding has no list of members")

    @property
    def etag(self) -> bytes:
        """What the service compares."""
        text = str(self.content.get("etag") or "")
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return text.encode()

    def bindings(self) -> tuple[Binding, ...]:
        """All bindings in their order."""
        return tuple(
            Binding(
                str(one.get("role", "")),
                tuple(map(str, one["members"])),
                _condition("condition" in one, one.get("condition")),
            )
            for one in self._bindings
        )

    def plain(self, role: str) -> Sequence[MutableSequence[str]]:
        """The members of each binding of `role` that has no condition."""
        return [
            one["members"] for one in self._bindings if one.get("role") == role and "condition" not in one
        ]

    def add(self, role: str, member: str) -> None:
        """Append a binding without a condition."""
        self._bindings.append({"role": role, "members": [member]})

    def drop_empty(self, role: str) -> None:
        """Drop bindings of `role` that have neither members nor a condition."""
        self._bindings[:] = [
            one for one in self._bindings if one.get("role") != role or one["members"] or "condition" in one
        ]

    def mark_version(self) -> None:
        """Say that the policy is of version 3."""
        self.content["version"] = VERSION


def _condition(present: bool, condition: Any) -> str:  # noqa: ANN401, FBT001 (a message or JSON)
    """The expression; a condition without one is one all the same."""
    if not present:
        return ""
    if isinstance(condition, dict):
        return str(condition.get("expression") or condition.get("title") or "true")
    return str(getattr(condition, "expression", "") or getattr(condition, "title", "") or "true")
