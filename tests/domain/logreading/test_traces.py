"""Tracebacks, line by line: what each line is marked as, and what part of one it is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.logreading.printed import lines
from tui.domain.logreading.model import Part
from tui.domain.logreading.parts import OUTSIDE, parts
from tui.domain.logreading.traces import trace_marks

# ruff: noqa: E501, ISC004  # log lines as they are printed

LETTERS = {Part.NONE: ".", Part.HEAD: "H", Part.BODY: "b", Part.END: "E"}


def shape(text: str) -> str:
    """A letter for each line's part."""
    found, _ = parts([int(reading.marks) for reading in lines(text)], OUTSIDE)
    return "".join(LETTERS[part] for part in found)


FRAMES = '  File "/app/train.py", line 3, in <module>\n    main()\n    ^^^^^^'

TRACES = {
    "Python": (f"step 1\nTraceback (most recent call last):\n{FRAMES}\nValueError: no\nstep 2", ".HbbbE."),
    "a message of several lines": (
        f"Traceback (most recent call last):\n{FRAMES}\nRuntimeError: Error(s) in loading:\n\tMissing key(s)\n\n\tsize mismatch\nstep 2",
        "HbbbEbbb.",
    ),
    "no message": (f"Traceback (most recent call last):\n{FRAMES}\nAssertionError\nstep", "HbbbE."),
    "a class with its modules": (
        f"Traceback (most recent call last):\n{FRAMES}\nqueue.Empty\nsocket.timeout: timed out\n",
        "HbbbE.",
    ),
    "chained": (
        f"Traceback (most recent call last):\n{FRAMES}\nKeyError: 'a'\n\nDuring handling of the above exception, another exception occurred:\n\n"
        f"Traceback (most recent call last):\n{FRAMES}\nValueError: b\n\nThe above exception was the direct cause of the following exception:\n\n"
        f"Traceback (most recent call last):\n{FRAMES}\nOSError: c",
        "HbbbE" + "bbb" + "HbbbE" + "bbb" + "HbbbE",
    ),
    "a group": (
        '  + Exception Group Traceback (most recent call last):\n  |   File "/app/load.py", line 60, in main\n  |     go()\n'
        "  | ExceptionGroup: many (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n"
        '    | Traceback (most recent call last):\n    |   File "/app/load.py", line 31, in fetch\n    |     raise ValueError(name)\n'
        "    | ValueError: shard 7\n    +---------------- 2 ----------------\n    | OSError: x\n    +------------------------------------\nstep",
        "HbbEbHbbEbEb.",
    ),
    "ranks that mix": (
        '[rank0]: Traceback (most recent call last):\n[rank1]: Traceback (most recent call last):\n[rank0]:   File "/app/a.py", line 1, in f\n'
        '[rank1]:   File "/app/a.py", line 1, in f\n[rank0]:     g()\n[rank0]: RuntimeError: x\n[rank1]:     g()\n[rank1]: RuntimeError: x',
        "HHbbbEbE",
    ),
    "Ray": (
        '(Worker pid=12, ip=10.0.0.1) Traceback (most recent call last):\n(Worker pid=12, ip=10.0.0.1)   File "/a.py", line 1, in f\n'
        "(Worker pid=12, ip=10.0.0.1) ValueError: x",
        "HbE",
    ),
    "mpirun": (
        '[1,0]<stderr>:Traceback (most recent call last):\n[1,0]<stderr>:  File "/a.py", line 1, in f\n[1,0]<stderr>:    f()\n[1,0]<stderr>:ValueError: x\n[1,0]<stdout>:step',
        "HbbE.",
    ),
    "torchrun": (
        '[default3]:Traceback (most recent call last):\n[default3]:  File "/a.py", line 1\n[default3]:ValueError: x',
        "HbE",
    ),
    "after a logger's words": (
        f"2026-11-22 10:00:00 ERROR Traceback (most recent call last):\n{FRAMES}\nValueError: x",
        "HbbbE",
    ),
    "loguru": (
        'Traceback (most recent call last):\n\n> File "/a.py", line 42, in <module>\n    f(0)\n    └ <function f at 0x7f>\n\nZeroDivisionError: x',
        "HbbbbbE",
    ),
    "rich": (
        "╭───── Traceback (most recent call last) ─────╮\n│ /a.py:35 in <module> │\n│ ❱ 35 │ x  │\n╰───╯\nKeyError: 'a'",
        "HbbbE",
    ),
    "a thread": (
        f"Exception in thread Thread-4 (upload):\nTraceback (most recent call last):\n{FRAMES}\nKeyError: 'x'",
        "HHbbbE",
    ),
    "a syntax error": (
        '  File "/a.py", line 3\n    def f(:\n          ^\nSyntaxError: invalid syntax',
        "bbbE",
    ),
    "Java": (
        'Exception in thread "main" java.lang.IllegalStateException: no\n\tat org.kelp.Main.run(Main.java:12)\n\tat java.base/java.lang.Thread.run(Thread.java:829)\n'
        "Caused by: java.io.IOException: gone\n\tat org.kelp.Io.read(Io.scala:3)\n\t... 12 more\nstep",
        "EbbEbb.",
    ),
    "C++": (
        "terminate called after throwing an instance of 'c10::Error'\n  what():  bad stride\nstep",
        "EE.",
    ),
    "glog": (
        "*** Check failure stack trace: ***\n    @     0x7f12  google::LogMessage::Fail()\n    @     0x7f13  main\nAborted (core dumped)",
        "Hbb.",
    ),
    "a fault in C": (
        'Fatal Python error: Segmentation fault\n\nCurrent thread 0x00007f1 (most recent call first):\n  File "/a.py", line 3 in f\nSegmentation fault',
        "Ebbb.",
    ),
    "Go": (
        "panic: runtime error: index out of range [5]\n\ngoroutine 1 [running]:\nmain.load(0xc000012, 0x3)\n\t/app/main.go:12 +0x1d\nmain.main()\n\t/app/main.go:5 +0x2a\nexit status 2",
        "Ebbbbbb.",
    ),
    "Rust": (
        "thread 'main' panicked at src/main.rs:2:5:\nindex out of bounds\nstack backtrace:\n   0: rust_begin_unwind\n             at /rustc/abc/std.rs:5\nnote: run",
        "E.bbb.",
    ),
    "no trace": (
        "Epoch: 3\nValueError: seen before\n  indented\n│ 0 │ backbone │\n  +---+\n  | a |\nmain.main()\nmodel.eval()\n    ^",
        ".........",
    ),
    "cut short": (f"Traceback (most recent call last):\n{FRAMES}\nstep 2\nValueError: late", "Hbbb.."),
}


@pytest.mark.parametrize(("text", "expected"), TRACES.values(), ids=TRACES)
def test_each_line_has_its_part(text: str, expected: str) -> None:
    assert shape(text) == expected


def test_indented_lines_without_end_are_no_endless_traceback() -> None:
    assert shape("Traceback (most recent call last):" + "\n  x" * 300).count("b") == 99
    assert (
        shape(f"Traceback (most recent call last):\n{FRAMES}\nValueError: x" + "\n  x" * 300).count("b")
        == 153
    )


@settings(max_examples=40)
@given(st.lists(st.integers(0, 127), max_size=300), st.integers(0, 300))
def test_what_a_line_is_does_not_depend_on_where_the_lines_are_cut(marks: list[int], cut: int) -> None:
    whole, state = parts(marks, OUTSIDE)
    first, between = parts(marks[:cut], OUTSIDE)
    second, last = parts(marks[cut:], between)
    assert (first + second, last) == (whole, state)
    assert len(whole) == len(marks)
    assert 0 <= state < 256


@settings(max_examples=40)
@given(st.text(max_size=200))
def test_any_line_has_marks_of_one_byte(text: str) -> None:
    assert 0 <= trace_marks(text) < 128
