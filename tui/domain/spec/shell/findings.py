"""What a lint says about a script, in the script's own offsets."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui.domain.spec.shell.commands import Kinds
from tui.domain.spec.shell.tree import Script, Simple

_SHOWN = 40
"""Characters of a command that a message shows."""


@dataclass(frozen=True, slots=True)
class Change:
    """Replace the script's characters from `start` to `end` by `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; `title` and `changes` are its fix, if there is one that is certain."""

    at: int
    code: str
    message: str
    title: str = ""
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a script runs.

    Attributes:
        script: the script.
        bash: whether the shell is bash, not a plain POSIX shell.
        options: what the command line switches on, such as `errexit`.
        env: the names of the container's variables.
        extra: what follows the script on the command line: `$0`, `$1`, …
    """

    script: Script
    bash: bool = True
    options: frozenset[str] = frozenset()
    env: frozenset[str] = frozenset()
    extra: tuple[str, ...] = ()
    kinds: Kinds = field(init=False)
    closes_pipes: bool = field(init=False)
    """Whether a pipe may end with a signal although nothing failed, which `pipefail` takes for a failure."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", Kinds(self.script))
        object.__setattr__(self, "closes_pipes", any(map(_closes, self.script.commands)))

    def show(self, start: int, end: int) -> str:
        """A part of the script, on one line and short."""
        text = " ".join(self.script.text[start : min(end, start + 4 * _SHOWN)].split())
        return text if len(text) <= _SHOWN else text[: _SHOWN - 1].rstrip() + "…"


def _closes(simple: Simple) -> bool:
    """Whether a program may stop reading early, or is made to write without end."""
    if simple.name in ("grep", "egrep"):
        return any(word.text.startswith("-") for word in simple.words[1:3])
    return simple.name in ("head", "less", "more", "yes")
