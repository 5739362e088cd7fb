"""What a shell script consists of; every offset counts the script's characters from 0."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

NAME_TEXT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""The name of a variable."""


@dataclass(slots=True)
class Word:
    """One word of a command.

    Attributes:
        start: where it begins.
        end: where it ends.
        text: its characters without quotes; expansions stand as they are written.
        plain: whether nothing in it is expanded, so that `text` is what the command gets.
        quoted: whether a part of it is quoted.
        names: the variables expanded in it.
    """

    start: int
    end: int
    text: str
    plain: bool = True
    quoted: bool = False
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class Use:
    """A variable that is expanded somewhere; `guarded` when the script provides for its absence."""

    name: str
    start: int
    end: int
    guarded: bool


@dataclass(slots=True)
class Redirect:
    """`> file` and its kind."""

    operator: str
    target: Word


@dataclass(slots=True)
class Simple:
    """A command with its words; those before it that set variables are in `assigned`."""

    start: int
    end: int = 0
    assigned: list[str] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)
    name: str = ""
    """The first word, without the folders before it."""


class Shape(StrEnum):
    """The kinds of commands that hold others."""

    GROUP = "{ }"
    SUBSHELL = "( )"
    IF = "if"
    FOR = "for"
    WHILE = "while"
    CASE = "case"
    FUNCTION = "function"
    ARITHMETIC = "(( ))"


@dataclass(slots=True)
class Compound:
    """A command that holds others: conditions apart from what is run."""

    shape: Shape
    start: int
    end: int = 0
    name: str = ""
    conditions: list[Sequence] = field(default_factory=list)
    bodies: list[Sequence] = field(default_factory=list)


Command = Simple | Compound


@dataclass(slots=True)
class Pipeline:
    """Commands joined by `|`; `negated` by `!`."""

    commands: list[Command]
    negated: bool = False

    @property
    def start(self) -> int:
        """Where its first command begins."""
        return self.commands[0].start


@dataclass(slots=True)
class Statement:
    """Pipelines joined by `&&` and `||`, and what ends them: `;`, `&`, a line feed, or nothing."""

    pipelines: list[Pipeline]
    joints: list[str]
    end: int
    ender: str = ""

    @property
    def start(self) -> int:
        """Where its first command begins."""
        return self.pipelines[0].start


Sequence = list[Statement]


@dataclass(slots=True)
class Script:
    """A script that was read.

    Attributes:
        text: the whole of it.
        body: its statements.
        commands: every simple command in it, wherever it stands, in the order of the text.
        uses: every expansion of a variable.
        assigned: names that the script gives a value to with `=` or as a loop's variable.
        functions: the functions it defines.
    """

    text: str
    body: Sequence
    commands: list[Simple]
    uses: list[Use]
    assigned: set[str]
    functions: dict[str, Compound]
