"""What is known of binary data, and how it begins."""

from __future__ import annotations

import re

from tui.domain.preview.kinds import describe
from tui.domain.text import printable

_ASCII_ONLY = bytes(byte if 0x20 <= byte < 0x7F else ord(".") for byte in range(256))  # noqa: PLR2004 (ASCII)
_ROWS = 64
_NPY_HEADER = 64 * 1024
_DESCR = re.compile(r"'descr': '([<>|=]?)([a-zA-Z])(\d{1,6})'")
_ORDER = re.compile(r"'fortran_order': (True|False)")
_SHAPE = re.compile(r"'shape': \(([\d, ]{0,400})\)")
_TYPES = {
    "f": "float",
    "i": "int",
    "u": "uint",
    "c": "complex",
    "b": "bool",
    "S": "bytes",
    "U": "text",
    "M": "datetime",
    "m": "timedelta",
    "V": "record",
    "O": "Python objects (a pickle inside: never opened)",
}
_BITS = frozenset("fiuc")
_MOST_DIMENSIONS = 64


def describe_binary(data: bytes, name: str = "") -> str:
    """What binary data is, by its first bytes alone, in a sentence."""
    what = describe(data, name)
    return f"Binary data{f', {what}' if what else ''}."


def dump(data: bytes) -> str:
    """The first bytes as numbers and letters."""
    rows = [data[start : start + 16] for start in range(0, min(len(data), 16 * _ROWS), 16)]
    return "\n".join(
        f"{number * 16:06x}  {row.hex(' '):<47}  {row.translate(_ASCII_ONLY).decode('ascii')}"
        for number, row in enumerate(rows)
    )


def describe_array(data: bytes) -> str | None:
    """The header of an `.npy` file in words, read as text and never evaluated; None if it is damaged.

    Layout: magic, version, the header's length in 2 bytes (version 1) or 4, and a Python literal.
    """
    if len(data) < 12:  # noqa: PLR2004 (magic, version, length)
        return None
    version = data[6]
    width = 2 if version == 1 else 4
    length = int.from_bytes(data[8 : 8 + width], "little")
    header = data[8 + width : 8 + width + length]
    if length > _NPY_HEADER or len(header) < length:
        return None
    text = header.decode("utf-8" if version > 2 else "latin-1", "replace")  # noqa: PLR2004 (NEP 1)
    shape, order = _SHAPE.search(text), _ORDER.search(text)
    if shape is None:
        return None
    sides = [int(side[:19]) for side in shape[1].replace(" ", "").split(",") if side][:_MOST_DIMENSIONS]
    count = 1
    for side in sides:
        count *= side
    found = _DESCR.search(text)
    lines = [
        f"type      {_type(found) if found else 'a record: ' + printable(text.strip()[:400])}",
        f"shape     {' × '.join(f'{side:,}' for side in sides) or 'one value'}",
        f"values    {count:,}",
        f"order     {'by columns (Fortran)' if order and order[1] == 'True' else 'by rows (C)'}",
    ]
    start = 8 + width + length
    return "\n".join([*lines, "", "The values begin with these bytes:", dump(data[start : start + 256])])


def _type(found: re.Match[str]) -> str:
    order, letter, digits = found.groups()
    name, width = _TYPES.get(letter, letter), int(digits)
    if letter in _BITS:
        name = f"{name}{8 * width}"
    elif letter == "U":
        name = f"{name} of {width} characters"
    elif letter in {"S", "V"}:
        name = f"{name} of {width} bytes"
    return f"{name}{', big-endian' if order == '>' else ''}"
