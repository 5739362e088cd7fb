"""A preview of whatever bytes an object begins or ends with; never raises, whatever they are."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

from tui.domain.preview.archive import Contents, Missing, read_contents
from tui.domain.preview.binary import describe_array, describe_binary, dump
from tui.domain.preview.images import image_facts, too_large
from tui.domain.preview.json_text import is_json, lay_out, lay_out_json, lay_out_records, why_not
from tui.domain.preview.kinds import GZIP, NUMPY, ZIP, Decoded, decode, decode_as
from tui.domain.preview.lines import lay_lines, long_note
from tui.domain.preview.model import Extent, Preview, PreviewKind
from tui.domain.preview.tables import make_table, read_table, table_lines
from tui.domain.preview.tensors import LENGTH, Tensors, header_length, read_tensors
from tui.domain.preview.trainer import FILE, read_run
from tui.domain.text import size

UNPACKED_TIMES = 4
"""How many times as much as was read is unpacked at most, however small it is when packed."""

_TABLES = {"csv": False, "tsv": True}
_LOGS = frozenset({"log", "out", "err", "stdout", "stderr"})
_YAML = frozenset({"yaml", "yml"})
_MARKDOWN = frozenset({"md", "markdown"})
_JSON_LINES = frozenset({"jsonl", "ndjson"})
_SUMS_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes of an object and what the service says of it, which may be wrong."""

    name: str
    data: bytes
    extent: Extent
    content_type: str = ""
    codec: str = ""
    """How its beginning is encoded, for bytes from its end; empty when that is not known."""

    @property
    def extension(self) -> str:
        """What the name ends with."""
        return self.name.rpartition("/")[2].rpartition(".")[2].lower()


def make_preview(source: Source) -> Preview:
    """What to show of an object."""
    notes: list[str] = []
    if source.data.startswith(GZIP) and not source.extent.from_end:
        unpacked = _unpack(source.data)
        if unpacked is None:
            return Preview(PreviewKind.BINARY, extent=source.extent, said="Packed with gzip, but damaged.")
        data, more = unpacked
        notes.append("unpacked from gzip")
        extent = replace(source.extent, read=len(data), unpacked=True, more=more or source.extent.cut)
        source = replace(source, data=data, extent=extent, name=source.name.removesuffix(".gz"))
    if not source.data:
        words = "This object is empty." if not source.extent.size else "There is nothing in it."
        return Preview(PreviewKind.EMPTY, extent=source.extent, said=words, notes=tuple(notes))
    return _of_bytes(source, notes)


def _of_bytes(source: Source, notes: list[str]) -> Preview:
    """By how they begin: an image, tensors, an archive, an array, text, or what is told only."""
    data = source.data
    if not source.extent.from_end:
        if (length := header_length(data)) > 0:
            return _tensors(source, length)
        if data.startswith(ZIP):
            return archive_preview(source, data if not source.extent.cut else b"")
        if data.startswith(NUMPY) and (words := describe_array(data)) is not None:
            return Preview(PreviewKind.ARRAY, lay_lines(words), source.extent, notes=tuple(notes))
        if facts := image_facts(data):
            said = f"{facts.format}, {facts.width:,} × {facts.height:,} pixels"
            large = ("too large to be drawn",) if too_large(facts) else ()
            body = lay_lines(f"{said}\n\n{dump(data)}")
            return Preview(PreviewKind.IMAGE, body, source.extent, notes=(said, *large, *notes), image=facts)
    decoded = _decoded(source)
    if decoded is None:
        return replace(_binary(source), notes=tuple(notes))
    shown = _of_text(source, decoded.text, notes)
    notes += long_note(shown.body)
    return replace(shown, encoding=decoded.title, codec=decoded.codec, notes=tuple(notes))


def _decoded(source: Source) -> Decoded | None:
    if source.codec:
        return Decoded(decode_as(source.data, source.codec), source.codec.upper(), source.codec)
    return decode(source.data, from_start=not source.extent.from_end)


