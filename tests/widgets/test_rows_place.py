"""Through any refreshes, moves and sizes the list keeps its place."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.widgets.rows_app import RowsApp, numbered, quiet

KEYS = ["j", "k", "G", "g", "pagedown", "pageup", "shift+up", "shift+down"]

steps = st.lists(
    st.one_of(
        st.tuples(st.just("rows"), st.lists(st.integers(0, 60), unique=True, max_size=60)),
        st.tuples(st.just("press"), st.sampled_from(KEYS)),
        st.tuples(st.just("cursor"), st.integers(-5, 80)),
        st.tuples(st.just("scroll"), st.integers(-5, 80)),
        st.tuples(st.just("size"), st.tuples(st.integers(1, 70), st.integers(1, 20))),
        st.tuples(st.just("touch"), st.integers(0, 60)),
    ),
    max_size=12,
)


def check(app: RowsApp) -> None:
    """What holds after every step."""
    rows = app.rows
    count = rows.row_count
    assert 0 <= rows.scroll_y <= rows.max_scroll_y
    assert rows.cursor_row == 0 if not count else 0 <= rows.cursor_row < count
    assert rows.cursor_key == (rows.keys[rows.cursor_row] if count else None)
    assert rows.virtual_size.height == count + 1


def set_rows(app: RowsApp, keys: list[str]) -> None:
    """Change the rows; the cursor keeps its key, or its position, and its line where that can be."""
    rows = app.rows
    key, row, top = rows.cursor_key, rows.cursor_row, rows.scroll_offset.y
    page = max(rows.size.height - 1, 0)
    rows.set_rows(keys)
    check(app)
    if key in keys:
        assert rows.cursor_key == key
    elif key is not None:
        assert rows.cursor_row == max(min(row, len(keys) - 1), 0)
    if keys and key is not None and top <= row < top + page:
        now = rows.cursor_row - rows.scroll_offset.y
        assert 0 <= now < page
        at_an_end = rows.scroll_offset.y in {0, rows.max_scroll_y}
        assert at_an_end or now == row - top


@settings(max_examples=12)
@given(steps)
async def test_the_place_is_kept(script: list[tuple[str, object]]) -> None:
    app = RowsApp(numbered(30))
    async with app.run_test(size=(60, 12)) as pilot:
        for what, how in script:
            match what, how:
                case "rows", list():
                    set_rows(app, [f"job-{number:06}" for number in how])
                case "press", str():
                    await pilot.press(how)
                case "cursor", int():
                    app.rows.move_cursor(how)
                case "scroll", int():
                    app.rows.scroll_to(y=how, animate=False)
                case "size", (int(width), int(height)):
                    app.screen_of_terminal.resize(height, width)
                    await pilot.resize_terminal(width, height)
                case "touch", int():
                    app.rows.touch([f"job-{how:06}"])
            check(app)
        await quiet(pilot, app)
        check(app)
        # Nothing that had to be drawn anew was left as it was; the last column is the scrollbar's.
        width = app.rows.scrollable_content_region.width
        if app.rows.region:
            assert [line[:width].rstrip() for line in app.shown] == app.drawn
