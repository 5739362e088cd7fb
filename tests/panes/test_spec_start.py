"""From the editor to a running job: one question, one request, and a clear word whatever comes back."""

# ruff: noqa: ASYNC240  # small files on a disk of the test's own

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.panes.spec_world import GOOD, FakeGateway, SpecApp
from tests.support import wait_for
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.jobs import OWN_LABEL, SUBMITTER_LABEL
from tui.panes.spec_dialogs import SecretScreen
from tui.services.secrets import SecretStore
from tui.services.submission import SubmissionStore, Submitter
from tui.widgets.confirm import ConfirmScreen

TOKEN = "hf_" + "aB3" * 12


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "my-run.yaml"
    path.write_text(GOOD)
    return path


def store_token(app: SpecApp) -> None:
    SecretStore(app.paths.secrets_file).set("HF_TOKEN", TOKEN)


async def start(app: SpecApp, pilot: Pilot[Any], *, answer: str) -> None:
    """Press the start key and answer the question."""
    await wait_for(lambda: app.editor.text and app.editor.has_focus)
    await pilot.press("ctrl+r")
    await wait_for(lambda: isinstance(app.screen, ConfirmScreen))
    await wait_for(lambda: "Project" in app.shown)
    await pilot.press(answer)
    await wait_for(lambda: not isinstance(app.screen, ConfirmScreen))


async def test_a_job_is_started_with_its_references_filled(tmp_path: Path, spec: Path) -> None:
    gateway = FakeGateway()
    app = SpecApp(tmp_path, spec, gateway)
    store_token(app)
    async with app.run_test(size=(80, 24)) as pilot:
        await start(app, pilot, answer="y")
        await wait_for(lambda: app.opened)
        (sent,) = gateway.jobs.created
        env = sent["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]["env"]
        assert [item["value"] for item in env] == [TOKEN, "kelp-train-outputs"]
        assert sent["displayName"].startswith("ana-my-run-")
        assert sorted(sent["labels"]) == [SUBMITTER_LABEL, OWN_LABEL]
        assert app.opened == ["projects/1/locations/europe-west4/customJobs/1"]
        assert "Started ana-my-run-" in app.notice


@pytest.mark.parametrize(("local", "word"), [(True, "LOCAL"), (False, "GOOGLE CLOUD · BILLED")])
async def test_the_question_says_what_will_happen_and_no_is_the_default(
    tmp_path: Path,
    spec: Path,
    local: bool,  # noqa: FBT001
    word: str,
) -> None:
    gateway = FakeGateway(local=local)
    app = SpecApp(tmp_path, spec, gateway)
    store_token(app)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_for(lambda: app.editor.has_focus)
        await pilot.press("ctrl+r")
        await wait_for(lambda: "Runs as" in app.shown)
        question = app.screen
        assert isinstance(question, ConfirmScreen)
        first = str(question.question.lines[0])
        assert "kelp-train · ana@lagoon.example" in first
        assert word in first
        assert question.question.danger is not local
        for words in (
            "1 × n1-standard-4 · europe-west4",
            "7 days",
            "Custom Code Service Agent",
            "HF_TOKEN (hidden, from the secrets file)",
            "gs://kelp-train-outputs",
        ):
            assert words in app.shown
        assert ("The image is not used" in app.shown) is local
        assert TOKEN not in app.shown
        await pilot.press("enter")
        await wait_for(lambda: "Nothing was started" in app.notice)
        assert not gateway.jobs.created


async def test_a_question_about_one_connection_starts_nothing_through_another(
    tmp_path: Path, spec: Path
) -> None:
    first, second = FakeGateway(), FakeGateway()
    app = SpecApp(tmp_path, spec, first)
    store_token(app)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: app.editor.text and app.editor.has_focus)
        await pilot.press("ctrl+r")
        await wait_for(lambda: isinstance(app.screen, ConfirmScreen))
        await wait_for(lambda: "Project" in app.shown)
        app.pane.gateway = second  # type: ignore[assignment]  # a fake
        await pilot.press("y")
        await wait_for(lambda: "connection has changed" in app.notice)
    assert not first.jobs.created
    assert not second.jobs.created


