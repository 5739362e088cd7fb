"""Entries as lines: harmless text, honest levels, progress bars recognised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.logs import LogEntry, Severity
from tui.domain.logs_lines import guess_level, level_letter, level_word, lines_of
from tui.domain.logs_progress import progress


def one_line(text: str, severity: int = Severity.ERROR, replica: str = "workerpool0-0") -> int:
    (line,) = lines_of(LogEntry(1, "a", "log", severity, text, replica))
    return line.level


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("INFO:root:step 3", Severity.INFO),
        ("2026-11-22 18:40:12,123 - trainer - WARNING - slow disk", Severity.WARNING),
        ("[2026-11-22 18:40:12] [ERROR] no more room", Severity.ERROR),
        ("I1122 18:40:12.123456 1 main.cc:12] started", Severity.INFO),
        ("F1122 18:40:12.123456 1 main.cc:12] out of range", Severity.CRITICAL),
        ("/lib/x.py:3: FutureWarning: use y", Severity.WARNING),
        ("warning: the cache is off", Severity.WARNING),
        ("Collecting numpy", Severity.INFO),
        ("Loading checkpoint shards", Severity.INFO),
        ("Traceback (most recent call last):", Severity.ERROR),
        ('  File "train.py", line 3, in <module>', Severity.ERROR),
        ("torch.cuda.OutOfMemoryError: CUDA out of memory.", Severity.ERROR),
        ("bash: gsutil: command not found", Severity.ERROR),
        ("ValueError: x", Severity.ERROR),
        ("", Severity.INFO),
    ],
)
def test_standard_error_is_judged_by_what_it_says(text: str, level: Severity) -> None:
    assert guess_level(text) == level
    assert one_line(text) == level


def test_only_plain_errors_of_replicas_are_in_doubt() -> None:
    assert one_line("fine", Severity.CRITICAL) == Severity.CRITICAL
    assert one_line("The job ended.", replica="service") == Severity.ERROR
    assert one_line("something bad: error", Severity.INFO) == Severity.INFO


@pytest.mark.parametrize(
    "text",
    [
        " 45%|████▌     | 45/100 [00:10<00:12,  4.50it/s]",
        "train:  45%|####5     | 4.5k/10.0k [00:10<00:12,  4.50it/s, loss=1.2]",
        "1234it [00:10, 123.40it/s]",
        "45/100 ━━━━━━━━━━━━━━━━━━━━ 3s 10ms/step - loss: 0.5",
        " 45/100 [=====>........] - ETA: 3s - loss: 0.5",
        "   ━━━━━━━━━━╸━━━━━━━━━ 45.0/100.0 MB 3.0 MB/s eta 0:00:01",
        "Receiving objects:  45% (45/100), 1.00 MiB | 2.00 MiB/s",
        "/ [1/5 files][  1.0 MiB/ 10.0 MiB]  10% Done",
    ],
)
def test_progress_bars_are_known(text: str) -> None:
    assert progress(text) is not None
    assert one_line(text) == Severity.INFO


@pytest.mark.parametrize(
    "text", ["accuracy 45% (good)", "{'loss': 1.2}", "a | b | c", "100%", "x[=1]", "[>_<]"]
)
def test_other_lines_are_no_progress_bars(text: str) -> None:
    assert progress(text) is None


def test_a_reading_in_the_name_does_not_make_another_bar() -> None:
    one, two = (progress(f"loss {loss}:  {n}%|█ | {n}/9 [") for loss, n in ((1.25, 3), (1.19, 4)))
    assert one
    assert two
    assert one.bar == two.bar
    assert two.done > one.done


@given(st.text(), st.integers(-5, 1000), st.sampled_from(["", "service", "workerpool0-0"]))
def test_no_entry_fails_or_is_lost(text: str, severity: int, replica: str) -> None:
    lines = lines_of(LogEntry(1, "a", "log", severity, text, replica))
    assert lines
    assert all("\n" not in line.text and "\x1b" not in line.text for line in lines)
    assert [line.part for line in lines] == list(range(len(lines)))
    assert len(level_letter(severity)) == 1
    assert level_word(severity)


def test_colours_go_and_other_controls_are_shown() -> None:
    (line,) = lines_of(LogEntry(1, "a", "log", 200, "\x1b[32mgreen\x1b[0m \x1b]0;x\x07\x07", "w"))
    assert line.text == "green ␇"


def test_hostile_lines_of_the_largest_size_are_read_in_no_time() -> None:
    for unit in ("%|", "it [", "━ ", "[=", "% (", "a" * 50 + "Error", "\\|/ [1 files]", " File"):
        lines_of(LogEntry(1, "a", "log", Severity.ERROR, unit * (262_144 // len(unit)), "w"))
