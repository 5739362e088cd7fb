"""The store: whatever order entries arrive in, the lines are the same, in memory or not."""

from __future__ import annotations

from itertools import pairwise
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.logstore.worlds import (
    BLOCK,
    REPLICAS,
    MemorySpill,
    as_tuple,
    bars_of,
    batches,
    behind_of,
    distinct,
    entries,
    entry,
    expected,
    lines,
    tqdm,
)
from tui.domain.logs import EntryKey, LogEntry
from tui.domain.logstore.model import Block, LinePlace
from tui.domain.logstore.names import OTHERS
from tui.domain.logstore.store import LogStore

SECOND = 1_000_000_000


def filled(batch: list[LogEntry], max_lines: int = 1000, spill: MemorySpill | None = None) -> LogStore:
    store = LogStore(max_lines, spill, block_lines=BLOCK)
    store.add(batch)
    return store


def texts_of(block: Block) -> list[str]:
    text, starts = block.text(), [*block.starts(), len(block.text())]
    return [text[low : high - 1].decode() for low, high in pairwise(starts)]


@given(batch=entries, data=st.data(), max_lines=st.integers(1, 40), spilling=st.booleans())
def test_lines_do_not_depend_on_order_batches_or_doubles(
    batch: list[LogEntry], data: st.DataObject, max_lines: int, *, spilling: bool
) -> None:
    store = LogStore(max_lines, MemorySpill() if spilling else None, block_lines=BLOCK)
    arrivals = data.draw(st.permutations([*batch, *batch[::2]]))
    while arrivals:
        count = data.draw(st.integers(1, len(arrivals)))
        store.add(arrivals[:count], backfill=data.draw(st.booleans()))
        arrivals = arrivals[count:]
    wanted = expected(batch, None if spilling else max_lines)
    assert lines(store) == [as_tuple(line) for line in wanted]
    assert store.entries == len({line.place.key for line in wanted})
    assert len(store) - store.spilled <= max(max_lines, 2 * BLOCK)
    by_key = {item.key: item for item in batch}
    for index, line in enumerate(wanted):
        assert store.index_of(line.place) == index
        if spilling:
            payload = by_key[line.place.key].payload
            assert store.payload(index) == (None if payload is None else dict(payload))


@given(groups=batches, spilling=st.booleans())
def test_blocks_tell_what_the_lines_do_and_change_their_version(
    groups: list[list[LogEntry]], *, spilling: bool
) -> None:
    store = LogStore(2, MemorySpill(), block_lines=BLOCK) if spilling else LogStore(1000, block_lines=BLOCK)
    known: dict[int, tuple[int, object]] = {}
    for group in groups:
        store.add(group)
        at = 0
        for block in store.blocks:
            here = [store.line(index) for index in range(at, at + len(block))]
            assert 0 < len(here) < 2 * BLOCK
            at += len(block)
            assert texts_of(block) == [line.text for line in here]
            assert [level * 100 for level in block.levels()] == [line.level for line in here]
            assert list(block.marks()) == [line.marks for line in here]
            assert list(block.traces()) == [line.trace for line in here]
            assert list(block.hidden()) == [line.hidden for line in here]
            assert [store.replica_names[number] for number in block.replicas()] == [
                line.replica for line in here
            ]
            summary = block.summary
            assert summary.hidden == sum(line.hidden for line in here)
            assert summary.highest * 100 == max(line.level for line in here)
            assert summary.widest == max(block.widths())
            assert summary.ascii == all(line.text.isascii() for line in here)
            assert summary.replicas == set(block.replicas())
            entering = {each: end for each, end in block.entering.items() if each in summary.replicas}
            state = [as_tuple(line) for line in here], entering, summary
            version, before = known.get(block.ident, (-1, None))
            assert version != block.version or before == state
            known[block.ident] = block.version, state
        assert at == len(store)


@given(groups=batches, max_lines=st.integers(1, 30), spilling=st.booleans())
def test_lines_before_the_first_changed_one_are_what_they_were(
    groups: list[list[LogEntry]], max_lines: int, *, spilling: bool
) -> None:
    store = LogStore(max_lines, MemorySpill() if spilling else None, block_lines=BLOCK)
    for group in groups:
        before = lines(store)
        change = store.add(group)
        assert lines(store)[: change.first] == before[: change.first]
        if not change.any:
            assert lines(store) == before
            assert change.first == len(store)


@given(batches, st.integers(1, 6))
def test_when_the_spill_is_full_the_oldest_go_and_do_not_come_back(
    groups: list[list[LogEntry]], room: int
) -> None:
    store = LogStore(BLOCK, MemorySpill(room), block_lines=BLOCK)
    count = 0
    for group in groups:
        count += store.add(group).added
    wanted = expected(distinct(groups))
    places = [store.line(index).place for index in range(len(store))]
    assert places == [line.place for line in wanted[len(wanted) - len(store) :]]
    assert len(store) + store.dropped == count
    assert bool(store.dropped) <= bool(store.fault)
    kept = len(store)
    if store.dropped:
        store.add([item for group in groups for item in group])
        assert len(store) == kept


