"""Search with a pattern's tree in time that is linear in the text, whatever the pattern."""

from __future__ import annotations

import re
from collections.abc import Callable

from tui.local.filters.re2 import (
    Assertion,
    Chars,
    Choice,
    PatternError,
    Ranges,
    Repeat,
    Sequence,
    Tree,
    parse,
)

MAX_PROGRAM = 10_000
"""Steps of a pattern's program; RE2 draws a line too, by memory."""
MAX_WORK = 300_000
"""Steps in one text that were not taken before; about a second, for patterns made to be slow."""
_MAX_STATES = 2_000
_SHORT = 2_000
"""Length of text up to which a backtracking search of quadratic time is still quick."""
_ASCII = 128
_WORD = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")


class CostError(Exception):
    """A search that takes too long; the text says so."""


def searcher(pattern: str) -> Callable[[str], bool]:
    """Whether a text holds a match of an RE2 pattern somewhere.

    The result raises `CostError` when a pattern is made to be slow.

    Raises:
        PatternError: RE2 would refuse the pattern.
    """
    tree = _stripped(parse(pattern))
    program = _Program(tree)
    choices = max(map(_choices, tree.parts)) if isinstance(tree, Choice) else _choices(tree)
    if choices > 1:
        return program.search
    try:
        quick = re.compile(_python(tree), re.ASCII).search
    except _NotForPythonError:
        return program.search
    if choices == 0:
        return lambda text: quick(text) is not None
    return lambda text: quick(text) is not None if len(text) <= _SHORT else program.search(text)


def _stripped(tree: Tree) -> Tree:
    """Without `.*` at its ends, which means nothing for a search."""
    if not isinstance(tree, Sequence):
        return tree
    parts = list(tree.parts)
    for end in (0, -1):
        while parts and isinstance(parts[end], Repeat) and _free(parts[end]):
            parts.pop(end)
    return Sequence(tuple(parts))


def _free(part: Tree) -> bool:
    return isinstance(part, Repeat) and part.least == 0 and isinstance(part.part, Chars)


def _choices(tree: Tree) -> float:
    """How many free choices a backtracking search has in a row.

    Its time is the text's length to that power.
    """
    if isinstance(tree, Chars | Assertion):
        return 0
    if isinstance(tree, Sequence):
        return sum(_choices(part) for part in tree.parts)
    if isinstance(tree, Choice):
        return 1 + max(_choices(part) for part in tree.parts)
    if tree.least == tree.most:
        return _choices(tree.part) * tree.least
    return 1 if isinstance(tree.part, Chars) else float("inf")


# --- the same tree for Python's own engine


class _NotForPythonError(Exception):
    pass


_ASSERTIONS = {
    "begin": r"\A",
    "end": r"\Z",
    "line-begin": "(?m:^)",
    "line-end": "(?m:$)",
    "word": r"\b",
    "no-word": r"(?!\b)",  # \B does not match an empty text in Python
}


def _python(tree: Tree) -> str:
    if isinstance(tree, Chars):
        return _python_class(tree)
    if isinstance(tree, Assertion):
        return _ASSERTIONS[tree.kind]
    if isinstance(tree, Sequence):
        return "".join(_python(part) for part in tree.parts)
    if isinstance(tree, Choice):
        return "(?:" + "|".join(_python(part) for part in tree.parts) + ")"
    most = "" if tree.most is None else tree.most
    return f"(?:{_python(tree.part)}){{{tree.least},{most}}}"


def _python_class(chars: Chars) -> str:
    ranges = _unfolded(chars.ranges) if chars.fold else chars.ranges
    if not ranges:
        raise _NotForPythonError
    inner = "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges)
    return f"[{'^' if chars.negated else ''}{inner}]"


def _unfolded(ranges: Ranges) -> Ranges:
    if any(high >= _ASCII for _, high in ranges):
        raise _NotForPythonError
    one = Chars(ranges, fold=True)
    codes = [*range(_ASCII), 0x17F, 0x212A]
    return tuple((code, code) for code in codes if one.holds(chr(code)))


# --- our own: the pattern's program, and states made from it as texts need them

_CHARS, _SPLIT, _ASSERT, _MATCH = range(4)


class _State:
    """What the program waits for after some text; `steps` leads on for each character met so far."""

    __slots__ = ("places", "previous", "steps")

    def __init__(self, places: frozenset[int], previous: str) -> None:
        self.places = places
        self.previous = previous
        self.steps: dict[str, _State | None] = {}


