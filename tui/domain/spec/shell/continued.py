"""Commands over several lines: a blank behind the backslash, or no backslash, cuts them in two."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.domain.spec.shell.findings import Change, Finding, Setting
from tui.domain.spec.shell.tree import Simple

_BEHIND = re.compile(r"(?P<blanks>\\[ \t]+(?:#[^\n]*)?)\n")
_OPTION = re.compile(r"--?[A-Za-z][\w.-]*(?:=.*)?", re.DOTALL)
_CODE = "shell-continuation"


def lint_blank_behind(setting: Setting) -> Iterator[Finding]:
    r"""`python train.py \ ` with a blank at the line's end: the next line is a command of its own."""
    text = setting.script.text
    for simple in setting.script.commands:
        for word in simple.words[1:]:
            found = _BEHIND.match(text, word.end - 2)
            if found is None or text[word.end - 2 : word.end] not in ("\\ ", "\\\t"):
                continue
            message = (
                "A blank stands behind this backslash, so the command ends here: the backslash must be last."
            )
            change = Change(found.start() + 1, found.end("blanks"), "")
            yield Finding(found.start(), _CODE, message, "Take the blank away", (change,))


def lint_options_alone(setting: Setting) -> Iterator[Finding]:
    """`--epochs 3` at the beginning of a line, where the line above has no backslash at its end."""
    text = setting.script.text
    for simple in setting.script.commands:
        if not simple.words or simple.assigned or not _OPTION.fullmatch(simple.words[0].text):
            continue
        line = text.rfind("\n", 0, simple.start) + 1
        if not line or text[line : simple.start].strip(" \t"):
            continue
        shown = setting.show(simple.words[0].start, simple.words[0].end)
        if "#" in _above(text, line):
            message = f"“{shown}” begins a command of its own: the comment above ends the other one."
            yield Finding(simple.start, _CODE, message)
            continue
        yield _without(text, line, simple, shown)


def _above(text: str, line: int) -> str:
    """The line above the one that begins at `line`."""
    return text[text.rfind("\n", 0, line - 1) + 1 : line - 1]


def _without(text: str, line: int, simple: Simple, shown: str) -> Finding:
    message = f"“{shown}” begins a command of its own: the line above does not end with a backslash."
    above = _above(text, line)
    if not above.strip() or above.rstrip().endswith(("\\", ";", "&", "|")):
        return Finding(simple.start, _CODE, f"“{shown}” begins a command of its own, and is none.")
    end = line - 1 - (len(above) - len(above.rstrip()))
    return Finding(
        simple.start, _CODE, message, "End the line above with a backslash", (Change(end, line - 1, " \\"),)
    )
