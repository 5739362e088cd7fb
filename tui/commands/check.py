"""`vertex-tui check`: what is wrong with job specs, for an editor, a hook or a pipeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from tui.cli_common import common_options, merged_options
from tui.commands.exits import Exit
from tui.commands.output import note, safe, say, say_json
from tui.commands.specs import (
    SpecSource,
    Surroundings,
    problem_json,
    problem_lines,
    read_source,
)
from tui.domain.spec.problems import START, Problem, Severity, error, in_order
from tui.domain.spec.secret_rules import LITERAL
from tui.services.specfile import SpecFileError

UNREADABLE = "unreadable-file"
"""The code of the one problem of a file that cannot be read."""


@click.command()
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, see docs/commands.md.")
@common_options
@click.pass_context
def check(ctx: click.Context, /, specs: tuple[str, ...], *, as_json: bool, **given: Any) -> Exit:  # noqa: ANN401
    """Say what is wrong with job specs, without the network; - is stdin.

    Exit 1 if there is an error, 0 if there are only warnings or nothing, 2 if no file could be read.

    \b
    Examples:
      vertex-tui check vertex_job.yaml
      vertex-tui check --json *.yaml | jq '.[] | select(.severity == "error")'
    """  # noqa: D301
    around = Surroundings.of(merged_options(ctx, given))
    found: dict[str, tuple[Problem, ...]] = {}
    unread = 0
    for name in dict.fromkeys(specs):
        try:
            found[name] = _problems(read_source(name), around)
        except SpecFileError as failure:
            unread += 1
            found[name] = (error(START, UNREADABLE, str(failure)),)
    if as_json:
        say_json([problem_json(name, problem) for name, problems in found.items() for problem in problems])
    else:
        _say(found)
    if unread == len(found):
        return Exit.MISUSED
    wrong = any(problem.severity is Severity.ERROR for problems in found.values() for problem in problems)
    return Exit.FAILED if wrong else Exit.OK


def _say(found: dict[str, tuple[Problem, ...]]) -> None:
    for name, problems in found.items():
        for line in problem_lines(name, problems):
            say(line)
    for name, problems in found.items():
        note(f"{safe(name) or repr(name)}: {_counted(problems)}")


def _problems(source: SpecSource, around: Surroundings) -> tuple[Problem, ...]:
    """All problems of a text, and of its being in git if it holds a secret."""
    problems = around.check(source.text).problems
    if source.path is not None and any(problem.code == LITERAL for problem in problems):
        problems = in_order((*problems, *_in_git(source.path, problems)))
    return problems


def _in_git(path: Path, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    import asyncio  # noqa: PLC0415 (most specs hold no secret)

    from tui.domain.spec.git_secret import git_problem  # noqa: PLC0415
    from tui.services.gitstate import git_standing  # noqa: PLC0415

    problem = git_problem(problems, asyncio.run(git_standing(path)))
    return () if problem is None else (problem,)


def _counted(problems: Iterable[Problem]) -> str:
    """`2 errors, 1 warning`; `no problems` where there are none."""
    counts = Counter(problem.severity for problem in problems)
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    parts = [
        f"{count} {word}{'s' if count > 1 else ''}"
        for severity, word in words.items()
        if (count := counts[severity])
    ]
    return ", ".join(parts) or "no problems"
