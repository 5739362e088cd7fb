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
    """Any of `parts`."""

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


@dataclass(frozen=True, slots=True)
class Call(Search):
    """A function of the Logging query language; its text is its name in lower case."""

    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a function: a field's path or a value."""

    path: tuple[str, ...]
    """Its parts, where they can be told apart; a value in quotes has one."""
    text: str
    quoted: bool


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
_STRING_ESCAPES = frozenset({*_ESCAPES, "\\", '"', "'"})
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    spaced: bool
    """Whether white space comes before it."""

    @property
    def opens_call(self) -> bool:
        """Whether it is the parenthesis after a function's name."""
        return self.text == "(" and self.kind == "punct" and not self.spaced


def parse(text: str, *, logging: bool = False) -> Node | None:
    """The tree of a filter; None for an empty one, which matches everything.

    Args:
        text: the filter.
        logging: whether it is of the Logging query language: with functions, and without colons in values
            that are not in quotes.

    Raises:
        FilterError: the text is not a filter.
    """
    tokens = _tokens(text)
    if len(tokens) == 1:
        return None
    parser = _Parser(text, tokens, logging=logging)
    node = parser.conjunction(0)
    parser.expect_end()
    return node


def unescape(text: str) -> str:
    """The value of a quoted string, given without its quotes."""
    return _ESCAPE.sub(_unescape_one, text)


def _unescape_pattern(text: str) -> str:
    """A regular expression in quotes: what means nothing in strings, such as a class of digits, stays."""
    return _ESCAPE.sub(
        lambda match: _unescape_one(match) if match[1] in _STRING_ESCAPES or match[1][1:] else match[0], text
    )


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
            raise _syntax_error(text, place, text[place])
        if match.lastgroup == "space":
            spaced = True
        else:
            tokens.append(_Token(str(match.lastgroup), match[0], place, spaced))
            spaced = False
        place = match.end()
    tokens.append(_Token("end", "", place, spaced))
    return tokens


FUNCTIONS = {"search": (1, 2), "log_id": (1, 1), "sample": (2, 2), "ip_in_net": (2, 2)}
"""Functions of the Logging query language, and how many arguments they take at least and at most."""


def _place(text: str, place: int) -> str:
    """Where in a filter, in Cloud Logging's words."""
    line = text.count("\n", 0, place) + 1
    return f"line {line}, column {place - (text.rfind(chr(10), 0, place) + 1) + 1}"


def _syntax_error(text: str, place: int, token: str) -> FilterError:
    """In Cloud Logging's words."""
    return FilterError(f"syntax error at {_place(text, place)}, token '{token}'")


class _Parser:
    def __init__(self, text: str, tokens: list[_Token], *, logging: bool) -> None:
        self._text = text
        self._logging = logging
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

    def _fail(self) -> FilterError:
        token = self._next
        return _syntax_error(self._text, token.start, "<EOF>" if token.kind == "end" else token.text)

    def expect_end(self) -> None:
        if self._next.kind != "end":
            raise self._fail()

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
                raise self._fail()
            return node
        return self._term(depth)

    def _term(self, depth: int) -> Node:
        if self._next.kind not in {"word", "string"} or self._next.text in {"AND", "OR"}:
            raise self._fail()
        first = self._next
        if self._logging and first.kind == "word" and self._tokens[self._place + 1].opens_call:
            return self._call()
        path = self._path()
        if self._next.kind != "operator":
            return self._bare(path, first)
        operator = self._take().text
        if self._skip("punct", "("):
            node = self._values(path, operator, depth + 1)
            if not self._skip("punct", ")"):
                raise self._fail()
            return node
        return self._comparison(path, operator)

    def _bare(self, path: tuple[str, ...], first: _Token) -> Node:
        return Search(path[0] if first.kind == "string" and len(path) == 1 else ".".join(path))

    def _call(self) -> Node:
        first = self._take()
        name = first.text.lower()
        if name not in FUNCTIONS:
            known = ", ".join(sorted(FUNCTIONS))
            where = _place(self._text, first.start)
            raise FilterError(f"function '{first.text}' is not supported here, only {known}, at {where}")
        self._place += 1
        arguments = [self._argument()]
        while self._skip("punct", ","):
            arguments.append(self._argument())
        if not self._skip("punct", ")"):
            raise self._fail()
        if not FUNCTIONS[name][0] <= len(arguments) <= FUNCTIONS[name][1]:
            where = _place(self._text, first.start)
            raise FilterError(f"wrong number of arguments for function '{first.text}' at {where}")
        return Call(name, tuple(arguments))

    def _argument(self) -> Argument:
        quoted = self._next.kind == "string"
        path = self._path()
        return Argument(path, path[0] if len(path) == 1 else ".".join(path), quoted and len(path) == 1)

    def _path(self) -> tuple[str, ...]:
        parts = [self._part()]
        while self._is("punct", ".") and not self._next.spaced:
            self._place += 1
            parts.append(self._part())
        return tuple(parts)

    def _part(self) -> str:
        if self._next.kind not in {"word", "string"}:
            raise self._fail()
        token = self._take()
        return unescape(token.text[1:-1]) if token.kind == "string" else token.text

    def _comparison(self, path: tuple[str, ...], operator: str) -> Compare:
        if self._logging and operator in {"=~", "!~"}:
            if self._next.kind == "string":
                return Compare(path, operator, _unescape_pattern(self._take().text[1:-1]), quoted=True)
            token = self._next.text or "<EOF>"
            where = _place(self._text, self._next.start)
            raise FilterError(f"regular expressions must begin and end with '\"' at {where}, token '{token}'")
        value, quoted = self._value()
        return Compare(path, operator, value, quoted)

    def _value(self) -> tuple[str, bool]:
        if self._next.kind == "string":
            return unescape(self._take().text[1:-1]), True
        parts = []
        if self._next.kind == "minus":
            parts.append(self._take().text)
        elif self._next.text in {"AND", "OR", "NOT"}:
            raise self._fail()
        while self._next.kind in {"word", "minus"} or self._is("punct", ".") or self._is_colon():
            if parts and self._next.spaced:
                break
            parts.append(self._take().text)
        if not parts:
            raise self._fail()
        return "".join(parts), False

    def _is_colon(self) -> bool:
        """Whether a value goes on with a colon, as times do; Cloud Logging wants quotes around those."""
        return not self._logging and self._is("operator", ":")

    def _values(self, path: tuple[str, ...], operator: str, depth: int) -> Node:
        """`field = ("a" OR "b" AND NOT "c")`: a small expression over values."""
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
        if depth > MAX_DEPTH:
            raise FilterError("The filter is nested too deeply")
        following = self._tokens[min(self._place + 1, len(self._tokens) - 1)]
        minus = self._next.kind == "minus" and (following.kind == "string" or following.text == "(")
        if self._skip("word", "NOT") or (minus and self._take()):
            return Not(self._value_term(path, operator, depth + 1))
        if self._skip("punct", "("):
            node = self._values(path, operator, depth + 1)
            if not self._skip("punct", ")"):
                raise self._fail()
            return node
        return self._comparison(path, operator)
