"""What is copied out of the detail of a job."""

from __future__ import annotations

from pathlib import Path

from tests.panes.jobs_world import DetailApp, raw
from tests.support import wait_for


async def test_the_text_of_each_view_can_be_copied(tmp_path: Path) -> None:
    app = DetailApp(tmp_path)
    async with app.run_test(size=(100, 40)) as pilot:
        assert app.panel.as_text == ""
        app.show([raw(1, "RUNNING")], {})
        await wait_for(lambda: "running" in app.detail)
        for words in (
            "▶ running",
            "▶ running",
            "workerPoolSpecs:",
            '"displayName"',
            "gcloud ai custom-jobs describe",
        ):
            assert words in app.panel.as_text
            assert "never-shown" not in app.panel.as_text
            await pilot.press("v")
