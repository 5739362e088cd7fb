"""Failures that nobody would see: a job has succeeded when the exit status of its script is 0."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

from tui.domain.spec.shell.commands import Kind, simple_commands
from tui.domain.spec.shell.findings import Change, Finding, Setting
from tui.domain.spec.shell.kept import kept_after, only_trapped
from tui.domain.spec.shell.tree import Command, Compound, Pipeline, Shape, Simple, Statement

_ASKS_STATUS = re.compile(r"\$\?|\$\{\?|PIPESTATUS|pipestatus")
_FILTERS = frozenset(
    {"tee", "cat", "grep", "egrep", "sed", "awk", "gawk", "mawk", "tail", "head", "ts", "logger", "tr", "cut"}
    | {"sort", "uniq", "pv", "less", "more", "column", "nl", "fold"}
)
_SAYS_ONLY = frozenset({"true", ":", "echo", "printf", "logger", "date"})
_LEAVES = frozenset({"exit", "return", "break", "continue"})
_ALWAYS_SET = frozenset(
    ["HOME", "PATH", "PWD", "OLDPWD", "HOSTNAME", "UID", "EUID", "RANDOM", "SECONDS", "LINENO", "BASH", "IFS"]
)


@dataclass(frozen=True, slots=True)
class _Lost:
    """A command whose failure is lost, and how the statement that holds it could be mended."""

    kind: Kind
    pipeline: Pipeline
    statement: Statement
    following: Statement | None
    chained: bool
    stops: bool
    """Whether `set -e` at the beginning would make it count."""


class _Walk:
    """Goes through a script as the shell would, and keeps the options that are on."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.errexit = "errexit" in setting.options
        self.pipefail = "pipefail" in setting.options
        self.tested = False
        """Inside a part of `&&` or `||`, where `set -e` does nothing."""
        self.later = any(
            isinstance(command, Simple) and _turns_on(command, "e", "errexit")
            for statement in setting.script.body
            for part in statement.pipelines
            for command in part.commands
        )
        """The script switches `set -e` on somewhere, perhaps behind its functions."""
        self.trapped = only_trapped(setting.script)
        self.lost: list[_Lost] = []
        self.pipes: list[tuple[Simple, Simple]] = []
        self.ignored: list[tuple[Pipeline, Pipeline, int, Statement]] = []

    def sequence(self, statements: Sequence[Statement], *, decides: bool) -> None:
        """Go through statements; `decides` when the status of the last one is not lost."""
        reached = next((i + 1 for i, item in enumerate(statements) if _ends(item)), len(statements))
        fails = bool(statements) and _fails(statements[reached - 1])
        for number, statement in enumerate(statements[:reached]):
            following = statements[number + 1] if number + 1 < len(statements) else None
            last = number + 1 == reached
            self._statement(statement, following, lost=not (fails or (last and decides)))

    def _statement(self, statement: Statement, following: Statement | None, *, lost: bool) -> None:
        if statement.ender == "&":
            return
        asked = following is not None and self._asks(following)
        chain = statement.joints
        after_or = len(chain) - chain[::-1].index("||") if "||" in chain else 0
        for number, pipeline in enumerate(statement.pipelines):
            tested = number < len(chain)
            open_end = lost and not (asked or number < after_or or self._leaves(statement))
            gone = open_end and (tested or not self.errexit)
            if gone and (kind := self._own_kind(pipeline)) >= Kind.SETUP:
                stops = not (tested or self.tested)
                self.lost.append(_Lost(kind, pipeline, statement, following, bool(chain), stops))
            with self._untested(tested=tested):
                self._pipeline(pipeline, lost=open_end, asked=asked)
        if after_or:
            self._alternative(statement, after_or)

    def _own_kind(self, pipeline: Pipeline) -> Kind:
        """What a pipeline is for, without the compound commands in it, which are gone through themselves."""
        kinds = (self.setting.kinds.of(part) for part in pipeline.commands if isinstance(part, Simple))
        return max(kinds, default=Kind.OTHER)

    def _asks(self, statement: Statement) -> bool:
        """Whether a statement looks at the status of the one before it."""
        start, end = statement.start, statement.end
        if _ASKS_STATUS.search(self.setting.script.text, start, end):
            return True
        first = statement.pipelines[0].commands[0]
        return isinstance(first, Simple) and first.name in ("exit", "return") and len(first.words) == 1

    @staticmethod
    def _leaves(statement: Statement) -> bool:
        """Whether it is like `train && break`, whose failure means to go on."""
        last = statement.pipelines[-1].commands[-1]
        return len(statement.pipelines) > 1 and isinstance(last, Simple) and last.name in _LEAVES

    @contextmanager
    def _untested(self, *, tested: bool) -> Iterator[None]:
        """While a part of `&&` or `||` runs, `set -e` does nothing inside it."""
        before = (self.errexit, self.tested)
        if tested:
            self.errexit, self.tested = False, True
        yield
        if tested:
            self.errexit, self.tested = self.errexit or before[0], before[1]

    def _alternative(self, statement: Statement, number: int) -> None:
        """`train || true`: the command behind the last `||` makes every failure before it a success."""
        instead = statement.pipelines[number]
        if number + 1 != len(statement.pipelines) or not self._always_succeeds(instead):
            return
        kinds = [self.setting.kinds.of_pipeline(pipeline) for pipeline in statement.pipelines[:number]]
        best = max(kinds)
        if best >= Kind.SAVE:
            self.ignored.append((statement.pipelines[kinds.index(best)], instead, number, statement))

    def _always_succeeds(self, pipeline: Pipeline) -> bool:
        if len(pipeline.commands) != 1 or pipeline.negated:
            return False
        command = pipeline.commands[0]
        if isinstance(command, Compound):
            if command.shape is not Shape.GROUP:
                return False
            statements = command.bodies[0]
            parts = [part for item in statements for part in item.pipelines]
            plain = all(len(item.pipelines) == 1 and item.ender != "&" for item in statements)
            return plain and all(self._always_succeeds(part) for part in parts)
        words = [word.text for word in command.words]
        if words in (["exit", "0"], ["return", "0"]):
            return True
        return command.name in _SAYS_ONLY and not command.assigned

    def _pipeline(self, pipeline: Pipeline, *, lost: bool, asked: bool) -> None:
        for earlier in pipeline.commands[:-1]:
            last = pipeline.commands[-1]
            if (
                not self.pipefail
                and not asked
                and isinstance(earlier, Simple)
                and isinstance(last, Simple)
                and last.name in _FILTERS
                and self.setting.kinds.of(earlier) >= Kind.SAVE
            ):
                self.pipes.append((earlier, last))
                break
        for command in pipeline.commands:
            self._command(command, lost=lost)

    def _command(self, command: Command, *, lost: bool) -> None:
        if isinstance(command, Simple):
            self._options(command)
            return
        if command.shape is Shape.FUNCTION:
            self._function(command)
            return
        before = (self.errexit, self.pipefail)
        for condition in command.conditions:
            self._conditions(condition)
        loops = command.shape in (Shape.FOR, Shape.WHILE)
        for body in command.bodies:
            apart = command.shape is Shape.SUBSHELL and self.errexit
            self.sequence(body, decides=not loops and (apart or not lost))
        if command.shape is Shape.SUBSHELL:
            self.errexit, self.pipefail = before

    def _function(self, function: Compound) -> None:
        """A function is gone through where it stands, as if it were called there with its status kept."""
        if function.name in self.trapped:
            return
        before = self.errexit
        always = any(_turns_on(simple, "e", "errexit") for simple in simple_commands(function))
        self.errexit = self.errexit or always or self.later
        self.sequence(function.bodies[0], decides=True)
        self.errexit = before or always

    def _conditions(self, statements: Sequence[Statement]) -> None:
        for statement in statements:
            for pipeline in statement.pipelines:
                if all(isinstance(command, Simple) for command in pipeline.commands):
                    self._pipeline(pipeline, lost=False, asked=False)

    def _options(self, simple: Simple) -> None:
        if _turns_on(simple, "e", "errexit") or _traps_errors(simple):
            self.errexit = True
        if _turns_on(simple, "", "pipefail"):
            self.pipefail = True
        if simple.name == "set":
            words = [word.text for word in simple.words[1:]]
            if any(re.fullmatch(r"\+[a-zA-Z]*e[a-zA-Z]*", word) for word in words) or _off(words, "errexit"):
                self.errexit = False
            if _off(words, "pipefail"):
                self.pipefail = False


