"""Characters that a word processor or a page put into a command: quotes, dashes and blanks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.domain.spec.shell.findings import Change, Finding, Setting
from tui.domain.spec.shell.tree import Word

_LEFT, _RIGHT = "“„‟", "”“‟"
_QUOTED = re.compile(rf"[{_LEFT}](?P<inner>[^{_LEFT}{_RIGHT}\n\"'\\`]*)[{_RIGHT}]")
_DASH = re.compile(r"[–—]{1,2}(?=[A-Za-z])")
_ODD = re.compile("[\xa0\u2002\u2003\u2007\u2009\u202f\u3000]+")
_CODE = "shell-letters"


def lint_letters(setting: Setting) -> Iterator[Finding]:
    """Curly quotes, a long dash before an option, a blank that is no space; never in quotes of the shell."""
    if setting.script.text.isascii():
        return
    done = -1
    for simple in setting.script.commands:
        for word in simple.words:
            if word.quoted or word.start < done or word.text.isascii():
                continue
            found = _of_word(setting.script.text, word)
            if found is not None:
                done = max(found.changes[-1].end if found.changes else word.end, word.end)
                yield found


def _of_word(text: str, word: Word) -> Finding | None:
    written = text[word.start : word.end]
    if (dash := _DASH.match(written)) is not None:
        end = word.start + dash.end()
        message = (
            "This is a long dash, as a word processor makes of two hyphens: the program knows no such option."
        )
        return Finding(word.start, _CODE, message, "Write two hyphens", (Change(word.start, end, "--"),))
    if (odd := _ODD.search(written)) is not None:
        at, end = word.start + odd.start(), word.start + odd.end()
        message = (
            "The blank here is no space, as in text copied from a page: the shell takes it for a letter."
        )
        return Finding(at, _CODE, message, "Write a space", (Change(at, end, " "),))
    at = next((word.start + number for number, char in enumerate(written) if char in _LEFT), -1)
    if at < 0:
        return None
    message = "These quotes are those of a word processor: the shell takes them for letters."
    quoted = _QUOTED.match(text, at)
    if quoted is None:
        return Finding(at, _CODE, message)
    change = Change(at, quoted.end(), f'"{quoted["inner"]}"')
    return Finding(at, _CODE, message, "Write straight quotes", (change,))
