"""What bytes are: by how they begin, whatever the name and the content type claim."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

GZIP = b"\x1f\x8b"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
PARQUET = b"PAR1"
NUMPY = b"\x93NUMPY"

_BOMS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8 with BOM"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_MAGIC = (
    (ZIP[0], "a zip archive"),
    (ZIP[1], "an empty zip archive"),
    (GZIP, "packed with gzip"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras saves models"),
    (NUMPY, "a NumPy array"),
    (PARQUET, "a Parquet table"),
    (b"ARROW1", "an Arrow table"),
    (b"BZh", "packed with bzip2"),
    (b"\xfd7zXZ\x00", "packed with xz"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd"),
    (b"\x7fELF", "a program"),
    (b"GGUF", "a GGUF model"),
    (b"Obj\x01", "an Avro file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"OggS", "an Ogg recording"),
    (b"ID3", "an MP3 recording"),
)
_TAR_AT = 257
_LOOKED_AT = 8_192
_CONTROLS_OF_TEXT = "\t\n\r\f\x1b\b\v"
_PICKLE = re.compile(rb"\x80[\x01-\x05]")
_TEARABLE = 3
"""Bytes at the beginning of a range that may belong to a character before it."""


class Decoded(NamedTuple):
    """Text, what it was read as in words, and Python's name of that."""

    text: str
    title: str
    codec: str


def decode(data: bytes, *, from_start: bool = True) -> Decoded | None:
    """The text; None when these bytes are none. The characters at the edges of a range may be torn."""
    if from_start:
        for mark, codec, title in _BOMS:
            if data.startswith(mark):
                return Decoded(decode_as(data[len(mark) :], codec), title, codec)
        if _known(data):
            return None
    if b"\0" in data:
        return None
    whole = data if from_start else _from_character(data)
    try:
        found = Decoded(codecs.getincrementaldecoder("utf-8")().decode(whole), "UTF-8", "utf-8")
    except UnicodeDecodeError:
        found = Decoded(data.decode("cp1252", "replace"), "Windows-1252 (a guess)", "cp1252")
    head = found.text[:_LOOKED_AT]
    controls = sum(character < " " and character not in _CONTROLS_OF_TEXT for character in head)
    return None if controls * 20 > len(head) else found


def decode_as(data: bytes, codec: str) -> str:
    """The text by a codec that is known; what it cannot read becomes `�`."""
    return codecs.getincrementaldecoder(codec)("replace").decode(data)


def is_pickle(data: bytes) -> bool:
    """Whether these bytes begin a Python pickle."""
    return _PICKLE.match(data) is not None


def describe(data: bytes, name: str = "") -> str:
    """What binary data is, by its first bytes and the name; empty when nothing is known."""
    if found := _known(data):
        return found
    told = (
        (data.startswith(b"RIFF") and data[8:12] == b"WEBP", "a WebP image"),
        (data.startswith(b"RIFF"), "a RIFF file (sound or video)"),
        (data[4:8] == b"ftyp", "an MP4 or QuickTime file"),
        (data.startswith(b"BM") and data[6:10] == b"\0\0\0\0", "a BMP image"),
        (data[_TAR_AT : _TAR_AT + 5] == b"ustar", "a tar archive"),
        ("tfevents" in name, "TensorBoard events: tensorboard --logdir shows them"),
    )
    return next((title for holds, title in told if holds), "")


def _known(data: bytes) -> str:
    if is_pickle(data):
        return "a Python pickle: not opened, because opening one can run any program in it"
    return next((title for magic, title in _MAGIC if data.startswith(magic)), "")


def _from_character(data: bytes) -> bytes:
    """Without the rest of a character that began before."""
    start = 0
    while start < min(_TEARABLE, len(data)) and data[start] & 0xC0 == 0x80:  # noqa: PLR2004 (UTF-8's rest)
        start += 1
    return data[start:]
