"""Secrets that are known by the name they stand under: in environments, assignments and options."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.domain.secret_kinds import Finding, is_telling, kind_under, tokens_in
from tui.domain.secret_layout import Layout, Variable, Written

_REACH = 60
"""Characters of a name that are looked at on either side of the hint."""
_HINT = re.compile(
    rf"(?:token|secret|passw|passphrase|passcode|pwd|credential|key)(?P<rest>[\w.-]{{0,{_REACH}}}+)"
    r"[\"']?(?:[ \t]{0,8}(?P<sign>[:=])[ \t]{0,8})?",
    re.IGNORECASE,
)
"""Every telling name has one of these in it; with `sign` a value follows."""
_DASH = re.compile(r"-(?=\s)")
_FIRST = 4_000
"""Characters of a value that are looked at; no secret known by its look is longer."""
_LEAST = 8
"""Shorter values are none."""
_TRIES = 4
"""How often one word is looked at as a whole, as the value of one name in it after another."""
_NAMES = 4
"""Names of one environment variable that are looked at; it has one."""
_CUTS = tuple(map(re.compile, (r",[\w-]{1,80}[:=]", r"[,}]", r"[;)|&`\]\\<>,}]")))
"""What may follow a value without a space and be no part of it, the surest first."""
_INNER_CUT = re.compile(r"[:=;)|&`\]\\<>,}]")
_INNER = re.compile(r"[^\s\"':=;)|&`\]\\<>,}]{8}")
_AFTER_VALUE = ";)|&`]\\,}"


def told_values(text: str, unnamed: str = "") -> Iterator[Finding]:
    """Secrets under telling names; `unnamed` is the name of `value`s that have none."""
    told = _Told(text)
    yield from told.assigned()
    for variable in told.layout.variables():
        yield from told.of_variable(variable, unnamed)


class _Told:
    def __init__(self, text: str) -> None:
        self.layout = Layout(text)
        self._text = text
        self._word, self._tries = -1, 0
        """The end of the word that was looked at last, and how often that was done."""
        self._decoded = -1

    def assigned(self) -> Iterator[Finding]:
        """What stands after a name and a sign, or after an option."""
        text, done = self._text, 0
        for hint in _HINT.finditer(text):
            if hint.start() < done or self._is_short(hint):
                continue
            start = self._beginning(hint.start())
            if not hint["sign"] and text[start] != "-":
                continue
            name = text[start : hint.end("rest")]
            if is_telling(name) and (found := self._after(name, hint)):
                done = found.end
                yield found

    def of_variable(self, variable: Variable, unnamed: str) -> Iterator[Finding]:
        """The values of one environment variable."""
        names = [name for name in variable.names if is_telling(name)][:_NAMES]
        if unnamed and not variable.names:
            names = [unnamed]
        for value in variable.values:
            under = (found for name in names if (found := self._under(name, value, alone=True)))
            if found := next(under, None) or self._escaped(value):
                yield found

    def _is_short(self, hint: re.Match[str]) -> bool:
        """Whether too little follows, in a word that is looked at in pieces by now."""
        in_pieces = self._tries >= _TRIES - 1 and hint.end() < self._word
        return in_pieces and hint["sign"] is not None and not _INNER.match(self._text, hint.end())

    def _beginning(self, position: int) -> int:
        """Where the name begins that has a hint at a position."""
        text, least = self._text, max(position - _REACH, 0)
        while position > least and (text[position - 1].isalnum() or text[position - 1] in "_-."):
            position -= 1
        return position

    def _after(self, name: str, hint: re.Match[str]) -> Finding | None:
        text, layout, place = self._text, self.layout, hint.end()
        if hint["sign"]:
            place = layout.skip(place) if hint["sign"] == ":" else place
            written = layout.written(place)
            if written and text[written.end - 1] != ":" and (found := self._under(name, written)):
                return found
        if not name.startswith("-") or (place := layout.skip(hint.end())) == hint.end("rest"):
            return None
        if dash := _DASH.match(text, place):
            place = layout.skip(dash.end())
        written = layout.written(place)
        return self._under(name, written) if written and text[written.start] != "-" else None

    def _under(self, name: str, written: Written, *, alone: bool = False) -> Finding | None:
        """The secret in a value, whole or before what ends a word in a shell or in JSON.

        A value that stands `alone` may end with such a character.
        """
        if written.end - written.start < _LEAST:
            return None
        self._tries = self._tries + 1 if written.end == self._word else 0
        self._word = written.end
        whole = written.text.strip() if written.text and self._tries < _TRIES else ""
        if whole and (kind := kind_under(name, whole)):
            return Finding(written.start, written.end, kind)
        start, end = written.start, self.layout.word_end(written.start)
        for piece in self._pieces(start, end, alone=alone):
            if len(piece) >= _LEAST and (kind := kind_under(name, piece)):
                return Finding(start, end if len(piece) == _FIRST else start + len(piece), kind)
        return None

    def _pieces(self, start: int, end: int, *, alone: bool) -> Iterator[str]:
        if self._tries >= _TRIES:  # each to the next sign, so that all together are one reading of the word
            cut = _INNER_CUT.search(self._text, start, end)
            yield self._text[start : min(cut.start() if cut else end, start + _FIRST)]
            return
        word, last = self._text[start : min(end, start + _FIRST)], ""
        for pattern in _CUTS:
            cut = pattern.search(word)
            piece = (word[: cut.start()] if cut else word).rstrip(_AFTER_VALUE)
            if piece != last:
                yield piece
            last = piece
        if alone:
            yield word

    def _escaped(self, value: Written) -> Finding | None:
        """A token of which some characters are written in another way."""
        if value.text is None or len(value.text) == value.end - value.start or value.start <= self._decoded:
            return None
        self._decoded = value.start
        token = next(tokens_in(value.text), None)
        return Finding(value.start, value.end, token.kind) if token else None
