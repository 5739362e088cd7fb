"""`matchGlob`: patterns for object names, matched in time that a pattern cannot blow up.

Python's own expressions would try the ways to share a name among many `*` one after the other, and hold up
every thread meanwhile; here all places that a pattern may be at are followed together, as bits of a number.
"""

from __future__ import annotations

from typing import NamedTuple

from tui.local.storage.errors import StorageError, invalid

LENGTH = 1024
"""Longest pattern, in characters; no object name is longer."""

WORK = 1_000_000
"""Steps for all names together that were not taken before; a second or two, for patterns made to be slow."""

KEPT = 10_000
"""Steps that are remembered."""


class _Set(NamedTuple):
    """`[…]`: characters and ranges of them."""

    negated: bool
    ranges: tuple[tuple[str, str], ...]

    def holds(self, char: str) -> bool:
        return any(low <= char <= high for low, high in self.ranges) is not self.negated


class Glob:
    """A pattern: `*` and `?` stop at `/`, `**` does not; `[a-c]`, `[!a]` and `{a,b}` as in shells.

    The places of a pattern are the bits of a number: bit n stands before its nth character. It is for one
    thread at a time.
    """

    def __init__(self, text: str) -> None:
        """Read a pattern.

        Raises:
            StorageError: 400 for braces or brackets that do not close, and beyond `LENGTH` characters.
        """
        if len(text) > LENGTH:
            raise _wrong()
        self._chars: dict[str, int] = {}
        self._sets: list[tuple[int, _Set]] = []
        self._one = self._star = self._double = 0
        self._jumps: dict[int, list[int]] = {}
        """Places that pass on without a character, and where to."""
        self._after: dict[int, int] = {}
        """Where a place leads whose character has matched, if not to the next one."""
        self._read(text)
        self._reach = self._reached(len(text))
        self._jumping = sum(1 << place for place in self._jumps)
        self._end = 1 << len(text)
        self._begin = self._reach[0]
        self._steps: dict[tuple[int, str], int] = {}
        self._work = 0

    def _read(self, text: str) -> None:
        at, open_ = 0, list[list[int]]()
        while at < len(text):
            char, here = text[at], at
            at += 1
            if char == "*":
                double = text.startswith("*", at)
                at += double
                self._star |= 1 << here
                self._double |= double << here
                self._jumps[here] = [at]
            elif char == "?":
                self._one |= 1 << here
            elif char == "[":
                at = self._read_set(text, here)
            elif char == "{":
                open_.append([here])
                self._jumps[here] = [at]
            elif char == "," and open_:
                self._jumps[open_[-1][0]].append(at)
                open_[-1].append(here)
            elif char == "}":
                if not open_:
                    raise _wrong()
                self._jumps |= {place: [at] for place in (*open_.pop()[1:], here)}
            else:
                self._chars[char] = self._chars.get(char, 0) | 1 << here
        if open_:
            raise _wrong()

    def _read_set(self, text: str, here: int) -> int:
        """Take the brackets that open at `here`; the place after them."""
        start = here + 1
        negated = text[start : start + 1] in {"!", "^"}
        start += negated
        end = text.find("]", start + 1)  # one right at the beginning stands for itself
        if end < 0:
            raise _wrong()
        ranges, at = [], start
        while at < end:
            last = at + 2 if at + 2 < end and text[at + 1] == "-" else at
            ranges.append((text[at], text[last]))
            at = last + 1
        if any(low > high for low, high in ranges):
            raise _wrong()
        self._sets.append((1 << here, _Set(negated, tuple(ranges))))
        self._after[1 << here] = 1 << (end + 1)
        return end + 1

    def _reached(self, length: int) -> list[int]:
        """For each place itself and all that it passes on to, which are always further on."""
        reach = [0] * (length + 1)
        for place in range(length, -1, -1):
            reach[place] = 1 << place
            for following in self._jumps.get(place, ()):
                reach[place] |= reach[following]
        return reach

    def fullmatch(self, name: str) -> bool:
        """Whether the pattern matches all of `name`.

        Raises:
            StorageError: 400 when the pattern is made to be slow.
        """
        places, steps = self._begin, self._steps
        for char in name:
            following = steps.get((places, char))
            if following is None:
                following = self._step(places, char)
                if len(steps) >= KEPT:
                    steps.clear()
                steps[places, char] = following
            if not following:
                return False
            places = following
        return bool(places & self._end)

    def _step(self, places: int, char: str) -> int:
        """The places after `char`."""
        taken = places & (self._chars.get(char, 0) | (0 if char == "/" else self._one))
        stay = places & (self._double if char == "/" else self._star)
        found = stay | taken << 1
        for place, chars in self._sets:
            if places & place and chars.holds(char):
                found |= self._after[place]
        todo = found & self._jumping
        self._work += 1 + len(self._sets) + todo.bit_count()
        if self._work > WORK:
            raise invalid("The glob pattern takes too long to match.", location="matchGlob")
        while todo:
            lowest = todo & -todo
            reached = self._reach[lowest.bit_length() - 1]
            found |= reached
            todo &= ~reached
        return found


def _wrong() -> StorageError:
    return invalid("Invalid glob pattern.", location="matchGlob")