def _ends(statement: Statement) -> bool:
    """Whether the shell does not go on behind a statement."""
    if len(statement.pipelines) != 1 or len(statement.pipelines[0].commands) != 1 or statement.ender == "&":
        return False
    command = statement.pipelines[0].commands[0]
    if not isinstance(command, Simple):
        return False
    return command.name == "exit" or (command.name == "exec" and len(command.words) > 1)


def _fails(statement: Statement) -> bool:
    """Whether a statement is `exit 1`: whatever failed before, the script fails."""
    command = statement.pipelines[0].commands[0]
    if len(statement.pipelines) > 1 or not isinstance(command, Simple) or len(command.words) == 1:
        return False
    if command.name not in ("exit", "return"):
        return False
    return command.words[1].text not in ("0", "$?") and command.words[1].plain


def _off(words: Sequence[str], name: str) -> bool:
    return any(
        first.startswith("+") and first.endswith("o") and second == name for first, second in pairwise(words)
    )


def _turns_on(simple: Simple, letter: str, name: str) -> bool:
    if simple.name != "set":
        return False
    words = [word.text for word in simple.words[1:]]
    for number, word in enumerate(words):
        if not word.startswith("-") or word == "--":
            continue
        if letter and letter in word[1:]:
            return True
        if word.endswith("o") and words[number + 1 : number + 2] == [name]:
            return True
    return False


