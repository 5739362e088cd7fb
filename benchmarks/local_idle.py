"""What a local server takes while nothing is asked of it: CPU, wake-ups of its threads, memory."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks.first_frame import APP_TEXTS, Program, environment
from tests.local.clients import Server
from tui.local import launcher

_RARE = 0.5
"""Wake-ups a second below which a thread is not named."""


def watch_beside_app(home: str, seconds: float) -> None:
    """Start the app in an empty home, and say what its server takes while the app shows nothing new."""
    environ = environment(home)
    program = Program([sys.executable, "-m", "tui", "--local"], environ)
    try:
        program.settle(
            90, lambda screen: all(text in screen for text in APP_TEXTS) and "starting" not in screen
        )
        (record_file,) = Path(home).rglob("server.json")
        record = launcher.status(record_file.parent)
        if record is None:
            raise SystemExit("the app has started no server")
        _watch_process("the app attached", record.pid, seconds, lambda: program.read(0.2))
    finally:
        program.end()
        psutil.Popen([sys.executable, "-m", "tui", "local", "down"], env=environ).wait(60)


def watch(name: str, server: Server, seconds: float) -> None:
    """Say under a name what a server takes for so many seconds, once it has settled."""
    _watch_process(name, server.record.pid, seconds, lambda: time.sleep(0.2))


def _watch_process(name: str, pid: int, seconds: float, wait: Callable[[], object]) -> None:
    process = psutil.Process(pid)
    settled = time.monotonic() + 2
    while time.monotonic() < settled:
        wait()
    before, woken = sum(process.cpu_times()[:2]), _wake_ups(pid)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        wait()
    load = (sum(process.cpu_times()[:2]) - before) / seconds
    often = {thread: (count - woken.get(thread, 0)) / seconds for thread, count in _wake_ups(pid).items()}
    memory = process.memory_info().rss / 2**20
    wakes = sum(often.values())
    print(f"  {name:<42} {100 * load:6.2f} % of one core, {wakes:5.1f} wake-ups/s, {memory:.0f} MiB")
    for thread, count in sorted(often.items()):
        if count > _RARE:
            print(f"    of these {count:5.1f} in the thread {thread}")


def _wake_ups(pid: int) -> dict[str, int]:
    """How often each thread of a process has waited for something and gone on; empty without /proc."""
    found = {}
    for task in Path(f"/proc/{pid}/task").glob("*"):
        lines = (task / "status").read_text().splitlines()
        status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        found[f"{status['Name']} {task.name}"] = int(status["voluntary_ctxt_switches"])
    return found
