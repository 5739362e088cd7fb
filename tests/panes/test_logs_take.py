"""What is taken out of the Logs pane: copies, files, a pager, links, outputs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from tests.fake_logs import entry, running_job
from tests.panes.logs_world import LogsApp, ask, started
from tests.support import wait_for
from tui.domain.storage import GcsUri
from tui.panes import logs_take
from tui.panes.jobs_choice import ChoiceScreen

BARS = [entry(n, f" {n}%|█ | {n}/100 [00:01<00:02]") for n in range(10)]


async def offered(app: LogsApp) -> list[str]:
    """The choices of the dialog that opens."""
    await wait_for(lambda: isinstance(app.screen, ChoiceScreen) and app.screen.query(OptionList))
    return [str(option.prompt) for option in app.screen.query_one(OptionList).options]


def saved(app: LogsApp) -> set[Path]:
    """The files that were saved."""
    return set(Path(app.pane.options.settings.storage_download_dir).glob("*"))


async def save(app: LogsApp, pilot: Pilot[Any], *keys: str) -> Path:
    """Save what the keys choose in the dialog; the file."""
    before = saved(app)
    await pilot.press("s")
    await offered(app)
    await pilot.press(*keys, "enter")
    await app.says("#logs-note", "✓ Saved")
    (path,) = saved(app) - before
    return path


async def test_saving_writes_all_what_is_shown_or_the_selection(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        job = replace(running_job(), display_name="../../etc/x y")
        secret = "token ya29." + "a" * 60
        await app.follow(*BARS, entry(20, "\x1b[31mend\x1b[0m"), entry(21, secret), job=job)
        path = await save(app, pilot)
        assert path.name == "etc-x-y-77.log"
        text = path.read_text().splitlines()
        assert len(text) == 12
        assert text[10] == "2026-11-22T18:00:00.020Z INFO     workerpool0-0 end"
        assert "aaaaaa" not in text[11]
        path = await save(app, pilot, "j", "j", "j")
        assert path.name == "etc-x-y-77.jsonl"
        records = [json.loads(line) for line in path.read_text().splitlines()]
        assert [record["text"] for record in records][:2] == [app.rows[0], "end"]
        await ask(app, pilot, "ampersand", "end")
        await wait_for(lambda: app.rows == ["end"])
        assert "end" in (await save(app, pilot, "j", "j")).read_text()
        await pilot.press("escape", "escape", "G", "k", "v", "k")
        await pilot.press("s")
        assert (await offered(app))[0] == "the selection as text (2)"
        await pilot.press("escape")
        assert len((await save(app, pilot)).read_text().splitlines()) == 2


async def test_saving_where_one_may_not_is_said_in_place(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        (tmp_path / "saved").write_text("a file is in the way")
        await app.follow(entry(1))
        await pilot.press("s")
        assert await offered(app) == ["all lines as text (1)", "all lines as JSON, one object a line (1)"]
        await pilot.press("enter")
        await app.says("#logs-note", "✗ Not saved")
        await pilot.press("p")
        await app.says("#logs-note", "No pager can be opened from here")


async def test_copies_a_line_or_a_selection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with started(tmp_path) as (app, pilot):
        await app.follow(*(entry(n) for n in range(40)))
        await pilot.press("y")
        await app.says("#logs-note", "Copied one line")
        assert app.clipboard == "line 39"
        await pilot.press("v", "k", "k", "y")
        await app.says("#logs-note", "Copied the selection (3 lines)")
        assert "s saves" not in app.note
        assert app.clipboard == "line 37\nline 38\nline 39"
        assert app.front.stand.anchor is None
        await pilot.press("v", "j")
        app.logs.write(entry(50))
        await wait_for(lambda: len(app.rows) == 41)
        assert (app.cursor, app.view.follow) == ("line 38", False), "the end is not followed meanwhile"
        await pilot.press("escape")
        assert len(app.view.selection) == 1
        monkeypatch.setattr(logs_take, "MOST_COPIED", 5)
        await pilot.press("v", "g", "y")
        assert "s saves the selection" in app.note


async def test_links_lead_into_the_app_or_to_the_clipboard(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        wandb = "https://wandb.ai/kelp/runs/1"
        await app.follow(
            entry(1, "nothing"), entry(2, f"see {wandb} and gs://kelp/out/ckpt"), entry(3, wandb)
        )
        await pilot.press("u")
        await app.says("#logs-note", "Copied the address")
        assert app.clipboard == wandb
        await pilot.press("k", "u")
        assert await offered(app) == [wandb, "gs://kelp/out/ckpt"]
        await pilot.press("j", "enter")
        await wait_for(lambda: GcsUri("kelp", "out/ckpt") in app.posted)
        await pilot.press("k", "u")
        await app.says("#logs-note", "No address")
