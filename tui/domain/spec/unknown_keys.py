"""Keys that the API does not know where they stand: which one was meant, and where it belongs."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from tui.domain.spec.nodes import Entry, Mapping, Node, Scalar
from tui.domain.spec.problems import Edit, Fix, Place
from tui.domain.spec.schema import OUTPUT_ONLY, Field, Kind, Schema
from tui.domain.spec.spaces import behind_colon
from tui.domain.spec.wishes import wish_of

WHERE = "{where}"
_STEP = 2
"""By how many columns a key is moved that has no neighbour to show it."""
_LISTED = 8
"""Keys that a message lists."""
_ALIKE = 0.75
_OF_THE_JOB = frozenset({"displayName", "display_name", "labels", "jobSpec"})


@dataclass(frozen=True, slots=True)
class UnknownKey:
    """What is said of an unknown key.

    Attributes:
        code: `unknown-key`, `misplaced-key` or `yaml-space`.
        message: a sentence; `WHERE` in it is for the name of what holds the key.
        fix: what certainly puts it right.
        meant: paths from what holds the key to what was meant by it: nothing more is to be said of those.
        explains: the place of a problem that follows from this one.
        place: where it is shown, if that is not where the key begins.
    """

    code: str
    message: str
    fix: Fix | None = None
    meant: tuple[tuple[str, ...], ...] = ()
    explains: Place | None = None
    place: Place | None = None


def unknown_key(schema: Schema, message: str, entry: Entry, around: Mapping) -> UnknownKey:
    """What to say of the key of `entry`, a single value, in `around`, which is read as `message`."""
    key = entry.key
    text = key.text if isinstance(key, Scalar) else ""
    fields = schema.messages[message]
    known = frozenset(fields) | {field.snake for field in fields.values()}
    glued = behind_colon(text, key.place, known) if isinstance(entry.value, Scalar) else None
    if glued is not None:
        own = schema.field(message, text.partition(":")[0])
        meant = ((own.name,),) if own else ()
        return UnknownKey("yaml-space", glued.message, glued.fix, meant, place=glued.place)
    if (belongs := _of_a_neighbour(schema, message, entry, around)) is not None:
        return belongs
    if (words := _misplaced(text, message, schema)) != "":
        inner = schema.field("CustomJobSpec", text) if message == schema.root else None
        return UnknownKey("misplaced-key", words, meant=(("jobSpec", inner.name),) if inner else ())
    wish = wish_of(schema, message, entry, around)
    start = f"“{text[:60]}” is not a key of {WHERE}"
    if wish is not None and not wish.name:
        code = "misplaced-key" if wish.elsewhere else "unknown-key"
        return UnknownKey(code, f"{start}: {wish.words}.", wish.nested, wish.meant)
    near = schema.messages[message][wish.name] if wish else nearest_key(text, schema, message)
    if near is None:
        return UnknownKey("unknown-key", f"{start}, which has {_some_of(schema, message)}.")
    name = near.snake if "_" in text else near.name
    end = key.end if isinstance(key, Scalar) else key.place
    fix = Fix(f"Rename it to {name}", (Edit(key.place, end, name),))
    taken = around.keys & {near.name, near.snake}
    return UnknownKey(
        "unknown-key",
        f"{start}; did you mean {name}?",
        None if taken else fix,
        () if taken else ((near.name,),),
    )


def nearest_key(key: str, schema: Schema, message: str) -> Field | None:
    """The field of a message that a misspelt key most likely means."""

    def plain(text: str) -> str:
        return text.replace("_", "").replace("-", "").lower()

    names = {plain(name): field for name, field in schema.messages[message].items()}
    close = difflib.get_close_matches(plain(key), names, n=1, cutoff=_ALIKE)
    return names[close[0]] if close else None


def _misplaced(key: str, message: str, schema: Schema) -> str:
    if message == "CustomJobSpec" and key in _OF_THE_JOB:
        return f"{key} belongs to the job around this spec: move the spec below jobSpec, or leave {key} out."
    if message == schema.root and schema.field("CustomJobSpec", key) is not None:
        return f"{key} belongs below jobSpec."
    return ""


def _of_a_neighbour(schema: Schema, message: str, entry: Entry, around: Mapping) -> UnknownKey | None:
    """A key that stands beside the key that it belongs under, such as `timeout` beside `scheduling`."""
    text = entry.key.text if isinstance(entry.key, Scalar) else ""
    for parent in around.entries:
        above = schema.field(message, parent.key.text) if isinstance(parent.key, Scalar) else None
        if above is None or above.kind is not Kind.MESSAGE or above.repeated:
            continue
        field = schema.field(above.type, text)
        if field is None or text in _keys_of(parent.value):
            continue
        words = f"{text} belongs under {above.name}"
        empty = isinstance(parent.value, Scalar) and parent.value.value is None
        fix = _indent(schema, above, parent, around, entry)
        hint = ": indent it." if fix is not None else "."
        return UnknownKey(
            "misplaced-key",
            words + hint,
            fix,
            ((above.name, field.name), *(((above.name,),) if empty else ())),
            explains=parent.key.place if empty else None,
        )
    return None


def _keys_of(node: Node) -> frozenset[str]:
    return node.keys if isinstance(node, Mapping) else frozenset()


def _indent(schema: Schema, above: Field, parent: Entry, around: Mapping, entry: Entry) -> Fix | None:
    """The fix that moves the key, and all between it and its parent that belongs there too, to the right."""
    entries = around.entries
    if around.flow or entry not in entries or not isinstance(parent.key, Scalar):
        return None
    first, last = entries.index(parent) + 1, entries.index(entry)
    moved = entries[first : last + 1]
    known = (isinstance(item.key, Scalar) and schema.field(above.type, item.key.text) for item in moved)
    column = parent.key.place.column
    if not moved or not all(known) or any(item.key.place.column != column for item in moved):
        return None
    step = _step(parent)
    end = _last_line(entry)
    if step <= 0 or end is None or moved[0].key.place.line <= parent.key.place.line:
        return None
    lines = range(moved[0].key.place.line, end + 1)
    edits = tuple(Edit(Place(line, 1), Place(line, 1), " " * step) for line in lines)
    return Fix(f"Indent it below {above.name}", edits)


def _step(parent: Entry) -> int:
    """By how many columns a key is moved to stand with what its parent holds; 0 where that is not certain."""
    value = parent.value
    if isinstance(value, Scalar):
        return _STEP if value.value is None and not value.text else 0
    if not isinstance(value, Mapping) or value.flow or value.place <= parent.key.place or not value.entries:
        return 0
    return value.entries[0].key.place.column - parent.key.place.column


def _last_line(entry: Entry) -> int | None:
    """The line on which a value ends; None for one that is written elsewhere, or over several lines."""
    place = entry.key.place
    parts = list(_scalars(entry.value))
    if any(part.place < place or part.end.line != part.place.line for part in parts):
        return None
    return max([place.line, *(part.place.line for part in parts)])


def _scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Mapping):
        for entry in node.entries:
            yield from _scalars(entry.key)
            yield from _scalars(entry.value)
    else:
        for item in node.items:
            yield from _scalars(item)


def _some_of(schema: Schema, message: str) -> str:
    names = [name for name in schema.messages[message] if name not in OUTPUT_ONLY or message != schema.root]
    return ", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else "")
