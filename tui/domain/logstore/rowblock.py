"""Which lines of one block are rows: masks of a byte a line, and what matches among them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress

from tui.domain.logreading.model import Part
from tui.domain.logstore.model import Block
from tui.domain.logstore.rules import RowRules

LATER = -1
"""Stands for the level of an end that is in a later block."""
_NOT = bytes([1, *bytes(255)])
_NONE, _HEAD, _BODY, _END = (int(part) for part in (Part.NONE, Part.HEAD, Part.BODY, Part.END))


class Choice:
    """The rules, ready for use on many blocks."""

    def __init__(self, rules: RowRules, names: Sequence[str]) -> None:
        self.rules = rules
        self.level = -(-rules.least_level // 100)
        """The least one, divided by 100."""
        self.levels = bytes(level >= self.level for level in range(256)) if self.level > 0 else None
        self.numbers: frozenset[int] | None = None
        """Of replicas."""
        self.replicas: bytes | None = None
        self._named = -1
        self.name(names)
        self.traces = rules.fold_traces or self.level > 0
        """Whether it matters what belongs to which traceback."""

    def name(self, names: Sequence[str]) -> None:
        """Know all replicas there are by now; what was chosen of older ones stays."""
        replicas = self.rules.replicas
        if replicas is not None and len(names) != self._named:
            self.numbers = frozenset(number for number, name in enumerate(names) if name in replicas)
            self.replicas = bytes(each in self.numbers for each in range(256))
            self._named = len(names)


class RowBlock:
    """The rows of a block as it is in one version; nothing is computed before it is asked for."""

    __slots__ = (
        "_candidates",
        "_choice",
        "_ends",
        "_mask",
        "_masked",
        "_offsets",
        "ahead",
        "block",
        "count",
        "extra",
        "left",
        "matches",
        "ready",
        "right",
        "stamp",
        "version",
    )

    def __init__(self, block: Block, choice: Choice) -> None:
        self.block = block
        self.version = block.version
        self.ready = False
        """Whether it is counted already; without that it shows no row."""
        self.ahead: Mapping[int, int] = {}
        """Levels of the ends, in later blocks, of tracebacks that go on after this one, by replica."""
        self.extra: bytes | None = None
        """1 for folded lines that are shown all the same."""
        self.matches: Sequence[int] | None = None
        """Candidates that match, if there is a filter; None while that is not known."""
        self.left = self.right = 0
        """Candidates at the beginning and the end that are context of matches in other blocks."""
        self.count = 0
        """Rows."""
        self.stamp = 0
        """Grows whenever other lines are rows."""
        self._choice = choice
        self._masked = False
        self._mask: bytes | None = None
        self._candidates = -1
        self._offsets: Sequence[int] | None = None
        self._ends: Mapping[int, int] | None = None

    @property
    def filtered(self) -> bool:
        """Whether only what matches and what is around it are rows."""
        return self._choice.rules.matches is not None

    @property
    def searched(self) -> bool:
        """Whether it is known what matches."""
        return not self.filtered or self.matches is not None

    def mask(self) -> bytes | None:
        """1 for each candidate: what is a row if it matches; None if all lines are."""
        if not self._masked:
            self._mask = _mask(self.block, self._choice, self.ahead, self.extra)
            self._masked = True
        return self._mask

    @property
    def candidates(self) -> int:
        """How many there are."""
        if self._candidates < 0:
            self._candidates = self._counted()
        return self._candidates

    def _counted(self) -> int:
        block, choice = self.block, self._choice
        if choice.levels is None and choice.replicas is None and not choice.traces and self.extra is None:
            return len(block) - (block.summary.hidden if choice.rules.fold_bars else 0)
        mask = self.mask()
        return len(block) if mask is None else mask.count(1)

    def use(self, choice: Choice) -> None:
        """Stand under other rules, which differ in nothing but what is unfolded."""
        self._choice = choice

    def show(self, extra: bytes | None) -> bool:
        """Say which folded lines are shown all the same; whether it must be counted again for that."""
        if extra == self.extra:
            return False
        self.extra = extra
        self.forget()
        return self.ready

    def recount(self) -> None:
        """Ask what matches, and count the rows."""
        asked = self._choice.rules.matches
        if asked is not None and self.matches is None:
            found = asked(self.block)
            if found:
                mask = self.mask()
                found = found if mask is None else [line for line in found if mask[line]]
            self.matches = found
        self.ready = True
        self._count()

    def forget(self) -> None:
        """What was computed of it does not hold any more."""
        self._masked, self._mask, self._candidates, self._offsets = False, None, -1, None
        self.matches = None

    def owe(self, left: int, right: int) -> bool:
        """Say how much of it is context of other blocks' matches; whether that is new."""
        if (left, right) == (self.left, self.right):
            return False
        self.left, self.right = left, right
        self._count()
        return True

    def _count(self) -> None:
        self._offsets = None
        self.stamp += 1
        if not self.filtered:
            self.count = self.candidates
        elif self.matches is None:
            self.count = 0
        elif not self._choice.rules.context:
            self.count = len(self.matches)
        else:
            self.count = len(self.offsets())

    def offsets(self) -> Sequence[int]:
        """The lines that are rows, by their numbers in the block."""
        if self._offsets is None:
            self._offsets = self._rows() if self.ready else ()
        return self._offsets

    def _rows(self) -> Sequence[int]:
        if not self.filtered:
            return self._all()
        if self.matches is None:
            return ()
        context = self._choice.rules.context
        if not context or not (self.matches or self.left or self.right):
            return self.matches
        every = self._all()
        ranges = [(0, self.left), (len(every) - self.right, len(every))]
        for match in self.matches:
            at = bisect_left(every, match)
            ranges.append((at - context, at + context + 1))
        return array("I", [every[at] for at in _within(ranges, len(every))])

    def _all(self) -> Sequence[int]:
        mask = self.mask()
        lines = range(len(self.block))
        return lines if mask is None else array("I", compress(lines, mask))

    def end_levels(self) -> Mapping[int, int]:
        """Of each line of a traceback but its end the end's level, divided by 100, or `LATER`."""
        if self._ends is None:
            block = self.block
            later = dict.fromkeys(block.summary.open, LATER)
            self._ends = _ends(block, block.levels(), block.traces(), later)
        return self._ends

    def before_match(self) -> int:
        """Candidates before the first match; there must be one."""
        return self._between(0, self.matches[0]) if self.matches else 0

    def after_match(self) -> int:
        """Candidates after the last match; there must be one."""
        return self._between(self.matches[-1] + 1, len(self.block)) if self.matches else 0

    def _between(self, low: int, high: int) -> int:
        mask = self.mask()
        return high - low if mask is None else mask.count(1, low, high)

    def left_out(self, low: int, high: int) -> bool:
        """Whether there are candidates from one line up to another."""
        return low < high and self._between(low, high) > 0


