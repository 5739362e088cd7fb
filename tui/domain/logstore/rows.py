"""The lines that are rows under the rules of the one who looks: numbered, found, kept up to date."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from tui.domain.logreading.model import Mark, Part
from tui.domain.logstore.model import Change, Lines
from tui.domain.logstore.rowblock import LATER, Choice, RowBlock, first_end
from tui.domain.logstore.rules import Row, RowRules

_AT_ONCE = 16
"""Blocks that are counted before their rows are numbered."""
_BAR, _END = int(Mark.BAR), int(Part.END)


class Rows:
    """Rows of `lines`; right after `apply`, those of blocks that `rebuild` has not come to are missing.

    Each addition to the lines must be told by `update` before anything else is asked.
    """

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._choice = Choice(RowRules(), lines.replica_names)
        self._parts: list[RowBlock] = []
        self._starts = [0]
        self._sums = [0]
        self._stale = 0
        self._edition = 0
        self._extra: dict[int, bytes] = {}
        self.update(Change(0))

    def __len__(self) -> int:
        return self.sums[-1]

    @property
    def rules(self) -> RowRules:
        """Those applied last."""
        return self._choice.rules

    @property
    def parts(self) -> Sequence[RowBlock]:
        """The rows block by block; not to be changed."""
        self._tidy()
        return self._parts

    @property
    def sums(self) -> Sequence[int]:
        """How many rows are before each block, and in all."""
        self._tidy()
        return self._sums

    @property
    def is_counted(self) -> bool:
        """Whether `rebuild` has nothing left to do."""
        return all(part.ready for part in self._parts)

    @property
    def edition(self) -> int:
        """Another number whenever other lines may be rows: what was counted before does not hold then."""
        self._tidy()
        return self._edition

    def apply(self, rules: RowRules) -> None:
        """Choose anew; `rebuild` does the work, unless all that is new is a fold: that is done at once."""
        old = self._choice.rules
        self._choice = Choice(rules, self._lines.replica_names)
        if replace(old, unfolded=rules.unfolded) == rules:
            for part in self._parts:
                part.use(self._choice)
            self._settle(0, self._unfold())
            return
        self._parts = [RowBlock(block, self._choice) for block in self._lines.blocks]
        self._unfold()
        self._number(0)

    def rebuild(self, around: int | None = None) -> Iterator[None]:
        """Count the blocks that are not counted yet; yields after each, so that others can do something.

        Args:
            around: The line near which to begin; None for the newest.
        """
        while waiting := [at for at, part in enumerate(self._parts) if not part.ready]:
            middle = bisect_right(self._starts, len(self._lines) if around is None else around) - 1
            waiting.sort(key=lambda at, middle=middle: abs(at - middle))  # type: ignore[misc]
            parts = self._parts
            for number, at in enumerate(waiting, 1):
                if self._parts is not parts:
                    break
                if not parts[at].ready:
                    self._count(at)
                    if number % _AT_ONCE == 0:
                        self._tidy()
                    yield

    def settle(self) -> None:
        """Count all that is not counted yet, however long it takes."""
        for _ in self.rebuild():
            pass

    def update(self, change: Change) -> None:
        """Take in what an addition did to the lines, and what has been searched meanwhile."""
        self._choice.name(self._lines.replica_names)
        begin = min(max(bisect_left(self._starts, change.first) - 1, 0), len(self._parts))
        known = {part.block.ident: part for part in self._parts[begin:]}
        dirty: set[int] = set()
        parts = self._parts[:begin]
        for block in self._lines.blocks[begin:]:
            part = known.get(block.ident)
            if part is None or part.version != block.version:
                if part is None or part.ready:
                    dirty.add(len(parts))
                part = RowBlock(block, self._choice)
            parts.append(part)
        self._parts = parts
        self._number(begin)
        self._settle(begin, dirty | self._unfold())

    def searched(self, idents: frozenset[int]) -> None:
        """Ask again what matches in these blocks: they have been searched further."""
        found = {at for at, part in enumerate(self._parts) if part.ready and part.block.ident in idents}
        for at in found:
            self._parts[at].matches = None
        self._settle(len(self._parts), found)

    def row(self, index: int) -> Row:
        """The row at an index.

        Raises:
            IndexError: there is none.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        at = bisect_right(self._sums, index) - 1
        part = self._parts[at]
        number = index - self._sums[at]
        offset = part.offsets()[number]
        line = self._starts[at] + offset
        if not part.filtered:
            return Row(line, self._folded(part, offset, line))
        is_match = _has(part.matches or (), offset)
        return Row(line, self._folded(part, offset, line), is_match, self._gap(at, number, offset))

    def row_of(self, line: int) -> int:
        """The row of a line, or the first row after it; the number of rows if there is none."""
        if line >= self._starts[-1]:
            return len(self)
        at = max(bisect_right(self._starts, line) - 1, 0)
        return self.sums[at] + bisect_left(self._parts[at].offsets(), line - self._starts[at])

    def end_level(self, line: int) -> int | None:
        """The level of the end of the traceback that a line is within; None if it is in none."""
        at = bisect_right(self._starts, line) - 1
        part, offset = self._parts[at], line - self._starts[at]
        level = part.end_levels().get(offset)
        if level == LATER:
            level = self._end_after(at, part.block.replicas()[offset])
        return None if level is None else level * 100

    def _folded(self, part: RowBlock, offset: int, line: int) -> int:
        """How many lines stand behind a row and are not shown."""
        rules, block = self._choice.rules, part.block
        bar = rules.fold_bars and block.marks()[offset] & _BAR and not block.hidden()[offset]
        if not bar and not (rules.fold_traces and block.traces()[offset] == _END):
            return 0
        if not self._extra:
            return self._lines.behind_count(line)
        return sum(
            not self._extra.get(each.ident, b"\0" * len(each))[at]
            for each, places in self._lines.behind(line)
            for at in places
        )

    def _gap(self, at: int, number: int, offset: int) -> bool:
        """Whether the filter left out candidates just before a row."""
        part = self._parts[at]
        if number:
            return part.left_out(part.offsets()[number - 1] + 1, offset)
        gap = part.left_out(0, offset)
        for before in range(at - 1, -1, -1):
            part = self._parts[before]
            if part.count:
                return gap or part.left_out(part.offsets()[-1] + 1, len(part.block))
            gap = gap or not part.ready or not part.searched or part.candidates > 0
        return False

    def _unfold(self) -> set[int]:
        """Find the lines of folds that are open; the counted blocks for which that is new."""
        lines, found = self._lines, dict[int, bytearray]()
        for place in self._choice.rules.unfolded:
            index = lines.index_of(place)
            if index < len(lines) and lines.line(index).place == place:
                for block, places in lines.behind(index):
                    shown = found.setdefault(block.ident, bytearray(len(block)))
                    for at in places:
                        shown[at] = 1
        old, self._extra = self._extra, {ident: bytes(shown) for ident, shown in found.items()}
        if not old and not found:
            return set()
        return {at for at, part in enumerate(self._parts) if part.show(self._extra.get(part.block.ident))}

    def _settle(self, begin: int, dirty: set[int]) -> None:
        """Count again what is dirty, and what depends on it or has been searched."""
        if self._choice.traces:
            dirty |= self._look_again(begin, dirty)
        if self._choice.rules.matches is not None:
            dirty |= {at for at, part in enumerate(self._parts) if part.ready and not part.searched}
        for at in dirty:
            self._count(at)

    def _count(self, at: int) -> None:
        part = self._parts[at]
        if self._choice.traces:
            part.ahead = self._ahead(at)
        part.recount()
        self._stale = min(self._stale, at)

    def _number(self, begin: int) -> None:
        """Number the lines from a block on; its rows must be numbered again before they are asked for."""
        lines = [len(part.block) for part in self._parts[begin:]]
        self._starts[begin:] = accumulate(lines, initial=self._starts[begin])
        self._stale = min(self._stale, begin)

    def _tidy(self) -> None:
        """Number the rows after what changed."""
        parts, begin = self._parts, self._stale
        if begin > len(parts):
            return
        if self._choice.rules.context and self._choice.rules.matches is not None:
            begin = min(begin, self._owe())
        self._sums[begin:] = accumulate([part.count for part in parts[begin:]], initial=self._sums[begin])
        self._stale = len(parts) + 1
        self._edition += 1

    def _look_again(self, begin: int, dirty: set[int]) -> set[int]:
        """The blocks with tracebacks that go on in a dirty block and now end otherwise."""
        found: set[int] = set()
        affected: frozenset[int] = frozenset()
        for at in range(len(self._parts) - 1, -1, -1):
            part = self._parts[at]
            summary = part.block.summary
            affected = summary.open if at + 1 in dirty else summary.open & affected
            if affected & summary.replicas and part.ready and at not in dirty:
                ahead = self._ahead(at)
                affected -= {each for each in summary.replicas if ahead.get(each) == part.ahead.get(each)}
                if ahead != part.ahead:
                    part.forget()
                    found.add(at)
            if at < begin and not affected:
                break
        return found

    def _ahead(self, at: int) -> dict[int, int]:
        """The levels of the ends of tracebacks that go on after a block, by replica."""
        summary = self._parts[at].block.summary
        ends = {replica: self._end_after(at, replica) for replica in summary.open & summary.replicas}
        return {replica: level for replica, level in ends.items() if level is not None}

    def _end_after(self, at: int, replica: int) -> int | None:
        """The level of the end, in a later block, of a traceback that is open after a block."""
        for later in range(at + 1, len(self._parts)):
            block = self._parts[later].block
            summary = block.summary
            if replica in summary.replicas:
                ended, level = first_end(block, replica)
                if ended:
                    return level
            if replica not in summary.open:
                return None
        return None

    def _owe(self) -> int:
        """Pass on how far matches reach into other blocks; the first block for which that is new."""
        context, parts = self._choice.rules.context, self._parts
        left = _owed(context, parts, RowBlock.after_match)
        right = _owed(context, parts[::-1], RowBlock.before_match)[::-1]
        owed = enumerate(zip(left, right, strict=True))
        changed = [at for at, each in owed if parts[at].ready and parts[at].owe(*each)]
        return changed[0] if changed else len(parts)


def _owed(context: int, parts: Sequence[RowBlock], reach: Callable[[RowBlock], int]) -> list[int]:
    """How many candidates of each block are context of matches in those before it."""
    found: list[int] = []
    owed = 0
    for part in parts:
        found.append(owed)
        if not part.ready or part.matches is None:
            owed = 0
        elif part.matches:
            owed = max(context - reach(part), 0)
        elif owed:
            owed = max(owed - part.candidates, 0)
    return found


def _has(numbers: Sequence[int], number: int) -> bool:
    at = bisect_left(numbers, number)
    return at < len(numbers) and numbers[at] == number
