"""The `fields` parameter: partial answers, e.g. `items(name,metadata/some-key),nextPageToken`."""

from __future__ import annotations

import re
from typing import Any

from tui.local.storage.errors import invalid

Mask = dict[str, Any]
"""Wanted keys, each with the mask below it; an empty mask wants everything."""

TOKEN = re.compile(r"[(),/]|[^(),/]+")
DEPTH = 32
"""Nesting beyond which a mask is refused."""


def parse_fields(text: str) -> Mask:
    """The mask that `text` means; several mentions of one key merge.

    Raises:
        StorageError: 400 for a text that does not parse.
    """
    tokens = [token.strip() for token in TOKEN.findall(text)]
    mask: Mask = {}
    if _group(tokens, 0, mask, 0) != len(tokens):
        raise invalid(f"Invalid field selection {text}", location="fields")
    return mask


def _group(tokens: list[str], at: int, mask: Mask, depth: int) -> int:
    """Read `path[(group)]{,path[(group)]}` into `mask`; the position after it."""
    if depth > DEPTH:
        raise invalid("Invalid field selection: too deep", location="fields")
    while at < len(tokens):
        here = mask
        whole = False
        while True:
            if at >= len(tokens) or tokens[at] in {"(", ")", ",", "/", ""}:
                raise invalid("Invalid field selection", location="fields")
            whole = tokens[at] in here and not here[tokens[at]]
            here = here.setdefault(tokens[at], {})
            at += 1
            if at < len(tokens) and tokens[at] == "/":
                at += 1
                continue
            break
        if at < len(tokens) and tokens[at] == "(":
            at = _group(tokens, at + 1, here, depth + 1)
            if at >= len(tokens) or tokens[at] != ")":
                raise invalid("Invalid field selection", location="fields")
            at += 1
        elif not whole:
            here.clear()
        if at >= len(tokens) or tokens[at] != ",":
            return at
        at += 1
    return at


def apply_mask(value: Any, mask: Mask) -> Any:  # noqa: ANN401  # any JSON value
    """`value` with only what `mask` wants, inside lists for each element."""
    if not mask or ("*" in mask and not mask["*"]):
        return value
    if isinstance(value, list):
        return [apply_mask(item, mask) for item in value]
    if not isinstance(value, dict):
        return value
    star = mask.get("*")
    if star:
        return {key: apply_mask(item, star) for key, item in value.items()}
    return {key: apply_mask(value[key], below) for key, below in mask.items() if key in value}