def _binary(source: Source, words: str = "") -> Preview:
    said = f"{words} {describe_binary(source.data, source.name)}".lstrip()
    return Preview(PreviewKind.BINARY, lay_lines(dump(source.data)), source.extent, said)


# Binary kinds


def archive_preview(source: Source, tail: bytes) -> Preview:
    """What a zip archive holds, by its last bytes; `tail` is empty when these have not been read."""
    found = read_contents(tail, source.extent.size) if tail else Missing(0)
    whole = replace(source.extent, read=len(tail), from_end=len(tail) < source.extent.size)
    if isinstance(found, Missing):
        words = "A zip archive (PyTorch saves checkpoints so). Its list of contents was not read: + reads it."
        if found.bytes_from_end:
            words = f"A zip archive whose list of contents takes {size(found.bytes_from_end)}: + reads it."
        extent = whole if tail else source.extent
        needs = found.bytes_from_end or 1
        return Preview(PreviewKind.ARCHIVE, extent=extent, said=words, needs=needs)
    if found is None:
        return _binary(source, "A zip archive, but its list of contents is damaged or cut off.")
    return _contents(found, whole)


def _contents(found: Contents, extent: Extent) -> Preview:
    entries = found.entries
    rows = [
        (f"{entry.name}{' (locked)' if entry.locked else ''}", size(entry.size), size(entry.packed))
        for entry in entries
    ]
    table = replace(make_table(("NAME", "SIZE", "PACKED"), rows), right=(False, True, True))
    total = sum(entry.size for entry in entries)
    notes = [f"{found.told:,} file{'' if found.told == 1 else 's'}, {size(total)} unpacked"]
    if len(entries) < found.told:
        notes.append(f"the first {len(entries):,} shown")
    if any(entry.name.endswith("data.pkl") for entry in entries):
        notes.append("a PyTorch checkpoint: never unpickled")
    return Preview(
        PreviewKind.ARCHIVE, lay_lines(table_lines(table)), extent, notes=tuple(notes), table=table
    )


def _tensors(source: Source, length: int) -> Preview:
    found = read_tensors(source.data)
    if found is not None:
        return _tensor_table(found, source.extent)
    if source.extent.cut and len(source.data) < LENGTH + length:
        words = f"A safetensors file whose header takes {size(length)}: + reads more."
        return Preview(PreviewKind.TENSORS, extent=source.extent, said=words)
    return _binary(source, "A safetensors file, but its header is damaged.")


def _tensor_table(found: Tensors, extent: Extent) -> Preview:
    rows = [
        (
            tensor.name,
            tensor.dtype,
            " × ".join(map(str, tensor.shape)) or "one value",
            f"{tensor.values:,}",
            size(tensor.bytes),
        )
        for tensor in found.tensors
    ]
    table = make_table(("NAME", "TYPE", "SHAPE", "PARAMETERS", "SIZE"), rows)
    table = replace(table, right=(False, False, True, True, True))
    types = sorted(found.by_type.items(), key=lambda pair: -pair[1])
    notes = [
        f"{len(rows):,} tensor{'' if len(rows) == 1 else 's'}",
        f"{found.values:,} parameters",
        ", ".join(f"{dtype} {values:,}" for dtype, values in types[:_SUMS_SHOWN]) if len(types) > 1 else "",
    ]
    told = "\n".join(f"{key}: {value}" for key, value in found.metadata)
    body = lay_lines("\n\n".join(part for part in (told, table_lines(table)) if part))
    return Preview(
        PreviewKind.TENSORS, body, extent, notes=tuple(note for note in notes if note), table=table
    )


# Text kinds