class _Program:
    """Steps `(kind, argument, next, other next)`."""

    def __init__(self, tree: Tree) -> None:
        self._steps: list[tuple[int, Chars | str | None, int, int]] = [(_MATCH, None, 0, 0)]
        self._start = self._add(tree, 0)
        self._looks = any(step[0] == _ASSERT for step in self._steps)
        self._states: dict[tuple[frozenset[int], str], _State] = {}
        self._work = 0

    # Built from the end to the beginning: `after` is the step that follows.

    def _step(self, kind: int, argument: Chars | str | None, after: int, other: int = 0) -> int:
        if len(self._steps) >= MAX_PROGRAM:
            raise PatternError("pattern too large - compile failed")
        self._steps.append((kind, argument, after, other))
        return len(self._steps) - 1

    def _add(self, tree: Tree, after: int) -> int:
        if isinstance(tree, Chars):
            return self._step(_CHARS, tree, after)
        if isinstance(tree, Assertion):
            return self._step(_ASSERT, tree.kind, after)
        if isinstance(tree, Sequence):
            for part in reversed(tree.parts):
                after = self._add(part, after)
            return after
        if isinstance(tree, Choice):
            first, *others = [self._add(part, after) for part in tree.parts]
            for other in others:
                first = self._step(_SPLIT, None, first, other)
            return first
        return self._add_repeat(tree, after)

    def _add_repeat(self, tree: Repeat, after: int) -> int:
        if tree.most is None:
            loop = self._step(_SPLIT, None, after, after)
            self._steps[loop] = (_SPLIT, None, self._add(tree.part, loop), after)
            after = loop
        else:
            end = after
            for _ in range(tree.most - tree.least):
                after = self._step(_SPLIT, None, self._add(tree.part, after), end)
        for _ in range(tree.least):
            after = self._add(tree.part, after)
        return after

    def search(self, text: str) -> bool:
        """Whether there is a match somewhere.

        Raises:
            CostError: the text takes too long.
        """
        self._work = 0
        state = self._state(frozenset((self._start,)), "begin")
        for character in text:
            try:
                following = state.steps[character]
            except KeyError:
                following = self._follow(state, character)
            if following is None:
                return True
            state = following
        return 0 in self._closure(state, "end")

    def _state(self, places: frozenset[int], previous: str) -> _State:
        key = (places, previous)
        found = self._states.get(key)
        if found is None:
            if len(self._states) >= _MAX_STATES:
                self._states.clear()
            found = self._states[key] = _State(places, previous)
        return found

    def _follow(self, state: _State, character: str) -> _State | None:
        """The state after a character; None when a match ends before it."""
        kind = _kind(character) if self._looks else "begin"
        reached = self._closure(state, kind)
        following: _State | None = None
        if 0 not in reached:
            places = {self._start}
            for place in reached:
                _, chars, after, _ = self._steps[place]
                if isinstance(chars, Chars) and chars.holds(character):
                    places.add(after)
            following = self._state(frozenset(places), kind)
        state.steps[character] = following
        return following

    def _closure(self, state: _State, following: str) -> set[int]:
        """The steps that wait for a character, or match, between two kinds of characters."""
        seen: set[int] = set()
        reached: set[int] = set()
        todo = list(state.places)
        while todo:
            place = todo.pop()
            if place in seen:
                continue
            seen.add(place)
            kind, argument, after, other = self._steps[place]
            if kind == _SPLIT:
                todo += (after, other)
            elif kind == _ASSERT:
                if _holds(str(argument), state.previous, following):
                    todo.append(after)
            else:
                reached.add(place)
        self._work += len(seen)
        if self._work > MAX_WORK:
            raise CostError("The regular expression takes too long to evaluate.")
        return reached


def _kind(character: str) -> str:
    return "newline" if character == "\n" else "word" if character in _WORD else "other"


def _holds(assertion: str, before: str, after: str) -> bool:
    if assertion == "begin":
        return before == "begin"
    if assertion == "end":
        return after == "end"
    if assertion == "line-begin":
        return before in {"begin", "newline"}
    if assertion == "line-end":
        return after in {"end", "newline"}
    boundary = (before == "word") is not (after == "word")
    return boundary is (assertion == "word")
