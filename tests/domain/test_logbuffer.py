"""The log buffer: whatever order entries arrive in, the rows are the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.domain.logbuffer import Change, LogBuffer
from tui.domain.logs import LogEntry, Severity
from tui.domain.logs_lines import lines_of, order
from tui.domain.logs_wrap import WrappedRows

Row = tuple[int, str, int, str]


def entry(
    stamp: int, text: str = "", *, insert_id: str = "", replica: str = "workerpool0-0", severity: int = 200
) -> LogEntry:
    return LogEntry(
        stamp, insert_id or f"i{stamp}", "projects/p/logs/x", severity, text or f"line {stamp}", replica
    )


def rows(buffer: LogBuffer) -> list[Row]:
    return [(row.key.timestamp_ns, row.key.insert_id, row.part, row.text) for row in buffer]


texts = st.sampled_from(
    ["plain", "two\nlines", "", *(f"train: {n}%|██ | {n}/100 [00:01<00:02]" for n in (0, 10, 10, 55, 100))]
)
entries = st.lists(
    st.builds(
        entry,
        st.integers(0, 12),
        texts,
        insert_id=st.sampled_from("abc"),
        replica=st.sampled_from(["workerpool0-0", "workerpool1-0", "service"]),
    ),
    max_size=30,
    unique_by=lambda item: item.key,
)


def in_one_go(batch: list[LogEntry], max_lines: int = 1000) -> LogBuffer:
    buffer = LogBuffer(max_lines)
    buffer.add(batch)
    return buffer


@given(entries, st.data(), st.integers(1, 40))
def test_rows_do_not_depend_on_order_batches_or_doubles(
    batch: list[LogEntry], data: st.DataObject, max_lines: int
) -> None:
    expected = in_one_go(batch, max_lines)
    arrivals = data.draw(st.permutations([*batch, *batch[::2]]))
    buffer = LogBuffer(max_lines)
    while arrivals:
        count = data.draw(st.integers(1, len(arrivals)))
        buffer.add(arrivals[:count])
        arrivals = arrivals[count:]
    assert rows(buffer) == rows(expected)
    assert buffer.replicas == expected.replicas
    assert buffer.folded == expected.folded
    keys = [order(row) for row in buffer]
    assert keys == sorted(set(keys))
    assert len(buffer.lines) == min(sum(len(lines_of(item)) for item in batch), max_lines)


@given(entries, entries)
def test_rows_before_the_first_changed_one_are_what_they_were(
    one: list[LogEntry], two: list[LogEntry]
) -> None:
    buffer = LogBuffer(20)
    buffer.add(one)
    before = rows(buffer)
    change = buffer.add(two)
    assert rows(buffer)[: change.first] == before[change.dropped :][: change.first]
    if not change.any:
        assert rows(buffer) == before


@given(st.lists(entries, max_size=5), st.integers(2, 8), st.integers(5, 40))
def test_wrapped_rows_are_where_they_would_be_if_all_were_measured_anew(
    batches: list[list[LogEntry]], width: int, max_lines: int
) -> None:
    buffer = LogBuffer(max_lines)
    wrapped = WrappedRows(width)
    for batch in batches:
        wrapped.update(buffer, buffer.add(batch))
        anew = WrappedRows(width)
        anew.update(buffer, Change(0))
        assert wrapped.height == anew.height
        assert [wrapped.locate(y) for y in range(wrapped.height)] == [
            anew.locate(y) for y in range(anew.height)
        ]
        assert [wrapped.top(row) for row in range(len(buffer) + 1)] == [
            anew.top(row) for row in range(len(buffer) + 1)
        ]


def test_late_entries_are_put_in_their_place_and_counted() -> None:
    second = 1_000_000_000
    buffer = in_one_go([entry(10 * second), entry(30 * second)])
    change = buffer.add([entry(20 * second), entry(29 * second), entry(40 * second)])
    assert [row[0] // second for row in rows(buffer)] == [10, 20, 29, 30, 40]
    assert (change.late, change.entries, change.first, buffer.late) == (1, 3, 1, 1)
    assert not buffer.add([entry(20 * second), entry(40 * second)]).any
    assert buffer.add([entry(5 * second)], backfill=True).late == 0


def test_the_oldest_lines_go_when_there_is_no_room_and_do_not_come_back() -> None:
    buffer = in_one_go([entry(n) for n in range(15)], 10)
    assert [row[0] for row in rows(buffer)] == list(range(5, 15))
    assert buffer.dropped == 5
    assert not buffer.add([entry(3)], backfill=True).any
    assert buffer.entries == 10


def test_one_row_for_each_line_of_an_entry() -> None:
    buffer = in_one_go([entry(1, "a\nb\r\nc\n"), entry(2, "\n"), entry(3, "x\ry")])
    assert [row[3] for row in rows(buffer)] == ["a", "b", "c", "", "x", "y"]


def tqdm(stamp: int, done: int, *, replica: str = "workerpool0-0") -> LogEntry:
    return entry(stamp, f"  {done}%|█  | {done}/100 [00:0{done % 10}<00:02,  4.50it/s]", replica=replica)


def test_a_progress_bar_is_one_row_at_its_last_state() -> None:
    buffer = in_one_go([tqdm(n, n) for n in range(50)])
    buffer.add([entry(100, "{'loss': 2.5}")])
    change = buffer.add([tqdm(101, 60)])
    assert [row[0] for row in rows(buffer)] == [100, 101]
    assert change.first == 0
    assert buffer.folded == 50
    buffer.add([tqdm(102, 0), tqdm(103, 1)])
    assert [row[0] for row in rows(buffer)] == [100, 101, 103]


def test_bars_of_two_replicas_are_two_rows() -> None:
    buffer = in_one_go([tqdm(n, n, replica=f"workerpool0-{n % 2}") for n in range(20)])
    assert [row[0] for row in rows(buffer)] == [18, 19]


def test_a_bar_in_one_entry_with_carriage_returns_folds() -> None:
    buffer = in_one_go(
        [entry(1, "\r".join(tqdm(1, n).text for n in (0, 50, 100)) + "\r", severity=Severity.ERROR)]
    )
    assert len(buffer) == 1
    assert buffer[0].level == Severity.INFO


def test_a_row_is_found_again_after_the_rows_moved() -> None:
    buffer = in_one_go([entry(n) for n in range(100, 110)])
    row = buffer[3]
    buffer.add([entry(n) for n in range(50)], backfill=True)
    assert buffer.position(row) == 53
    assert buffer[53] is row


def test_many_entries_in_pages_newest_first_and_one_by_one() -> None:
    buffer = LogBuffer(1_000_000)
    for page in range(20, 0, -1):
        buffer.add([entry(page * 1000 + n) for n in range(1000)], backfill=True)
    for stamp in range(30_000, 40_000):
        buffer.add([tqdm(stamp, stamp % 100)] if stamp % 2 else [entry(stamp)])
    assert buffer.entries == 30_000