def _traps_errors(simple: Simple) -> bool:
    words = [word.text for word in simple.words]
    return words[:1] == ["trap"] and "ERR" in words[2:] and "exit" in words[1]


def lint_failures(setting: Setting) -> Iterator[Finding]:
    """Failures that the exit status of the script would hide."""
    walk = _Walk(setting)
    walk.sequence(setting.script.body, decides=True)
    if _ends_with_kept_status(setting):
        walk.lost = [item for item in walk.lost if item.kind is Kind.WORK]
    kept = kept_after(setting.script, setting.kinds, {item[3].start for item in walk.ignored})
    if walk.lost:
        yield from _lost(walk, setting)
    for command, last in walk.pipes:
        yield _pipe(setting, command, last)
    for pipeline, instead, number, statement in walk.ignored:
        work = setting.kinds.of_pipeline(pipeline) is Kind.WORK
        if kept is not None and (not work or statement.start > kept):
            continue  # the script ends by the status of its work, and this may fail
        yield _ignored(setting, pipeline, instead, number, statement)


def _ends_with_kept_status(setting: Setting) -> bool:
    """Whether the script ends with `exit $status`: what happens behind the training may fail then."""
    command = setting.script.body[-1].pipelines[-1].commands[-1] if setting.script.body else None
    return isinstance(command, Simple) and command.name == "exit" and any(w.names for w in command.words[1:])


def _lost(walk: _Walk, setting: Setting) -> Iterator[Finding]:
    """One finding where one change mends all: without `set -e`; else one for each chain."""
    stopping = any(_turns_on(simple, "e", "errexit") for simple in setting.script.commands)
    if not stopping and "errexit" not in setting.options:
        yield _hidden(setting, max(walk.lost, key=lambda item: item.kind))
        return
    seen: set[int] = set()
    for item in walk.lost:
        chain = (
            [other for other in walk.lost if other.statement is item.statement] if item.chained else [item]
        )
        if item.statement.start not in seen:
            yield _hidden(setting, max(chain, key=lambda other: other.kind))
        seen.add(item.statement.start)


