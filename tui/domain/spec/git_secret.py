"""A secret in a file that git keeps, or would: what is said of it, and the line that keeps the file out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from tui.domain.spec.problems import START, Fix, Problem, warning
from tui.domain.spec.secret_rules import LITERAL

CODE = "secret-in-git"


@dataclass(frozen=True, slots=True)
class GitStanding:
    """What git makes of one file.

    Attributes:
        root: the top folder of the work tree; empty when the file is in none.
        relative: the file below it, with `/` between the parts.
        tracked: whether the file is in the index; None when git did not tell.
        ignored: whether a rule keeps it out; None when git did not tell.
        trouble: why git did not tell, in words.
    """

    root: str = ""
    relative: str = ""
    tracked: bool | None = None
    ignored: bool | None = None
    trouble: str = ""

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.relative.rpartition("/")[2]


NOT_IN_GIT = GitStanding()


def git_problem(problems: Iterable[Problem], standing: GitStanding) -> Problem | None:
    """The problem of a file with a literal secret in a work tree; None when git keeps it out."""
    if not standing.root:
        return None
    first = next((problem for problem in problems if problem.code == LITERAL), None)
    if first is None:
        return None
    place, name = first.place or START, standing.name
    if standing.tracked is None:
        message = f"{name} holds a secret and is in a git repository; {standing.trouble}."
        return warning(place, CODE, message)
    if standing.tracked:
        message = f"{name} holds a secret and is tracked by git: every clone has it. Use a new key."
        return warning(place, CODE, message, Fix("Show what to do", ()))
    if standing.ignored:
        return None
    message = f"{name} holds a secret and git does not ignore it: the next commit may take it along."
    fix = None if ignore_pattern(standing.relative) is None else Fix("Add it to .gitignore", ())
    return warning(place, CODE, message, fix)


_SPECIAL = re.compile(r"[*?\[\]\\]")


def ignore_pattern(relative: str) -> str | None:
    """The line of a `.gitignore` in the top folder that means this file only; None if no line can."""
    if "\n" in relative or "\r" in relative or not relative:
        return None
    escaped = _SPECIAL.sub(lambda match: f"\\{match.group()}", relative)
    bare = escaped.rstrip(" ")
    return "/" + bare + "\\ " * (len(escaped) - len(bare))


def with_pattern(before: bytes, pattern: str) -> bytes:
    """A `.gitignore` with one more line at its end, which wins over those above it."""
    ending = b"\r\n" if before.endswith(b"\r\n") else b"\n"
    gap = ending if before and not before.endswith(b"\n") else b""
    return before + gap + pattern.encode("utf-8", "surrogateescape") + ending


def ignoring_lines(standing: GitStanding) -> list[str]:
    """What the question before a change of `.gitignore` says."""
    return [
        f"Adds the line {ignore_pattern(standing.relative)} to {standing.root}/.gitignore.",
        "The secret stays in the file: f on its line moves it to your secrets.",
    ]


def tracked_lines(standing: GitStanding) -> list[str]:
    """What to do about a secret that git has already; nothing of it is done by the app."""
    file = shlex.quote(standing.relative)
    return [
        "Ignoring the file is not enough: git has its contents, and so has every clone.",
        "1. Make a new key where the old one was issued, and revoke the old one.",
        "2. Move the secret out of the file: f on its line. Save, then commit:",
        f"     git commit -m 'Take a key out' -- {file}",
        "3. Or keep the file here and out of git from now on:",
        f"     git rm --cached -- {file}",
        "Where it went in:",
        f"     git log --oneline -- {file}",
        f"All of them in {standing.root}; none is run by this app.",
        f"The line {ignore_pattern(standing.relative)} in .gitignore keeps it out after step 3. Add it now?",
    ]
