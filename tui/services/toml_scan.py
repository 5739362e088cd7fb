"""Where each key of a valid TOML document stands, which neither tomllib nor tomlkit tells.

The scanner follows the grammar of TOML 1.0 for keys and steps over values; it expects a document that
`tomllib` has accepted, and checks nothing again.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Callable

from tui.services.toml_places import KeyPath, Place

_BLANK = re.compile(r"[ \t]*")
_SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\r\n]+")


def find_places(text: str) -> dict[KeyPath, Place]:
    """The first position of every key of a valid TOML document, tables and inline tables included."""
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._offsets: dict[KeyPath, int] = {}

    def scan(self) -> dict[KeyPath, Place]:
        table: KeyPath = ()
        self._skip(_SPACE)
        while self._at < len(self._text):
            if self._next("["):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_SPACE)
        starts = [0, *(match.end() for match in re.finditer("\n", self._text))]
        return {path: _place(starts, offset) for path, offset in self._offsets.items()}

    def _header(self) -> KeyPath:
        brackets = 2 if self._text.startswith("[[", self._at) else 1
        self._at += brackets
        path = self._key(())
        self._at += brackets
        return path

    def _pair(self, table: KeyPath) -> None:
        path = self._key(table)
        self._at += 1  # the equals sign
        self._skip(_BLANK)
        self._value(path)

    def _key(self, path: KeyPath) -> KeyPath:
        while True:
            self._skip(_BLANK)
            start = self._at
            path = (*path, self._key_part())
            self._offsets.setdefault(path, start)
            self._skip(_BLANK)
            if not self._next("."):
                return path
            self._at += 1

    def _key_part(self) -> str:
        if not (self._next('"') or self._next("'")):
            return self._skip(_BARE_KEY)
        name: str = tomllib.loads(f"name = {self._skip(_STRING)}")["name"]
        return name

    def _value(self, path: KeyPath) -> None:
        if self._next('"') or self._next("'"):
            self._skip(_STRING)
        elif self._next("["):
            self._items("]", lambda: self._value(path))
        elif self._next("{"):
            self._items("}", lambda: self._pair(path))
        else:
            self._skip(_SCALAR)

    def _items(self, end: str, item: Callable[[], None]) -> None:
        self._at += 1
        self._skip(_SPACE)
        while not self._next(end):
            item()
            self._skip(_SPACE)
            if self._next(","):
                self._at += 1
                self._skip(_SPACE)
        self._at += 1

    def _next(self, character: str) -> bool:
        return self._text.startswith(character, self._at)

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError(f"not a TOML document at character {self._at}")
        self._at = match.end()
        return match.group()


def _place(starts: list[int], offset: int) -> Place:
    line = bisect_right(starts, offset)
    return Place(line, offset - starts[line - 1] + 1)