async def test_a_missing_value_is_asked_for_and_stored(tmp_path: Path, spec: Path) -> None:
    gateway = FakeGateway()
    app = SpecApp(tmp_path, spec, gateway)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: (9, "unset-reference") in app.found)
        await pilot.press("ctrl+r")
        await wait_for(lambda: isinstance(app.screen, SecretScreen))
        assert app.screen.query_one(Input).password
        await pilot.press("escape")
        await wait_for(lambda: "HF_TOKEN has no value" in app.notice)
        await pilot.press("ctrl+r")
        await wait_for(lambda: isinstance(app.screen, SecretScreen))
        await pilot.press(*"hf_typed", "enter")
        await wait_for(lambda: isinstance(app.screen, ConfirmScreen))
        assert "hf_typed" not in app.shown
        await pilot.press("y")
        await wait_for(lambda: gateway.jobs.created)
        assert SecretStore(app.paths.secrets_file).get("HF_TOKEN") == "hf_typed"


async def test_errors_block_with_a_plain_word(tmp_path: Path, spec: Path) -> None:
    spec.write_text(GOOD.replace("replicaCount: 1", "replicaCount: 2"))
    app = SpecApp(tmp_path, spec, FakeGateway())
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: (4, "replicas") in app.found)
        await pilot.press("ctrl+r")
        await wait_for(lambda: "An error has to be put right first. Line 4" in app.notice)


async def test_pressing_again_does_not_send_twice(tmp_path: Path, spec: Path) -> None:
    gateway = FakeGateway()
    gateway.jobs.gate.clear()
    app = SpecApp(tmp_path, spec, gateway)
    store_token(app)
    async with app.run_test(size=(80, 24)) as pilot:
        await start(app, pilot, answer="y")
        await wait_for(lambda: "Sending" in app.notice)
        await pilot.press("ctrl+r", "ctrl+r")
        await wait_for(lambda: "under way already" in app.notice)
        gateway.jobs.gate.set()
        await wait_for(lambda: app.opened)
        assert len(gateway.jobs.created) == 1


async def test_a_refusal_is_shown_on_its_line_without_secrets_and_the_text_stays(
    tmp_path: Path, spec: Path
) -> None:
    gateway = FakeGateway()
    gateway.jobs.failure = CloudError(
        "Refused as invalid",
        f"value {TOKEN} is bad",
        hint="Change it.",
        kind=ErrorKind.INVALID,
        violations=(("job_spec.worker_pool_specs[0].machine_spec.machine_type", f"bad {TOKEN}"),),
    )
    app = SpecApp(tmp_path, spec, gateway)
    store_token(app)
    async with app.run_test(size=(100, 30)) as pilot:
        await start(app, pilot, answer="y")
        await wait_for(lambda: (3, "refused") in app.found)
        assert "Not started: Refused as invalid. Change it." in app.notice
        assert TOKEN not in app.shown
        assert app.editor.text == GOOD
        assert SubmissionStore(app.paths.journals_dir).pending_submissions() == []
        await pilot.press("#")
        await wait_for(lambda: (3, "refused") not in app.found)


async def test_a_submission_in_doubt_is_found_at_the_next_start(tmp_path: Path, spec: Path) -> None:
    gateway = FakeGateway()
    app = SpecApp(tmp_path, spec, gateway)
    store = SubmissionStore(app.paths.journals_dir)
    record = Submitter(gateway.jobs, gateway.target, store).new_record("ana-lost", "job.yaml")
    store.write(record)
    gateway.jobs.created.append({"displayName": "ana-lost", "labels": {OWN_LABEL: record.label}})
    async with app.run_test(size=(100, 30)):
        await wait_for(lambda: "ana-lost, sent at" in app.earlier and "was started" in app.earlier)
        assert store.pending_submissions() == []
        assert len(gateway.jobs.created) == 1
