"""An app of only the Storage pane over a small storage in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Static

from tests.services.storage_world import StorageOnly, StorageWorld
from tests.support import settle
from tui import assets
from tui.domain.gateway import Gateway
from tui.domain.storage import GcsUri
from tui.panes.storage import StoragePane
from tui.panes.storage_side import StorageSide
from tui.panes.storage_table import StorageTable, row_of
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.settings import Settings
from tui.widgets.confirm import ConfirmScreen
from tui.widgets.state_view import StateView


class StorageApp(App[None]):
    """Only the pane, and the app's `esc`."""

    CSS_PATH = [assets.STYLES / "frame.tcss", assets.STYLES / "storage.tcss"]  # noqa: RUF012 (Textual's)
    BINDINGS = [Binding("escape", "back", show=False)]  # noqa: RUF012 (Textual's)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.left = 0
        settings = Settings(storage_download_dir=str(folder / "downloads"))
        paths = find_paths({"VERTEX_TUI_HOME": str(folder)})
        self.pane = StoragePane(AppOptions(settings, {}, local=True, spec=None, paths=paths))

    def compose(self) -> ComposeResult:
        yield self.pane

    async def action_back(self) -> None:
        if not self.pane.go_back():
            self.left += 1

    @property
    def table(self) -> StorageTable:
        return self.query_one(StorageTable)

    @property
    def names(self) -> list[str]:
        entries = self.pane.entries
        rows = [row_of(entries, key) for key in self.table.keys] if entries is not None else []
        return [row.name for row in rows if row is not None]

    @property
    def on(self) -> str:
        """The name under the cursor."""
        return self.pane.row.name if self.pane.row is not None else ""

    @property
    def heading(self) -> str:
        return Content.from_markup(self.query_one("#storage-main").border_title or "").plain

    def line(self, number: int) -> str:
        """A line of the table, from the left edge."""
        return "".join(segment.text for segment in self.table.render_line(number))

    @property
    def where(self) -> str:
        return said(self.query_one("#storage-where", Static))

    @property
    def note(self) -> str:
        return said(self.query_one("#storage-note", Static))

    @property
    def state(self) -> str:
        view = self.query_one(StateView)
        return said(view) if view.display else ""

    @property
    def side(self) -> str:
        side = self.query_one(StorageSide)
        parts = [said(part) for part in side.query(Static)]
        title = Content.from_markup(side.border_title or "").plain
        return "\n".join([title, *parts, side.shown_text])

    @property
    def question(self) -> str:
        if not isinstance(self.screen, ConfirmScreen):
            return ""
        return "\n".join([self.screen.question.title, *map(str, self.screen.question.lines)])


def said(widget: Static) -> str:
    return cast("Content", widget.visual).plain if widget.visual is not None else ""


@asynccontextmanager
async def opened(
    world: StorageWorld | Gateway, folder: Path, size: tuple[int, int] = (112, 34)
) -> AsyncIterator[tuple[StorageApp, Pilot[object]]]:
    gateway = cast("Gateway", StorageOnly(world)) if isinstance(world, StorageWorld) else world
    app = StorageApp(folder)
    async with app.run_test(size=size) as pilot:
        app.pane.gateway = gateway
        app.pane.pane_shown()
        driver = cast("Pilot[object]", pilot)
        await settle(driver)
        yield app, driver


async def go(app: StorageApp, pilot: Pilot[object], uri: str, first: str) -> None:
    app.pane.browse(GcsUri.parse(uri))
    await settle(pilot, lambda: first in app.names, what=f"{uri} with {first}")


def small_world() -> StorageWorld:
    """Two buckets with a few objects; to be made on an event loop."""
    world = StorageWorld()
    world.bucket("kelp")
    world.bucket("final", soft_delete_days=0)
    world.put("kelp", "README.txt", b"hello\n" * 20)
    world.put("kelp", "runs/one/metrics.json", b'{"loss": 1.5}', "application/json")
    world.put("kelp", "runs/one/model.pt", b"PK\x03\x04" + bytes(50), "application/octet-stream")
    world.put("kelp", "runs/two/odd [red]\x1b[31m", b"x")
    return world
