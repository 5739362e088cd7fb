"""An image of a preview in half blocks, or in dots where there are no colours."""

from __future__ import annotations

import asyncio
from functools import lru_cache

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual import events, work
from textual.strip import Strip
from textual.widget import Widget

from tui.domain.preview.model import Picture

_UPPER = "▀"

Rgb = tuple[int, int, int]


class PreviewImage(Widget, can_focus=True):
    """As much of an image as cells can show."""

    def __init__(self, *, id: str, classes: str = "") -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes=classes)
        self._picture: Picture | None = None
        self._strips: list[Strip] = []
        self.said = ""
        """The image in words, to be copied."""

    @property
    def text(self) -> str:
        """What is copied of an image: what it is."""
        return self.said

    @property
    def drawn(self) -> bool:
        """Whether the image is on the screen."""
        return bool(self._strips)

    def show(self, picture: Picture, said: str) -> None:
        """Show an image."""
        if picture is not self._picture:
            self._picture, self.said, self._strips = picture, said, []
            self._draw()

    def on_resize(self, _event: events.Resize) -> None:
        """Draw for the new size."""
        self._draw()

    @work(exclusive=True, group="preview-image", exit_on_error=False)
    async def _draw(self) -> None:
        picture, size = self._picture, self.size
        if picture is None or not size.width or not size.height:
            return
        base = self.rich_style
        system = None if self.app.no_color else self.app.console.color_system
        strips = await asyncio.to_thread(
            strips_of, picture, (size.width, size.height), base, system, dark=self.app.current_theme.dark
        )
        if picture is self._picture:
            self._strips = strips
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the image."""
        width, base = self.size.width, self.rich_style
        if y >= len(self._strips):
            return Strip.blank(width, base)
        return self._strips[y].adjust_cell_length(width, base)


def strips_of(
    picture: Picture, size: tuple[int, int], base: Style, system: str | None, *, dark: bool
) -> list[Strip]:
    """The image as lines of cells; takes its time."""
    from tui.services import preview_image  # noqa: PLC0415 (Pillow, for images only)

    columns, rows = size
    ground = base.bgcolor.triplet if base.bgcolor is not None else None
    behind: Rgb = (ground.red, ground.green, ground.blue) if ground is not None else (0, 0, 0)
    if system is None:
        lines = preview_image.dots(picture, columns, rows, behind, dark=dark)
        return [Strip([Segment(line, base)]) for line in lines]
    made = preview_image.blocks(picture, columns, rows, behind, sixteen=system in {"standard", "windows"})
    return [Strip(_cells(upper, lower)) for upper, lower in zip(made[::2], made[1::2], strict=True)]


def _cells(upper: list[Rgb], lower: list[Rgb]) -> list[Segment]:
    """Cells of two pixels each; neighbours that are the same are one piece."""
    made: list[Segment] = []
    run, last = 0, None
    for pair in zip(upper, lower, strict=True):
        if pair == last:
            run += 1
            continue
        if last is not None:
            made.append(Segment(_UPPER * run, _style(*last)))
        run, last = 1, pair
    if last is not None:
        made.append(Segment(_UPPER * run, _style(*last)))
    return made


@lru_cache(maxsize=8192)
def _style(upper: Rgb, lower: Rgb) -> Style:
    return Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower))
