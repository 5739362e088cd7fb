"""How long a key takes to the drawn frame in a log of 1,000,000 lines, against Textual's `Log` of 10,000.

Both are driven in turn on a pseudo-terminal, each in a process of its own; a key's frame is the first output
after it. With `--live` lines are added all the while, 200 a second. What the process weighs is printed too,
above that of the same app with no line. Run it with `python -m benchmarks.log_view`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import PurePath
from typing import ClassVar

import psutil
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import Log

from benchmarks.first_frame import Program, environment
from benchmarks.log_store import entry, page
from tui import assets
from tui.domain.logstore.model import Change
from tui.domain.logstore.rows import Rows
from tui.domain.logstore.store import LogStore
from tui.widgets.log_scroll import LogView
from tui.widgets.log_stand import Shown

LINES, PLAIN_LINES = 1_000_000, 10_000
RATE = 200
"""Lines a second that are added with `--live`."""
TICK = 0.05
SILENCE = 0.08
"""Seconds without output after which a frame counts as whole."""
READY = "ready"
KEYS = {
    "step": (b"k", b"j"),
    "page": (b"\x1b[5~", b"\x1b[6~"),
    "end": (b"\x1b[H", b"\x1b[F"),
    "wrap": (b"w",),
}
"""Keys by what they do, pressed in turn."""


class ViewApp(App[None]):
    """The log of the app, without what stands around it."""

    CSS_PATH: ClassVar[list[str | PurePath]] = [
        str(assets.STYLES / f"{name}.tcss") for name in ("frame", "logs")
    ]

    def __init__(self, lines: int, *, live: bool) -> None:
        super().__init__()
        self.store = LogStore(2 * LINES)
        self.rows = Rows(self.store)
        self.lines = lines
        self.live = live

    def compose(self) -> ComposeResult:
        """Only the view."""
        yield LogView(id="logs-view")

    def on_mount(self) -> None:
        """Fill it."""
        for begin in range(0, self.lines, 1000):
            self.store.add(page(begin))
        self.rows.update(Change(0))
        self.rows.settle()
        view = self.query_one(LogView)
        view.show(Shown(self.store, self.rows))
        view.focus()
        view.add_class("box")
        view.border_title = READY
        if self.live:
            self.set_interval(TICK, self.add)

    def add(self) -> None:
        """Some lines more."""
        change = self.store.add([entry(self.lines + number) for number in range(int(RATE * TICK))])
        self.lines += int(RATE * TICK)
        self.rows.update(change)
        self.query_one(LogView).note_change(change)

    def key_w(self) -> None:
        """Break long lines, or not."""
        self.query_one(LogView).toggle_wrap()


class PlainApp(App[None]):
    """Textual's own log."""

    BINDINGS: ClassVar[list[BindingType]] = [("k", "step(-1)", "Up"), ("j", "step(1)", "Down")]

    def compose(self) -> ComposeResult:
        """Only the log."""
        yield Log(auto_scroll=False)

    def on_mount(self) -> None:
        """Fill it."""
        log = self.query_one(Log)
        log.write_lines([entry(number).text for number in range(PLAIN_LINES)])
        log.focus()
        self.call_after_refresh(log.scroll_to, y=100, animate=False)

    def action_step(self, lines: int) -> None:
        """It has no letters."""
        self.query_one(Log).scroll_relative(y=lines, animate=False)


def latencies(command: Sequence[str], environ: dict[str, str], presses: int) -> dict[str, list[float]]:
    """Seconds from a key to its frame, by what the key does."""
    program = Program([sys.executable, "-m", "benchmarks.log_view", "--show", *command], environ)
    found: dict[str, list[float]] = {}
    try:
        program.settle(120, lambda screen: READY in screen or "loss" in screen)
        for what, keys in KEYS.items():
            if "plain" in command and what != "step":
                continue  # its other keys are animated
            for number in range(presses):
                pressed = time.perf_counter() - program.started
                os.write(program.terminal, keys[number % len(keys)])
                if not program.read(20):
                    raise SystemExit(f"{command}: no frame after {what}")
                found.setdefault(what, []).append(program.chunks[-1][0] - pressed)
                until = time.perf_counter() + 0.5
                while program.read(SILENCE) and time.perf_counter() < until:
                    pass
    finally:
        program.end()
    return found


def weight(lines: int, environ: dict[str, str]) -> float:
    """MiB of the app with so many lines."""
    command = [sys.executable, "-m", "benchmarks.log_view", "--show", "view", "--lines", str(lines)]
    program = Program(command, environ)
    try:
        program.settle(120, lambda screen: READY in screen)
        return float(psutil.Process(program.pid).memory_info().rss) / 2**20
    finally:
        program.end()


def report(what: str, ours: Sequence[float], plain: Sequence[float]) -> None:
    """One row: median, 95 % and worst in milliseconds, the peer's median, and the ratio of the medians."""
    ordered = sorted(1000 * value for value in ours)
    middle, high = statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1))]
    peer = 1000 * statistics.median(plain or [1])
    beside = f"{peer:8.1f} {middle / peer:8.2f}" if plain else ""
    print(f"{what:<8} {middle:8.1f} {high:8.1f} {ordered[-1]:8.1f} {beside}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keys", type=int, default=40, help="of a kind")
    parser.add_argument("--live", action="store_true", help="while lines are added")
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--show", choices=("view", "plain"), help="run one of the two apps instead")
    choice = parser.parse_args()
    if choice.show:
        (PlainApp() if choice.show == "plain" else ViewApp(choice.lines, live=choice.live)).run()
        return
    with tempfile.TemporaryDirectory(prefix="vt") as home:
        environ = environment(home)
        live = ["--live"] if choice.live else []
        ours = latencies(["view", "--lines", str(choice.lines), *live], environ, choice.keys)
        plain = latencies(["plain"], environ, choice.keys)
        print(f"ms to the frame: {choice.lines:,} lines (median, 95 %, max), Log of {PLAIN_LINES:,}, ratio")
        for what in KEYS:
            report(what, ours[what], plain.get(what, ()))
        empty, full = weight(0, environ), weight(choice.lines, environ)
        print(f"memory: {full - empty:.0f} MiB above the {empty:.0f} MiB of the app with no line")


if __name__ == "__main__":
    main()
