"""The state of the project that its owner can set, to practise on what goes wrong with projects."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Standing:
    """A project that can be used is the default."""

    billing: bool = True
    """Whether it has an open billing account."""
    deleted: bool = False
    """Whether it is marked for deletion (`DELETE_REQUESTED`)."""
    locations: tuple[str, ...] = ()
    """What the organization policy `gcp.resourceLocations` allows; empty for everything."""
    require_key: bool = False
    """Whether `gcp.restrictNonCmekServices` asks for customer-managed keys."""

    def to_json(self) -> bytes:
        """For the database."""
        return json.dumps(asdict(self)).encode()


def standing_from_json(data: bytes | None) -> Standing:
    """What `to_json` made; a usable project for None."""
    content: dict[str, Any] = json.loads(data) if data else {}
    return Standing(**{**content, "locations": tuple(content.get("locations", ()))})
