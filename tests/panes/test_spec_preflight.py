"""The question before a start: what it says, what it demands, and what else can be wished for in it."""

# ruff: noqa: ASYNC240  # small files on a disk of the test's own

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, TextArea

from tests.panes.spec_world import GOOD, FakeGateway, SpecApp
from tests.support import settle, wait_for
from tui.domain.access import QuotaLimits
from tui.domain.errors import CloudError, ErrorKind
from tui.panes import spec_sending
from tui.panes.spec_preflight import CheckingScreen, StartScreen
from tui.panes.spec_values import ArgsScreen, ValueScreen
from tui.services import submission
from tui.services.secrets import SecretStore
from tui.services.settings import Settings
from tui.services.submission import Record, SubmissionStore, Submitter
from tui.widgets.confirm import ConfirmScreen

TOKEN = "hf_" + "aB3" * 12
GPU = """\
scheduling:
  timeout: 7200s
""" + GOOD.replace(
    "n1-standard-4", "g2-standard-12\n      acceleratorType: NVIDIA_L4\n      acceleratorCount: 1"
)
L4 = "aiplatform.googleapis.com/custom_model_training_nvidia_l4_gpus"
LOST = CloudError("No answer", kind=ErrorKind.TIMEOUT, ambiguous=True)
SIZES = [(80, 24), (160, 50)]


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "my-run.yaml"
    path.write_text(GPU)
    return path


def make(home: Path, spec: Path, gateway: FakeGateway, **settings: Any) -> SpecApp:
    app = SpecApp(home, spec, gateway, Settings(region="europe-west4", **settings))
    SecretStore(app.paths.secrets_file).set("HF_TOKEN", TOKEN)
    return app


