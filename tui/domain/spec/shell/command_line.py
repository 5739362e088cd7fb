"""The command line of a container: whether a shell runs a script in it, and what that shell is told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_BASH = frozenset({"bash", "zsh", "ksh"})
_SHELLS = _BASH | {"sh", "dash", "ash"}
_INIT = frozenset({"tini", "dumb-init", "nohup", "time", "catchsegv"})
_WITH_VALUE = frozenset({"--rcfile", "--init-file", "-O", "+O"})
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
_LETTERS = {"e": "errexit", "u": "nounset"}


@dataclass(frozen=True, slots=True)
class ShellCall:
    """A shell on a command line.

    Attributes:
        bash: whether it knows what bash knows.
        options: what is switched on: `errexit`, `nounset`, `pipefail`.
        env: names that `env NAME=value` in front of it sets.
        with_script: whether `-c` is given, so that the next word is a script.
        script: the position of that script, or of the file to run; the number of words if there is none.
    """

    bash: bool
    options: frozenset[str]
    env: frozenset[str]
    with_script: bool
    script: int


def program_at(words: Sequence[str]) -> tuple[int, frozenset[str]]:
    """The position of the program behind `env`, `tini --` and the like, and the names that `env` sets."""
    at, names = 0, set()
    while at < len(words):
        name = words[at].rpartition("/")[2]
        if name == "env":
            at += 1
            while at < len(words) and (words[at].startswith("-") or _ASSIGNMENT.match(words[at])):
                if found := _ASSIGNMENT.match(words[at]):
                    names.add(found[1])
                at += 1
        elif name in _INIT:
            at += 1
            while at < len(words) and words[at].startswith("-"):
                at += 1
        else:
            break
    return at, frozenset(names)


def shell_call(words: Sequence[str]) -> ShellCall | None:
    """The shell that a command line runs, or None if it runs something else."""
    at, names = program_at(words)
    program = words[at].rpartition("/")[2] if at < len(words) else ""
    if program not in _SHELLS:
        return None
    options: set[str] = set()
    with_script = False
    at += 1
    while at < len(words) and words[at][:1] in ("-", "+") and len(words[at]) > 1:
        word = words[at]
        at += 1
        if word == "--":
            break
        if word in _WITH_VALUE:
            at += 1
        elif not word.startswith("--"):
            with_script = with_script or (word[0] == "-" and "c" in word)
            if word[0] == "-":
                options.update(_LETTERS[letter] for letter in word[1:] if letter in _LETTERS)
            if "o" in word:
                options.update(words[at : at + 1] if word[0] == "-" else ())
                at += 1
    return ShellCall(program in _BASH, frozenset(options), names, with_script, min(at, len(words)))
