"""Regular expressions in RE2's syntax: read into a tree, or refused in RE2's words.

RE2 knows neither look-around nor backreferences, and its time is linear in the text's length
(github.com/google/re2/wiki/Syntax). `automaton` runs the trees in the same manner.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from dataclasses import dataclass
from functools import cache

MAX_REPEAT = 1000
_DEPTH = 100


class PatternError(ValueError):
    """Not a pattern of RE2; the text is RE2's."""


Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of `ranges`, or out of all others."""

    ranges: Ranges
    negated: bool = False
    fold: bool = False
    """Without regard to case."""

    def holds(self, character: str) -> bool:
        """Whether a character is one of these."""
        variants = _variants(character) if self.fold else (character,)
        codes = [ord(variant) for variant in variants]
        return any(low <= code <= high for code in codes for low, high in self.ranges) is not self.negated


@dataclass(frozen=True, slots=True)
class Assertion:
    """A place between characters: `begin`, `end`, `line-begin`, `line-end`, `word`, `no-word`."""

    kind: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """Parts one after the other."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the parts."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`part` from `least` to `most` times; None for ever so many."""

    part: Tree
    least: int
    most: int | None


Tree = Chars | Assertion | Sequence | Choice | Repeat

DIGIT: Ranges = ((48, 57),)
SPACE: Ranges = ((9, 10), (12, 13), (32, 32))
WORD: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))
_ALL: Ranges = ((0, sys.maxunicode),)
_POSIX: dict[str, Ranges] = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 31), (127, 127)),
    "digit": DIGIT,
    "graph": ((33, 126),),
    "lower": ((97, 122),),
    "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "upper": ((65, 90),),
    "word": WORD,
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}
_PERL = {"d": DIGIT, "s": SPACE, "w": WORD}
_CONTROLS = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_ASSERTIONS = {"A": "begin", "z": "end", "b": "word", "B": "no-word"}
_GROUP = re.compile(r"\?(?:P?<(?P<name>[^>]*)>|(?P<flags>[imsU]*(?:-[imsU]+)?)(?P<end>[:)]))")
_REPEAT = re.compile(r"\{(\d+)(,(\d*))?\}")
_HEX = re.compile(r"x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\})")
_CLASS = re.compile(r"\[:(\^?)(\w+):\]")
_KELVIN_AND_LONG_S = {"k": "\u212a", "K": "\u212a", "s": "\u017f", "S": "\u017f"}


def _variants(character: str) -> tuple[str, ...]:
    found = {character, *(c for c in (character.lower(), character.upper()) if len(c) == 1)}
    found |= {_KELVIN_AND_LONG_S[c] for c in found if c in _KELVIN_AND_LONG_S}
    return tuple(found)


def invert(ranges: Ranges) -> Ranges:
    """All characters that are not in `ranges`."""
    found, begin = [], 0
    for low, high in sorted(ranges):
        if low > begin:
            found.append((begin, low - 1))
        begin = max(begin, high + 1)
    if begin <= sys.maxunicode:
        found.append((begin, sys.maxunicode))
    return tuple(found)


@cache
def _category(name: str) -> Ranges:
    """The characters of a Unicode general category such as `L` or `Lu`."""
    found: list[tuple[int, int]] = []
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)).startswith(name):
            if found and found[-1][1] == code - 1:
                found[-1] = (found[-1][0], code)
            else:
                found.append((code, code))
    return tuple(found)


def parse(pattern: str) -> Tree:
    """The tree of a pattern.

    Raises:
        PatternError: RE2 would refuse it.
    """
    parser = _Parser(pattern)
    tree = parser.choice(0)
    if not parser.at_end:
        raise PatternError(f"unexpected ): {pattern}")
    return tree


class _Parser:
    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._place = 0
        self._flags = frozenset[str]()
        self._groups: set[str] = set()

    @property
    def at_end(self) -> bool:
        return self._place >= len(self._text)

    def _peek(self, text: str) -> bool:
        return self._text.startswith(text, self._place)

    def _match(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        found = expression.match(self._text, self._place)
        if found:
            self._place = found.end()
        return found

    def choice(self, depth: int) -> Tree:
        if depth > _DEPTH:
            raise PatternError("expression nests too deeply")
        parts = [self._sequence(depth)]
        while self._peek("|"):
            self._place += 1
            parts.append(self._sequence(depth))
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def _sequence(self, depth: int) -> Tree:
        parts: list[Tree] = []
        while not self.at_end and not self._peek("|") and not self._peek(")"):
            parts += self._repeated(depth)
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _repeated(self, depth: int) -> list[Tree]:
        if self._text[self._place] in "*+?":
            raise PatternError(f"no argument for repetition operator: {self._text[self._place]}")
        atoms = self._atoms(depth)
        begin = self._place
        operator = self._operator()
        if operator is None:
            return atoms
        if not atoms:
            raise PatternError(f"no argument for repetition operator: {self._text[begin : self._place]}")
        last: Tree = Repeat(atoms[-1], *operator)
        again = self._place
        if self._operator() is not None and self._text[again] in "*+?{":
            raise PatternError(f"bad repetition operator: {self._text[begin : self._place]}")
        return [*atoms[:-1], last]

    def _operator(self) -> tuple[int, int | None] | None:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if self.at_end:
            return None
        found = simple.get(self._text[self._place])
        if found:
            self._place += 1
        else:
            begin = self._place
            counted = self._match(_REPEAT)
            if counted is None:
                return None
            least = int(counted[1])
            most = least if counted[2] is None else int(counted[3]) if counted[3] else None
            if least > MAX_REPEAT or (most is not None and (most > MAX_REPEAT or most < least)):
                raise PatternError(f"invalid repetition size: {self._text[begin : self._place]}")
            found = (least, most)
        if self._peek("?"):
            self._place += 1
        return found

    def _atoms(self, depth: int) -> list[Tree]:
        """What the next piece of the pattern stands for; nothing for a setting of flags."""
        character = self._text[self._place]
        if character == "(":
            return self._group(depth)
        if character in "[\\":
            return self._escape() if character == "\\" else [self._class()]
        self._place += 1
        if character == ".":
            return [Chars(_ALL if "s" in self._flags else invert(((10, 10),)))]
        if character in "^$":
            end = "begin" if character == "^" else "end"
            return [Assertion(f"line-{end}" if "m" in self._flags else end)]
        return [self._literal(ord(character))]

    def _literal(self, code: int) -> Chars:
        return Chars(((code, code),), fold="i" in self._flags)

    def _group(self, depth: int) -> list[Tree]:
        begin = self._place
        outer = self._flags
        self._place += 1
        if self._peek("?"):
            header = self._match(_GROUP)
            if header is None or (header["flags"] == "" and header["end"] == ")"):
                raise PatternError(f"invalid perl operator: {self._text[begin : begin + 3]}")
            if header["name"] is not None:
                self._name(header["name"], self._text[begin : self._place])
            else:
                self._set_flags(header["flags"])
                if header["end"] == ")":
                    return []
        inner = self.choice(depth + 1)
        if not self._peek(")"):
            raise PatternError(f"missing ): {self._text}")
        self._place += 1
        self._flags = outer
        return [inner]

    def _name(self, name: str, text: str) -> None:
        if not re.fullmatch(r"\w+", name):
            raise PatternError(f"invalid named capture group: {text}")
        if name in self._groups:
            raise PatternError(f"duplicate capture group name: {name}")
        self._groups.add(name)

    def _set_flags(self, text: str) -> None:
        on, _, off = text.partition("-")
        self._flags = (self._flags | frozenset(on)) - frozenset(off)

    def _escape(self) -> list[Tree]:
        self._place += 1
        if self.at_end:
            raise PatternError("trailing \\ at end of regexp")
        character = self._text[self._place]
        if character in _ASSERTIONS:
            self._place += 1
            return [Assertion(_ASSERTIONS[character])]
        if character == "Q":
            end = self._text.find("\\E", self._place)
            quoted = self._text[self._place + 1 : end if end >= 0 else None]
            self._place = end + 2 if end >= 0 else len(self._text)
            return [self._literal(ord(each)) for each in quoted]
        return [Chars(self._escaped(), fold="i" in self._flags)]

    def _escaped(self) -> Ranges:
        """The characters of an escape, after its backslash; in and outside of brackets."""
        character = self._text[self._place]
        if character.lower() in _PERL:
            self._place += 1
            ranges = _PERL[character.lower()]
            return ranges if character.islower() else invert(ranges)
        if character in "pP":
            return self._property(negated=character == "P")
        return ((self._code(), self._code_again),)

    def _code(self) -> int:
        self._code_again = self._read_code()
        return self._code_again

    def _read_code(self) -> int:
        begin = self._place
        character = self._text[begin]
        self._place += 1
        if character in _CONTROLS:
            return _CONTROLS[character]
        if character == "x":
            self._place = begin
            found = self._match(_HEX)
            code = int(found[1] or found[2], 16) if found else sys.maxunicode + 1
            if code <= sys.maxunicode:
                return code
        elif character in "01234567":
            octal = re.compile("0[0-7]{0,2}|[1-7][0-7]{1,2}").match(self._text, begin)
            if octal:
                self._place = octal.end()
                return int(octal[0], 8)
        elif not (character.isascii() and (character.isalnum() or character == "_")):
            return ord(character)
        raise PatternError(f"invalid escape sequence: \\{self._text[begin : max(self._place, begin + 1)]}")

    def _property(self, *, negated: bool) -> Ranges:
        begin = self._place
        found = self._match(re.compile(r"[pP](?:\{(\^?)(\w+)\}|(\w))"))
        name = (found[2] or found[3]) if found else ""
        ranges = _ALL if name == "Any" else _category(name) if re.fullmatch("[A-Z][a-z]?", name) else ()
        if not ranges or found is None:
            raise PatternError(f"invalid character class range: \\{self._text[begin : self._place]}")
        return invert(ranges) if negated is not bool(found[1]) else ranges

    def _class(self) -> Chars:
        begin = self._place
        self._place += 1
        negated = self._peek("^")
        self._place += negated
        ranges: list[tuple[int, int]] = []
        first = True
        while first or not self._peek("]"):
            if self.at_end:
                raise PatternError(f"missing ]: {self._text[begin:]}")
            ranges += self._class_part()
            first = False
        self._place += 1
        return Chars(tuple(ranges), negated=negated, fold="i" in self._flags)

    def _class_part(self) -> Ranges:
        begin = self._place
        if self._peek("[:"):
            named = self._match(_CLASS)
            if named:
                if named[2] not in _POSIX:
                    raise PatternError(f"invalid character class range: {named[0]}")
                return invert(_POSIX[named[2]]) if named[1] else _POSIX[named[2]]
        ranges = self._class_character()
        (low, high), single = ranges[0], len(ranges) == 1 and ranges[0][0] == ranges[0][1]
        if not (self._peek("-") and not self._text.startswith("-]", self._place)) or not single:
            return ranges
        self._place += 1
        if self.at_end:
            raise PatternError(f"missing ]: {self._text[begin:]}")
        (_, high), *more = self._class_character()
        if more or high < low:
            raise PatternError(f"invalid character class range: {self._text[begin : self._place]}")
        return ((low, high),)

    def _class_character(self) -> Ranges:
        if self._peek("\\"):
            self._place += 1
            if self.at_end:
                raise PatternError("trailing \\ at end of regexp")
            return self._escaped()
        code = ord(self._text[self._place])
        self._place += 1
        return ((code, code),)
