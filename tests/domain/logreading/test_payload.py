"""A structured payload to look at."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tui.domain.logreading.payload import payload_lines
from tui.domain.text import printable

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def test_a_payload_is_indented_json_whatever_order_it_came_in() -> None:
    payload = {
        "tags": ["x", []],
        "more": {"Layer10": None, "layer2": True},
        "step": 3.0,
        "loss": 0.5,
        "message": "a\nb",
    }
    assert payload_lines(payload, 100) == [
        "{",
        r'  "message": "a\nb",',
        '  "step": 3,',
        '  "loss": 0.5,',
        '  "more": {',
        '    "layer2": true,',
        '    "Layer10": null',
        "  },",
        '  "tags": [',
        '    "x",',
        "    []",
        "  ]",
        "}",
    ]
    assert payload_lines(payload, 4) == ["{", r'  "message": "a\nb",', '  "step": 3,', "… 10 more lines"]
    assert payload_lines(payload, 13)[-1] == "}"
    assert payload_lines({}, 5) == ["{}"]


@settings(max_examples=40)
@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=4), st.integers(1, 12))
def test_it_is_safe_and_no_longer_than_asked(payload: dict[str, Any], most: int) -> None:
    whole = payload_lines(payload, 10_000)
    assert all(printable(line) == line for line in whole)
    if all(printable(text) == text for text in (json.dumps(payload, ensure_ascii=False),)):
        assert json.loads("\n".join(whole)) == payload
    cut = payload_lines(payload, most)
    assert len(cut) == min(most, len(whole))


def test_odd_payloads_are_shown_too() -> None:
    deep: dict[str, Any] = {}
    for _ in range(3_000):
        deep = {"x": deep}
    assert len(payload_lines(deep, 500)) < 100
    assert len(payload_lines({"x": "a" * 300_000, "y": float("nan"), "z": object()}, 10)[1]) < 5_000
    assert payload_lines({"x": "\x1b[31m\u202e"}, 5)[1] == '  "x": "\\u001b[31m�"'
