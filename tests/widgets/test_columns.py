"""Columns: what is shown in which width, and texts that fit exactly."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content, Span

from tui.domain.text import cell_width
from tui.widgets.columns import GAP, MIN_FILL, Column, Layout, fit, harmless, lay_out

COLUMNS = (
    Column("state", "STATE", 12, minimum=4, priority=3),
    Column("name", "NAME", fill=True),
    Column("machine", "MACHINE", 10, priority=1),
    Column("age", "AGE", 4, "right", priority=2),
)

columns = st.lists(
    st.builds(
        Column,
        key=st.uuids().map(str),
        label=st.just("LABEL"),
        width=st.integers(0, 40),
        minimum=st.integers(0, 12),
        priority=st.integers(0, 3),
        fill=st.booleans(),
    ),
    max_size=8,
)


def shown(layout: Layout) -> list[str]:
    return [COLUMNS[number].key for number, _ in layout.shown]


def test_all_columns_in_a_wide_room_and_the_rest_is_for_the_one_that_fills() -> None:
    layout = lay_out(COLUMNS, 100)
    assert dict(layout.widths) == {"state": 12, "name": 100 - 12 - 10 - 4 - 3 * GAP, "machine": 10, "age": 4}
    assert layout.pages == 1


def test_columns_get_narrower_before_any_is_dropped() -> None:
    room = 4 + MIN_FILL + 10 + 4 + 3 * GAP
    assert dict(lay_out(COLUMNS, room).widths) == {"state": 4, "name": MIN_FILL, "machine": 10, "age": 4}
    assert lay_out(COLUMNS, room - 1).widths["machine"] == 0


def test_columns_are_dropped_by_priority_and_shown_on_later_pages() -> None:
    layout = lay_out(COLUMNS, 22)
    assert shown(layout) == ["state", "name"]
    assert layout.pages == 3
    later = [shown(lay_out(COLUMNS, 22, page)) for page in (1, 2)]
    assert later == [["name", "machine"], ["name", "age"]]
    assert lay_out(COLUMNS, 22, 9) == lay_out(COLUMNS, 22, 2)
    assert lay_out(COLUMNS, 22, -1) == layout


@given(columns, st.integers(-5, 120), st.integers(-1, 9))
def test_every_column_is_on_a_page_and_no_page_is_wider_than_the_room(
    declared: list[Column], room: int, page: int
) -> None:
    layout = lay_out(declared, room, page)
    assert 0 <= layout.page < layout.pages
    pages = [lay_out(declared, room, number) for number in range(layout.pages)]
    seen = [number for one in pages for number, _ in one.shown]
    assert set(seen) == set(range(len(declared)))
    for one in pages:
        widths = [width for _, width in one.shown]
        assert all(width >= 1 for width in widths)
        # A column or two must be there however small the room is.
        assert sum(widths) + GAP * (len(widths) - 1) <= max(room, 2 + GAP)
        assert list(one.widths.values()).count(0) == len(declared) - len(widths)


@given(st.text(max_size=30), st.integers(0, 20), st.booleans())
def test_a_fitted_text_is_one_harmless_line_of_exactly_that_width(text: str, width: int, right: bool) -> None:  # noqa: FBT001
    plain = fit(Content(text), width, right=right).plain
    assert cell_width(plain) == width
    assert not any(unicodedata.category(character) in {"Cc", "Zl", "Zp", "Cs"} for character in plain)


@pytest.mark.parametrize(
    "text",
    [
        "日本語の名前",
        "👩‍👩‍👧 family",
        "❤️ heart",
        "👋🏽 wave",
        "🇩🇪 flag",
        "e\N{COMBINING ACUTE ACCENT}té",
        "漢字🎉" * 20,
    ],
)
@pytest.mark.parametrize("width", [1, 2, 5, 9, 40])
def test_its_width_is_the_one_the_screen_counts_with(text: str, width: int) -> None:
    plain = fit(Content(text), width).plain
    assert cell_len(plain) == cell_width(plain) == width


def test_long_texts_are_cut_in_the_middle_and_keep_their_colours() -> None:
    content = Content.assemble(("begin", "red"), "-middle-", ("end", "blue"))
    cut = fit(content, 9)
    assert cut.plain == "begi…-end"
    assert [(cut.plain[span.start : span.end], span.style) for span in cut.spans] == [
        ("begi", "red"),
        ("end", "blue"),
    ]


def test_numbers_align_right() -> None:
    assert fit(Content("12m"), 5, right=True).plain == "  12m"


def test_an_accent_does_not_outlive_its_letter() -> None:
    cut = fit(Content("abcdefgha\N{COMBINING ACUTE ACCENT}z"), 4).plain
    assert cut == "ab…z"


def test_escapes_markup_and_line_ends_are_shown_as_text() -> None:
    content = Content("\x1b[31mred\x1b[0m [red]x[/] a\nb\tc\N{RIGHT-TO-LEFT OVERRIDE}d\u200be")
    assert harmless(content).plain == "␛[31mred␛[0m [red]x[/] a␊b c�d�e"


def test_spans_stay_on_their_characters_when_others_go() -> None:
    content = Content("❤️a\u200db", [Span(0, 2, "red"), Span(2, 5, "blue"), Span(1, 2, "bold")])
    clean = harmless(content)
    assert clean.plain == "❤ab"
    assert [(clean.plain[span.start : span.end], span.style) for span in clean.spans] == [
        ("❤", "red"),
        ("ab", "blue"),
    ]


def test_a_column_that_went_before_a_wider_one_comes_back_where_there_is_room() -> None:
    wide = (
        Column("name", "NAME", fill=True),
        Column("big", "BIG", 30, priority=2),
        Column("small", "SMALL", 5, priority=1),
    )
    assert [number for number, _ in lay_out(wide, MIN_FILL + GAP + 5).shown] == [0, 2]
