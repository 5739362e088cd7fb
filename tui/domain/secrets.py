"""Secrets: recognised where they should not be, and hidden wherever a value could surface."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from urllib.parse import quote

from tui.domain.secret_kinds import Finding, is_telling, kind_under, tokens_in
from tui.domain.secret_places import Place, places
from tui.domain.secret_values import told_values

__all__ = [
    "HIDDEN",
    "HIDDEN_SECRET",
    "SHORTEST",
    "Finding",
    "find_secrets",
    "hide",
    "hide_found",
    "is_telling",
    "lines_with_secrets",
    "literal_secret",
    "mask_line",
    "mask_tokens",
    "placeholder",
    "refill",
]

HIDDEN = "••••••"
"""Stands where a secret was."""

HIDDEN_SECRET = "<HIDDEN_SECRET>"  # noqa: S105  # a placeholder
"""Stands in a kept text where a secret was; the checks refuse it as a placeholder."""

SHORTEST = 4
"""Shorter values are no secrets, and hiding them would spoil ordinary text."""

_ANY_NAME = "SECRET"
_KEY_LINE = re.compile(r"\s*+[A-Za-z0-9+/=]{40,200}+\s*+")
"""What the lines of a private key look like, and hardly anything else."""
_PLACEHOLDER = re.compile(r"<(?:YOUR|MY|INSERT|REPLACE|ENTER|HIDDEN)[ _-][^<>\n]{1,60}>", re.IGNORECASE)
_WHOLE_PLACEHOLDER = re.compile(r"\s*<[A-Za-z][A-Za-z0-9 _.-]{1,60}>\s*")


def hide(text: str, values: Iterable[str], mark: str = HIDDEN) -> str:
    """`text` with every one of `values` replaced by `mark`, also where it is quoted for JSON or a URL."""
    forms = set()
    for value in values:
        if len(value) >= SHORTEST:
            forms |= {value, quote(value, safe=""), json.dumps(value)[1:-1]}
            forms.update(line for line in value.splitlines() if len(line) > SHORTEST)
    return _replaced(text, (found for form in forms for found in _places_of(form, text)), lambda _: mark)


def find_secrets(text: str) -> list[Finding]:
    """Tokens of known shapes, and values set under a telling name, anywhere in a text, by place."""
    return _merged((*tokens_in(text), *told_values(text)))


def literal_secret(name: str, value: str) -> str:
    """What kind of secret `value`, set under `name`, seems to be; empty if it seems to be none."""
    found = next(tokens_in(value), None)
    return found.kind if found is not None else kind_under(name, value.strip())


def hide_found(text: str, mark: str = HIDDEN_SECRET) -> str:
    """`text` with every detected secret replaced by a placeholder that cannot be sent."""
    return _replaced(text, find_secrets(text), lambda _: mark)


def refill(text: str, source: str) -> str:
    """A kept text with those of its secrets back that `source` (the file it came from) has in the same place.

    The same place is the same environment variable, the same option or assignment, or the same line; where
    `source` has no secret there, or different ones, the placeholder stays.
    """
    parts, secrets, position = [], [], 0
    for found in find_secrets(source):
        parts.append(source[position : found.start])
        secrets.append(source[found.start : found.end])
        position = found.end
    known: dict[Place, str] = {}
    for secret, there in zip(secrets, places([*parts, source[position:]], HIDDEN_SECRET), strict=True):
        for place in there:
            known[place] = secret if known.get(place, secret) == secret else ""
    kept = text.split(HIDDEN_SECRET)
    back = [
        next((known[place] for place in there if place in known), "") for there in places(kept, HIDDEN_SECRET)
    ]
    return (
        "".join(part + (secret or HIDDEN_SECRET) for part, secret in zip(kept, back, strict=False)) + kept[-1]
    )


def mask_tokens(line: str, mark: str = "•") -> str:
    """One line with every token of a known shape covered, character for character."""
    return _replaced(line, tokens_in(line), lambda length: mark * length)


def mask_line(line: str, before: str = "", mark: str = "•") -> str:
    """One line with every detected secret covered; `before` is the line above, which may name it.

    A `value` whose name is on neither line may stand under any: it is covered if it looks random.
    """
    if _KEY_LINE.fullmatch(line):
        return re.sub(r"\S", mark, line)
    text, start = f"{before}\n{line}", len(before) + 1
    found = (*tokens_in(text), *told_values(text, unnamed=_ANY_NAME))
    inside = (
        replace(item, start=max(item.start - start, 0), end=item.end - start)
        for item in found
        if item.end > start
    )
    return _replaced(line, inside, lambda length: mark * length)


def lines_with_secrets(text: str) -> frozenset[int]:
    """The lines (from 1) on which a detected secret stands, or a part of one such as a private key."""
    lines: set[int] = set()
    number, position = 1, 0
    for found in find_secrets(text):
        number += text.count("\n", position, found.start)
        position = found.start
        lines.update(range(number, number + text.count("\n", found.start, found.end) + 1))
    return frozenset(lines)


def placeholder(value: str, *, whole: bool) -> str:
    """The placeholder in `value` that somebody was meant to replace, e.g. `<YOUR_HF_TOKEN>`, or empty.

    With `whole`, any value that is nothing but a word in angle brackets counts.
    """
    if whole and _WHOLE_PLACEHOLDER.fullmatch(value):
        return value.strip()
    match = _PLACEHOLDER.search(value)
    return match.group() if match else ""


def _places_of(form: str, text: str) -> Iterator[Finding]:
    start = text.find(form)
    while start >= 0:
        yield Finding(start, start + len(form), "")
        start = text.find(form, start + len(form))


def _replaced(text: str, found: Iterable[Finding], mark: Callable[[int], str]) -> str:
    """`text` with a mark, which may depend on the length, for each finding."""
    parts = []
    position = 0
    for item in _merged(found):
        parts += [text[position : item.start], mark(item.end - item.start)]
        position = item.end
    return "".join([*parts, text[position:]])


def _merged(found: Iterable[Finding]) -> list[Finding]:
    """By place, with what overlaps as one."""
    kept: list[Finding] = []
    for finding in sorted(found, key=lambda item: (item.start, -item.end)):
        if kept and finding.start < kept[-1].end:
            kept[-1] = replace(kept[-1], end=max(kept[-1].end, finding.end))
        else:
            kept.append(finding)
    return kept
