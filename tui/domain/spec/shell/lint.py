"""All lints of one script."""

from __future__ import annotations

from tui.domain.spec.shell.continued import lint_blank_behind, lint_options_alone
from tui.domain.spec.shell.failures import lint_failures
from tui.domain.spec.shell.findings import Finding, Setting
from tui.domain.spec.shell.folders import lint_folders, lint_outputs, lint_quoted_places
from tui.domain.spec.shell.letters import lint_letters
from tui.domain.spec.shell.reader import read
from tui.domain.spec.shell.typos import lint_typos
from tui.domain.spec.shell.variables import lint_variables
from tui.domain.spec.shell.waiting import lint_waiting


def lint_script(
    text: str,
    *,
    bash: bool = True,
    options: frozenset[str] = frozenset(),
    env: frozenset[str] = frozenset(),
    outputs_stay: bool = False,
) -> list[Finding]:
    """What is wrong with a script; nothing is said about one that is not understood.

    Args:
        text: the script.
        bash: whether bash runs it, not a plain POSIX shell.
        options: what the shell's command line switches on, such as `errexit`.
        env: the names of the container's variables.
        outputs_stay: whether nothing in the container's whole description can carry results out of it.
    """
    script = read(text)
    if script is None:
        return []
    setting = Setting(script, bash, options, env)
    if broken := list(lint_blank_behind(setting)):
        return broken  # what else is wrong may follow from a command that was cut in two
    lints = [lint_failures, lint_waiting, lint_variables, lint_folders, lint_quoted_places]
    lints += [lint_options_alone, lint_letters, lint_typos]
    if outputs_stay:
        lints.append(lint_outputs)
    return sorted((found for lint in lints for found in lint(setting)), key=lambda item: (item.at, item.code))
