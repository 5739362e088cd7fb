"""Entries as columns: what a store takes in, read line by line."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from itertools import accumulate

from tui.domain.logreading.lines import read_lines
from tui.domain.logreading.model import Reading
from tui.domain.logs import LogEntry
from tui.domain.logstore.columns import MOST_COLUMNS, Columns, Texts
from tui.domain.logstore.names import Names, colours_of
from tui.domain.text import cell_width

BarNumber = Callable[[str, str], int]
"""The number of a bar, by replica and name."""
_BYTE, _WORD = 0xFF, 0xFFFF


def gathered(entries: Sequence[LogEntry], names: Names, bar_number: BarNumber) -> tuple[Columns, list[int]]:
    """The lines of sorted entries, and how many each has; traces and hidden lines are not told yet."""
    columns = Columns()
    texts: list[str] = []
    ids: list[bytes] = []
    counts: list[int] = []
    for entry in entries:
        readings = read_lines(entry)
        counts.append(len(readings))
        origin, replica = names.origin(entry.log_name, entry.replica)
        ident = entry.insert_id.encode("utf-8", "surrogatepass") + b"\n"
        severity = min(max(entry.severity, 0), _WORD)
        if entry.payload is not None:
            clean = len(readings) == 1 and readings[0].text == entry.text
            columns.payloads.put(len(texts), names.packed(entry.payload, entry.text if clean else None))
        for part, reading in enumerate(readings):
            if reading.bar is not None or reading.coloured:
                _rare(columns, len(texts), reading, entry.replica, bar_number)
            texts.append(reading.text)
            ids.append(ident)
            columns.parts.append(part)
            columns.stamps.append(entry.timestamp_ns)
            columns.origins.append(origin)
            columns.replicas.append(replica)
            columns.severities.append(severity)
            columns.levels.append(min(max(reading.level, 0) // 100, _BYTE))
            columns.marks.append(reading.marks)
    columns.ids = Texts(bytearray(b"".join(ids)), _starts(list(map(len, ids))))
    columns.traces = bytearray(len(texts))
    columns.hidden = bytearray(len(texts))
    _put_texts(columns, texts)
    return columns, counts


def _rare(columns: Columns, line: int, reading: Reading, replica: str, bar_number: BarNumber) -> None:
    if reading.bar is not None:
        columns.bar_lines.append(line)
        columns.bar_numbers.append(bar_number(replica, reading.bar.name))
        columns.bar_done.append(reading.bar.done)
    if reading.coloured:
        columns.coloured.put(line, colours_of(reading.text, reading.coloured))


def _put_texts(columns: Columns, texts: list[str]) -> None:
    whole = "\n".join(texts)
    if whole.count("\n") >= len(texts):
        texts = [text.replace("\n", "␊") for text in texts]
        whole = "\n".join(texts)
    blob = whole.encode("utf-8", "replace") + b"\n" if texts else b""
    if whole.isascii():
        widths = list(map(len, texts))
        lengths = widths
    else:
        widths = list(map(cell_width, texts))
        lengths = [len(text) if text.isascii() else len(text.encode("utf-8", "replace")) for text in texts]
    columns.texts = Texts(bytearray(blob), _starts([length + 1 for length in lengths]))
    if max(widths, default=0) > MOST_COLUMNS:
        widths = [min(width, MOST_COLUMNS) for width in widths]
    columns.widths = array("H", widths)


def _starts(lengths: list[int]) -> array[int]:
    return array("I", list(accumulate(lengths, initial=0))[:-1])
