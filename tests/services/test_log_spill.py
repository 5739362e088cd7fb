"""The spill: bytes come back as they were, room is used again, and no file is left."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.logs import LogEntry
from tui.domain.logstore.store import LogStore
from tui.services.log_spill import LogSpill


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20_000)), max_size=40))
def test_bytes_come_back_and_room_is_used_again(steps: list[tuple[int, int]]) -> None:
    spill = LogSpill()
    kept: dict[int, bytes] = {}
    most = 0
    for kind, number in steps:
        if kind and kept:
            gone = sorted(kept)[number % len(kept)]
            del kept[gone]
            spill.drop(gone)
        else:
            data = bytes([number % 256]) * number
            kept[spill.put(data)] = data
        most = max(most, sum(len(data) + 4096 for data in kept.values()))
        assert {at: spill.get(at) for at in kept} == kept
        assert spill.size <= 3 * most
    for at in kept:
        spill.drop(at)
    assert spill.size == 0
    spill.close()


def test_there_is_no_name_and_nothing_after_closing(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "lines"
    spill = LogSpill(folder)
    assert not folder.exists(), "before it is needed"
    folder.mkdir(parents=True)
    (folder / "vertex-tui-log.killed").touch()
    number = spill.put(b"abc")
    assert list(folder.iterdir()) == [], "what a killed process left is gone, too"
    assert folder.stat().st_mode & 0o777 == 0o700
    spill.close()
    spill.close()
    for use in (lambda: spill.get(number), lambda: spill.put(b"x")):
        with pytest.raises(OSError, match="closed"):
            use()
    spill.drop(number)


def test_a_folder_that_cannot_be_made_loses_nothing_silently(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = LogStore(8, LogSpill(tmp_path / "file" / "lines"), block_lines=4)
    store.add([LogEntry(n, f"i{n}", "log", 200, f"line {n}") for n in range(40)])
    assert len(store) + store.dropped == 40
    assert len(store) >= 8
    assert store.fault == os.strerror(errno.ENOTDIR)
    assert store.line(len(store) - 1).text == "line 39"


def test_a_store_reads_back_what_was_put_away(tmp_path: Path) -> None:
    spill = LogSpill(tmp_path)
    store = LogStore(8, spill, block_lines=4)
    store.add([LogEntry(n, f"i{n}", "log", 200, f"line {n}") for n in range(0, 100, 2)])
    store.add([LogEntry(n, f"i{n}", "log", 200, f"line {n}") for n in range(1, 100, 2)], backfill=True)
    assert [store.line(n).text for n in range(100)] == [f"line {n}" for n in range(100)]
    assert store.spilled >= 84
    spill.close()
    assert "closed" in store.line(40).text
