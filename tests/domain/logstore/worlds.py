"""Entries of every kind, and what must become of them, told the slow and plain way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from tui.domain.logreading.lines import read_lines
from tui.domain.logreading.model import Part
from tui.domain.logreading.parts import OUTSIDE, parts
from tui.domain.logs import LogEntry
from tui.domain.logstore.model import LinePlace, LogLine
from tui.domain.logstore.store import LogStore

BLOCK = 4
"""Lines of a block in tests: a few entries make many blocks."""
REPLICAS = ("workerpool0-0", "workerpool1-0", "service")


class MemorySpill:
    """A spill in memory, with room for so many blocks."""

    def __init__(self, room: int = 1_000_000) -> None:
        self.room = room
        self.kept: dict[int, bytes] = {}
        self.broken = False
        self._next = 0

    def put(self, data: bytes) -> int:
        if len(self.kept) >= self.room:
            raise OSError(28, "No space left on device")
        self._next += 1
        self.kept[self._next] = data
        return self._next

    def get(self, number: int) -> bytes:
        if self.broken:
            raise OSError(5, "Input/output error")
        return self.kept[number]

    def drop(self, number: int) -> None:
        del self.kept[number]


def entry(
    stamp: int,
    text: str = "",
    *,
    insert_id: str = "",
    replica: str = REPLICAS[0],
    severity: int = 200,
    payload: Mapping[str, Any] | None = None,
) -> LogEntry:
    key = stamp, insert_id or f"i{stamp}", "projects/p/logs/x"
    return LogEntry(*key, severity, text or f"line {stamp}", replica, payload)


def tqdm(stamp: int, done: int, *, replica: str = REPLICAS[0], name: str = "") -> LogEntry:
    text = f"{name}  {done}%|█  | {done}/100 [00:0{done % 10}<00:02,  4.50it/s]"
    return entry(stamp, text, replica=replica)


TEXTS = (
    "plain",
    "plain",
    "two\nlines",
    "",
    "Traceback (most recent call last):",
    '  File "a.py", line 1, in f',
    "ValueError: no",
    "During handling of the above exception, another exception occurred:",
    "\x1b[31mred\x1b[0m and 漢字",
    *(f"train: {n}%|██ | {n}/100 [00:01<00:02]" for n in (0, 10, 10, 55, 100)),
    *(f"eval: {n}%|██ | {n}/100 [00:01<00:02]" for n in (10, 55)),
)


@st.composite
def _entries(draw: st.DrawFn) -> LogEntry:
    text = draw(st.sampled_from(TEXTS))
    payloads: tuple[Mapping[str, Any] | None, ...] = (None, {"message": text, "loss": 1.5}, {"n": [1, text]})
    made = entry(
        draw(st.integers(0, 12)),
        text or "\n",
        insert_id=draw(st.sampled_from("abé")),
        replica=draw(st.sampled_from(REPLICAS)),
        severity=draw(st.sampled_from((200, 500))),
        payload=draw(st.sampled_from(payloads)),
    )
    return replace(made, log_name=draw(st.sampled_from(("logs/a", "logs/b"))))


entries = st.lists(_entries(), max_size=30, unique_by=lambda item: item.key)
batches = st.lists(entries, max_size=4)


def distinct(groups: Iterable[Iterable[LogEntry]]) -> list[LogEntry]:
    """Each entry once, the first of those with the same key."""
    found: dict[object, LogEntry] = {}
    for group in groups:
        for item in group:
            found.setdefault(item.key, item)
    return list(found.values())


def expected(items: Iterable[LogEntry], newest: int | None = None) -> list[LogLine]:
    """The newest lines of these entries, as a store must have them."""
    whole = [
        (LinePlace(item.key, part), reading, item)
        for item in sorted(items, key=lambda item: item.key)
        for part, reading in enumerate(read_lines(item))
    ]
    whole = whole[len(whole) - newest :] if newest is not None and newest < len(whole) else whole
    last_done: dict[tuple[str, str], tuple[int, float]] = {}
    hidden: set[int] = set()
    by_replica: dict[str, list[int]] = defaultdict(list)
    for index, (_, reading, item) in enumerate(whole):
        by_replica[item.replica].append(index)
        if reading.bar:
            key = item.replica, reading.bar.name
            if key in last_done and reading.bar.done >= last_done[key][1]:
                hidden.add(last_done[key][0])
            last_done[key] = index, reading.bar.done
    traces: dict[int, Part] = {}
    for indices in by_replica.values():
        traces.update(zip(indices, parts([whole[at][1].marks for at in indices], OUTSIDE)[0], strict=True))
    return [
        LogLine(
            place,
            reading.text,
            item.severity,
            reading.level,
            item.replica,
            reading.marks,
            traces[index],
            index in hidden,
            reading.coloured,
        )
        for index, (place, reading, item) in enumerate(whole)
    ]


def as_tuple(line: LogLine) -> tuple[object, ...]:
    """All there is of a line; lines compare by their places alone."""
    return (
        line.place,
        line.text,
        line.severity,
        line.level,
        line.replica,
        line.marks,
        line.trace,
        line.hidden,
        line.coloured,
    )


def lines(store: LogStore) -> list[tuple[object, ...]]:
    return [as_tuple(store.line(index)) for index in range(len(store))]


def bars_of(items: Iterable[LogEntry]) -> list[str | None]:
    """The name of the bar of each line."""
    readings = [reading for item in sorted(items, key=lambda item: item.key) for reading in read_lines(item)]
    return [reading.bar.name if reading.bar else None for reading in readings]


def behind_of(whole: list[LogLine], names: list[str | None]) -> dict[int, list[int]]:
    """Which lines fold into which one, by their indices."""
    behind: dict[int, list[int]] = {}
    waiting: dict[tuple[str, str], list[int]] = defaultdict(list)
    by_replica: dict[str, list[int]] = defaultdict(list)
    for index, (line, name) in enumerate(zip(whole, names, strict=True)):
        by_replica[line.replica].append(index)
        if name is not None:
            states = waiting[line.replica, name]
            if line.hidden:
                states.append(index)
            else:
                behind[index] = list(states)
                states.clear()
    for indices in by_replica.values():
        behind |= _traces_behind([(index, whole[index].trace) for index in indices])
    return behind


def _traces_behind(told: list[tuple[int, Part]]) -> dict[int, list[int]]:
    """Of each end, the lines of its traceback; told by lines and parts of one replica."""
    found: dict[int, list[int]] = {}
    waiting: list[int] = []
    end: int | None = None
    for index, part in told:
        if part in (Part.NONE, Part.HEAD):
            waiting, end = ([index] if part else []), None
        elif part == Part.END:
            found[index], waiting, end = waiting, [], index
        elif end is not None:
            found[end].append(index)
        else:
            waiting.append(index)
    return found
