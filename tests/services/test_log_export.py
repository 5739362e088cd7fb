"""A log is written whole and in order, once, privately, without secrets, over no other file."""

from __future__ import annotations

import asyncio
import json
import os
import random
import threading
from functools import partial
from pathlib import Path

import pytest

from tests.support import wait_for
from tui.domain.logs import LogEntry, Severity
from tui.domain.logstore.store import LogStore
from tui.services import log_export
from tui.services.handout import cleaned
from tui.services.log_export import Exported, LogFormat, export_view
from tui.services.log_text import hidden_texts, lines_as_text

START_NS = 1_795_370_400_000_000_000
"""2026-11-22 18:00 UTC."""
TOKEN = "hf_" + "AbCdEfGhIjKlMnOpQrStUvWxYz01234567"
KEY = [
    "-----BEGIN " + "PRIVATE KEY-----",
    *("MIIEvQ" + "x" * 58 for _ in range(3)),
    "-----END PRIVATE KEY-----",
]


def entry(number: int, text: str = "", severity: int = Severity.INFO) -> LogEntry:
    stamp = START_NS + number * 1_000_000_000
    return LogEntry(stamp, f"i{number}", "log", severity, text or f"line {number}", "workerpool0-0")


def store(*texts: str) -> LogStore:
    made = LogStore(100_000)
    made.add([entry(number, text) for number, text in enumerate(texts)])
    return made


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_text_and_objects(tmp_path: Path) -> None:
    lines = store("héllo", "\x1b[31mred\x1b]52;c;eA==\x07 \x9b2J", "a\nb")
    lines.add([entry(9, "Epoch 1 done", Severity.ERROR)])
    folder = tmp_path / "new" / "folder"
    told: list[int] = []
    done = await export_view(
        lines, folder, display_name="ana/tiny", job_id="77", hide=cleaned, told=told.append
    )
    assert done == Exported(folder / "ana-tiny-77.log", 5)
    assert done.path.stat().st_mode & 0o777 == 0o600
    rows = done.path.read_text(encoding="utf-8").splitlines()
    assert rows[0] == "2026-11-22T18:00:00.000Z INFO     workerpool0-0 héllo"
    assert rows[1].endswith(" red")
    assert [row.split()[-1] for row in rows[2:4]] == ["a", "b"]
    again = await export_view(
        lines, folder, display_name="ana/tiny", job_id="77", hide=cleaned, format_=LogFormat.JSONL
    )
    records = [json.loads(row) for row in again.path.read_text(encoding="utf-8").splitlines()]
    assert again.path.name == "ana-tiny-77.jsonl"
    assert list(records[0]) == ["time", "severity", "inferred", "replica", "insert_id", "text"]
    assert records[-1] == {
        "time": "2026-11-22T18:00:09.000000000Z",
        "severity": "ERROR",
        "inferred": "INFO",
        "replica": "workerpool0-0",
        "insert_id": "i9",
        "text": "Epoch 1 done",
    }
    assert names(folder) == ["ana-tiny-77.jsonl", "ana-tiny-77.log"]


async def test_no_file_is_written_over_with_links_or_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = store("one")
    mine = tmp_path / "job-77.log"
    mine.write_text("mine")
    write = partial(export_view, lines, tmp_path, display_name="job", job_id="77", hide=str)
    assert (await write()).path.name == "job-77-2.log"

    def refuses(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuses)
    done = await write()
    assert done.path.name == "job-77-3.log"
    assert done.path.read_text(encoding="utf-8").endswith(" one\n")
    assert mine.read_text() == "mine"
    assert len(names(tmp_path)) == 3


async def test_only_the_rows_asked_for_are_written(tmp_path: Path) -> None:
    lines = store(*(f"line {number}" for number in range(2_000)))
    done = await export_view(
        lines,
        tmp_path,
        display_name="",
        job_id="77",
        hide=str,
        rows_from=lambda first: range(first + first % 2, len(lines), 2),
    )
    numbers = [int(row.split()[-1]) for row in done.path.read_text(encoding="utf-8").splitlines()]
    assert numbers == list(range(0, 2_000, 2))
    empty = await export_view(LogStore(10), tmp_path, display_name="", job_id="78", hide=str)
    assert empty.path.read_text(encoding="utf-8") == ""


async def test_no_line_is_missed_or_doubled_while_others_come(tmp_path: Path) -> None:
    lines = LogStore(100_000)
    lines.add([entry(10 * number) for number in range(1_500)])
    chance = random.Random(7)  # noqa: S311

    def hide(text: str) -> str:
        late = [entry(10 * chance.randrange(1_500) + 5) for _ in range(20)]
        asyncio.run_coroutine_threadsafe(add([*late, entry(20_000 + chance.randrange(99))]), loop).result(20)
        return text

    async def add(entries: list[LogEntry]) -> None:
        lines.add(entries)

    loop = asyncio.get_running_loop()
    done = await export_view(lines, tmp_path, display_name="", job_id="77", hide=hide)
    numbers = [int(row.split()[-1]) for row in done.path.read_text(encoding="utf-8").splitlines()]
    assert numbers == sorted(set(numbers))
    assert [number for number in numbers if number % 10 == 0] == [10 * number for number in range(1_500)]
    assert len(numbers) == done.lines


async def test_a_failure_or_an_end_leaves_nothing(tmp_path: Path) -> None:
    lines = store(*(f"line {number}" for number in range(900)))
    begun, go = threading.Event(), threading.Event()

    def fails(text: str) -> str:
        del text
        raise OSError("no room")

    def waits(text: str) -> str:
        begun.set()
        go.wait(20)
        return text

    write = partial(export_view, lines, tmp_path, display_name="", job_id="77")
    with pytest.raises(OSError, match="no room"):
        await write(hide=fails)
    task = asyncio.create_task(write(hide=waits))
    await wait_for(begun.is_set)
    task.cancel()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert names(tmp_path) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        await export_view(lines, tmp_path / "file", display_name="", job_id="77", hide=str)


async def test_secrets_are_hidden_also_over_lines_and_pauses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_export, "_SLICE_LINES", 3)
    texts = ["begin", f"token {TOKEN} and more", *KEY, "middle", f"SECRET={TOKEN}", *KEY, "end"]
    lines = store(*texts)
    for format_ in LogFormat:
        done = await export_view(lines, tmp_path, display_name="", job_id="77", hide=cleaned, format_=format_)
        written = done.path.read_text(encoding="utf-8")
        assert written.count("\n") == len(texts)
        assert TOKEN not in written
        assert KEY[1] not in written
        assert "and more" in written
        assert (
            written.index("begin") < written.index("middle") < written.index("end", written.index("middle"))
        )
    shown = lines_as_text([lines.line(1), lines.line(7)], cleaned, bare=True)
    assert shown.splitlines()[1] == "middle"
    assert shown.startswith("token •")
    assert lines_as_text([lines.line(0)], cleaned).endswith("Z INFO     workerpool0-0 begin\n")


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("a\n#\nc\nd", ["a", "#", "c", "d"]),
        ("a\n#\nd", ["a", "#", "••••••", "d"]),
        ("#", ["#", "••••••", "••••••", "••••••"]),
        ("a\n#\n#\n#\nc\nd", ["a", "# # #", "c", "d"]),
        ("a\nb\n#\nc\nd", ["a", "b", "c", "d"]),
        ("", ["", "••••••", "••••••", "••••••"]),
    ],
)
def test_each_line_keeps_a_text_of_its_own(hidden: str, shown: list[str]) -> None:
    assert hidden_texts(["a", "b", "c", "d"], lambda _: hidden) == shown
