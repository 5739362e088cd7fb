"""Which lines of which blocks match, kept while the blocks change."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from tui.domain.logstore.model import Block


class Kept:
    """What is known of one block in one version."""

    __slots__ = ("base", "block", "ident", "lines", "size", "upto", "version")

    def __init__(self, block: Block, base: int) -> None:
        self.block = block
        self.ident = block.ident
        self.version = block.version
        self.size = len(block)
        self.base = base
        """Index of its first line in the store."""
        self.upto = 0
        """Lines that were searched, from the first on."""
        self.lines: array[int] = array("I")
        """Those of them that match, counted within the block."""

    @property
    def whole(self) -> bool:
        """Whether all of it was searched."""
        return self.upto == self.size


class Found:
    """What one search has found in a store."""

    def __init__(self) -> None:
        self.count = 0
        """Lines that match."""
        self._kept: list[Kept] = []
        self._bases: list[int] = []
        self._by_ident: dict[int, Kept] = {}

    def __iter__(self) -> Iterator[Kept]:
        return iter(self._kept)

    @property
    def blocks(self) -> int:
        """How many blocks there are."""
        return len(self._kept)

    def take_over(self, blocks: Sequence[Block], first: int) -> set[int]:
        """Take the blocks as they are now; lines before `first` are what and where they were.

        Returns:
            The idents of those that are new or have changed; of them what was found before `first` is kept.
        """
        kept: list[Kept] = []
        changed: set[int] = set()
        base = 0
        for block in blocks:
            one = self._by_ident.get(block.ident)
            if one is None or one.version != block.version:
                one = Kept(block, base)
                changed.add(one.ident)
                self._carry(one, first)
            kept.append(one)
            base += one.size
        self._by_ident = {one.ident: one for one in kept}
        self._kept = kept
        self._bases = []
        self.count = base = 0
        for one in kept:
            one.base = base
            self._bases.append(base)
            base += one.size
            self.count += len(one.lines)
        return changed

    def _carry(self, one: Kept, first: int) -> None:
        """Keep for a block what is known of its lines, which other blocks held before."""
        low, high = one.base, min(one.base + one.size, first)
        at = max(bisect_right(self._bases, low) - 1, 0)
        for old in self._kept[at:]:
            begin, end = max(low, old.base), min(high, old.base + old.upto)
            if begin != low or end <= low:
                break
            lines = old.lines[
                bisect_left(old.lines, begin - old.base) : bisect_left(old.lines, end - old.base)
            ]
            moved = old.base - one.base
            one.lines += lines if not moved else array("I", [line + moved for line in lines])
            low = end
            if not old.whole:
                break
        one.upto = low - one.base

    def add(self, ident: int, version: int, line: int, lines: array[int]) -> bool:
        """Take what was found in a block of that version from a line on; False if it is of no use by now."""
        one = self._by_ident.get(ident)
        if one is None or one.version != version or one.block.version != version or one.upto != line:
            return False
        one.lines += lines
        one.upto = one.size
        self.count += len(lines)
        return True

    def matches(self, block: Block) -> Sequence[int] | None:
        """The lines of a block that match as far as it was searched; None if none of it was."""
        one = self._by_ident.get(block.ident)
        if one is None or one.version != block.version or (not one.upto and one.size):
            return None
        return one.lines
