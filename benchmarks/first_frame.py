"""How long vertex-tui takes to its first full frame, against a bare Textual app, and what idling costs.

Both are started as whole processes on a pseudo-terminal, in turn, so that a machine whose speed drifts does
not favour either. What they write is kept with its time and only replayed afterwards: the terminal emulator
takes no part in the time. Run it with `python -m benchmarks.first_frame`.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pyte

COLUMNS, ROWS = 120, 40
QUIET_SECONDS = 1.0
"""A screen that has not changed for so long counts as settled."""

BARE = ([sys.executable, "-m", "benchmarks.bare"], ("bare", "lonely-row", "Leave"))
APP_TEXTS = ("1 Setup", "5 Storage", "Help")
ROOT = Path(__file__).parents[1]
WHERE_IS_THE_CURSOR = b"\x1b[6n"
"""What the app asks to learn that a terminal has drawn what was written."""


@dataclass
class Program:
    """One run on a pseudo-terminal: its chunks of output, each with the seconds since the start."""

    command: Sequence[str]
    environ: dict[str, str]
    chunks: list[tuple[float, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start it."""
        size = struct.pack("HHHH", ROWS, COLUMNS, 0, 0)
        self.started = time.perf_counter()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            os.execvpe(self.command[0], list(self.command), self.environ)  # noqa: S606
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, size)

    def read(self, seconds: float) -> bool:
        """Keep one chunk, if one comes in time."""
        if not select.select([self.terminal], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.terminal, 65536)
        except OSError:
            raise SystemExit(f"{self.command} ended early:\n{self.screens()[-1][1]}") from None
        self.chunks.append((time.perf_counter() - self.started, data))
        for _ in range(data.count(WHERE_IS_THE_CURSOR)):
            os.write(self.terminal, b"\x1b[1;1R")  # as every terminal answers
        return True

    def settle(self, timeout: float, ready: Callable[[str], bool]) -> None:
        """Read until the screen is ready and quiet."""
        end = time.perf_counter() + timeout
        while self.read(QUIET_SECONDS) or not ready(self.screens()[-1][1]):
            if time.perf_counter() > end:
                raise SystemExit(f"{self.command} was never ready:\n{self.screens()[-1][1]}")

    def screens(self) -> list[tuple[float, str]]:
        """The screen after each chunk."""
        screen = pyte.Screen(COLUMNS, ROWS)
        stream = pyte.ByteStream(screen)
        shown = [(0.0, "")]
        for when, data in self.chunks:
            stream.feed(data)
            shown.append((when, "\n".join(screen.display)))
        return shown

    def end(self) -> None:
        """Stop it as a closed terminal would."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


def first_frame(command: Sequence[str], texts: Sequence[str], environ: dict[str, str]) -> float:
    """Seconds from the start to the first screen with all texts."""
    program = Program(command, environ)
    try:
        program.settle(60, lambda screen: all(text in screen for text in texts))
        return next(when for when, screen in program.screens() if all(text in screen for text in texts))
    finally:
        program.end()


def idle(command: Sequence[str], environ: dict[str, str], seconds: float) -> tuple[int, float]:
    """Bytes written and CPU used (1 is one core) while nothing happens for `seconds`."""
    program = Program(command, environ)
    try:
        program.settle(
            90, lambda screen: all(text in screen for text in APP_TEXTS) and "starting" not in screen
        )
        process = psutil.Process(program.pid)
        before, chunks, end = sum(process.cpu_times()[:2]), len(program.chunks), time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            program.read(left)
        written = sum(len(data) for _, data in program.chunks[chunks:])
        return written, (sum(process.cpu_times()[:2]) - before) / seconds
    finally:
        program.end()


def environment(home: str) -> dict[str, str]:
    """The user's environment with all our files below `home`, and bytecode kept as for any user."""
    unwanted = ("PYTHONDONTWRITEBYTECODE", "GOOGLE_CLOUD_PROJECT", "NO_COLOR")
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {**kept, "VERTEX_TUI_HOME": home, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}


def report(name: str, seconds: Sequence[float]) -> None:
    """One row: minimum, median, maximum in milliseconds."""
    low, middle, high = (1000 * value for value in (min(seconds), statistics.median(seconds), max(seconds)))
    print(f"{name:<12} {low:7.0f} {middle:7.0f} {high:7.0f}   ms (min, median, max of {len(seconds)})")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=11, help="counted starts of each, after one that is not")
    parser.add_argument("--idle", type=float, default=10.0, help="seconds to watch an idle app; 0 for none")
    parser.add_argument("--cloud", action="store_true", help="start for Google Cloud instead of --local")
    choice = parser.parse_args()
    app = [sys.executable, "-m", "tui", *([] if choice.cloud else ["--local"])]
    with tempfile.TemporaryDirectory(prefix="vt") as home:
        environ = environment(home)
        try:
            times: dict[str, list[float]] = {"bare": [], "vertex-tui": []}
            for _ in range(choice.runs + 1):
                times["bare"].append(first_frame(*BARE, environ))
                times["vertex-tui"].append(first_frame(app, APP_TEXTS, environ))
            for name, values in times.items():
                report(name, values[1:])
            ratio = statistics.median(times["vertex-tui"][1:]) / statistics.median(times["bare"][1:])
            print(f"ratio of the medians: {ratio:.2f}")
            if choice.idle:
                written, load = idle(app, environ, choice.idle)
                print(f"idle for {choice.idle:g} s: {written} bytes written, {100 * load:.1f} % of one core")
        finally:
            stop = [sys.executable, "-m", "tui", "local", "down"]
            if not choice.cloud:
                psutil.Popen(stop, env=environ).wait(60)


if __name__ == "__main__":
    main()
