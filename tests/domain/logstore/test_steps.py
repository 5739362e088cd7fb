"""Steps from row to row are what one would find by looking at every line."""

from __future__ import annotations

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.logstore.test_rows import Search, rules
from tests.domain.logstore.worlds import BLOCK, entries, entry
from tui.domain.logreading.model import Mark, Part
from tui.domain.logs import LogEntry
from tui.domain.logstore.rows import Rows
from tui.domain.logstore.rules import RowRules
from tui.domain.logstore.steps import end_of, grave, head_of, next_row, trace_before
from tui.domain.logstore.store import LogStore


@given(batch=entries, chosen=rules, own=st.booleans())
def test_the_next_row_is_the_nearest_that_was_found(
    batch: list[LogEntry], chosen: RowRules, *, own: bool
) -> None:
    store = LogStore(99, block_lines=BLOCK)
    store.add(batch)
    rows = Rows(store)
    rows.apply(chosen)
    rows.settle()
    lines = [store.line(rows.row(row).line) for row in range(len(rows))]
    found = [row for row, line in enumerate(lines) if "i" in line.text]
    errors = [
        row
        for row, line in enumerate(lines)
        if (line.severity if own else line.level) >= 500
        and line.trace in (Part.NONE, Part.END)
        and not line.marks & Mark.BAR
    ]
    for wanted, matches in ((found, Search("i").matches), (errors, partial(grave, own=own))):
        for row in range(-1, len(rows) + 1):
            after = next_row(rows, matches, row)
            before = next_row(rows, matches, row, backwards=True)
            assert after == min((each for each in wanted if each > row), default=None)
            assert before == max((each for each in wanted if each < row), default=None)


def test_a_traceback_is_found_among_the_lines_of_another_replica() -> None:
    texts = ("Traceback (most recent call last):", '  File "a.py", line 1, in f', "ValueError: no")
    store = LogStore(99, block_lines=BLOCK)
    store.add([entry(2 * n, text, replica="workerpool0-0") for n, text in enumerate(("before", *texts))])
    store.add([entry(2 * n + 1, text, replica="workerpool1-0") for n, text in enumerate(texts)])
    store.add([entry(20, "after", replica="workerpool0-0"), entry(21, texts[0], replica="workerpool0-0")])
    assert [head_of(store, line) for line in (2, 4, 6)] == [2, 2, 2]
    assert [end_of(store, line) for line in (2, 4, 6)] == [6, 6, 6]
    assert [head_of(store, line) for line in (1, 3, 5)] == [1, 1, 1]
    assert end_of(store, 8) == 8, "broken off"
    assert [trace_before(store, line) for line in (0, 7, 8)] == [None, 6, 8]
    assert trace_before(store, 7, frozenset({"workerpool1-0"})) == 5