def _hidden(setting: Setting, lost: _Lost) -> Finding:
    shown = setting.show(lost.pipeline.start, _end_of(lost.pipeline))
    title, changes = _fix_for(setting, lost)
    at = _command_of(setting, lost.pipeline).start
    if lost.kind is Kind.SETUP:
        message = f"If “{shown}” fails, the script goes on as if nothing had happened."
        return Finding(at, "shell-goes-on", message, title, changes)
    last = setting.script.body[-1]
    decides = setting.show(last.pipelines[-1].start, last.end)
    here = f", here “{decides}”" if last.start >= lost.statement.end else ""
    message = f"If “{shown}” fails, the job can still succeed: only the last command counts{here}."
    return Finding(at, "shell-hidden-failure", message, title, changes)


def _end_of(pipeline: Pipeline) -> int:
    return pipeline.commands[-1].end


def _command_of(setting: Setting, pipeline: Pipeline) -> Simple:
    """The most important command in a pipeline."""
    found = [simple for part in pipeline.commands for simple in simple_commands(part)]
    return max(found, key=lambda item: (setting.kinds.of(item), -item.start))


def _fix_for(setting: Setting, lost: _Lost) -> tuple[str, tuple[Change, ...]]:
    statement, following = lost.statement, lost.following
    if not lost.chained or "||" in statement.joints:
        return stop_at_failures(setting) if lost.stops and not _has_set(setting) else ("", ())
    if following is not None and following.ender != "&" and "||" not in following.joints:
        between = setting.script.text[statement.end : following.start]
        title = "Join it to the next command with &&"
        if statement.ender == "\n":
            return title, (Change(statement.end, statement.end, " &&"),)
        if between.strip() == ";":
            end = statement.end + between.index(";") + 1
            return title, (Change(statement.end, end, " &&"),)
    return "Add “|| exit 1”", (Change(statement.end, statement.end, " || exit 1"),)


def _has_set(setting: Setting) -> bool:
    """Whether the script switches `set -e` on or off itself: where another would belong is not certain."""
    return any(
        simple.name == "set" and any("e" in word.text for word in simple.words[1:2])
        for simple in setting.script.commands
    )


def stop_at_failures(setting: Setting) -> tuple[str, tuple[Change, ...]]:
    """The fix that puts `set -euo pipefail`, or as much of it as does no harm, before the first command."""
    flags = "-e" + ("u" if _all_set(setting) else "")
    text = f"set {flags}o pipefail" if setting.bash and not setting.closes_pipes else f"set {flags}"
    return f"Begin with {text}", (_at_the_beginning(setting, text),)


def _at_the_beginning(setting: Setting, text: str) -> Change:
    start = setting.script.body[0].start
    line = setting.script.text.rfind("\n", 0, start) + 1
    start = line if not setting.script.text[line:start].strip(" \t") else start
    return Change(start, start, text + "\n")


def _all_set(setting: Setting) -> bool:
    """Whether every variable has a value for certain, so that `set -u` stops nothing."""
    script = setting.script
    if any(simple.name in ("source", ".", "eval", "conda", "mamba") for simple in script.commands):
        return False
    known = script.assigned | setting.env | _ALWAYS_SET
    digits = any(use.name.isdecimal() and use.name != "0" for use in script.uses)
    return not digits and all(use.guarded or use.name in known for use in script.uses)


def _pipe(setting: Setting, command: Simple, last: Simple) -> Finding:
    shown = setting.show(command.start, command.end)
    message = f"If “{shown}” fails, “{last.name}” hides it: without pipefail only the end of the pipe counts."
    if not setting.bash or setting.closes_pipes:
        return Finding(command.start, "shell-pipe", message)
    change = _at_the_beginning(setting, "set -o pipefail")
    return Finding(command.start, "shell-pipe", message, "Begin with set -o pipefail", (change,))


def _ignored(
    setting: Setting, pipeline: Pipeline, instead: Pipeline, number: int, statement: Statement
) -> Finding:
    shown = setting.show(pipeline.start, _end_of(pipeline))
    other = setting.show(instead.start, _end_of(instead))
    message = f"“|| {other}” makes a failure of “{shown}” a success."
    before = _end_of(statement.pipelines[number - 1])
    change = Change(before, _end_of(instead), "")
    title = f"Take “|| {other}” away"
    return Finding(_command_of(setting, pipeline).start, "shell-ignored-failure", message, title, (change,))
