"""Patterns for names, in time that no pattern can blow up: they become programs of RE2."""

from __future__ import annotations

from tui.domain.cleanup.items import PlanItems

LONGEST = 1024
"""Characters of a pattern; no name is longer."""


class PatternError(ValueError):
    """A pattern that cannot be read."""

    def __init__(self, message: str, column: int) -> None:
        """`column` counts the characters of the pattern from 1."""
        super().__init__(f"{message}, at character {column}")
        self.column = column


class Glob:
    """`*` and `?` stop at `/`, `**` does not, `**/` may stand for no folder; `[a-c]`, `[!a]`, `{a,b}`.

    A pattern that ends with `/` means everything below. Names are matched whole, from the place on that is
    cleaned up.
    """

    def __init__(self, text: str) -> None:
        """Read a pattern.

        Raises:
            PatternError: it has no meaning; the message says where.
        """
        from re2 import Options  # noqa: PLC0415 (7 ms that no first frame needs)
        from re2._re2 import RE2  # noqa: PLC0415 (as above)

        self.text = text
        if not text:
            raise PatternError("nothing is written", 1)
        if len(text) > LONGEST:
            raise PatternError(f"longer than {LONGEST} characters", LONGEST + 1)
        expression = _Reader(f"{text}**" if text.endswith("/") else text).read()
        options = Options()
        options.log_errors = False
        options.never_capture = True
        self._program = RE2(f"(?s){expression}".encode("utf-8", "surrogatepass"), options)
        self._whole = RE2.Anchor.ANCHOR_BOTH
        if not self._program.ok():
            raise PatternError(self._program.error().decode("utf-8", "replace"), 1)

    def matches(self, name: str) -> bool:
        """Whether a whole name fits."""
        data = name.encode("utf-8", "surrogatepass")
        return bool(self._program.Match(self._whole, data, 0, len(data))[0][0] >= 0)

    def numbers(self, items: PlanItems, start: int) -> list[int]:
        """Which of `items` fit with their names from character `start` on."""
        return [number for number in range(len(items)) if self.matches(items.name(number)[start:])]


def _quoted(text: str) -> str:
    from re2 import escape  # noqa: PLC0415 (as above)

    return str(escape(text))


class _Reader:
    """Makes an expression of a pattern, from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._open = 0
        """Where a brace was opened, counted from 1; 0 outside of one."""

    def read(self) -> str:
        """All of it."""
        parts = []
        while self._at < len(self._text):
            parts.append(self._next(self._text[self._at]))
        if self._open:
            raise PatternError("“{” is not closed", self._open)
        return "".join(parts)

    def _next(self, char: str) -> str:
        begin = self._at
        self._at += 1
        if char == "*":
            return self._stars(begin)
        if char == "?":
            return "[^/]"
        if char == "[":
            return self._set(begin)
        if char == "]":
            raise PatternError("“]” without “[” before it", begin + 1)
        if char in "{}" or (char == "," and self._open):
            return self._brace(char, begin)
        return _quoted(char)

    def _stars(self, begin: int) -> str:
        while self._text[self._at : self._at + 1] == "*":
            self._at += 1
        if self._at - begin > 2:  # noqa: PLR2004 (`**` is the longest)
            raise PatternError("more than two “*” side by side", begin + 3)
        if self._at - begin == 1:
            return "[^/]*"
        at_start = begin == 0 or self._text[begin - 1] in "/{,"
        if at_start and self._text[self._at : self._at + 1] == "/":
            self._at += 1
            return "(?:.*/)?"
        return ".*"

    def _set(self, begin: int) -> str:
        end = self._text.find("]", begin + 2 + (self._text[begin + 1 : begin + 2] in ("!", "^")))
        if end < 0:
            raise PatternError("“[” is not closed", begin + 1)
        inside = self._text[begin + 1 : end]
        negated = inside[:1] in ("!", "^")
        body = inside[1:] if negated else inside
        for place in range(1, len(body) - 1):
            if body[place] == "-" and body[place - 1] > body[place + 1]:
                raise PatternError("a range that runs backwards", begin + 2 + negated + place)
        self._at = end + 1
        escaped = "".join(f"\\{char}" if char in "\\]^[&~" else char for char in body)
        return f"[{'^/' if negated else ''}{escaped}]"

    def _brace(self, char: str, begin: int) -> str:
        if char == ",":
            return "|"
        if char == "{":
            if self._open:
                raise PatternError("“{” within “{”", begin + 1)
            self._open = begin + 1
            return "(?:"
        if not self._open:
            raise PatternError("“}” without “{” before it", begin + 1)
        self._open = 0
        return ")"
