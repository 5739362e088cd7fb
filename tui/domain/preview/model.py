"""What is shown of an object: text that a terminal can be given as it is, and what it is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tui.domain.metrics.model import Series
from tui.domain.text import size

PREVIEW_BYTES = 256 * 1024
"""How much of an object is read unless more is asked for."""

MOST_BYTES = 4 * 1024 * 1024
"""How much of an object is read at most, however often more is asked for."""


class PreviewKind(StrEnum):
    """How the bytes were understood."""

    TEXT = "text"
    LOG = "log"
    JSON = "JSON"
    JSON_LINES = "JSON lines"
    YAML = "YAML"
    TABLE = "table"
    MARKDOWN = "Markdown"
    IMAGE = "image"
    RUN = "training curves"
    TENSORS = "safetensors"
    ARRAY = "NumPy array"
    ARCHIVE = "archive"
    BINARY = "binary"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Extent:
    """Which bytes of an object were read."""

    read: int
    size: int
    """Of the whole object, as stored."""
    from_end: bool = False
    unpacked: bool = False
    """Whether `read` counts bytes that were unpacked on the way, which `size` does not."""
    more: bool = False
    """Of an unpacked object: whether there is more."""

    @property
    def cut(self) -> bool:
        """Whether there is more than what was read."""
        return self.more if self.unpacked else self.read < self.size

    def __str__(self) -> str:
        if self.unpacked:
            return f"{'first' if self.more else 'all'} {size(self.read)} unpacked, {size(self.size)} stored"
        if not self.cut:
            return f"all of {size(self.size)}"
        return f"{'last' if self.from_end else 'first'} {size(self.read)} of {size(self.size)}"


@dataclass(frozen=True, slots=True)
class Lines:
    """Text in lines of bearable length; nothing in it that a terminal obeys."""

    lines: tuple[str, ...] = ()
    joined: frozenset[int] = frozenset()
    """Lines that go on the one before them, which was too long."""
    coloured: Mapping[int, str] = field(default_factory=dict)
    """The same with the program's own colours, where it has any (`tui.domain.logreading.ansi`)."""
    width: int = 0
    """Columns of the widest one."""

    @property
    def text(self) -> str:
        """The whole, with the line ends that it had."""
        parts: list[str] = []
        for number, line in enumerate(self.lines):
            if number and number not in self.joined:
                parts.append("\n")
            parts.append(line)
        return "".join(parts)


@dataclass(frozen=True, slots=True)
class Table:
    """Cells in columns; all text in it is fit for a terminal and of one line."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """Each with as many cells as it has: ragged ones have fewer or more than the header."""
    widths: tuple[int, ...]
    """Columns on the screen that each column takes."""
    right: tuple[bool, ...]
    """Which hold numbers."""


@dataclass(frozen=True, slots=True)
class Run:
    """The course of a training by its own account (`trainer_state.json`)."""

    series: tuple[Series, ...]
    facts: tuple[tuple[str, str], ...] = ()
    """What else it says of itself: names and values fit for a terminal."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image, made small enough for any terminal."""

    width: int
    height: int
    pixels: bytes
    """RGBA, row by row."""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What an image's header says."""

    format: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What to show of an object."""

    kind: PreviewKind
    body: Lines = Lines()
    """The text; of what is drawn, the same in words or as it is written."""
    extent: Extent = Extent(0, 0)
    said: str = ""
    """A sentence of our own about what is no text, shown above the body or instead of one."""
    encoding: str = ""
    """Of text: `UTF-8`, or what else it was read as."""
    codec: str = ""
    """Python's name of it."""
    language: str = ""
    """`json` or `yaml` where that can be coloured."""
    notes: tuple[str, ...] = ()
    """What the reader must know: unpacked, laid out, broken, left out."""
    table: Table | None = None
    run: Run | None = None
    image: ImageFacts | None = None
    picture: Picture | None = None
    needs: int = 0
    """Bytes at the end of an archive that its list of contents takes; 0 when that has been read."""

    @property
    def text(self) -> str:
        """What is said and the text, in lines."""
        return "\n\n".join(part for part in (self.said, self.body.text) if part)

    @property
    def heading(self) -> str:
        """Kind, how much of it, encoding, and what else must be known, in one line."""
        parts = (self.kind.value, str(self.extent), self.encoding, *self.notes)
        return " · ".join(part for part in parts if part)
