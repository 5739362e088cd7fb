"""Every key of a TOML document is found where it stands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from tui.services.toml_places import KeyPath, Place
from tui.services.toml_scan import find_places

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["a", "b.c", 'q"', "'", "#"]
)
SCALARS = (
    st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.dates()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=5)


def paths_of(value: Any, base: KeyPath = ()) -> Iterator[KeyPath]:
    if isinstance(value, Mapping):
        for name, entry in value.items():
            yield (*base, name)
            yield from paths_of(entry, (*base, name))
    elif isinstance(value, list):
        for entry in value:
            yield from paths_of(entry, base)


@given(DOCUMENTS)
def test_all_keys_of_any_document_are_found_and_no_others(document: dict[str, Any]) -> None:
    text = tomlkit.dumps(document)
    assert set(find_places(text)) == set(paths_of(tomllib.loads(text)))


def test_places_of_all_forms_of_keys() -> None:
    text = (
        "# a comment with [brackets] and = signs\n"
        'one = 1 # "quote\n'
        '  "two three".four = """\n'
        "five = 5\n"
        '\\""""""\n'
        "\n"
        "list = [ # [x]\n"
        "  { six = '}', seven = [1, 2] },\n"
        "]\r\n"
        "[ table . 'sub' ]\n"
        "when = 2026-11-22 10:00:00\n"
        "[[many]]\n"
        "x = 'a'\n"
        "[[many]]\n"
        "x = 'b'\n"
    )
    tomllib.loads(text)
    assert find_places(text) == {
        ("one",): Place(2, 1),
        ("two three",): Place(3, 3),
        ("two three", "four"): Place(3, 15),
        ("list",): Place(7, 1),
        ("list", "six"): Place(8, 5),
        ("list", "seven"): Place(8, 16),
        ("table",): Place(10, 3),
        ("table", "sub"): Place(10, 11),
        ("table", "sub", "when"): Place(11, 1),
        ("many",): Place(12, 3),
        ("many", "x"): Place(13, 1),
    }


@pytest.mark.parametrize("text", ["", "\n", "# only this", "\ufeff"[1:]])
def test_a_document_without_keys_has_no_places(text: str) -> None:
    assert find_places(text) == {}
