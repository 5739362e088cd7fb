"""YAML text to a tree with places, by libyaml's events; never fails, whatever the text is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from tui.domain.spec.conflicts import conflict_problems
from tui.domain.spec.nodes import Entry, Mapping, Node, Scalar, Sequence
from tui.domain.spec.plain import MERGE, known_tag, read_scalar
from tui.domain.spec.problems import START, Place, Problem, error
from tui.domain.spec.syntax import BREAK, events, syntax_problem

MAX_DEPTH = 100
"""Levels of nesting; a CustomJob has eight."""
MAX_CHARACTERS = 2_000_000
"""Longer texts are not parsed: no job spec is that long, and typing must stay quick."""
MAX_NODES = 200_000
"""More values than this are not read."""

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed text: its tree, or the problems that stood in the way."""

    text: str
    root: Node | None
    problems: tuple[Problem, ...]


class _Stop(Exception):  # noqa: N818  # control flow inside this module
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been read."""

    place: Place
    mapping: bool
    flow: bool
    anchor: str | None
    children: list[Node] = field(default_factory=list)


class _Builder:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self._open: list[_Open] = []
        self._anchors: dict[str, Node | None] = {}
        self._documents = 0
        self._nodes = 0
        self._modern = False

    def take(self, event: Any) -> None:  # noqa: ANN401  # PyYAML's events have no types
        """Handle one event."""
        place = Place(event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, yaml.ScalarEvent):
            self._add(self._scalar(event, place), event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._add(self._aliased(str(event.anchor), place), None)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin(event, place)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._finish(_end(event))
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            self._modern = event.version == (1, 2)
            if self._documents > 1:
                raise _Stop(
                    error(
                        place,
                        "yaml-several-documents",
                        "“---” begins a second document here; a spec is one.",
                    )
                )

    def _scalar(self, event: Any, place: Place) -> Scalar:  # noqa: ANN401
        self._check_tag(event.tag, place)
        tag = event.tag if known_tag(event.tag) else None
        text = _joined(event.value, place)
        value, resolved = read_scalar(text, tag, event.implicit, modern=self._modern)
        plain = not event.style and event.tag is None  # libyaml gives plain scalars an empty style
        return Scalar(place, _end(event), text, value, plain, merge=resolved == MERGE)

    def _check_tag(self, tag: str | None, place: Place) -> None:
        if not known_tag(tag):
            self.problems.append(
                error(
                    place,
                    "yaml-tag",
                    f"“{_as_written(tag)}” is not allowed here: a text that begins with “!” needs quotes.",
                )
            )

    def _aliased(self, name: str, place: Place) -> Node:
        node = self._anchors.get(name)
        if node is None:
            text = f"*{name} repeats what &{name} marks, and nothing above is marked so."
            if name in self._anchors:
                text = f"*{name} stands inside of what &{name} marks: it would hold itself."
            raise _Stop(error(place, "yaml-alias", text))
        return node

    def _begin(self, event: Any, place: Place) -> None:  # noqa: ANN401
        self._check_tag(event.tag, place)
        if len(self._open) >= MAX_DEPTH:
            raise _Stop(error(place, "yaml-too-deep", f"More than {MAX_DEPTH} levels inside each other."))
        self._open.append(
            _Open(place, isinstance(event, yaml.MappingStartEvent), bool(event.flow_style), event.anchor)
        )
        if event.anchor:
            self._anchors[event.anchor] = None

    def _finish(self, end: Place) -> None:
        done = self._open.pop()
        if done.mapping:
            pairs = zip(done.children[::2], done.children[1::2], strict=False)
            entries = tuple(Entry(key, value) for key, value in pairs)
            self._find_duplicates(entries)
            self._add(Mapping(done.place, entries, flow=done.flow, end=end), done.anchor)
        else:
            self._add(Sequence(done.place, tuple(done.children), flow=done.flow), done.anchor)

    def _check_merge(self, entry: Entry) -> None:
        items = entry.value.items if isinstance(entry.value, Sequence) else (entry.value,)
        if not all(isinstance(item, Mapping) for item in items):
            place = entry.value.place
            self.problems.append(
                error(
                    place,
                    "yaml-merge",
                    "<< takes over keys and values marked elsewhere with &; there are none here.",
                )
            )

    def _find_duplicates(self, entries: tuple[Entry, ...]) -> None:
        seen: dict[str, Place] = {}
        for entry in entries:
            key = entry.key
            if not isinstance(key, Scalar):
                continue
            if key.merge:
                self._check_merge(entry)
            first = seen.setdefault(key.text, key.place)
            if first is not key.place:
                self.problems.append(
                    error(
                        key.place,
                        "yaml-duplicate-key",
                        f"“{key.text[:60]}” is set twice in one place, first in line {first.line}.",
                    )
                )

    def _add(self, node: Node, anchor: str | None) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _Stop(error(node.place, "yaml-too-big", f"More than {MAX_NODES:,} values."))
        if anchor:
            self._anchors[anchor] = node
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node


def parse(text: str) -> Document:
    """Read `text` as gcloud does (YAML 1.1, one document), with the place of every value."""
    if len(text) > MAX_CHARACTERS:
        problem = error(
            START, "yaml-too-big", f"The text is longer than {MAX_CHARACTERS:,} characters: no job spec is."
        )
        return Document(text, None, (problem,))
    if bad := _FORBIDDEN.search(text):
        return Document(text, None, (_forbidden(text, bad),))
    if conflict := conflict_problems(text):
        return Document(text, None, conflict)
    return _read(text)


def _read(text: str) -> Document:
    builder = _Builder()
    try:
        for event in events(text):
            builder.take(event)
    except _Stop as stop:
        return Document(text, None, (*builder.problems, stop.problem))
    except yaml.YAMLError as failure:
        return Document(text, None, (*builder.problems, syntax_problem(text, failure)))
    root = builder.root
    if root is None or (isinstance(root, Scalar) and root.value is None):
        empty = error(START, "yaml-empty", "The file is empty: a job spec begins with workerPoolSpecs.")
        return Document(text, None, (*builder.problems, empty))
    return Document(text, root, tuple(builder.problems))


def _end(event: Any) -> Place:  # noqa: ANN401
    return Place(event.end_mark.line + 1, event.end_mark.column + 1)


def _as_written(tag: str | None) -> str:
    return str(tag).replace("tag:yaml.org,2002:", "!!")[:60]


def _joined(text: str, place: Place) -> str:
    """A scalar's text with the halves of characters put together."""
    if not _HALF.search(text):
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise _Stop(error(place, "yaml-character", "Half a character is written here.")) from None


def _forbidden(text: str, found: re.Match[str]) -> Problem:
    before = list(BREAK.finditer(text, 0, found.start()))
    column = found.start() - (before[-1].end() if before else 0) + 1
    return error(
        Place(len(before) + 1, column),
        "yaml-character",
        f"The character U+{ord(found.group()):04X} is not allowed in YAML.",
    )
