"""Texts that a client gets in one answer and sends back in the next call: a page's end, a rewrite's state."""

from __future__ import annotations

import base64
import json

from tui.local.storage.errors import invalid


def packed(text: str, number: int) -> str:
    """A token for a text and a number."""
    return base64.urlsafe_b64encode(json.dumps([text, number]).encode()).decode()


def unpacked(token: str, location: str) -> tuple[str, int]:
    """Back from `packed`; the text has UTF-8, the number fits 64 bits.

    Raises:
        StorageError: 400 for a token that no answer gave out; it names the parameter `location`.
    """
    try:
        text, number = json.loads(base64.urlsafe_b64decode(token.encode()))
        if isinstance(text, str) and type(number) is int and abs(number) < 1 << 63:
            text.encode()
            return text, number
    except (ValueError, TypeError, RecursionError):
        pass
    raise invalid("Invalid argument.", location=location)
