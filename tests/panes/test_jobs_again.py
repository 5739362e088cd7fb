"""Rerun, copies, watched jobs and unseen ends in the Jobs pane, on recorded jobs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, Static

from tests.panes.jobs_world import NOW, DetailApp, raw
from tests.services.spend_world import SpendWorld
from tests.support import wait_for
from tui import assets
from tui.domain.course.cost import SoFar
from tui.domain.diagnosis.model import Action, Cause, Diagnosis, NextStep
from tui.domain.gateway import Gateway
from tui.domain.insight import JobInsight
from tui.domain.joblist.again import Way, again_of
from tui.domain.joblist.unseen import News, Noticed, Stretch
from tui.domain.jobs import Job, job_from_json
from tui.panes import jobs_ends, messages
from tui.panes.jobs_choice import ChoiceScreen
from tui.panes.jobs_rerun import RerunScreen, Surroundings, Wanted
from tui.panes.jobs_unseen import NewsStrip, cost_words, news_content
from tui.panes.spec_machine import MachineScreen
from tui.panes.spec_pick import PickScreen
from tui.panes.spec_values import ArgsField
from tui.services.handout import copies_file

SIZES = [(80, 24), (160, 50)]
EVIL = "x[red]\x1b[31m\u202e" + "é" * 140


class AgainApp(DetailApp):
    """The pane, with what it posts about ends and clones, and an answer of the dialog."""

    CSS_PATH = [assets.STYLES / f"{name}.tcss" for name in ("frame", "spec", "jobs")]  # noqa: RUF012

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path)
        self.told: list[object] = []
        self.answers: list[Wanted | None] = []

    def on_watch_job(self, message: messages.WatchJob) -> None:
        self.told.append(("watch", message.job.job_id, message.on))

    def on_end_seen(self, message: messages.EndSeen) -> None:
        self.told += [("seen", name.rpartition("/")[2]) for name in message.job_names]

    def on_news_read(self) -> None:
        self.told.append("read")
        self.pane.noticed = replace(self.pane.noticed, news=None)

    def on_clone_job(self, message: messages.CloneJob) -> None:
        self.told.append(("clone", message.job.job_id, message.at))

    def name_cell(self, job: Job) -> str:
        return next(cell.plain for cell in self.pane.cells(job.name, {}) if "job-" in cell.plain)


@pytest.fixture
def app(tmp_path: Path) -> AgainApp:
    return AgainApp(tmp_path)


JOBS = [
    job_from_json(raw(1, "RUNNING")),
    job_from_json(raw(2, "SUCCEEDED")),
    job_from_json(raw(3, "FAILED", error={"code": 3, "message": "It exited with 3.\nMore."})),
]
UNSEEN = Noticed(unseen=(JOBS[2].name, JOBS[1].name))
NEWS = News(
    (JOBS[2].name, JOBS[1].name), (Stretch(NOW - timedelta(hours=9), NOW, "the sign-in had expired"),)
)


async def listed(app: AgainApp) -> None:
    app.show(JOBS, {})
    await wait_for(lambda: app.table.row_count == len(JOBS))


# Watched jobs and unseen ends


async def test_marks_beside_the_names_and_the_key_that_watches(app: AgainApp) -> None:
    async with app.run_test(size=(120, 30)) as pilot:
        await listed(app)
        await pilot.press("w")
        await wait_for(lambda: ("watch", "1", True) in app.told)
        app.pane.noticed = Noticed(frozenset({JOBS[0].name}), (JOBS[2].name,))
        assert app.name_cell(JOBS[0]) == "◉ job-1"
        assert app.name_cell(JOBS[1]) == "job-2"
        assert app.name_cell(JOBS[2]) == "• job-3"
        await pilot.press("w")
        await wait_for(lambda: ("watch", "1", False) in app.told)
        await pilot.press("j")
        assert not app.pane.check_action("watch", ())


async def test_the_next_unseen_is_a_failed_one_and_counts_as_seen_after_a_moment(app: AgainApp) -> None:
    async with app.run_test(size=(120, 30)) as pilot:
        await listed(app)
        assert not app.pane.check_action("next_unseen", ())
        app.pane.noticed = UNSEEN
        assert app.pane.check_action("next_unseen", ())
        await pilot.press("u")
        assert app.table.cursor_key == JOBS[2].name
        await wait_for(lambda: ("seen", "3") in app.told)


async def test_all_ends_count_as_seen_at_one_key(app: AgainApp) -> None:
    async with app.run_test(size=(120, 30)) as pilot:
        await listed(app)
        assert not app.pane.check_action("all_seen", ())
        app.pane.noticed = replace(UNSEEN, news=NEWS)
        await pilot.press("U")
        assert app.note == "2 ends count as seen."
        seen = {("seen", name.rpartition("/")[2]) for name in UNSEEN.unseen}
        await wait_for(lambda: {*seen, "read"} <= {*app.told})


async def test_a_job_left_before_the_moment_is_over_stays_unseen(
    app: AgainApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_ends, "SEEN_SECONDS", 3600)
    async with app.run_test(size=(120, 30)) as pilot:
        await listed(app)
        app.pane.noticed = UNSEEN
        await pilot.press("u")
        first = app.pane._looking
        await pilot.press("u")
        assert app.table.cursor_key == JOBS[1].name
        assert app.pane._looking is not first
        assert not app.told


async def test_what_lies_behind_a_dialog_was_not_seen(app: AgainApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_ends, "SEEN_SECONDS", 3600)
    async with app.run_test(size=(120, 30)) as pilot:
        await listed(app)
        app.pane.noticed = UNSEEN
        await pilot.press("u", "Y")
        await wait_for(lambda: isinstance(app.screen, ChoiceScreen))
        monkeypatch.setattr(jobs_ends, "SEEN_SECONDS", 0.01)
        app.pane._looked_at(JOBS[2].name)
        assert not app.told
        await pilot.press("escape")
        await wait_for(lambda: ("seen", "3") in app.told)


@pytest.mark.parametrize("size", SIZES)
async def test_the_strip_tells_what_ended_until_it_is_waved_away(
    app: AgainApp, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        await listed(app)
        app.pane.noticed = replace(UNSEEN, news=NEWS)
        await wait_for(lambda: app.query(NewsStrip))
        strip = app.query_one(NewsStrip)
        await wait_for(lambda: strip.size.height)
        words = str(strip.content)
        assert "1 failed and 1 succeeded not read yet" in words
        assert "✓" not in words
        assert "job-3  It exited with 3." in words
        assert "9h 0m): the sign-in" in words
        found = {JOBS[2].name: JobInsight(diagnosis=Diagnosis(Cause.GPU_MEMORY, "No GPU memory."))}
        app.pane.insights = found
        await wait_for(lambda: "job-3  No GPU memory." in str(strip.content))
        assert "✗ 1 failed" in str(strip.content)
        assert "1 succeeded not read yet" in str(strip.content)
        odd = JobInsight(diagnosis=Diagnosis(Cause.MASKED_EXIT, "It did not."), kept=True)
        app.pane.insights = {**found, JOBS[1].name: odd}
        await wait_for(lambda: "✗ 1 failed · ⚠ 1 succeeded?" in str(strip.content))
        assert "job-2  It did not." in str(strip.content) or size[1] < 30
        assert app.pane.go_back()
        await wait_for(lambda: strip.has_class("hidden"))
        assert app.told == ["read"]
        app.pane.noticed = replace(UNSEEN, news=NEWS)
        await wait_for(lambda: not strip.has_class("hidden"))
        await pilot.press("u")
        await wait_for(lambda: strip.has_class("hidden"))
        assert app.table.cursor_key == JOBS[2].name


def test_the_strip_survives_odd_words_and_missing_jobs() -> None:
    odd = job_from_json(raw(9, "FAILED", displayName=EVIL, error={"message": f"{EVIL}\n\x9b"}))
    news = News((odd.name, "gone"), (Stretch(NOW, NOW, EVIL),) * 5)
    content = news_content(news, [odd], {}, lambda _job: SoFar(None, None, 0), NOW, width=76)
    assert "\x1b" not in content.plain
    assert "\u202e" not in content.plain
    assert all(line.cell_length <= 76 for line in content.split("\n"))
    assert "Nothing ended" in news_content(news, [], {}, lambda _j: SoFar(None, None, 0), NOW, width=40).plain


@pytest.mark.parametrize(
    ("amounts", "words"),
    [
        ([], ""),
        ([(None, 0)], ""),
        ([("1.25", 60), ("2.5", 60)], "≈ $3.75"),
        ([("0.001", 60)], "< $0.01"),
        ([("1.25", 60), (None, 60)], "≈ $1.25, 1 of unknown price"),
    ],
)
def test_costs_are_added_and_the_unknown_is_counted(
    amounts: list[tuple[str | None, float]], words: str
) -> None:
    costs = [SoFar(Decimal(amount) if amount else None, None, seconds) for amount, seconds in amounts]
    assert cost_words(costs) == words


# Copies, cards


async def test_the_copy_list_hands_out_names_addresses_and_commands(app: AgainApp) -> None:
    async with app.run_test(size=(120, 30)) as pilot:
        await listed(app)
        await pilot.press("Y")
        await wait_for(lambda: isinstance(app.screen, ChoiceScreen))
        rows = [choice.plain for choice in app.screen._choices]  # type: ignore[attr-defined]
        for part in ("name  job-1", "resource name", "Console", "gcloud ai custom-jobs cancel 1"):
            assert any(part in row for row in rows), part
        await pilot.press("j", "j", "enter")
        await wait_for(lambda: "Copied the resource name" in app.note)
        assert copies_file(app.paths).read_text() == JOBS[0].name


async def test_the_card_leads_to_the_spec_at_its_place(app: AgainApp) -> None:
    async with app.run_test(size=(120, 30)):
        await listed(app)
        path = ("jobSpec", "scheduling", "timeout")
        app.pane.gateway = cast("Gateway", SpendWorld())  # only asked whether it is there
        app.pane.take_step(JOBS[2], NextStep("Open it", Action.OPEN_SPEC, spec_path=path))
        await wait_for(lambda: ("clone", "3", path) in app.told)


async def test_without_a_connection_it_says_so(app: AgainApp) -> None:
    async with app.run_test(size=(120, 30)) as pilot:
        await listed(app)
        await pilot.press("e")
        await wait_for(lambda: "no connection yet" in app.note)
        app.pane.options = replace(
            app.pane.options, settings=replace(app.pane.options.settings, read_only=True)
        )
        assert not app.pane.check_action("rerun_as", ())
        assert not app.pane.check_action("rerun", ())
        assert app.pane.check_action("clone", ())


# The dialog


def rerun(app: AgainApp, job: dict[str, Any] | None = None, **about: Any) -> RerunScreen:
    """The dialog over the pane; its answer is collected."""
    screen = RerunScreen(
        again_of(job_from_json(job or raw(1, "FAILED"))), Surroundings("job-1", "ana-job-1", **about)
    )
    app.push_screen(screen, app.answers.append)
    return screen


async def opened(screen: RerunScreen) -> None:
    await wait_for(lambda: screen.is_mounted and screen.focused and screen.focused.has_focus)


def differs(screen: RerunScreen) -> str:
    return str(screen.query_one("#again-differs", Static).content)


@pytest.mark.parametrize("size", SIZES)
async def test_the_fields_have_what_the_job_had_and_fit(app: AgainApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        screen = rerun(app)
        await opened(screen)
        assert screen.query_one(ArgsField).has_focus
        assert screen.query_one(ArgsField).text == "--lr\n2e-5"
        assert str(screen.query_one("#again-way", Button).label) == "Spot"
        assert screen.query_one("#again-timeout", Input).value == "2h"
        assert "Nothing is changed" in differs(screen)
        yes = screen.query_one("#again-yes", Button)
        await wait_for(lambda: yes.region.height and yes.region.bottom <= size[1])
        await pilot.press("ctrl+s")
        await wait_for(lambda: app.answers)
        assert app.answers == [Wanted(again_of(job_from_json(raw(1, "FAILED"))))]


async def type_into(pilot: Pilot[None], screen: RerunScreen, which: str, value: str) -> None:
    screen.query_one(which, Input).focus()
    await pilot.press("ctrl+a", "delete", *value)


async def test_what_cannot_be_used_is_said_and_not_taken(app: AgainApp) -> None:
    async with app.run_test(size=(100, 40)) as pilot:
        screen = rerun(app, change="timeout")
        await opened(screen)
        field = screen.query_one("#again-timeout", Input)
        assert field.has_focus
        field.value = "soon"
        await wait_for(lambda: "✗ Write a length of time" in differs(screen))
        await pilot.press("ctrl+s")
        assert app.screen is screen
        field.value = ""
        await wait_for(lambda: "timeout  2h → none" in differs(screen))
        screen.query_one("#again-name", Input).value = "x" * 129
        await wait_for(lambda: "✗ It is 129 characters long" in differs(screen))
        screen.query_one("#again-name", Input).value = "mine"
        screen.query_one(ArgsField).load_text("'unclosed")
        await wait_for(lambda: "✗ A quotation mark" in differs(screen))
        screen.query_one(ArgsField).load_text("--lr 1")
        await wait_for(lambda: "--lr 2e-5 → --lr 1" in differs(screen))
        await pilot.press("ctrl+o")
        await wait_for(lambda: app.answers)
        answer = app.answers[0]
        assert answer is not None
        assert answer.edit
        assert (answer.again.args, answer.again.timeout, answer.again.display_name) == (
            ("--lr", "1"),
            0,
            "mine",
        )


async def test_advice_begins_with_what_it_advises(app: AgainApp) -> None:
    async with app.run_test(size=(100, 40)):
        screen = rerun(app, change="standard")
        await opened(screen)
        assert screen.wanted().way is Way.STANDARD
        assert "strategy  Spot → standard" in differs(screen)


async def test_machine_and_region_are_chosen_from_their_lists(app: AgainApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        screen = rerun(app, change="machine")
        await opened(screen)
        await pilot.press("enter")
        await wait_for(lambda: isinstance(app.screen, MachineScreen))
        await pilot.press(*"n1-standard-8", "enter")
        await wait_for(lambda: app.screen is screen)
        await wait_for(lambda: "n1-standard-8" in differs(screen))
        screen.query_one("#again-region").focus()
        await pilot.press("enter")
        await wait_for(lambda: isinstance(app.screen, PickScreen))
        await pilot.press(*"us-east1", "enter")
        await wait_for(lambda: app.screen is screen)
        assert screen.wanted().region == "us-east1"


CHECKPOINT = "gs://b/out/checkpoint-900"


async def test_a_checkpoint_goes_into_the_option_that_takes_one(app: AgainApp) -> None:
    job = raw(1, "FAILED")
    container = job["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]
    container["args"] = ["--resume_from_checkpoint", "gs://b/out/checkpoint-100"]
    async with app.run_test(size=(120, 40)) as pilot:
        screen = rerun(app, job, paths=(f"{CHECKPOINT}/model", "gs://b/x"))
        await opened(screen)
        screen.offer(["gs://b/out/checkpoint-800/"])
        await wait_for(lambda: "2 found" in str(screen.query_one("#again-checkpoint", Button).label))
        screen.query_one("#again-checkpoint").focus()
        await pilot.press("enter")
        await wait_for(lambda: isinstance(app.screen, PickScreen))
        await pilot.press("enter")
        await wait_for(lambda: app.screen is screen)
        assert screen.wanted().args == ("--resume_from_checkpoint", CHECKPOINT)
        assert screen.wanted().env == ()


async def test_without_such_an_option_it_goes_into_a_variable(app: AgainApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = rerun(app, paths=(CHECKPOINT,))
        await opened(screen)
        row = screen.query_one("#again-variable").parent
        assert row is not None
        assert row.has_class("hidden")
        screen.query_one("#again-checkpoint").focus()
        await pilot.press("enter")
        await wait_for(lambda: isinstance(app.screen, PickScreen))
        await pilot.press("enter")
        await wait_for(lambda: app.screen is screen)
        await wait_for(lambda: not row.has_class("hidden"))
        assert screen.wanted().env == (("RESUME_FROM_CHECKPOINT", CHECKPOINT),)
        screen.query_one("#again-variable", Input).value = "not a name"
        await wait_for(lambda: "✗ The variable's name" in differs(screen))


async def test_a_secret_in_the_arguments_is_not_shown_and_sent_again(app: AgainApp) -> None:
    job = raw(1, "FAILED")
    key = "0123456789abcdef0123456789abcdef01234567"
    token = "sk-" + "proj-1234567890abcdefghijkl"
    args = ["--wandb-key", key, f"--api_key={token}", "--lr", "1"]
    job["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]["args"] = args
    async with app.run_test(size=(100, 40)):
        screen = rerun(app, job)
        await opened(screen)
        field = screen.query_one(ArgsField)
        assert "${WANDB_KEY}" in field.text
        assert "${API_KEY}" in field.text
        words = "${WANDB_KEY} and ${API_KEY} stand for secrets of this job"
        assert words in " ".join(differs(screen).split())
        assert screen.wanted().args == tuple(args)
        field.load_text(f"{field.text} --more")
        await wait_for(lambda: "--more" in differs(screen))
        assert screen.wanted().args == (*args, "--more")
        field.load_text("--lr 2")
        await wait_for(lambda: "--lr 2" in differs(screen))
        assert "stand" not in differs(screen)
        assert not any(secret in field.text + differs(screen) for secret in (key, token))
