"""JSON laid out: one member a line, every number and string exactly as written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

DEEPEST = 40
"""Levels that are indented; deeper ones would grow a small object into gigabytes of spaces."""

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},:]|[^\s\[\]{},:"]+')
_SHORT_RECORD = 160
"""Characters of a record that stays in one line."""


class Records(NamedTuple):
    """JSON lines laid out."""

    text: str
    good: int
    """Records that are JSON."""
    broken: int
    first_broken: int
    """Its number counted from 1; 0 when none is."""


def is_json(text: str) -> bool:
    """Whether the text is JSON."""
    return not why_not(text)


def why_not(text: str) -> str:
    """Why the text is no JSON that can be laid out, in words; empty when it is.

    Numbers are not turned into any, for some have thousands of digits.
    """
    try:
        json.loads(text, parse_int=_let_go, parse_float=_let_go, object_pairs_hook=_let_go)
    except json.JSONDecodeError as error:
        return f"not valid JSON (line {error.lineno:,}, column {error.colno:,})"
    except (ValueError, RecursionError):
        return "JSON nested too deep to be laid out"
    return ""


def _let_go(_value: object) -> None:
    """Keep nothing of it; being Python, it lets other threads run while a long text is read."""


def lay_out_json(text: str) -> str | None:
    """JSON with one member a line; None if it is not JSON."""
    return lay_out(text) if is_json(text) else None


def lay_out(text: str) -> str:
    """Valid JSON with one member a line."""
    return "".join(_indented(text))


def lay_out_records(text: str, *, cut: bool) -> Records | None:
    """JSON lines, each record laid out unless it is short; None when hardly a line is JSON.

    The last line of a cut text is torn: it stays as it is and counts as neither.
    """
    lines = text.splitlines()
    torn = [lines.pop()] if cut and len(lines) > 1 and not text.endswith("\n") else []
    shown: list[str] = []
    count = broken = first = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if not is_json(line):
            broken += 1
            first = first or number
            shown.append(line)
            if broken > 20 and broken > count:  # noqa: PLR2004 (something else)
                return None
            continue
        count += 1
        shown.append(line if len(line) <= _SHORT_RECORD else "".join(_indented(line)))
    if not count or broken > count:
        return None
    return Records("\n".join([*shown, *torn]), count, broken, first)


def _indented(text: str) -> Iterator[str]:
    """The tokens of valid JSON with line breaks and two spaces a level between them."""
    depth, opened = 0, False
    for found in _TOKEN.finditer(text):  # not `findall`: it would hold up every other thread to its end
        word = found.group()
        if word in "}]":
            depth -= 1
            yield word if opened else f"\n{'  ' * min(depth, DEEPEST)}{word}"
            opened = False
            continue
        if opened:
            yield "\n" + "  " * min(depth, DEEPEST)
            opened = False
        if word in "{[":
            depth, opened = depth + 1, True
            yield word
        elif word == ",":
            yield ",\n" + "  " * min(depth, DEEPEST)
        else:
            yield ": " if word == ":" else word
