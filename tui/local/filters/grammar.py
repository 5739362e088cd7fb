"""One grammar for both filter languages: text to a tree.

`NOT` (or `-`) binds tightest, then `OR`, then `AND`; two terms side by side, or on two lines, mean `AND`.
Operators are upper case. See the Logging query language and AIP-160.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

MAX_DEPTH = 100
"""Nesting of parentheses and `NOT` that is still read."""


class FilterError(ValueError):
    """A filter that cannot be read; the text says where."""


@dataclass(frozen=True, slots=True)
class And:
    """All of `parts`."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Message of `parts`."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of `part`."""

    part: Node


@dataclass(frozen=True, slots=True)
class Compare:
    """`path operator value`; `field:*` has the unquoted value `*`."""

    path: tuple[str, ...]
    operator: str
    value: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Search:
    """A bare value: somewhere in the entry."""

    text: str


Node = And | Or | Not | Compare | Search

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n\f\v]+|--[^\n]*)
    |(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<operator>!=|>=|<=|=~|!~|=|<|>|:)
    |(?P<punct>[(),.])
    |(?P<minus>-(?=[("'A-Za-z_]))
    |(?P<word>[^\s"'()=<>:,!~.]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_SURROGATES = range(0xD800, 0xE000)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    spaced: bool
    """Whether white space comes before it."""


def parse(text: str) -> Node | None:
    """The tree of a filter; None for an empty one, which matches everything.

    Raises:
        FilterError: the text is not a filter.
    """
    tokens = _tokens(text)
    if len(tokens) == 1:
        return None
    parser = _Parser(tokens)
    node = parser.conjunction(0)
    parser.expect_end()
    return node


def unescape(text: str) -> str:
    """The value of a quoted string, given without its quotes."""
    return _ESCAPE.sub(_unescape_one, text)


def _unescape_one(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "xuU" and len(code) > 1:
        return _character(int(code[1:], 16), match[0])
    if len(code) == 3:  # noqa: PLR2004 (three octal digits)
        return _character(int(code, 8), match[0])
    return _ESCAPES.get(code, code)


def _character(number: int, otherwise: str) -> str:
    return otherwise if number > sys.maxunicode or number in _SURROGATES else chr(number)


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    place = 0
    spaced = False
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise FilterError(f"Unexpected character at position {place + 1}: {text[place : place + 20]!r}")
        if match.lastgroup == "space":
            spaced = True
        else:
            tokens.append(_Token(str(match.lastgroup), match[0], place, spaced))
            spaced = False
        place = match.end()
    tokens.append(_Token("end", "", place, spaced))
    return tokens


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._place = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _take(self) -> _Token:
        token = self._next
        self._place += 1
        return token

    def _is(self, kind: str, text: str) -> bool:
        return self._next.kind == kind and self._next.text == text

    def _skip(self, kind: str, text: str) -> bool:
        if self._is(kind, text):
            self._place += 1
            return True
        return False

    def _fail(self, wanted: str) -> FilterError:
        token = self._next
        found = "the end" if token.kind == "end" else repr(token.text)
        return FilterError(f"Expected {wanted} at position {token.start + 1}, found {found}")

    def expect_end(self) -> None:
        if self._next.kind != "end":
            raise self._fail("the end")

    def conjunction(self, depth: int) -> Node:
        parts = [self._disjunction(depth)]
        while True:
            if self._skip("word", "AND"):
                parts.append(self._disjunction(depth))
            elif self._next.kind == "end" or self._is("punct", ")") or self._is("word", "OR"):
                break
            else:
                parts.append(self._disjunction(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _disjunction(self, depth: int) -> Node:
        parts = [self._negation(depth)]
        while self._skip("word", "OR"):
            parts.append(self._negation(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _negation(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise FilterError("The filter is nested too deeply")
        if self._skip("word", "NOT") or (self._next.kind == "minus" and self._take()):
            return Not(self._negation(depth + 1))
        if self._skip("punct", "("):
            node = self.conjunction(depth + 1)
            if not self._skip("punct", ")"):
                raise self._fail("')'")
            return node
        return self._term(depth)

    def _term(self, depth: int) -> Node:
        if self._next.kind not in {"word", "string"} or self._next.text in {"AND", "OR"}:
            raise self._fail("a term")
        if self._next.text == "SEARCH" and self._tokens[self._place + 1].text == "(":
            return self._search_call()
        first = self._next
        path = self._path()
        if self._next.kind != "operator":
            return self._bare(path, first)
        operator = self._take().text
        if self._skip("punct", "("):
            node = self._values(path, operator, depth + 1)
            if not self._skip("punct", ")"):
                raise self._fail("')'")
            return node
        return self._comparison(path, operator)

    def _bare(self, path: tuple[str, ...], first: _Token) -> Node:
        return Search(path[0] if first.kind == "string" and len(path) == 1 else ".".join(path))

    def _search_call(self) -> Node:
        self._place += 2
        values = [self._value()[0]]
        while self._skip("punct", ","):
            values.append(self._value()[0])
        if not self._skip("punct", ")"):
            raise self._fail("')'")
        return Search(values[-1])

    def _path(self) -> tuple[str, ...]:
        parts = [self._part()]
        while self._is("punct", ".") and not self._next.spaced:
            self._place += 1
            parts.append(self._part())
        return tuple(parts)

    def _part(self) -> str:
        if self._next.kind not in {"word", "string"}:
            raise self._fail("a name")
        token = self._take()
        return unescape(token.text[1:-1]) if token.kind == "string" else token.text

    def _comparison(self, path: tuple[str, ...], operator: str) -> Compare:
        value, quoted = self._value()
        return Compare(path, operator, value, quoted)

    def _value(self) -> tuple[str, bool]:
        if self._next.kind == "string":
            return unescape(self._take().text[1:-1]), True
        parts = []
        if self._next.kind == "minus":
            parts.append(self._take().text)
        elif self._next.text in {"AND", "OR", "NOT"}:
            raise self._fail("a value")
        while self._next.kind in {"word", "minus"} or self._is("punct", ".") or self._is("operator", ":"):
            if parts and self._next.spaced:
                break
            parts.append(self._take().text)
        if not parts:
            raise self._fail("a value")
        return "".join(parts), False

    def _values(self, path: tuple[str, ...], operator: str, depth: int) -> Node:
        """`field = ("a" OR "b" AND NOT "c")`: a small expression over values."""
        if depth > MAX_DEPTH:
            raise FilterError("The filter is nested too deeply")
        alternatives: list[list[Node]] = [[self._value_term(path, operator, depth)]]
        while not self._is("punct", ")"):
            if self._skip("word", "OR"):
                alternatives[-1].append(self._value_term(path, operator, depth))
            else:
                self._skip("word", "AND")
                alternatives.append([self._value_term(path, operator, depth)])
        parts = tuple(group[0] if len(group) == 1 else Or(tuple(group)) for group in alternatives)
        return parts[0] if len(parts) == 1 else And(parts)

    def _value_term(self, path: tuple[str, ...], operator: str, depth: int) -> Node:
        if self._skip("word", "NOT"):
            return Not(self._value_term(path, operator, depth + 1))
        if self._skip("punct", "("):
            node = self._values(path, operator, depth + 1)
            if not self._skip("punct", ")"):
                raise self._fail("')'")
            return node
        return self._comparison(path, operator)
