"""What a safetensors file holds, by its header alone: names, shapes, types.

Layout (github.com/huggingface/safetensors): the header's length in 8 bytes, the header as JSON, the data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from tui.domain.text import printable

LENGTH = 8
"""Bytes before the header."""

_MOST_HEADER = 100_000_000
"""The format's own limit."""
_MOST_DIMENSIONS = 16
_LONGEST_NAME = 400
_LARGEST = 1 << 63
_BEGIN = re.compile(rb'.{4}[\x00-\x05]\x00\x00\x00\s{0,8}\{\s{0,8}["}]', re.DOTALL)


class Tensor(NamedTuple):
    """One tensor."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    values: int
    bytes: int


class Tensors(NamedTuple):
    """The header of a safetensors file."""

    tensors: tuple[Tensor, ...]
    metadata: tuple[tuple[str, str], ...]
    header: int
    """Bytes that it takes."""

    @property
    def values(self) -> int:
        """All parameters."""
        return sum(tensor.values for tensor in self.tensors)

    @property
    def by_type(self) -> dict[str, int]:
        """Parameters by their type."""
        found: dict[str, int] = {}
        for tensor in self.tensors:
            found[tensor.dtype] = found.get(tensor.dtype, 0) + tensor.values
        return found


def header_length(data: bytes) -> int:
    """How long the header of what looks like a safetensors file is; 0 when it does not."""
    if not _BEGIN.match(data):
        return 0
    length = int.from_bytes(data[:LENGTH], "little")
    return length if length <= _MOST_HEADER else 0


def read_tensors(data: bytes) -> Tensors | None:
    """The header; None when it is torn or broken."""
    length = header_length(data)
    if not length or len(data) < LENGTH + length:
        return None
    try:
        told = json.loads(data[LENGTH : LENGTH + length])
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    metadata = told.pop("__metadata__", {})
    found = [tensor for name, entry in told.items() if (tensor := _tensor(name, entry)) is not None]
    if told and not found:
        return None
    pairs = metadata.items() if isinstance(metadata, dict) else ()
    return Tensors(
        tuple(found),
        tuple(
            (printable(str(key)[:_LONGEST_NAME]), printable(str(value)[:_LONGEST_NAME]))
            for key, value in pairs
        ),
        length,
    )


def _tensor(name: str, entry: Mapping[str, Any]) -> Tensor | None:
    if not isinstance(entry, dict):
        return None
    dtype, shape, offsets = entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")
    if not isinstance(dtype, str) or not isinstance(shape, list) or not isinstance(offsets, list):
        return None
    if len(shape) > _MOST_DIMENSIONS or not all(map(_is_count, (*shape, *offsets))) or len(offsets) != 2:  # noqa: PLR2004
        return None
    values = 1
    for side in shape:
        values *= side
    size = offsets[1] - offsets[0]
    return Tensor(printable(name[:_LONGEST_NAME]), printable(dtype[:20]), tuple(shape), values, max(size, 0))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST
