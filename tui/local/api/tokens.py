"""Page tokens: opaque to clients, bound to the request they continue."""

from __future__ import annotations

import base64
import hashlib
import json

from tui.local.wire.errors import invalid
from tui.local.wire.gtypes import Message

_MAX = 2**63
"""SQLite takes numbers below this."""


def make(position: list[Message], *request: object) -> str:
    """A token for a position in the results of a request."""
    content = json.dumps([_mark(request), position], separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def read(token: str, *request: object, shape: tuple[type, ...]) -> list[Message] | None:
    """The position in a token, a value of each type of `shape`; None for an empty token.

    Raises:
        ApiError: INVALID_ARGUMENT: not a token of this request.
    """
    if not token:
        return None
    try:
        mark, position = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, TypeError, RecursionError) as error:
        raise invalid("page_token is not valid") from error
    if mark != _mark(request) or not _fits(position, shape):
        raise invalid("page_token doesn't match arguments from the request")
    return list(position)


def _fits(position: object, shape: tuple[type, ...]) -> bool:
    """Whether a position, which anyone may have made up, is of a shape that can be looked for."""
    if not isinstance(position, list) or tuple(map(type, position)) != shape:
        return False
    numbers = (value for value in position if isinstance(value, int))
    texts = (value for value in position if isinstance(value, str))
    return all(abs(value) < _MAX for value in numbers) and all(map(_is_unicode, texts))


def _is_unicode(text: str) -> bool:
    """Whether a text has no halves of surrogate pairs, which JSON can name and UTF-8 cannot."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _mark(request: tuple[object, ...]) -> str:
    return hashlib.sha256(repr(request).encode()).hexdigest()[:12]
