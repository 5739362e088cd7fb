"""A structured payload as lines to look at.

The order in which a program printed the keys is not known: Cloud Logging keeps payloads as
`google.protobuf.Struct`, whose fields are a map without an order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from tui.domain.text import printable

_STEP = "  "
_FIRST = (
    "message",
    "msg",
    "severity",
    "levelname",
    "level",
    "timestamp",
    "time",
    "asctime",
    "logger",
    "name",
    "event",
    "epoch",
    "step",
    "global_step",
)
"""Keys that one looks for first, in this order."""
_DIGITS = re.compile(r"(\d+)")
_DEEPEST = 40
"""Levels of nesting that are shown as such; what is deeper is one line."""
_WIDEST = 4_000
"""Characters of one value that are shown."""


def payload_lines(payload: Mapping[str, Any], most: int) -> list[str]:
    """The payload as indented JSON, safe to draw, at most `most` (at least 1) lines.

    Of each object the keys that one looks for first, then the others as one sorts them (`layer2`, `layer10`).
    If there are more lines, the last one says how many. Secrets are the caller's matter.
    """
    lines = _value(payload, "", 0, "")
    found = list(islice(lines, most))
    if len(found) < most:
        return found
    left = sum(1 for _ in lines)
    if not left:
        return found
    return [*found[:-1], f"… {left + 1:,} more lines"]


def _value(value: Any, before: str, depth: int, after: str) -> Iterator[str]:  # noqa: ANN401 (JSON)
    """The lines of a value; `before` stands before its first line, `after` after its last."""
    indent = _STEP * depth
    if isinstance(value, Mapping) and value and depth < _DEEPEST:
        yield f"{indent}{before}{{"
        last = len(value) - 1
        for number, (key, item) in enumerate(sorted(value.items(), key=_place)):
            yield from _value(item, f"{_scalar(str(key))}: ", depth + 1, "" if number == last else ",")
        yield f"{indent}}}{after}"
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)) and value and depth < _DEEPEST:
        yield f"{indent}{before}["
        last = len(value) - 1
        for number, item in enumerate(value):
            yield from _value(item, "", depth + 1, "" if number == last else ",")
        yield f"{indent}]{after}"
    else:
        yield f"{indent}{before}{_scalar(value)}{after}"


def _place(named: tuple[Any, Any]) -> tuple[int, list[str], str]:
    """What a key and its value are sorted by."""
    key = str(named[0])
    if key in _FIRST:
        return _FIRST.index(key), [], key
    return (
        len(_FIRST),
        [part.zfill(20) if part.isdecimal() else part.casefold() for part in _DIGITS.split(key)],
        key,
    )


def _scalar(value: Any) -> str:  # noqa: ANN401 (JSON)
    """A value on one line; whole numbers without the fraction that `google.protobuf.Struct` gives them."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 (exact)
        value = int(value)
    if isinstance(value, str) and len(value) > _WIDEST:
        return f"{_scalar(value[:_WIDEST])} … {len(value) - _WIDEST:,} more characters"
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        text = '"…"'
    return printable(text if len(text) <= 2 * _WIDEST else text[: 2 * _WIDEST] + "…")
