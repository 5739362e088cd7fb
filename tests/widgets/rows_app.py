"""An app with one list, which keeps what is asked for, posted and drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, ClassVar

import pyte
from textual import on
from textual.app import App, ComposeResult
from textual.content import Content
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from tui import assets
from tui.widgets.columns import Column
from tui.widgets.rows import RowList
from tui.widgets.theme import DARK, LIGHT, SIXTEEN

COLUMNS = (
    Column("state", "STATE", 9, priority=3),
    Column("name", "NAME", fill=True),
    Column("machine", "MACHINE", 10, priority=1),
    Column("age", "AGE", 4, "right", priority=2),
)


def numbered(count: int, first: int = 0) -> list[str]:
    """Keys that are as long as each other."""
    return [f"job-{number:06}" for number in range(first, first + count)]


MANY = numbered(200_000)
SIZE = (60, 12)
IN_SIGHT = 10
"""Rows of the list in a terminal of that size, below the heading and above the field."""


class RowsApp(App[object]):
    """A list of rows above a field."""

    CSS_PATH: ClassVar[list[str | PurePath]] = [str(assets.STYLES / "frame.tcss")]
    CSS = "RowList { height: 1fr; } Input { height: 1; border: none; }"

    def __init__(self, keys: Sequence[str] = (), *, theme: str = DARK.name, **options: bool) -> None:
        super().__init__()
        self.keys = keys
        self.options = options
        self.theme_name = theme
        self.hidden = False
        self.names: dict[str, str | Content] = {}
        self.asked: list[str] = []
        self.widths: Mapping[str, int] = {}
        self.posted: list[str] = []
        self.screen_of_terminal = pyte.Screen(60, 12)
        self.terminal = pyte.Stream(self.screen_of_terminal)
        self.displayed: list[str] = []
        """What was written for each frame."""

    def compose(self) -> ComposeResult:
        rows = RowList(id="rows", cells=self.cells, **self.options)
        yield rows.set_class(self.hidden, "hidden")
        yield Input()

    def on_mount(self) -> None:
        for theme in (DARK, LIGHT, SIXTEEN):
            self.register_theme(theme)
        self.theme = self.theme_name
        self.rows.set_columns(COLUMNS)
        self.rows.set_rows(self.keys)
        self.rows.focus()

    @property
    def rows(self) -> RowList:
        return self.query_one(RowList)

    def cells(self, key: str, widths: Mapping[str, int]) -> tuple[Content, ...]:
        self.asked.append(key)
        self.widths = widths
        name = self.names.get(key, key)
        shown = name if isinstance(name, Content) else Content(name)
        return (Content.styled("running", "$text-success"), shown, Content("1×L4"), Content("12m"))

    @property
    def drawn(self) -> list[str]:
        """The lines on the screen."""
        return [self.rows.render_line(y).text.rstrip() for y in range(self.rows.size.height)]

    @property
    def shown(self) -> list[str]:
        """What a terminal of the size that was told it would show of the list."""
        return [line.rstrip() for line in self.screen_of_terminal.display[: self.rows.size.height]]

    @on(RowList.Highlighted)
    def _highlighted(self, message: RowList.Highlighted) -> None:
        self.posted.append(f"highlighted {message.key}")

    @on(RowList.Chosen)
    def _chosen(self, message: RowList.Chosen) -> None:
        self.posted.append(f"chosen {message.key}")

    @on(RowList.HeadingChosen)
    def _heading(self, message: RowList.HeadingChosen) -> None:
        self.posted.append(f"heading {message.column}")

    @on(RowList.MarksChanged)
    def _marks(self) -> None:
        self.posted.append("marks")

    @on(RowList.NearEnd)
    def _near_end(self) -> None:
        self.posted.append("near end")

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Keep what a terminal would be sent: a headless app writes nothing."""
        if renderable is not None and hasattr(renderable, "render_segments"):
            self.displayed.append(renderable.render_segments(self.console))
            self.terminal.feed(self.displayed[-1])
        super()._display(screen, renderable)


async def quiet(pilot: Pilot[Any], app: RowsApp) -> None:
    """Until nothing is drawn any more; then forget what was."""
    while True:
        before = len(app.displayed)
        await pilot.pause()
        if len(app.displayed) == before:
            break
    app.displayed.clear()
    app.asked.clear()
    app.posted.clear()
