"""Statuses that a script keeps and ends with, and functions that only run when it ends."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import pairwise

from tui.domain.spec.shell.commands import Kind, Kinds, simple_commands
from tui.domain.spec.shell.tree import Command, Compound, Pipeline, Script, Sequence, Shape, Simple, Statement

_STATUS = re.compile(r"""[A-Za-z_]\w*=["']?\$(?:\?|\{\?\}|\{PIPESTATUS\[[^]]*\]\})["']?""")
_ASKS = frozenset({"exit", "return", "[", "[[", "test"})
_ENDS = frozenset({"exit", "return"})


def kept_after(script: Script, kinds: Kinds, swallowed: Collection[int]) -> int | None:
    """Where a script first keeps the status of its work in a variable by which it ends, or None.

    Args:
        script: the script.
        kinds: what its commands are for.
        swallowed: where statements begin that always succeed, so that their status tells nothing.
    """
    asked = set(_asked(script))
    if not any(simple.name in _ENDS and len(simple.words) > 1 for simple in script.commands):
        return None
    found = [at for at, name in _kept(script, kinds, swallowed) if name in asked]
    return min(found, default=None)


def _asked(script: Script) -> Iterator[str]:
    """Variables by which a script ends, or that it looks at."""
    for simple in script.commands:
        words = simple.words if simple.name in _ASKS else simple.words[:1]
        for word in words:
            yield from word.names


def _kept(script: Script, kinds: Kinds, swallowed: Collection[int]) -> Iterator[tuple[int, str]]:
    for body in sequences(script.body):
        for before, statement in pairwise(body):
            if kinds.of_statement(before) is Kind.WORK and before.start not in swallowed:
                yield from _status_of(script, statement)
        for statement in body:
            yield from _alternatives(statement, kinds)


def _status_of(script: Script, statement: Statement) -> Iterator[tuple[int, str]]:
    """`rc=$?` and the like."""
    command = statement.pipelines[0].commands[0]
    if isinstance(command, Simple) and not command.words and _STATUS.fullmatch(_text(script, command)):
        yield from ((command.start, name) for name in command.assigned)


def _text(script: Script, command: Simple) -> str:
    return script.text[command.start : command.end].strip()


def _alternatives(statement: Statement, kinds: Kinds) -> Iterator[tuple[int, str]]:
    """`train || rc=$?`, `train || { rc=1; echo failed; }`, `if train; then …; else rc=$?; fi`."""
    worked = False
    for joint, pipeline in zip(["", *statement.joints], statement.pipelines, strict=False):
        if joint == "||" and worked:
            yield from _assigned(pipeline.commands)
        worked = worked or kinds.of_pipeline(pipeline) is Kind.WORK
        for command in pipeline.commands:
            if isinstance(command, Compound) and command.shape is Shape.IF and _tests_work(command, kinds):
                yield from _assigned([command])


def _assigned(commands: Collection[Command]) -> Iterator[tuple[int, str]]:
    for command in commands:
        for simple in simple_commands(command):
            yield from ((simple.start, name) for name in simple.assigned if not simple.words)


def _tests_work(command: Compound, kinds: Kinds) -> bool:
    return any(kinds.of_statement(item) is Kind.WORK for part in command.conditions for item in part)


def sequences(body: Sequence) -> Iterator[Sequence]:
    """A sequence of statements and all those inside of it."""
    waiting = [body]
    while waiting:
        statements = waiting.pop()
        yield statements
        for command in _commands_of(statements):
            if isinstance(command, Compound):
                waiting += [*command.conditions, *command.bodies]


def _commands_of(statements: Sequence) -> Iterator[Command]:
    pipelines: Iterator[Pipeline] = (item for statement in statements for item in statement.pipelines)
    for pipeline in pipelines:
        yield from pipeline.commands


def only_trapped(script: Script) -> frozenset[str]:
    """Functions that nothing calls but a `trap`: what fails in them does not change the script's status."""
    called = {name: _called(simple_commands(body)) for name, body in script.functions.items()}
    spans = [(body.start, body.end) for body in script.functions.values()]
    outside = [
        simple for simple in script.commands if not any(start <= simple.start < end for start, end in spans)
    ]
    traps = [simple for simple in script.commands if simple.name == "trap" and len(simple.words) > 1]
    trapped = {word for simple in traps for word in re.findall(r"[\w.:-]+", simple.words[1].text)}
    usual = _reached(_called(outside), called)
    return frozenset(_reached(trapped & called.keys(), called) - usual)


def _called(commands: Collection[Simple] | Iterator[Simple]) -> set[str]:
    return {simple.words[0].text for simple in commands if simple.words}


def _reached(names: Collection[str], called: dict[str, set[str]]) -> set[str]:
    """Functions among `names`, and those that they call."""
    found: set[str] = set()
    waiting = [name for name in names if name in called]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [other for other in called[name] if other in called]
    return found
