"""A job in a state that only a newer API has may still run: it can be stopped, and its record stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.panes.jobs_world import DetailApp, raw
from tests.support import wait_for


@pytest.mark.parametrize(
    ("state", "offered"),
    [("OF_A_NEWER_API", "cancel"), ("SUCCEEDED", "delete"), ("RUNNING", "cancel")],
)
async def test_what_may_run_can_be_cancelled_and_only_what_has_ended_be_deleted(
    state: str, offered: str, tmp_path: Path
) -> None:
    app = DetailApp(tmp_path)
    async with app.run_test(size=(120, 30)):
        app.show([raw(1, state)], {})
        await wait_for(lambda: "Created" in app.detail)
        assert [each for each in ("cancel", "delete") if app.pane.check_action(each, ())] == [offered]
