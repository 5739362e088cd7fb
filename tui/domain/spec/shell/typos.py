"""Lines of a script that are no shell: blanks around `=`, what notebooks begin with, half of a `gs://`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.domain.spec.shell.findings import Change, Finding, Setting
from tui.domain.spec.shell.tree import NAME_TEXT, Simple

_WORDS = 3
"""A name, `=` and a value."""
_NOTEBOOK = re.compile(r"!(?=[a-z])|%(?=(?:cd|pip|conda|env|run|bash|sh|load_ext)$)")
_HALF = re.compile(r"(?:gs:/(?=[^/])|gcs://|gs//:?|gs:///+)(?=[\w$])")
_OWN_MACHINE = re.compile(
    r"(?:[\w-]+=)?(?P<path>/Users/\w[\w.-]*/|[A-Za-z]:\\{1,2}[\w.-]|[A-Za-z]:[/\\]Users\b)"
)
_OF_BUCKETS = frozenset({"gsutil", "gcloud"})
_CODE = "shell-typo"


def lint_typos(setting: Setting) -> Iterator[Finding]:
    """Every one of them, with its fix."""
    for simple in setting.script.commands:
        if not simple.words:
            continue
        yield from _assignment(simple)
        yield from _notebook(simple)
        yield from _own_paths(setting, simple)
        if simple.name in _OF_BUCKETS:
            yield from _half(simple)


def own_path(text: str) -> str:
    """What is said of a path that only a Mac or a Windows machine has; empty for any other text."""
    found = _OWN_MACHINE.match(text)
    return (
        f"“{text[found.start('path') :][:40]}” is on your own machine: the container does not see it."
        if found
        else ""
    )


def _own_paths(setting: Setting, simple: Simple) -> Iterator[Finding]:
    for word in simple.words:
        if message := own_path(setting.script.text[word.start : word.end].strip("'\"")):
            yield Finding(word.start, _CODE, message)


def _assignment(simple: Simple) -> Iterator[Finding]:
    words = simple.words
    if (
        len(words) < _WORDS
        or words[1].text != "="
        or words[1].quoted
        or not NAME_TEXT.fullmatch(words[0].text)
    ):
        return
    name = words[0].text
    message = f"Without blanks around “=” this sets {name}; as it stands, it runs a program of that name."
    changes = (Change(words[0].end, words[2].start, "="),) if len(words) == _WORDS else ()
    yield Finding(simple.start, _CODE, message, "Take the blanks away", changes)


def _notebook(simple: Simple) -> Iterator[Finding]:
    first = simple.words[0]
    found = _NOTEBOOK.match(first.text) if first.plain and not first.quoted else None
    if found is not None:
        message = (
            f"“{found.group()}” before a command is for notebooks: the shell looks for “{first.text[:40]}”."
        )
        change = Change(first.start, first.end, first.text[1:])
        yield Finding(first.start, _CODE, message, f"Take “{found.group()}” away", (change,))


def _half(simple: Simple) -> Iterator[Finding]:
    for word in simple.words[1:]:
        if not word.quoted and (found := _HALF.match(word.text)) is not None:
            message = f"“{word.text[:40]}” is no place in a bucket: that begins with gs://."
            change = Change(word.start, word.start + found.end(), "gs://")
            yield Finding(word.start, _CODE, message, "Write gs://", (change,))
