"""An app of only what stands beside the table of the Storage pane, over a small storage in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar, cast

from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Static

from tests.services.storage_world import StorageOnly, StorageWorld
from tests.support import settle
from tui import assets
from tui.domain.storage import ObjectInfo
from tui.domain.storage_gateway import StorageGateway
from tui.panes.base import Pane
from tui.panes.messages import PaneId
from tui.panes.storage_prompt import Prompt
from tui.panes.storage_side import StorageSide
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.preview import PreviewReader
from tui.services.settings import Settings


class StoragePane(Pane):
    """The side alone; its name is what the stylesheet goes by."""

    PANE_ID: ClassVar[PaneId] = PaneId.STORAGE

    def compose(self) -> ComposeResult:
        with Vertical(id="storage-main", classes="box"):
            yield Static("list")
        yield StorageSide(id="storage-side")
        yield Prompt(id="storage-prompt")


class PreviewApp(App[None]):
    """The side, its prompt, and the keys below."""

    CSS_PATH = [assets.STYLES / f"{name}.tcss" for name in ("frame", "jobs", "storage")]  # noqa: RUF012 (Textual's)

    def __init__(self, folder: Path, world: StorageWorld) -> None:
        super().__init__()
        self.world = world
        paths = find_paths({"VERTEX_TUI_HOME": str(folder)})
        self.pane = StoragePane(AppOptions(Settings(), {}, local=True, spec=None, paths=paths))

    def compose(self) -> ComposeResult:
        yield self.pane

    @property
    def side(self) -> StorageSide:
        return self.query_one(StorageSide)

    @property
    def heading(self) -> str:
        return said(self.query_one("#storage-notes", Static))

    @property
    def said(self) -> str:
        return said(self.query_one("#storage-said", Static))

    def line(self, number: int) -> str:
        """A line of what is read, as it is on the screen."""
        return "".join(segment.text for segment in self.side.text.render_line(number)).rstrip()

    async def show(self, item: ObjectInfo) -> None:
        """Open an object as the pane does."""
        storage = cast("StorageGateway", StorageOnly(self.world).storage)
        await self.side.open(PreviewReader(storage, item))

    def works(self, action: str) -> bool:
        """Whether a key works now."""
        return bool(self.side.check_action(action, ()))


def said(widget: Static) -> str:
    return cast("Content", widget.visual).plain if widget.visual is not None else ""


@asynccontextmanager
async def previewing(
    folder: Path, size: tuple[int, int] = (100, 30)
) -> AsyncIterator[tuple[PreviewApp, Pilot[object], StorageWorld]]:
    world = StorageWorld()
    world.bucket("kelp")
    app = PreviewApp(folder, world)
    async with app.run_test(size=size) as pilot:
        app.pane.add_class("reading")
        driver = cast("Pilot[object]", pilot)
        await settle(driver)
        yield app, driver, world
