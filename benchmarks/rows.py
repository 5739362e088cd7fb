"""How long a key takes to the drawn frame in a list of 200,000 rows, against a DataTable of 1,000.

Both are driven in turn on a pseudo-terminal, each in a process of its own. A key's frame is the first output
after it. What is counted: a step of the cursor, a page, a jump to the other end, and a filter that takes
every other row away or brings it back. Run it with `python -m benchmarks.rows`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import DataTable

from benchmarks.first_frame import Program, environment
from tui import assets
from tui.widgets.columns import Column
from tui.widgets.rows import RowList

ROWS, TABLE_ROWS = 200_000, 1_000
SILENCE = 0.05
"""Seconds without output after which a frame counts as whole."""
KEYS = {
    "step": (b"j",),
    "page": (b"\x1b[6~", b"\x1b[5~"),
    "end": (b"\x1b[1;5F", b"\x1b[1;5H"),
    "filter": (b"f",),
}
"""Keys by what they do, pressed in turn."""
COLUMNS = (
    Column("state", "STATE", 12, priority=3),
    Column("name", "NAME", fill=True, priority=4),
    Column("machine", "MACHINE", 14, priority=1),
    Column("age", "AGE", 4, "right", priority=2),
)


def cells(key: str, _widths: Mapping[str, int] | None = None) -> tuple[Content, ...]:
    """A row as the Jobs pane would show it."""
    return (
        Content.styled("▶ running", "$text-success"),
        Content(f"training-{key}"),
        Content("1×g2-standard-4"),
        Content("12m"),
    )


class Filtered(App[None]):
    """All rows, or every other one."""

    CSS_PATH: ClassVar[list[str | PurePath]] = [str(assets.STYLES / "frame.tcss")]
    CSS = "RowList, DataTable { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [("f", "filter", "Filter")]

    half = False

    def action_filter(self) -> None:
        """The other of the two."""
        self.half = not self.half
        self.fill()

    @abstractmethod
    def fill(self) -> None:
        """Show the rows."""

    def keys(self, count: int) -> list[str]:
        """What is let through of so many rows."""
        return [str(number) for number in range(0, count, 2 if self.half else 1)]


class ListApp(Filtered):
    """The list of the app."""

    def compose(self) -> ComposeResult:
        """Only the list."""
        yield RowList(id="rows", cells=cells)

    def on_mount(self) -> None:
        """All rows."""
        rows = self.query_one(RowList)
        rows.set_columns(COLUMNS)
        self.fill()
        rows.focus()

    def fill(self) -> None:
        """Keys are all it takes."""
        self.query_one(RowList).set_rows(self.keys(ROWS))


class TableApp(Filtered):
    """Textual's table."""

    BINDINGS: ClassVar[list[BindingType]] = [("j", "step", "Step")]

    def compose(self) -> ComposeResult:
        """Only the table."""
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        """All rows."""
        table = self.query_one(DataTable)
        for column in COLUMNS:
            table.add_column(column.label, key=column.key, width=column.width or 60)
        self.fill()
        table.focus()

    def fill(self) -> None:
        """It takes the cells of every row."""
        table = self.query_one(DataTable)
        table.clear()
        for key in self.keys(TABLE_ROWS):
            table.add_row(*cells(key), key=key)

    def action_step(self) -> None:
        """The table has no `j` of its own."""
        self.query_one(DataTable).action_cursor_down()


APPS: dict[str, type[App[None]]] = {"list": ListApp, "table": TableApp}


def latencies(name: str, environ: dict[str, str], presses: int) -> dict[str, list[float]]:
    """Seconds from a key to its frame, by what the key does."""
    program = Program([sys.executable, "-m", "benchmarks.rows", "--show", name], environ)
    found: dict[str, list[float]] = {}
    try:
        program.settle(60, lambda screen: "training-0" in screen)
        for what, keys in KEYS.items():
            for number in range(presses):
                pressed = time.perf_counter() - program.started
                os.write(program.terminal, keys[number % len(keys)])
                if not program.read(20):
                    raise SystemExit(f"{name}: no frame after {what}")
                found.setdefault(what, []).append(program.chunks[-1][0] - pressed)
                while program.read(SILENCE):
                    pass
    finally:
        program.end()
    return found


def report(what: str, rows: Sequence[float], table: Sequence[float]) -> None:
    """One row: both medians and worst in milliseconds, and their ratio."""
    figures = [
        1000 * value for value in (statistics.median(rows), max(rows), statistics.median(table), max(table))
    ]
    ratio = figures[0] / figures[2]
    print(f"{what:<8} {figures[0]:8.1f} {figures[1]:8.1f} {figures[2]:8.1f} {figures[3]:8.1f} {ratio:8.2f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3, help="of each")
    parser.add_argument("--keys", type=int, default=20, help="of a kind in a run")
    parser.add_argument("--show", choices=APPS, help="run one of the two apps instead")
    choice = parser.parse_args()
    if choice.show:
        APPS[choice.show]().run()
        return
    found: dict[str, dict[str, list[float]]] = {name: {what: [] for what in KEYS} for name in APPS}
    with tempfile.TemporaryDirectory(prefix="vt") as home:
        environ = environment(home)
        for _ in range(choice.runs):
            for name, times in found.items():
                for what, values in latencies(name, environ, choice.keys).items():
                    times[what] += values
    print(f"ms to the frame: {ROWS:,} rows (median, max), DataTable of {TABLE_ROWS:,} (median, max), ratio")
    for what in KEYS:
        report(what, found["list"][what], found["table"][what])


if __name__ == "__main__":
    main()
