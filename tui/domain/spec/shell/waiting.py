"""Commands in the background: `wait` without a process id forgets how they ended."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.spec.shell.commands import Kind
from tui.domain.spec.shell.findings import Finding, Setting
from tui.domain.spec.shell.tree import Compound, Sequence, Shape, Statement


def lint_waiting(setting: Setting) -> Iterator[Finding]:
    """Background work whose failure is not seen, or that the end of the script cuts short."""
    script = setting.script
    work = [statement for statement in _background(script.body) if _is_work(statement, setting)]
    if not work:
        return
    waits = [simple for simple in script.commands if simple.name == "wait"]
    if any(len(simple.words) > 1 for simple in waits):
        return
    bare = next((simple for simple in waits if simple.start > work[0].start), None)
    shown = setting.show(work[0].start, work[0].end)
    if bare is not None:
        message = f"This wait succeeds even if “{shown} &” fails: keep pid=$! behind it, and wait $pid."
        yield Finding(bare.start, "shell-wait", message)
    elif not waits and script.body[-1] is work[-1]:
        shown = setting.show(work[-1].start, work[-1].end)
        message = f"Nothing waits for “{shown} &”: the container ends with the script and takes it along."
        yield Finding(work[-1].start, "shell-no-wait", message)


def _is_work(statement: Statement, setting: Setting) -> bool:
    """Whether it is work that ends by itself, not a loop that runs beside it."""
    first = statement.pipelines[0].commands[0]
    if isinstance(first, Compound) and (first.shape is Shape.WHILE or _loops(first)):
        return False
    return setting.kinds.of_statement(statement) is Kind.WORK


def _loops(compound: Compound) -> bool:
    return any(
        isinstance(command, Compound) and command.shape is Shape.WHILE
        for body in compound.bodies
        for statement in body
        for pipeline in statement.pipelines
        for command in pipeline.commands
    )


def _background(body: Sequence) -> Iterator[Statement]:
    """Statements ended by `&`, in order, those inside compound commands included."""
    waiting = list(reversed(body))
    while waiting:
        statement = waiting.pop()
        if statement.ender == "&":
            yield statement
            continue
        inner: Sequence = []
        for pipeline in statement.pipelines:
            for command in pipeline.commands:
                if isinstance(command, Compound):
                    inner += [item for part in (*command.conditions, *command.bodies) for item in part]
        waiting.extend(reversed(inner))
