"""The `fields` parameter: partial answers, e.g. `items(name,metadata/some-key),nextPageToken`."""

from __future__ import annotations

import re
from typing import Any

Mask = dict[str, Any]
"""Wanted keys, each with the mask below it; an empty mask wants everything."""

TOKEN = re.compile(r"[(),/]|[^(),/]+")
DEPTH = 32
"""Nesting beyond which a mask is refused."""

Path = tuple[str, ...]


class FieldsError(ValueError):
    """A `fields` that does not parse; the text says so in Google's words."""


def parse_fields(text: str) -> Mask:
    """The mask that `text` means; several mentions of one key merge.

    Raises:
        FieldsError: the text does not parse.
    """
    tokens = [token.strip() for token in TOKEN.findall(text)]
    paths, end = _group(tokens, 0, ())
    if end != len(tokens):
        raise FieldsError(f"Invalid field selection {text}")
    mask: Mask = {}
    for path in sorted(paths, key=len):
        here = mask
        for number, key in enumerate(path):
            if key in here and not here[key]:
                break  # a shorter path wants all of it
            here = here.setdefault(key, {})
            if number == len(path) - 1:
                here.clear()
    return mask


def _group(tokens: list[str], at: int, base: Path) -> tuple[list[Path], int]:
    """The paths of `path[(group)]{,path[(group)]}`, and the position after it."""
    paths: list[Path] = []
    while True:
        path, at = _path(tokens, at, base)
        if at < len(tokens) and tokens[at] == "(":
            inner, at = _group(tokens, at + 1, path)
            if at >= len(tokens) or tokens[at] != ")":
                raise FieldsError("Invalid field selection")
            paths += inner
            at += 1
        else:
            paths.append(path)
        if at >= len(tokens) or tokens[at] != ",":
            return paths, at
        at += 1


def _path(tokens: list[str], at: int, base: Path) -> tuple[Path, int]:
    """`key/key/…` below `base`, and the position after it."""
    path = base
    while True:
        if at >= len(tokens) or tokens[at] in {"(", ")", ",", "/", ""} or len(path) >= DEPTH:
            raise FieldsError("Invalid field selection")
        path = (*path, tokens[at])
        at += 1
        if at >= len(tokens) or tokens[at] != "/":
            return path, at
        at += 1


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
