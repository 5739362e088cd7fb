"""The text of a spec with one field of a `machineSpec` changed, added or removed, in block or flow style."""

from __future__ import annotations

import json
import re

from tui.domain.spec.nodes import Entry, Mapping, Node, Scalar
from tui.domain.spec.problems import Place
from tui.domain.spec.script_places import Lines

FIELDS = ("machineType", "acceleratorType", "acceleratorCount", "tpuTopology")
_SNAKE = {
    "machineType": "machine_type",
    "acceleratorType": "accelerator_type",
    "acceleratorCount": "accelerator_count",
    "tpuTopology": "tpu_topology",
}
_INDENT = 2
_FLOW = re.compile(r"(?:[&!][^\s,\[\]{}]*+\s++)*+\{")
_COMMA = re.compile(r"\s*+,")
_COMMA_LATER = re.compile(r"(?:\s++|#[^\n]*+)*+,")


def spellings(name: str) -> tuple[str, str]:
    """A field's name in camelCase and in snake_case."""
    return name, _SNAKE[name]


class MachineText:
    """A text, and the changes of it that keep everything else."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = Lines(text)

    def _at(self, place: Place) -> int:
        return self._lines.offset(place)

    def _with(self, *changes: tuple[int, int, str]) -> str:
        text = self._text
        for start, end, new in sorted(changes, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def _end(self, node: Scalar) -> int:
        """Where the last written character of a value is."""
        start = self._at(node.place)
        return start + len(self._text[start : self._at(node.end)].rstrip())

    def _before(self, node: Node) -> str:
        """What stands before on the same line."""
        return self._text[self._at(Place(node.place.line, 1)) : self._at(node.place)]

    def _is_flow(self, node: Mapping) -> bool:
        return bool(_FLOW.match(self._text, self._at(node.place)))

    # Changing and removing

    def replace(self, entry: Entry, value: str | int) -> str | None:
        """Another value in the place of the one that is there."""
        node = entry.value
        if not isinstance(node, Scalar):
            return None
        if node.value == value and type(node.value) is type(value):
            return self._text
        start, end = self._at(node.place), self._end(node)
        written = self._text[start:end]
        if node.place < entry.key.place or written.startswith(tuple("*&!|>")):
            return None
        quote = written[:1] if written.startswith(("'", '"')) and isinstance(value, str) else ""
        space = "" if self._text[start - 1 : start].isspace() or written else " "
        return self._with((start, end, f"{space}{quote}{value}{quote}"))

    def remove(self, spec: Mapping, entry: Entry) -> str | None:
        """Without an entry; a comment behind it stays."""
        value = entry.value
        if not isinstance(value, Scalar) or value.place < entry.key.place:
            return None
        start, end = self._at(entry.key.place), max(self._end(value), self._colon(entry))
        if self._is_flow(spec):
            return self._remove_in_flow(spec, entry, start, end)
        return None if self._before(entry.key).strip() else self._with(self._cut(start, end))

    def _remove_in_flow(self, spec: Mapping, entry: Entry, start: int, end: int) -> str | None:
        """One comma goes as well: the one behind, else the one before."""
        number = spec.entries.index(entry)
        if comma := _COMMA.match(self._text, end):
            return self._with(self._cut(start, comma.end()))
        last = spec.entries[number - 1].value if number else None
        if not isinstance(last, Scalar) or number + 1 < len(spec.entries):
            return None
        comma = _COMMA_LATER.match(self._text, self._end(last))
        if comma is None or comma.end() > start:
            return None
        cut = self._cut(start, end)
        if not self._text[comma.end() : start].strip(" "):
            return self._with((comma.end() - 1, cut[1], ""))
        return self._with((comma.end() - 1, comma.end(), ""), cut)

    def _colon(self, entry: Entry) -> int:
        """Behind the colon of an entry, for one whose value is nothing."""
        return self._text.index(":", self._at(entry.key.end) if isinstance(entry.key, Scalar) else 0) + 1

    def _cut(self, start: int, end: int) -> tuple[int, int, str]:
        """What goes with a part: its line if that has nothing else on it, else the spaces behind it."""
        text = self._text
        first = text.rfind("\n", 0, start) + 1
        last = text.find("\n", end)
        last = len(text) if last < 0 else last
        behind = text[end:last]
        if text[first:start].strip() and behind.lstrip().startswith("#"):
            return start, end, ""
        if text[first:start].strip() or behind.strip():
            return start, end + len(behind) - len(behind.lstrip(" ")), ""
        return (first, last + 1, "") if last < len(text) else (max(first - 1, 0), last, "")

    # Adding

    def add(self, spec: Mapping, pool: Mapping, name: str, value: str | int) -> str | None:
        """With one more entry, behind those that belong before it."""
        if not spec.entries:
            opening = self._text.find("{", self._at(spec.place))
            words = _entry(name, value, snake=_is_snake(spec, pool), json_style=self._is_json(pool))
            return self._with((opening + 1, opening + 1, words)) if opening >= 0 else None
        flow = self._is_flow(spec)
        words = _entry(name, value, snake=_is_snake(spec, pool), json_style=flow and self._is_json(spec))
        earlier = [known for field in FIELDS[: FIELDS.index(name)] for known in spellings(field)]
        own = [item for item in spec.entries if isinstance(item.key, Scalar) and item.key.text in earlier]
        if not own:
            place = self._at(_first(spec))
            gap = ", " if flow else "\n" + self._before(spec.entries[0].key)
            return self._with((place, place, words + gap))
        last = own[-1].value
        if not isinstance(last, Scalar) or last.place < own[-1].key.place:
            return None
        end = max(self._end(last), self._colon(own[-1]))
        if flow:
            return self._with((end, end, f", {words}"))
        line = self._text.find("\n", end)
        line = len(self._text) if line < 0 else line
        return self._with((line, line, f"\n{self._before(own[-1].key)}{words}"))

    def add_spec(self, pool: Mapping, holder: Entry | None, name: str, value: str | int) -> str | None:
        """With a `machineSpec` where there is none, or nothing in it."""
        snake, json_style = _is_snake(pool, pool), self._is_json(pool)
        key = "machine_spec" if snake else "machineSpec"
        words = _entry(name, value, snake=snake, json_style=json_style)
        if not pool.entries or (holder is not None and holder not in pool.entries):
            return None
        if holder is not None and isinstance(holder.value, Scalar) and holder.value.text:
            start = self._at(holder.value.place)
            return self._with((start, self._end(holder.value), f"{{{words}}}"))
        flow = self._is_flow(pool)
        if holder is not None:
            end = self._colon(holder)
            line = self._text.find("\n", end)
            line = len(self._text) if line < 0 else line
            indent = " " * (holder.key.place.column - 1 + _INDENT)
            return None if flow else self._with((line, line, f"\n{indent}{words}"))
        place = self._at(_first(pool))
        if flow:
            shown = json.dumps(key) if json_style else key
            return self._with((place, place, f"{shown}: {{{words}}}, "))
        indent = " " * (_first(pool).column - 1)
        return self._with((place, place, f"{key}:\n{indent}{' ' * _INDENT}{words}\n{indent}"))

    def _is_json(self, node: Mapping) -> bool:
        """Whether keys are in double quotes."""
        return bool(node.entries) and self._text[self._at(_first(node)) :].startswith('"')


def _first(node: Mapping) -> Place:
    return node.entries[0].key.place if node.entries else node.place


def _is_snake(spec: Mapping, pool: Mapping) -> bool:
    """Which spelling new keys get: that of the nearest keys that have one."""
    for node in (spec, pool):
        keys = [item.key.text for item in node.entries if isinstance(item.key, Scalar)]
        if any("_" in key for key in keys):
            return True
        if any(key != key.lower() for key in keys):
            return False
    return False


def _entry(name: str, value: str | int, *, snake: bool, json_style: bool) -> str:
    key = _SNAKE[name] if snake else name
    return f"{json.dumps(key)}: {json.dumps(value)}" if json_style else f"{key}: {value}"
