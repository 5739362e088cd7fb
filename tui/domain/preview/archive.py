"""What a zip archive holds, by its list of contents alone: nothing in it is unpacked or unpickled.

PyTorch saves checkpoints as zip archives (since 1.6), NumPy several arrays (`.npz`), Keras its models.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from tui.domain.text import printable

MOST_ENTRIES = 20_000
"""Entries that are listed."""

_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
_LOCATOR = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_ENTRY_MARK = b"PK\x01\x02"
_LONGEST_COMMENT = 0xFFFF
_HELD_BACK = 0xFFFFFFFF
"""Stands for a number that is told in 64 bits elsewhere."""
_UTF_8 = 1 << 11
_LOCKED = 1
_EXTRA_64 = 1
_LONGEST_NAME = 400


class Entry(NamedTuple):
    """One file of an archive."""

    name: str
    size: int
    """Bytes when unpacked."""
    packed: int
    locked: bool
    """Whether it is encrypted."""


class Contents(NamedTuple):
    """What an archive says that it holds."""

    entries: tuple[Entry, ...]
    """As many as were read."""
    told: int
    """As many as it says there are."""


class Missing(NamedTuple):
    """The list of contents lies before what was read."""

    bytes_from_end: int
    """Read so many bytes of the end."""


def read_contents(tail: bytes, size: int) -> Contents | Missing | None:
    """The list of contents in the last bytes of an archive of `size` bytes; None when there is none.

    Layout after the zip specification (APPNOTE 6.3): the list, a 64-bit end with its locator where numbers
    are large, the end with a comment.
    """
    found = _find_end(tail)
    if found is None:
        return None
    at, (_, _, _, _, count, length, start, _) = found
    list_end = at
    if _HELD_BACK in (length, start) or count == 0xFFFF:  # noqa: PLR2004 (held back)
        large = _find_end_64(tail, at, size)
        if large is None:
            return None
        list_end, count, length = large
    begin = list_end - length
    if begin < 0:
        needed = len(tail) - begin
        return Missing(needed) if needed <= size else None
    entries = tuple(_entries(tail[begin:list_end]))
    return Contents(entries, count) if entries or not count else None


def _find_end(tail: bytes) -> tuple[int, tuple[int, ...]] | None:
    """The end of the list of contents: the last one whose comment ends where the file does."""
    at = len(tail)
    least = max(len(tail) - _END.size - _LONGEST_COMMENT, 0)
    while (at := tail.rfind(_END_MARK, least, at)) >= 0:
        if at + _END.size <= len(tail):
            fields = _END.unpack_from(tail, at)
            if at + _END.size + fields[7] == len(tail):
                return at, fields
    return None


def _find_end_64(tail: bytes, end: int, size: int) -> tuple[int, int, int] | None:
    """Where the 64-bit end is, the count and the length of the list."""
    at = end - _LOCATOR.size
    if at < 0:
        return None
    mark, _, offset, _ = _LOCATOR.unpack_from(tail, at)
    place = offset - (size - len(tail))
    if mark != b"PK\x06\x07" or not 0 <= place <= len(tail) - _END_64.size:
        return None
    fields = _END_64.unpack_from(tail, place)
    if fields[0] != b"PK\x06\x06":
        return None
    return place, fields[7], fields[8]


def _entries(listed: bytes) -> Iterator[Entry]:
    at = told = 0
    while at + _ENTRY.size <= len(listed) and told < MOST_ENTRIES:
        fields = _ENTRY.unpack_from(listed, at)
        mark, flags, packed, size = fields[0], fields[3], fields[8], fields[9]
        name_length, extra_length, comment_length = fields[10:13]
        if mark != _ENTRY_MARK:
            return
        begin = at + _ENTRY.size
        raw = listed[begin : begin + name_length]
        extra = listed[begin + name_length : begin + name_length + extra_length]
        if _HELD_BACK in (size, packed):
            size, packed = _sizes_64(extra, size, packed)
        name = raw.decode("utf-8" if flags & _UTF_8 else "cp437", "replace")[:_LONGEST_NAME]
        yield Entry(printable(name), size, packed, bool(flags & _LOCKED))
        at = begin + name_length + extra_length + comment_length
        told += 1


def _sizes_64(extra: bytes, size: int, packed: int) -> tuple[int, int]:
    """The sizes that the list holds back, in the order size, packed."""
    at = 0
    while at + 4 <= len(extra):
        ident, length = struct.unpack_from("<2H", extra, at)
        if ident == _EXTRA_64:
            body = extra[at + 4 : at + 4 + length]
            told = [int.from_bytes(body[place : place + 8], "little") for place in range(0, len(body) - 7, 8)]
            if size == _HELD_BACK and told:
                size = told.pop(0)
            if packed == _HELD_BACK and told:
                packed = told.pop(0)
            break
        at += 4 + length
    return size, packed
