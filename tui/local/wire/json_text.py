"""JSON as Google's front end reads it: strict, and with its own words for what is wrong."""

from __future__ import annotations

import json
import re
from typing import NoReturn

from tui.local.wire.errors import invalid
from tui.local.wire.gtypes import Json

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_AROUND = 20
"""Letters that an error shows on either side of the place."""
_PREFIX = "Invalid JSON payload received."
_END = "Unexpected end of string."
_WORDS = (
    ("Expecting property name", "Expected an object key or }."),
    ("Illegal trailing comma", "Expected an object key or }."),
    ("Expecting ':' delimiter", "Expected : between key:value pair."),
    ("Extra data", "Parsing terminated before end of input."),
    ("Unterminated string", "Closing quote expected in string."),
    ("Invalid control character", "Unexpected token."),
    ("Invalid \\", "Invalid escape sequence."),
)
"""Beginnings of Python's messages, with the words of protobuf's JSON parser."""


def parse(body: bytes) -> Json:
    """The value of a JSON text.

    Raises:
        ApiError: INVALID_ARGUMENT; it is no JSON, is nested too deeply or is not UTF-8.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise invalid(f"{_PREFIX} Encountered non UTF-8 code points.") from None
    try:
        value = json.loads(text, parse_constant=_no_constant)
        if _SURROGATE.search(text):  # is the other half there?
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise invalid(f"{_PREFIX} {_words(error)}\n{_place(text, error.pos)}") from error
    except UnicodeEncodeError:
        raise invalid(f"{_PREFIX} Encountered non UTF-8 code points.") from None
    except RecursionError:
        raise invalid(f"{_PREFIX} Message too deep. Max recursion depth reached.") from None
    except ValueError as error:  # a number of thousands of digits, or NaN
        raise invalid(f"{_PREFIX} Unable to parse number.") from error
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _words(error: json.JSONDecodeError) -> str:
    at_end = not error.doc[error.pos :].strip()
    for beginning, words in _WORDS:
        if error.msg.startswith(beginning):
            return f"{_END} {words}" if at_end and words.startswith("Expected") else words
    if error.msg.startswith("Expecting ',' delimiter"):
        words = (
            "Expected , or ] after array value."
            if _in_array(error)
            else "Expected , or } after key:value pair."
        )
        return f"{_END} {words}" if at_end else words
    return f"{_END} Expected a value." if at_end else "Unexpected token."


def _in_array(error: json.JSONDecodeError) -> bool:
    """Whether the innermost thing that is open at the place of an error is an array."""
    open_: list[str] = []
    quoted = escaped = False
    for letter in error.doc[: error.pos]:
        if quoted:
            quoted = escaped or letter != '"'
            escaped = not escaped and letter == "\\"
        elif letter == '"':
            quoted = True
        elif letter in "[{":
            open_.append(letter)
        elif letter in "]}" and open_:
            open_.pop()
    return bool(open_) and open_[-1] == "["


def _place(text: str, at: int) -> str:
    """The text around a place, with a mark below it."""
    start = max(0, at - _AROUND)
    return f"{text[start : at + _AROUND]}\n{' ' * (at - start)}^"