def _of_text(source: Source, text: str, notes: list[str]) -> Preview:
    """Lay out what has a layout; the extension decides, then how the text begins."""
    extension, extent = source.extension, source.extent
    if extent.from_end:
        kind = PreviewKind.LOG if extension in _LOGS else PreviewKind.TEXT
        return Preview(kind, lay_lines(_from_line(text)), extent)
    if (source.name.endswith(FILE) or '"log_history"' in text[:4096]) and (run := read_run(text)) is not None:
        laid_out = None if extent.cut else lay_out_json(text)
        body = lay_lines(laid_out or text)
        return Preview(PreviewKind.RUN, body, extent, language="json", run=run)
    if extension in _TABLES or source.content_type in {"text/csv", "text/tab-separated-values"}:
        return _table(source, text, notes)
    if extension in _JSON_LINES or extension == "json" or _looks_like_json(source, text):
        return _json(source, text, notes)
    kind, language = PreviewKind.TEXT, ""
    if extension in _YAML:
        kind, language = PreviewKind.YAML, "yaml"
    elif extension in _MARKDOWN:
        kind = PreviewKind.MARKDOWN
    body = lay_lines(text)
    if extension in _LOGS or (kind is PreviewKind.TEXT and body.coloured):
        kind = PreviewKind.LOG
    return Preview(kind, body, extent, language=language)


def _looks_like_json(source: Source, text: str) -> bool:
    if "json" in source.content_type:
        return True
    head = text[:200].lstrip()
    return head[:2] in {'{"', "[{", "{}", "[]"} or (
        head[:1] in {"{", "["} and head[1:].lstrip()[:1] in {'"', "{"}
    )


def _json(source: Source, text: str, notes: list[str]) -> Preview:
    extent, extension = source.extent, source.extension
    why = "not JSON lines"
    if extension not in _JSON_LINES:
        why = "cut" if extent.cut else why_not(text)
        if not why:
            return Preview(PreviewKind.JSON, lay_lines(lay_out(text)), extent, language="json")
    if extension in _JSON_LINES or _has_records(text):
        records = lay_out_records(text, cut=extent.cut)
        if records is not None:
            notes.append(f"{records.good:,} record{'' if records.good == 1 else 's'}")
            if records.broken:
                notes.append(f"{records.broken:,} not JSON, the first in line {records.first_broken:,}")
            return Preview(PreviewKind.JSON_LINES, lay_lines(records.text), extent, language="json")
    named = extension == "json" or extension in _JSON_LINES
    if extent.cut and named:
        notes.append("cut, so not laid out: shown as it is")
    elif not extent.cut:
        notes.append(f"{why}: shown as it is")
    language = "json" if named else ""
    return Preview(PreviewKind.TEXT, lay_lines(text), extent, language=language)


def _has_records(text: str) -> bool:
    """Whether the first line alone is JSON, and there are others."""
    first, end, rest = text.partition("\n")
    return bool(end) and bool(rest.strip()) and first.strip()[:1] == "{" and is_json(first)


def _table(source: Source, text: str, notes: list[str]) -> Preview:
    tabs = _TABLES.get(source.extension, "tab" in source.content_type)
    table, told = read_table(text, tabs=tabs, cut=source.extent.cut)
    notes += told
    kind = PreviewKind.TEXT if table is None else PreviewKind.TABLE
    return Preview(kind, lay_lines(text), source.extent, table=table)


def _from_line(text: str) -> str:
    """From the first whole line on, unless there is none."""
    _, end, rest = text.partition("\n")
    return rest if end and rest else text


def _unpack(data: bytes) -> tuple[bytes, bool] | None:
    """The first bytes of gzip data, and whether there is more; None if it is damaged.

    Members follow each other in what `cat` or a log shipper has put together.
    """
    most = UNPACKED_TIMES * max(len(data), 64 * 1024)
    parts: list[bytes] = []
    room, rest = most, data
    while rest.startswith(GZIP) and room > 0:
        unpacker = zlib.decompressobj(wbits=31)
        try:
            part = unpacker.decompress(rest, room)
        except zlib.error:
            return (b"".join(parts), True) if parts else None
        parts.append(part)
        room -= len(part)
        if not unpacker.eof:
            return b"".join(parts), True
        rest = unpacker.unused_data
    return b"".join(parts), bool(rest.strip(b"\0"))