def _within(ranges: Iterable[tuple[int, int]], count: int) -> list[int]:
    """All numbers in the ranges, ascending, each once, from 0 up to a count."""
    found: list[int] = []
    done = 0
    for low, high in sorted(ranges):
        found += range(max(low, done), min(high, count))
        done = max(done, min(high, count))
    return found


def _mask(block: Block, choice: Choice, ahead: Mapping[int, int], extra: bytes | None) -> bytes | None:
    """1 for each line that is let through; None for all."""
    summary, count = block.summary, len(block)
    if choice.numbers is not None and not choice.numbers & summary.replicas:
        return bytes(count)
    own = choice.rules.own_levels
    if not own and max((summary.highest, *ahead.values(), *block.entering.values())) < choice.level:
        return bytes(count)
    masks: list[bytes] = []
    if choice.rules.fold_bars and summary.hidden:
        masks.append(_with(block.hidden().translate(_NOT), extra))
    if choice.replicas is not None and choice.numbers is not None and not summary.replicas <= choice.numbers:
        masks.append(block.replicas().translate(choice.replicas))
    if choice.traces:
        masks += _by_traces(block, choice, ahead, extra)
    if len(masks) <= 1:
        return masks[0] if masks else None
    both = int.from_bytes(masks[0], "little")
    for mask in masks[1:]:
        both &= int.from_bytes(mask, "little")
    return both.to_bytes(count, "little")


def _with(mask: bytes, extra: bytes | None) -> bytes:
    if extra is None:
        return mask
    either = int.from_bytes(mask, "little") | int.from_bytes(extra, "little")
    return either.to_bytes(len(mask), "little")


def _by_traces(block: Block, choice: Choice, ahead: Mapping[int, int], extra: bytes | None) -> list[bytes]:
    """The masks for which it matters to which traceback a line belongs."""
    own = choice.rules.own_levels
    levels, traces = block.levels(), block.traces()
    shown = block.severities() if own and choice.levels is not None else levels
    high = shown.translate(choice.levels) if choice.levels is not None else None
    if not traces.strip(b"\0"):
        return [] if high is None else [high]
    ends = _ends(block, levels, traces, ahead)
    masks: list[bytes] = []
    if high is not None and own:
        masks.append(high)
    elif high is not None:
        by_end = bytearray(high)
        for line, level in ends.items():
            by_end[line] = level >= choice.level
        masks.append(bytes(by_end))
    if choice.rules.fold_traces:
        left = bytearray(b"\1" * len(levels))
        for line in ends:
            left[line] = 0
        masks.append(_with(bytes(left), extra))
    return masks


def _ends(block: Block, levels: bytes, traces: bytes, ahead: Mapping[int, int]) -> dict[int, int]:
    """Of each line of a traceback but its end, the end's level; not of those that were broken off."""
    found: dict[int, int] = {}
    after = dict(block.entering)
    waiting: dict[int, list[int]] = {}
    replicas = block.replicas()
    for line, part in enumerate(traces):
        if not part and not after and not waiting:
            continue
        replica = replicas[line]
        if part == _BODY and replica in after:
            found[line] = after[replica]
        elif part == _BODY:
            waiting.setdefault(replica, []).append(line)
        elif part == _END:
            after[replica] = levels[line]
            found.update(dict.fromkeys(waiting.pop(replica, ()), levels[line]))
        else:
            after.pop(replica, None)
            waiting.pop(replica, None)
            if part == _HEAD:
                waiting[replica] = [line]
    for replica, lines in waiting.items():
        if replica in ahead:
            found.update(dict.fromkeys(lines, ahead[replica]))
    return found


def first_end(block: Block, replica: int) -> tuple[bool, int | None]:
    """Whether a traceback that a replica is within before a block goes no further than it; its end's level.

    The level, divided by 100, is None if the traceback is broken off.
    """
    traces, levels = block.traces(), block.levels()
    for line, each in enumerate(block.replicas()):
        if each == replica and traces[line] != _BODY:
            return True, levels[line] if traces[line] == _END else None
    return False, None
