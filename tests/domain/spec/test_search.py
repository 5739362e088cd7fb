"""Finding a text in lines, reading a line number, and the difference between two texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.spec.difference import Side, difference
from tui.domain.spec.highlight import block_lines, keeps_blocks
from tui.domain.spec.search import Match, Query, after, at_or_after, before, read_place

LINES = st.lists(st.text("aAbBİß .[(*", max_size=12), max_size=6)
TOKEN = "hf_" + "aB3" * 12


@given(lines=LINES, text=st.text("aAbBİ.[(*", min_size=1, max_size=3))
def test_every_match_is_the_text_and_capitals_count_if_there_is_one(lines: list[str], text: str) -> None:
    found = Query(text).find_all(lines)
    parts = [lines[match.line][match.start : match.end] for match in found]
    if any(char.isupper() for char in text):
        assert set(parts) <= {text}
        assert len(parts) == sum(line.count(text) for line in lines)
    else:
        assert all(len(part) == len(text) for part in parts)
        assert {part.casefold() for part in parts} <= {text.casefold()}


@given(lines=LINES, line=st.integers(0, 6), column=st.integers(0, 12))
def test_next_and_previous_go_round(lines: list[str], line: int, column: int) -> None:
    matches = Query("a").find_all(lines)
    places = [(match.line, match.start) for match in matches]
    if not matches:
        assert {after(matches, line, column), before(matches, line, column)} == {-1}
        return
    here = (line, column)
    later = [place for place in places if place > here] or places
    earlier = [place for place in places if place < here] or places
    assert places[after(matches, line, column)] == later[0]
    assert places[before(matches, line, column)] == earlier[-1]
    assert places[at_or_after(matches, line, column)] == ([p for p in places if p >= here] or places)[0]


def test_nothing_is_found_without_a_text() -> None:
    assert Query("").find_all(["a", ""]) == []
    assert Query("a").find_all(["ba"]) == [Match(0, 1, 2)]


@pytest.mark.parametrize(
    ("text", "place"),
    [("12", (12, 1)), (":12", (12, 1)), (" 12:5 ", (12, 5)), ("0", (1, 1)), ("7,3", (7, 3))],
)
def test_a_place_is_read(text: str, place: tuple[int, int]) -> None:
    assert read_place(text) == place


@pytest.mark.parametrize("text", ["", "x", "1:2:3", "-1", "1e3", "٣", "9" * 20])
def test_what_is_no_place_is_none(text: str) -> None:
    assert read_place(text) is None


@given(first=st.text("ab\n", max_size=20), second=st.text("ab\n", max_size=20))
def test_a_difference_leads_from_one_text_to_the_other(first: str, second: str) -> None:
    lines = difference(first, second, context=1000)
    if first == second:
        assert lines == []
        return
    assert "\n".join(line.text for line in lines if line.side in (Side.BOTH, Side.FIRST)) == first
    assert "\n".join(line.text for line in lines if line.side in (Side.BOTH, Side.SECOND)) == second


def test_a_difference_shows_no_secret_and_has_an_end() -> None:
    shown = difference(f"a: {TOKEN}\nx", f"a: {TOKEN}\ny")
    assert all(TOKEN not in line.text for line in shown)
    assert difference(f"a: {TOKEN}", f"a: {TOKEN}b3")[0].text == "Only hidden values differ."
    many = "".join(f"{number}\nsame\n" for number in range(10_000))
    assert len(difference(many, many.replace("same", "other"))) < 10_000


@given(
    lines=st.lists(st.text("a: |-#\"' ", max_size=10), min_size=1, max_size=6),
    place=st.integers(0, 5),
    text=st.text("a: |-# ", max_size=10),
)
def test_an_edit_that_keeps_the_blocks_keeps_them(lines: list[str], place: int, text: str) -> None:
    row = place % len(lines)
    if keeps_blocks(lines[row], text):
        assert block_lines([*lines[:row], text, *lines[row + 1 :]]) == block_lines(lines)
