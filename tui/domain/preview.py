"""The beginning of an object as a person can read it; nothing is ever executed or unpickled for it."""

from __future__ import annotations

import codecs
import csv
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tui.domain.text import cell_width, printable, size, strip_escapes

PREVIEW_BYTES = 256 * 1024
"""How much of an object is read for a preview."""

LINE_WIDTH = 2_000
"""Longest line that is shown; longer ones are cut, and that is said."""

UNPACKED_BYTES = 1024 * 1024
"""How much of a packed object is unpacked at most, however small it is when packed."""

_DEEPEST = 40
"""Levels of JSON that are indented; deeper ones would grow a small object into gigabytes of spaces."""

_CSV_ROWS = 500
_CSV_CELL = 40

_GZIP = b"\x1f\x8b"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_MAGIC = (
    (b"PK\x03\x04", "a zip archive (PyTorch saves checkpoints as such)"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"PAR1", "a Parquet table"),
    (b"BZh", "packed with bzip2"),
    (b"\xfd7zXZ", "packed with xz"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd"),
    (b"\x7fELF", "a program"),
    (b"GGUF", "a GGUF model"),
)
_ASCII_ONLY = bytes(byte if 0x20 <= byte < 0x7F else ord(".") for byte in range(256))  # noqa: PLR2004 (ASCII)
_PICKLE = re.compile(rb"\x80[\x01-\x05]")
_SAFETENSORS = re.compile(rb'.{6}\x00\x00\{"', re.DOTALL)
_LANGUAGES = {
    "json": "json",
    "jsonl": "json",
    "yaml": "yaml",
    "yml": "yaml",
    "md": "markdown",
    "py": "python",
    "toml": "toml",
    "sh": "bash",
    "xml": "xml",
    "html": "html",
    "sql": "sql",
}


class PreviewKind(StrEnum):
    """How the bytes were understood."""

    TEXT = "text"
    JSON = "JSON"
    TABLE = "table"
    BINARY = "binary"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Preview:
    """What to show of an object."""

    kind: PreviewKind
    text: str
    """Lines that a terminal can be given as they are; of binary data, what is known about it."""
    language: str = ""
    """A language for highlighting, or empty."""
    notes: tuple[str, ...] = ()
    """What the reader must know: cut, unpacked, laid out, read in another encoding."""


def make_preview(
    name: str, data: bytes, *, whole_size: int, content_type: str = "", content_encoding: str = ""
) -> Preview:
    """Read the first bytes of an object; never raises, whatever they are.

    `whole_size` is the object's size as stored, `data` at most the first `PREVIEW_BYTES` of it. Storage may
    have unpacked an object with `contentEncoding: gzip` already, so the bytes decide.
    """
    notes = []
    cut = len(data) < whole_size
    if cut:
        notes.append(f"first {size(len(data))} of {size(whole_size)}")
    if data.startswith(_GZIP):
        unpacked = _unpack(data)
        if unpacked is None:
            return Preview(PreviewKind.BINARY, "Packed with gzip, but damaged.", notes=tuple(notes))
        data, packed_rest = unpacked
        notes.append("unpacked from gzip")
        cut = cut or packed_rest
        name = name.removesuffix(".gz")
    elif content_encoding == "gzip":
        cut = len(data) >= PREVIEW_BYTES
        notes = ["unpacked from gzip", *([f"first {size(len(data))}"] if cut else [])]
    if not data:
        return Preview(PreviewKind.EMPTY, "This object is empty.", notes=tuple(notes))
    text, encoding = decode(data)
    if text is None:
        return Preview(PreviewKind.BINARY, describe_binary(data), notes=tuple(notes))
    if encoding:
        notes.append(encoding)
    return _of_text(name, text, content_type, cut=cut, notes=notes)


def decode(data: bytes) -> tuple[str | None, str]:
    """The text and a note about its encoding (empty for UTF-8); None when these bytes are no text.

    The last character may be torn by the end of the range.
    """
    for mark, codec, title in _BOMS:
        if data.startswith(mark):
            text = codecs.getincrementaldecoder(codec)("replace").decode(data[len(mark) :])
            return text, "" if title == "UTF-8" else title
    if b"\0" in data or any(data.startswith(magic) for magic, _ in _MAGIC) or _PICKLE.match(data):
        return None, ""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(data)
        encoding = ""
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
        encoding = "not UTF-8: read as Windows-1252"
    controls = sum(character < " " and character not in "\t\n\r\f\x1b\b" for character in text[:8192])
    if controls * 20 > len(text[:8192]):
        return None, ""
    return text, encoding


def describe_binary(data: bytes) -> str:
    """What binary data is, by its first bytes alone, and how it begins."""
    what = next((title for magic, title in _MAGIC if data.startswith(magic)), "")
    if not what and _PICKLE.match(data):
        what = "a Python pickle: not opened, because opening one can run any program in it"
    if not what and _SAFETENSORS.match(data):
        what = "a safetensors file"
    rows = [data[start : start + 16] for start in range(0, min(len(data), 256), 16)]
    dump = "\n".join(
        f"{number * 16:08x}  {row.hex(' '):<47}  {row.translate(_ASCII_ONLY).decode('ascii')}"
        for number, row in enumerate(rows)
    )
    return f"Binary data{f', {what}' if what else ''}.\n\n{dump}"


def lay_out_json(text: str) -> str | None:
    """JSON with one member a line, every number and string exactly as written; None if it is not JSON."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return None
    return "".join(_indented(text))


def _of_text(name: str, text: str, content_type: str, *, cut: bool, notes: list[str]) -> Preview:
    """Lay out what has a layout."""
    extension = name.rpartition("/")[2].rpartition(".")[2].lower()
    kind, language = PreviewKind.TEXT, _LANGUAGES.get(extension, "")
    if extension in {"csv", "tsv"} or content_type == "text/csv":
        table = _table(text, cut=cut)
        if table is not None:
            kind, text = PreviewKind.TABLE, table
    elif extension == "json" or "json" in content_type or text.lstrip()[:1] in {"{", "["}:
        laid_out = None if cut else lay_out_json(text)
        if laid_out is not None:
            kind, text, language = PreviewKind.JSON, laid_out, "json"
        elif extension == "json" and not cut:
            notes.append("not valid JSON: shown as it is")
        elif extension == "json":
            notes.append("not laid out")
    return Preview(kind, _clean(text, notes), language, tuple(notes))


def _clean(text: str, notes: list[str]) -> str:
    """Lines fit for a terminal; progress bars that redraw with a carriage return keep their last state."""
    lines = strip_escapes(text.replace("\r\n", "\n")).split("\n")
    long = sum(len(line) > LINE_WIDTH for line in lines)
    if long:
        notes.append(f"{long} long line{'' if long == 1 else 's'} cut")
    shown = (
        line if len(line) <= LINE_WIDTH else line[:LINE_WIDTH] + " …" for line in map(_last_state, lines)
    )
    return "\n".join(printable(line) for line in shown)


def _last_state(line: str) -> str:
    return line.rstrip("\r").rpartition("\r")[2]


def _unpack(data: bytes) -> tuple[bytes, bool] | None:
    """The first bytes of gzip data, and whether there is more; None if it is damaged."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(data, UNPACKED_BYTES)
    except zlib.error:
        return None
    return text, not unpacker.eof or bool(unpacker.unused_data)


_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


def _indented(text: str) -> Iterator[str]:
    """The tokens of valid JSON with line breaks and two spaces a level between them."""
    depth, opened = 0, False
    for word in _JSON_TOKEN.findall(text):
        if word in "}]":
            depth -= 1
            yield word if opened else f"\n{'  ' * min(depth, _DEEPEST)}{word}"
            opened = False
            continue
        if opened:
            yield "\n" + "  " * min(depth, _DEEPEST)
            opened = False
        if word in "{[":
            depth, opened = depth + 1, True
            yield word
        elif word == ",":
            yield ",\n" + "  " * min(depth, _DEEPEST)
        else:
            yield ": " if word == ":" else word


def _table(text: str, *, cut: bool) -> str | None:
    """Delimited text with its columns below each other; None if it cannot be read as such."""
    lines = text.splitlines()
    if cut and len(lines) > 1:
        lines.pop()
    delimiter = max(",\t;|", key=lines[0].count) if lines else ","
    try:
        rows = list(csv.reader(lines[:_CSV_ROWS], delimiter=delimiter))
    except csv.Error:
        return None
    cells = [[printable(_shorten(cell.strip())) for cell in row] for row in rows]
    columns = max(map(len, cells), default=0)
    if columns < 2:  # noqa: PLR2004 (one column is no table)
        return None
    widths = [
        max((cell_width(row[at]) for row in cells if at < len(row)), default=0) for at in range(columns)
    ]
    shown = [
        "  ".join(_pad(cell, width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in cells
    ]
    if len(lines) > _CSV_ROWS:
        shown.append(f"… {len(lines) - _CSV_ROWS:,} more lines read")
    return "\n".join(shown)


def _shorten(cell: str) -> str:
    return cell if len(cell) <= _CSV_CELL else cell[: _CSV_CELL - 1] + "…"


def _pad(cell: str, width: int) -> str:
    """Numbers to the right, words to the left."""
    space = " " * max(width - cell_width(cell), 0)
    return space + cell if _NUMBER.fullmatch(cell) else cell + space


_NUMBER = re.compile(r"[-+]?[0-9][0-9.,_]*(?:[eE][-+]?[0-9]+)?%?")
