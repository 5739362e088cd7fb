"""What an image's header says, read before any library that draws it sees a byte."""

from __future__ import annotations

import struct

from tui.domain.preview.model import ImageFacts

MOST_PIXELS = 24_000_000
"""Pixels of an image that is drawn: each takes some bytes of memory while it is made small."""

_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""JPEG's markers of a frame, which tells the size."""
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})


def image_facts(data: bytes) -> ImageFacts | None:
    """Format and size; None when these bytes are no image that can be drawn."""
    for read in (_png, _gif, _bmp, _webp, _jpeg):
        try:
            found = read(data)
        except struct.error:
            return None
        if found is not None:
            return found
    return None


def too_large(facts: ImageFacts) -> bool:
    """Whether drawing it would take more memory than a look is worth."""
    return facts.width * facts.height > MOST_PIXELS


def is_moving(data: bytes) -> bool:
    """Whether the beginning says that there are several pictures."""
    return any(mark in data[:1024] for mark in (b"NETSCAPE2.0", b"acTL")) or data[30:34] == b"ANIM"


def _png(data: bytes) -> ImageFacts | None:
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or data[12:16] != b"IHDR":
        return None
    return ImageFacts("PNG", *struct.unpack_from(">2L", data, 16))


def _gif(data: bytes) -> ImageFacts | None:
    if not data.startswith((b"GIF87a", b"GIF89a")):
        return None
    return ImageFacts("GIF", *struct.unpack_from("<2H", data, 6))


def _bmp(data: bytes) -> ImageFacts | None:
    if not data.startswith(b"BM") or data[6:10] != b"\0\0\0\0":
        return None
    if struct.unpack_from("<L", data, 14)[0] == 12:  # noqa: PLR2004 (the oldest header)
        return ImageFacts("BMP", *struct.unpack_from("<2H", data, 18))
    width, height = struct.unpack_from("<2l", data, 18)
    return ImageFacts("BMP", abs(width), abs(height))


def _webp(data: bytes) -> ImageFacts | None:
    if not data.startswith(b"RIFF") or data[8:12] != b"WEBP":
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        if len(data) < 30:  # noqa: PLR2004 (up to the height)
            return None
        sides = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        return ImageFacts("WebP", *sides)
    if kind == b"VP8L":
        bits = struct.unpack_from("<L", data, 21)[0]
        return ImageFacts("WebP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<2H", data, 26)
        return ImageFacts("WebP", width & 0x3FFF, height & 0x3FFF)
    return None


def _jpeg(data: bytes) -> ImageFacts | None:
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:  # noqa: PLR2004 (a marker begins)
        marker = data[at + 1]
        if marker == 0xFF or marker in _ALONE:  # noqa: PLR2004 (filled up)
            at += 1 if marker == 0xFF else 2  # noqa: PLR2004
            continue
        length = struct.unpack_from(">H", data, at + 2)[0]
        if marker in _FRAMES:
            height, width = struct.unpack_from(">2H", data, at + 5)
            return ImageFacts("JPEG", width, height)
        at += 2 + max(length, 2)
    return None
