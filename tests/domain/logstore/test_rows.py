"""Rows and their places: kept up to date block by block, they are as if all were told anew."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.logstore.worlds import (
    BLOCK,
    REPLICAS,
    MemorySpill,
    bars_of,
    batches,
    behind_of,
    distinct,
    entries,
    entry,
    expected,
    tqdm,
)
from tui.domain.logreading.model import Part
from tui.domain.logs import LogEntry
from tui.domain.logstore.model import Block, LinePlace, LogLine
from tui.domain.logstore.rows import Rows
from tui.domain.logstore.rules import Row, RowRules
from tui.domain.logstore.store import LogStore
from tui.domain.logstore.wrap import WrappedRows
from tui.domain.wordwrap import word_ends


class Search:
    """Finds a word in the blocks that it has come to."""

    def __init__(self, word: str = "o", *, done: bool = True) -> None:
        self.word = word
        self.done = done

    def matches(self, block: Block) -> list[int] | None:
        if not self.done and block.ident % 2:
            return None
        lines = block.text().split(b"\n")[:-1]
        return [at for at, line in enumerate(lines) if self.word.encode() in line]


rules = st.builds(
    RowRules,
    least_level=st.sampled_from((0, 0, 200, 400, 500)),
    own_levels=st.booleans(),
    replicas=st.sampled_from((None, None, frozenset(REPLICAS[:1]), frozenset(REPLICAS[1:]))),
    fold_bars=st.booleans(),
    fold_traces=st.booleans(),
    matches=st.sampled_from((None, Search().matches, Search("%").matches, Search("line ").matches)),
    context=st.integers(0, 3),
)


def candidates(whole: list[LogLine], behind: dict[int, list[int]], chosen: RowRules) -> list[int]:
    """The lines that are rows if they match."""
    end_of = {line: end for end, lines in behind.items() for line in lines}
    opened: set[int] = set()
    for end, lines in behind.items():
        if any(whole[line].place in chosen.unfolded for line in (end, *lines)):
            opened |= set(lines)
    found = []
    for index, line in enumerate(whole):
        in_trace = line.trace in (Part.HEAD, Part.BODY) and index in end_of
        level = whole[end_of[index]].level if in_trace else line.level
        level = line.severity if chosen.own_levels else level
        folded = (chosen.fold_bars and line.hidden) or (chosen.fold_traces and in_trace)
        if (
            level >= chosen.least_level
            and (chosen.replicas is None or line.replica in chosen.replicas)
            and (not folded or index in opened)
        ):
            found.append(index)
    return found


def told_anew(batch: list[LogEntry], chosen: RowRules, word: str | None) -> list[Row]:
    """The rows, told from all lines at once."""
    whole = expected(batch)
    behind = behind_of(whole, bars_of(batch))
    there = candidates(whole, behind, chosen)
    numbers = list(range(len(there)))
    matching = {at for at in numbers if word is None or word in whole[there[at]].text}
    near = {at for match in matching for at in range(match - chosen.context, match + chosen.context + 1)}
    kept = numbers if word is None else sorted(near & set(numbers))
    rows: list[Row] = []
    shown = set(there)
    for before, at in zip([None, *kept], kept, strict=False):
        line = whole[there[at]]
        folds = (chosen.fold_bars and not line.hidden and line.trace != Part.END) or (
            chosen.fold_traces and line.trace == Part.END
        )
        hidden = [each for each in behind.get(there[at], ()) if folds and each not in shown]
        rows.append(Row(there[at], len(hidden), at in matching, before is not None and at > before + 1))
    return rows


def as_list(rows: Rows) -> list[Row]:
    return [rows.row(index) for index in range(len(rows))]


def word_of(chosen: RowRules) -> str | None:
    search = getattr(chosen.matches, "__self__", None)
    return search.word if isinstance(search, Search) else None


@given(groups=batches, chosen=st.lists(rules, min_size=1, max_size=3), spilling=st.booleans(), data=st.data())
def test_rows_are_what_they_would_be_if_all_were_told_anew(
    groups: list[list[LogEntry]], chosen: list[RowRules], *, spilling: bool, data: st.DataObject
) -> None:
    store = LogStore(BLOCK, MemorySpill(), block_lines=BLOCK) if spilling else LogStore(99, block_lines=BLOCK)
    rows = Rows(store)
    width = data.draw(st.integers(2, 9))
    wrapped = WrappedRows(rows, width)
    for number, group in enumerate(groups):
        if number < len(chosen):
            rows.apply(chosen[number])
            rows.settle()
        rows.update(store.add(group))
        wanted = told_anew(distinct(groups[: number + 1]), rows.rules, word_of(rows.rules))
        assert [row._replace(folded=0) for row in as_list(rows)] == [row._replace(folded=0) for row in wanted]
        if not rows.rules.least_level and rows.rules.replicas is None:
            assert as_list(rows) == wanted
        places = [row.line for row in wanted]
        for line in range(len(store) + 1):
            assert rows.row_of(line) == sum(place < line for place in places)
        wrapped.update()
        heights = [len(word_ends(store.line(row.line).text, width)) for row in wanted]
        assert wrapped.height == sum(heights)
        assert [wrapped.locate(y) for y in range(wrapped.height)] == [
            (row, part) for row, height in enumerate(heights) for part in range(height)
        ]
        assert [wrapped.top(row) for row in range(len(rows) + 1)] == [
            sum(heights[:row]) for row in range(len(rows) + 1)
        ]


@given(batch=entries, more=entries, chosen=rules, data=st.data())
def test_folds_are_opened_and_closed_alone(
    batch: list[LogEntry], more: list[LogEntry], chosen: RowRules, data: st.DataObject
) -> None:
    store = LogStore(99, block_lines=BLOCK)
    rows = Rows(store)
    rows.apply(replace(chosen, least_level=0, replicas=None))
    rows.update(store.add(batch))
    for added in ([], more, []):
        rows.update(store.add(added))
        places = [line.place for line in expected(distinct([batch, more] if added else [batch]))]
        unfolded = frozenset(data.draw(st.lists(st.sampled_from(places), max_size=3)) if places else ())
        rows.apply(replace(rows.rules, unfolded=unfolded))
        whole = distinct([batch, more]) if len(store) > len(expected(batch)) else batch
        assert as_list(rows) == told_anew(whole, rows.rules, word_of(rows.rules))


@given(batch=entries, context=st.integers(0, 3))
def test_rows_come_as_blocks_are_counted_and_searched(batch: list[LogEntry], context: int) -> None:
    store = LogStore(99, block_lines=BLOCK)
    change = store.add(batch)
    search = Search(done=False)
    rows = Rows(store)
    chosen = RowRules(matches=search.matches, context=context)
    rows.apply(chosen)
    assert len(rows) == 0
    counted = 0
    for _ in rows.rebuild(around=len(store) // 2):
        counted += 1
        assert sum(part.ready for part in rows.parts) == counted
    assert counted == len(store.blocks)
    matching = [row.line for row in as_list(rows) if row.is_match]
    searched = [row for part in rows.parts if part.block.ident % 2 == 0 for row in part.offsets()]
    assert len(searched) == len(rows)
    search.done = True
    rows.update(replace(change, first=len(store)))
    wanted = told_anew(batch, chosen, "o")
    assert as_list(rows) == wanted
    assert set(matching) <= {row.line for row in wanted if row.is_match}


def test_a_change_in_the_middle_of_counting_loses_nothing() -> None:
    store = LogStore(1000, block_lines=BLOCK)
    rows = Rows(store)
    rows.update(store.add([entry(n, severity=500 * (n % 2)) for n in range(100)]))
    rows.apply(RowRules(least_level=100))
    counting = rows.rebuild()
    for stamp in range(100, 110):
        next(counting)
        rows.update(store.add([entry(stamp, severity=200), entry(stamp - 100, insert_id="b", severity=200)]))
    for _ in counting:
        pass
    assert [row.line for row in as_list(rows)] == [n for n in range(120) if store.line(n).level >= 100]


def test_the_end_of_a_traceback_in_a_later_block_makes_rows_of_the_lines_before_it() -> None:
    store = LogStore(1000, block_lines=BLOCK)
    rows = Rows(store)
    rows.apply(RowRules(least_level=600))
    frames = [entry(n, '  File "a.py", line 1, in f') for n in range(1, 12)]
    others = [entry(n, replica=REPLICAS[1]) for n in range(12, 40)]
    rows.update(store.add([entry(0, "Traceback (most recent call last):"), *frames, *others]))
    assert len(rows) == 0
    rows.update(store.add([entry(50, "ValueError: no", severity=600)]))
    assert [row.line for row in as_list(rows)] == [*range(12), 40]
    rows.apply(RowRules(fold_traces=True))
    rows.settle()
    assert rows.row(0) == Row(12)
    assert rows.row(len(rows) - 1) == Row(40, folded=12)


def test_a_running_bar_that_is_open_stays_open() -> None:
    store = LogStore(1000, block_lines=BLOCK)
    rows = Rows(store)
    rows.update(store.add([tqdm(n, n) for n in range(10)]))
    assert as_list(rows) == [Row(9, folded=9)]
    rows.apply(RowRules(unfolded=frozenset({store.line(9).place})))
    assert len(rows) == 10
    rows.update(store.add([tqdm(n, n) for n in range(10, 20)]))
    assert [row.line for row in as_list(rows)] == list(range(20))
    assert rows.row(19).folded == 0
    rows.apply(RowRules(unfolded=frozenset({LinePlace(store.line(3).place.key, 7)})))
    assert as_list(rows) == [Row(19, folded=19)]


def test_wrapped_rows_that_were_not_measured_are_where_they_are_looked_at() -> None:
    store = LogStore(10_000, block_lines=BLOCK)
    store.add([entry(n, "漢字かな" * (n % 3) + "x") for n in range(600)])
    rows = Rows(store)
    wrapped = WrappedRows(rows, 5)
    assert wrapped.height < 600 * 3
    row, part = wrapped.locate(0)
    assert (row, part) == (0, 0)
    assert wrapped.locate(wrapped.top(5)) == (5, 0)
    wrapped.settle()
    assert wrapped.height == sum(len(word_ends(store.line(n).text, 5)) for n in range(600))


def test_a_line_wider_than_its_column_can_say_is_wrapped_whole() -> None:
    store = LogStore(100)
    store.add([entry(1, "x" * 100_000), entry(2, "é" * 100_000)])
    assert WrappedRows(Rows(store), 100).height == 2000
