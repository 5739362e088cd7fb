"""YAML's parts line by line, for colouring while typing; a guess, `document.py` is what really reads YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

LONGEST = 2_000
"""Characters of a line that are coloured; more would slow typing down."""


class Token(StrEnum):
    """The kinds of text that look different."""

    KEY = "key"
    STRING = "string"
    NUMBER = "number"
    COMMENT = "comment"
    MARK = "mark"
    REFERENCE = "reference"


class Span(NamedTuple):
    """Characters of one line, from 0, without the end."""

    start: int
    end: int
    token: Token


_QUOTED = r"\"(?:[^\"\\]|\\.)*\"?|'(?:[^']|'')*'?"
_PARTS = re.compile(
    rf"(?P<comment>(?:(?<=\s)|^)\#.*)"
    rf"|(?P<key>(?:{_QUOTED}|[^\s#:'\"\[\]{{}},&*!|>%@`-][^:#{{}}\[\],]{{0,200}}?|<<))\s*:(?=\s|$)"
    rf"|(?P<string>{_QUOTED})"
    r"|(?P<mark>^\s*(?:-(?=\s|$)\s*)+|[\[\]{},]|(?<=\s)[|>][-+0-9]*(?=\s|$)|[&*!][^\s,\]}]+|^(?:---|\.\.\.)\s*$)"
    r"|(?P<number>(?<![^\s\[{,:])(?:[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|true|false|null|~|yes|no|on|off)"
    r"(?=\s*(?:$|[,\]}]|\s\#)))"
    r"|(?P<word>[^\s,\[\]{}]+)"
)
_REFERENCE = re.compile(r"\$\{[A-Za-z_]\w*(?::-[^}]{0,200})?\}", re.ASCII)
_BLOCK = re.compile(
    r"^(?P<lead>\s*(?:-\s+)*)(?P<key>[^\s#][^#]*?:\s+)?(?:[&!]\S+\s+)*[|>][-+0-9]{0,2}\s*(?:\s#.*)?$"
)


def block_lines(lines: Sequence[str]) -> frozenset[int]:
    """The lines (from 0) that lie inside a block scalar such as a shell script."""
    found: set[int] = set()
    indent = -1
    for number, line in enumerate(lines):
        stripped = line.lstrip(" ")
        if indent >= 0:
            if not stripped or len(line) - len(stripped) > indent:
                found.add(number)
                continue
            indent = -1
        if match := _BLOCK.match(line):
            indent = len(match["lead"]) if match["key"] else max(line.rfind("-", 0, len(match["lead"])), 0)
    return frozenset(found)


def keeps_blocks(before: str, after: str) -> bool:
    """Whether `block_lines` is surely the same with `after` in the place of the line `before`."""
    if _BLOCK.match(before) or _BLOCK.match(after):
        return False
    old, new = before.lstrip(" "), after.lstrip(" ")
    return bool(old) == bool(new) and len(before) - len(old) == len(after) - len(new)


def spans(line: str, *, in_block: bool) -> Iterator[Span]:
    """What to colour in a line; later spans lie over earlier ones."""
    if in_block:
        yield Span(0, len(line), Token.STRING)
        return
    for match in _PARTS.finditer(line, 0, LONGEST):
        kind = match.lastgroup
        token = Token.STRING if kind == "word" else Token(kind or "string")
        yield Span(*match.span(kind or 0), token)
    for match in _REFERENCE.finditer(line, 0, LONGEST):
        yield Span(*match.span(), Token.REFERENCE)