def send_before(app: SpecApp, gateway: FakeGateway, spec: Path, **other: Any) -> Record:
    """A confirmed start of the file, to another target."""
    store = SubmissionStore(app.paths.journals_dir)
    submitter = Submitter(gateway.jobs, replace(gateway.target, **other), store)
    record = replace(submitter.new_record("before", str(spec), 1), job_name="projects/1")
    store.write(record)
    return record


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Let the app work until the condition holds."""
    await settle(pilot, condition)


async def ask(app: SpecApp, pilot: Pilot[Any]) -> StartScreen:
    """Press the start key, and wait until the question is asked."""
    await wait_for(lambda: app.editor.text and app.editor.has_focus)
    await pilot.press("ctrl+r")
    return await asked(app, pilot)


async def asked(app: SpecApp, pilot: Pilot[Any]) -> StartScreen:
    await settle(pilot, lambda: isinstance(app.screen, StartScreen) and app.screen.open_for_keys)
    assert isinstance(app.screen, StartScreen)
    return app.screen


async def type_value(app: SpecApp, pilot: Pilot[Any], text: str) -> None:
    await settle(pilot, lambda: isinstance(app.screen, ValueScreen))
    app.screen.query_one(Input).value = text
    await pilot.press("enter")


async def type_args(app: SpecApp, pilot: Pilot[Any], text: str) -> None:
    await settle(pilot, lambda: isinstance(app.screen, ArgsScreen))
    app.screen.query_one(TextArea).text = text
    await pilot.press("ctrl+s")


def lines(screen: StartScreen) -> str:
    """All lines, also those that are scrolled out of sight, with their breaks undone."""
    return re.sub(r"\s+", " ", " ".join(str(line) for line in screen.question.lines))


@pytest.mark.parametrize("size", SIZES)
async def test_everything_that_matters_is_said(tmp_path: Path, spec: Path, size: tuple[int, int]) -> None:
    gateway = FakeGateway(local=False)
    app = make(tmp_path, spec, gateway)
    async with app.run_test(size=size) as pilot:
        screen = await ask(app, pilot)
        first = str(screen.question.lines[0])
        assert "kelp-train · ana@lagoon.example" in first
        assert "GOOGLE CLOUD · BILLED" in first
        told = lines(screen)
        for words in (
            "ana-my-run-",
            "1 × g2-standard-12 + 1 L4 · europe-west4",
            "/h on demand",
            "Spot (estimate, July 2026)",
            "stopped after 2h 0m",
            "✓ permissions",
            "✓ bucket kelp-train-outputs",
            "✓ quota: L4 GPUs 1 of",
            "✓ 2 filled in, secrets hidden",
            "vertex-tui-id",
            "First start of this file on Google Cloud.",
        ):
            assert words in told
        assert TOKEN not in app.shown
        for button in screen.query(Button).exclude("#yes-again"):
            assert screen.region.contains_region(button.region)
            assert button.region.bottom < size[1]
        assert screen.query_one("#dialog").region.bottom <= size[1]
        await pilot.press("n")
        await wait_for(lambda: "Nothing was started" in app.notice)
        assert not gateway.jobs.created


async def test_the_checks_are_shown_while_they_are_made_and_can_be_left(tmp_path: Path, spec: Path) -> None:
    gateway = FakeGateway()
    gateway.world.hangs = {"quota_limits"}
    app = make(tmp_path, spec, gateway)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: app.editor.has_focus)
        await pilot.press("ctrl+r")
        await wait_for(lambda: isinstance(app.screen, CheckingScreen) and "Waiting for: quota" in app.shown)
        await pilot.press("escape")
        await wait_for(lambda: "Nothing was started" in app.notice)
        assert not gateway.jobs.created
        gateway.world.hangs = set()
        await ask(app, pilot)


async def test_without_a_timeout_one_is_asked_for_and_set_for_this_start_only(tmp_path: Path) -> None:
    spec = tmp_path / "run.yaml"
    spec.write_text(GOOD)
    gateway = FakeGateway(local=False)
    app = make(tmp_path, spec, gateway)
    async with app.run_test(size=(80, 24)) as pilot:
        assert "no timeout is set: stopped only after 7 days · M sets one" in lines(await ask(app, pilot))
        await pilot.press("M")
        await type_value(app, pilot, "soon")
        await wait_for(lambda: "Write a length of time" in app.shown)
        await type_value(app, pilot, "90m")
        screen = await asked(app, pilot)
        assert "stopped after 1h 30m (for this start only; W writes it into the file)" in lines(screen)
        assert "No timeout is set" not in lines(screen)
        await pilot.press("y")
        await wait_for(lambda: app.opened)
        (sent,) = gateway.jobs.created
        assert sent["jobSpec"]["scheduling"] == {"timeout": "5400s"}
        assert app.editor.text == GOOD


async def test_a_timeout_can_be_written_into_the_file(tmp_path: Path) -> None:
    spec = tmp_path / "run.yaml"
    spec.write_text(GOOD)
    gateway = FakeGateway(local=False)
    app = make(tmp_path, spec, gateway)
    async with app.run_test(size=(80, 24)) as pilot:
        await ask(app, pilot)
        await pilot.press("m")
        await type_value(app, pilot, "2h")
        await asked(app, pilot)
        await pilot.press("W")
        await wait_for(lambda: app.editor.text == f"scheduling:\n  timeout: 7200s\n{GOOD}")
        told = lines(await asked(app, pilot))
        assert "stopped after 2h 0m" in told
        assert "this start only" not in told
        assert "the text is not saved" in told
        await pilot.press("n")


async def test_name_and_arguments_are_changed_for_this_start_only(tmp_path: Path, spec: Path) -> None:
    gateway = FakeGateway()
    app = make(tmp_path, spec, gateway, jobs_name_template="{file}-{n}")
    async with app.run_test(size=(80, 24)) as pilot:
        assert "Job my-run-1 " in lines(await ask(app, pilot))
        await pilot.press("N")
        await type_value(app, pilot, "a name of its own")
        await asked(app, pilot)
        await pilot.press("A")
        await type_args(app, pilot, "'open")
        await wait_for(lambda: "quotation mark" in app.shown)
        await type_args(app, pilot, "--epochs '3 or 4'")
        told = lines(await asked(app, pilot))
        assert "Args --epochs '3 or 4' (for this start only)" in told
        await pilot.press("y")
        await wait_for(lambda: app.opened)
        (sent,) = gateway.jobs.created
        assert sent["displayName"] == "a name of its own"
        assert sent["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]["args"] == ["--epochs", "3 or 4"]
        assert app.editor.text == GPU
        record = SubmissionStore(app.paths.journals_dir).last_for(str(spec))
        assert record is not None
        assert record.number == 1


async def test_another_project_has_to_be_typed(tmp_path: Path, spec: Path) -> None:
    gateway = FakeGateway(local=False)
    app = make(tmp_path, spec, gateway)
    send_before(app, gateway, spec, project="whelk-prod")
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await ask(app, pilot)
        assert "Last sent to whelk-prod" in app.shown
        assert screen.query_one("#yes", Button).disabled
        await pilot.press(*"kelp-trai", "enter")
        assert screen.query_one("#yes", Button).disabled
        await pilot.press("n", "enter")
        assert screen.query_one("#yes").has_focus
        await pilot.press("enter")
        await wait_for(lambda: app.opened)
        assert len(gateway.jobs.created) == 1


@pytest.mark.parametrize("before", [{"project": "kelp-train"}, {"local": None, "project": "whelk-prod"}])
async def test_the_same_project_and_a_start_here_need_no_typing(
    tmp_path: Path, spec: Path, before: dict[str, Any]
) -> None:
    gateway = FakeGateway(local="local" in before)
    app = make(tmp_path, spec, gateway)
    send_before(app, gateway, spec, **before)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await ask(app, pilot)
        assert not screen.query(Input)
        await pilot.press("y")
        await wait_for(lambda: app.opened)


async def test_over_the_limit_the_amount_has_to_be_typed_too(tmp_path: Path, spec: Path) -> None:
    gateway = FakeGateway(local=False)
    app = make(tmp_path, spec, gateway, jobs_price_limit=1.0)
    send_before(app, gateway, spec, project="whelk-prod")
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await ask(app, pilot)
        assert "Over your limit of $1.00. Type 3 (dollars)" in app.shown
        assert screen.query_one("#yes").region.bottom < 24
        await pilot.press(*"kelp-train", "enter", "3", "enter", "enter")
        await wait_for(lambda: app.opened)


async def test_a_price_that_is_not_known_cannot_be_held_against_a_limit(tmp_path: Path, spec: Path) -> None:
    spec.write_text(GPU.replace("  timeout: 7200s\n", "  timeout: 7200s\n  strategy: FLEX_START\n"))
    gateway = FakeGateway(local=False)
    app = make(tmp_path, spec, gateway, jobs_price_limit=100.0)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await ask(app, pilot)
        assert "price not known" in lines(screen)
        await pilot.press("y")
        await wait_for(lambda: "the price is not known" in app.shown)
        await pilot.press("escape")


async def test_what_would_surely_be_refused_is_chosen_twice_and_never_blocked(
    tmp_path: Path, spec: Path
) -> None:
    gateway = FakeGateway(local=False)
    gateway.world.limits[L4] = QuotaLimits(L4, {}, 0)
    app = make(tmp_path, spec, gateway)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await ask(app, pilot)
        assert "✗ quota of L4 GPUs: needs 1, the limit here is 0 [1]" in lines(screen)
        await pilot.press("y")
        await wait_for(lambda: "Start all the same" in app.shown)
        await pilot.press("y")
        assert screen.query_one("#no").has_focus
        assert not gateway.jobs.created
        await pilot.press("tab")
        assert screen.query_one("#yes-again").has_focus
        await pilot.press("enter")
        await wait_for(lambda: app.opened)


async def test_a_digit_leads_to_the_row_in_setup(tmp_path: Path, spec: Path) -> None:
    gateway = FakeGateway(local=False)
    gateway.world.limits[L4] = QuotaLimits(L4, {}, 0)
    app = make(tmp_path, spec, gateway)
    async with app.run_test(size=(80, 24)) as pilot:
        await ask(app, pilot)
        await pilot.press("1")
        await wait_for(lambda: app.setup_rows == ["quota.nvidia_l4_gpus"])
        assert "Nothing was started" in app.notice


async def test_a_billed_job_can_be_tried_here_instead(tmp_path: Path, spec: Path) -> None:
    gateway = FakeGateway(local=False)
    app = make(tmp_path, spec, gateway)
    async with app.run_test(size=(80, 24)) as pilot:
        await ask(app, pilot)
        await pilot.press("t")
        await wait_for(lambda: app.tried)
        assert "is tried on this box" in app.notice
        assert not gateway.jobs.created


async def test_what_never_arrived_is_sent_again_only_when_asked(
    tmp_path: Path, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission, "LOOK_SECONDS", (0.01,))
    monkeypatch.setattr(Submitter.look_for, "__kwdefaults__", {"seconds": 0.05})
    gateway = FakeGateway()
    gateway.jobs.failure = LOST
    app = make(tmp_path, spec, gateway)
    async with app.run_test(size=(80, 24)) as pilot:
        await ask(app, pilot)
        await pilot.press("y")
        await until(pilot, lambda: "Send the job again?" in app.shown)
        assert "never arrived" in app.notice
        (record,) = SubmissionStore(app.paths.journals_dir).pending_submissions()
        gateway.jobs.failure = None
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and app.screen.open_for_keys)
        assert not gateway.jobs.created
        await pilot.press("y")
        await wait_for(lambda: app.opened)
        (sent,) = gateway.jobs.created
        assert record.label not in sent["labels"].values()
        assert not SubmissionStore(app.paths.journals_dir).pending_submissions()


async def test_the_wait_counts_down(tmp_path: Path, spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = FakeGateway()
    gateway.jobs.failure = LOST
    app = make(tmp_path, spec, gateway)
    ticks = asyncio.Event()
    real = asyncio.sleep

    async def tick(_seconds: float) -> None:
        await (real(0.01) if ticks.is_set() else ticks.wait())

    monkeypatch.setattr(spec_sending, "pause", tick)
    async with app.run_test(size=(80, 24)) as pilot:
        await ask(app, pilot)
        await pilot.press("y")
        await wait_for(lambda: "for 60 s more" in app.notice)
        ticks.set()
        await wait_for(lambda: "a last time" in app.notice)
        await pilot.press("ctrl+r")
        await wait_for(lambda: "under way already" in app.notice)


async def test_an_earlier_start_does_not_cover_the_answer_to_this_one(tmp_path: Path, spec: Path) -> None:
    gateway = FakeGateway()
    app = make(tmp_path, spec, gateway)
    store = SubmissionStore(app.paths.journals_dir)
    old = replace(
        Submitter(gateway.jobs, gateway.target, store).new_record("ana-lost", "x.yaml"),
        sent_at="2026-01-01T12:00:00+00:00",
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await ask(app, pilot)
        store.write(old)
        app.pane._check_pending(gateway.as_gateway())
        await pilot.press("n")
        await wait_for(lambda: not store.pending_submissions())
        await wait_for(lambda: "Nothing was started" in app.notice)
        assert "on 01 Jan 2026, never arrived" in app.earlier
        await pilot.press("escape")
        assert app.pane.go_back()
        assert not app.query_one("#spec-earlier").display
        assert "Nothing was started" in app.notice


async def test_a_start_in_doubt_is_named_in_the_next_question(tmp_path: Path, spec: Path) -> None:
    gateway = FakeGateway()
    app = make(tmp_path, spec, gateway)
    store = SubmissionStore(app.paths.journals_dir)
    store.write(Submitter(gateway.jobs, gateway.target, store).new_record("ana-lost", str(spec)))
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: "Looking for ana-lost" in app.earlier)
        assert "whether ana-lost, sent at" in lines(await ask(app, pilot))
