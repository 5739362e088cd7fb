"""The commands of a job's containers, looked through with the eyes of whoever has to run them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tui.domain.secrets import HIDDEN, hide_found
from tui.domain.spec.command_items import Item, lint_items
from tui.domain.spec.double_scheme import double_schemes
from tui.domain.spec.nodes import Scalar
from tui.domain.spec.problems import Edit, Fix, Problem, warning
from tui.domain.spec.script_places import Lines, ScriptPlaces, places_of
from tui.domain.spec.shell.command_line import shell_call
from tui.domain.spec.shell.findings import Change, Finding
from tui.domain.spec.shell.folders import leaves_container, lost_message, output_folder
from tui.domain.spec.shell.lint import lint_script
from tui.domain.spec.walk import Path

_TASKS = ("containerSpec", "pythonPackageSpec")
_PARTS = ("command", "args", "env")
_DEPTH = 6
"""Parts of the path of an argument: jobSpec, workerPoolSpecs, 0, containerSpec, args, 0."""


@dataclass(slots=True)
class _Container:
    """What one pool runs.

    Attributes:
        pool: its position.
        task: `containerSpec` or `pythonPackageSpec`.
        items: command and arguments by position.
        env: names and values of its variables.
    """

    pool: int
    task: str
    items: dict[tuple[str, int], Scalar] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)

    def words(self) -> list[Item]:
        """The command line in order; empty if a part of it could not be read."""
        listed = [Item(name, place, node) for (name, place), node in sorted(self.items.items(), key=_order)]
        counted = dict.fromkeys(_PARTS, 0)
        for item in listed:
            if item.position != counted[item.part]:
                return []
            counted[item.part] += 1
        return listed


def _order(entry: tuple[tuple[str, int], Scalar]) -> tuple[int, int]:
    return _PARTS.index(entry[0][0]), entry[0][1]


def script_rules(
    text: str, job: Mapping[str, Any], scalars: Mapping[Path, Scalar], unread: Collection[Path] = ()
) -> list[Problem]:
    """What is wrong with the command lines and shell scripts of a CustomJob in JSON form.

    Args:
        text: the file.
        job: the CustomJob.
        scalars: its single values as they were read, by path.
        unread: paths of what could not be read, and of what stands under a misspelt key.
    """
    spec = job.get("jobSpec", {})
    lines = _LazyLines(text)
    problems: list[Problem] = []
    for container in _containers(scalars):
        problems += (
            item for item in _Look(container, spec, lines).all() if not _explained(item, container, unread)
        )
    return problems


def _explained(problem: Problem, container: _Container, unread: Collection[Path]) -> bool:
    """Whether it only follows from something else that could not be read."""
    pool: Path = ("jobSpec", "workerPoolSpecs", container.pool)
    causes: dict[str, tuple[Path, ...]] = {
        "shell-unset-variable": ((*pool, container.task, "env"),),
        "shell-no-script": ((*pool, container.task, "command"), (*pool, container.task, "args")),
        "shell-outputs-lost": (
            ("jobSpec", "baseOutputDirectory"),
            (*pool, container.task, "env"),
            (*pool, "nfsMounts"),
            (*pool, "lustreMounts"),
        ),
    }
    return any(
        path[: len(cause)] == cause and path[-1] != "value"
        for cause in causes.get(problem.code, ())
        for path in unread
    )


class _LazyLines:
    """The file's lines, counted when they are first asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines: Lines | None = None

    def get(self) -> Lines:
        """The lines."""
        if self._lines is None:
            self._lines = Lines(self._text)
        return self._lines


def _containers(scalars: Mapping[Path, Scalar]) -> list[_Container]:
    found: dict[tuple[int, str], _Container] = {}
    for path, node in scalars.items():
        if len(path) < _DEPTH or path[1] != "workerPoolSpecs" or path[4] not in _PARTS:
            continue
        pool, task, part, number = path[2], path[3], path[4], path[5]
        if task not in _TASKS or not isinstance(pool, int) or not isinstance(number, int):
            continue
        container = found.setdefault((pool, str(task)), _Container(pool, str(task)))
        if part != "env":
            container.items[str(part), number] = node
        elif path[-1] == "name":
            value = scalars.get((*path[:-1], "value"))
            container.env[node.text] = value.text if value is not None else ""
    return list(found.values())


class _Look:
    def __init__(self, container: _Container, spec: Mapping[str, Any], lines: _LazyLines) -> None:
        self._container = container
        self._spec = spec
        self._lines = lines
        self._items = container.words()
        self._words = [item.node.text for item in self._items]

    def all(self) -> Iterator[Problem]:
        """Everything."""
        if not self._items:
            return
        package = self._container.task == "pythonPackageSpec"
        call = None if package else shell_call(self._words)
        known = package or self._items[0].part == "command" or call is not None
        if known:
            yield from lint_items(self._items, call, self._lines.get, package=package)
        for item in self._items:
            yield from double_schemes(item.node, self._container.env, self._lines.get)
        if call is not None and call.with_script and call.script < len(self._items):
            findings = lint_script(
                self._words[call.script],
                bash=call.bash,
                options=call.options,
                env=call.env | self._container.env.keys(),
                outputs_stay=self._outputs_stay(),
            )
            yield from _problems(findings, self._items[call.script].node, self._lines)
        elif self._outputs_stay() and (found := output_folder(self._words)) is not None:
            at, folder = found
            yield warning(self._items[at].node.place, "shell-outputs-lost", lost_message(folder))

    def _outputs_stay(self) -> bool:
        """Whether nothing says that results leave the container; only the first pool's are looked for."""
        pools = self._spec.get("workerPoolSpecs", [])
        mounts = any(key in pool for pool in pools for key in ("nfsMounts", "lustreMounts"))
        if self._container.pool or mounts or self._spec.get("baseOutputDirectory"):
            return False
        env = (text for pair in self._container.env.items() for text in pair)
        return not leaves_container([*self._words, *env])


def _problems(findings: list[Finding], node: Scalar, lines: _LazyLines) -> Iterator[Problem]:
    if not findings:
        return
    places = places_of(lines.get(), node)
    for finding in findings:
        message = hide_found(finding.message, HIDDEN)
        yield warning(places.place(finding.at), finding.code, message, _fix(finding, places))


def _fix(finding: Finding, places: ScriptPlaces) -> Fix | None:
    edits = [_edit(change, places) for change in finding.changes]
    sure = tuple(edit for edit in edits if edit is not None)
    return Fix(finding.title, sure) if sure and len(sure) == len(edits) else None


def _edit(change: Change, places: ScriptPlaces) -> Edit | None:
    edit = places.edit(change.start, change.end, change.text)
    if edit is None and change.text.endswith("\n"):
        edit = places.edit(change.start, change.end, change.text[:-1] + "; ")
    return edit
