"""What is left out of the writing to a terminal makes no difference to what it shows."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import Any

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tui.widgets.frugal import Glass, look_of, shorter

WIDTH, HEIGHT = 24, 3
CUTS = (0, 9, 20, WIDTH)
STYLES = st.sampled_from(
    [
        None,
        Style.parse("#d7dde0 on #12171a"),
        Style.parse("#a0a2a3 on #12171a"),
        Style.parse("bold #a0a2a3 on #12171a"),
        Style.parse("reverse red on color(17)"),
        Style.parse("underline bright_blue"),
    ]
)
TEXTS = st.sampled_from(["", "a", "ab", "step 12", "│", "›", "漢", " ", "    ", "        "])
CONSOLE = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor")


@st.composite
def strips(draw: st.DrawFn, width: int) -> Strip:
    found: list[Segment] = [Segment(draw(TEXTS), draw(STYLES)) for _ in range(draw(st.integers(1, 3)))]
    return Strip(found).adjust_cell_length(width, draw(STYLES))


@st.composite
def updates(draw: st.DrawFn) -> ChopsUpdate | LayoutUpdate:
    rows = [{begin: draw(strips(end - begin)) for begin, end in pairwise(CUTS)} for _ in range(HEIGHT)]
    if draw(st.booleans()):
        return LayoutUpdate([row.values() for row in rows], Region(0, 0, WIDTH, HEIGHT))
    chosen = sorted(draw(st.sets(st.integers(0, HEIGHT - 1), min_size=1)))
    ends = st.sampled_from([(0, WIDTH), (0, 9), (9, 20), (0, 14), (9, WIDTH)])
    return ChopsUpdate(rows, [(y, *draw(ends)) for y in chosen], [list(CUTS[1:])] * HEIGHT)


class Terminal:
    """A small one."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self.screen.reset_mode(pyte.modes.DECAWM)
        self.stream = pyte.Stream(self.screen)

    def shows(self) -> list[list[Any]]:
        buffer = self.screen.buffer
        return [[buffer[y][x] for x in range(WIDTH)] for y in range(HEIGHT)]


@settings(max_examples=60)
@given(st.lists(updates(), min_size=1, max_size=5))
def test_the_terminal_shows_the_same(made: list[ChopsUpdate | LayoutUpdate]) -> None:
    plain, frugal, glass = Terminal(), Terminal(), Glass()
    for update in made:
        plain.stream.feed(update.render_segments(CONSOLE).replace("\n", "\r\n"))
        sequence = glass.sequence(update, CONSOLE)
        assert sequence is not None
        frugal.stream.feed(sequence)
        assert frugal.shows() == plain.shows()
    assert glass.sequence(made[-1], CONSOLE) == "", "what is there already is not written again"
    glass.forget()
    assert glass.sequence(made[-1], CONSOLE)


def test_styles_change_by_what_is_new() -> None:
    red, blue = "38;2;255;0;0", "38;2;0;0;255"
    ground = "48;2;1;2;3"
    whole = f"\x1b[{red};{ground}ma\x1b[0m\x1b[{blue};{ground}mb\x1b[0m\x1b[5;1H\x1b[{blue};{ground}mc\x1b[0m"
    assert shorter(whole) == f"\x1b[{red};{ground}ma\x1b[{blue}mb\x1b[5;1Hc\x1b[0m"
    assert shorter("\x1b[1;31ma\x1b[0m\x1b[31mb\x1b[0mc") == "\x1b[0;1;31ma\x1b[0;31mb\x1b[39mc"
    assert look_of("1;4;38;5;17;48;2;0;0;1") == ("1;4", "38;5;17", "48;2;0;0;1")
    assert look_of("0") == look_of("") == ("", "39", "49")
