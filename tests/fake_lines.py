"""A log's lines in blocks that are simple and can be changed by hand, behind the store's own Protocols."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate, count
from typing import Any

from tui.domain.logreading.model import Mark
from tui.domain.logs import EntryKey
from tui.domain.logstore.model import Block, LinePlace, LogLine, Summary

_IDENTS = count(1)
START_NS = 1_795_370_400_000_000_000
"""2026-11-22 18:00 UTC."""


class FakeBlock:
    """Texts; `on_text` is called by whoever reads them."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self.texts = list(texts)
        self.ident = next(_IDENTS)
        self.version = 1
        self.on_text: Callable[[], object] = bool

    @property
    def summary(self) -> Summary:
        widest = max(self.widths(), default=0)
        return Summary(0, 2, widest, all(map(str.isascii, self.texts)), frozenset({0}), frozenset())

    @property
    def entering(self) -> Mapping[int, int]:
        return {}

    def __len__(self) -> int:
        return len(self.texts)

    def text(self) -> bytes:
        self.on_text()
        return "".join(f"{text}\n" for text in self.texts).encode()

    def starts(self) -> Sequence[int]:
        lengths = (len(text.encode()) + 1 for text in self.texts[:-1])
        return array("I", accumulate(lengths, initial=0)) if self.texts else array("I")

    def levels(self) -> bytes:
        return bytes([2]) * len(self)

    def severities(self) -> bytes:
        return bytes([5]) * len(self)

    def marks(self) -> bytes:
        return bytes(len(self))

    def traces(self) -> bytes:
        return bytes(len(self))

    def replicas(self) -> bytes:
        return bytes(len(self))

    def hidden(self) -> bytes:
        return bytes(len(self))

    def widths(self) -> Sequence[int]:
        return [min(len(text), 65_535) for text in self.texts]

    def add(self, *texts: str) -> None:
        """Put lines at the end."""
        self.texts += texts
        self.version += 1


class FakeLines:
    """Blocks in order; a millisecond between two lines."""

    replica_names: Sequence[str] = ("workerpool0-0",)
    widest: int = 200

    def __init__(self, *blocks: FakeBlock) -> None:
        self.blocks: list[Block] = [*blocks]

    def __len__(self) -> int:
        return sum(map(len, self.blocks))

    def line(self, index: int) -> LogLine:
        at = 0
        for block in self.blocks:
            if index < at + len(block):
                return _line(index, block.text().decode().split("\n")[index - at])
            at += len(block)
        raise IndexError

    def payload(self, index: int) -> Mapping[str, Any] | None:
        del index
        return None

    def behind(self, index: int) -> Sequence[tuple[Block, Sequence[int]]]:
        del index
        return ()

    def behind_count(self, index: int) -> int:
        del index
        return 0

    def index_of(self, place: LinePlace) -> int:
        return max(0, -(-(place.key.timestamp_ns - START_NS) // 1_000_000))


def _line(index: int, text: str) -> LogLine:
    key = EntryKey(START_NS + index * 1_000_000, f"i{index:06}", "log")
    level = 500 if "error" in text else 200
    marks = Mark.REINFERRED if level == 200 else Mark.NONE
    return LogLine(LinePlace(key, 0), text, 500, level, "workerpool0-0", marks)
