"""Blocks' columns outside memory: put away, read back through a small cache, given up when that fails."""

from __future__ import annotations

import struct
import threading
import zlib
from array import array
from collections import OrderedDict

from tui.domain.logstore.blocks import LogBlock
from tui.domain.logstore.columns import Columns, Texts
from tui.domain.logstore.model import Spill

READ_BACK = 8
"""Blocks that stay in memory after they were read back."""


class Shelf:
    """A spill as a store uses it; `load` may be called on any thread, all else on the store's own."""

    def __init__(self, spill: Spill | None) -> None:
        self._spill = spill
        self._read: OrderedDict[int, Columns] = OrderedDict()
        self._lost: set[int] = set()
        self._lock = threading.Lock()
        self.fault = ""
        """Why a block could not be put away or read back, until one is put away."""

    def put(self, block: LogBlock) -> bool:
        """Put a block's columns away; False if that cannot be done."""
        if self._spill is None or block.columns is None:
            return False
        try:
            number = self._spill.put(block.columns.sealed())
        except OSError as error:
            self.fault = _why(error)
            return False
        self.fault = ""
        with self._lock:
            block.number, block.columns = number, None
        return True

    def drop(self, block: LogBlock) -> None:
        """Forget what is kept of a block."""
        with self._lock:
            if self._spill is not None and block.number is not None:
                self._read.pop(block.number, None)
                self._lost.discard(block.number)
                self._spill.drop(block.number)
            block.number = None

    def take(self, block: LogBlock) -> bool:
        """Have a block's columns in memory, to change them; False if they cannot be read back."""
        if block.columns is None:
            columns = self.load(block)
            if block.number in self._lost:
                return False
            block.columns = columns
            self.drop(block)
        return True

    def readable(self, block: LogBlock) -> bool:
        """Whether a block's columns are there."""
        self.load(block)
        return block.number not in self._lost

    def load(self, block: LogBlock) -> Columns:
        """A block's columns, not to be changed; lines that say so if they cannot be read back."""
        with self._lock:
            if block.columns is not None:
                return block.columns
            number = block.number
            if number is None or self._spill is None:
                return _lost(block, "it is gone")
            columns = self._read.get(number)
            if columns is None:
                try:
                    columns = Columns.opened(self._spill.get(number))
                except (OSError, zlib.error, struct.error, ValueError) as error:
                    self.fault = _why(error)
                    self._lost.add(number)
                    columns = _lost(block, self.fault)
                self._read[number] = columns
                while len(self._read) > READ_BACK:
                    self._read.popitem(last=False)
            else:
                self._read.move_to_end(number)
            return columns


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def _lost(block: LogBlock, why: str) -> Columns:
    """As many lines as the block has, in its place, that say that they are lost."""
    count = block.count
    text = f"(cannot be read back from the temporary file: {why})".replace("\n", " ").encode(
        "utf-8", "replace"
    )
    columns = Columns()
    ident = block.first.insert_id.encode("utf-8", "surrogatepass")
    columns.texts = _same(text, count)
    columns.ids = _same(ident, count)
    columns.stamps = array("q", [block.first.timestamp_ns]) * count
    columns.parts = array("I", range(block.first.part, block.first.part + count))
    columns.origins = array("I", [block.origin]) * count
    columns.severities = array("H", [0]) * count
    columns.widths = array("H", [len(text.decode())]) * count
    for name in ("levels", "marks", "traces", "replicas", "hidden"):
        setattr(columns, name, bytearray(count))
    return columns


def _same(data: bytes, count: int) -> Texts:
    size = len(data) + 1
    return Texts(bytearray((data + b"\n") * count), array("I", range(0, size * count, size)))
