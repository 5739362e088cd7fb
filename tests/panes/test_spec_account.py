"""Setup writes `serviceAccount` into the text that is open in the Spec pane."""

from __future__ import annotations

from pathlib import Path

from tests.panes.spec_world import GOOD, SpecApp
from tests.support import wait_for

ACCOUNT = "123456789012-compute@developer.gserviceaccount.com"


async def test_the_account_is_written_into_the_text_once_and_can_be_undone(tmp_path: Path) -> None:
    spec = tmp_path / "train" / "vertex_job.yaml"
    spec.parent.mkdir()
    spec.write_text(GOOD, encoding="utf-8")
    app = SpecApp(tmp_path / "home", spec)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await app.pane.set_service_account(ACCOUNT).wait()
        assert app.pane.editor.text == f"serviceAccount: {ACCOUNT}\n{GOOD}"
        assert f"serviceAccount is {ACCOUNT} now" in app.notice
        await wait_for(lambda: app.pane._needs is not None and app.pane._needs.service_account == ACCOUNT)
        await app.pane.set_service_account(ACCOUNT).wait()
        assert "already" in app.notice
        app.pane.editor.undo()
        assert app.pane.editor.text == GOOD
        assert spec.read_text("utf-8") == GOOD


async def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    spec = tmp_path / "vertex_job.yaml"
    spec.write_text("workerPoolSpecs: [\n", encoding="utf-8")
    app = SpecApp(tmp_path / "home", spec)
    async with app.run_test(size=(120, 40)):
        await app.pane.set_service_account(ACCOUNT).wait()
        assert app.pane.editor.text == "workerPoolSpecs: [\n"
        assert f"serviceAccount: {ACCOUNT}" in app.notice


async def test_without_a_spec_nothing_is_written(tmp_path: Path) -> None:
    app = SpecApp(tmp_path / "home")
    async with app.run_test(size=(120, 40)):
        await app.pane.set_service_account(ACCOUNT).wait()
        assert "No spec is open" in app.notice