@given(entries)
def test_what_stands_behind_a_bar_or_a_traceback(batch: list[LogEntry]) -> None:
    store = filled(batch)
    whole = expected(batch)
    starts = {block.ident: sum(map(len, store.blocks[:at])) for at, block in enumerate(store.blocks)}
    behind = behind_of(whole, bars_of(batch))
    assert all(not store.behind_count(index) for index in range(len(whole)) if index not in behind)
    for index, wanted in behind.items():
        assert store.behind_count(index) == len(wanted)
        for asked in (index, *wanted):
            found = [starts[block.ident] + at for block, places in store.behind(asked) for at in places]
            assert found == wanted


def test_late_entries_are_put_in_their_place_and_counted() -> None:
    store = filled([entry(10 * SECOND), entry(30 * SECOND)])
    change = store.add([entry(20 * SECOND), entry(29 * SECOND), entry(40 * SECOND)])
    stamps = [store.line(index).timestamp_ns // SECOND for index in range(len(store))]
    assert stamps == [10, 20, 29, 30, 40]
    assert (change.late, change.entries, change.added, change.first, store.late) == (1, 3, 3, 1, 1)
    assert not store.add([entry(20 * SECOND), entry(40 * SECOND)]).any
    assert store.add([entry(5 * SECOND)], backfill=True).late == 0


def test_the_oldest_lines_go_when_there_is_no_room_and_do_not_come_back() -> None:
    store = filled([entry(n) for n in range(15)], 10)
    assert [store.line(index).timestamp_ns for index in range(10)] == list(range(5, 15))
    assert (store.dropped, len(store), store.entries) == (5, 10, 10)
    assert not store.add([entry(3)], backfill=True).any


def test_long_lines_count_as_more_than_one() -> None:
    store = LogStore(1000)
    long = "x" * 250_000
    for stamp in range(200):
        store.add([entry(stamp, long)])
    assert len(store) < 140
    assert len(store) + store.dropped == 200
    assert max(map(len, store.blocks)) < 10


def test_blocks_that_cannot_be_read_back_say_so_and_take_nothing_in() -> None:
    spill = MemorySpill()
    store = filled([entry(n) for n in range(100)], 10, spill)
    assert store.spilled >= 85
    spill.broken = True
    line = store.line(5)
    assert "Input/output error" in line.text
    assert "Input/output error" in store.fault
    assert not store.add([entry(5)]).any
    assert len(store) == 100
    assert store.line(99).text == "line 99"


def test_pages_of_older_entries_and_live_ones_fill_blocks_well() -> None:
    store = LogStore(1_000_000)
    for page in range(20, 0, -1):
        store.add([entry(page * 1000 + n) for n in range(1000)], backfill=True)
    for stamp in range(30_000, 35_000):
        store.add([tqdm(stamp, stamp % 100)] if stamp % 2 else [entry(stamp)])
    assert store.entries == 25_000
    assert len(store.blocks) <= 27


def test_a_bar_that_goes_on_in_a_later_block_hides_its_last_state() -> None:
    store = filled([tqdm(n, n) for n in range(50)])
    assert store.add([entry(100)]).first == 50
    assert store.add([tqdm(101, 60)]).first == 49
    shown = [store.line(n).timestamp_ns for n in range(len(store)) if not store.line(n).hidden]
    assert shown == [100, 101]
    assert store.behind_count(51) == 50
    assert store.behind_count(50) == 0


def test_more_replicas_than_numbers_are_still_told_apart_line_by_line() -> None:
    store = LogStore(10_000)
    store.add([entry(n, replica=f"workerpool1-{n}") for n in range(400)])
    assert store.line(399).replica == "workerpool1-399"
    assert store.replica_names[255] == OTHERS
    assert len(store.replica_names) == 256


@pytest.mark.parametrize("stamp", [-(2**70), 2**70])
def test_a_time_that_no_number_here_holds_is_the_first_or_last_there_is(stamp: int) -> None:
    store = filled([entry(5), entry(stamp, replica=REPLICAS[1])])
    assert not store.add([entry(stamp, replica=REPLICAS[1])]).any
    assert store.line(0 if stamp < 0 else 1).replica == REPLICAS[1]


def test_an_entry_may_be_longer_than_a_block() -> None:
    store = filled([entry(1), entry(2, "\n".join(ascii_lowercase)), entry(3)], spill=MemorySpill())
    assert len(store) == 28
    assert not store.add([entry(2)]).any
    assert store.index_of(LinePlace(EntryKey(2, "i2", "projects/p/logs/x"), 7)) == 8
    assert store.line(8).text == "h"
