"""Rows that unfold, come and go leave the row under the cursor where it is on screen."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.panes.setup_app import Rows, SetupApp, app, go_to, rows, show
from tests.services.setup_world import ready_world
from tests.support import settle
from tui.domain.setup.model import Check, CheckState, Group
from tui.panes.setup_rows import EVERYTHING, fold

__all__ = ["app", "rows"]

OK, FAILED = CheckState.OK, CheckState.FAILED


def group(of: Group, states: Sequence[CheckState]) -> list[Check]:
    return [
        Check(f"{of.name.lower()}.{number}", of, f"{number}", state, f"finding {number}")
        for number, state in enumerate(states)
    ]


def test_nothing_else_is_folded_for_what_is_unfolded() -> None:
    checks = [*group(Group.CONNECTION, [OK]), *group(Group.APIS, [OK] * 9), *group(Group.BUCKET, [OK])]
    before = fold(checks, room=4)
    after = fold(checks, {Group.APIS.value}, room=4)
    assert [line.key for line in before] == ["connection.0", "group:APIS", "bucket.0"]
    assert [after[0], after[-1]] == [before[0], before[-1]]
    assert len(after) == 11


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_group_unfolds_at_the_line_of_the_cursor(
    app: SetupApp, rows: Rows, size: tuple[int, int]
) -> None:
    rows.alone = True
    rows.extra = [
        *group(Group.CONNECTION, [OK]),
        *group(Group.PERMISSIONS, [OK]),
        *group(Group.APIS, [OK] * 40),
        *group(Group.BUCKET, [OK]),
    ]
    async with app.run_test(size=size) as pilot:
        await show(app, pilot, ready_world())
        await pilot.press("g", "down", "down")
        await settle(pilot, lambda: app.table.cursor_key == "group:APIS")
        await pilot.press("enter")
        await settle(pilot, lambda: app.table.cursor_key == "apis.0")
        await settle(pilot)
        assert app.table.cursor_row - app.table.scroll_y == 2
        await pilot.press(*["down"] * 30)
        await settle(pilot, lambda: app.table.cursor_key == "apis.30")
        height = app.table.cursor_row - app.table.scroll_y
        assert app.table.scroll_y > 5, "rows are out of sight above"
        await pilot.press("g", *["down"] * 2, "h")
        await settle(pilot, lambda: app.table.cursor_key == "group:APIS")
        assert EVERYTHING not in app.pane._lines
        assert height > 2


@pytest.mark.parametrize("more", [4, 0])
async def test_rows_that_come_and_go_above_do_not_move_the_cursor(
    app: SetupApp, rows: Rows, more: int
) -> None:
    rows.alone = True
    others = group(Group.APIS, [FAILED] * 40)
    rows.extra = [*group(Group.CONNECTION, [FAILED] * 2), *others]
    async with app.run_test(size=(80, 24)) as pilot:
        await show(app, pilot, ready_world())
        app.pane._unfolded |= {Group.CONNECTION.value, Group.APIS.value}
        await go_to(app, pilot, "apis.30")
        await pilot.press("up", "up", "up")
        await settle(pilot, lambda: app.table.cursor_key == "apis.27")
        height = app.table.cursor_row - app.table.scroll_y
        assert height > 1
        rows.extra = [*group(Group.CONNECTION, [FAILED] * more), *others]
        app.pane._show()
        await settle(pilot, lambda: app.table.row_count == 40 + more)
        await settle(pilot)
        assert app.table.cursor_key == "apis.27"
        assert app.table.cursor_row - app.table.scroll_y == height
