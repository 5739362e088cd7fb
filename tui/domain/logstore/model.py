"""Lines, blocks of lines, and what changed: what the store of a log gives to those who show and search it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from tui.domain.logreading.model import Mark, Part
from tui.domain.logs import EntryKey

BLOCK_LINES = 1024
"""Lines of a block when it is split; a block holds fewer or up to twice as many."""


@dataclass(frozen=True, slots=True, order=True)
class LinePlace:
    """Where a line stands, whatever comes before it later: sorts in the order of Cloud Logging."""

    key: EntryKey
    part: int
    """The line's number within its entry, from 0."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of one entry, made when it is asked for; the store itself keeps columns."""

    place: LinePlace
    text: str = field(compare=False)
    """Safe to draw, without colours."""
    severity: int = field(compare=False)
    """As the entry has it."""
    level: int = field(compare=False)
    """As it is shown."""
    replica: str = field(compare=False)
    """`service`, `workerpool0-0`, …"""
    marks: Mark = field(compare=False)
    trace: Part = field(compare=False, default=Part.NONE)
    hidden: bool = field(compare=False, default=False)
    """Whether a later state of its progress bar stands for it."""
    coloured: str = field(compare=False, default="")
    """The text with SGR sequences, if it had colours."""

    @property
    def timestamp_ns(self) -> int:
        """Nanoseconds since the epoch, UTC."""
        return self.place.key.timestamp_ns


class Summary(NamedTuple):
    """What is known of a block without reading it back."""

    hidden: int
    """How many of its lines a later state of their bar stands for."""
    highest: int
    """The highest level, divided by 100."""
    widest: int
    """The columns of its widest line, at most 65,535."""
    ascii: bool
    """Whether every character is ASCII, and so one byte and one column."""
    replicas: frozenset[int]
    """Numbers of the replicas that have lines in it."""
    open: frozenset[int]
    """Numbers of the replicas that are, after it, within a traceback whose end is yet to come."""


class Block(Protocol):
    """A run of lines, in order; all indices are within the block."""

    @property
    def ident(self) -> int:
        """Names the block as long as it lives; never used again."""
        ...

    @property
    def version(self) -> int:
        """Grows whenever anything in the block changed: what was computed of it holds for one version."""
        ...

    @property
    def summary(self) -> Summary:
        """What is known of it without reading anything back."""
        ...

    @property
    def entering(self) -> Mapping[int, int]:
        """Replicas whose first lines here may go on after the end of a traceback, and that line's level.

        Replicas by number, levels divided by 100.
        """
        ...

    def __len__(self) -> int: ...

    def text(self) -> bytes:
        """All lines as UTF-8, each followed by a newline; read back from the spill if need be."""
        ...

    def starts(self) -> Sequence[int]:
        """Where in `text()` each line begins."""
        ...

    def levels(self) -> bytes:
        """The level of each line, divided by 100."""
        ...

    def severities(self) -> bytes:
        """The severity that the entry of each line has itself, divided by 100."""
        ...

    def marks(self) -> bytes:
        """The `Mark` of each line."""
        ...

    def traces(self) -> bytes:
        """The `Part` of each line: told from its marks and those of its replica's lines before it."""
        ...

    def replicas(self) -> bytes:
        """The number of each line's replica in `LogStore.replica_names`."""
        ...

    def hidden(self) -> bytes:
        """1 for each line that a later state of its bar stands for."""
        ...

    def widths(self) -> Sequence[int]:
        """The columns of each line, at most 65,535."""
        ...


@dataclass(frozen=True, slots=True)
class Change:
    """What one addition did to the lines; indices count lines of the whole store, as they are afterwards."""

    first: int
    """Lines before this one are what and where they were."""
    added: int = 0
    """Lines that are new."""
    entries: int = 0
    """Entries that were new."""
    late: int = 0
    """Of those, the ones that came clearly after later ones."""

    @property
    def any(self) -> bool:
        """Whether anything was new."""
        return self.entries > 0


class Spill(Protocol):
    """Room outside memory for blocks of old lines; what is there is gone when the program ends."""

    def put(self, data: bytes) -> int:
        """Keep bytes; the number by which they are got again.

        Raises:
            OSError: there is no room, or it cannot be written.
        """
        ...

    def get(self, number: int) -> bytes:
        """The bytes kept under a number.

        Raises:
            OSError: they cannot be read.
        """
        ...

    def drop(self, number: int) -> None:
        """Forget the bytes kept under a number, so that their room can be used again."""
        ...


class Lines(Protocol):
    """What views, searches and exports know of a store."""

    def __len__(self) -> int:
        """All lines, those behind folded bars included."""
        ...

    def line(self, index: int) -> LogLine:
        """The line at an index."""
        ...

    def payload(self, index: int) -> Mapping[str, Any] | None:
        """The structured payload of the line's entry, if there is one with more than a message."""
        ...

    def index_of(self, place: LinePlace) -> int:
        """The index of the line at that place, or of the first one after it."""
        ...

    def behind(self, index: int) -> Sequence[tuple[Block, Sequence[int]]]:
        """The lines that fold into one, block by block, ascending, without the one that is left of them.

        Earlier states of a bar, or a traceback before its end; asked for by any of these lines.
        """
        ...

    def behind_count(self, index: int) -> int:
        """How many lines stand behind a bar's last state or a traceback's end."""
        ...

    @property
    def blocks(self) -> Sequence[Block]:
        """The blocks, oldest first."""
        ...

    @property
    def widest(self) -> int:
        """Columns of the widest line there has been, at most 65,535."""
        ...

    @property
    def replica_names(self) -> Sequence[str]:
        """Names of replicas by their number in `Block.replicas`, `service` among them; only ever longer."""
        ...
