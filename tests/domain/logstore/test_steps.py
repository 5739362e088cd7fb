"""Steps from row to row are what one would find by looking at every line."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.logstore.test_rows import Search, rules
from tests.domain.logstore.worlds import BLOCK, entries, entry
from tui.domain.logreading.model import Mark, Part
from tui.domain.logs import LogEntry, Severity
from tui.domain.logstore.chains import Errors, first_head_of
from tui.domain.logstore.model import LogLine
from tui.domain.logstore.rows import Rows
from tui.domain.logstore.rules import RowRules
from tui.domain.logstore.steps import end_of, head_of, next_row, trace_before
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
    every = [store.line(index) for index in range(len(store))]
    errors = [
        row
        for row, line in enumerate(lines)
        if (line.severity if own else line.level) >= 500
        and line.trace in (Part.NONE, Part.END)
        and not line.marks & Mark.BAR
        and not led_on(every[every.index(line) :])
    ]
    for wanted, matches in ((found, Search("i").matches), (errors, Errors(store, own=own))):
        for row in range(-1, len(rows) + 1):
            after = next_row(rows, matches, row)
            before = next_row(rows, matches, row, backwards=True)
            assert after == min((each for each in wanted if each > row), default=None)
            assert before == max((each for each in wanted if each < row), default=None)


def led_on(lines: list[LogLine]) -> bool:
    """Whether the first line is the end of a traceback that led to another one."""
    if lines[0].trace is not Part.END:
        return False
    linked, begun = False, False
    for line in lines[1:]:
        if line.replica != lines[0].replica:
            continue
        if line.trace is Part.NONE or (line.trace is Part.HEAD and begun):
            return False
        if line.trace is Part.END:
            return linked or not (begun or line.marks & Mark.TRACE_HEAD)
        begun = begun or line.trace is Part.HEAD
        sentence = line.marks & Mark.TRACE_BODY and not line.marks & Mark.INDENTED
        linked = linked or bool(sentence and not begun)
    return False


def test_exceptions_that_led_to_one_another_are_one_error() -> None:
    trace = ["Traceback (most recent call last):", '  File "a.py", line 1, in f', "KeyError: 1"]
    link = ["", "During handling of the above exception, another exception occurred:", ""]
    texts = ["before", *trace, *link, *trace, *link, *trace, "after", *trace, *trace]
    store = LogStore(99, block_lines=BLOCK)
    store.add([entry(n, text or "\n", severity=500) for n, text in enumerate(texts)])
    rows = Rows(store)
    found, row = [], -1
    while (after := next_row(rows, Errors(store), row)) is not None:
        found.append(row := after)
    assert [at for at in found if texts[at] == "KeyError: 1"] == [15, 19, 22]
    assert [first_head_of(store, line) for line in (2, 5, 8, 15, 19, 21)] == [1, 1, 1, 1, 17, 20]
    assert {rows.end_level(line) for line in (1, 2, 4, 5, 14)} == {500}


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


@given(st.lists(st.sampled_from([*Severity]) | st.integers(0, 900), max_size=BLOCK))
def test_a_block_tells_the_severities_of_its_entries_whatever_they_are(severities: list[int]) -> None:
    store = LogStore(99, block_lines=BLOCK)
    store.add([replace(entry(n), severity=severity) for n, severity in enumerate(severities)])
    told = b"".join(block.severities() for block in store.blocks)
    assert list(told) == [severity // 100 for severity in severities]
