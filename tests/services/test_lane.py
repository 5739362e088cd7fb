"""Calls on a thread of their own: in order, never for nothing, never in the way of the end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support import wait_for
from tui.services.journal import Journal
from tui.services.keeper import Keeper
from tui.services.lane import Lane


async def test_of_the_calls_that_wait_only_the_wanted_one_runs() -> None:
    lane, gate, ran = Lane("test"), threading.Event(), []

    def call(number: int) -> int:
        ran.append(number)
        gate.wait()
        return number

    calls = [asyncio.create_task(lane.run(call, 0))]
    await wait_for(lambda: ran == [0])
    calls += [asyncio.create_task(lane.run(call, number)) for number in (1, 2, 3)]
    await asyncio.sleep(0)
    for task in calls[:3]:
        task.cancel()
    await asyncio.wait(calls[:3])
    await asyncio.sleep(0)
    gate.set()
    assert await calls[3] == 3
    assert ran == [0, 3]
    assert lane.close(patience=20)


async def test_a_failure_comes_back_and_the_next_call_still_runs() -> None:
    lane = Lane("test")
    with pytest.raises(ZeroDivisionError):
        await lane.run(lambda: 1 // 0)
    assert await lane.run(lambda: 5) == 5
    lane.close()


class Draft:
    """A text under edit."""

    key, path, text, unsaved, digest = "k", None, "typed", True, ""


async def test_a_slow_check_does_not_hold_up_what_keeps_the_text(tmp_path: Path) -> None:
    gate = threading.Event()
    checks, journal = Lane("checks"), Journal(tmp_path)
    keeper = Keeper(journal, lambda _: None)
    slow = [asyncio.create_task(asyncio.to_thread(gate.wait)) for _ in range(40)]
    slow.append(asyncio.create_task(checks.run(gate.wait)))
    await asyncio.sleep(0)
    assert await keeper.keep(Draft())
    assert [item.text for item in journal.leftovers()] == ["typed"]
    gate.set()
    await asyncio.gather(*slow)
    checks.close()
    keeper.close(())


def test_a_slow_call_does_not_hold_up_the_end_of_the_process() -> None:
    code = (
        "import asyncio, time; from tui.services.lane import Lane\n"
        "async def main():\n"
        "    task = asyncio.create_task(Lane('slow').run(time.sleep, 600)); await asyncio.sleep(0.05)\n"
        "asyncio.run(main())"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=Path(__file__).parents[2])
