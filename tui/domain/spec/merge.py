"""YAML 1.1 merge keys (`<<: *defaults`), as gcloud reads them."""

from __future__ import annotations

from collections.abc import Iterator

from tui.domain.spec.nodes import Entry, Mapping, Node, Scalar, Sequence

MAX_MERGES = 50
"""Merges inside merges that are followed."""
MAX_ENTRIES = 5_000
"""Entries that one mapping may have after merging."""


class TooMuchError(ValueError):
    """Aliases or merges multiply to more than is read."""


def entries_of(mapping: Mapping) -> dict[str, Entry]:
    """The entries by the text of their keys, the mapping's own before merged ones.

    Keys that are not scalars are under the empty text.

    Raises:
        TooMuchError: merging would give more than `MAX_ENTRIES` entries, or goes too deep.
    """
    return _entries(mapping, {}, 0)


def _entries(mapping: Mapping, known: dict[int, dict[str, Entry]], depth: int) -> dict[str, Entry]:
    """The same; `known` remembers each mapping, which aliases may name very many times."""
    if (done := known.get(id(mapping))) is not None:
        return done
    if depth > MAX_MERGES:
        raise TooMuchError
    own: dict[str, Entry] = {}
    merged: dict[str, Entry] = {}
    for entry in mapping.entries:
        if isinstance(entry.key, Scalar) and entry.key.merge:
            for source in _sources(entry.value):
                for key, inherited in _entries(source, known, depth + 1).items():
                    merged.setdefault(key, inherited)
                if len(merged) > MAX_ENTRIES:
                    raise TooMuchError
        else:
            own[entry.key.text if isinstance(entry.key, Scalar) else ""] = entry
    known[id(mapping)] = result = merged | own
    return result


def _sources(value: Node) -> Iterator[Mapping]:
    if isinstance(value, Mapping):
        yield value
    elif isinstance(value, Sequence):
        yield from (item for item in value.items if isinstance(item, Mapping))
