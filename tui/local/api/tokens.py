"""Page tokens: opaque to clients, bound to the request they continue."""

from __future__ import annotations

import base64
import hashlib
import json

from tui.local.wire.errors import invalid
from tui.local.wire.gtypes import Message


def make(position: list[Message], *request: object) -> str:
    """A token for a position in the results of a request."""
    content = json.dumps([_mark(request), position], separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def read(token: str, *request: object) -> list[Message] | None:
    """The position in a token; None for an empty token.

    Raises:
        ApiError: INVALID_ARGUMENT: not a token of this request.
    """
    if not token:
        return None
    try:
        mark, position = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError as error:
        raise invalid("page_token is not valid") from error
    if mark != _mark(request) or not isinstance(position, list):
        raise invalid("page_token doesn't match arguments from the request")
    return position


def _mark(request: tuple[object, ...]) -> str:
    return hashlib.sha256(repr(request).encode()).hexdigest()[:12]
